"""Certificates of batches of normal forms: every action of every player, all games at once."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.solvers.proof import ROUNDING

_LETTERS = "abcdefghijklmnopqrstu"


def regrets(payoffs: Float, profiles: tuple[Float, ...]) -> tuple[Float, Float]:
    """What each player of each game gets, and gains by the best other action.

    Args:
        payoffs: `[V, n, A1, ..., An]`.
        profiles: a distribution a player, `[V, K, A_i]`: up to K profiles of each game;
            profiles that are all 0 are empty places.

    Returns:
        Values `[V, K, n]` and gains `[V, K, n]`, in payoff units: 0 at empty places. A gain is
        infinite where some player's weights are no distribution, or a payoff is not finite. Cost:
        one contraction a player and profile.
    """
    if len(profiles) == 2:
        from coopsim.solvers.certificates.pairs import regrets_of_pairs

        return regrets_of_pairs(payoffs, *profiles)
    filled = np.logical_or.reduce([(own != 0).any(-1) for own in profiles])
    game, place = np.nonzero(filled)
    here = tuple(own[game, place] for own in profiles)
    values = np.zeros((*filled.shape, len(profiles)))
    gains = np.zeros_like(values)
    sound = np.logical_and.reduce([_is_distribution(own) for own in here])
    for player, own in enumerate(here):
        each = _deviations(payoffs[game, player], here, player)
        at = (each * own).sum(-1)
        values[game, place, player] = at
        gain = each.max(-1) - at
        known = sound & np.isfinite(gain)
        gains[game, place, player] = np.where(known, np.maximum(gain, 0.0), np.inf)
    return values, gains


def _deviations(payoffs: Float, profiles: tuple[Float, ...], player: int) -> Float:
    """What a player gets for each own action, `[P, A_player]`, from payoffs `[P, A1, ..., An]`."""
    actions = _LETTERS[: len(profiles)]
    others = [place for place in range(len(profiles)) if place != player]
    terms = ",".join([f"z{actions}", *(f"z{actions[place]}" for place in others)])
    result = np.einsum(
        f"{terms}->z{actions[player]}",
        payoffs,
        *(profiles[place] for place in others),
        optimize=len(others) > 1,  # one factor at a time
    )
    return np.asarray(result)


def _is_distribution(own: Float) -> Float:
    return np.asarray((own >= 0).all(-1) & (np.abs(own.sum(-1) - 1) <= ROUNDING))
