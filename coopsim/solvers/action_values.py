"""What each own action is worth at each information set, given how everybody plays."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.arrays import Tree


def action_values(
    tree: Tree, payoffs: Float, profile: tuple[Float, ...], player: int
) -> tuple[Float, Float]:
    """Conditional action values, and how often the others come to each information set.

    Args:
        tree: with perfect recall.
        payoffs: `[Z, n]`, in the order of `tree.terminals`.
        profile: one behaviour strategy a player.
        player: whose.

    Returns:
        The expected payoff of each own action where its information set is reached and all
        play goes on by the profile, `[S_i]` (0 where the others never come there); and the
        probability that chance and the others come to each set, `[I_i]`.

    Cost: one pass over the nodes and one over the ends.
    """
    own, strategy = tree.sequences[player], profile[player]
    total = passes.sequence_values(tree, payoffs, profile, player)
    for level in reversed(own.levels):
        here = level.sequences
        moves = strategy[here.start - 1 : here.stop - 1]
        worth = np.add.reduceat(total[here] * moves, level.starts)
        total[level.befores] += np.add.reduceat(worth[level.order], level.runs)
    weight = others_reach(tree, profile, player)
    each = weight[own.owner[1:]]
    comes = each > 0
    return np.where(comes, total[1:] / np.where(comes, each, 1.0), 0.0), weight


def others_reach(tree: Tree, profile: tuple[Float, ...], player: int) -> Float:
    """The probability that chance and the others come to each set of `player`, `[I_i]`."""
    free = tuple(np.ones_like(p) if i == player else p for i, p in enumerate(profile))
    at = passes.reach(tree, free)
    sets, own = tree.infosets, tree.infosets.of(player)
    if not len(own):
        return np.zeros(0)
    begin, end = int(sets.start[own.start]), int(sets.start[own.stop])
    members = sets.nodes[begin:end]
    return np.asarray(np.add.reduceat(at[members], sets.start[own.start : own.stop] - begin))


def state_values(tree: Tree, strategy: Float, values: Float, player: int) -> Float:
    """The mean of action values at each set, repeated for each of its actions, `[S_i]`."""
    own = tree.sequences[player]
    if not len(own.first):
        return np.zeros(0)
    mean = np.add.reduceat(values * strategy, own.first - 1)
    return np.asarray(np.repeat(mean, own.actions))


def softmax(tree: Tree, logits: Float, player: int) -> Float:
    """The behaviour strategy proportional to exp(logits) at each set, `[S_i]`."""
    own = tree.sequences[player]
    if not len(own.first):
        return np.zeros(0)
    starts = own.first - 1
    top = np.repeat(np.maximum.reduceat(logits, starts), own.actions)
    shares = np.exp(logits - top)
    return np.asarray(shares / np.repeat(np.add.reduceat(shares, starts), own.actions))
