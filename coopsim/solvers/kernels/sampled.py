"""Monte Carlo counterfactual regret minimisation on flat trees, compiled.

Strategies, regrets and averages of all players lie one after another, the actions of
information set k from `offset[k]` to `offset[k + 1]`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_CHANCE = -1


@njit(cache=True)
def match(regret, offset, infoset, out):
    """Regret matching at an information set: `out` gets the strategy; how many actions."""
    begin, end = offset[infoset], offset[infoset + 1]
    total = 0.0
    for k in range(begin, end):
        positive = max(regret[k], 0.0)
        out[k - begin] = positive
        total += positive
    for k in range(end - begin):
        out[k] = out[k] / total if total > 0 else 1.0 / (end - begin)
    return end - begin


@njit(cache=True)
def draw(shares, count, u):
    """The first place whose cumulative share exceeds `u`."""
    total = 0.0
    for k in range(count):
        total += shares[k]
        if u < total:
            return k
    return count - 1


@njit(cache=True)
def _chance(node, probability, first_child, children, u):
    total = 0.0
    for k in range(children[node]):
        total += probability[first_child[node] + k]
        if u < total:
            return first_child[node] + k
    return first_child[node] + children[node] - 1


@njit(cache=True)
def _external(mover, tree, payoffs, regret, total, space, worths, frames, rng):
    """One walk for `mover`: every own action, the rest sampled; updates regrets and averages.

    A frame is an own node on the way: its number, the action being walked, how many there are.
    """
    player, infoset, first_child, children, probability, end, offset = tree
    scratch = space[len(space) - 1]
    node, depth = 0, 0
    while True:
        while end[node] < 0:
            who = player[node]
            if who == _CHANCE:
                node = _chance(node, probability, first_child, children, rng.random())
                continue
            at = infoset[node]
            if who == mover:
                frames[depth, 0], frames[depth, 1] = node, 0
                frames[depth, 2] = match(regret, offset, at, space[depth])
                depth += 1
                node = first_child[node]
                continue
            count = match(regret, offset, at, scratch)
            if who == (mover + 1) % payoffs.shape[1]:
                for k in range(count):
                    total[offset[at] + k] += scratch[k]
            node = first_child[node] + draw(scratch, count, rng.random())
        value = payoffs[end[node], mover]
        while depth > 0:
            f = depth - 1
            here, k, count = frames[f, 0], frames[f, 1], frames[f, 2]
            worths[f, k] = value
            if k + 1 < count:
                frames[f, 1] = k + 1
                node = first_child[here] + k + 1
                break
            value = 0.0
            for a in range(count):
                value += space[f, a] * worths[f, a]
            for a in range(count):
                regret[offset[infoset[here]] + a] += worths[f, a] - value
            depth -= 1
        if depth == 0:
            return


@njit(cache=True)
def external(count, tree, payoffs, regret, total, space, worths, frames, rng):
    """`count` iterations of external sampling: every player walks the tree once in each."""
    for _ in range(count):
        for mover in range(payoffs.shape[1]):
            _external(mover, tree, payoffs, regret, total, space, worths, frames, rng)


@njit(cache=True)
def _outcome(mover, explore, tree, payoffs, regret, total, space, frames, weights, rng):
    """One path for `mover`, down and back; updates regrets and averages along it.

    A frame is a node with a choice: its number, the action taken, how many there are. The
    weights are the own probability up to there, the others', the sampling probability, and
    the one with which the action was sampled.
    """
    player, infoset, first_child, children, probability, end, offset = tree
    node, depth = 0, 0
    own, others, sampled = 1.0, 1.0, 1.0
    while end[node] < 0:
        who = player[node]
        if who == _CHANCE:
            node = _chance(node, probability, first_child, children, rng.random())
            others *= probability[node]
            sampled *= probability[node]
            continue
        shares = space[depth]
        count = match(regret, offset, infoset[node], shares)
        if who == mover and rng.random() < explore:
            taken = min(int(rng.random() * count), count - 1)
        else:
            taken = draw(shares, count, rng.random())
        chance = shares[taken]
        if who == mover:
            chance = explore / count + (1 - explore) * shares[taken]
        frames[depth, 0], frames[depth, 1], frames[depth, 2] = node, taken, count
        weights[depth, 0], weights[depth, 1] = own, others
        weights[depth, 2], weights[depth, 3] = sampled, chance
        if who == mover:
            own *= shares[taken]
        else:
            others *= shares[taken]
        sampled *= chance
        node = first_child[node] + taken
        depth += 1
    value = payoffs[end[node], mover]
    for f in range(depth - 1, -1, -1):
        here, taken, count = frames[f, 0], frames[f, 1], frames[f, 2]
        worth = value / weights[f, 3]
        value = space[f, taken] * worth
        if player[here] != mover:
            continue
        begin = offset[infoset[here]]
        for k in range(count):
            gained = (worth if k == taken else 0.0) - value
            regret[begin + k] += weights[f, 1] / weights[f, 2] * gained
            total[begin + k] += weights[f, 0] * space[f, k] / weights[f, 2]


@njit(cache=True)
def outcome(count, explore, tree, payoffs, regret, total, space, frames, weights, rng):
    """`count` iterations of outcome sampling: one path a player in each."""
    for _ in range(count):
        for mover in range(payoffs.shape[1]):
            _outcome(mover, explore, tree, payoffs, regret, total, space, frames, weights, rng)


@njit(cache=True)
def normalise(total, offset):
    """The average strategies; even where a set was never counted."""
    found = np.empty_like(total)
    for at in range(len(offset) - 1):
        begin, end = offset[at], offset[at + 1]
        weight = total[begin:end].sum()
        for k in range(begin, end):
            found[k] = total[k] / weight if weight > 0 else 1.0 / (end - begin)
    return found
