"""Certificates of normal forms: every action of every player, every pure profile."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Certificate

Profile = tuple[Float, ...]

_MATCH = 1e-9  # how far a float profile may lie from the fractions that it stands for


def regret(
    form: NormalForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains by the best other action; expected payoffs `[n]`.

    Where `details` has "exact_profile", the same profile in fractions, and the payoffs are
    known exactly, everything is computed in fractions and the residual has no rounding.

    Cost: one contraction of the payoff tensor a player.
    """
    values = form.expected(profile)
    fractions = _fractions(profile, details.get("exact_profile"))
    if fractions is not None:
        gains = tuple(float(gain) for gain in _exact_gains(form, fractions))
        how = "every action of every player, in fractions"
    else:
        gains = tuple(max(0.0, _gain(form, profile, i)) for i in range(form.n))
        how = "every action of every player"
    proof = Certificate(
        kind="regret",
        residual=max(gains),
        players=gains,
        relative=max(gains) / max(payoff_range(form), 1e-300),
        exact=True,
        complete=False,
        checked_by=how,
    )
    return proof, values


def shortfall(
    form: NormalForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much more in sum the best pure profile pays; expected payoffs `[n]`.

    Cost: one pass over the payoff tensor.
    """
    values = form.expected(profile)
    gap = max(0.0, float(form.payoffs.sum(0).max() - values.sum()))
    proof = Certificate(
        kind="shortfall",
        residual=gap,
        players=(gap,),
        relative=gap / max(payoff_range(form), 1e-300),
        exact=True,
        complete=False,
        checked_by="every pure profile",
    )
    return proof, values


def payoff_range(form: NormalForm) -> float:
    """The largest spread of a player's payoffs."""
    return float(np.ptp(form.payoffs.reshape(form.n, -1), axis=1).max())


def _gain(form: NormalForm, profile: Profile, player: int) -> float:
    """What a player gains by its best action.

    Payoffs are taken above the player's lowest against the same actions of the others: what
    all own actions share would only cost digits.
    """
    above = form.payoffs[player] - form.payoffs[player].min(axis=player, keepdims=True)
    for other in reversed(range(form.n)):
        if other != player:
            above = np.tensordot(above, profile[other], axes=(other, 0))
    return float(above.max() - above @ profile[player])


def _fractions(profile: Profile, texts: Any) -> list[list[Fraction]] | None:
    """The profile in fractions, if `texts` are distributions that round to it; else None."""
    try:
        exact = [[Fraction(text) for text in part] for part in texts]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    fits = len(exact) == len(profile) and all(
        len(own) == len(part)
        and sum(own) == 1
        and min(own) >= 0
        and all(abs(float(a) - b) <= _MATCH for a, b in zip(own, part, strict=True))
        for own, part in zip(exact, profile, strict=True)
    )
    return exact if fits else None


def _exact_gains(form: NormalForm, profile: list[list[Fraction]]) -> list[Fraction]:
    """The regret of each player in fractions; payoffs without fractions are taken as they are."""
    tensor: Any = form.exact if form.exact is not None else _as_fractions(form.payoffs)
    gains = []
    for player in range(form.n):
        paid = tensor[player]
        for other in reversed(range(form.n)):
            if other != player:
                share = np.array(profile[other], dtype=object)
                paid = np.tensordot(paid, share, axes=(other, 0))
        own = sum((a * b for a, b in zip(profile[player], paid, strict=True)), Fraction(0))
        gains.append(max(paid) - own)
    return gains


def _as_fractions(values: Float) -> Exact:
    flat = np.empty(values.size, dtype=object)
    flat[:] = [Fraction(float(value)) for value in values.ravel()]
    return flat.reshape(values.shape)
