"""Supports of an n-player game, and how many complex solutions their equations have.

A support profile says which actions each player uses. With `k_i` actions each, the
equations "all actions used by i pay the same" are `k_i - 1`, linear in every other
player's distribution; a generic game has as many complex solutions as there are ways of
giving each equation another player such that player j is given `k_j - 1` times (McKelvey
and McLennan 1997).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from coopsim.arrays import Float

Support = tuple[tuple[int, ...], ...]
"""The actions used, one tuple a player."""


@functools.cache
def root_count(sizes: tuple[int, ...], players: tuple[int, ...]) -> int:
    """The number of complex solutions of generic equations.

    Args:
        sizes: the numbers of unknown probabilities beyond the first, a player.
        players: the player of each equation; an equation may be given to any other player.
    """
    if not players:
        return int(not any(sizes))
    total = 0
    for j, left in enumerate(sizes):
        if j != players[0] and left:
            total += root_count((*sizes[:j], left - 1, *sizes[j + 1 :]), players[1:])
    return total


def assignments(sizes: Sequence[int], players: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The ways counted by `root_count`: for each equation the player that it is given to."""
    if not players:
        if not any(sizes):
            yield ()
        return
    for j, left in enumerate(sizes):
        if j != players[0] and left:
            rest = [*sizes[:j], left - 1, *sizes[j + 1 :]]
            for tail in assignments(rest, players[1:]):
                yield (j, *tail)


def equations_of(counts: Sequence[int]) -> tuple[int, ...]:
    """The player of each indifference equation for supports of these sizes."""
    return tuple(i for i, k in enumerate(counts) for _ in range(k - 1))


def paths_of(counts: tuple[int, ...]) -> int:
    """How many complex solutions supports of these sizes have in a generic game."""
    return root_count(tuple(k - 1 for k in counts), equations_of(counts))


@functools.cache
def total_paths(shape: tuple[int, ...]) -> int:
    """The sum of `paths_of` over all supports of a game of this shape."""
    total = 0
    for counts in itertools.product(*(range(1, size + 1) for size in shape)):
        ways = 1
        for size, k in zip(shape, counts, strict=True):
            ways *= _choose(size, k)
        total += ways * paths_of(counts)
    return total


def supports(shape: Sequence[int]) -> Iterator[Support]:
    """All support profiles, small ones first."""
    counts = itertools.product(*(range(1, size + 1) for size in shape))
    for sizes in sorted(counts, key=lambda k: (sum(k), max(k))):
        yield from itertools.product(
            *(itertools.combinations(range(size), k) for size, k in zip(shape, sizes, strict=True))
        )


def undominated(payoffs: Float, support: Support) -> bool:
    """Whether no action used is worse than another one against everything the others use."""
    n = len(support)
    for i, own in enumerate(support):
        kept = [range(payoffs.shape[1 + j]) if j == i else support[j] for j in range(n)]
        table = np.moveaxis(payoffs[i][np.ix_(*kept)], i, 0).reshape(payoffs.shape[1 + i], -1)
        used = table[list(own)]
        # a hair of slack keeps actions that differ by rounding alone
        if (table[:, None, :] > used + 1e-12).all(axis=2).any():
            return False
    return True


def _choose(n: int, k: int) -> int:
    ways = 1
    for i in range(k):
        ways = ways * (n - i) // (i + 1)
    return ways
