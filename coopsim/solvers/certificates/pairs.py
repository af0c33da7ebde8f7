"""Certificates of batches of two-player games, compiled: hundreds of thousands at a time."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from coopsim.arrays import Float
from coopsim.solvers.proof import ROUNDING


def regrets_of_pairs(payoffs: Float, x: Float, y: Float) -> tuple[Float, Float]:
    """What both players of each game get, and gain by the best other action.

    Args:
        payoffs: `[V, 2, m, n]`.
        x, y: up to K distributions a player, `[V, K, m]` and `[V, K, n]`; where both are all
            0, the place is empty.

    Returns:
        Values `[V, K, 2]` and gains `[V, K, 2]`, in payoff units: 0 at empty places. A gain is
        infinite where a player's weights are no distribution, or a payoff is not finite.
    """
    values = np.zeros((*x.shape[:2], 2))
    gains = np.zeros_like(values)
    _check(payoffs, x, y, values, gains)
    return values, gains


@njit(cache=True, parallel=True)
def _check(payoffs: Float, x: Float, y: Float, values: Float, gains: Float) -> None:
    variants, places, m = x.shape
    n = y.shape[2]
    for v in prange(variants):
        for k in range(places):
            total_x, total_y, least, most = 0.0, 0.0, 0.0, 0.0
            for i in range(m):
                total_x += x[v, k, i]
                least, most = min(least, x[v, k, i]), max(most, x[v, k, i])
            for j in range(n):
                total_y += y[v, k, j]
                least, most = min(least, y[v, k, j]), max(most, y[v, k, j])
            if least == most == total_x == total_y == 0.0:
                continue
            best, value, value_other, blank = -np.inf, 0.0, 0.0, 0.0
            for i in range(m):
                paid = 0.0
                for j in range(n):
                    paid += payoffs[v, 0, i, j] * y[v, k, j]
                best = max(best, paid)
                blank += 0.0 * paid  # not 0 once a payoff is not finite, which max may drop
                value += x[v, k, i] * paid
            best_other = -np.inf
            for j in range(n):
                paid = 0.0
                for i in range(m):
                    paid += payoffs[v, 1, i, j] * x[v, k, i]
                best_other = max(best_other, paid)
                blank += 0.0 * paid
                value_other += y[v, k, j] * paid
            # written so that a weight that is not a number is unsound
            sound = least >= 0.0 and abs(total_x - 1) <= ROUNDING and abs(total_y - 1) <= ROUNDING
            values[v, k, 0], values[v, k, 1] = value, value_other
            sound = sound and blank == 0.0 and np.isfinite(value) and np.isfinite(value_other)
            gains[v, k, 0] = max(best - value, 0.0) if sound else np.inf
            gains[v, k, 1] = max(best_other - value_other, 0.0) if sound else np.inf
