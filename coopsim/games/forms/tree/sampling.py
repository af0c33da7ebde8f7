"""Random game trees with chance and imperfect information, to try solvers and formats on."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from coopsim.games.forms.tree.builder import TreeBuilder

if TYPE_CHECKING:
    from coopsim.games.forms.extensive import ExtensiveForm


def random_tree(
    rng: np.random.Generator,
    *,
    players: int = 2,
    depth: int = 5,
    actions: int = 3,
    chance: float = 0.2,
    end: float = 0.15,
    signals: int = 2,
    zero_sum: bool = False,
    forgetful: bool = False,
) -> ExtensiveForm:
    """A random tree with whole-number payoffs, exact.

    What a player knows is the own moves and a random signal at each of them, so there is
    perfect recall, and much is hidden.

    Args:
        rng: draws everything.
        players: how many.
        depth: the most moves on a path, chance's among them.
        actions: the most actions at a node, at least 2.
        chance: the share of moves that chance makes.
        end: the probability that play ends at a node before the depth is reached.
        signals: how many signals there are; 1 hides everything but the own moves.
        zero_sum: let the last player be paid what the others are not.
        forgetful: let players know only the signal and how many moves they have made, so
            that recall is usually imperfect.
    """
    names = [f"player {i + 1}" for i in range(players)]
    tree = TreeBuilder(names, title="random tree")
    # a node, its depth, and the moves that each player remembers
    open_: list[tuple[int, int, tuple[tuple[str, ...], ...]]] = [(tree.root, 0, ((),) * players)]
    while open_:
        node, level, moves = open_.pop()
        if level == depth or (level and rng.random() < end):
            paid = rng.integers(-9, 10, players)
            if zero_sum:
                paid[-1] = -paid[:-1].sum()
            tree.terminal(node, paid.tolist())
            continue
        count = int(rng.integers(2, actions + 1))
        if rng.random() < chance:
            weights = rng.integers(1, 5, count).tolist()
            below = tree.chance(node, [Fraction(w, sum(weights)) for w in weights])
            open_ += [(child, level + 1, moves) for child in below]
            continue
        mover = int(rng.integers(players))
        signal = f"signal {rng.integers(signals)}, {count} actions"
        past = (f"{len(moves[mover])} moves",) if forgetful else moves[mover]
        labels = [f"a{k}" for k in range(count)]
        below = tree.decision(node, mover, labels, infoset="; ".join((*past, signal)))
        for label, child in zip(labels, below, strict=True):
            after = (*moves[mover], f"{signal}: {label}")
            open_.append((child, level + 1, (*moves[:mover], after, *moves[mover + 1 :])))
    return tree.build()
