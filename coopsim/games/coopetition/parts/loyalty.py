"""Loyalty: commitment to a team that grows with effort and changes what effort is worth.

Sources: TR-3 (arXiv:2601.16237) and, for the released version, Coopetition-Gym's collective
action environments. In the reports loyalty enters utility: a loyal player enjoys what its
team mates earn and minds its own cost less. In the released code it is a factor on payoffs.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from coopsim.arrays import Array, Float, at_least, between
from coopsim.games.coopetition.parts.part import (
    Held,
    Now,
    Part,
    Setting,
    blank,
    choose,
    remember,
    remembered,
)
from coopsim.tolerance import slack

Share = Annotated[float, Ge(0), Le(1)]
Factor = Annotated[float, Gt(0)]


_PAST = "past_shares"
_NEAR = 1e-5  # more than a mean of 32-bit shares is off
_PAIRS, _BLOCK = 8, 128  # how numpy adds: eight lanes, in blocks of 128


@dataclass(frozen=True, slots=True)
class Loyalty(Part):
    """How loyalty moves, and what it does to payoffs."""

    initial: Share = 0.5
    """theta at the start, for everybody"""
    gain: Share = 0.02
    """theta gained in a round, times the share contributed, from `threshold` on"""
    loss: Share = 0.05
    """theta lost in a round, times the distance below `threshold`"""
    threshold: Share = 0.5
    """the share of the endowment from which on a contribution builds loyalty"""
    cap: Share = 1.0
    """the most that theta can be"""
    benefit: Annotated[float, Ge(0)] = 0.8
    """phi_B, how much team mates' mean payoff counts for a fully loyal player (report)"""
    tolerance: Annotated[float, Ge(0), Le(1)] = 0.3
    """phi_C, the share of its cost that a fully loyal player does not mind (report)"""
    memory: Annotated[int, Ge(1)] = 10
    """rounds over which shares are averaged into the loyalty score (gym-v1)"""
    shirk_below: Share = 0.3
    """below this share of the endowment a player counts as shirking (gym-v1)"""
    shirk_factor: Factor = 0.5
    """what a shirker's payoff is multiplied by (gym-v1)"""
    loyal_from: Share = 0.6
    """the loyalty score from which on there is a bonus (gym-v1)"""
    loyal_bonus: Annotated[float, Ge(0)] = 0.15
    """the bonus, times the loyalty score (gym-v1)"""
    together_from: Share = 0.5
    """where everybody contributes at least this share, all get `together_factor` (gym-v1)"""
    together_factor: Factor = 1.2
    """what all payoffs are multiplied by then (gym-v1)"""

    def start(self, setting: Setting) -> dict[str, Float]:
        """Theta, and past shares for the score."""
        n = len(setting.endowment)
        held = {"loyalty": np.full(n, min(self.initial, self.cap))}
        if not setting.graded and self.loyal_bonus:
            held |= blank(_PAST, self.memory, n)
        return held

    def play(self, setting: Setting, now: Now, payoffs: Array, held: Held) -> tuple[Array, Held]:
        """Loyalty moves; the released code multiplies payoffs (for the reports see `Team`)."""
        if setting.graded:
            near = slack(self.threshold)
            return payoffs, {"loyalty": self._moved(now, now.rate, held["loyalty"], near)}
        xp = now.xp
        # released shares are 32-bit numbers, and that decides who is past a threshold
        single = xp.astype(now.rate, xp.float32)
        after = {"loyalty": self._moved(now, xp.astype(single, now.rate.dtype), held["loyalty"])}
        factor = choose(xp, now.rate < self.shirk_below, self.shirk_factor, 1.0, now.rate)
        if self.loyal_bonus:
            after |= remember(held, _PAST, self.memory, now.rate)
            turn = between(now.turn, 1.0, float(self.memory))
            score = between(remembered(after, _PAST, self.memory) / turn, 0.0, 1.0)
            loyal = xp.astype(self._loyal(xp, score, after, turn), score.dtype)
            factor = factor * (1.0 + self.loyal_bonus * (score * loyal))
        if self.together_factor != 1.0:
            lowest = xp.min(now.rate, axis=0)
            together = lowest >= self.together_from
            factor = factor * choose(xp, together, self.together_factor, 1.0, lowest)
        return payoffs * factor, after

    def seen(self) -> tuple[str, ...]:
        """Everybody sees how loyal everybody is."""
        return ("loyalty",)

    def _loyal(self, xp: Any, score: Array, held: Held, turn: Array) -> Array:
        """Who is past the score of the bonus, by the mean that the released code takes."""
        past = [held[f"{_PAST}_{age}"] for age in range(self.memory)]
        if not isinstance(score, np.ndarray):
            mean = single_mean([xp.astype(row, xp.float32) for row in past], turn, xp)
            return xp.astype(mean, score.dtype) >= self.loyal_from
        # 32 bits differ from 64 near the threshold only, where hardly anybody is
        loyal = score >= self.loyal_from
        near = np.nonzero(np.abs(score - self.loyal_from) < _NEAR)
        if near[0].size:
            rows = [row[near].astype(np.float32) for row in past]
            mean = single_mean(rows, np.broadcast_to(turn, score.shape)[near], np)
            loyal[near] = mean.astype(score.dtype) >= self.loyal_from
        return loyal

    def _moved(self, now: Now, rate: Array, theta: Array, near: float = 0.0) -> Array:
        """Theta after the round; shares up to `near` below the threshold have reached it."""
        if self.gain == self.loss == 0:
            return theta
        short = self.threshold - rate
        # one of the two is 0, or as good as 0
        gained = self.gain * rate * now.xp.astype(short <= near, theta.dtype)
        return between(theta + gained - self.loss * at_least(short, 0.0), 0.0, self.cap)


def single_mean(rows: Sequence[Array], turn: Array, xp: Any) -> Array:
    """The mean of the last `turn` rows as numpy takes it of a vector of 32-bit numbers.

    Args:
        rows: arrays of one shape, 32 bits, oldest first; zeros before the first round.
        turn: how many count, 1 to `len(rows)`; broadcasts with a row.
        xp: the array namespace.

    Of fewer than eight numbers numpy adds one after another, of more in pairs, which ends up
    on another side of a threshold that the numbers lie on.
    """
    total = functools.reduce(operator.add, rows)
    for count in range(_PAIRS, len(rows) + 1):
        total = xp.where(turn >= count, _pairwise(rows[-count:]), total)
    return total / xp.astype(turn, xp.float32)


def _pairwise(rows: Sequence[Array]) -> Array:
    count = len(rows)
    if count < _PAIRS:
        return functools.reduce(operator.add, rows)
    if count > _BLOCK:
        half = count // 2
        half -= half % _PAIRS
        return _pairwise(rows[:half]) + _pairwise(rows[half:])
    whole = count - count % _PAIRS
    lanes = [functools.reduce(operator.add, rows[lane:whole:_PAIRS]) for lane in range(_PAIRS)]
    while len(lanes) > 1:
        lanes = [a + b for a, b in zip(lanes[::2], lanes[1::2], strict=True)]
    return functools.reduce(operator.add, rows[whole:], lanes[0])
