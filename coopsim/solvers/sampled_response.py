"""A response learned from sampled episodes: Monte Carlo control on information sets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.extensive import ExtensiveForm

_BATCH = 512  # episodes played side by side, between two changes of the learner
_EXPLORE = 0.3  # how often the learner tries any action, at first


def learned_response(
    form: ExtensiveForm,
    profile: tuple[Float, ...],
    player: int,
    episodes: int,
    rng: np.random.Generator,
) -> Float:
    """A pure strategy that did well against the others' part of a profile, `[S_i]`.

    Every-visit Monte Carlo control with exploration that fades to nothing (Sutton and Barto
    2018, section 5.4): an action is worth the mean of what episodes with it paid.

    Args:
        form: a tree with perfect recall.
        profile: the others' behaviour strategies; the learner's own is not read.
        player: who learns.
        episodes: how many are played.
        rng: draws everything.

    Cost: `episodes` paths through the tree, 512 at a time.
    """
    tree = form.tree
    part = tree.infosets.part(player)
    size = part.stop - part.start
    counts, totals = np.zeros(size), np.zeros(size)
    joined = np.concatenate([np.asarray(own, dtype=np.float64) for own in profile])
    rounds = max(1, -(-episodes // _BATCH))
    for k in range(rounds):
        explore = _EXPLORE * (1 - k / rounds)
        joined[part] = _greedy(form, player, counts, totals, explore)
        ends, taken = _play(form, joined, player, min(_BATCH, episodes), rng)
        paid = form.payoffs[ends, player]
        for places in taken:
            seen = places >= 0
            np.add.at(counts, places[seen], 1)
            np.add.at(totals, places[seen], paid[seen])
    return _greedy(form, player, counts, totals, 0.0)


def _greedy(
    form: ExtensiveForm, player: int, counts: Float, totals: Float, explore: float
) -> Float:
    """The best action so far at each information set, mixed with even play."""
    own = form.sequences[player]
    if not len(own.first):
        return np.zeros(0)
    # an action that was never tried is tried before all others
    worth = np.where(counts > 0, totals / np.maximum(counts, 1), np.inf)
    starts = own.first - 1
    top = np.repeat(np.maximum.reduceat(worth, starts), own.actions)
    best = worth == top
    share = best / np.repeat(np.add.reduceat(best.astype(float), starts), own.actions)
    if explore == 0.0:  # pure: the first of equals
        rank = np.cumsum(best) - np.repeat(np.cumsum(best)[starts] - best[starts], own.actions)
        share = (best & (rank == 1)).astype(float)
    return np.asarray((1 - explore) * share + explore / np.repeat(own.actions, own.actions))


def _play(
    form: ExtensiveForm, joined: Float, player: int, batch: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.int64]]]:
    """Ends of sampled episodes (places in `terminals`), and the player's moves along them."""
    tree = form.tree
    part = tree.infosets.part(player)
    share = np.where(tree.edge >= 0, joined[np.maximum(tree.edge, 0)], tree.probability)
    node, taken = np.zeros(batch, dtype=np.int64), []
    while True:
        open_ = tree.children[node] > 0
        if not open_.any():
            break
        begin, count = tree.first_child[node], tree.children[node]
        u, total = rng.random(batch), np.zeros(batch)
        step = np.full(batch, -1, dtype=np.int64)
        for k in range(int(count.max())):
            here = open_ & (k < count)
            total = np.where(here, total + share[np.where(here, begin + k, 0)], total)
            step = np.where(here & (step < 0) & (u < total), k, step)
        step = np.where(step < 0, count - 1, step)  # shares that sum to just below 1
        own = open_ & (tree.player[node] == player)
        below = np.where(open_, begin + step, node)
        taken.append(np.where(own, tree.edge[below] - part.start, -1))
        node = below
    place = np.full(tree.size, -1, dtype=np.int64)
    place[tree.terminals] = np.arange(len(tree.terminals))
    return place[node], taken
