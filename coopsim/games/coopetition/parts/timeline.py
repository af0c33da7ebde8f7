"""What changes on the way: phases with other parameters, and shocks to single rounds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Interval

from coopsim import budget
from coopsim.arrays import Float
from coopsim.errors import UserError, nearest
from coopsim.parameters import Parameters

Share = Annotated[float, Interval(ge=0, le=1)]
Level = Annotated[float, Ge(0)]
Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Phase(Parameters):
    """Parameters that hold from a round on, until the next phase; what is not given stays."""

    start: Annotated[int, Ge(0)]
    """the first round of the phase, counted from 0"""
    name: str = ""
    """what the phase is called in reports"""
    gamma: Level | None = None
    """complementarity in this phase"""
    interdependence: Share | Matrix | None = None
    """D in this phase: one number or a matrix"""
    baseline: Level | tuple[Level, ...] | None = None
    """b in this phase"""
    trust: Share | None = None
    """trust of everybody in everybody is set to this where the phase begins"""
    damage: Share | None = None
    """reputation damage of everybody is set to this where the phase begins"""


@dataclass(frozen=True, slots=True)
class Shock(Parameters):
    """What happens to actions in one round, before they are used."""

    round: Annotated[int, Ge(0)]
    """when, counted from 0"""
    player: str | None = None
    """to whose action; to everybody's where not said"""
    shift: float = 0.0
    """added to the action; what lies outside 0 to the endowment then is brought to the bound"""
    level: Level | None = None
    """what the action is set to instead, before the shift"""


def check_phases(phases: Sequence[Phase], horizon: int) -> None:
    """Raise `UserError` unless phases begin in order, one at a time, before the horizon."""
    starts = [phase.start for phase in phases]
    for place, (before, after) in enumerate(itertools.pairwise(starts)):
        if after <= before:
            raise UserError(
                "phases overlap: each begins after the one before",
                key=f"phases.{place + 1}.start",
                given=after,
                allowed=f"{before + 1} or later",
            )
    if starts and starts[-1] >= horizon:
        raise UserError(
            "begins when play is over",
            key=f"phases.{len(starts) - 1}.start",
            given=starts[-1],
            allowed=f"before round {horizon}",
        )


def check_shocks(shocks: Sequence[Shock], players: Sequence[str], horizon: int) -> None:
    """Raise `UserError` for a shock to no player, one after the end, or a table that does not fit.

    Cost: nothing is allocated.
    """
    if shocks:
        need = 3 * 8 * horizon * len(players)
        budget.require(need, f"shocks over {horizon:,} rounds", key="shocks")
    for place, shock in enumerate(shocks):
        if shock.player is not None and shock.player not in players:
            raise UserError(
                "not a player",
                key=f"shocks.{place}.player",
                given=shock.player,
                allowed=list(players),
                nearest=nearest(shock.player, list(players)),
            )
        if shock.round >= horizon:
            raise UserError(
                "comes when play is over",
                key=f"shocks.{place}.round",
                given=shock.round,
                allowed=f"0 to {horizon - 1}",
            )


def shock_table(
    shocks: Sequence[Shock], players: Sequence[str], horizon: int
) -> tuple[Float, Float, Float]:
    """What shocks do, by round and player: whether a level is set, the level, the shift.

    Returns:
        Three arrays `[T, n]`.

    Raises:
        UserError: as `check_shocks`.
    """
    check_shocks(shocks, players, horizon)
    fixed, level, shift = (np.zeros((horizon, len(players))) for _ in range(3))
    for shock in shocks:
        who: Any = slice(None) if shock.player is None else list(players).index(shock.player)
        shift[shock.round, who] += shock.shift
        if shock.level is not None:
            fixed[shock.round, who], level[shock.round, who] = 1.0, shock.level
    return fixed, level, shift
