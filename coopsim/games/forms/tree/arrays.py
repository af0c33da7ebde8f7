"""Tree: the structure of a game in extensive form as level-ordered arrays, without payoffs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.exact import Exact

if TYPE_CHECKING:
    from coopsim.games.forms.tree.sequences import Sequences

Ints = npt.NDArray[np.integer[Any]]
"""Indices and counts."""

_MOST_BITS = 100_000  # of a product of probabilities that is kept exactly

CHANCE = -1
"""The player of a chance node."""


@dataclass(frozen=True, eq=False)
class Infosets:
    """The information sets of all players.

    They are ordered by player, then by the number of own moves before, then by first
    appearance: an information set comes after those that its player must have passed.
    A behaviour strategy of player i is an array `[..., S_i]` of the distributions at i's
    information sets one after another; `offset` counts through all players.

    Args:
        player: who moves there, `[I]`.
        actions: how many actions there are, `[I]`.
        offset: where the actions begin in the behaviour strategies of all players laid one
            after another, `[I + 1]`.
        first: the first information set of each player, `[n + 1]`.
        nodes: the nodes of all information sets, one set after another.
        start: where each set begins in `nodes`, `[I + 1]`.
        labels: a name each.
        action_labels: the names of the actions of each.
    """

    player: Ints
    actions: Ints
    offset: Ints
    first: Ints
    nodes: Ints
    start: Ints
    labels: tuple[str, ...]
    action_labels: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.player)

    def of(self, player: int) -> range:
        """The information sets of `player`."""
        return range(int(self.first[player]), int(self.first[player + 1]))

    def members(self, infoset: int) -> Ints:
        """The nodes of an information set."""
        return self.nodes[self.start[infoset] : self.start[infoset + 1]]

    def called(self, infoset: int) -> str:
        """The name of an information set, or its number among the player's where it has none."""
        own = infoset - self.of(int(self.player[infoset])).start
        return self.labels[infoset] or f"number {own + 1}"

    def part(self, player: int) -> slice:
        """Where the behaviour strategy of `player` lies among those of all players."""
        own = self.of(player)
        return slice(int(self.offset[own.start]), int(self.offset[own.stop]))


@dataclass(frozen=True, eq=False)
class Tree:
    """The nodes of a game tree in level order: the root first, siblings side by side.

    Made by `coopsim.games.forms.tree.compiling.compile_tree`. All arrays have one entry a node
    (`[N]`) unless another shape is given, and are read-only.

    Args:
        players: names, in order.
        parent: the node before; -1 at the root.
        action: which action of the parent leads here, from 0; -1 at the root.
        player: who moves, from 0; `CHANCE` (-1) at chance nodes, n at terminal nodes.
        infoset: the information set of a decision node; -1 elsewhere.
        probability: with which chance comes here; 1 where the parent is no chance node.
        first_child: the first of the children, which follow one another; -1 at terminals.
        children: how many children there are.
        levels: the first node of each depth, and N at the end, `[depths + 1]`.
        terminals: the terminal nodes, `[Z]`.
        infosets: the information sets.
        chance_labels: the names of chance's actions, by node, where they have any.
        exact_probability: `probability` in fractions, where all were given exactly.
    """

    players: tuple[str, ...]
    parent: Ints
    action: Ints
    player: Ints
    infoset: Ints
    probability: Float
    first_child: Ints
    children: Ints
    levels: Ints
    terminals: Ints
    infosets: Infosets
    chance_labels: Mapping[int, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    exact_probability: Exact | None = None

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    @property
    def size(self) -> int:
        """The number of nodes."""
        return len(self.parent)

    @property
    def depth(self) -> int:
        """The largest number of moves, chance's among them, from the root to an end."""
        return len(self.levels) - 2

    def level(self, depth: int) -> slice:
        """The nodes at a depth; the root is at depth 0."""
        return slice(int(self.levels[depth]), int(self.levels[depth + 1]))

    @functools.cached_property
    def edge(self) -> Ints:
        """The place of the action that leads to each node among all strategies; -1 for chance."""
        found = np.full(self.size, -1, dtype=np.int64)
        above = self.infoset[self.parent[1:]]
        moved = above >= 0
        found[1:][moved] = self.infosets.offset[above[moved]] + self.action[1:][moved]
        return found

    @functools.cached_property
    def chance_reach(self) -> Float:
        """The probability that chance gives to each terminal node, `[Z]`."""
        reach = np.array(self.probability)
        for depth in range(1, self.depth + 1):
            here = self.level(depth)
            reach[here] *= reach[self.parent[here]]
        return np.asarray(reach[self.terminals])

    @functools.cached_property
    def exact_chance_reach(self) -> Exact | None:
        """`chance_reach` in fractions, `[Z]`; None where probabilities are not exact.

        None, too, where the product of some path would be longer than a hundred thousand bits.
        """
        if not (self.player == CHANCE).any():
            return np.full(len(self.terminals), Fraction(1), dtype=object)
        if self.exact_probability is None:
            return None
        reach = self.exact_probability.copy()
        for node in range(1, self.size):
            if reach[node] is None:
                reach[node] = reach[self.parent[node]]
            else:
                reach[node] *= reach[self.parent[node]]
                if reach[node].denominator.bit_length() > _MOST_BITS:
                    return None
        return np.asarray(reach[self.terminals])

    @property
    def perfect_recall(self) -> bool:
        """Whether every player always remembers the own moves."""
        return not self.recall_problem

    @functools.cached_property
    def recall_problem(self) -> str:
        """Who forgets what, in a sentence; empty where nobody does."""
        from coopsim.games.forms.tree.sequences import recall_problem

        return recall_problem(self)

    @functools.cached_property
    def sequences(self) -> tuple[Sequences, ...]:
        """The sequences of each player.

        Raises:
            NoSuchForm: a player forgets own moves; the message says where.
        """
        from coopsim.games.forms.tree.sequences import compile_sequences

        if self.recall_problem:
            raise NoSuchForm(
                f"a tree without perfect recall has no sequences: {self.recall_problem}"
            )
        return compile_sequences(self)

    def preorder(self) -> Ints:
        """The nodes, each before its subtrees and those from the first action on, `[N]`."""
        first, children = self.first_child.tolist(), self.children.tolist()
        order, stack = [], [0]
        while stack:
            node = stack.pop()
            order.append(node)
            stack.extend(range(first[node] + children[node] - 1, first[node] - 1, -1))
        return np.array(order)

    def path(self, node: int) -> list[tuple[int, int]]:
        """The moves from the root to `node`: pairs of a node and the action taken there."""
        steps = []
        while self.parent[node] >= 0:
            steps.append((int(self.parent[node]), int(self.action[node])))
            node = int(self.parent[node])
        return steps[::-1]

    def action_labels(self, node: int) -> tuple[str, ...]:
        """The names of the actions at a node (numbers at chance nodes without names)."""
        if self.infoset[node] >= 0:
            return self.infosets.action_labels[int(self.infoset[node])]
        return self.chance_labels.get(node) or tuple(map(str, range(int(self.children[node]))))
