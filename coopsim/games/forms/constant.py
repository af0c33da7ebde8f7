"""The constant form of a game over time: each player's action is kept for the whole episode."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.games.forms.continuous import ContinuousForm

# profiles played at once: enough to fill the arrays, few enough to stay in cache
_BLOCK = 8192


def constant_form(game: Any, low: Float, high: Float) -> ContinuousForm:
    """A continuous form whose payoffs are those of whole episodes.

    Args:
        game: a `Game` whose players each choose one number a round, or k numbers.
        low, high: bounds of the actions, `[n]` or `[n, k]`.

    The payoff of a profile is the sum over an episode divided by the horizon, so it is
    comparable with one round; rounds lost to an early end count as nothing. One
    evaluation plays `horizon` rounds; profiles are played side by side.
    """
    least = np.asarray(low, dtype=float)
    return ContinuousForm(
        players=game.labels,
        low=least.ravel(),
        high=np.asarray(high, dtype=float).ravel(),
        owner=np.repeat(np.arange(game.n), least.size // game.n),
        payoffs=functools.partial(_episode_means, game, least.shape),
        unit="payoff units a round, mean over the episode",
    )


def _episode_means(game: Any, shape: tuple[int, ...], profiles: Float) -> Float:
    given = np.asarray(profiles, dtype=float)
    flat = given.reshape(-1, *shape)
    means = np.empty((len(flat), game.n))
    for first in range(0, len(flat), _BLOCK):
        block = flat[first : first + _BLOCK]
        state, alive = game.start(len(block)), np.ones(len(block), dtype=bool)
        total = np.zeros((len(block), game.n))
        # batch last in memory, as game kernels like it
        actions = np.moveaxis(np.ascontiguousarray(np.moveaxis(block, 0, -1)), -1, 0)
        for _ in range(game.rounds):
            look()
            step = game.step(state, actions)
            total += step.payoffs * alive[:, None]
            alive &= ~step.done
            state = step.state
            if not alive.any():
                break
        means[first : first + _BLOCK] = total / game.rounds
    return means.reshape(*given.shape[:-1], game.n)
