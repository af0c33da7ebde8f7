"""State reduction of a Markov chain in logarithms.

Grassmann, Taksar and Heyman (1985) eliminate states one by one without a subtraction, so that
every number keeps its relative precision. In logarithms it cannot underflow either: rates may
differ by thousands of orders of magnitude.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from coopsim.arrays import Float

_NEGLIGIBLE = -40.0  # e^-40 of a number does not change it


@njit(cache=True)
def plus(one: float, other: float) -> float:
    """`log(exp(one) + exp(other))`."""
    if one < other:
        one, other = other, one
    if other == -np.inf or other - one < _NEGLIGIBLE:
        return one
    return one + math.log1p(math.exp(other - one))


@njit(cache=True)
def reduce_states(rates: Float, above: int, down_to: int) -> None:
    """Eliminate the states `above - 1, ..., down_to` of a chain, in place.

    Args:
        rates: logarithms of the rates between different states `[P, P]`; the diagonal is not
            read. On return column k holds the shares that state k is entered with.
        above, down_to: the range of states; at least 1 stays.
    """
    for k in range(above - 1, down_to - 1, -1):
        total = -np.inf
        for j in range(k):
            total = plus(total, rates[k, j])
        for i in range(k):
            if rates[i, k] == -np.inf:
                continue
            rates[i, k] -= total
            through = rates[i, k]
            for j in range(k):
                more = through + rates[k, j]
                if more > rates[i, j] + _NEGLIGIBLE and j != i:
                    rates[i, j] = plus(rates[i, j], more)


@njit(cache=True)
def expand_states(rates: Float) -> Float:
    """The logarithms of stationary weights `[P]` (up to a constant) of a reduced chain."""
    weights = np.full(len(rates), -np.inf)
    weights[0] = 0.0
    for k in range(1, len(rates)):
        for i in range(k):
            weights[k] = plus(weights[k], weights[i] + rates[i, k])
    return weights
