"""One small matrix game at a time, for methods that solve many of them on their way."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.solvers.programs import minimise


def solve_matrix(matrix: Float) -> tuple[float, Float, Float]:
    """The value for the rows, and optimal mixtures of the rows and the columns.

    Args:
        matrix: `[A, B]`, what the columns pay the rows.

    Returns:
        The value, `[A]` and `[B]`.

    A saddle point and a game of two rows and columns are solved in closed form; others by a
    linear programme, whose dual is the columns' mixture (1 ms with 10 x 10).
    """
    worst, best = matrix.min(1), matrix.max(0)
    row, column = int(worst.argmax()), int(best.argmin())
    if worst[row] >= best[column]:
        sizes = zip(matrix.shape, (row, column), strict=True)
        rows, columns = (np.eye(size)[place] for size, place in sizes)
        return float(worst[row]), rows, columns
    if matrix.shape == (2, 2):
        return _two_by_two(matrix)
    return _by_program(matrix)


def _two_by_two(matrix: Float) -> tuple[float, Float, Float]:
    """Both indifferent: there is no saddle point."""
    (a, b), (c, d) = matrix.tolist()
    spread = a - b - c + d
    rows, columns = (d - c) / spread, (d - b) / spread
    return (
        (a * d - b * c) / spread,
        np.array([rows, 1 - rows]),
        np.array([columns, 1 - columns]),
    )


def _by_program(matrix: Float) -> tuple[float, Float, Float]:
    low, scale = float(matrix.min()), float(np.ptp(matrix))
    unit = (matrix - low) / scale
    program = minimise(
        np.append(np.zeros(len(unit)), -1.0),
        np.column_stack([-unit.T, np.ones(unit.shape[1])]),
        np.zeros(unit.shape[1]),
        np.append(np.ones(len(unit)), 0.0)[None],
        np.ones(1),
    )
    rows, columns = np.maximum(program.x[:-1], 0), np.maximum(-program.upper, 0)
    return -program.value * scale + low, rows / rows.sum(), columns / columns.sum()
