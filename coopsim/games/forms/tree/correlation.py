"""Joint plans of two players over pairs of sequences, and what one of them would disobey.

A joint plan gives a probability p to every relevant pair of sequences: those whose last
information sets lie on one path, and those with an empty sequence (von Stengel and Forges
2008, definition 3.1). Without chance these constraints describe exactly the distributions
over pairs of pure plans; with chance or more they may allow more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.games.forms.tree.arrays import Ints, Tree
from coopsim.games.forms.tree.pairs import Pairs, pairs_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class JointPlans:
    """A linear program over joint plans that a follower obeys.

    The variables are the probabilities of the relevant pairs, then w[y] for every sequence y
    of the follower (what it expects when told y and obeying), then v[I, y] for its
    information sets I at and after the last one of y (what it can get when told y). All lie
    between 0 and `most`, payoffs of the follower counted from its lowest.

    Args:
        number: the variable of each pair of sequences, -1 where it is irrelevant, `[S_l, S_f]`.
        gain: what each variable pays the leader, `[N]`.
        follower: what each variable pays the follower, `[N]`.
        equal, to: the rows `equal @ x = to`.
        obey: the rows `obey @ x <= 0`.
        most: the upper bound of each variable, `[N]`.
    """

    number: Ints
    gain: Float
    follower: Float
    equal: csr_array
    to: Float
    obey: csr_array
    most: Float


def relevant(tree: Tree, player: int) -> npt.NDArray[np.bool_]:
    """Which pairs of sequences of `player` and the other are relevant, `[S, S']`."""
    one, two = tree.sequences[player], tree.sequences[1 - player]
    first = [int(tree.infosets.first[k]) for k in (player, 1 - player)]
    met = np.zeros((len(one.parent), len(two.parent)), dtype=bool)
    infoset, parent, owner = tree.infoset.tolist(), tree.parent.tolist(), tree.player.tolist()
    for node in range(tree.size):
        look()
        if infoset[node] < 0:
            continue
        above = parent[node]
        while above >= 0:
            if infoset[above] >= 0 and owner[above] != owner[node]:
                here, there = infoset[node], infoset[above]
                mine, other = (here, there) if owner[node] == player else (there, here)
                met[mine - first[0], other - first[1]] = True
            above = parent[above]
    table = np.ones((one.size, two.size), dtype=bool)
    table[1:, 1:] = met[one.owner[1:]][:, two.owner[1:]]
    return table


def joint_plans(tree: Tree, payoffs: Float, leader: int) -> JointPlans:
    """The program of one leader.

    Args:
        tree: of two players.
        payoffs: `[Z, 2]`.
        leader: who commits.

    Raises:
        NoSuchForm: a player forgets own moves.
    """
    own, other = tree.sequences[leader], tree.sequences[1 - leader]
    # from 0 upwards, so that all values of the follower are between 0 and the range
    lowest = payoffs[:, 1 - leader].min()
    shifted = np.array(payoffs)
    shifted[:, 1 - leader] -= lowest
    pairs = pairs_of(tree, shifted, leader)
    table = relevant(tree, leader)
    number = np.full(table.shape, -1, dtype=np.int64)
    number[table] = np.arange(table.sum())
    count = int(table.sum())
    rows = _Rows()
    rows.add([(int(number[0, 0]), 1.0)], 1.0)
    _flows(rows, own, number)
    _flows(rows, other, number.T)
    told = count + np.arange(other.size)
    devious = _Devious(other, count + other.size)
    paid = _by_second(pairs, other.size)
    obey = _Rows()
    for y in range(1, other.size):
        look()
        # what is expected when told y: what y pays, and all that follows
        terms = [(int(number[x, y]), value) for x, value in paid[y]]
        after = np.flatnonzero(other.before == y)
        rows.add([(int(told[y]), -1.0), *terms, *((int(told[k]), 1.0) for k in after)], 0.0)
        here = int(other.owner[y])
        obey.add([(devious.of(here, y), 1.0), (int(told[y]), -1.0)], 0.0)
        for infoset in devious.below[here]:
            for move in range(
                int(other.first[infoset]), int(other.first[infoset] + other.actions[infoset])
            ):
                terms = [(int(number[x, y]), value) for x, value in paid[move]]
                later = [(devious.of(k, y), 1.0) for k in devious.after[move]]
                obey.add([(devious.of(infoset, y), -1.0), *terms, *later], 0.0)
    size = count + other.size + devious.count
    gain, follower = np.zeros(size), np.zeros(size)
    place = number[pairs.first, pairs.second]
    gain[place] = pairs.own
    follower[place] = pairs.other + lowest * pairs.chance
    most = np.full(size, max(float(np.ptp(payoffs[:, 1 - leader])), 1e-300))
    most[:count] = 1.0
    equal, to = rows.made(size)
    return JointPlans(number, gain, follower, equal, to, obey.made(size)[0], most)


class _Rows:
    """Sparse rows in the making."""

    def __init__(self) -> None:
        self.place: list[int] = []
        self.column: list[int] = []
        self.value: list[float] = []
        self.to: list[float] = []

    def add(self, terms: Sequence[tuple[int, float]], to: float) -> None:
        for column, value in terms:
            self.place.append(len(self.to))
            self.column.append(column)
            self.value.append(value)
        self.to.append(to)

    def made(self, size: int) -> tuple[Any, Float]:
        from scipy.sparse import csr_array

        shape = (len(self.to), size)
        return csr_array((self.value, (self.place, self.column)), shape=shape), np.array(self.to)


class _Devious:
    """The follower's information sets at and after each, and the variables v[I, y]."""

    def __init__(self, other: Any, begin: int) -> None:
        sets = len(other.parent)
        self.after: list[list[int]] = [[] for _ in range(other.size)]
        for infoset in range(sets):
            self.after[int(other.parent[infoset])].append(infoset)
        self.below: list[list[int]] = [[] for _ in range(sets)]
        for infoset in reversed(range(sets)):
            found = [infoset]
            for move in range(
                int(other.first[infoset]), int(other.first[infoset] + other.actions[infoset])
            ):
                for later in self.after[move]:
                    found += self.below[later]
            self.below[infoset] = found
        self._place: dict[tuple[int, int], int] = {}
        for y in range(1, other.size):
            for infoset in self.below[int(other.owner[y])]:
                self._place[infoset, y] = begin + len(self._place)
        self.count = len(self._place)

    def of(self, infoset: int, y: int) -> int:
        """The variable v[infoset, y]."""
        return self._place[infoset, y]


def _flows(rows: _Rows, own: Any, number: Ints) -> None:
    """The moves at an information set share the probability of the sequence before it."""
    for infoset, parent in enumerate(own.parent.tolist()):
        look()
        first = int(own.first[infoset])
        moves = range(first, first + int(own.actions[infoset]))
        for y in np.flatnonzero(number[first] >= 0):
            split = [(int(number[move, y]), 1.0) for move in moves]
            rows.add([*split, (int(number[parent, y]), -1.0)], 0.0)


def _by_second(pairs: Pairs, size: int) -> list[list[tuple[int, float]]]:
    """For each sequence of the second player the other's sequences and what they pay it."""
    found: list[list[tuple[int, float]]] = [[] for _ in range(size)]
    look()
    for x, y, value in zip(pairs.first, pairs.second, pairs.other, strict=True):
        found[int(y)].append((int(x), float(value)))
    return found
