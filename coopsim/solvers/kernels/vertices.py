"""All bases of a best-response polytope, one pivot from each to the next, compiled.

Bases are walked level by level from the first one, and each is made by one pivot from a
basis of the level before: a level is at most as deep as the polytope's diameter, so floats
gather hardly any rounding. A set of bit masks tells which bases were seen. Ties are broken
lexicographically, which walks the simple polytope whose right-hand sides are 1 + e, 1 + e^2 ...

`expand_floats` works in floats. `expand_integers` works in 64-bit whole numbers over one
common denominator a basis (see `coopsim.solvers.tableau`), exactly or not at all.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from coopsim.arrays import Float
from coopsim.solvers.kernels.complementary import leaving, pivot

Integers = npt.NDArray[np.int64]

FINE, FULL, OVERFLOW = 0, 1, 2
"""The block is done; there is no room for more bases; whole numbers would get too long."""

_LARGEST = 2**55  # below, the rounding of products in floats stays below 2**63


@njit(cache=True)
def insert(seen: Integers, mask: int) -> bool:
    """Add a mask (not 0) to an open-addressing table of a power of 2 entries; False if there."""
    last = len(seen) - 1
    mixed = np.uint64(mask) * np.uint64(0x9E3779B97F4A7C15)
    place = np.int64((mixed >> np.uint64(20)) & np.uint64(last))
    while seen[place] != 0:
        if seen[place] == mask:
            return False
        place = (place + 1) & last
    seen[place] = mask
    return True


@njit(cache=True)
def rehash(seen: Integers, larger: Integers) -> None:
    """Copy the masks of one table into a larger empty one."""
    for mask in seen:
        if mask != 0:
            insert(larger, mask)


@njit(cache=True)
def expand_floats(
    tableaux: Float,
    bases: Integers,
    scales: Integers,
    first: int,
    last: int,
    low: int,
    high: int,
    seen: Integers,
    held: int,
    made: Float,
    made_bases: Integers,
    made_scales: Integers,
    count: int,
) -> tuple[int, int, int]:
    """The unseen neighbours of the bases from `first` to `last - 1` of a level.

    Args:
        tableaux: `[L, rows, labels + 1]` of the level.
        bases: `[L, rows]`, the label basic in each row.
        scales: `[L]`; not used by floats.
        first, last: which bases are expanded.
        low, high: the labels from `low` to `high - 1` are those of the first basis.
        seen: the table of masks.
        held: how many masks it held before this level.
        made, made_bases, made_scales: the next level, filled from `count` on.
        count: how many of it are filled.

    Returns:
        `FINE` or `FULL`; the basis to go on with; how many of the next level are filled.
    """
    rows, labels = bases.shape[1], tableaux.shape[2] - 1
    candidates = np.empty(rows, dtype=np.int64)
    for at in range(first, last):
        if count + labels > len(made) or 2 * (held + count + labels) > len(seen):
            return FULL, at, count
        mask = 0
        for row in range(rows):
            mask |= 1 << bases[at, row]
        for label in range(labels):
            if (mask >> label) & 1:
                continue
            row = leaving(tableaux[at], label, low, high, 1e-10, 1e-13, candidates)
            if row < 0:
                continue
            if insert(seen, mask ^ (1 << label) ^ (1 << bases[at, row])):
                made[count] = tableaux[at]
                pivot(made[count], row, label)
                made_bases[count] = bases[at]
                made_bases[count, row] = label
                count += 1
    return FINE, last, count


@njit(cache=True)
def _rest(a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    """a * b - c * d - e * f, known to lie between -2**63 and 2**63 - 1.

    Unsigned numbers wrap around modulo 2**64; signed ones may not, compilers rely on it.
    """
    plus = np.uint64(a) * np.uint64(b)
    minus = np.uint64(c) * np.uint64(d) + np.uint64(e) * np.uint64(f)
    return int(np.int64(plus - minus))


@njit(cache=True)
def _compared(a: int, b: int, c: int, d: int) -> int:
    """The sign of a * b - c * d for numbers below 2**55."""
    apart = float(a) * float(b) - float(c) * float(d)
    if abs(apart) > 2.0**61:
        return 1 if apart > 0 else -1
    exact = _rest(a, b, c, d, 0, 0)
    return 1 if exact > 0 else -1 if exact < 0 else 0


@njit(cache=True)
def leaving_integers(tableau: Integers, label: int, low: int, high: int, rows: Integers) -> int:
    """The row that leaves where `label` enters, by the exact lexicographic minimum; -1 if none."""
    count = 0
    for row in range(tableau.shape[0]):
        if tableau[row, label] > 0:
            rows[count] = row
            count += 1
    if count == 0:
        return -1
    place, following = tableau.shape[1] - 1, low
    while count > 1:
        kept = 1
        for at in range(1, count):
            row, best = rows[at], rows[0]
            sign = _compared(
                tableau[row, place], tableau[best, label], tableau[best, place], tableau[row, label]
            )
            if sign < 0:
                rows[0], kept = row, 1
            elif sign == 0:
                rows[kept] = row
                kept += 1
        count = kept
        if following == high:
            break
        place = following
        following += 1
    return int(rows[0])


@njit(cache=True)
def pivot_integers(tableau: Integers, scale: int, row: int, label: int) -> bool:
    """Bring `label` into the basis at `row`, entries over the determinant; False if too long.

    The quotient of each entry is guessed in floats. What is left over by the guess is below
    2**63, so it is known exactly from arithmetic modulo 2**64, and so is the quotient.
    """
    columns = tableau.shape[1]
    by = tableau[row, label]
    for other in range(tableau.shape[0]):
        if other == row:
            continue
        factor = tableau[other, label]
        for column in range(columns):
            one, two = tableau[other, column], tableau[row, column]
            guess = (float(one) * float(by) - float(factor) * float(two)) / float(scale)
            if abs(guess) >= 2 * _LARGEST:
                return False
            quotient = int(guess)
            quotient += _rest(one, by, factor, two, quotient, scale) // scale
            if abs(quotient) >= _LARGEST:
                return False
            tableau[other, column] = quotient
    return True


@njit(cache=True)
def expand_integers(
    tableaux: Integers,
    bases: Integers,
    scales: Integers,
    first: int,
    last: int,
    low: int,
    high: int,
    seen: Integers,
    held: int,
    made: Integers,
    made_bases: Integers,
    made_scales: Integers,
    count: int,
) -> tuple[int, int, int]:
    """As `expand_floats`, in whole numbers; `scales[L]` are the denominators.

    Returns:
        `FINE`, `FULL` or `OVERFLOW`; the basis to go on with; how many are filled.
    """
    rows, labels = bases.shape[1], tableaux.shape[2] - 1
    candidates = np.empty(rows, dtype=np.int64)
    for at in range(first, last):
        if count + labels > len(made) or 2 * (held + count + labels) > len(seen):
            return FULL, at, count
        mask = 0
        for row in range(rows):
            mask |= 1 << bases[at, row]
        for label in range(labels):
            if (mask >> label) & 1:
                continue
            row = leaving_integers(tableaux[at], label, low, high, candidates)
            if row < 0:
                continue
            if insert(seen, mask ^ (1 << label) ^ (1 << bases[at, row])):
                made[count] = tableaux[at]
                if not pivot_integers(made[count], scales[at], row, label):
                    return OVERFLOW, at, count
                made_scales[count] = tableaux[at, row, label]
                made_bases[count] = bases[at]
                made_bases[count, row] = label
                count += 1
    return FINE, last, count
