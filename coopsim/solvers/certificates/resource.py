"""Certificates of the fish war: searches of harvests, one period at a time and for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.resource import ResourceForm
from coopsim.solvers.proof import Certificate

Profile = tuple[Float, ...]

_STOCKS = 10.0 ** np.arange(-3, 4)  # in units of the first stock


def regret(
    form: ResourceForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What a player gains by another harvest in one period, at seven stocks; values `[n]`.

    By the one-shot deviation principle a profile with no such gain is an equilibrium (payoffs
    are discounted and values finite). The harvest is searched on a grid that closes in.
    """
    shares = np.concatenate(profile)
    if not _feasible(shares):
        return _proof((np.inf,) * form.n, False, "shares that leave nothing"), np.zeros(form.n)
    gains = []
    for i in range(form.n):
        look()
        others = float(shares.sum() - shares[i])
        worst = 0.0
        for stock in form.stock * _STOCKS:
            at = form.values(shares, stock)[i]
            worst = positive_part(worst, _search(form, shares, i, stock, 1 - others) - at)
        gains.append(float(worst))
    how = "one-shot deviations on a grid of harvests that closes in, at seven stocks"
    return _proof(tuple(gains), False, how), form.values(shares)


def shortfall(
    form: ResourceForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much more in sum other fixed shares pay; values `[n]`.

    The sum is concave in the shares, so a search from any start ends at its top.
    """
    shares = np.concatenate(profile)
    if not _feasible(shares):
        return _proof((np.inf,), False, "shares that leave nothing"), np.zeros(form.n)
    values = form.values(shares)
    from scipy.optimize import minimize

    def loss(logits: Float) -> float:
        look()
        weights = np.exp(np.append(logits, 0.0) - max(0.0, logits.max()))
        return -float(form.values(weights[:-1] / weights.sum()).sum())

    best = -np.inf
    for start in (np.zeros(form.n), np.log(shares / (1 - shares.sum()))):
        found = minimize(loss, start, method="BFGS", options={"gtol": 1e-10})
        best = max(best, -float(found.fun))
    gap = positive_part(best - float(values.sum()))
    return _proof((gap,), False, "BFGS over fixed shares from two starts"), values


def _feasible(shares: Float) -> bool:
    return bool((shares > 0).all() and shares.sum() < 1)


def _search(form: ResourceForm, shares: Float, i: int, stock: float, room: float) -> float:
    """The best that player i gets by any harvest now and its share ever after."""
    beta = form.discounts[i]
    # with fixed shares values are linear in the logarithm of the stock
    steep, base = 1 / (1 - form.growth * beta), form.values(shares, 1.0)[i]
    low, high = 0.0, room
    best = -np.inf
    for _ in range(12):
        share = np.linspace(low, high, 203)[1:-1]
        after = form.scale * ((room - share) * stock) ** form.growth
        paid = np.log(share * stock) + beta * (base + steep * np.log(after))
        top = int(paid.argmax())
        best = max(best, float(paid[top]))
        step = (high - low) / 202
        low, high = max(0.0, share[top] - 2 * step), min(room, share[top] + 2 * step)
    return best


def _proof(each: tuple[float, ...], exact: bool, how: str) -> Certificate:
    # values are logarithms, in units that have no range
    kind = "regret" if len(each) > 1 else "shortfall"
    return Certificate.of(kind, each, 1.0, exact=exact, checked_by=how)
