"""Certificates of bargaining: hyperplanes for polytopes, another global search for frontiers.

What a player falls short of is judged by that player's own range of payoffs, the disagreement
among them. Only a sum of payoffs, which has no meaning but in one unit, is one claim of all.
"""

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
_LINE = 257  # points on the diagonal of a box, whose payoffs show the ranges of a frontier
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
    payoffs, gains, spans = (
        form.payoffs(profile[0]),
        _gains(form, profile[0]),
        _spans(form, profile),
    )
    if not (gains > 0).all():
        how = "a gain that is not above 0"
        return _proof(form, profile, np.full(form.n, np.inf), spans, False, how), payoffs
    mean = float(np.exp(weights @ np.log(gains)))
    # a mean of gains is as large as the same mean of ranges, whatever the units
    scale = float(np.exp(weights @ np.log(spans)))
    if form.vertices is not None:
        steep = weights / gains
        growth = positive_part(float(((_advantages(form) - gains) @ steep).max()))
        how = "the hyperplane through the gradient of the product of gains, at every vertex"
        gap = mean * float(np.expm1(growth))
        return _proof(form, profile, np.zeros(form.n), spans, True, how, (gap, scale)), payoffs

    def value(x: Float) -> Float:
        own = form.payoffs(x) - form.disagreement
        means = np.exp(np.log(np.maximum(own, 1e-300)) @ weights)
        return np.asarray(np.where((own > 0).all(-1), means, np.minimum(own.min(-1), 0)))

    gap = _search(form, value, profile[0]) - float(value(profile[0]))
    how = _how(form)
    return _proof(form, profile, np.zeros(form.n), spans, False, how, (gap, scale)), payoffs


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
    payoffs, gains, spans = (
        form.payoffs(profile[0]),
        _gains(form, profile[0]),
        _spans(form, profile),
    )
    if form.vertices is None:
        value = _rational(form, np.ones(form.n))
        gap, how = _search(form, value, profile[0]) - float(value(profile[0])), _how(form)
    else:
        gap = _most(form, np.ones(form.n)) - float(gains.sum())
        how = "multipliers of the players' claims that bound the sum at every vertex"
    whole = form.vertices is not None
    return _proof(form, profile, -gains, spans, whole, how, (gap, float(spans.max()))), payoffs


def _proportional(
    form: BargainingForm, profile: Profile, direction: Float
) -> tuple[Certificate, Float]:
    payoffs, gains, spans = (
        form.payoffs(profile[0]),
        _gains(form, profile[0]),
        _spans(form, profile),
    )
    if form.vertices is None:
        most = _search(
            form, lambda x: ((form.payoffs(x) - form.disagreement) / direction).min(-1), profile[0]
        )
        how = _how(form)
    else:
        most = _separation(form, direction)
        how = "a hyperplane with the whole polytope on one side"
    short = most * direction - gains
    return _proof(form, profile, short, spans, form.vertices is not None, how), payoffs


def _separation(form: BargainingForm, direction: Float) -> float:
    """An upper bound of t with t * direction dominated in the polytope: prices p >= 0.

    With p . direction = 1, t is at most the largest p . (v - d) of a vertex v.
    """
    assert form.vertices is not None
    shares = _advantages(form) / direction
    each = _sizes(shares)
    unit = float(each.min())
    # variables: prices times the size of each player's own shares
    answer = linear_program(
        np.append(np.zeros(form.n), 1.0),
        np.column_stack([shares / each, -np.ones(len(shares))]),
        np.zeros(len(shares)),
        np.append(unit / each, 0.0)[None],
        [1.0],
        bounds=[(0, None)] * form.n + [(None, None)],
        options=_SHARP,
    )
    if answer.x is None:  # no prices, no bound
        return np.inf
    prices = np.maximum(answer.x[: form.n], 0)
    return float((shares / each @ prices).max() / (prices @ (unit / each)) * unit)


def _most(form: BargainingForm, weights: Float) -> float:
    """An upper bound of the weighted sum of gains where nobody loses, from multipliers q >= 0.

    The sum is at most the largest (weights + q) . (v - d) of a vertex v.
    """
    assert form.vertices is not None
    gains = _advantages(form)
    each, total = gains / _sizes(gains), gains @ weights
    unit = max(float(np.abs(total).max()), 1e-300)
    answer = linear_program(
        np.append(np.zeros(form.n), 1.0),
        np.column_stack([each, -np.ones(len(gains))]),
        -total / unit,
        bounds=[(0, None)] * form.n + [(None, None)],
        options=_SHARP,
    )
    # unbounded: no lottery leaves everybody as well off
    multipliers = np.maximum(answer.x[: form.n], 0) if answer.status == 0 else np.zeros(form.n)
    return float((total / unit + each @ multipliers).max()) * unit


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


def _how(form: BargainingForm) -> str:
    """How a frontier is searched."""
    assert form.low is not None
    if len(form.low) == 1:
        return "a dense grid of the frontier and ten closer looks"
    return "a sample of the frontier, shrinking clouds around its best points, and L-BFGS-B"


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


def _advantages(form: BargainingForm) -> Float:
    """What players gain over disagreement at each vertex, `[K, n]`."""
    assert form.vertices is not None
    return form.vertices - form.disagreement


def _gains(form: BargainingForm, agreement: Float) -> Float:
    """What players gain over disagreement, `[n]`; for lotteries without the level of payoffs."""
    if form.vertices is not None:
        return np.asarray(agreement @ _advantages(form))
    return np.asarray(form.payoffs(agreement) - form.disagreement)


def _sizes(gains: Float) -> Float:
    """The size of each player's largest gain or loss, `[n]`; 1 for one who has none."""
    largest = np.abs(gains).max(0)
    return np.asarray(np.where(largest > 0, largest, 1.0))


def _spans(form: BargainingForm, profile: Profile) -> Float:
    """The range of each player's payoffs, that of disagreement among them, `[n]`.

    For a frontier it is the range along the diagonal of its box and at the profile.
    """
    if form.vertices is not None:
        seen = form.vertices
    else:
        assert form.low is not None
        assert form.high is not None
        line = form.low + np.linspace(0, 1, _LINE)[:, None] * (form.high - form.low)
        seen = form.payoffs(np.vstack([line, profile[0]]))
        seen = seen[np.isfinite(seen).all(-1)]
    return np.array(spreads(np.vstack([seen, form.disagreement]), -1))


def _proof(
    form: BargainingForm,
    profile: Profile,
    short: Float,
    spans: Float,
    exact: bool,
    how: str,
    shared: tuple[float, float] = (0.0, 1.0),
) -> Certificate:
    """The certificate of what each player falls short of, and of a claim of all together."""
    (agreement,) = profile
    if form.vertices is not None:
        outside = positive_part(-float(agreement.min()), abs(float(agreement.sum()) - 1))
    else:
        assert form.low is not None
        assert form.high is not None
        beyond = np.maximum(form.low - agreement, agreement - form.high)
        outside = 0.0 if beyond.max() <= 0 else np.inf
    # what is no lottery pays nobody anything
    off = outside * spans if outside else np.zeros(form.n)
    return Certificate.of(
        "shortfall",
        [positive_part(own, far) for own, far in zip(short.tolist(), off.tolist(), strict=True)],
        spans.tolist(),
        exact=exact,
        checked_by=how,
        shared=(positive_part(shared[0]), shared[1]),
    )
