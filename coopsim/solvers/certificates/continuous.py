"""Certificates of continuous forms: every player's action set is searched globally.

A dense grid on each coordinate, then zooming in on its best cells, so a residual of 1e-9
means that a search of that resolution found nothing better.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import kept
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.deviations import QUICK, best_of_box, best_of_coordinate, payoffs_at
from coopsim.solvers.proof import Certificate

_NEAR = 1e-4  # of the range of actions: how close to one point all equilibria must lie
_RESPONSES = 1000  # best responses on the way to one point, from either end
_SMALL = 1e-6  # of the range of payoffs: above this a point is no equilibrium that could be alone
_SAMPLE = 256  # profiles that the range of payoffs is taken from


def regret(
    form: ContinuousForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains by the best deviation that a dense search finds; payoffs `[n]`.

    Cost: about 4,000 evaluations a player (one batched call a look), and up to a thousand
    quick best responses where the form is supermodular and may have one equilibrium only.

    Raises:
        CoopsimError: a payoff is not a number, here or at a deviation.
    """
    form, point = form.watched(kept()), form.join(profile)
    return _regret(form, point), np.asarray(form.payoffs(point))


def shortfall(
    form: ContinuousForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much more in sum a search of the whole box finds; payoffs `[n]`.

    Cost: some 10,000 evaluations.

    Raises:
        CoopsimError: a payoff is not a number.
    """
    form, point = form.watched(kept()), form.join(profile)
    return _shortfall(form, point), np.asarray(form.payoffs(point))


def _regret(form: ContinuousForm, point: Float) -> Certificate:
    gains, joint = [], False
    for player in range(form.n):
        own = form.coordinates(player)
        if len(own) == 1:
            best = best_of_coordinate(form, point, int(own[0]))[1]
        else:
            best, joint = best_of_box(form, point, player), True
        gains.append(positive_part(best - float(payoffs_at(form, point, player))))
    # a deviation that gains more than the sample ranges over widens the range
    spans = [max(pair) for pair in zip(_payoff_ranges(form), gains, strict=True)]
    small = all(gain <= _SMALL * span for gain, span in zip(gains, spans, strict=True))
    alone = small and form.supermodular and form.m == form.n and _only_equilibrium(form, point)
    looked = "a dense grid and ten closer looks at every player's action"
    if joint:
        looked = "a sample and climbs of every player's joint actions, a dense grid of single ones"
    unique = (
        f"; best responses from the lowest and from the highest profile both end here, so all "
        f"equilibria of this supermodular game lie within {_NEAR:g} of the range of actions"
    )
    return Certificate.of(
        "regret",
        gains,
        spans,
        exact=False,
        complete=alone,
        checked_by=looked + (unique if alone else ""),
    )


def _only_equilibrium(form: ContinuousForm, point: Float) -> bool:
    """Whether all equilibria of a supermodular form lie within `_NEAR` of `point`.

    The lowest best responses, repeated from the lowest profile, stay below the smallest
    equilibrium, the highest ones from the highest profile above the largest, and all
    others lie between (Milgrom and Roberts 1990, theorem 5). So once both have come near
    `point`, all equilibria are near it, whether or not the responses have settled.
    """
    width = np.where(form.high > form.low, form.high - form.low, 1.0)
    for corner, prefer in ((form.low, -1), (form.high, 1)):
        here = np.array(corner, dtype=float)
        for _ in range(max(10, _RESPONSES // form.m)):
            before = here.copy()
            for k in range(form.m):
                here[k], _ = best_of_coordinate(form, here, k, QUICK, prefer)
            if (np.abs(here - point) <= _NEAR * width).all():
                break
            # the maximum of a smooth payoff is flat to about 1e-8 of the range
            if (np.abs(here - before) <= 1e-7 * width).all():
                return False
        else:
            return False
    return True


def _shortfall(form: ContinuousForm, point: Float) -> Certificate:
    gap = positive_part(best_of_box(form, point, None) - float(payoffs_at(form, point, None)))
    return Certificate.of(
        "shortfall",
        (gap,),
        max(*_payoff_ranges(form), gap),  # a sum rounds where its largest payoffs do
        exact=False,
        checked_by="a sample of the whole box, shrinking clouds around its best points and this "
        "one, and L-BFGS-B",
    )


def _payoff_ranges(form: ContinuousForm) -> list[float]:
    """The range of each player's payoffs over a sample of the box."""
    unit = np.random.default_rng(0).random((_SAMPLE, form.m))
    payoffs = form.payoffs(form.low + unit * (form.high - form.low))
    seen = np.isfinite(payoffs)
    highest = np.where(seen, payoffs, -np.inf).max(0)
    lowest = np.where(seen, payoffs, np.inf).min(0)
    seen_ever = highest >= lowest
    return np.where(seen_ever, highest - lowest, 0.0).tolist()  # type: ignore[no-any-return]
