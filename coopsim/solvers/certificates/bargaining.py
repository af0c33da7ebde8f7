"""Certificates of bargaining: hyperplanes for polytopes, another global search for frontiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import kept
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.deviations import DENSE, best_of_box, best_of_coordinate
from coopsim.solvers.proof import Certificate, spreads

Profile = tuple[Float, ...]

_FAR = 1e9
_SHARP = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def nash(
    form: BargainingForm,
    profile: Profile,
    details: Mapping[str, Any],
    power: Sequence[float] | None = None,
) -> tuple[Certificate, Float]:
    """How much larger the weighted geometric mean of gains could be; payoffs `[n]`.

    For a polytope: the gradient of the sum of w_i log(gain_i) is largest over the vertices
    at most by how much the logarithm of the product can still grow.
    """
    weights = np.ones(form.n) if power is None else np.asarray(power, dtype=float)
    weights = weights / weights.sum()
    payoffs = form.payoffs(profile[0])
    gains = payoffs - form.disagreement
    if not (gains > 0).all():
        return _proof(form, profile, np.inf, False, "a gain that is not above 0"), payoffs
    mean = float(np.exp(weights @ np.log(gains)))
    if form.vertices is not None:
        steep = weights / gains
        growth = positive_part(float(((form.vertices - payoffs) @ steep).max()))
        how = "the hyperplane through the gradient of the product of gains, at every vertex"
        return _proof(form, profile, mean * np.expm1(growth), True, how), payoffs

    def value(x: Float) -> Float:
        own = form.payoffs(x) - form.disagreement
        means = np.exp(np.log(np.maximum(own, 1e-300)) @ weights)
        return np.asarray(np.where((own > 0).all(-1), means, np.minimum(own.min(-1), 0)))

    return _searched(form, profile, value, payoffs)


def kalai_smorodinsky(
    form: BargainingForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much larger the gains could be in the proportion of the ideal gains; payoffs `[n]`."""
    ideal = _ideal(form)
    return _proportional(form, profile, ideal)


