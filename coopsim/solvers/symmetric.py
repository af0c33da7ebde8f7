"""Equilibrium bids in closed form up to an integral, where all bidders are alike.

With H the distribution of the highest rival signal and w(t) the value at t when the highest
rival signal is t too: first-price b(s) = [r H(s0) + int_{s0}^s w dH] / H(s), which for private
values is s - int F^(n-1) / F^(n-1)(s); all-pay b(s) = r + int_{s0}^s w dH; second-price b(s) =
w(s), for private values the value itself, also where bidders differ. s0 is the lowest signal
that takes part with reserve r. Sources: Milgrom and Weber (1982), A theory of auctions and
competitive bidding, Econometrica 50; Krishna (2010), Auction Theory, chapters 2, 3 and 6.
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.auction import SealedBidForm
from coopsim.solvers.auctions import reported
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found

_NODES = 16  # of Gauss and Legendre's rule in each cell of a bid function


def suits(form: SealedBidForm, everything: bool) -> str:
    """Bidders who are alike, and second prices with private values."""
    if form.rule == "second-price" and form.private:
        return "second price with private values: the own value is a dominant bid"
    return "bidders who are alike: the bid function is an integral" if form.alike else ""


def solve(form: SealedBidForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """The symmetric equilibrium in increasing bids.

    Args:
        form: an auction whose bidders are alike, or of second prices with private values.
        tol: not used: the integrals are taken to rounding.
        deadline: seconds; bid functions take one pass, what is written beside them may not fit.

    Raises:
        NoSuchForm: the bidders differ.

    Cost: 16 evaluations of F for each point of a bid function.
    """
    if form.rule == "second-price" and form.private:
        weights = np.asarray(form.weights)
        profile = tuple(
            np.where(weights[i, i] * own >= form.reserve, weights[i, i] * own, 0.0)
            for i, own in enumerate(form.types)
        )
        sentence = "bids of the own value, which no other bid ever beats"
    elif form.alike:
        bids = symmetric_bids(form)
        profile = tuple(bids.copy() for _ in range(form.n))
        sentence = f"the symmetric equilibrium by quadrature in {len(bids) - 1} cells"
    else:
        raise NoSuchForm(
            "the bidders differ, and the integral formula needs bidders who are alike; "
            "bid-shooting or simultaneous-dual-averaging take bidders who differ"
        )
    return Found((profile,), sentence, {}, details=(reported(form, profile, Clock(deadline)),))


def symmetric_bids(form: SealedBidForm) -> Float:
    """The symmetric equilibrium bids at `form.types[0]`, `[K]`; 0 for signals that stay away.

    Args:
        form: an auction whose bidders are alike.
    """
    grid, start = form.types[0], form.screening(0)
    signal, rivals = form.signals[0], form.n - 1
    if form.rule == "second-price":
        return np.asarray(np.where(grid >= start, _tied_value(form, grid), 0.0))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    begin = np.maximum(grid[:-1], start)
    length = np.maximum(grid[1:] - begin, 0)
    points = begin[:, None] + length[:, None] * (nodes + 1) / 2
    high = signal.cdf(points) ** rivals
    slope = _tied_slope(form, points)
    # by parts: int w dH = w H - int w' H, which needs no density
    pieces = (slope * high * weights).sum(1) * length / 2
    below = np.concatenate([[0.0], np.cumsum(pieces)])
    top = signal.cdf(grid) ** rivals
    worth = _tied_value(form, grid)
    first_high = float(signal.cdf(np.array(start)) ** rivals)
    first_worth = float(_tied_value(form, np.array([start]))[0])
    paid = worth * top - first_worth * first_high - below
    takes_part = grid >= start
    if form.rule == "all-pay":
        return np.asarray(np.where(takes_part, np.maximum(form.reserve + paid, 0), 0.0))
    entry = form.reserve if start > signal.low else first_worth
    bids = np.full(len(grid), float(entry))
    total = form.reserve * first_high + paid
    np.divide(total, top, out=bids, where=top > 1e-280)
    # rounding next to the lowest signal, where both integrals vanish
    bids = np.maximum.accumulate(np.where(takes_part, np.maximum(bids, entry), 0.0))
    return np.asarray(np.minimum(bids, np.maximum(worth, entry)) * takes_part)


def _tied_value(form: SealedBidForm, levels: Float) -> Float:
    """w(t): the value of signal t given that the highest rival signal is t."""
    own, other = _weights(form)
    value = (own + other) * levels
    if form.n > 2 and other:
        value = value + (form.n - 2) * other * _mean_below(form, levels)
    return np.asarray(value)


def _tied_slope(form: SealedBidForm, levels: Float) -> Float:
    """dw/dt."""
    own, other = _weights(form)
    slope = np.full(levels.shape, own + other)
    if form.n > 2 and other:
        signal = form.signals[0]
        share = np.maximum(signal.cdf(levels), 1e-300)
        rise = (levels - _mean_below(form, levels)) * signal.density(levels) / share
        slope = slope + (form.n - 2) * other * rise
    return slope


def _weights(form: SealedBidForm) -> tuple[float, float]:
    weights = np.asarray(form.weights)
    return float(weights[0, 0]), float(weights[0, 1])


def _mean_below(form: SealedBidForm, levels: Float) -> Float:
    """E[signal | signal < t] for each t."""
    signal = form.signals[0]
    nodes, weights = np.polynomial.legendre.leggauss(32)
    share = signal.cdf(levels)[..., None]
    return np.asarray((signal.quantile(share * (nodes + 1) / 2) * weights).sum(-1) / 2)
