"""Certificates of logit equilibria: everybody's choices put back into the logit formula.

The residual is in units of probability, not of payoff: the largest difference between what
is played and the logit response to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.tree.arrays import CHANCE
from coopsim.solvers.proof import Certificate

Profile = tuple[Float, ...]


def fixed_point(
    form: NormalForm,
    profile: Profile,
    details: Mapping[str, Any],
    lam: float | Sequence[float] = 1.0,
) -> tuple[Certificate, Float]:
    """How far each player's distribution is from the logit response; expected payoffs `[n]`.

    Args:
        form: the game.
        profile: one distribution a player.
        details: not read.
        lam: the precision, in 1 over payoff units, or one a player.

    Cost: one contraction of the payoff tensor a player.
    """
    del details
    rates = np.broadcast_to(np.asarray(lam, dtype=float), (form.n,))
    gaps = []
    for player, own in enumerate(profile):
        answer = _logit(float(rates[player]) * form.deviations(profile, player))
        gaps.append(float(np.abs(answer - own).max()))
    how = "the logit response of every player, in units of probability"
    return _certificate(gaps, how, True), form.expected(profile)


def agent_fixed_point(
    form: ExtensiveForm,
    profile: Profile,
    details: Mapping[str, Any],
    lam: float | Sequence[float] = 1.0,
) -> tuple[Certificate, Float]:
    """The same at every information set, by what its actions pay from there on.

    One pass down the tree gives the probability of each node, one pass up its value. A set
    that play reaches with a probability of 0 in floating point has no beliefs to check; it is
    left out, and the certificate is not exact then.

    Cost: two passes over the nodes.
    """
    del details
    tree, sets = form.tree, form.infosets
    rates = np.broadcast_to(np.asarray(lam, dtype=float), (form.n,))
    chosen = np.concatenate([np.asarray(part, dtype=float) for part in profile])
    reach, value = np.ones(tree.size), np.zeros((tree.size, tree.n))
    weight = np.ones(tree.size)
    for node in range(1, tree.size):
        look()
        above = int(tree.parent[node])
        if tree.player[above] == CHANCE:
            weight[node] = tree.probability[node]
        else:
            weight[node] = chosen[sets.offset[tree.infoset[above]] + tree.action[node]]
        reach[node] = reach[above] * weight[node]
    value[tree.terminals] = form.payoffs
    for node in range(tree.size - 1, 0, -1):
        value[tree.parent[node]] += weight[node] * value[node]
    gaps, left = [0.0] * form.n, 0
    for infoset in range(len(sets)):
        look()
        player, nodes = int(sets.player[infoset]), sets.members(infoset)
        total = float(reach[nodes].sum())
        if total == 0:
            left += 1
            continue
        actions = np.arange(int(sets.actions[infoset]))
        after = value[tree.first_child[nodes][:, None] + actions, player]
        answer = _logit(float(rates[player]) * (reach[nodes] / total @ after))
        begin = int(sets.offset[infoset])
        gap = float(np.abs(answer - chosen[begin + actions]).max())
        gaps[player] = positive_part(gaps[player], gap)
    how = "the logit response at every information set, in units of probability"
    if left:
        how += f"; {left} sets of probability 0 were left out"
    return _certificate(gaps, how, left == 0), form.expected(profile)


def _logit(powers: Float) -> Float:
    shares = np.exp(powers - powers.max())
    return np.asarray(shares / shares.sum())


def _certificate(gaps: Sequence[float], how: str, exact: bool) -> Certificate:
    # probabilities, whose range is 1
    return Certificate.of("fixed point", gaps, 1.0, exact=exact, checked_by=how)
