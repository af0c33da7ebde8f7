"""The sections of a scenario file, as parameter classes: types, ranges, defaults, meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt, MinLen

from coopsim.errors import UserError
from coopsim.parameters import Names, Parameters

Seeds = Annotated[int, Ge(1)] | Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)]
Concept = Annotated[str, Names("concept")]
Method = Annotated[str, Names("solver", ("auto",))]
Measure = Annotated[str, Names("measure")]
Rubric = Annotated[str, Names("rubric")]


@dataclass(frozen=True, slots=True)
class Study(Parameters):
    """How often, over what, and from which seeds the scenario is played."""

    episodes: Annotated[int, Ge(1)] = 1
    """episodes a cell, played side by side"""
    seeds: Seeds = 1
    """how many seeds (0, 1, 2 ...), or the seeds themselves; one cell each"""
    vary: dict[str, Annotated[tuple[Any, ...], MinLen(1)]] = field(default_factory=dict)
    """a sweep: path -> list of values; several paths are crossed"""

    def __post_init__(self) -> None:
        """Refuse a seed or a value that is there twice: one cell would be counted as two."""
        if isinstance(self.seeds, tuple):
            refuse_twice(self.seeds, ("seeds",))
        for path, values in self.vary.items():
            refuse_twice(values, ("vary", path))


@dataclass(frozen=True, slots=True)
class Solve(Parameters):
    """Which solutions to compute, and how exactly."""

    concepts: tuple[Concept, ...] = ()
    """solution concepts (`coopsim list concepts`); those of compare.to are added"""
    tol: Annotated[float, Gt(0)] = 1e-8
    """tolerance on each certificate, in payoff units"""
    deadline: Annotated[float, Gt(0)] | None = None
    """seconds for each solution; on expiry the best profile so far, marked budget"""
    methods: dict[Concept, Method] = field(default_factory=dict)
    """concept -> solver, where the automatic choice is not wanted"""


@dataclass(frozen=True, slots=True)
class Compare(Parameters):
    """What agents are compared with, and by which measures."""

    to: tuple[Concept, ...] = ()
    """solution concepts that agents are compared with; those of solve.concepts where empty"""
    measure: tuple[Measure, ...] = ()
    """measures (`coopsim list measures`); a standard set where empty"""
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.95
    """level of the bootstrap intervals over seeds"""
    resamples: Annotated[int, Ge(100)] = 2000
    """bootstrap resamples"""
    rubric: tuple[Rubric, ...] = ()
    """published rubrics of case studies to score item by item (`coopsim list rubrics`)"""


SECTIONS = {"study": Study, "solve": Solve, "compare": Compare}
"""The sections whose keys are fixed; `game` and `agents` take the parameters of what they use."""

KEYS = {
    "coopsim": "version of the file format: 1",
    "title": "the question in one line",
    "description": "what the scenario is about, for the report",
    "game": "the game and its parameters",
    "agents": "agents by name, each with what it uses and its parameters",
    "seats": "who sits where: player names, numbers or ranges (1-3, 4-) to agents; "
    "or a list of such line-ups",
    "policies": "named patches: path -> value; the first is what the others are compared with",
    "study": "episodes, sweep and seeds",
    "solve": "solutions to compute",
    "compare": "solutions and measures to compare with",
}
"""Every top-level key with its meaning."""

USE = "name of a registered game or agent, of a content file, or a path to one"
"""The meaning of `use` in the game and in each agent."""

STATUS_QUO = "status quo"
"""The policy of a scenario that names none."""


def refuse_twice(values: Sequence[Any], path: tuple[str, ...]) -> None:
    """Refuse a list with equal items. Raises `UserError`, pointing at the second below `path`."""
    seen: set[Any] = set()
    for place, value in enumerate(values):
        known = len(seen)
        seen.add(_hashable(value))
        if len(seen) == known:
            error = UserError("is there twice", given=value, allowed="each value once")
            error.path = (*path, place)  # type: ignore[attr-defined]
            raise error


def _hashable(value: Any) -> Any:
    """Plain data as something that can be in a set, equal where the data are equal."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value
