"""Dense linear systems that look at the clock: large ones are solved in bounded steps.

Up to 1,000 unknowns numpy does it at once, in some tenths of a second. Above, elimination goes
by panels of 128 columns, each of which takes that long, with a look at the kept clock
(`coopsim.clock.keeping`) before each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import look

AT_ONCE = 1000
"""Unknowns up to which nothing is done in pieces."""

_PANEL = 128
_ROUNDS = 2  # of least squares by iterations, times the number of unknowns


def solved(matrix: Float, right: Float) -> Float:
    """x with `matrix @ x == right`, `[m]` or `[m, k]`.

    Raises:
        LinAlgError: the matrix is singular.
        OutOfTime: the kept clock is over.
    """
    look()
    if len(matrix) <= AT_ONCE:
        return np.asarray(np.linalg.solve(matrix, right))
    from scipy.linalg import solve_triangular

    table, order, _ = _eliminated(matrix)
    if not np.diagonal(table).all():
        raise np.linalg.LinAlgError("Singular matrix")
    half = solve_triangular(table, right[order], lower=True, unit_diagonal=True)
    return np.asarray(solve_triangular(table, half))


def shortest(matrix: Float, right: Float, rcond: float) -> Float:
    """The shortest x that brings `matrix @ x` nearest to `right`, `[m]`.

    Above 1,000 unknowns by the iterations of Fong and Saunders (2011), from 0.

    Raises:
        OutOfTime: the kept clock is over.
    """
    look()
    rows, columns = matrix.shape
    if max(rows, columns) <= AT_ONCE:
        return np.asarray(np.linalg.lstsq(matrix, right, rcond=rcond)[0])
    from scipy.sparse.linalg import LinearOperator, lsmr

    def forth(x: Float) -> Float:
        look()
        return np.asarray(matrix @ x.ravel())

    def back(y: Float) -> Float:
        return np.asarray(matrix.T @ y.ravel())

    operator: Any = LinearOperator(matrix.shape, matvec=forth, rmatvec=back, dtype=float)
    most = _ROUNDS * max(rows, columns)
    return np.asarray(lsmr(operator, right, atol=rcond, btol=rcond, maxiter=most)[0])


def sign(matrix: Float) -> float:
    """The sign of the determinant, 0 where the matrix is singular.

    Raises:
        OutOfTime: the kept clock is over.
    """
    look()
    if len(matrix) <= AT_ONCE:
        return float(np.linalg.slogdet(matrix)[0])
    table, _, parity = _eliminated(matrix)
    return float(parity * np.sign(np.diagonal(table)).prod())


def _eliminated(matrix: Float) -> tuple[Float, Any, float]:
    """L and U in one table, the order of the rows, and the sign of that order."""
    from scipy.linalg import solve_triangular
    from scipy.linalg.lapack import dgetrf

    table = np.array(matrix, dtype=np.float64, order="F")
    size, order, parity = len(table), np.arange(len(table)), 1.0
    for first in range(0, size, _PANEL):
        look()
        last = min(first + _PANEL, size)
        here, after = slice(first, last), slice(last, size)
        panel, swaps, _ = dgetrf(table[first:, here])
        moved = np.arange(size - first)
        for row, other in enumerate(swaps[: last - first]):
            if other != row:
                moved[[row, other]] = moved[[other, row]]
                parity = -parity
        table[first:] = table[first:][moved]
        order[first:] = order[first:][moved]
        table[first:, here] = panel
        if last < size:
            top = solve_triangular(
                table[here, here], table[here, after], lower=True, unit_diagonal=True
            )
            table[here, after] = top
            table[after, after] -= table[after, here] @ top
    return table, order, parity
