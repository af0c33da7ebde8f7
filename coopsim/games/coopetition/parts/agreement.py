"""Agreements: actions that come close to one another bind, and leaving them is punished.

Source: the released environment CooperativeNegotiation-v0. The order of a round: whoever
leaves the agreement pays in proportion to its own deviation, and where anybody breaks it
everybody who deviated pays; then actions that are close enough become the agreement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from coopsim.arrays import Array, Float
from coopsim.games.coopetition.parts.part import Held, Now, Part, Setting
from coopsim.tolerance import most


@dataclass(frozen=True, slots=True)
class Agreement(Part):
    """When actions count as an agreement, and what breaking one costs."""

    within: Annotated[float, Gt(0)] = 10.0
    """how close actions must lie to agree, and how far they may stray, in action units"""
    penalty: Annotated[float, Ge(0)] = 3.0
    """payoff lost per unit of the own deviation, where anybody strays too far"""

    def start(self, setting: Setting) -> dict[str, Float]:
        """No agreement, none broken."""
        n = len(setting.endowment)
        return {
            "agreement": np.zeros(n),
            "agreed": np.zeros(1),
            "breaches": np.zeros(1),
        }

    def play(self, setting: Setting, now: Now, payoffs: Array, held: Held) -> tuple[Array, Held]:
        """Penalties by the agreement so far, then the new one."""
        xp, pact, there = now.xp, held["agreement"], held["agreed"]
        within = most(self.within) if setting.graded else self.within
        away = xp.abs(now.a - pact)
        broken = (xp.max(away, axis=0) > within) & (there[0] > 0)
        loss = self.penalty * away * xp.astype(broken, payoffs.dtype)
        close = xp.max(now.a, axis=0) - xp.min(now.a, axis=0) <= within
        after = {
            "agreement": xp.where(close, now.a, pact),
            "agreed": xp.where(close, there * 0 + 1, there),
            "breaches": held["breaches"] + xp.astype(broken, payoffs.dtype),
        }
        return payoffs - loss, after

    def seen(self) -> tuple[str, ...]:
        """Everybody knows the agreement and whether there is one."""
        return ("agreement", "agreed")
