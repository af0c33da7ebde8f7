"""Importance weights from pairwise comparisons (analytic hierarchy process).

Source: T. L. Saaty, A scaling method for priorities in hierarchical structures, Journal of
Mathematical Psychology 15 (1977), 234-281; random indices as in Saaty, Decision Making with
the Analytic Hierarchy Process (2008).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.tolerance import exceeds, keeps_to

RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56,
                1.57, 1.59)  # fmt: skip
"""Mean consistency index of random matrices, by size."""

LIMIT = 0.1
"""The consistency ratio above which comparisons should be revised."""

_log = logging.getLogger("coopsim")


@dataclass(frozen=True)
class Weights:
    """What pairwise comparisons say.

    Args:
        values: weights `[n]`, summing to 1: the principal eigenvector.
        eigenvalue: the principal eigenvalue, at least n.
        index: consistency index (eigenvalue - n) / (n - 1).
        ratio: the index over that of random matrices.
    """

    values: Float
    eigenvalue: float
    index: float
    ratio: float

    @property
    def consistent(self) -> bool:
        """Whether the ratio is at most 0.1."""
        return bool(keeps_to(self.ratio, LIMIT))


def weights(comparisons: Sequence[Sequence[float]] | Float, *, strict: bool = False) -> Weights:
    """Weights from a matrix of pairwise comparisons.

    Args:
        comparisons: `[n, n]`, positive; entry i, j says how many times as important i is as
            j (1 to 9 and their inverses), so that entry j, i is its inverse. At most 15.
        strict: refuse comparisons that are inconsistent, instead of a warning in the log.

    Raises:
        UserError: no such matrix, or inconsistent with `strict`.

    Example:
        >>> weights([[1, 3], [1 / 3, 1]]).values.round(2).tolist()
        [0.75, 0.25]
    """
    matrix = _checked(comparisons)
    n = len(matrix)
    values, vectors = np.linalg.eig(matrix)
    top = int(np.argmax(values.real))
    vector = np.abs(vectors[:, top].real)  # Perron: one sign
    largest = float(values[top].real)
    index = max(0.0, (largest - n) / (n - 1)) if n > 1 else 0.0
    ratio = index / RANDOM_INDEX[n] if RANDOM_INDEX[n] else 0.0
    if exceeds(ratio, LIMIT):
        said = f"inconsistent comparisons: the consistency ratio is {ratio:.2f}"
        if strict:
            raise UserError(
                said, key="comparisons", given=matrix.round(3).tolist(),
                allowed=f"a ratio of at most {LIMIT}",
            )  # fmt: skip
        _log.warning("%s, above %g; they should be revised", said, LIMIT)
    return Weights(vector / vector.sum(), largest, index, ratio)


def _checked(comparisons: Sequence[Sequence[float]] | Float) -> Float:
    try:
        matrix = np.asarray(comparisons, dtype=float)
    except (TypeError, ValueError):
        matrix = np.zeros(0)
    key, shown = "comparisons", str(comparisons)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not 1 <= len(matrix) <= 15:
        raise UserError(
            "not a square matrix of numbers", key=key, given=shown, allowed="n by n, n at most 15"
        )
    if not np.isfinite(matrix).all() or (matrix <= 0).any():
        raise UserError("every comparison must be above 0", key=key, given=shown)
    off = np.abs(matrix * matrix.T - 1)
    if exceeds(off.max(), 1e-2):
        i, j = np.unravel_index(int(off.argmax()), off.shape)
        raise UserError(
            "comparisons are not each other's inverse",
            key=f"{key}.{i}.{j}",
            given=float(matrix[i, j]),
            allowed=f"{1 / matrix[j, i]:.4g}, the inverse of entry {j}, {i}",
        )
    return matrix
