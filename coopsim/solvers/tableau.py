"""A tableau of whole numbers: exact pivoting on a best-response polytope.

The polytope is `{z >= 0, M z <= 1}` with non-negative `M[rows, own]` and no column of zeros. All
entries of the tableau are kept over one common denominator, the determinant of the basis, so
that no fraction is ever reduced and every division is exact (Bareiss 1968; Edmonds 1967; for
games von Stengel 2002, section 2.5). Ties are broken lexicographically, as if the right-hand
sides were 1 + e, 1 + e^2 ... with a tiny e, so that degenerate games cannot make a path cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coopsim.games.forms.exact import Exact


class IntegerTableau:
    """The dictionary of one basis, which `pivot` moves to a neighbouring one.

    Args:
        matrix: `M[rows, own]`, whole numbers.
        own: the labels of the columns of `M`.
        slack: the labels of its rows.

    Attributes:
        entries: `[rows, own + rows + 1]`; a column a label, the right-hand side last.
        denominator: what all entries are divided by.
        basis: the label that is basic in each row.
    """

    def __init__(self, matrix: Exact, own: Sequence[int], slack: Sequence[int]) -> None:
        rows, labels = matrix.shape[0], len(own) + len(slack)
        self.entries: Exact = np.zeros((rows, labels + 1), dtype=object)
        self.entries[:, list(own)] = matrix
        self.entries[range(rows), list(slack)] = 1
        self.entries[:, -1] = 1
        self.denominator = 1
        self.basis = list(slack)
        self.own, self.slack = tuple(own), tuple(slack)

    def copy(self) -> IntegerTableau:
        """The same dictionary, to be pivoted on its own."""
        other = object.__new__(IntegerTableau)
        other.entries, other.denominator = self.entries.copy(), self.denominator
        other.basis, other.own, other.slack = list(self.basis), self.own, self.slack
        return other

    def leaving(self, label: int) -> int:
        """The row whose label leaves the basis where `label` enters (lexicographic minimum).

        Cost: rows, and up to rows * rows comparisons at a tie.
        """
        column = self.entries[:, label]
        rows = [row for row in range(len(column)) if column[row] > 0]
        for place in (-1, *self.slack):
            if len(rows) == 1:
                break
            values = self.entries[:, place]
            best = rows[:1]
            for row in rows[1:]:
                apart = values[row] * column[best[0]] - values[best[0]] * column[row]
                if apart < 0:
                    best = [row]
                elif apart == 0:
                    best.append(row)
            rows = best
        return rows[0]

    def pivot(self, row: int, label: int) -> int:
        """Bring `label` into the basis at `row`; the label that left.

        Cost: one pass over the tableau, with numbers as long as determinants of `M`.
        """
        entries, pivot = self.entries, self.entries[row, label]
        kept = entries[row].copy()
        factors = entries[:, label].copy()
        entries *= pivot
        entries -= factors[:, None] * kept
        entries //= self.denominator
        entries[row] = kept
        left, self.basis[row], self.denominator = self.basis[row], label, pivot
        return left

    def zeros(self) -> int:
        """The labels that are 0 at this vertex, as a bit mask."""
        positive = sum(
            1 << label
            for label, value in zip(self.basis, self.entries[:, -1], strict=True)
            if value
        )
        return (1 << (len(self.own) + len(self.slack))) - 1 - positive

    def weights(self) -> list[Any]:
        """The own variables over the common denominator, in the order of `own`."""
        value = dict(zip(self.basis, self.entries[:, -1], strict=True))
        return [value.get(label, 0) for label in self.own]
