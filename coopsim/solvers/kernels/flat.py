"""Flat arrays of a tree's sequences, as the kernels for trees read them.

A player's information sets are put into blocks: those after equally many own moves and
with equally many actions. Inside a block the sequences stand action by action, so that what
is done at one information set is done at all of a block in straight loops over neighbours.
Payoffs are kept by rows of equal length for the same reason. Both make loops that a
processor's vector units and branch prediction cope with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.sequences import Sequences

Places = npt.NDArray[np.uint32]
"""Indices that are looked up: unsigned, since signed ones are tested for being negative."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Blocks:
    """One player's sequences in block order; the empty one stays at place 0.

    Args:
        place: the place of each sequence, `[S]`, in the order of `Sequences`.
        table: a row a block, `[B, 4]`: its first place, the number of actions, the number of
            information sets, and the first of them in `parent`. The sequence of action a at
            set k of a block is at first place + a * sets + k. Blocks come before those below.
        parent: the place of the sequence before each set, `[I]`, in block order.
        widest: the largest number of sets in a block.
    """

    place: Counts
    table: Counts
    parent: Places
    widest: int

    @property
    def size(self) -> int:
        """How many sequences there are, the empty one counted."""
        return len(self.place)

    def even(self) -> Float:
        """The probability of each sequence's last move, `[S]`, where all are equally likely."""
        strategy = np.ones(self.size)
        for begin, actions, sets, _ in self.table.tolist():
            strategy[begin : begin + actions * sets] = 1.0 / actions
        return strategy

    def realised(self, strategy: Float) -> Float:
        """The realisation plan `[S]` of a strategy `[S]`, both in block order."""
        plan = np.ones(self.size)
        for begin, actions, sets, first in self.table.tolist():
            above = plan[self.parent[first : first + sets]]
            here = slice(begin, begin + actions * sets)
            plan[here] = (strategy[here].reshape(actions, sets) * above).ravel()
        return plan


@dataclass(frozen=True, eq=False)
class Side:
    """A player's blocks, and payoffs by rows of own sequences, those of equal length together.

    Args:
        blocks: the sequences.
        groups: a row for each length that occurs, `[G, 3]`: the length, and from where to
            where its rows are in `rows`.
        rows: the own sequence of each row, `[S]`, shortest rows first, empty ones included.
        column: the other player's sequence of each payoff, row after row, `[E]`.
        value: chance's probability times the own payoff, `[E]`.
        entry: the place of each payoff in `SequencePayoffs.values`, `[E]`.
    """

    blocks: Blocks
    groups: Counts
    rows: Places
    column: Places
    value: Float
    entry: Counts

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The arrays in the order in which kernels take them."""
        blocks = self.blocks
        return (
            *(blocks.table, blocks.parent, blocks.widest),
            *(self.groups, self.rows, self.column, self.value),
        )


def blocks_of(own: Sequences) -> Blocks:
    """A player's sequences in blocks."""
    place = np.zeros(own.size, dtype=np.int64)
    table, parents = [], []
    begin, first = 1, 0
    for level in own.levels:
        sets = np.arange(level.infosets.start, level.infosets.stop)
        for actions in np.unique(own.actions[sets]).tolist():
            chosen = sets[own.actions[sets] == actions]
            here = own.first[chosen] + np.arange(actions)[:, None]
            place[here] = begin + np.arange(here.size).reshape(here.shape)
            table.append((begin, actions, len(chosen), first))
            parents.append(own.parent[chosen])
            begin, first = begin + here.size, first + len(chosen)
    above = np.concatenate(parents) if parents else np.zeros(0, dtype=np.int64)
    return Blocks(
        place=place,
        table=np.array(table, dtype=np.int64).reshape(-1, 4),
        parent=place[above].astype(np.uint32),
        widest=max((row[2] for row in table), default=0),
    )


def two_sides(form: ExtensiveForm) -> tuple[Side, Side]:
    """Both players' arrays of a two-player tree, with or without variants.

    `value` is that of the first variant where there are several. Costs two sorts of the
    payoff pairs.

    Raises:
        ValueError: there are not two players.
        NoSuchForm: a player forgets own moves.
    """
    pairs = form.sequence_payoffs
    one, two = (blocks_of(own) for own in form.sequences)
    rows, columns = one.place[pairs.rows], two.place[pairs.indices]
    values = pairs.values if form.variants is None else pairs.values[0]
    return (
        _side(one, rows, columns, values[:, 0]),
        _side(two, columns, rows, values[:, 1]),
    )


def _side(blocks: Blocks, own: Counts, other: Counts, values: Float) -> Side:
    count = np.bincount(own, minlength=blocks.size)
    rows = np.argsort(count, kind="stable")
    rank = np.empty_like(rows)
    rank[rows] = np.arange(len(rows))
    order = np.lexsort((other, rank[own]))
    lengths, begins = np.unique(count[rows], return_index=True)
    ends = np.append(begins[1:], len(rows))
    return Side(
        blocks=blocks,
        groups=np.stack([lengths, begins, ends], axis=1).astype(np.int64),
        rows=rows.astype(np.uint32),
        column=other[order].astype(np.uint32),
        value=np.ascontiguousarray(values[order]),
        entry=order,
    )


def behaviour(own: Sequences, blocks: Blocks, plan: Float) -> Float:
    """The behaviour strategy `[..., S_i]` of a plan `[..., S]` in block order.

    The plan need not be normalised; where it never comes, all actions are equally likely.
    """
    return passes.behave(own, plan[..., blocks.place])
