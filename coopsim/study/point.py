"""What the file of a point holds: solutions, theory's measures and best responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coopsim.solvers.solution import Solution, Status
from coopsim.study import shape
from coopsim.study.disk import Damaged

if TYPE_CHECKING:
    from coopsim.scenario.load import Scenario


@dataclass(frozen=True)
class _Proof:
    """A certificate, as `Certificate.as_dict` writes it; null is what is infinite."""

    kind: str
    residual: float | None
    players: tuple[float | None, ...]
    relative: float | None
    exact: bool
    complete: bool
    checked_by: str
    spans: tuple[float | None, ...]
    shared: tuple[float | None, float | None]
    rational: bool


@dataclass(frozen=True)
class _Solved:
    """A solution, as `Solution.as_dict` writes it."""

    concept: str
    method: str
    status: Status
    sentence: str
    players: tuple[str, ...]
    profile: tuple[shape.Array, ...]
    values: tuple[float, ...]
    certificate: _Proof | None
    selection: str
    found: int
    form: str
    chosen: str
    details: Mapping[str, Any]
    options: Mapping[str, Any]
    game: str
    grid: int


@dataclass(frozen=True)
class _Point:
    """All of it, as `cell.solve_point` gives it."""

    solutions: Mapping[str, _Solved]
    theory: Mapping[str, tuple[tuple[str, str, float], ...]]
    responses: Mapping[str, tuple[float, ...]]


def require(solved: Any, scenario: Scenario, concepts: tuple[str, ...]) -> None:
    """Refuse what is not the result of a point of this scenario.

    Args:
        solved: what the file says.
        scenario: what is run.
        concepts: those that may be solved.

    Raises:
        Damaged: naming the place in the file.
    """
    shape.require(solved, _Point)
    if not set(scenario.solve.concepts) <= set(solved["solutions"]) <= set(concepts):
        raise Damaged("solutions: not those of the concepts that this scenario solves")
    if not set(solved["theory"]) <= set(scenario.compare.to):
        raise Damaged("theory: not of the concepts that this scenario compares with")
    asked = scenario.compare.measure
    for rows in solved["theory"].values():
        for name, _, _ in rows:
            if not name.startswith(tuple(asked)):
                raise Damaged(f"theory: {name!r} is no measure of this scenario")
    for name, data in solved["solutions"].items():
        try:
            made = Solution.from_dict(data)
        except (ValueError, TypeError, OverflowError) as error:
            raise Damaged(f"solutions.{name}: {error}") from None
        if made.form == "continuous" and len(made.profile) not in (0, 1, len(made.players)):
            raise Damaged(f"solutions.{name}.profile: not one part a player")
