"""Thresholds and ties: what counts as reached, and as equal, where rounding must not decide.

The same computation ends in other last digits on another processor: libraries choose their
kernels by it, and a logarithm or a sum differs in the last place. A share of exactly one
half, a tier that is just reached or two actions that pay the same would then count on one
machine and not on another. So no threshold is applied as it stands. It is met within

    slack = RELATIVE * max(|threshold|, scale) + ABSOLUTE,

where `scale` is the size of the numbers that a computed value is a difference of. "At least"
and "at most" hold up to a slack beyond the threshold; "above" and "below" hold only from a
slack beyond it on. One of `reaches` and `falls_short` is true, and of `exceeds` and `keeps_to`.

Numbers and arrays of numpy and torch alike; nothing here costs more than the comparison.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coopsim.arrays import at_least, namespace

RELATIVE = 1e-9
"""Of the threshold, or of the numbers that a value is a difference of: far above what rounding
adds up to over an episode, far below what anybody would call a difference."""
ABSOLUTE = 1e-12
"""In the unit of the value: the same where the threshold is 0."""
SOLVED = 1e-8
"""Relative, in place of `RELATIVE` where the value comes from a search, which ends a little off:
next to a top nothing changes by more than rounding."""


def slack(threshold: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """How far from a threshold still counts as on it.

    Args:
        threshold: a number or an array.
        scale: the size of the numbers that the value is a difference of, where that is more.
        relative: `RELATIVE`, or `SOLVED` for what a search found.
    """
    if isinstance(threshold, int | float):
        if isinstance(scale, int | float):
            size = max(abs(threshold), scale)
            return relative * size + ABSOLUTE if math.isfinite(size) else 0.0
        threshold = threshold + 0.0 * scale
    size = at_least(abs(threshold), scale)
    # beyond all numbers there is no rounding, and infinity less infinity is no number
    xp = np if isinstance(size, np.generic) else namespace(size)
    return xp.where(size < math.inf, relative * size + ABSOLUTE, 0.0)


def least(threshold: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """The smallest value that reaches a threshold; arguments as for `slack`."""
    return threshold - slack(threshold, scale, relative)


def most(threshold: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """The largest value that keeps to a threshold; arguments as for `slack`."""
    return threshold + slack(threshold, scale, relative)


def reaches(value: Any, threshold: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """Whether a value is at least a threshold."""
    return value >= least(threshold, scale, relative)


def falls_short(value: Any, threshold: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """Whether a value is below a threshold."""
    return value < least(threshold, scale, relative)


def keeps_to(value: Any, threshold: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """Whether a value is at most a threshold."""
    return value <= most(threshold, scale, relative)


def exceeds(value: Any, threshold: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """Whether a value is above a threshold."""
    return value > most(threshold, scale, relative)


def same(value: Any, other: Any, scale: Any = 0.0, relative: float = RELATIVE) -> Any:
    """Whether two values are equal."""
    return abs(value - other) <= slack(other, scale, relative)


def first_best(values: Any, scale: Any = 0.0, relative: float = RELATIVE) -> int:
    """The place of the first value that reaches the largest: order decides between equals.

    Args:
        values: numbers `[k]`, at least one; NaN is never the best where there is another.
        scale, relative: as for `slack`.
    """
    listed = [-math.inf if math.isnan(value) else float(value) for value in values]
    enough = least(max(listed), scale, relative)
    return next(place for place, value in enumerate(listed) if value >= enough)
