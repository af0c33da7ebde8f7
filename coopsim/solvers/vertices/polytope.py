"""All vertices of a best-response polytope, each with its labels.

The polytope is `{z >= 0, M z <= 1}`. The label of an own action is on a vertex where its
variable is 0, that of an action of the other player where its inequality is tight, which
says that this action is a best response to z (von Stengel 2002, section 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.games.forms.exact import Exact
from coopsim.solvers.numeric import Clock
from coopsim.solvers.tableau import IntegerTableau

Array = npt.NDArray[Any]

MOST_LABELS = 62
"""Bit masks of compiled code have 62 bits."""

_BLOCK = 256  # bases between two looks at the clock
_CLEAR = 1e-8  # in floats, a basic variable below this may as well be 0


@dataclass(frozen=True)
class Vertices:
    """Vertices of a polytope, without the point 0.

    Args:
        labels: a bit mask for each vertex.
        weights: `[V, own]`, proportional to the strategies; whole numbers where exact.
        bases: how many bases were walked.
        simple: whether no vertex has more labels than dimensions.
        complete: whether these are all.
    """

    labels: list[int]
    weights: Array
    bases: int
    simple: bool
    complete: bool


def by_floats(matrix: Array, own: range, slack: range, clock: Clock) -> Vertices | None:
    """Vertices in floats; None where some number is too close to 0 to tell.

    Args:
        matrix: `M[slack, own]`, between 1 and 2.
        own, slack: the labels of its columns and rows, together at most 62.
        clock: looked at every 256 bases; what was found so far is returned.

    Cost: a pass over a tableau of `slack * (own + slack)` numbers for each vertex.
    """
    from coopsim.solvers.kernels.vertices import expand_floats

    walk = _Walk(_start(matrix, own, slack, np.float64), own, slack)
    going = True
    while going:
        going = walk.advance(expand_floats, clock)
        if walk.smallest < _CLEAR:  # the last level's, too
            return None
    return walk.vertices()


def by_integers(matrix: Exact, own: range, slack: range, clock: Clock) -> Vertices | None:
    """Vertices in 64-bit whole numbers, exactly; None where a determinant is 2**55 or more.

    Args and cost: as for `by_floats`.
    """
    from coopsim.solvers.kernels.vertices import expand_integers

    if max(map(int, matrix.flat)) >= 2**31:
        return None
    walk = _Walk(_start(matrix, own, slack, np.int64), own, slack)
    while walk.advance(expand_integers, clock):
        pass
    return None if walk.overflowed else walk.vertices()


def by_long_integers(matrix: Exact, own: range, slack: range, clock: Clock) -> Vertices:
    """Vertices in whole numbers of any length, exactly, for any number of labels.

    Cost: as for `by_floats`, some hundred times slower.
    """
    start = IntegerTableau(matrix, own, slack)
    level, seen = [start], {frozenset(start.basis)}
    found: dict[int, list[Any]] = {}
    simple = True
    while level:
        following = []
        for tableau in level:
            if clock.over:
                return _long(found, len(seen), own, simple, complete=False)
            zeros = tableau.zeros()
            simple = simple and zeros.bit_count() == len(own)
            if any(weights := tableau.weights()):
                found.setdefault(zeros, weights)
            for label in range(len(own) + len(slack)):
                if label in tableau.basis:
                    continue
                row = tableau.leaving(label)
                basis = frozenset({*tableau.basis, label} - {tableau.basis[row]})
                if basis not in seen:
                    seen.add(basis)
                    neighbour = tableau.copy()
                    neighbour.pivot(row, label)
                    following.append(neighbour)
        level = following
    return _long(found, len(seen), own, simple, complete=True)


def _long(
    found: dict[int, list[Any]], bases: int, own: range, simple: bool, complete: bool
) -> Vertices:
    weights = np.empty((len(found), len(own)), dtype=object)
    for row, values in enumerate(found.values()):
        weights[row] = values
    return Vertices(list(found), weights, bases, simple, complete)


class _Walk:
    """The compiled walk, level by level."""

    def __init__(self, start: Array, own: range, slack: range) -> None:
        self._own, self._slack = own, slack
        self._tableaux = start[None]
        self._bases = np.array([slack], dtype=np.int64)
        self._scales = np.ones(1, dtype=np.int64)
        self._seen = np.zeros(1024, dtype=np.int64)
        self._held = 1
        self._labels: list[Array] = []
        self._weights: list[Array] = []
        self._cut = False
        self.overflowed = False
        self.smallest = np.inf
        self._mark_first()

    def advance(self, expand: Callable[..., tuple[int, int, int]], clock: Clock) -> bool:
        """Record a level and make the next; False where there is none or the time is up."""
        from coopsim.solvers.kernels.vertices import FULL, OVERFLOW

        self._record()
        made = self._room(4 * len(self._bases) + 64)
        at = count = 0
        while at < len(self._bases):
            if clock.over:
                self._cut = True
                return False
            last = min(at + _BLOCK, len(self._bases))
            state, at, count = expand(
                self._tableaux,
                self._bases,
                self._scales,
                at,
                last,
                self._slack.start,
                self._slack.stop,
                self._seen,
                self._held,
                *made,
                count,
            )
            if state == OVERFLOW:
                self.overflowed = True
                return False
            if state == FULL:
                made = self._enlarged(made, count)
        self._held += count
        self._tableaux, self._bases, self._scales = (part[:count] for part in made)
        return count > 0

    def vertices(self) -> Vertices:
        """The vertices of all levels, each once."""
        labels, weights = np.concatenate(self._labels), np.concatenate(self._weights)
        bases, dimension = len(labels), len(self._own)
        simple = bool((np.bitwise_count(labels) == dimension).all())
        _, first = np.unique(labels, return_index=True)
        first = np.sort(first)  # in the order of the walk
        first = first[weights[first].any(axis=1)]
        return Vertices(
            [int(mask) for mask in labels[first]], weights[first], bases, simple, not self._cut
        )

    def _mark_first(self) -> None:
        from coopsim.solvers.kernels.vertices import insert

        insert(self._seen, int(sum(1 << label for label in self._slack)))

    def _record(self) -> None:
        """The labels and the own variables of each basis of the level."""
        values, basis = self._tableaux[:, :, -1], self._bases
        positive = values > 0
        if values.dtype == np.float64:
            self.smallest = min(self.smallest, float(values.min()))
        everything = (1 << (len(self._own) + len(self._slack))) - 1
        inside = np.where(positive, np.left_shift(np.int64(1), basis), 0).sum(axis=1)
        weights = np.zeros((len(basis), len(self._own) + len(self._slack)), dtype=values.dtype)
        np.put_along_axis(weights, basis, values, axis=1)
        self._labels.append(everything - inside)
        self._weights.append(weights[:, self._own.start : self._own.stop])

    def _room(self, count: int) -> list[Array]:
        rows, columns = self._tableaux.shape[1:]
        return [
            np.empty((count, rows, columns), dtype=self._tableaux.dtype),
            np.empty((count, rows), dtype=np.int64),
            np.ones(count, dtype=np.int64),
        ]

    def _enlarged(self, made: list[Array], count: int) -> list[Array]:
        """Twice the room for bases and masks."""
        from coopsim.solvers.kernels.vertices import rehash

        seen = np.zeros(2 * len(self._seen), dtype=np.int64)
        rehash(self._seen, seen)
        self._seen = seen
        larger = self._room(2 * len(made[0]) + self._tableaux.shape[2])
        for new, old in zip(larger, made, strict=True):
            new[:count] = old[:count]
        return larger


def _start(matrix: Array, own: Sequence[int], slack: Sequence[int], kind: Any) -> Array:
    """The tableau at the point 0, a column a label and the right-hand side last."""
    rows = len(slack)
    tableau = np.zeros((rows, len(own) + rows + 1), dtype=kind)
    tableau[:, list(own)] = matrix.astype(kind)
    tableau[range(rows), list(slack)] = 1
    tableau[:, -1] = 1
    return tableau
