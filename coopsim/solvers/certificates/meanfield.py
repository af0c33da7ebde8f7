"""Certificates of mean-field games: what one player gains while the population stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import kept, look
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.meanfield import CrowdForm, MeanFieldForm
from coopsim.solvers.deviations import DENSE, best_of_box, best_of_coordinate
from coopsim.solvers.proof import ROUNDING, Certificate, spread

Profile = tuple[Float, ...]


def exploitability(
    form: MeanFieldForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What a best response gains against the population that the policy makes; values `[1]`.

    One pass forwards for the population, one backwards for the best and the own value.
    """
    policy = profile[0].reshape(form.horizon, form.states, form.actions)
    wrong = positive_part(float(np.abs(policy.sum(-1) - 1).max()), -float(policy.min()))
    here, tables = form.initial, []
    for t in range(form.horizon):
        look()
        population = here[:, None] * policy[t]
        move = form.move(t, population)
        tables.append((form.paid(t, population), move))
        here = np.einsum("sa,sat->t", population, move)
    best, own = np.zeros(form.states), np.zeros(form.states)
    low = high = 0.0
    for (paid, move), chosen in zip(reversed(tables), policy[::-1], strict=True):
        best = (paid + np.einsum("sat,t->sa", move, best)).max(1)
        own = (chosen * (paid + np.einsum("sat,t->sa", move, own))).sum(1)
        low, high = low + float(paid.min()), high + float(paid.max())
    # at an equilibrium all actions may pay the same: their size is the scale then
    span = max(high - low, abs(high), abs(low))
    gain = positive_part(float(form.initial @ (best - own)))
    return _proof(
        gain + (0.0 if wrong <= ROUNDING else wrong * span), span, True,
        "a best response to the population that the policy makes",
    ), np.array([float(form.initial @ own)])  # fmt: skip


def regret(
    form: CrowdForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What one player gains by another action while the mean stays; the payoff `[1]`."""
    (action,) = profile

    def alone(x: Float) -> Float:
        return np.asarray(form.payoff(x, np.broadcast_to(action, x.shape)), dtype=float)

    return _searched(form, action, alone, "regret")


def shortfall(
    form: CrowdForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much more another common action pays everybody; the payoff `[1]`."""
    (action,) = profile
    return _searched(
        form, action, lambda x: np.asarray(form.payoff(x, x), dtype=float), "shortfall"
    )


def _searched(form: CrowdForm, action: Float, value: Any, kind: str) -> tuple[Certificate, Float]:
    owner = np.zeros(len(form.low), dtype=int)
    whole = ContinuousForm(("one",), form.low, form.high, owner, lambda x: value(x)[..., None])
    whole = whole.watched(kept())
    outside = not np.maximum(form.low - action, action - form.high).max() <= 0
    own = float(value(action))
    if len(form.low) == 1:
        best, how = best_of_coordinate(whole, action, 0, DENSE)[1], "a dense grid and closer looks"
    else:
        best = best_of_box(whole, action, None)
        how = "a sample of the box, shrinking clouds around its best points, and L-BFGS-B"
    sample = form.low + np.random.default_rng(0).random((256, len(owner))) * (form.high - form.low)
    span = spread(value(sample))
    gain = np.inf if outside else positive_part(float(best) - own)
    return _proof(gain, span, False, how, kind), np.array([own])


def _proof(gain: float, span: float, exact: bool, how: str, kind: str = "regret") -> Certificate:
    return Certificate.of(kind, (gain,), span, exact=exact, checked_by=how)
