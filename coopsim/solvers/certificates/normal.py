"""Certificates of normal forms: every action of every player, every pure profile."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificates.rational import gains_in_fractions, rounded_up, shares_of
from coopsim.solvers.proof import ROUNDING, Certificate, spreads

Profile = tuple[Float, ...]

_TIED = 1e-9  # of the largest payoffs: sums this close to the largest are summed in fractions
_MOST = 1000  # ... if they are no more than these


def regret(
    form: NormalForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains by the best other action; expected payoffs `[n]`.

    Where the profile is known in fractions (`details` has "exact_profile", or its floats are
    fractions that sum to 1, as those of every pure profile are), everything is computed in
    whole numbers and the residual has no rounding. Supports too large for that are checked in
    floats; see `coopsim.solvers.certificates.rational`.

    Cost: one contraction of the payoff tensor a player.
    """
    values, spans = form.expected(profile), spreads(form.payoffs)
    shares = shares_of(profile, details.get("exact_profile"))
    exact = None if shares is None else gains_in_fractions(form, shares)
    if exact is not None:
        gains = [rounded_up(gain) for gain in exact]
        how = "every action of every player, in fractions"
    else:
        gains = [_gain(form, profile, i) + _off(profile) * spans[i] for i in range(form.n)]
        how = "every action of every player"
    proof = Certificate.of(
        "regret", gains, spans, exact=True, checked_by=how, rational=exact is not None
    )
    return proof, values


def shortfall(
    form: NormalForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much more in sum the best pure profile pays; expected payoffs `[n]`.

    Sums of a pure profile and of those that come close to the best are compared in fractions.

    Cost: one pass over the payoff tensor.
    """
    values, span = form.expected(profile), max(spreads(form.payoffs))
    exact = _exact_shortfall(form, profile)
    if exact is not None:
        gap, how = rounded_up(exact), "every pure profile, the closest in fractions"
    else:
        gap = positive_part(float(form.payoffs.sum(0).max() - values.sum()))
        gap, how = gap + _off(profile) * span, "every pure profile"
    # a sum rounds where its largest payoffs do
    proof = Certificate.of(
        "shortfall", (gap,), span, exact=True, checked_by=how, rational=exact is not None
    )
    return proof, values


def _gain(form: NormalForm, profile: Profile, player: int) -> float:
    """What a player gains by its best action.

    Payoffs are taken above the player's lowest against the same actions of the others: what
    all own actions share would only cost digits. They are halved, so that no difference is
    beyond all floats.
    """
    half = form.payoffs[player] / 2
    above = half - half.min(axis=player, keepdims=True)
    for other in reversed(range(form.n)):
        if other != player:
            above = np.tensordot(above, profile[other], axes=(other, 0))
    return positive_part(2 * float(above.max() - above @ profile[player]))


def _off(profile: Profile) -> float:
    """How far parts are from distributions, beyond rounding."""
    away = positive_part(*(abs(float(own.sum()) - 1) for own in profile),
                         *(-float(own.min()) for own in profile))  # fmt: skip
    return 0.0 if away <= ROUNDING else away


def _exact_shortfall(form: NormalForm, profile: Profile) -> Fraction | None:
    """The shortfall of a pure profile in fractions; None for others, and where many tie."""
    if not all(bool(((own == 0) | (own == 1)).all()) and own.sum() == 1 for own in profile):
        return None
    tensor: Any = form.payoffs if form.exact is None else form.exact
    sums = form.payoffs.sum(0)
    close = sums >= sums.max() - _TIED * np.abs(form.payoffs).max()
    at = tuple(int(own.argmax()) for own in profile)
    if not np.isfinite(sums).all() or close.sum() > _MOST:
        return None
    rivals = [_summed(tensor, tuple(place)) for place in np.argwhere(close).tolist()]
    return max(rivals) - _summed(tensor, at)


def _summed(tensor: Any, at: tuple[int, ...]) -> Fraction:
    return sum((Fraction(value) for value in tensor[(slice(None), *at)].tolist()), Fraction(0))
