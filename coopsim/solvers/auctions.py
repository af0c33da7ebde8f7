"""What auction methods share: grids of types and bids, chances of winning on grids, reports.

Certificates use none of this; they look at bid functions on their own, finer grid.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping, look
from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bidding import bid_law, outcome, prospect
from coopsim.solvers.numeric import Clock, OutOfTime

_LAST = 0.3  # seconds for what is written beside a profile, beyond the deadline


def reported(
    form: SealedBidForm, profile: Sequence[Float], clock: Clock, **more: Any
) -> dict[str, Any]:
    """What is written beside a profile: the bid functions' points, revenue, payments, welfare.

    Where the clock leaves no time for expectations, they are left out.
    """
    signals = {"signals": [own.tolist() for own in form.types]}
    try:
        with keeping(clock.later(_LAST)):
            expected = outcome(form, profile)
    except OutOfTime:
        return {**signals, **more}
    return {
        **signals,
        "revenue": expected.revenue,
        "payments": expected.payments.tolist(),
        "welfare": expected.welfare,
        "sold": expected.sold,
        **more,
    }


@dataclass(frozen=True)
class Grids:
    """An auction on grids: equally likely types, and bids that everybody chooses from.

    Args:
        form: the auction.
        values: own part of the value at each type, `[n, K]`.
        signals: the types, `[n, K]`.
        bids: staying away (a bid of 0 that never wins) first, then levels from the reserve
            up, `[L]`.
        share: the probability of a type.
    """

    form: SealedBidForm
    values: Float
    signals: Float
    bids: Float
    share: float

    @classmethod
    def of(cls, form: SealedBidForm, types: int, bids: int) -> Grids:
        """`types` equally likely types a bidder and `bids` levels up to the highest sensible one.

        No rational bid is above what winning is worth to the second-highest top bidder in a
        first-price auction, nor above the highest value at all.
        """
        signals = np.stack([form.cell_means(i, types) for i in range(form.n)])
        own = np.diagonal(np.asarray(form.weights))
        levels = np.linspace(form.reserve, _highest_bid(form), bids)
        return cls(form, own[:, None] * signals, signals, np.append(-1.0, levels), 1 / types)

    @property
    def paid(self) -> Float:
        """What each bid costs where it is paid, `[L]`: 0 for staying away."""
        return np.maximum(self.bids, 0.0)

    def utilities(self, masses: Float, gathered: Float) -> Float:
        """What every bid earns every type of every player, `[n, K, L]`.

        Args:
            masses: the probability of each bid, `[n, L]`.
            gathered: the expected signal behind each bid (not divided), `[n, L]`.

        By order statistics: the chance that all rivals bid less, ties drawn fairly, is the
        integral over t of the product of P(less) + t P(equal). Cost: n^2 L numbers, not the
        table of all bids of all players.
        """
        n, count = masses.shape
        under = np.cumsum(masses, axis=1) - masses
        before = np.cumsum(gathered, axis=1) - gathered
        luck, weight = np.polynomial.legendre.leggauss(n)
        t = ((luck + 1) / 2)[:, None, None]
        beaten, seen = under + t * masses, before + t * gathered
        weights = np.asarray(self.form.weights)
        found = np.empty((n, self.values.shape[1], count))
        for i in range(n):
            rivals = [j for j in range(n) if j != i]
            each = np.prod(beaten[:, rivals], axis=1)
            win = weight @ each / 2
            extra = np.zeros(count)
            for j in rivals:
                if weights[i, j]:
                    rest = np.prod(beaten[:, [k for k in rivals if k != j]], axis=1)
                    extra += weights[i, j] * (weight @ (seen[:, j] * rest)) / 2
            win[0] = extra[0] = 0.0
            pay = self._payment(win, np.prod(under[rivals], axis=0), masses[rivals])
            found[i] = self.values[i][:, None] * win + extra - pay
        return found

    def _payment(self, win: Float, alone: Float, rivals: Float) -> Float:
        """The expected payment of each bid, `[L]`."""
        if self.form.rule == "first-price":
            return self.paid * win
        if self.form.rule == "all-pay":
            return self.paid
        # the highest rival bid: its distribution below each level, paid with the reserve at least
        highest = np.diff(np.prod(np.cumsum(rivals, axis=1), axis=0), prepend=0.0)
        price = np.maximum(self.paid, self.form.reserve)
        lower = np.cumsum(highest * price) - highest * price
        pay = lower + price * (win - alone)
        pay[0] = 0.0
        return np.asarray(pay)


def bid_functions(grids: Grids, shares: Float, clock: Clock) -> tuple[Float, ...]:
    """Increasing bid functions at `form.types` with the bid distributions of mixed strategies.

    Higher types are given the higher bids of the same distribution (the increasing
    rearrangement), so that rivals see the same bids and nobody's utility falls. The steps of
    the grid are smoothed by least-squares cubics of few pieces; of several numbers of pieces
    the one whose bidders regret least is taken.

    Args:
        grids: the auction on grids.
        shares: the probabilities of bids given the type, `[n, K, L]`.
        clock: where it leaves no time for a look at regrets, two pieces are taken.
    """
    best: tuple[Float, ...] = ()
    least = np.inf
    with contextlib.suppress(OutOfTime), keeping(clock):
        for pieces in (0, 1, 2, 4, 8):
            look()
            parts = tuple(
                _rearranged(grids, i, own.mean(0), pieces) for i, own in enumerate(shares)
            )
            loss = rough_regret(grids.form, parts)
            if loss < least:
                best, least = parts, loss
    return best or tuple(_rearranged(grids, i, own.mean(0), 2) for i, own in enumerate(shares))


def rough_regret(form: SealedBidForm, profile: Sequence[Float], types: int = 65) -> float:
    """The most that a bidder gains by another bid, on few types and bids: a look, no proof.

    Raises:
        OutOfTime: the kept clock is over.
    """
    others = tuple(bid_law(form, i, part, 4096) for i, part in enumerate(profile))
    top = max(float(law.bids.max()) for law in others)
    grid = np.unique(np.append(np.linspace(0, max(top, 1e-300), 513), form.reserve))
    worst = 0.0
    for i, part in enumerate(profile):
        own = form.signals[i].quantile(np.linspace(0, 1, types))
        worth = np.asarray(form.weights)[i, i] * own
        at = prospect(form, others, i, form.bid(i, part, own), ties="drawn").utility(worth)
        table = prospect(form, others, i, grid, ties="won").utility(worth[:, None])
        worst = max(worst, float((table.max(1) - at).max()))
    return worst


def _rearranged(grids: Grids, player: int, mass: Float, pieces: int) -> Float:
    """The increasing bid function of a bid distribution `mass` `[L]`, smoothed by cubics."""
    form, own = grids.form, grids.form.types[player]
    signal = form.signals[player]
    placed = mass > 1e-12
    placed[0] = False
    if not placed.any():
        return np.zeros(len(own))
    levels = grids.bids[placed]
    # the mass of a level lies evenly around it
    middle = (np.cumsum(mass) - 0.5 * mass)[placed]
    start = float(signal.quantile(np.array(min(mass[0], 1 - 1e-9))))
    if form.reserve > 0:
        start = max(start, form.screening(player)) if form.alike or form.private else start
    if start >= signal.high:  # nobody's value is above the reserve
        return np.zeros(len(own))
    x = np.linspace(start, signal.high, 512)
    y = np.interp(signal.cdf(x), middle, levels)
    inside = np.clip(own, start, signal.high)
    if pieces:
        from scipy.interpolate import LSQUnivariateSpline

        knots = np.linspace(start, signal.high, pieces + 1)[1:-1]
        smooth = LSQUnivariateSpline(x, y, knots, k=3)(inside)
    else:
        smooth = np.interp(signal.cdf(inside), middle, levels)
    bids = np.maximum.accumulate(np.maximum(smooth, form.reserve))
    stays = own < start if form.reserve > 0 else np.zeros(len(own), dtype=bool)
    return np.asarray(np.where(stays, 0.0, bids))


def _highest_bid(form: SealedBidForm) -> float:
    tops = np.sort(np.asarray(form.weights) @ [signal.high for signal in form.signals])
    if form.rule == "second-price" or not form.private:
        return float(tops[-1])
    # nobody has to outbid more than the second-highest top value
    return float(max(tops[-2], form.reserve * 1.000001))
