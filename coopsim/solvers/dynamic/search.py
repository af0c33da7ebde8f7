"""What methods over time share: an objective in sequences, and ways up from one.

Three ways take turns. L-BFGS-B follows gradients through the horizon; steps of all rounds at
once, each by its own curvature, take over at kinks; and segments of time set to other levels
find what gradients cannot see: thresholds, ends, last rounds.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import MissingExtra
from coopsim.games.forms.dynamic import DynamicForm
from coopsim.solvers.numeric import Clock

_ROWS = 2500  # sequences a difference quotient may take before torch is the cheaper way
_STEP = 6e-6  # of the range: balances rounding and curvature of central differences
_LEVELS = 13
_NUDGES = (-0.05, -0.01, -0.002, 0.002, 0.01, 0.05)  # of the range: small moves of segments
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
    """

    form: DynamicForm
    weights: Float
    groups: tuple[tuple[int, ...], ...]
    base: Float
    blocks: np.ndarray
    gradient: str = "auto"

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
        found = self.form.payoffs(self.expand(knots)) @ self.weights
        return np.asarray(np.where(np.isnan(found), -np.inf, found))

    def value(self, knots: Float) -> float:
        """The objective at one point `[K, k]`."""
        return float(self.values(knots[None])[0])

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

    def _through_torch(self, knots: Float) -> tuple[float, Float]:
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
    )


def climb(goal: Objective, x: Float, clock: Clock, tol: float, rounds: int = 6) -> Float:
    """The best knots `[T, k]` found from `x` upwards.

    Args:
        goal: with a knot a round.
        x: where to start.
        clock: when to stop.
        tol: a round that gains less is the last one.
        rounds: most rounds.
    """
    best = goal.value(x)
    for turn in range(rounds):
        if clock.over:
            break
        before = best
        rough = goal.coarse()
        if turn == 0 and int(rough.blocks.max()) + 1 < goal.form.horizon:
            knots = smooth(rough, rough.collect(goal.expand(x)), clock, tol, 30)
            x, best = _better(goal, x, best, knots[rough.blocks])
        x, best = segments(goal, x, best, clock)
        x, best = _better(goal, x, best, smooth(goal, x, clock, tol, 15 if turn == 0 else 40))
        x, best = polish(goal, x, best, clock, tol)
        if best - before <= tol:
            break
    return x


def sketch(goal: Objective, x: Float, clock: Clock, tol: float) -> Float:
    """Knots `[T, k]` above `x` by blocks of rounds and segments of time only: a quick look."""
    rough, best = goal.coarse(), goal.value(x)
    knots = smooth(rough, rough.collect(goal.expand(x)), clock, tol, 30)
    x, best = _better(goal, x, best, knots[rough.blocks])
    return segments(goal, x, best, clock, 2)[0]


def smooth(goal: Objective, x: Float, clock: Clock, tol: float, iterations: int) -> Float:
    """Where L-BFGS-B gets from `x` `[K, k]`, following gradients inside the bounds.

    It stops where an iteration gains less than a hundredth of `tol`.
    """
    from scipy.optimize import minimize

    best: list[tuple[float, Float]] = [(-np.inf, x)]

    def falls(unit: Float) -> tuple[float, Float]:
        knots = goal.low + unit.reshape(x.shape) * goal.width
        value, slope = goal.slope(knots)
        if value > best[0][0]:
            best[0] = (value, knots)
        if clock.over:
            raise TimeoutError
        scale = max(1.0, abs(value))
        first.setdefault("scale", scale)
        return -value / first["scale"], -(slope * goal.width).ravel() / first["scale"]

    first: dict[str, float] = {}
    start = np.clip((x - goal.low) / goal.width, 0, 1).ravel()
    least = max(1e-15, 0.01 * tol / max(1.0, abs(goal.value(x))))
    options = {"maxiter": iterations, "maxfun": 2 * iterations, "ftol": least, "gtol": 1e-13}
    with contextlib.suppress(TimeoutError):
        minimize(
            falls, start, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * x.size, options=options
        )
    return np.clip(best[0][1], goal.low, goal.top)


def segments(
    goal: Objective, x: Float, best: float, clock: Clock, rounds: int = 4
) -> tuple[Float, float]:
    """`x` `[T, k]` with segments of time set to other levels, as long as that helps."""
    for _ in range(rounds):
        if clock.over:
            break
        trial = np.stack(list(_rewritten(goal, x)))
        found = goal.values(trial)
        place = int(found.argmax())
        if not found[place] > best + 1e-12 * abs(best):
            break
        x, best = trial[place], float(found[place])
    return x, best


