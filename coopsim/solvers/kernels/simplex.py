"""A parametric simplex for matrix games on a dense tableau, compiled.

The problem of a matrix game with positive payoffs A is max 1'y, A y <= 1, y >= 0 (Dantzig
1951). A dictionary keeps it as

    basic = right + mu right2 - T nonbasic,    objective = ... + (cost + mu cost2) nonbasic

where `right2 > 0` and `cost2 < 0` make it optimal for large mu (Dantzig's self-dual
parametric method; Vanderbei, "Linear Programming", chapter 7). Lowering mu to 0 takes one
pivot at each value where an entry would change sign, so any basis, feasible or not, can be
the first one: a good guess leaves few pivots.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Labels = npt.NDArray[np.int64]

RUNNING, OPTIMAL, STUCK = 0, 1, 2
"""Pivots are left to do; mu is 0; rounding left no pivot to take."""

_PIVOT = 1e-11  # smaller entries are taken for 0
_TIED = 1e-13  # ratios closer than this are equal: the largest pivot is taken


@njit(cache=True)
def _exchange(T, right, cost, r, s):
    """Swap basic variable `r` and nonbasic variable `s`.

    Args:
        T: `[m, n]`, changed.
        right: `right` and `right2`, `[2, m]`, changed.
        cost: `cost` and `cost2`, `[2, n]`, changed.
    """
    m, n = T.shape
    inverse = 1.0 / T[r, s]
    row = T[r] * inverse
    row[s] = inverse
    high, high2 = right[0, r] * inverse, right[1, r] * inverse
    for i in range(m):
        factor = T[i, s]
        if i != r and factor != 0.0:
            T[i, s] = 0.0
            for j in range(n):
                T[i, j] -= factor * row[j]
            right[0, i] -= factor * high
            right[1, i] -= factor * high2
    for k in range(2):
        factor = cost[k, s]
        cost[k, s] = 0.0
        for j in range(n):
            cost[k, j] -= factor * row[j]
    T[r] = row
    right[0, r], right[1, r] = high, high2


@njit(cache=True)
def _next(T, right, cost):
    """The next pivot as mu falls: its row, its column and the state."""
    m, n = T.shape
    mu, r, s = 0.0, -1, -1
    for i in range(m):
        if right[0, i] < 0.0 < right[1, i] and -right[0, i] > mu * right[1, i]:
            mu, r = -right[0, i] / right[1, i], i
    for j in range(n):
        if cost[0, j] > 0.0 > cost[1, j] and cost[0, j] > -mu * cost[1, j]:
            mu, s = -cost[0, j] / cost[1, j], j
    if r < 0 and s < 0:
        return r, s, OPTIMAL
    least, largest = np.inf, 0.0
    if s < 0:
        for j in range(n):
            size = -T[r, j]
            if size > _PIVOT:
                ratio = max(-(cost[0, j] + mu * cost[1, j]), 0.0) / size
                if ratio < least - _TIED or (ratio < least + _TIED and size > largest):
                    least, largest, s = min(ratio, least), size, j
        return r, s, RUNNING if s >= 0 else STUCK
    r = -1
    for i in range(m):
        size = T[i, s]
        if size > _PIVOT:
            ratio = max(right[0, i] + mu * right[1, i], 0.0) / size
            if ratio < least - _TIED or (ratio < least + _TIED and size > largest):
                least, largest, r = min(ratio, least), size, i
    return r, s, RUNNING if r >= 0 else STUCK


@njit(cache=True)
def follow(T, right, cost, basic, nonbasic, pivots):
    """Up to `pivots` pivots towards mu = 0; the state and how many were taken.

    Args:
        T: the dictionary, `[m, n]`, changed.
        right: `[2, m]`, changed.
        cost: `[2, n]`, changed.
        basic, nonbasic: the names of the variables, `[m]` and `[n]`, changed: columns of the
            game are 0 to n - 1, the slacks of its rows n to n + m - 1.
        pivots: stop after this many.

    Cost: O(m n) a pivot.
    """
    for count in range(pivots):
        r, s, state = _next(T, right, cost)
        if state != RUNNING:
            return state, count
        _exchange(T, right, cost, r, s)
        basic[r], nonbasic[s] = nonbasic[s], basic[r]
    return RUNNING, pivots


@njit(cache=True)
def read(right, cost, basic, nonbasic, x, y):
    """The mixtures at a dictionary, into zeros `x` `[m]` and `y` `[n]`; negative weights are 0."""
    n = len(nonbasic)
    for i in range(len(basic)):
        if basic[i] < n:
            y[basic[i]] = max(right[0, i], 0.0)
    for j in range(n):
        if nonbasic[j] >= n:
            x[nonbasic[j] - n] = max(-cost[0, j], 0.0)
    for weights in (x, y):
        total = weights.sum()
        if total > 0.0:
            weights /= total
        else:
            weights[:] = 1.0 / len(weights)


@njit(cache=True, parallel=True)
def solve_batch(payoffs, right2, cost2, x, y, taken, pivots):
    """Every matrix game of a batch from its first dictionary, variants on two threads.

    Args:
        payoffs: `[V, m, n]`, in any units.
        right2, cost2: `[m]` above and `[n]` below 0; how right-hand sides and costs are moved.
        x, y: zeros `[V, m]` and `[V, n]`, written over.
        taken: pivots of each game, `[V]`, written over; -1 where it did not end.
        pivots: the most for one game.
    """
    variants, m, n = payoffs.shape
    for v in prange(variants):
        low, span = payoffs[v].min(), np.ptp(payoffs[v])
        T = (payoffs[v] - low) / (span if span > 0 else 1.0) + 1.0
        right, cost = np.ones((2, m)), np.ones((2, n))
        right[1], cost[1] = right2, cost2
        basic, nonbasic = np.arange(n, n + m), np.arange(n)
        state, count = RUNNING, 0
        for count in range(pivots):  # noqa: B007 - read after the loop
            r, s, state = _next(T, right, cost)
            if state != RUNNING:
                break
            _exchange(T, right, cost, r, s)
            basic[r], nonbasic[s] = nonbasic[s], basic[r]
        taken[v] = count if state == OPTIMAL else -1
        read(right, cost, basic, nonbasic, x[v], y[v])
