"""Certificates of correlated and coarse correlated equilibria: swaps, and a bound by duality.

For a joint distribution x, the gain of player i from taking b when told a is
`sum_{s_-i} x(a, s_-i) (u_i(b, s_-i) - u_i(a, s_-i))`, weighted by the chance of being told a.
Any multipliers y >= 0 of these gains bound every objective of every equilibrium from above:
a linear one by `max_s (w.u(s) - sum y D(s))`, the smallest payoff by the same with any
convex weights w, the entropy by `log sum_s exp(-sum y D(s))`. So multipliers that a method
hands over need not be believed: they can only make the bound too weak.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.proof import ROUNDING, Certificate, spreads


def correlated(
    form: NormalForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    objective: Any = None,
) -> tuple[Certificate, Float]:
    """The largest gain from swapping one action for another, and the gap of the objective.

    Args:
        form: the game.
        profile: one part, the joint distribution `[A1..An]`.
        details: `incentives` (a table `[A_i, A_i]` a player: told, taken) and, for "max-min",
            `players` (weights `[n]`); both optional, and checked. Without them the objective
            is bounded by its largest value over pure profiles.
        objective: what the distribution is claimed to be best by.

    Returns:
        the certificate and the expected payoffs `[n]`. The residual is the larger of the
        largest gain and the gap between the objective and its bound (nats for "entropy").

    Cost: one pass over the payoffs for each pair of actions of each player.
    """
    return _certificate(form, profile, details, objective, _swaps, "swap of one action for another")


def coarse_correlated(
    form: NormalForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    objective: Any = None,
) -> tuple[Certificate, Float]:
    """The same for coarse correlated equilibria, where a deviation fixes one action.

    `incentives` is a list `[A_i]` a player. Cost: one pass over the payoffs for each action.
    """
    return _certificate(form, profile, details, objective, _fixes, "fixed action")


def incentive_gains(form: NormalForm, joint: Float, *, coarse: bool = False) -> Float:
    """What each player gains at most by leaving a joint distribution, `[n]`, 0 or more.

    Args:
        form: the game.
        joint: `[A1..An]`, a distribution over pure profiles.
        coarse: whether a deviation fixes one action (coarse correlated equilibrium) instead of
            swapping one action for another where it is told (correlated equilibrium).

    Raises:
        ValueError: no distribution of that shape.
    """
    check = coarse_correlated if coarse else correlated
    return np.array(check(form, (np.asarray(joint, dtype=float),), {})[0].players)


def is_correlated(
    form: NormalForm, joint: Float, *, tol: float = 1e-8, coarse: bool = False
) -> bool:
    """Whether a joint distribution is a (coarse) correlated equilibrium within `tol`.

    Arguments as for `incentive_gains`; `tol` is in payoff units.
    """
    return bool(incentive_gains(form, joint, coarse=coarse).max() <= tol)


def _certificate(
    form: NormalForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    objective: Any,
    deviations: Any,
    what: str,
) -> tuple[Certificate, Float]:
    (joint,) = profile
    off = positive_part(float(-joint.min()), abs(float(joint.sum()) - 1.0))
    if joint.shape != form.shape or not off <= 1e-9:
        raise ValueError(f"no joint distribution of shape {form.shape}")
    values = np.array([float((own * joint).sum()) for own in form.payoffs])
    priced, gains = np.zeros(form.shape), []
    # mass that is missing, or below nothing, may hide as much
    hidden = [0.0 if off <= ROUNDING else off * span for span in spreads(form.payoffs)]
    for i in range(form.n):
        gain, cost = deviations(form, joint, i, _table(form, details, i))
        gains.append(positive_part(gain) + hidden[i])
        priced += cost
    reached, bound, span, level = _objective(form, joint, values, objective, priced, details)
    gap = positive_part(bound - reached)
    unit = " nats" if isinstance(objective, str) and objective == "entropy" else ""
    named = "welfare" if objective is None else objective
    return Certificate.of(
        "incentive",
        gains,
        spreads(form.payoffs),
        exact=True,
        shared=(gap, span),
        checked_by=f"every {what} of every player; objective ({named}) {reached + level:.10g}, "
        f"within {gap:.2g}{unit} of the best by duality",
    ), values


def _swaps(form: NormalForm, joint: Float, i: int, table: Float | None) -> tuple[float, Float]:
    """Player i's largest gain from a swap, and the priced gains of each pure profile."""
    own, weight = _above(form, i), np.moveaxis(joint, i, 0)
    size = form.shape[i]
    # paid[a, b]: expected payoff from b at the profiles where a is told, weighted
    paid = weight.reshape(size, -1) @ own.reshape(size, -1).T
    gain = float((paid - np.diag(paid)[:, None]).max())
    if table is None or table.shape != (size, size):
        return gain, np.zeros(form.shape)
    price = np.maximum(table, 0.0)
    np.fill_diagonal(price, 0.0)
    flat = own.reshape(size, -1)
    cost = price @ flat - price.sum(1)[:, None] * flat
    return gain, np.moveaxis(cost.reshape(own.shape), 0, i)


