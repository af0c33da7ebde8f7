"""What methods for continuous forms share: a clock, difference quotients, Newton in a box.

Certificates use none of this: they share no code with the methods that they check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from coopsim import budget
from coopsim.arrays import Float
from coopsim.clock import Clock as Clock
from coopsim.clock import OutOfTime as OutOfTime
from coopsim.errors import UserError

Function = Callable[[Float], Float]
"""Points `[..., m]` to one value a coordinate, `[..., m]`; vectorised over leading axes."""

Mask = npt.NDArray[np.bool_]

_STEP = 6e-6  # cube root of the rounding error balances the error of a central difference
_NUMBERS = 4_000_000  # coordinates of the shifted points that are held at once
_TRIED = 300  # values of a coordinate that are tried at once, from every starting point
_AT_ONCE = 256  # profiles between two looks at the clock, where one evaluation may be an episode


def require_count(name: str, given: int, least: int = 1) -> None:
    """Refuse a count below `least`. Raises `UserError` naming the option."""
    if given < least:
        raise UserError("too few", key=name, given=given, allowed=f"{least} or more")


def require_starts(count: int, n: int, m: int) -> None:
    """Refuse starting points, moved side by side, that do not fit into memory.

    Args:
        count: how many.
        n, m: players and coordinates of the game.

    Raises:
        UserError: fewer than one, or too many.
    """
    require_count("starts", count)
    each = 8.0 * (_TRIED * (n + m) + m * m)
    budget.require(
        count * each,
        f"{count:,} starting points",
        fits=f"at most {budget.fitting(each):,}",
        key="starts",
        given=count,
    )


def unit_of(paid: Float) -> float:
    """The range of payoffs; of constant ones, which have none, their size; of zeros 1."""
    return float(np.ptp(paid) or np.abs(paid).max()) or 1.0


def widths(low: Float, high: Float) -> Float:
    """The width of each coordinate `[m]`, for relative distances; 1 where it is fixed."""
    return np.where(high > low, high - low, 1.0)


def distinct(
    points: Iterable[Float], width: Float, tol: float = 1e-6, most: int | None = None
) -> list[Float]:
    """The points that differ by more than `tol` of the box, in order of appearance.

    Args:
        points: `[m]` each.
        width: of the box, `[m]`.
        tol: share of the box.
        most: stop at so many.

    Cost: the product of points and distinct points, in array operations.
    """
    every = np.array(list(points), dtype=np.float64)
    kept: list[int] = []
    left = np.arange(len(every))
    while len(left) and (most is None or len(kept) < most):
        kept.append(int(left[0]))
        apart = (np.abs(every[left] - every[kept[-1]]) / width).max(axis=1) > tol
        left = left[apart]
    return [every[k] for k in kept]


def slopes(values: Function, points: Float, low: Float, high: Float) -> Float:
    """Central differences: how value `k` changes with coordinate `k`, `[..., m]`.

    Args:
        values: what the chooser of each coordinate gets.
        points: where, `[..., m]`.
        low, high: the box, `[m]`; differences are one-sided at its bounds and 0 where a
            coordinate is fixed.
    """
    m = points.shape[-1]
    piece = max(1, _NUMBERS // m**2)
    if points.size > piece * m:
        many = points.reshape(-1, m)
        parts = [
            slopes(values, many[first : first + piece], low, high)
            for first in range(0, len(many), piece)
        ]
        return np.concatenate(parts).reshape(points.shape)
    up, down, width = _shifted(points, low, high)
    change = np.diagonal(values(up) - values(down), axis1=-2, axis2=-1)
    return np.divide(change, width, out=np.zeros_like(width), where=width > 0)


def newton(
    slope: Function, x: Float, low: Float, high: Float, clock: Clock, rounds: int = 30
) -> Float:
    """A root of `slope` near `x` by Newton's method, coordinates held at bounds they push against.

    Args:
        slope: to be brought to zero.
        x: where to start, `[m]`.
        low, high: the box, `[m]`.
        clock: when it is over, the best point so far is returned.
        rounds: most steps.

    A step is kept only if it lowers the largest free slope; otherwise it is halved.
    """
    edge = 1e-9 * widths(low, high)
    value = slope(x)
    for _ in range(rounds):
        at_low, at_high = x <= low + edge, x >= high - edge
        free = ~((at_low & (value <= 0)) | (at_high & (value >= 0))) & (high > low)
        size = np.abs(value[free]).max(initial=0.0)
        if size < 1e-13 or clock.over:
            break
        direction = _direction(slope, x, value, free, low, high, clock)
        # a step below rounding: there is nothing left to gain
        if direction is None or (np.abs(direction) <= 1e-12 * (high - low)[free]).all():
            break
        stepped = _shortened(slope, x, direction, free, low, high, size)
        if stepped is None:
            break
        x, value = stepped
    return x


def _direction(
    slope: Function, x: Float, value: Float, free: Mask, low: Float, high: Float, clock: Clock
) -> Float | None:
    """Newton's step in the free coordinates; None where there is none."""
    rows = np.flatnonzero(free)
    up, down, width = _shifted(x, low, high)
    piece = max(1, _AT_ONCE // (2 * len(x)))
    columns = []
    for first in range(0, len(rows), piece):
        if clock.over:
            return None
        k = rows[first : first + piece]
        change = slope(up[k]) - slope(down[k])
        columns.append(change / width[k, None])
    jacobian = np.concatenate(columns).T[free]
    try:
        direction = np.linalg.solve(jacobian, -value[free])
    except np.linalg.LinAlgError:
        return None
    return np.asarray(direction) if np.isfinite(direction).all() else None


def _shortened(
    slope: Function, x: Float, direction: Float, free: Mask, low: Float, high: Float, size: float
) -> tuple[Float, Float] | None:
    """The longest step that lowers the largest free slope, and the slopes there; None if none."""
    length = 1.0
    while length > 1e-4:
        trial = x.copy()
        trial[free] = np.clip(x[free] + length * direction, low[free], high[free])
        after = slope(trial)
        if np.abs(after[free]).max(initial=0.0) < size:
            return trial, after
        length *= 0.5
    return None


def _shifted(points: Float, low: Float, high: Float) -> tuple[Float, Float, Float]:
    """Points with one coordinate moved up, and down, `[..., m, m]`, and how far apart they are."""
    step = np.maximum(np.abs(points), 1e-2 * (high - low)) * _STEP + 1e-300
    moved = np.eye(points.shape[-1]) * step[..., None, :]
    up = np.minimum(points[..., None, :] + moved, high)
    down = np.maximum(points[..., None, :] - moved, low)
    return up, down, np.diagonal(up - down, axis1=-2, axis2=-1)
