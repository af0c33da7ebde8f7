"""Best responses in a tree in fractions: a backward pass over every player's sequences."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE, Tree
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.solvers.certificates.rational import Shares, exactly, shares_of

MOST_NODES = 20_000
"""Nodes of a tree up to which best responses are looked for in fractions."""

_MOST = 2e6  # nodes times players times digits (64 bits each) of a probability from the root


def gains_in_tree(
    form: ExtensiveForm, profile: tuple[Float, ...], texts: Any
) -> list[Fraction] | None:
    """What each player gains by a best response; None where that is not known in fractions.

    Args:
        form: a tree with perfect recall.
        profile: one behaviour strategy a player.
        texts: the same in fractions as text, one list a player; else the floats are read.

    Cost: a pass over the nodes and one over the sequences, a player.
    """
    tree = form.tree
    finite = np.isfinite(form.payoffs).all() and np.isfinite(tree.probability).all()
    if tree.size > MOST_NODES or form.variants is not None or not finite:
        return None
    starts = [(own.first - 1).tolist() or [0] for own in form.sequences]
    starts = [begins if len(part) else [] for begins, part in zip(starts, profile, strict=True)]
    shares = shares_of(profile, texts, starts)
    if shares is None:
        return None
    chance = _chance(tree)
    longest = max(
        (share.denominator.bit_length() for part in (*shares, chance) for share in part), default=1
    )
    if tree.size * tree.n * (1 + tree.depth * longest / 64) > _MOST:
        return None
    payoffs: Any = form.exact if form.exact is not None else exactly(form.payoffs)
    return [_gain(tree, own, payoffs[:, own.player], shares, chance) for own in form.sequences]


def _gain(
    tree: Tree, own: Sequences, paid: Any, shares: Shares, chance: list[Fraction]
) -> Fraction:
    """What one player gains, from the others' and chance's weight of every end."""
    others, mine = _weights(tree, own.player, shares, chance)
    total = [Fraction(0)] * own.size
    earned = Fraction(0)
    for end, node in enumerate(tree.terminals.tolist()):
        if others[node]:
            worth = others[node] * paid[end]
            total[own.terminal[end]] += worth
            earned += worth * mine[node]
    for infoset in reversed(range(len(own.parent))):
        first = int(own.first[infoset])
        options = total[first : first + int(own.actions[infoset])]
        total[own.parent[infoset]] += max(options)
    return total[0] - earned


def _weights(
    tree: Tree, player: int, shares: Shares, chance: list[Fraction]
) -> tuple[list[Fraction], list[Fraction]]:
    """How likely chance and the others, and the player alone, make each node."""
    parts = [tree.infosets.part(i).start for i in range(tree.n)]
    parent, mover, edge = tree.parent.tolist(), tree.player.tolist(), tree.edge.tolist()
    others, mine = [Fraction(1)] * tree.size, [Fraction(1)] * tree.size
    for node in range(1, tree.size):
        above = parent[node]
        who = mover[above]
        share = chance[node] if who == CHANCE else shares[who][edge[node] - parts[who]]
        others[node], mine[node] = others[above], mine[above]
        if who == player:
            mine[node] *= share
        else:
            others[node] *= share
    return others, mine


def _chance(tree: Tree) -> list[Fraction]:
    """The probability of each node where chance moves before it; floats are made to sum to 1."""
    exact = tree.exact_probability
    if exact is not None:
        return [Fraction(1) if share is None else share for share in exact.tolist()]
    found = [Fraction(share) for share in tree.probability.tolist()]
    for node in np.flatnonzero(tree.player == CHANCE).tolist():
        first = int(tree.first_child[node])
        children = range(first, first + int(tree.children[node]))
        total = sum(found[child] for child in children)
        for child in children:
            found[child] /= total
    return found
