"""What players could gain against strategies on trust and reputation, played out from a grid.

A method's own look, by which it chooses between profiles; certificates look elsewhere and
closer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.games.forms.trust import TrustForm, chosen, grid

_LEVELS = 13
_POINTS = (4, 3)  # of trust and of damage, for all players alike and for the first one alone
_NOTHING = 1e-5  # discounted weight of what is left out of endless play


def one_round(form: TrustForm) -> float:
    """The largest range of a player's payoffs in the first round, over corners and marks."""
    corners = np.stack(np.meshgrid(*zip(form.low, form.high, strict=True)), -1).reshape(-1, form.n)
    actions = np.concatenate([corners, form.marks, 0.5 * (form.low + form.high)[None]])
    paid = form.step(np.tile(form.start, (len(actions), 1)), actions)[1]
    return float(np.ptp(paid, axis=0).max())


def temptation(form: TrustForm, profile: Sequence[Float]) -> float:
    """The most a player gains by an action for one round or for good, from any of some states.

    Args:
        form: the game.
        profile: one table a player.

    Cost: some 2,000 episodes a player.
    """
    return max(_gain(form, profile, i) for i in range(form.n))


def _gain(form: TrustForm, profile: Sequence[Float], player: int) -> float:
    low, high = form.low[player], form.high[player]
    levels = np.append(np.linspace(low, high, _LEVELS), form.marks[:, player])
    rounds = form.horizon or int(np.ceil(np.log(_NOTHING) / np.log(form.discount)))
    most = 0.0
    for begin in (0, rounds // 2) if form.horizon else (0,):
        states = _states(form)
        size = len(states)
        plain = _earned(form, profile, states, player, np.zeros(size), range(begin, rounds), 0)
        wide, held = np.repeat(states, len(levels), axis=0), np.tile(levels, size)
        for length in (1, rounds):
            value = _earned(form, profile, wide, player, held, range(begin, rounds), length)
            most = max(most, float((value.reshape(size, -1).max(1) - plain).max()))
    return most


def _earned(
    form: TrustForm,
    profile: Sequence[Float],
    states: Float,
    player: int,
    held: Float,
    when: range,
    length: int,
) -> Float:
    """What the player earns `[B]` that keeps to `held` for `length` rounds."""
    total, weight = np.zeros(len(states)), np.ones(len(states))
    for t in when:
        look()
        joint = np.stack([chosen(part, t, states) for part in profile], -1)
        if t - when.start < length:
            joint[:, player] = held
        states, paid, goes_on = form.step(states, joint)
        total += weight * paid[:, player]
        weight = weight * form.discount * goes_on
    return total


def _states(form: TrustForm) -> Float:
    """The first state, states in which all are alike, and those in which one differs."""
    trust, damage = grid(_POINTS).T
    pairs = np.stack([trust * (1 - damage), damage], -1)
    alike = np.tile(pairs, (1, form.n))
    apart = np.tile(form.start, (len(pairs), 1))
    apart[:, :2] = pairs
    return np.concatenate([form.start[None], alike, apart, np.roll(apart, 2, axis=1)])
