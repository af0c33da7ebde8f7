"""Numbers kept exactly: arrays of fractions beside the floats that solvers work in."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Exact = npt.NDArray[np.object_]
"""An array of `fractions.Fraction`."""


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


def _fraction(value: Any) -> Fraction | None:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return Fraction(int(value))
    return None
