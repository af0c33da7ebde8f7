"""The seller's best reserve price and the largest revenue of any auction.

The virtual value psi(v) = v - (1 - F(v)) / f(v) is what a bidder of value v adds to the seller's
revenue. Where it rises with v (a regular distribution) the best auction sells to the bidder of
the highest virtual value above the seller's own, and with bidders who are alike that is a first-
or second-price auction with the reserve at which psi is the seller's value. Source: Myerson
(1981), Optimal auction design, Mathematics of Operations Research 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.distributions import Distribution

_GRID = 4097
_DIPS = 1e-9  # of the support: by how much psi may fall through rounding


def virtual_value(signal: Distribution, values: Float) -> Float:
    """psi(v) = v - (1 - F(v)) / f(v) at values in the support, the shape of `values`."""
    density = np.maximum(signal.density(values), 1e-300)
    return np.asarray(values - (1 - signal.cdf(values)) / density)


def optimal_reserve(signal: Distribution, seller: float = 0.0) -> float:
    """The reserve that maximises revenue from bidders who all have this distribution.

    It does not depend on how many they are.

    Args:
        signal: of private values.
        seller: what the item is worth to the seller.

    Raises:
        NoSuchForm: the distribution is not regular, so that a single reserve is not optimal.
    """
    _need_regular(signal)
    low, high = signal.low, signal.high
    if virtual_value(signal, np.array([low]))[0] >= seller:
        return low
    if seller >= high:
        return high
    for _ in range(200):
        middle = 0.5 * (low + high)
        if virtual_value(signal, np.array([middle]))[0] < seller:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def optimal_revenue(signals: Sequence[Distribution], seller: float = 0.0) -> float:
    """The largest expected revenue, E[max(psi_1, ..., psi_n, seller's value)] - seller's value.

    Args:
        signals: the distribution of each bidder's private value.
        seller: what the item is worth to the seller; 0 gives plain revenue.

    Raises:
        NoSuchForm: a distribution is not regular.

    Cost: 20,000 evaluations of each F; by integrating 1 - P(all psi_i < x), no sampling.
    """
    for signal in signals:
        _need_regular(signal)
    top = max(float(virtual_value(s, np.array([s.high]))[0]) for s in signals)
    if top <= seller:
        return 0.0
    edges = np.linspace(seller, top, _GRID)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    levels = edges[:-1, None] + np.diff(edges)[:, None] * (nodes + 1) / 2
    below = np.ones(levels.shape)
    for signal in signals:
        below *= signal.cdf(_inverse(signal, levels))
    pieces = ((1 - below) * weights).sum(1) * np.diff(edges) / 2
    return float(pieces.sum())


def _inverse(signal: Distribution, levels: Float) -> Float:
    """The value whose virtual value is each level, by bisection; the ends where there is none."""
    low, high = np.full(levels.shape, signal.low), np.full(levels.shape, signal.high)
    for _ in range(60):
        middle = 0.5 * (low + high)
        under = virtual_value(signal, middle) < levels
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return np.asarray(0.5 * (low + high))


def _need_regular(signal: Distribution) -> None:
    inner = np.linspace(signal.low, signal.high, _GRID)[1:]
    psi = virtual_value(signal, inner)
    if (np.diff(psi) < -_DIPS * (signal.high - signal.low)).any():
        raise NoSuchForm(
            f"{signal.name} is not regular (its virtual value falls somewhere); the best auction "
            "then bunches types, which a reserve alone does not do"
        )
