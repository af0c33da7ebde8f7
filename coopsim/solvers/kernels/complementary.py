"""Complementary pivoting on a pair of float tableaux, compiled.

A tableau is `[rows, labels + 1]`: one column a label, the right-hand side last.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from coopsim.arrays import Float

Labels = npt.NDArray[np.int64]

RUNNING, DONE, STUCK = 0, 1, 2
"""The path goes on; it reached its label; no row can leave (rounding broke the tableau)."""


@njit(cache=True)
def leaving(
    tableau: Float, label: int, low: int, high: int, least: float, tied: float, rows: Labels
) -> int:
    """The row that leaves where `label` enters, by the lexicographic minimum; -1 if none.

    Args:
        tableau: `[rows, labels + 1]`.
        label: the entering column.
        low, high: the labels from `low` to `high - 1` are those of the first basis, whose
            columns break ties.
        least: the smallest positive entry to pivot on.
        tied: ratios that differ by less are equal.
        rows: `[rows]`, written over.
    """
    count = 0
    for row in range(tableau.shape[0]):
        if tableau[row, label] > least:
            rows[count] = row
            count += 1
    if count == 0:
        return -1
    place = tableau.shape[1] - 1
    following = low
    while count > 1:
        smallest = np.inf
        for at in range(count):
            ratio = tableau[rows[at], place] / tableau[rows[at], label]
            smallest = min(smallest, ratio)
        kept = 0
        for at in range(count):
            if tableau[rows[at], place] / tableau[rows[at], label] <= smallest + tied:
                rows[kept] = rows[at]
                kept += 1
        count = kept
        if following == high:
            break
        place = following
        following += 1
    return int(rows[0])


@njit(cache=True)
def pivot(tableau: Float, row: int, label: int) -> None:
    """Gauss and Jordan: the column of `label` becomes the unit vector of `row`."""
    columns = tableau.shape[1]
    factor = 1.0 / tableau[row, label]
    for column in range(columns):
        tableau[row, column] *= factor
    tableau[row, label] = 1.0
    for other in range(tableau.shape[0]):
        if other != row:
            factor = tableau[other, label]
            if factor != 0.0:
                for column in range(columns):
                    tableau[other, column] -= factor * tableau[row, column]
                tableau[other, label] = 0.0


@njit(cache=True)
def follow(
    first: Float,
    second: Float,
    first_basis: Labels,
    second_basis: Labels,
    m: int,
    dropped: int,
    entering: int,
    in_first: bool,
    limit: int,
    least: float,
    tied: float,
) -> tuple[int, int, int, bool]:
    """At most `limit` pivots of the path on which the label `dropped` may be missing.

    Args:
        first: the tableau of the first player's polytope, `[k, m + k + 1]`; changed in place.
        second: that of the second player's, `[m, m + k + 1]`; changed in place.
        first_basis, second_basis: the label basic in each row; changed in place.
        m: the number of actions of the first player.
        dropped: the label of the path.
        entering: the label that enters next.
        in_first: whether it enters the first tableau.
        limit: pivots.
        least, tied: as for `leaving`.

    Returns:
        One of `RUNNING`, `DONE`, `STUCK`; the pivots made; the next entering label and tableau.
    """
    labels = first.shape[1] - 1
    rows = np.empty(max(first.shape[0], second.shape[0]), dtype=np.int64)
    for count in range(limit):
        if in_first:
            row = leaving(first, entering, m, labels, least, tied, rows)
            if row < 0:
                return STUCK, count, entering, in_first
            pivot(first, row, entering)
            entering, first_basis[row] = first_basis[row], entering
        else:
            row = leaving(second, entering, 0, m, least, tied, rows)
            if row < 0:
                return STUCK, count, entering, in_first
            pivot(second, row, entering)
            entering, second_basis[row] = second_basis[row], entering
        in_first = not in_first
        if entering == dropped:
            return DONE, count + 1, entering, in_first
    return RUNNING, limit, entering, in_first