def polish(
    goal: Objective, x: Float, best: float, clock: Clock, tol: float, rounds: int = 60
) -> tuple[Float, float]:
    """`x` `[T, k]` after steps of all rounds at once, each by its own curvature.

    Where payoffs have kinks, rounds that would fall on both sides stay where they are. Steps
    start at 5 % of the range and get shorter where nothing is gained.
    """
    reach = 0.05
    for _ in range(rounds):
        if reach < 3e-6 or clock.over:
            break
        trial, up, down = goal.moved(x, reach * goal.width)
        found = goal.values(trial)
        higher, lower = found[: x.size].reshape(x.shape), found[x.size :].reshape(x.shape)
        steps = _proposals(x, best, up, down, higher, lower)
        values = goal.values(np.clip(steps, goal.low, goal.top))
        place = int(values.argmax())
        gain = values[place] - best
        if gain > 0:
            x, best = np.clip(steps[place], goal.low, goal.top), float(values[place])
        if gain <= max(1e-9 * abs(best) * reach, 0.1 * tol):
            reach *= 0.2
    return x, best


def _proposals(x: Float, best: float, up: Float, down: Float, higher: Float, lower: Float) -> Float:
    """Joint moves to try, `[P, T, k]`: by curvature, to better neighbours, and the best alone."""
    rise, fall = higher - best, lower - best
    right, left = up - x, x - down
    both = (right > 0) & (left > 0)
    # the parabola through three points, not equally spaced near a bound
    with np.errstate(all="ignore"):
        bend = np.where(both, (rise / right + fall / left) * 2 / (right + left), 0.0)
        slope = np.where(both, (rise * left / right - fall * right / left) / (right + left), 0.0)
        step = np.where(bend < 0, -slope / bend, 0.0)
    step = np.clip(np.nan_to_num(step), -4 * left, 4 * right)
    winner = np.where(rise >= fall, right, -left) * (np.maximum(rise, fall) > 0)
    newton = np.where(both & (bend < 0), step, winner)
    moves = [scale * move for move in (newton, winner) for scale in (1.0, 0.5, 0.2, 0.05)]
    gain = np.maximum(rise, fall).ravel()
    alone = np.zeros((8, x.size))
    order = np.argsort(-gain)[:8]
    alone[np.arange(len(order)), order] = winner.ravel()[order]
    moved = np.concatenate([np.stack(moves), alone.reshape(-1, *x.shape)])
    return np.asarray(x + moved)


def _rewritten(goal: Objective, x: Float) -> Iterator[Float]:
    """`x` with one segment of one group, or of all, at another level or moved a little."""
    count = x.shape[1]
    movers: list[list[int]] = [[place] for place in range(count)]
    movers += [list(range(count))] if count > 1 else []
    marks = goal.form.marks
    assert marks is not None
    own = marks[:, [group[0] for group in goal.groups]]
    shares = np.linspace(0, 1, _LEVELS)[:, None] * (goal.top - goal.low) + goal.low
    levels = np.concatenate([shares, own])
    for first, last in _windows(goal.form.horizon):
        for mover in movers:
            for level in levels:
                changed = x.copy()
                changed[first:last, mover] = level[mover]
                yield changed
            for nudge in _NUDGES:
                changed = x.copy()
                moved = changed[first:last, mover] + nudge * goal.width[mover]
                changed[first:last, mover] = np.clip(moved, goal.low[mover], goal.top[mover])
                yield changed


def _windows(horizon: int) -> list[tuple[int, int]]:
    """Segments of time: everything, beginnings, ends of growing length, and quarters."""
    found = [(0, horizon)]
    for size in (1, 2, 3, 5, 8, 13, 21, 34, 55):
        if size < horizon:
            found += [(horizon - size, horizon), (0, size)]
    cuts = np.linspace(0, horizon, 5).astype(int).tolist()
    found += [(a, b) for a, b in itertools.pairwise(cuts) if a < b]
    return list(dict.fromkeys(found))


def _cut(horizon: int) -> np.ndarray:
    head, tail = _ENDS
    middle = horizon - head - tail
    if middle < 2 * _COARSE:
        return np.arange(horizon)
    inner = head + np.arange(middle) * _COARSE // middle
    return np.concatenate([np.arange(head), inner, head + _COARSE + np.arange(tail)])


def _better(goal: Objective, x: Float, best: float, other: Float) -> tuple[Float, float]:
    value = goal.value(other)
    return (other, value) if value > best else (x, best)


def groups_of(form: DynamicForm) -> tuple[tuple[int, ...], ...]:
    """Players who can be swapped without a change, together."""
    alike = np.array(form.alike)
    return tuple(tuple(np.flatnonzero(alike == i).tolist()) for i in dict.fromkeys(alike.tolist()))
