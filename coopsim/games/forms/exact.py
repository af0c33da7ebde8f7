"""Numbers kept exactly: arrays of fractions beside the floats that solvers work in."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Exact = npt.NDArray[np.object_]
"""An array of `fractions.Fraction`."""

MOST_BITS = 5000
"""How long a denominator may become in sums, some 1,500 digits: where denominators have nothing in
common each one makes it longer, and sums take quadratic time."""


def fractions_of(values: npt.ArrayLike) -> Exact | None:
    """The values as fractions, an array of the same shape; None where one is a float.

    Whole numbers and `Fraction` are exact. A float is not, even where it is a whole number:
    it may be the result of rounding.
    """
    raw = np.asarray(values, dtype=object)
    flat = [_fraction(value) for value in raw.ravel()]
    if any(value is None for value in flat):
        return None
    exact = np.empty(len(flat), dtype=object)
    exact[:] = flat
    return exact.reshape(raw.shape)


def common_denominator(values: Exact) -> int | None:
    """The least common denominator of fractions; None where it has more than `MOST_BITS`."""
    common = 1
    for bottom in {value.denominator for value in values.ravel()}:
        common = math.lcm(common, bottom)
        if common.bit_length() > MOST_BITS:
            return None
    return common


def _fraction(value: Any) -> Fraction | None:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return Fraction(int(value))
    return None
