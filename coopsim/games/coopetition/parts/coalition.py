"""Coalitions: the disloyal are excluded for a while and come back when they are loyal again.

Source: the released environment CoalitionFormation-v0, after loyalty has moved: members below
`exit_below` are excluded while more than `smallest` are left, one after another; then the
excluded wait, and those who have waited and are loyal enough return; then members are paid
more and the excluded less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from coopsim.arrays import Array, Float
from coopsim.games.coopetition.parts.part import Held, Now, Part, Setting, choose
from coopsim.tolerance import least

Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, slots=True)
class Coalition(Part):
    """Who is excluded and for how long, and what membership is worth. Needs loyalty."""

    smallest: Annotated[int, Ge(1)] = 3
    """nobody is excluded from a coalition of this size"""
    exit_below: Share = 0.15
    """members with less loyalty are excluded"""
    cooldown: Annotated[int, Ge(0)] = 5
    """rounds that the excluded wait"""
    return_from: Share = 0.40
    """loyalty from which on they return"""
    member_factor: Annotated[float, Gt(0)] = 1.1
    """what members' payoffs are multiplied by, where there are at least `smallest`"""
    outside_factor: Annotated[float, Gt(0)] = 0.5
    """what the payoffs of the excluded are multiplied by"""

    def start(self, setting: Setting) -> dict[str, Float]:
        """All are members."""
        n = len(setting.endowment)
        return {"excluded": np.zeros(n), "wait": np.zeros(n)}

    def play(self, setting: Setting, now: Now, payoffs: Array, held: Held) -> tuple[Array, Held]:
        """Exclusion, waiting, return, payment."""
        xp, theta = now.xp, held["loyalty"]
        number = payoffs.dtype
        out = held["excluded"] > 0
        # the released code compares as it is; its loyalty is the same on every processor
        leave, come = self.exit_below, self.return_from
        if setting.graded:
            leave, come = least(leave), least(come)
        disloyal = ~out & (theta < leave)
        # one after another, as long as more than the smallest number are left
        room = xp.astype(~out, number).sum(0) - float(self.smallest)
        place = xp.astype(disloyal, number).cumsum(0)
        leaves = disloyal & (place <= room)
        out = out | leaves
        wait = xp.where(leaves, choose(xp, leaves, self.cooldown, 0.0, theta), held["wait"])
        wait = wait - xp.astype(out, number)
        back = out & (wait <= 0) & (theta >= come)
        out = out & ~back
        members = xp.astype(~out, number).sum(0)
        inside = choose(xp, members >= self.smallest, self.member_factor, 1.0, members)
        outside = choose(xp, members >= 0, self.outside_factor, 1.0, members)
        factor = xp.where(out, outside, inside)
        return payoffs * factor, {"excluded": xp.astype(out, number), "wait": wait}

    def seen(self) -> tuple[str, ...]:
        """Everybody sees who is excluded."""
        return ("excluded",)
