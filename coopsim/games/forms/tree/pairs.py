"""The pairs of sequences of two players that end the game, with chance summed in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.tree.arrays import Ints, Tree


@dataclass(frozen=True, eq=False)
class Pairs:
    """What two players' plans pay, from the side of one of them.

    Where x and y are realisation plans, the payoffs are the sums over entries of
    `x[first] * y[second] * own`, and of the same with `other`.

    Args:
        first: the sequence of the player whose side it is, `[P]`.
        second: the sequence of the other, `[P]`.
        chance: the probability of chance on the way to the pair's ends, `[P]`.
        own, other: probability times payoff, summed over the ends of the pair, `[P]`.
    """

    first: Ints
    second: Ints
    chance: Float
    own: Float
    other: Float


def pairs_of(tree: Tree, payoffs: Float, player: int) -> Pairs:
    """All pairs of sequences with an end, also those that pay nothing.

    Args:
        tree: of two players.
        payoffs: `[Z, 2]`.
        player: whose side it is.

    Raises:
        NoSuchForm: a player forgets own moves.
    """
    one, two = tree.sequences[player], tree.sequences[1 - player]
    key = one.terminal.astype(np.int64) * two.size + two.terminal
    found, inverse = np.unique(key, return_inverse=True)
    reach = tree.chance_reach

    def summed(weights: Float) -> Float:
        return np.bincount(inverse, weights, len(found)).astype(np.float64)

    return Pairs(
        first=found // two.size,
        second=found % two.size,
        chance=summed(reach),
        own=summed(reach * payoffs[:, player]),
        other=summed(reach * payoffs[:, 1 - player]),
    )
