"""Certificates of mixed bids and mixed quitting times: what deviations on a grid gain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.solvers.proof import Certificate

_POINTS = 4001


def all_pay(
    values: Sequence[float],
    cdfs: Sequence[Callable[[Float], Float]],
    payoffs: Sequence[float],
    top: float,
) -> Certificate:
    """How far mixed bids are from an equilibrium of the all-pay auction with known values.

    Every bid on a grid from just above 0 to beyond the top bid is tried against the others'
    distributions; a bid in the support that earns less than the payoff counts, too.

    Args:
        values: what the prize is worth to each.
        cdfs: the distribution function of each bid, with an atom at 0 where it is positive there.
        payoffs: what the profile is claimed to earn each.
        top: the highest bid in any support.
    """
    bids = np.linspace(0, 1.05 * top, _POINTS)[1:]
    gains = []
    for i, value in enumerate(values):
        beaten = np.prod([cdf(bids) for j, cdf in enumerate(cdfs) if j != i], axis=0)
        earned = value * beaten - bids
        mass = np.diff(cdfs[i](bids))
        played = mass > 1e-12
        shortfall = payoffs[i] - np.maximum(earned[1:], earned[:-1])[played]
        low = float(shortfall.max(initial=0.0))
        gains.append(positive_part(float(earned.max() - payoffs[i]), low))
    return _made(gains, values, f"{_POINTS - 1} bids of every bidder")


def attrition(
    values: Sequence[float],
    cdfs: Sequence[Callable[[Float], Float]],
    payoffs: Sequence[float],
    cost: float,
    horizon: float,
) -> Certificate:
    """How far mixed quitting times of two players are from an equilibrium of the war of attrition.

    Args:
        values: what the prize is worth to each of the two.
        cdfs: the distribution function of each one's quitting time.
        payoffs: what the profile is claimed to earn each.
        cost: of a unit of time, to each.
        horizon: times up to here are tried.
    """
    times = np.linspace(0, horizon, _POINTS)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    inside = times[:-1, None] + np.diff(times)[:, None] * (nodes + 1) / 2
    gains = []
    for i, value in enumerate(values):
        rival = cdfs[1 - i]
        # int (V - c s) dG = (V - c t) G + c int G, and c t (1 - G) is paid where one quits
        area = np.concatenate([[0.0], np.cumsum((rival(inside) * weights).sum(1))])
        area = area * np.diff(times)[0] / 2
        earned = value * rival(times) + cost * (area - times)
        played = np.diff(cdfs[i](times)) > 1e-12
        short = payoffs[i] - np.maximum(earned[1:], earned[:-1])[played]
        low = float(short.max(initial=0.0))
        gains.append(positive_part(float(earned.max() - payoffs[i]), low))
    return _made(gains, values, f"{_POINTS} times of both players")


def _made(gains: list[float], values: Sequence[float], looked: str) -> Certificate:
    return Certificate.of("regret", gains, values, exact=False, checked_by=looked)
