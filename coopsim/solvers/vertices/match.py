"""Equilibria from the labels of vertices, and the convex sets that they span.

A pair of vertices that has all labels is an extreme equilibrium. Extreme equilibria are the
edges of a graph between the vertices of the two polytopes. A maximal complete part of it,
vertices X and Y, stands for a maximal Nash subset: every strategy in the convex hull of X
with every strategy in that of Y (Winkels 1979; Avis, Rosenberg, Savani and von Stengel 2010,
section 2). All equilibria lie in these sets, and each connected part of the graph is a
connected component of equilibria.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.solvers.numeric import Clock

Pair = tuple[int, int]
Masks = npt.NDArray[Any]

_BLOCK = 256  # vertices of the first polytope at once


def complementary(
    first: Sequence[int], second: Sequence[int], everything: int, clock: Clock
) -> tuple[list[Pair], bool]:
    """The pairs of vertices that have all labels together, and whether all were looked at.

    Args:
        first, second: the label masks of the vertices of either polytope, without the point 0.
        everything: the mask of all labels.
        clock: looked at every 256 vertices that are compared with all others.

    Cost: a vertex with as many labels as dimensions misses as many as another such vertex has,
    so these are looked up; all other pairs are compared.
    """
    if not len(first) or not len(second):
        return [], True
    kind = np.int64 if everything.bit_length() < 63 else object
    left, right = np.array(first, dtype=kind), np.array(second, dtype=kind)
    least = min(mask.bit_count() for mask in first)
    other = everything.bit_count() - least
    simple_left = np.array([mask.bit_count() == least for mask in first])
    simple_right = np.array([mask.bit_count() <= other for mask in second])
    place = {mask: at for at, mask in enumerate(second)}
    pairs = [
        (x, place[missing])
        for x, mask in enumerate(first)
        if simple_left[x] and (missing := everything & ~mask) in place
    ]
    rows, columns = np.arange(len(left)), np.flatnonzero(~simple_right)
    pairs, looked = _compared(left, right, rows[simple_left], columns, everything, clock, pairs)
    if looked:
        columns = np.arange(len(right))
        pairs, looked = _compared(
            left, right, rows[~simple_left], columns, everything, clock, pairs
        )
    return sorted(pairs), looked


def maximal_subsets(pairs: Sequence[Pair], clock: Clock, most: int) -> list[list[int]] | None:
    """For each pair the numbers of the maximal complete subsets that it belongs to.

    The second sides of these are the intersections of neighbourhoods of first vertices, so
    they are collected one vertex at a time, in each connected part.

    Args:
        pairs: the edges of the graph.
        clock: None is returned when it is over.
        most: None is returned where there are more subsets; they can be exponentially many.
    """
    groups: dict[int, list[Pair]] = {}
    for number, pair in zip(connected(pairs), pairs, strict=True):
        groups.setdefault(number, []).append(pair)
    members: dict[Pair, list[int]] = {pair: [] for pair in pairs}
    count = 0
    for group in groups.values():
        neighbours = _neighbours(group)
        seconds = _intersections(list(neighbours.values()), clock, most - count)
        if seconds is None:
            return None
        for number, part in enumerate(seconds, count):
            for x, own in neighbours.items():
                if part & ~own == 0:
                    for y in _bits(part):
                        members[x, y].append(number)
        count += len(seconds)
    return [members[pair] for pair in pairs]


def connected(pairs: Sequence[Pair]) -> list[int]:
    """For each pair the number of its connected component, counted in order of appearance."""
    leader: dict[Pair, Pair] = {}

    def root(node: Pair) -> Pair:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for x, y in pairs:
        leader[root((0, x))] = root((1, y))
    numbers: dict[Pair, int] = {}
    return [numbers.setdefault(root((0, x)), len(numbers)) for x, _ in pairs]


def _compared(
    left: Masks,
    right: Masks,
    rows: Masks,
    columns: Masks,
    everything: int,
    clock: Clock,
    pairs: list[Pair],
) -> tuple[list[Pair], bool]:
    """`pairs` and those among the given rows and columns, and whether all were looked at."""
    for start in range(0, len(rows), _BLOCK):
        if clock.over:
            return pairs, False
        block = rows[start : start + _BLOCK]
        both = left[block, None] | right[columns]
        pairs = pairs + [
            (int(block[x]), int(columns[y])) for x, y in np.argwhere(both == everything)
        ]
    return pairs, True


def _intersections(masks: list[int], clock: Clock, most: int) -> list[int] | None:
    """All masks and intersections of them, without 0; None where there are more than `most`."""
    made: dict[int, None] = {}  # in the order found
    for own in masks:
        made.update(dict.fromkeys([own, *(own & other for other in made)]))
        made.pop(0, None)
        if len(made) > most or clock.over:
            return None
    return list(made)


def _bits(mask: int) -> list[int]:
    return [place for place in range(mask.bit_length()) if mask >> place & 1]


def _neighbours(pairs: Sequence[Pair]) -> dict[int, int]:
    """The second vertices beside each first vertex, as a bit mask."""
    masks: dict[int, int] = {}
    for x, y in pairs:
        masks[x] = masks.get(x, 0) | 1 << y
    return masks
