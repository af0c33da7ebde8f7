"""Complementary pivoting on a dictionary, compiled: Lemke's path for any starting vector.

A linear complementarity problem asks for w, z >= 0 with w = q + M z and w z = 0. With a
starting vector d the path of w = q + M z + d z0 is followed from a large z0 to 0 (Lemke 1965;
Cottle, Pang and Stone 1992, chapter 4). Rows are kept solved for the basic variables, so that
a problem of size k needs a table of k times k + 2. Ties are broken by the lexicographic rule:
as if row j of q were larger by the j-th power of a tiny number, which rules out cycling.

Variables are numbered: w from 0, z from k, and z0 is 2 k.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]

RUNNING, SOLVED, RAY, UNSURE = 0, 1, 2, 3
"""How a block of pivots ended: all made, z0 at 0, no row that stops it, or a pivot too small."""

_SMALL = 1e-9  # entries of the table below this do not stop a variable
_CLEAR = 1e-5  # a smaller pivot may be rounding: the table is to be computed again first
_CANCELS = 1e-11  # a sum this much smaller than its parts is 0
_NOISE = 1e-13  # entries of a table computed afresh below this are 0
_TIE = 1e-11  # ratios closer than this are equal


def dictionary(matrix: Array, q: Array, cover: Array) -> tuple[Array, Array, Array]:
    """The table `[k, k + 2]` and its basic `[k]` and nonbasic `[k + 1]` variables, all at w.

    The columns belong to z, to z0, and to the constants.
    """
    k = len(q)
    table = np.concatenate([matrix, cover[:, None], q[:, None]], axis=1)
    return np.ascontiguousarray(table), np.arange(k), np.arange(k, 2 * k + 1)


def lemke(matrix: Array, q: Array, cover: Array) -> tuple[Array, Array, Array, int]:
    """The table, its variables and the entering column where Lemke's path starts.

    Args:
        matrix, q: the problem, `[k, k]` and `[k]`.
        cover: positive, `[k]`.

    The entering column is -1 where q has no negative entry: z = 0 is a solution.
    """
    table, basic, nonbasic = dictionary(matrix, q, cover)
    if (q >= 0).all():
        return table, basic, nonbasic, -1
    ratio = q / cover
    tied = np.flatnonzero(ratio <= ratio.min() + _TIE)
    # the perturbation of the last row is the smallest: it is the lowest of those tied
    row, k = int(tied[-1]), len(q)
    pivot(table, basic, nonbasic, row, k)
    return table, basic, nonbasic, row


@njit(cache=True)
def pivot(table: Array, basic: Array, nonbasic: Array, row: int, column: int) -> None:
    """Exchange a basic and a nonbasic variable, in place."""
    width = table.shape[1]
    factor = -1.0 / table[row, column]
    used = np.empty(width, dtype=np.int64)
    count = 0
    for c in range(width):
        if c != column and table[row, c] != 0.0:
            table[row, c] *= factor
            used[count] = c
            count += 1
    table[row, column] = -factor
    source = table[row]
    for r in range(len(basic)):
        share = table[r, column]
        if r == row or share == 0.0:
            continue
        if 8 * count < width:
            _add_some(table[r], source, share, used[:count])
        else:
            _add_all(table[r], source, share)
        table[r, column] = share * source[column]
    basic[row], nonbasic[column] = nonbasic[column], basic[row]


@njit(cache=True)
def _add_some(target: Array, source: Array, share: float, used: Array) -> None:
    """Add a share of the entries that are used; what cancels but for rounding is nothing."""
    for u in range(len(used)):
        c = used[u]
        held = target[c]
        after = held + share * source[c]
        target[c] = after if abs(after) > _CANCELS * abs(held) else 0.0


@njit(cache=True)
def _add_all(target: Array, source: Array, share: float) -> None:
    """The same over all entries, which vectorises."""
    for c in range(len(source)):
        held = target[c]
        after = held + share * source[c]
        target[c] = after if abs(after) > _CANCELS * abs(held) else 0.0


@njit(cache=True)
def pivots(
    table: Array, basic: Array, nonbasic: Array, entering: int, count: int, fresh: bool
) -> tuple[int, int, int]:
    """At most `count` pivots along the path, in place: how it ended, the next column, how many.

    Args:
        table, basic, nonbasic: as from `dictionary`, feasible in the lexicographic sense.
        entering: the column of the variable that enters next.
        fresh: whether the table was just computed, so that small pivots are what they seem.
    """
    k = len(basic)
    where = np.empty(2 * k + 1, dtype=np.int64)
    for c in range(k + 1):
        where[nonbasic[c]] = c
    for r in range(k):
        where[basic[r]] = -1 - r
    for made in range(count):
        row = _stops(table, where, entering, 2 * k)
        if row < 0:
            return RAY, entering, made
        if -table[row, entering] < _CLEAR and not (fresh and made == 0):
            return UNSURE, entering, made
        leaving = basic[row]
        where[nonbasic[entering]] = -1 - row
        where[leaving] = entering
        pivot(table, basic, nonbasic, row, entering)
        if leaving == 2 * k:
            return SOLVED, -1, made + 1
        entering = where[leaving - k if leaving >= k else leaving + k]
    return RUNNING, entering, count


def afresh(matrix: Array, q: Array, cover: Array, basic: Array, nonbasic: Array) -> Array:
    """The table of a basis, computed from the problem itself.

    Raises:
        numpy.linalg.LinAlgError: the basis is singular.
    """
    whole = np.concatenate([np.eye(len(q)), -matrix, -cover[:, None]], axis=1)
    right = np.concatenate([-whole[:, nonbasic], q[:, None]], axis=1)
    table = np.linalg.solve(whole[:, basic], right)
    return np.ascontiguousarray(np.where(np.abs(table) > _NOISE, table, 0.0))


@njit(cache=True)
def _stops(table: Array, where: Array, column: int, artificial: int) -> int:
    """The row that first stops the variable of `column`; -1 where none does."""
    k = len(table)
    least = np.inf
    for r in range(k):
        if table[r, column] < -_SMALL:
            ratio = max(table[r, k + 1], 0.0) / -table[r, column]
            least = min(least, ratio)
    if least == np.inf:
        return -1
    tied = np.empty(k, dtype=np.int64)
    count = 0
    for r in range(k):
        slope = -table[r, column]
        if slope > _SMALL and max(table[r, k + 1], 0.0) / slope <= least + _TIE:
            tied[count] = r
            count += 1
    last = -1 - where[artificial]
    for t in range(count):
        if tied[t] == last:
            return int(last)  # the end of the path, whatever else is tied
    j = 0
    while count > 1 and j < k:
        count = _keep_least(table, where[j], column, tied, count)
        j += 1
    return int(tied[0])


@njit(cache=True)
def _keep_least(table: Array, place: int, column: int, tied: Array, count: int) -> int:
    """Keep of the tied rows those that the perturbation of one row of q stops first.

    Args:
        place: the column of that row's w, or -1 - its row where it is basic.
    """
    least = np.inf
    for t in range(count):
        least = min(least, _tilt(table, place, column, tied[t]))
    kept = 0
    for t in range(count):
        if _tilt(table, place, column, tied[t]) <= least + _TIE:
            tied[kept] = tied[t]
            kept += 1
    return kept


@njit(cache=True)
def _tilt(table: Array, place: int, column: int, row: int) -> float:
    if place >= 0:
        return float(table[row, place] / table[row, column])
    return float(-1.0 / table[row, column]) if -1 - place == row else 0.0
