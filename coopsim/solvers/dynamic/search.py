"""What methods over time share: ways up from a sequence of actions.

Several ways take turns. L-BFGS-B follows gradients through the horizon; steps of all rounds at
once, each by its own curvature, take over at kinks; and segments of time set to other levels
find what gradients cannot see: thresholds, ends, last rounds. Random moves of stretches of
time go along the edge of what ends play.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

import numpy as np

from coopsim.arrays import Float
from coopsim.solvers.dynamic.objective import Objective
from coopsim.solvers.numeric import Clock, OutOfTime

_LEVELS = 13
_NUDGES = (-0.05, -0.01, -0.002, 0.002, 0.01, 0.05)  # of the range: small moves of segments
_MOVES = 192  # random moves tried at once
_FURTHER = np.array([0.25, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0])  # times a move that is the best one
_SEED = 4


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
        x, best = trade(goal, x, best, clock, tol)
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
        scale = max(1.0, abs(value))
        first.setdefault("scale", scale)
        return -value / first["scale"], -(slope * goal.width).ravel() / first["scale"]

    first: dict[str, float] = {}
    start = np.clip((x - goal.low) / goal.width, 0, 1).ravel()
    least = max(1e-15, 0.01 * tol / max(1.0, abs(goal.value(x))))
    options = {"maxiter": iterations, "maxfun": 2 * iterations, "ftol": least, "gtol": 1e-13}
    with contextlib.suppress(OutOfTime):
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
        try:
            found = goal.values(trial)
        except OutOfTime:
            break
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
        try:
            found = goal.values(trial)
        except OutOfTime:
            break
        higher, lower = found[: x.size].reshape(x.shape), found[x.size :].reshape(x.shape)
        steps = _proposals(x, best, up, down, higher, lower)
        try:
            values = goal.values(np.clip(steps, goal.low, goal.top))
        except OutOfTime:
            break
        place = int(values.argmax())
        gain = values[place] - best
        if gain > 0:
            x, best = np.clip(steps[place], goal.low, goal.top), float(values[place])
        if gain <= max(1e-9 * abs(best) * reach, 0.1 * tol):
            reach *= 0.2
    return x, best


def trade(
    goal: Objective, x: Float, best: float, clock: Clock, tol: float, rounds: int = 120
) -> tuple[Float, float]:
    """`x` `[T, k]` after random moves of stretches of time, some up while others go down.

    Where an early end is only just avoided, every single step and every gradient leads over
    the edge or away from it; what is left to gain lies along it. Steps start at 2 % of the
    range and get shorter where nothing is gained.
    """
    rng = np.random.default_rng(_SEED)
    reach = 0.02
    for _ in range(rounds):
        if reach < 1e-6 or clock.over:
            break
        moves = reach * goal.width * _stretches(rng, *x.shape)
        try:
            values = goal.values(np.clip(x + moves, goal.low, goal.top))
            move = moves[int(values.argmax())]
            along = np.clip(x + _FURTHER[:, None, None] * move, goal.low, goal.top)
            values = goal.values(along)
        except OutOfTime:
            break
        place = int(values.argmax())
        gain = values[place] - best
        if gain > 0:
            x, best = along[place], float(values[place])
        if gain <= 0.1 * tol:
            reach *= 0.6
    return x, best


def _stretches(rng: np.random.Generator, horizon: int, count: int) -> Float:
    """Random moves `[M, T, k]`, each constant on 2 to 8 stretches of time."""
    parts = rng.integers(2, 9, _MOVES)
    cut = rng.random((_MOVES, horizon)) < (parts[:, None] - 1) / max(1, horizon - 1)
    place = np.minimum(np.cumsum(cut, axis=1), 15)
    levels = rng.standard_normal((_MOVES, 16, count))
    size = 10 ** rng.uniform(-1, 0.5, (_MOVES, 1, 1))
    return np.asarray(size * levels[np.arange(_MOVES)[:, None], place])


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


def _better(goal: Objective, x: Float, best: float, other: Float) -> tuple[Float, float]:
    value = goal.value(other)
    return (other, value) if value > best else (x, best)