def egalitarian(
    form: BargainingForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much larger the smallest gain could be; payoffs `[n]`."""
    return _proportional(form, profile, np.ones(form.n))


def utilitarian(
    form: BargainingForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much larger the sum of payoffs could be with nobody worse off; payoffs `[n]`."""
    payoffs = form.payoffs(profile[0])
    loss = positive_part(float((form.disagreement - payoffs).max()))
    if form.vertices is None:
        return _searched(form, profile, _rational(form, np.ones(form.n)), payoffs)
    best = _most(form, np.ones(form.n))
    gap = positive_part(best - float((payoffs - form.disagreement).sum()), loss)
    how = "multipliers of the players' claims that bound the sum at every vertex"
    return _proof(form, profile, gap, True, how), payoffs


def _proportional(
    form: BargainingForm, profile: Profile, direction: Float
) -> tuple[Certificate, Float]:
    payoffs = form.payoffs(profile[0])
    unit = direction.max()
    if form.vertices is None:
        return _searched(
            form,
            profile,
            lambda x: unit * ((form.payoffs(x) - form.disagreement) / direction).min(-1),
            payoffs,
        )
    share = float(((payoffs - form.disagreement) / direction).min())
    gap = positive_part(_separation(form, direction) - share) * unit
    how = "a hyperplane with the whole polytope on one side"
    return _proof(form, profile, gap, True, how), payoffs


def _separation(form: BargainingForm, direction: Float) -> float:
    """An upper bound of t with t * direction dominated in the polytope: prices p >= 0.

    With p . direction = 1, t is at most the largest p . (v - d) of a vertex v.
    """
    assert form.vertices is not None
    shares = (form.vertices - form.disagreement) / direction
    unit = max(float(np.abs(shares).max()), 1e-300)
    answer = linear_program(
        np.append(np.zeros(form.n), 1.0),
        np.column_stack([shares / unit, -np.ones(len(shares))]),
        np.zeros(len(shares)),
        np.append(np.ones(form.n), 0.0)[None],
        [1.0],
        bounds=[(0, None)] * form.n + [(None, None)],
        options=_SHARP,
    )
    if answer.x is None:  # no prices, no bound
        return np.inf
    prices = np.maximum(answer.x[: form.n], 0)
    return float((shares @ prices).max() / prices.sum())


def _most(form: BargainingForm, weights: Float) -> float:
    """An upper bound of the weighted sum of gains where nobody loses, from multipliers q >= 0.

    The sum is at most the largest (weights + q) . (v - d) of a vertex v.
    """
    assert form.vertices is not None
    gains = form.vertices - form.disagreement
    unit = max(float(np.abs(gains).max()), 1e-300)
    answer = linear_program(
        np.append(np.zeros(form.n), 1.0),
        np.column_stack([gains / unit, -np.ones(len(gains))]),
        -gains @ weights / unit,
        bounds=[(0, None)] * form.n + [(None, None)],
        options=_SHARP,
    )
    # unbounded: no lottery leaves everybody as well off
    multipliers = np.maximum(answer.x[: form.n], 0) if answer.status == 0 else np.zeros(form.n)
    return float((gains @ (weights + multipliers)).max())


def _ideal(form: BargainingForm) -> Float:
    """The largest gain of each player where nobody loses, `[n]`."""
    if form.vertices is not None:
        return np.array([_most(form, unit) for unit in np.eye(form.n)])
    return np.array([_search(form, _rational(form, unit)) for unit in np.eye(form.n)])


def _rational(form: BargainingForm, weights: Float) -> Callable[[Float], Float]:
    def value(x: Float) -> Float:
        gains = form.payoffs(x) - form.disagreement
        loss = np.minimum(gains.min(-1), 0)
        return np.asarray(np.where(loss < 0, _FAR * loss, gains @ weights))

    return value


def _searched(
    form: BargainingForm, profile: Profile, value: Callable[[Float], Float], payoffs: Float
) -> tuple[Certificate, Float]:
    own = float(value(profile[0]))
    gap = positive_part(_search(form, value, profile[0]) - own)
    if len(profile[0]) == 1:
        how = "a dense grid of the frontier and ten closer looks"
    else:
        how = "a sample of the frontier, shrinking clouds around its best points, and L-BFGS-B"
    return _proof(form, profile, gap, False, how), payoffs


def _search(
    form: BargainingForm, value: Callable[[Float], Float], point: Float | None = None
) -> float:
    """The largest value that a search of the whole box finds."""
    assert form.low is not None
    assert form.high is not None

    def finite(x: Float) -> Float:
        found = value(x)
        return np.asarray(np.where(np.isnan(found), -_FAR, found))[..., None]

    owner = np.zeros(len(form.low), dtype=int)
    whole = ContinuousForm(("all",), form.low, form.high, owner, finite).watched(kept())
    middle = 0.5 * (form.low + form.high) if point is None else point
    if len(form.low) == 1:
        return float(best_of_coordinate(whole, middle, 0, DENSE)[1])
    return float(best_of_box(whole, middle, None))


def _proof(
    form: BargainingForm, profile: Profile, gap: float, exact: bool, how: str
) -> Certificate:
    (agreement,) = profile
    if form.vertices is not None:
        span = max(spreads(form.vertices, -1))
        outside = positive_part(-float(agreement.min()), abs(float(agreement.sum()) - 1)) * span
    else:
        span = float(np.abs(form.payoffs(agreement) - form.disagreement).max())
        assert form.low is not None
        assert form.high is not None
        beyond = np.maximum(form.low - agreement, agreement - form.high)
        outside = 0.0 if beyond.max() <= 0 else np.inf
    # what the players could share is one claim; it rounds where the largest payoffs do
    return Certificate.of(
        "shortfall", (positive_part(gap, outside),), span, exact=exact, checked_by=how
    )