def _fixes(form: NormalForm, joint: Float, i: int, table: Float | None) -> tuple[float, Float]:
    """Player i's largest gain from one fixed action, and the priced gains of each profile."""
    own, weight = _above(form, i), np.moveaxis(joint, i, 0)
    size = form.shape[i]
    others = weight.sum(0)
    gain = float((own.reshape(size, -1) @ others.ravel()).max() - (own * weight).sum())
    if table is None or table.shape != (size,):
        return gain, np.zeros(form.shape)
    price = np.maximum(table, 0.0)
    cost = np.tensordot(price, own, 1)[None] - price.sum() * own
    return gain, np.moveaxis(cost, 0, i)


def _above(form: NormalForm, i: int) -> Float:
    """Player i's payoffs above its lowest against the same others, own actions first.

    What all own actions share would only cost digits.
    """
    own = np.moveaxis(form.payoffs[i], i, 0)
    return np.asarray(own - own.min(axis=0))


def _objective(
    form: NormalForm,
    joint: Float,
    values: Float,
    objective: Any,
    priced: Float,
    details: Mapping[str, Any],
) -> tuple[float, float, float, float]:
    """What the distribution reaches, a bound on what any reaches, the range of either, a level.

    A weighted sum is counted from its level, what players get in any case, which would only
    cost digits.
    """
    lowest = form.payoffs.reshape(form.n, -1).min(axis=1)
    level = 0.0
    if isinstance(objective, str) and objective == "entropy":
        positive = joint[joint > 0]
        top = float((-priced).max())
        entropy = float(-(positive * np.log(positive)).sum())
        bound = top + float(np.log(np.exp(-priced - top).sum()))
        return entropy, bound, math.log(joint.size + 1), level
    max_min = isinstance(objective, str) and objective == "max-min"
    if max_min:
        weights = np.maximum(np.asarray(details.get("players", np.ones(form.n)), float), 0.0)
        if weights.shape != (form.n,) or not weights.sum() > 0:
            weights = np.ones(form.n)
        weights = weights / weights.sum()
        reached, lowest = float(values.min()), 0.0 * lowest
    else:
        weights = _weights(form, objective)
        level = float(weights @ lowest)
    above = form.payoffs - lowest.reshape((-1,) + (1,) * form.n)
    if not max_min:
        reached = float(weights @ [float((own * joint).sum()) for own in above])
    # a weighted sum rounds where its largest payoffs do; who has no weight has no part in it
    span = max(float(abs(w)) * own for w, own in zip(weights, spreads(form.payoffs), strict=True))
    return reached, float((np.tensordot(weights, above, 1) - priced).max()), span, level


def _weights(form: NormalForm, objective: Any) -> Float:
    """The weights of payoffs that a linear objective stands for, `[n]`."""
    if objective is None or (isinstance(objective, str) and objective == "welfare"):
        return np.full(form.n, 1.0)
    if isinstance(objective, str) and objective == "min welfare":
        return np.full(form.n, -1.0)
    if isinstance(objective, str):
        return np.array([float(name == objective) for name in form.players])
    if np.ndim(objective) == 0:
        return np.array([float(i == objective) for i in range(form.n)])
    return np.asarray(objective, dtype=float)


def _table(form: NormalForm, details: Mapping[str, Any], i: int) -> Float | None:
    """Player i's multipliers where they were handed over and are finite numbers."""
    given = details.get("incentives")
    if not isinstance(given, list | tuple) or len(given) != form.n:
        return None
    try:
        table = np.asarray(given[i], dtype=float)
    except (TypeError, ValueError):
        return None
    return table if np.isfinite(table).all() else None
