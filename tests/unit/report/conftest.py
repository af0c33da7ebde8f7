"""Made-up runs: a real scenario with tables whose numbers a test chooses, and nothing solved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coopsim import hashing, yamlfile
from coopsim.measure.compare import compare
from coopsim.scenario.load import load
from coopsim.study.store import FORMAT, RunFolder

STATUS_QUO, CHANGED = "status quo", "more synergy"
BASE = {
    "coopsim": 1,
    "title": "A made-up question",
    "game": {"use": "coopetition/stage", "players": ["Ann", "Bob"]},
    "agents": {"low": {"use": "constant", "level": 0.2}, "any": {"use": "random"}},
    "seats": [{"1-": "low"}, {"1-": "any"}],
    "policies": {STATUS_QUO: {}, CHANGED: {"game.gamma": 0.9}},
    "study": {"seeds": 3, "episodes": 4},
    "solve": {"concepts": ["baseline", "nash", "social optimum"]},
    "compare": {"to": ["nash", "social optimum"], "measure": ["cooperation rate", "payoff"]},
}

Level = Callable[[str, dict[str, Any], str, int | None], float]
"""Policy, sweep point, concept or line-up, seed -> the cooperation rate."""


def level(policy: str, at: dict[str, Any], name: str, seed: int | None) -> float:
    """Theory: +0.1 under any change. `low` does not react, `any` falls; both vary with seeds."""
    changed = policy != STATUS_QUO
    noise = 0.0 if seed is None else 0.001 * seed
    if name in ("nash", "social optimum"):
        return 0.3 + 0.1 * changed
    return (0.2 if name == "low" else 0.5 - (0.05 + noise) * changed) + noise


@dataclass(frozen=True)
class MadeRun:
    """What `coopsim.study.run.Run` offers, from data."""

    folder: Path
    scenario: Any
    solutions: pl.DataFrame
    measures: pl.DataFrame
    comparison: pl.DataFrame
    manifest: dict[str, Any] = field(repr=False)
    rubrics: tuple[Any, ...] = ()


def made_run(
    folder: Path,
    changes: Mapping[str, Any] | None = None,
    level: Level = level,
    statuses: Mapping[str, str] | None = None,
) -> MadeRun:
    """A run whose cooperation rates are `level`'s; payoffs are a hundred times as much."""
    scenario = load({**BASE, **(changes or {})})
    measures = pl.DataFrame(_measures(scenario, level), MEASURES, orient="row")
    solutions = pl.DataFrame(_solutions(scenario, statuses or {}), SOLUTIONS, orient="row")
    comparison = compare(measures, list(scenario.policies), resamples=100)
    run = MadeRun(folder, scenario, solutions, measures, comparison, _manifest(scenario))
    _written(run)
    return run


def _measures(scenario: Any, level: Level) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for point in scenario.points():
        at = hashing.canonical(dict(point.at))
        names = [("theory", concept, None) for concept in scenario.compare.to]
        names += [
            ("agents", lineup.name, seed)
            for seed in scenario.seeds()
            for lineup in point.lineups
        ]  # fmt: skip
        for source, name, seed in names:
            held = level(point.policy, dict(point.at), name, seed)
            key = (point.policy, at, seed, source, name)
            rows.append((*key, "", "cooperation rate", held))
            rows += [(*key, player, "payoff", 100 * held) for player in point.game.labels]
    return rows


def _solutions(scenario: Any, statuses: Mapping[str, str]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for point in scenario.points():
        at = hashing.canonical(dict(point.at))
        for place, concept in enumerate(scenario.solve.concepts):
            status = statuses.get(concept, "converged")
            key = (point.policy, at, concept, "made-up", status, f"{status}, in words")
            if status == "refused":
                rows.append((*key, *[None] * 9, "", 0, None))
                continue
            action = 20.0 + 2 * place
            proof = ("regret", 2.84217e-14 if status == "converged" else 0.5, 1e-16, False, True)
            rows += [
                (
                    *key,
                    player,
                    action,
                    json.dumps(action),
                    140.0 + place,
                    *proof,
                    "the only one",
                    1,
                    None,
                )
                for player in point.game.labels
            ]
    return rows


def _manifest(scenario: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "coopsim": "0.0.0",
        "scenario": {"name": "made", "title": scenario.title, "hash": scenario.hash},
        "seeds": list(scenario.seeds()),
        "counts": {"policies": len(scenario.policies), "points": 2, "cells": 6},
        "complete": True,
        "runs": [
            {
                "started": "2026-01-01T00:00:00.000+00:00",
                "finished": "2026-01-01T00:01:00.000+00:00",
                "workers": 1,
                "python": "3.11.0",
                "versions": {"numpy": "2.1.0"},
                "machine": {"platform": "Test", "processor": "made-up", "cpus": 2},
                "points_run": 2,
                "cells_run": 6,
            }
        ],
    }


def _written(run: MadeRun) -> None:
    """The same as files, so that the folder can be opened as a run folder."""
    run.folder.mkdir(exist_ok=True)
    store = RunFolder(run.folder)
    (run.folder / "scenario.yaml").write_text(yamlfile.dump(run.scenario.resolved))
    store.write_manifest(run.manifest)
    for name in ("solutions", "measures", "comparison"):
        store.write_table(name, getattr(run, name), run.scenario.hash)


_TEXT, _NUMBER = pl.String(), pl.Float64()
MEASURES = {
    "policy": _TEXT, "at": _TEXT, "seed": pl.Int64(), "source": _TEXT, "name": _TEXT,
    "player": _TEXT, "measure": _TEXT, "value": _NUMBER,
}  # fmt: skip
SOLUTIONS = {
    "policy": _TEXT, "at": _TEXT, "concept": _TEXT, "method": _TEXT, "status": _TEXT,
    "sentence": _TEXT, "player": _TEXT, "action": _NUMBER, "profile": _TEXT, "value": _NUMBER,
    "certificate": _TEXT, "residual": _NUMBER, "relative": _NUMBER, "exact": pl.Boolean(),
    "complete": pl.Boolean(), "selection": _TEXT, "found": pl.Int64(), "grid": pl.Int64(),
}  # fmt: skip


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., MadeRun]:
    """`make(changes, level=..., statuses=...)`: a made-up run in a folder of its own."""

    def build(*args: Any, **options: Any) -> MadeRun:
        return made_run(tmp_path / "run", *args, **options)

    return build
