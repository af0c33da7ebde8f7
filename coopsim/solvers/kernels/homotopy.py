"""Homotopy continuation for the indifference equations of a support, in numba.

The unknowns are complex vectors, one a player, the probabilities up to a scale (points of
projective spaces). An equation of player p is linear in every other player's vector; so is
each factor of the start system, a product of one linear form a player, whose solutions are
known. The path from a start solution follows
`H(x, t) = (1 - t) gamma G(x) + t F(x)` from t = 0 to 1; for almost all complex gamma the
paths are smooth before t = 1 and reach every isolated solution (Sommese and Wampler 2005,
theorem 8.4.1, "multihomogeneous homotopies").
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]

REACHED, STUCK = 0, 1
"""How a path ended: at t = 1, or before it."""

# the stages of Runge-Kutta: how far on each point lies, and with which stage's speed
_LENGTHS = (0.0, 0.5, 0.5, 1.0, 1.0)
_FROM = (0, 0, 1, 2, 4)


@njit(cache=True)
def derivatives(u: Array, sizes: Array, starts: Array, x: Array, slopes: Array) -> None:
    """Block (i, j) of `slopes` `[N, N]`: what actions of i pay by actions of j, rest at x."""
    n = len(sizes)
    slopes[:, :] = 0.0
    digits = np.zeros(n, dtype=np.int64)
    for place in range(u.shape[1]):
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                weight = u[i, place] + 0.0j
                for k in range(n):
                    if k != i and k != j:
                        weight *= x[starts[k] + digits[k]]
                slopes[starts[i] + digits[i], starts[j] + digits[j]] += weight
        for k in range(n - 1, -1, -1):
            digits[k] += 1
            if digits[k] < sizes[k]:
                break
            digits[k] = 0


@njit(cache=True)
def evaluate(
    u: Array,
    sizes: Array,
    starts: Array,
    owner: Array,
    rows: Array,
    factors: Array,
    forms: Array,
    linear: Array,
    right: Array,
    gamma: complex,
    x: Array,
    t: float,
    value: Array,
    jacobian: Array,
    by_t: Array,
    slopes: Array,
) -> None:
    """H, its derivatives by x and by t, in place."""
    n, size = len(sizes), len(x)
    equations = rows.shape[0]
    derivatives(u, sizes, starts, x, slopes)
    product = np.empty(n, dtype=np.complex128)
    for e in range(equations):
        target = 0.0j
        low, high = starts[owner[e]], starts[owner[e]] + sizes[owner[e]]
        for c in range(size):
            jacobian[e, c] = 0.0
            if low <= c < high:
                continue
            entry = 0.0j
            for r in range(low, high):
                if rows[e, r] != 0:
                    entry += rows[e, r] * slopes[r, c]
            jacobian[e, c] = t * entry
            target += entry * x[c]
        target /= n - 1
        begin = 1.0 + 0.0j
        for j in range(n):
            product[j] = 1.0
            if factors[e, j]:
                product[j] = 0.0
                for c in range(starts[j], starts[j] + sizes[j]):
                    product[j] += forms[e, c] * x[c]
                begin *= product[j]
        for j in range(n):
            if not factors[e, j]:
                continue
            rest = (1.0 - t) * gamma
            for k in range(n):
                if k != j:
                    rest *= product[k]
            for c in range(starts[j], starts[j] + sizes[j]):
                jacobian[e, c] += rest * forms[e, c]
        value[e] = (1.0 - t) * gamma * begin + t * target
        by_t[e] = target - gamma * begin
    for q in range(linear.shape[0]):
        e = equations + q
        total = -right[q]
        for c in range(size):
            jacobian[e, c] = linear[q, c]
            total += linear[q, c] * x[c]
        value[e] = total
        by_t[e] = 0.0


@njit(cache=True)
def solved(matrix: Array, right: Array) -> float:
    """Gaussian elimination in place, the solution in `right`; the least pivot over the largest."""
    size = len(right)
    least, most = np.inf, 0.0
    for k in range(size):
        row, pivot = k, 0.0
        for r in range(k, size):
            length = abs(matrix[r, k].real) + abs(matrix[r, k].imag)
            if length > pivot:
                row, pivot = r, length
        least, most = min(least, pivot), max(most, pivot)
        if pivot < 1e-300:
            return 0.0
        if row != k:
            for c in range(k, size):
                matrix[k, c], matrix[row, c] = matrix[row, c], matrix[k, c]
            right[k], right[row] = right[row], right[k]
        inverse = 1.0 / matrix[k, k]
        for r in range(k + 1, size):
            factor = matrix[r, k] * inverse
            if factor != 0:
                for c in range(k + 1, size):
                    matrix[r, c] -= factor * matrix[k, c]
                right[r] -= factor * right[k]
    for k in range(size - 1, -1, -1):
        total = right[k]
        for c in range(k + 1, size):
            total -= matrix[k, c] * right[c]
        right[k] = total / matrix[k, k]
    return least / most


@njit(cache=True)
def _largest(x: Array) -> float:
    most = 0.0
    for c in range(len(x)):
        most = max(most, abs(x[c]))
    return most


@njit(cache=True)
def track(
    u: Array,
    sizes: Array,
    starts: Array,
    owner: Array,
    rows: Array,
    factors: Array,
    forms: Array,
    linear: Array,
    right: Array,
    begins: Array,
    gamma: complex,
    close: float,
) -> Any:
    """Follow all paths.

    Args:
        u: payoffs of the support, `[n, P]`, profiles in C order.
        sizes, starts: actions of each player and where they begin among all N, `[n]`.
        owner: the player of each equation, `[E]`.
        rows: each equation as weights of its player's actions, `[E, N]`.
        factors: whether an equation's start product has a form in a player, `[E, n]`.
        forms: those forms, `[E, N]`, complex.
        linear, right: linear equations that hold all along the paths, `[N - E, N]`.
        begins: the start solutions, `[B, N]`, complex.
        gamma: a complex number of size 1.
        close: how near a point must stay to its path: largest last Newton step, relative.

    Returns:
        End points `[B, N]`, how each ended `[B]`, and the least pivot over the largest there.
    """
    paths, size = begins.shape
    ends = begins.copy()
    state = np.zeros(paths, dtype=np.int64)
    pivots = np.zeros(paths)
    value = np.empty(size, dtype=np.complex128)
    by_t = np.empty(size, dtype=np.complex128)
    jacobian = np.empty((size, size), dtype=np.complex128)
    slopes = np.empty((size, size), dtype=np.complex128)
    speeds = np.zeros((5, size), dtype=np.complex128)
    at = np.empty(size, dtype=np.complex128)
    for p in range(paths):
        x = ends[p]
        t, step, count = 0.0, 0.1, 0
        while t < 1.0:
            count += 1
            step = min(step, 1.0 - t)
            fine = count <= 3000
            # Runge-Kutta of order 4; the last stage is the predicted point
            for stage in range(5 if fine else 0):
                share = _LENGTHS[stage] * step
                if stage == 4:
                    for c in range(size):
                        speeds[4, c] = (
                            speeds[0, c] + 2.0 * speeds[1, c] + 2.0 * speeds[2, c] + speeds[3, c]
                        ) / 6.0
                for c in range(size):
                    at[c] = x[c] if stage == 0 else x[c] + share * speeds[_FROM[stage], c]
                if stage == 4:
                    break
                evaluate(
                    u, sizes, starts, owner, rows, factors, forms, linear, right, gamma, at,
                    t + share, value, jacobian, by_t, slopes,
                )  # fmt: skip
                for c in range(size):
                    speeds[stage, c] = -by_t[c]
                if solved(jacobian, speeds[stage]) == 0.0:
                    fine = False
                    break
            first = before = np.inf
            near = False
            for _ in range(3 if fine else 0):
                evaluate(
                    u, sizes, starts, owner, rows, factors, forms, linear, right, gamma, at,
                    t + step, value, jacobian, by_t, slopes,
                )  # fmt: skip
                if solved(jacobian, value) == 0.0:
                    break
                moved = _largest(value) / max(1.0, _largest(at))
                # a correction much larger than the error of the predictor may change paths
                if not moved < 0.5 * before or (before == np.inf and moved > 1e-3):
                    break
                if before == np.inf:
                    first = moved
                before = moved
                for c in range(size):
                    at[c] -= value[c]
                if moved < close:
                    near = True
                    break
            if near:
                for c in range(size):
                    x[c] = at[c]
                t = t + step if 1.0 - t - step >= 1e-14 else 1.0
                # the error of the predictor grows with the fifth power of the step
                step *= min(2.5, max(0.5, (2e-5 / max(first, 1e-12)) ** 0.2))
            else:
                step *= 0.5
                if not fine or step < 1e-9:
                    state[p] = STUCK
                    break
        before = np.inf
        for _ in range(8 if state[p] == REACHED else 0):
            evaluate(
                u, sizes, starts, owner, rows, factors, forms, linear, right, gamma, x, 1.0,
                value, jacobian, by_t, slopes,
            )  # fmt: skip
            pivots[p] = solved(jacobian, value)
            moved = _largest(value)
            if pivots[p] == 0.0 or not moved < before:
                break
            before = moved
            for c in range(size):
                x[c] -= value[c]
    return ends, state, pivots
