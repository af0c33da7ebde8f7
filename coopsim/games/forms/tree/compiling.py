"""From a list of nodes to the level-ordered arrays of a `Tree`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import cast

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.tree.arrays import CHANCE, Infosets, Ints, Tree

SUM_TOL = 1e-9
"""How far from 1 the probabilities of a chance node may sum, for rounding."""


def compile_tree(
    players: Sequence[str],
    parent: npt.ArrayLike,
    player: npt.ArrayLike,
    infoset: npt.ArrayLike,
    probability: npt.ArrayLike | None = None,
    *,
    infoset_labels: Sequence[str] = (),
    action_labels: Sequence[Sequence[str]] = (),
    chance_labels: Mapping[int, Sequence[str]] = MappingProxyType({}),
    exact_probability: Mapping[int, Fraction] | None = None,
) -> tuple[Tree, Ints]:
    """Order the nodes by level and number the information sets.

    Args:
        players: names.
        parent: `[N]`; -1 at the root, which comes first. Parents come before their children,
            and children of one parent in the order of its actions.
        player: `[N]`; -1 for chance, 0 to n - 1 for players, n for terminal nodes.
        infoset: `[N]`; any numbers from 0 for decision nodes, -1 elsewhere.
        probability: `[N]`, read where the parent is a chance node.
        infoset_labels: by number of the information set; numbered where not given.
        action_labels: by number of the information set; numbered where not given.
        chance_labels: names of chance's actions, by node.
        exact_probability: fractions, by node whose parent is a chance node.

    Returns:
        The tree, and for each of its nodes the place in the lists given, `[N]`.

    Raises:
        ValueError: what is given is no tree, or contradicts itself; the message says where.
    """
    given = [np.asarray(x, dtype=np.int64) for x in (parent, player, infoset)]
    above, who, sets = (cast(Ints, x) for x in given)
    names = tuple(str(name) for name in players)
    _check_nodes(names, above, who, sets)
    order, levels = _level_order(above)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    above = np.where(above[order] >= 0, place[above[order]], -1)
    who, sets = who[order], sets[order]
    first_child, children = _children(above)
    _check_ends(len(names), who, children, order)
    chance = np.ones(len(above))
    by_chance = np.zeros(len(above), dtype=bool)
    by_chance[1:] = who[above[1:]] == CHANCE
    if by_chance.any():
        if probability is None:
            raise ValueError("there are chance nodes, and no probabilities")
        chance[by_chance] = np.asarray(probability, dtype=np.float64)[order][by_chance]
        _check_chance(chance, by_chance, above, order)
    action = np.arange(len(above)) - first_child[above]
    action[0] = -1
    sets, infosets = _infosets(
        names, above, who, sets, children, levels, infoset_labels, action_labels
    )
    tree = Tree(
        players=names,
        parent=_frozen(above),
        action=_frozen(action),
        player=_frozen(who),
        infoset=_frozen(sets),
        probability=_frozen_floats(chance),
        first_child=_frozen(first_child),
        children=_frozen(children),
        levels=_frozen(levels),
        terminals=_frozen(np.flatnonzero(who == len(names))),
        infosets=infosets,
        chance_labels=MappingProxyType(
            {int(place[node]): tuple(labels) for node, labels in chance_labels.items()}
        ),
        exact_probability=_exact(exact_probability, by_chance, above, place),
    )
    return tree, order


def _check_nodes(names: tuple[str, ...], parent: Ints, player: Ints, infoset: Ints) -> None:
    n = len(names)
    if n < 1 or len(set(names)) != n:
        raise ValueError(f"players must have different names, and there must be one: {names}")
    if parent.ndim != 1 or parent.size == 0 or not parent.shape == player.shape == infoset.shape:
        raise ValueError("parent, player and infoset must be lists with one entry a node")
    if parent[0] != -1 or (parent[1:] < 0).any() or (parent >= np.arange(len(parent))).any():
        raise ValueError("the root must come first, and every parent before its children")
    if (player < CHANCE).any() or (player > n).any():
        raise ValueError(f"players are numbered -1 (chance), 0 to {n - 1}, and {n} (terminal)")
    if ((infoset >= 0) != ((player >= 0) & (player < n))).any():
        raise ValueError("decision nodes, and no others, must have an information set")


def _level_order(parent: Ints) -> tuple[Ints, Ints]:
    """The nodes by depth, then by their parent's place; and where each depth begins."""
    above = parent.tolist()
    depths = [0] * len(above)
    for node in range(1, len(above)):
        depths[node] = depths[above[node]] + 1
    depth = np.array(depths)
    order = np.argsort(depth, kind="stable")
    levels = np.searchsorted(depth[order], np.arange(depth.max() + 2))
    place = np.zeros(len(above), dtype=np.int64)
    for d in range(1, len(levels) - 1):
        here = slice(levels[d], levels[d + 1])
        nodes = order[here]
        order[here] = nodes[np.argsort(place[parent[nodes]], kind="stable")]
        place[order[here]] = np.arange(levels[d], levels[d + 1])
    return order, levels


def _children(parent: Ints) -> tuple[Ints, Ints]:
    """The first child and the number of children of each node."""
    first = np.full(len(parent), -1)
    # the last assignment to an entry stays: the first child, when read backwards
    first[parent[:0:-1]] = np.arange(len(parent) - 1, 0, -1)
    return first, np.bincount(parent[1:], minlength=len(parent))


