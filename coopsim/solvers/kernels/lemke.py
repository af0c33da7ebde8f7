"""Lemke's complementary pivoting with a lexicographic ratio test, in numba.

Finds w, z >= 0 with w = q + M z and w z = 0 (Lemke 1965; Cottle, Pang and Stone 1992,
algorithm 4.4.5 with lexicographic degeneracy resolution, section 4.9). The lexicographic
rule makes every pivot unique, so that ties cannot make it cycle.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

RUNNING, SOLVED, RAY = 0, 1, 2
"""How a block of pivots ended: out of pivots, with a solution, or on a ray."""

_SMALL = 1e-11  # entries of a scaled tableau below this are not pivoted on


@njit(cache=True)
def start(m: npt.NDArray[Any], q: npt.NDArray[Any], cover: npt.NDArray[Any]) -> Any:
    """The first tableau `[k, 2k + 2]`, the basis `[k]` and the entering column.

    Columns are w (k), z (k), the artificial variable, and the right-hand side. Where q is
    not negative anywhere the entering column is -1: z = 0 is a solution.
    """
    k = len(q)
    tableau = np.zeros((k, 2 * k + 2))
    for i in range(k):
        tableau[i, i] = 1.0
        for j in range(k):
            tableau[i, k + j] = -m[i, j]
        tableau[i, 2 * k] = -cover[i]
        tableau[i, 2 * k + 1] = q[i]
    basis = np.arange(k)
    row, worst = -1, 0.0
    for i in range(k):
        if q[i] < 0:
            ratio = q[i] / cover[i]
            if row < 0 or ratio <= worst:  # of ties the last: lexicographically smallest
                row, worst = i, ratio
    if row < 0:
        return tableau, basis, -1
    _pivot(tableau, row, 2 * k)
    leaving = basis[row]
    basis[row] = 2 * k
    return tableau, basis, leaving + k


@njit(cache=True)
def pivots(tableau: npt.NDArray[Any], basis: npt.NDArray[Any], entering: int, count: int) -> Any:
    """At most `count` pivots, in place. Returns how it ended and the next entering column."""
    k = len(basis)
    for _ in range(count):
        row = _leaving(tableau, basis, entering)
        if row < 0:
            return RAY, entering
        _pivot(tableau, row, entering)
        left = basis[row]
        basis[row] = entering
        if left == 2 * k:
            return SOLVED, entering
        entering = left + k if left < k else left - k
    return RUNNING, entering


@njit(cache=True)
def _leaving(tableau: npt.NDArray[Any], basis: npt.NDArray[Any], entering: int) -> int:
    """The row that leaves: least ratio, ties by the rows of the inverse basis."""
    k = len(basis)
    artificial, right = 2 * k, 2 * k + 1
    row = -1
    for i in range(k):
        divisor = tableau[i, entering]
        if divisor <= _SMALL:
            continue
        if row < 0:
            row = i
            continue
        if _before(tableau, i, row, entering, right, k):
            row = i
    if row < 0:
        return row
    # the artificial variable leaves wherever it can: that is the end
    least = tableau[row, right] / tableau[row, entering]
    for i in range(k):
        if basis[i] == artificial and tableau[i, entering] > _SMALL:
            ratio = tableau[i, right] / tableau[i, entering]
            if ratio <= least + 1e-12 * (1.0 + abs(least)):
                return i
    return row


@njit(cache=True)
def _before(tableau: npt.NDArray[Any], i: int, row: int, entering: int, right: int, k: int) -> bool:
    """Whether row i over its pivot entry is lexicographically smaller than `row` over its own."""
    a, b = tableau[i, entering], tableau[row, entering]
    for place in range(k + 1):
        column = right if place == 0 else place - 1
        one, other = tableau[i, column] / a, tableau[row, column] / b
        if abs(one - other) > 1e-12 * (1.0 + abs(one) + abs(other)):
            return bool(one < other)
    return False


@njit(cache=True)
def _pivot(tableau: npt.NDArray[Any], row: int, column: int) -> None:
    rows, columns = tableau.shape
    inverse = 1.0 / tableau[row, column]
    for j in range(columns):
        tableau[row, j] *= inverse
    tableau[row, column] = 1.0
    for i in range(rows):
        factor = tableau[i, column]
        if i == row or factor == 0.0:
            continue
        for j in range(columns):
            tableau[i, j] -= factor * tableau[row, j]
        tableau[i, column] = 0.0
