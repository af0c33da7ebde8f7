"""The exact solution of a matrix game: a simplex in whole numbers.

The tableau is kept over one common denominator, which is the last pivot (Edmonds 1967,
"Systems of distinct representatives and linear algebra"; Bareiss 1968), so no fraction is
ever reduced and every division is exact.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.games.forms.exact import Exact
from coopsim.solvers.bimatrix import as_fractions
from coopsim.solvers.numeric import Clock

Whole = npt.NDArray[np.object_]
"""An array of Python's integers, which have any number of digits."""


def solve_exactly(payoffs: Exact, clock: Clock) -> tuple[Exact, Exact] | None:
    """Optimal mixtures of rows and columns as fractions, `[m]` and `[n]`; None if time is up.

    Args:
        payoffs: what the row player gets, `[m, n]` of `Fraction`.
        clock: looked at before each pivot.

    With payoffs made positive whole numbers, the columns' problem is max 1'q, A q <= 1,
    q >= 0, and its multipliers are the rows' mixture (Dantzig 1951). Dantzig's rule picks the
    columns; while a pivot does not raise the objective, Bland's rule does, so no basis comes
    twice. Cost: one update of `m * n` integers a pivot, some `m + n` pivots; the integers grow
    to about `min(m, n)` times the digits of a payoff.
    """
    given: list[Fraction] = payoffs.ravel().tolist()
    scale = math.lcm(*(entry.denominator for entry in given))
    whole = [int(entry * scale) for entry in given]
    m, n = payoffs.shape
    table = np.empty((m + 1, n + 1), dtype=object)
    least = min(whole)
    for place, entry in enumerate(whole):
        table[divmod(place, n)] = entry - least + 1
    table[:m, n], table[m, :n], table[m, n] = 1, -1, 0
    rows, columns = list(range(n, n + m)), list(range(n))
    if not _optimum(table, rows, columns, clock):
        return None
    # both mixtures are whole numbers over one denominator, which their sums make disappear
    x, y = [0] * m, [0] * n
    for place, name in enumerate(rows):
        if name < n:
            y[name] = table[place, n]
    for place, name in enumerate(columns):
        if name >= n:
            x[name - n] = table[m, place]
    return as_fractions(x), as_fractions(y)


def _optimum(table: Whole, rows: list[int], columns: list[int], clock: Clock) -> bool:
    """Pivot to the optimum in place; False if the time is up."""
    last, careful = 1, False
    while True:
        column = _entering(table, columns, careful)
        if column is None:
            return True
        if clock.over:
            return False
        row = _leaving(table, rows, column)
        careful = table[row, -1] == 0  # the objective does not rise
        last = _pivot(table, row, column, last)
        rows[row], columns[column] = columns[column], rows[row]


def _entering(table: Whole, columns: list[int], careful: bool) -> int | None:
    """A column that raises the objective: the steepest, or by Bland the one with the first name."""
    costs = table[-1, :-1]
    improving = [place for place in range(len(costs)) if costs[place] < 0]
    if not improving:
        return None
    return min(improving, key=lambda place: columns[place] if careful else costs[place])


def _leaving(table: Whole, rows: list[int], column: int) -> int:
    """The row that limits the step; of equal ones the first name (Bland)."""
    best: int | None = None
    for place in range(len(rows)):
        if table[place, column] <= 0:
            continue
        if best is None:
            best = place
            continue
        # compare right-hand side over pivot by cross-multiplication
        here = table[place, -1] * table[best, column]
        there = table[best, -1] * table[place, column]
        if here < there or (here == there and rows[place] < rows[best]):
            best = place
    if best is None:
        raise ArithmeticError("a matrix with positive entries has a bounded problem")
    return best


def _pivot(table: Whole, row: int, column: int, last: int) -> int:
    """One fraction-free exchange in place; the new common denominator."""
    pivot: Any = table[row, column]
    fixed, moved = table[row].copy(), table[:, column].copy()
    table[:] = (table * pivot - np.multiply.outer(moved, fixed)) // last
    table[row] = fixed
    table[:, column] = -moved
    table[row, column] = last
    return int(pivot)