def _check_ends(n: int, player: Ints, children: Ints, order: Ints) -> None:
    wrong = (player == n) != (children == 0)
    if wrong.any():
        node = int(np.argmax(wrong))
        says = "is terminal and has children" if player[node] == n else "has no children"
        raise ValueError(f"node {order[node]} {says}")


def _check_chance(
    chance: Float, by_chance: npt.NDArray[np.bool_], parent: Ints, order: Ints
) -> None:
    bad = by_chance & ~((chance >= 0) & (chance <= 1))
    if bad.any():
        node = int(np.argmax(bad))
        raise ValueError(f"the probability {chance[node]} of node {order[node]} is not in 0 to 1")
    total = np.bincount(parent[by_chance], weights=chance[by_chance], minlength=len(parent))
    nodes = np.unique(parent[by_chance])
    off = np.abs(total[nodes] - 1) > SUM_TOL
    if off.any():
        node = int(nodes[np.argmax(off)])
        raise ValueError(f"the probabilities at chance node {order[node]} sum to {total[node]:.9g}")


def _infosets(
    names: tuple[str, ...],
    parent: Ints,
    player: Ints,
    infoset: Ints,
    children: Ints,
    levels: Ints,
    labels: Sequence[str],
    action_labels: Sequence[Sequence[str]],
) -> tuple[Ints, Infosets]:
    """The information sets in their order, and the set of each node by that order."""
    nodes = np.flatnonzero(infoset >= 0)
    given, first, inverse = np.unique(infoset[nodes], return_index=True, return_inverse=True)
    head = nodes[first]  # the first member of each set in level order
    _check_members(player[nodes], player[head], inverse, given, "belongs to two players")
    _check_members(children[nodes], children[head], inverse, given, "has nodes of unlike size")
    moves = _own_moves(len(names), parent, player, levels)
    order = np.lexsort((head, moves[head], player[head]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    numbers = np.full(len(parent), -1)
    numbers[nodes] = rank[inverse]
    given, head = given[order], head[order]
    counts = children[head]
    named = [str(labels[k]) if labels else str(i + 1) for i, k in enumerate(given.tolist())]
    return numbers, Infosets(
        player=_frozen(player[head]),
        actions=_frozen(counts),
        offset=_frozen(np.concatenate([[0], np.cumsum(counts)])),
        first=_frozen(np.searchsorted(player[head], np.arange(len(names) + 1))),
        nodes=_frozen(nodes[np.argsort(numbers[nodes], kind="stable")]),
        start=_frozen(np.concatenate([[0], np.cumsum(np.bincount(numbers[nodes]))])),
        labels=tuple(named),
        action_labels=_labels(given.tolist(), counts.tolist(), named, action_labels),
    )


def _check_members(own: Ints, first: Ints, inverse: Ints, given: Ints, problem: str) -> None:
    wrong = own != first[inverse]
    if wrong.any():
        raise ValueError(f"information set {given[inverse[np.argmax(wrong)]]} {problem}")


def _own_moves(n: int, parent: Ints, player: Ints, levels: Ints) -> Ints:
    """How often the one who moves at each node has moved before, `[N]`."""
    count = np.zeros((len(parent), n + 2), dtype=np.int32)
    for d in range(1, len(levels) - 1):
        here = slice(levels[d], levels[d + 1])
        above = parent[here]
        count[here] = count[above]
        count[np.arange(levels[d], levels[d + 1]), player[above]] += 1
    return np.asarray(count[np.arange(len(parent)), player])


def _labels(
    given: list[int], counts: list[int], names: list[str], labels: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    """The names of the actions of each set; equal ones are kept once in memory."""
    kept: dict[tuple[str, ...], tuple[str, ...]] = {}
    found = []
    for k, count, name in zip(given, counts, names, strict=True):
        own = tuple(labels[k]) if labels else tuple(map(str, range(count)))
        if len(own) != count:
            raise ValueError(f"information set {name} has {count} actions and {len(own)} labels")
        found.append(kept.setdefault(own, own))
    return tuple(found)


def _exact(
    given: Mapping[int, Fraction] | None,
    by_chance: npt.NDArray[np.bool_],
    parent: Ints,
    place: Ints,
) -> Exact | None:
    """Fractions by node, None where chance has no part; nothing where they are not all there."""
    if given is None:
        return None
    exact = np.full(len(parent), None, dtype=object)
    total: dict[int, Fraction] = {}
    for node, value in given.items():
        exact[place[node]] = value
        above = int(parent[place[node]])
        total[above] = total.get(above, Fraction(0)) + value
    missing = any(exact[node] is None for node in np.flatnonzero(by_chance))
    # decimals that were rounded do not sum to 1: they are floats, not exact numbers
    if missing or any(value != 1 for value in total.values()):
        return None
    exact[0] = Fraction(1)
    return exact


def _frozen(values: Ints) -> Ints:
    array = np.ascontiguousarray(values, dtype=np.int32)
    array.setflags(write=False)
    return array


def _frozen_floats(values: Float) -> Float:
    values.setflags(write=False)
    return values
