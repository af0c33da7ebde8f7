"""What bids are worth when the others play bid functions: winning, paying, expected values.

Bids of the others are independent, so their largest has the product of their distribution
functions. Each bid function is looked at on a fine grid of quantiles, between which bids are
taken as linear; with 32,768 cells probabilities are good to about 1e-10 where bid functions
are smooth. Functions that are not monotone are rearranged by size, which leaves the
distribution of bids as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.games.forms.auction import SealedBidForm, check_profile

CELLS = 1 << 15
_PIECE = 2048  # cells over which expectations are taken


@dataclass(frozen=True)
class BidLaw:
    """The distribution of one bidder's bid, and of the signal behind it.

    Args:
        bids: levels, not falling, `[M]`.
        share: the probability of a bid up to that level as bids rise through it, `[M]`.
        signal: the expected signal up to there (not divided by the share), `[M]`.
    """

    bids: Float
    share: Float
    signal: Float

    def below(self, level: Float, *, at: bool) -> tuple[Float, Float]:
        """P(bid < level) and E[signal; bid < level]; with `at`, of bid <= level. Both `[...]`."""
        right = np.searchsorted(self.bids, level, side="right" if at else "left")
        last = len(self.bids) - 1
        a, b = np.clip(right - 1, 0, last), np.clip(right, 0, last)
        width = self.bids[b] - self.bids[a]
        t = np.divide(level - self.bids[a], width, out=np.zeros(np.shape(level)), where=width > 0)
        share = self.share[a] + t * (self.share[b] - self.share[a])
        signal = self.signal[a] + t * (self.signal[b] - self.signal[a])
        outside = right <= 0
        return np.where(outside, 0.0, share), np.where(outside, 0.0, signal)


def bid_law(form: SealedBidForm, player: int, part: Float, cells: int = CELLS) -> BidLaw:
    """The distribution of the bids of a bid function `part` `[K]`."""
    look()
    known = form.signals[player].cdf(form.types[player])
    q = np.unique(np.concatenate([np.linspace(0, 1, cells + 1), np.clip(known, 0, 1)]))
    types = form.signals[player].quantile(q)
    bids = form.bid(player, part, types)
    gathered = 0.5 * (types[1:] + types[:-1]) * np.diff(q)
    if (np.diff(bids) >= 0).all():
        return BidLaw(bids, q, np.concatenate([[0.0], np.cumsum(gathered)]))
    middle, mass = 0.5 * (bids[1:] + bids[:-1]), np.diff(q)
    order = np.argsort(middle, kind="stable")
    edges = np.concatenate([[bids.min()], middle[order], [bids.max()]])
    ends = np.cumsum(mass[order])
    centres = np.concatenate([[0.0], ends - 0.5 * mass[order], [1.0]])
    total = np.cumsum(gathered[order])
    signal = np.concatenate([[0.0], total - 0.5 * gathered[order], [total[-1]]])
    return BidLaw(edges, centres, signal)


def laws(form: SealedBidForm, profile: Sequence[Float]) -> tuple[BidLaw, ...]:
    """The distributions of all bids. Raises `ValueError` where the profile does not fit."""
    check_profile(form, profile)
    return tuple(bid_law(form, i, part) for i, part in enumerate(profile))


@dataclass(frozen=True)
class Prospect:
    """What bids promise one bidder, all `[B]`; the utility is own * s * win + others - pay.

    Args:
        win: the probability of winning.
        others: what the others' signals add to the value, counted where the bid wins.
        pay: the expected payment.
    """

    win: Float
    others: Float
    pay: Float

    def utility(self, worth: Float) -> Float:
        """The expected utility where the own signal is worth `worth`, by broadcasting."""
        return np.asarray(worth * self.win + self.others - self.pay)


def prospect(
    form: SealedBidForm, others: Sequence[BidLaw], player: int, bids: Float, *, ties: str
) -> Prospect:
    """What bids `[B]` of a player promise against the others' bid laws.

    Args:
        form: the auction.
        others: the laws of all players (the player's own is not looked at).
        player: who bids.
        bids: one axis.
        ties: "drawn" for a fair draw, or "won" for bids a hair higher, which beat equal ones.
    """
    rivals = [j for j in range(form.n) if j != player]
    strict = [others[j].below(bids, at=False) for j in rivals]
    weak = [others[j].below(bids, at=True) for j in rivals]
    low = strict if ties == "drawn" else weak
    # with a fair draw, each rival of equal bid is beaten with the same uniform luck
    luck, weight = np.polynomial.legendre.leggauss(form.n)
    win, gained = np.zeros(bids.shape), np.zeros(bids.shape)
    for t, share in zip((luck + 1) / 2, weight / 2, strict=True):
        look()
        beaten = [a + t * (b - a) for (a, _), (b, _) in zip(low, weak, strict=True)]
        win += share * np.prod(beaten, axis=0)
        for k, j in enumerate(rivals):
            w = np.asarray(form.weights)[player, j]
            if w:
                look()
                signal = low[k][1] + t * (weak[k][1] - low[k][1])
                rest = np.prod([b for i, b in enumerate(beaten) if i != k], axis=0)
                gained += share * w * signal * rest
    counts = bids >= form.reserve
    win, gained = np.where(counts, win, 0.0), np.where(counts, gained, 0.0)
    if form.rule == "first-price":
        return Prospect(win, gained, bids * win)
    if form.rule == "all-pay":
        return Prospect(win, gained, np.where(counts, bids, 0.0))
    pay = np.where(counts, bids * win - _area(form, others, rivals, bids), 0.0)
    return Prospect(win, gained, pay)


def _area(
    form: SealedBidForm, others: Sequence[BidLaw], rivals: Sequence[int], bids: Float
) -> Float:
    """The integral of P(all rivals below x) from the reserve to each bid, `[B]`."""
    flat = np.maximum(bids.ravel(), form.reserve)
    knots = np.concatenate([others[j].bids[:: max(1, CELLS // 4096)] for j in rivals])
    inside = knots[(knots > form.reserve) & (knots < flat.max(initial=form.reserve))]
    x = np.unique(np.concatenate([[form.reserve], flat, inside]))
    nodes, weights = np.polynomial.legendre.leggauss(4)
    points = x[:-1, None] + np.diff(x)[:, None] * (nodes + 1) / 2
    high = np.prod([others[j].below(points, at=False)[0] for j in rivals], axis=0)
    pieces = (high * weights).sum(1) * np.diff(x) / 2
    total = np.concatenate([[0.0], np.cumsum(pieces)])
    return np.asarray(total[np.searchsorted(x, flat)].reshape(bids.shape))


@dataclass(frozen=True)
class Outcome:
    """Expectations before signals are known.

    Args:
        utilities: of each bidder, `[n]`.
        payments: of each bidder, `[n]`; their sum is the revenue.
        welfare: the expected value of whoever wins.
        sold: the probability that the item is sold.
    """

    utilities: Float
    payments: Float
    welfare: float
    sold: float

    @property
    def revenue(self) -> float:
        """The seller's expected income."""
        return float(self.payments.sum())


def outcome(form: SealedBidForm, profile: Sequence[Float]) -> Outcome:
    """What a profile of bid functions gives everybody in expectation.

    Cost: about 6,000 bids a player.

    Raises:
        ValueError: the profile does not fit.
    """
    others = laws(form, profile)
    nodes, weights = np.polynomial.legendre.leggauss(3)
    utilities, payments = np.empty(form.n), np.empty(form.n)
    sold = 0.0
    for i, part in enumerate(profile):
        look()
        known = np.clip(form.signals[i].cdf(form.types[i]), 0, 1)
        edges = np.unique(np.concatenate([np.linspace(0, 1, _PIECE + 1), known]))
        q = edges[:-1, None] + np.diff(edges)[:, None] * (nodes + 1) / 2
        mass = np.diff(edges)[:, None] * weights / 2
        signals = form.signals[i].quantile(q).ravel()
        seen = prospect(form, others, i, form.bid(i, part, signals), ties="drawn")
        own = np.asarray(form.weights)[i, i] * signals
        utilities[i] = seen.utility(own) @ mass.ravel()
        payments[i] = seen.pay @ mass.ravel()
        sold += float(seen.win @ mass.ravel())
    return Outcome(utilities, payments, float(utilities.sum() + payments.sum()), sold)
