"""The variable-dimension simplicial path on a product of simplices, in numba.

Points are grid steps `mu` (whole numbers, one an action) along the rays from a start `v`
to the pure actions: `x_j = (1 - sum mu_j / D) v_j + mu_j / D`. The simplex in hand has
vertices `y, y + e[order_1], y + e[order_1] + e[order_2] ...` (Freudenthal's triangulation).
A label is the action with the largest gain at a vertex. The path keeps to simplices whose
facet carries all labels of the directions in use; a new label opens its direction, and a
direction whose steps are used up is closed (van der Laan and Talman 1982; rays as in
Doup and Talman 1987).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]


@njit(cache=True)
def label(u: Array, sizes: Array, starts: Array, x: Array) -> int:
    """The action with the largest gain over its player's payoff at `x`."""
    n, m = len(sizes), len(x)
    values = np.zeros(m)
    digits = np.zeros(n, dtype=np.int64)
    before = np.ones(n + 1)
    for place in range(u.shape[1]):
        for k in range(n):
            before[k + 1] = before[k] * x[starts[k] + digits[k]]
        after = 1.0
        for k in range(n - 1, -1, -1):
            values[starts[k] + digits[k]] += u[k, place] * before[k] * after
            after *= x[starts[k] + digits[k]]
        for k in range(n - 1, -1, -1):
            digits[k] += 1
            if digits[k] < sizes[k]:
                break
            digits[k] = 0
    best, most = 0, -np.inf
    for j in range(n):
        mean = 0.0
        for a in range(starts[j], starts[j] + sizes[j]):
            mean += x[a] * values[a]
        for a in range(starts[j], starts[j] + sizes[j]):
            if values[a] - mean > most:
                best, most = a, values[a] - mean
    return best


@njit(cache=True)
def point(sizes: Array, starts: Array, v: Array, steps: Array, grid: int) -> Array:
    """The profile at grid steps `[m]`; beyond the far face it is drawn back onto it."""
    x = np.empty(len(v))
    for j in range(len(sizes)):
        low, high = starts[j], starts[j] + sizes[j]
        taken = 0
        for a in range(low, high):
            taken += steps[a]
        for a in range(low, high):
            if taken >= grid:
                x[a] = steps[a] / taken
            else:
                x[a] = (1.0 - taken / grid) * v[a] + steps[a] / grid
    return x


@njit(cache=True)
def walk(
    u: Array,
    sizes: Array,
    starts: Array,
    v: Array,
    grid: int,
    y: Array,
    order: Array,
    labels: Array,
    state: Array,
    count: int,
) -> Any:
    """At most `count` vertices of the path, in place. Whether it has ended, and how many.

    Args:
        u: payoffs, `[n, P]`; sizes, starts: `[n]`.
        v: where it starts, `[m]`; grid: steps from there to a pure action.
        y: the first vertex, `[m]`; order: directions, `[m]`; labels: `[m + 1]`.
        state: directions in use, and the place of the newest vertex, `[2]`.
    """
    n = len(sizes)
    owner = np.empty(len(v), dtype=np.int64)
    for j in range(n):
        for a in range(starts[j], starts[j] + sizes[j]):
            owner[a] = j
    at = np.empty(len(v), dtype=y.dtype)
    t, new = state[0], state[1]
    for seen in range(1, count + 1):
        for a in range(len(v)):
            at[a] = y[a]
        for k in range(new):
            at[order[k]] += 1
        fresh = label(u, sizes, starts, point(sizes, starts, v, at, grid))
        labels[new] = fresh
        known = False
        for k in range(t):
            known = known or order[k] == fresh
        if not known:
            own = 1
            for k in range(t):
                own += owner[order[k]] == owner[fresh]
            if own == sizes[owner[fresh]]:  # one player's actions are all labels
                state[0], state[1] = t, new
                return True, seen
            order[t] = fresh
            t += 1
            new = t
            continue
        for j in range(n):  # one player's distribution lies on labelled actions alone
            taken = 0
            for a in range(starts[j], starts[j] + sizes[j]):
                taken += y[a]
            if taken >= grid:
                state[0], state[1] = t, new
                return True, seen
        out = 0
        while out == new or labels[out] != fresh:
            out += 1
        while True:
            if out == 0:
                first = order[0]
                y[first] += 1
                for k in range(t - 1):
                    order[k] = order[k + 1]
                order[t - 1] = first
                for k in range(t):
                    labels[k] = labels[k + 1]
                new = t
                break
            if out < t:
                order[out - 1], order[out] = order[out], order[out - 1]
                new = out
                break
            last = order[t - 1]
            if y[last] > 0:
                y[last] -= 1
                for k in range(t - 1, 0, -1):
                    order[k] = order[k - 1]
                order[0] = last
                for k in range(t, 0, -1):
                    labels[k] = labels[k - 1]
                new = 0
                break
            # the direction is closed; the vertex that carries its label leaves next
            t -= 1
            out = 0
            while labels[out] != last:
                out += 1
            if t == 0:  # back at the start: cannot happen on a path, ends it in any case
                state[0], state[1] = 0, 0
                return True, seen
    state[0], state[1] = t, new
    return False, count
