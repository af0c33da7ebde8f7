"""Passes over the arrays of a tree: reach, expected payoffs, best responses.

A profile is a tuple with one behaviour strategy a player, arrays `[..., S_i]` as described
in `coopsim.games.forms.tree.arrays.Infosets`; leading axes are batches and broadcast against
one another and against the leading axis of payoff variants. Expected payoffs are computed
over nodes, best responses over sequences: two ways that share no arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.tree.arrays import Ints, Tree
from coopsim.games.forms.tree.sequences import Sequences

Profile = Sequence[Float]
"""One behaviour strategy a player, `[..., S_i]` each."""


def join(tree: Tree, profile: Profile) -> Float:
    """The strategies of all players one after another, `[..., S]`.

    Raises:
        ValueError: there is not one array a player, or one has the wrong length.
    """
    parts = [np.asarray(part, dtype=np.float64) for part in profile]
    sizes = [own.stop - own.start for own in map(tree.infosets.part, range(tree.n))]
    if [part.shape[-1:] for part in parts] != [(size,) for size in sizes]:
        raise ValueError(
            f"a profile needs one array a player with {sizes} entries along the last axis, "
            f"not shapes {[part.shape for part in parts]}"
        )
    lead = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    return np.concatenate([np.broadcast_to(p, (*lead, p.shape[-1])) for p in parts], axis=-1)


def split(tree: Tree, joined: Float) -> tuple[Float, ...]:
    """The inverse of `join`."""
    return tuple(joined[..., tree.infosets.part(player)] for player in range(tree.n))


def uniform(tree: Tree) -> tuple[Float, ...]:
    """The profile that takes every action of an information set with equal probability."""
    counts = tree.infosets.actions
    return split(tree, np.repeat(1.0 / counts, counts))


def reach(tree: Tree, profile: Profile) -> Float:
    """The probability that play passes through each node, `[..., N]`."""
    joined = join(tree, profile)
    # actions of chance stand behind those of players, one a node
    chance = np.broadcast_to(tree.probability, (*joined.shape[:-1], tree.size))
    place = np.where(tree.edge >= 0, tree.edge, joined.shape[-1] + np.arange(tree.size))
    found = np.take(np.concatenate([joined, chance], axis=-1), place, axis=-1)
    for depth in range(1, tree.depth + 1):
        here = tree.level(depth)
        found[..., here] *= np.take(found, tree.parent[here], axis=-1)
    return found


def expected(tree: Tree, payoffs: Float, profile: Profile) -> Float:
    """The expected payoffs of a profile, `[..., n]`, by a pass over the nodes.

    Args:
        tree: any tree.
        payoffs: `[Z, n]` or `[V, Z, n]`, in the order of `tree.terminals`.
        profile: one behaviour strategy a player.
    """
    ends = np.take(reach(tree, profile), tree.terminals, axis=-1)
    return np.asarray((ends[..., None, :] @ payoffs)[..., 0, :])


def realise(own: Sequences, strategy: Float) -> Float:
    """The realisation plan `[..., S_i + 1]` of a behaviour strategy `[..., S_i]`.

    Its entries are the products of the player's probabilities along each sequence.
    """
    strategy = np.asarray(strategy, dtype=np.float64)
    plan = np.ones((*strategy.shape[:-1], own.size))
    for level in own.levels:
        here = level.sequences
        moves = strategy[..., here.start - 1 : here.stop - 1]
        plan[..., here] = np.take(plan, own.before[here], axis=-1) * moves
    return plan


def behave(own: Sequences, plan: Float) -> Float:
    """A behaviour strategy `[..., S_i]` with the realisation plan `plan` `[..., S_i + 1]`.

    Where the plan never comes, all actions are equally likely.
    """
    above = np.take(plan, own.before[1:], axis=-1)
    even = 1.0 / own.actions[own.owner[1:]]
    comes = above > 0
    return np.asarray(np.where(comes, plan[..., 1:] / np.where(comes, above, 1), even))


def sequence_values(tree: Tree, payoffs: Float, profile: Profile, player: int) -> Float:
    """What each sequence of `player` is worth by the terminals where it ends, `[..., S_i + 1]`.

    The probabilities of chance and of the other players are multiplied in, the own ones
    are not: the expected payoff of a realisation plan is its product with these values.
    The player's own part of the profile is not read.
    """
    weight = tree.chance_reach
    for other in tree.sequences:
        if other.player != player:
            plan = realise(other, profile[other.player])
            weight = weight * np.take(plan, other.terminal, axis=-1)
    own = tree.sequences[player]
    paid = np.take(weight * payoffs[..., player], own.by_sequence, axis=-1)
    values = np.zeros((*paid.shape[:-1], own.size))
    if len(own.ends):
        values[..., own.ends] = np.add.reduceat(paid, own.runs, axis=-1)
    return values


def respond(own: Sequences, values: Float) -> tuple[Float, Float]:
    """The best plan for given values of sequences.

    Args:
        own: the player's sequences.
        values: `[..., S_i + 1]`, as from `sequence_values`.

    Returns:
        The best total, `[...]`, and a pure behaviour strategy that earns it, `[..., S_i]`
        (of several best actions the first).
    """
    total = np.array(values, dtype=np.float64)
    chosen = np.zeros((*total.shape[:-1], own.size - 1))
    for level in reversed(own.levels):
        here = level.sequences
        options = total[..., here]
        best = np.maximum.reduceat(options, level.starts, axis=-1)
        counts = own.actions[level.infosets]
        chosen[..., here.start - 1 : here.stop - 1] = _first_best(
            options, best, counts, level.starts
        )
        below = np.add.reduceat(np.take(best, level.order, axis=-1), level.runs, axis=-1)
        total[..., level.befores] += below
    return np.asarray(total[..., 0]), chosen


def best_response(tree: Tree, payoffs: Float, profile: Profile, player: int) -> tuple[Float, Float]:
    """A best response of `player` to the others' part of a profile.

    Args:
        tree: a tree with perfect recall.
        payoffs: `[Z, n]` or `[V, Z, n]`, in the order of `tree.terminals`.
        profile: one behaviour strategy a player; the responder's own is not read.
        player: who responds.

    Returns:
        What it earns, `[...]`, and the strategy, `[..., S_i]`, pure.

    Raises:
        NoSuchForm: a player forgets own moves.
    """
    return respond(tree.sequences[player], sequence_values(tree, payoffs, profile, player))


def regrets(tree: Tree, payoffs: Float, profile: Profile) -> Float:
    """What each player would gain by a best response, `[..., n]`, at least 0 but for rounding.

    Raises:
        NoSuchForm: a player forgets own moves.
    """
    now = expected(tree, payoffs, profile)
    best = [best_response(tree, payoffs, profile, i)[0] for i in range(tree.n)]
    return np.asarray(np.stack(np.broadcast_arrays(*best), axis=-1) - now)


def nash_conv(tree: Tree, payoffs: Float, profile: Profile) -> Float:
    """The sum of all players' gains from best responses, `[...]`; 0 at an equilibrium.

    Raises:
        NoSuchForm: a player forgets own moves.
    """
    return np.asarray(regrets(tree, payoffs, profile).sum(-1))


def _first_best(options: Float, best: Float, counts: Ints, starts: Ints) -> Float:
    """1 at the first option of each set that equals its best, 0 elsewhere."""
    equal = options == np.repeat(best, counts, axis=-1)
    seen = np.cumsum(equal, axis=-1)
    before = np.take(seen, starts, axis=-1) - np.take(equal, starts, axis=-1)
    first = equal & (seen - np.repeat(before, counts, axis=-1) == 1)
    return np.asarray(first, dtype=np.float64)
