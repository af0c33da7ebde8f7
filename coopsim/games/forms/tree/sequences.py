"""The sequence form: a player's moves along a path as one number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.tree.arrays import Ints, Tree


@dataclass(frozen=True, eq=False)
class Level:
    """The information sets of one player that come after equally many own moves.

    Args:
        infosets: which they are, among the player's own.
        sequences: the sequences that end with a move at one of them.
        starts: where the sequences of each set begin, from the first one of the level.
        order: the sets sorted by the sequence before them.
        befores: the sequences before them, each once, ascending.
        runs: where the sets after each of `befores` begin in `order`.
    """

    infosets: slice
    sequences: slice
    starts: Ints
    order: Ints
    befores: Ints
    runs: Ints


@dataclass(frozen=True, eq=False)
class Sequences:
    """The sequences of one player in a tree with perfect recall.

    A sequence is the list of own moves on the way to a node; it is named by the last of
    them. Number 0 is the empty sequence; the move with place k in the player's behaviour
    strategy (`[S_i]`) is sequence k + 1. A sequence comes after all that it continues.

    Args:
        player: whose they are.
        parent: the sequence before each of the player's information sets, `[I_i]`.
        first: the sequence of the first action at each, `[I_i]`.
        actions: the number of actions at each, `[I_i]`.
        owner: the information set, among the player's own, of each sequence's last move;
            -1 for the empty one, `[S_i + 1]`.
        before: the sequence without its last move; -1 for the empty one, `[S_i + 1]`.
        levels: the information sets by the number of own moves before.
        terminal: the player's sequence at each terminal node, `[Z]`.
        by_sequence: the terminal nodes (places in `terminal`) sorted by that sequence, `[Z]`.
        ends: the sequences that occur in `terminal`, ascending.
        runs: where the terminals of each of `ends` begin in `by_sequence`.
    """

    player: int
    parent: Ints
    first: Ints
    actions: Ints
    owner: Ints
    before: Ints
    levels: tuple[Level, ...]
    terminal: Ints
    by_sequence: Ints
    ends: Ints
    runs: Ints

    @property
    def size(self) -> int:
        """The number of sequences, the empty one counted."""
        return len(self.owner)


@dataclass(frozen=True, eq=False)
class SequencePayoffs:
    """The payoffs of two players over pairs of sequences, with chance folded in.

    A sparse matrix by rows (CSR): the pairs of row s are entries `indptr[s]` to
    `indptr[s + 1]`. Where x and y are the players' realisation plans, player i is paid the
    sum over entries of `x[row] * y[column] * values[..., entry, i]`.

    Args:
        shape: the numbers of sequences of the two players.
        indptr: where the entries of each row begin, `[S_1 + 2]`.
        indices: the second player's sequence of each entry, `[E]`.
        rows: the first player's sequence of each entry, `[E]`.
        values: probability of chance times payoff, summed over the terminal nodes of the
            pair, `[E, 2]` or `[V, E, 2]`. Pairs where all are 0 are left out.
    """

    shape: tuple[int, int]
    indptr: Ints
    indices: Ints
    rows: Ints
    values: Float


def recall_problem(tree: Tree) -> str:
    """Which player forgets what at which information set; empty under perfect recall.

    There is perfect recall when all nodes of every information set come after the same
    last own move (Kuhn 1953): by induction then after the same list of own moves.
    """
    sets = tree.infosets
    last = _last_moves(tree)
    members = sets.nodes
    owner = np.repeat(np.arange(len(sets)), np.diff(sets.start))
    own = last[members, tree.player[members]]
    wrong = own != own[sets.start[owner]]
    if not wrong.any():
        return ""
    place = int(np.argmax(wrong))
    infoset = int(owner[place])
    moves = [_named_move(tree, int(own[k])) for k in (int(sets.start[infoset]), place)]
    return (
        f"at information set {sets.called(infoset)!r}, "
        f"{tree.players[int(sets.player[infoset])]} does not remember whether the last own "
        f"move was {moves[0]} or {moves[1]}"
    )


def compile_sequences(tree: Tree) -> tuple[Sequences, ...]:
    """The sequences of every player, from a tree with perfect recall."""
    last = _last_moves(tree)
    return tuple(_sequences(tree, player, last) for player in range(tree.n))


def sequence_payoffs(tree: Tree, payoffs: Float) -> SequencePayoffs:
    """The payoff matrix over pairs of sequences.

    Args:
        tree: of two players, with perfect recall.
        payoffs: `[Z, 2]` or `[V, Z, 2]`, in the order of `tree.terminals`.

    Raises:
        ValueError: there are not two players.
        NoSuchForm: a player forgets own moves.
    """
    if tree.n != 2:
        raise ValueError(f"a payoff matrix over sequences needs two players, not {tree.n}")
    one, two = tree.sequences
    key = one.terminal.astype(np.int64) * two.size + two.terminal
    pairs, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(inverse, minlength=len(pairs)))[:-1]])
    weighted = payoffs * tree.chance_reach[:, None]
    values = np.add.reduceat(np.take(weighted, order, axis=-2), starts, axis=-2)
    paid = np.any(values != 0, axis=tuple(k for k in range(values.ndim) if k != values.ndim - 2))
    rows = one.terminal[first][paid]
    return SequencePayoffs(
        shape=(one.size, two.size),
        indptr=_index(np.searchsorted(rows, np.arange(one.size + 1))),
        indices=_index(two.terminal[first][paid]),
        rows=_index(rows),
        values=values[..., paid, :],
    )


def _last_moves(tree: Tree) -> Ints:
    """The last own move of each player at each node: a place among all actions, or -1."""
    last = np.full((tree.size, tree.n), -1, dtype=np.int32)
    for depth in range(1, tree.depth + 1):
        here = tree.level(depth)
        above, edge = tree.parent[here], tree.edge[here]
        last[here] = last[above]
        moved = edge >= 0
        last[np.arange(here.start, here.stop)[moved], tree.player[above[moved]]] = edge[moved]
    return last


def _named_move(tree: Tree, edge: int) -> str:
    """A move in words: "'raise' at 'holding the king'"."""
    if edge < 0:
        return "none at all"
    sets = tree.infosets
    infoset = int(np.searchsorted(sets.offset, edge, side="right")) - 1
    label = sets.action_labels[infoset][edge - int(sets.offset[infoset])]
    return f"{label!r} at {sets.called(infoset)!r}"


def _sequences(tree: Tree, player: int, last: Ints) -> Sequences:
    sets, part = tree.infosets, tree.infosets.part(player)
    own = slice(sets.of(player).start, sets.of(player).stop)
    head = sets.nodes[sets.start[own]]
    # places among all actions count from the player's first; 0 is kept for the empty sequence
    parent = np.where(last[head, player] >= 0, last[head, player] - part.start + 1, 0)
    first = sets.offset[own] - part.start + 1
    actions = sets.actions[own]
    owner = np.concatenate([[-1], np.repeat(np.arange(len(parent)), actions)])
    before = np.concatenate([[-1], np.repeat(parent, actions)])
    end = last[tree.terminals, player]
    terminal = np.where(end >= 0, end - part.start + 1, 0)
    by_sequence = np.argsort(terminal, kind="stable")
    ends, runs = np.unique(terminal[by_sequence], return_index=True)
    return Sequences(
        player=player,
        parent=_index(parent),
        first=_index(first),
        actions=_index(actions),
        owner=_index(owner),
        before=_index(before),
        levels=_levels(parent, first, actions, owner),
        terminal=_index(terminal),
        by_sequence=_index(by_sequence),
        ends=_index(ends),
        runs=_index(runs),
    )


def _levels(parent: Ints, first: Ints, actions: Ints, owner: Ints) -> tuple[Level, ...]:
    """Information sets are numbered by own moves before, so each level is a run of them."""
    depth = np.zeros(len(parent), dtype=np.int64)
    for infoset, above in enumerate(owner[parent].tolist()):
        depth[infoset] = depth[above] + 1 if above >= 0 else 0
    levels = []
    for d in range(int(depth.max()) + 1 if len(depth) else 0):
        low, high = np.searchsorted(depth, [d, d + 1])
        before = parent[low:high]
        order = np.argsort(before, kind="stable")
        befores, runs = np.unique(before[order], return_index=True)
        levels.append(
            Level(
                infosets=slice(int(low), int(high)),
                sequences=slice(int(first[low]), int(first[high - 1] + actions[high - 1])),
                starts=_index(first[low:high] - first[low]),
                order=_index(order),
                befores=_index(befores),
                runs=_index(runs),
            )
        )
    return tuple(levels)


def _index(values: Ints) -> Ints:
    # numpy converts indices of any other type each time they are used
    array = np.ascontiguousarray(values, dtype=np.int64)
    array.setflags(write=False)
    return array
