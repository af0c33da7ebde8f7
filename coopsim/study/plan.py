"""Plan: the cells of a study and the points whose solutions they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coopsim import hashing, parameters
from coopsim.scenario.load import Point, Scenario

RESULTS = 1
"""Raised when the meaning of results changes, so that old cells are not taken for new ones."""


@dataclass(frozen=True, slots=True)
class PointTask:
    """Solutions of one policy at one combination of the sweep.

    Args:
        key: hash of all that determines the result.
        policy: the policy's name.
        at: the sweep's values, path -> value.
    """

    key: str
    policy: str
    at: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CellTask:
    """Play of one policy at one combination of the sweep from one seed.

    Args:
        key: hash of all that determines the result.
        point: key of the `PointTask` it builds on.
        policy: the policy's name.
        at: the sweep's values, path -> value.
        seed: the root of the cell's seed tree.
    """

    key: str
    point: str
    policy: str
    at: Mapping[str, Any]
    seed: int


@dataclass(frozen=True, slots=True)
class BlockTask:
    """Measures of some configurations of a sweep.

    Args:
        key: hash of all that determines the result.
        start, stop: the first configuration, and the one after the last.
    """

    key: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a study has to do."""

    points: tuple[PointTask, ...]
    cells: tuple[CellTask, ...]


def make_plan(scenario: Scenario) -> Plan:
    """The points and cells of a scenario. Cost: every point is checked once."""
    points, cells = [], []
    for point in scenario.points():
        task = PointTask(_point_key(scenario, point), point.policy, point.at)
        points.append(task)
        if not point.lineups:
            continue
        cells += [
            CellTask(_cell_key(scenario, task, seed), task.key, task.policy, task.at, seed)
            for seed in scenario.seeds()
        ]
    return Plan(tuple(points), tuple(cells))


def _point_key(scenario: Scenario, point: Point) -> str:
    return hashing.digest(
        {
            "results": RESULTS,
            "policy": point.policy,
            "at": dict(point.at),
            "game": point.game.hash,
            "agents": {name: _agent_key(agent) for name, agent in point.agents.items()},
            "lineups": [list(lineup.agents) for lineup in point.lineups],
            "solve": parameters.dump(scenario.solve),
            "to": list(scenario.compare.to),
            "measure": list(scenario.compare.measure),
        }
    )


def _cell_key(scenario: Scenario, task: PointTask, seed: int) -> str:
    return hashing.digest({"point": task.key, "seed": seed, "episodes": scenario.study.episodes})


def _agent_key(agent: Any) -> dict[str, Any]:
    return {"class": f"{type(agent).__module__}:{type(agent).__qualname__}",
            "parameters": parameters.dump(agent)}  # fmt: skip
