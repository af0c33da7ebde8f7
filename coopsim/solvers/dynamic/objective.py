"""A weighted sum of payoffs as a function of sequences of actions, and its slope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import ENDLESS, Clock, keeping, look
from coopsim.errors import MissingExtra, UserError
from coopsim.games.forms.dynamic import DynamicForm
from coopsim.solvers.numeric import require_count

_ROWS = 2500  # sequences a difference quotient may take before torch is the cheaper way
_STEP = 6e-6  # of the range: balances rounding and curvature of central differences
_COARSE = 12  # blocks that the middle of the horizon is cut into at first
_ENDS = (3, 12)  # rounds at the beginning and the end that stand alone even then
GRADIENTS = ("auto", "torch", "differences")


@dataclass(frozen=True)
class Objective:
    """A weighted sum of payoffs as a function of some players' sequences.

    Args:
        form: the game.
        weights: of the players' payoffs, `[n]`.
        groups: who moves; the players of a group act alike.
        base: what the others do, `[T, n]`.
        blocks: for each round the knot that it follows, `[T]`; the knots are the variables.
        gradient: "torch" through the horizon, "differences", or "auto": differences while
            they are fewer than a few thousand sequences, which is quicker, else torch where
            it is installed.
        clock: batches of sequences, and slopes, raise `OutOfTime` once it is over; the value of
            a single one is always to be had.
    """

    form: DynamicForm
    weights: Float
    groups: tuple[tuple[int, ...], ...]
    base: Float
    blocks: np.ndarray
    gradient: str = "auto"
    clock: Clock = ENDLESS

    @property
    def low(self) -> Float:
        """The lowest action of each group, `[k]`."""
        return self.form.low[[group[0] for group in self.groups]]

    @property
    def width(self) -> Float:
        """The range of each group's actions, `[k]`; 1 where there is no choice."""
        high = self.form.high[[group[0] for group in self.groups]]
        return np.where(high > self.low, high - self.low, 1.0)

    @property
    def top(self) -> Float:
        """The highest action of each group, `[k]`."""
        return self.form.high[[group[0] for group in self.groups]]

    def expand(self, knots: Float) -> Float:
        """Knots `[..., K, k]` as sequences `[..., T, n]`."""
        rounds = knots[..., self.blocks, :]
        full = np.broadcast_to(self.base, (*knots.shape[:-2], *self.base.shape)).copy()
        for place, group in enumerate(self.groups):
            full[..., list(group)] = rounds[..., place : place + 1]
        return full

    def collect(self, sequence: Float) -> Float:
        """The knots `[K, k]` of a sequence `[T, n]`: means over blocks."""
        count = int(self.blocks.max()) + 1
        size = np.bincount(self.blocks, minlength=count)
        columns = [
            np.bincount(self.blocks, sequence[:, group[0]], minlength=count) / size
            for group in self.groups
        ]
        return np.stack(columns, -1)

    def values(self, knots: Float) -> Float:
        """The objective `[...]` at knots `[..., K, k]`; what is not a number is never best."""
        with keeping(self.clock):
            look()
            return self._worth(knots)

    def value(self, knots: Float) -> float:
        """The objective at one point `[K, k]`."""
        return float(self._worth(knots[None])[0])

    def slope(self, knots: Float) -> tuple[float, Float]:
        """The objective and its derivatives, `[K, k]`."""
        few = 2 * knots.size <= _ROWS
        if self.gradient == "torch" or (self.gradient == "auto" and not few):
            try:
                return self._through_torch(knots)
            except MissingExtra:
                if self.gradient == "torch":
                    raise
        step = _STEP * self.width
        trial, up, down = self.moved(knots, step)
        found = self.values(np.concatenate([knots[None], trial]))
        rise = found[1 : 1 + knots.size] - found[1 + knots.size :]
        gap = (up - down).ravel()
        slope = np.divide(rise, gap, out=np.zeros_like(rise), where=gap > 0)
        return float(found[0]), slope.reshape(knots.shape)

    def moved(self, knots: Float, step: Float) -> tuple[Float, Float, Float]:
        """Every knot moved up, then every knot moved down; and where each went, `[K, k]`."""
        up = np.minimum(knots + step, self.top)
        down = np.maximum(knots - step, self.low)
        each = np.arange(knots.size)
        trial = np.repeat(knots.reshape(1, -1), 2 * knots.size, axis=0)
        trial[each, each] = up.ravel()
        trial[knots.size + each, each] = down.ravel()
        return trial.reshape(-1, *knots.shape), up, down

    def fine(self) -> Objective:
        """The same with a knot a round."""
        return replace(self, blocks=np.arange(self.form.horizon))

    def coarse(self) -> Objective:
        """The same with few knots: rounds near both ends alone, those between in blocks."""
        return replace(self, blocks=_cut(self.form.horizon))

    def _worth(self, knots: Float) -> Float:
        found = self.form.payoffs(self.expand(knots)) @ self.weights
        return np.asarray(np.where(np.isnan(found), -np.inf, found))

    def _through_torch(self, knots: Float) -> tuple[float, Float]:
        with keeping(self.clock):
            look()
            value, slope = self.form.gradient(self.expand(knots), self.weights)
        rounds = np.stack([slope[:, list(group)].sum(1) for group in self.groups], -1)
        total = np.zeros(knots.shape)
        np.add.at(total, self.blocks, rounds)
        return float(value), total


def objective(
    form: DynamicForm,
    weights: Float,
    groups: Sequence[Sequence[int]],
    base: Float | None = None,
    gradient: str = "auto",
    clock: Clock = ENDLESS,
) -> Objective:
    """An objective with a knot a round; `base` is irrelevant where everybody moves."""
    fixed = np.zeros((form.horizon, form.n)) if base is None else base
    return Objective(
        form,
        np.asarray(weights, dtype=float),
        tuple(tuple(group) for group in groups),
        fixed,
        np.arange(form.horizon),
        gradient,
        clock,
    )


def check_options(starts: int, rounds: int, gradient: str) -> None:
    """Raise `UserError` for an option of a method over time that is out of range."""
    require_count("starts", starts)
    require_count("rounds", rounds)
    if gradient not in GRADIENTS:
        raise UserError("no such way", key="gradient", given=gradient, allowed=GRADIENTS)


def groups_of(form: DynamicForm) -> tuple[tuple[int, ...], ...]:
    """Players who can be swapped without a change, together."""
    alike = np.array(form.alike)
    return tuple(tuple(np.flatnonzero(alike == i).tolist()) for i in dict.fromkeys(alike.tolist()))


def _cut(horizon: int) -> np.ndarray:
    head, tail = _ENDS
    middle = horizon - head - tail
    if middle < 2 * _COARSE:
        return np.arange(horizon)
    inner = head + np.arange(middle) * _COARSE // middle
    return np.concatenate([np.arange(head), inner, head + _COARSE + np.arange(tail)])
