"""Public standing: a score of everybody's contributions, and tiers that it is paid by.

Source: the released environments ReputationMarket-v0 (a score that rises and falls by steps,
with tiers of payoffs) and DynamicPartnerSelection-v0 (a moving average without effect).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from coopsim.arrays import Array, Float, between
from coopsim.games.coopetition.parts.part import Held, Now, Part, Setting
from coopsim.parameters import Parameters
from coopsim.tolerance import least

Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, slots=True)
class Tier(Parameters):
    """What is paid from a standing on."""

    at_least: Share
    """the standing from which on the tier holds"""
    factor: Annotated[float, Gt(0)]
    """what payoffs are multiplied by"""


@dataclass(frozen=True, slots=True)
class Standing(Part):
    """How a public score moves, and what it is worth."""

    rule: Literal["steps", "average"] = "steps"
    """steps: + rate (share - 1/2), kept in 0 to 1; average: moves by `rate` to the share"""
    rate: Annotated[float, Gt(0), Le(1)] = 0.1
    """how fast it moves"""
    initial: Share = 0.5
    """everybody's at the start"""
    tiers: tuple[Tier, ...] = ()
    """what payoffs are multiplied by, the highest tier first; none: the score has no effect"""
    below: Annotated[float, Gt(0)] = 1.0
    """what payoffs are multiplied by below all tiers"""

    def start(self, setting: Setting) -> dict[str, Float]:
        """Everybody's score."""
        return {"standing": np.full(len(setting.endowment), self.initial)}

    def play(self, setting: Setting, now: Now, payoffs: Array, held: Held) -> tuple[Array, Held]:
        """The score moves first and decides what is paid."""
        xp, before = now.xp, held["standing"]
        if self.rule == "average":
            after = (1 - self.rate) * before + self.rate * now.rate
        else:
            after = before + self.rate * (now.rate - 0.5)
            after = between(after, 0.0, 1.0)
        if not setting.graded and self.rule == "steps":
            # the released score is a 32-bit number, and that decides who is in a tier
            after = xp.astype(xp.astype(after, xp.float32), before.dtype)
        if not self.tiers:
            return payoffs, {"standing": after}
        factor = after * 0 + self.below
        for tier in sorted(self.tiers, key=lambda each: each.at_least):
            limit = least(tier.at_least) if setting.graded else float(np.float32(tier.at_least))
            factor = xp.where(after >= limit, after * 0 + tier.factor, factor)
        return payoffs * factor, {"standing": after}

    def seen(self) -> tuple[str, ...]:
        """Everybody sees everybody's score."""
        return ("standing",)
