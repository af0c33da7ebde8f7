"""First-price auctions with unlike bidders: inverse bid functions from the common top bid down.

With inverse bids phi_i, first-order conditions are the differential equations
phi_i' = (F_i / f_i)(phi_i) [ sum_j 1 / (phi_j - b) / (n - 1) - 1 / (phi_i - b) ]. All start at a
common top bid with phi_i = the highest value; the top bid is found by bisection, since too high a
one sends a curve through the line phi = b, too low a one leaves all above it at the lowest bid.
Sources: Maskin and Riley (2000), Asymmetric auctions, Review of Economic Studies 67; Marshall,
Meurer, Richard and Stromquist (1994), Games and Economic Behavior 7; Fibich and Gavish (2011),
Numerical simulations of asymmetric first-price auctions, on the error at the lower end.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping, look
from coopsim.errors import NoSuchForm
from coopsim.games.forms.auction import SealedBidForm
from coopsim.solvers.auctions import reported
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.solution import Found

_POINTS = 1500  # at which the inverse bids are read off
_STAGES = ((1e-7, 1e-5), (1e-11, 1e-15))  # relative error of integrations, width of the bracket
_RATIOS = 1 << 16
_AGREE = 1e-7  # of the bids: where the curves of both ends of the bracket still agree


def suits(form: SealedBidForm, everything: bool) -> str:
    """First prices, private values and a common lowest bid."""
    return "" if _obstacle(form) else "unlike bidders and first prices: inverse bids by shooting"


def solve(form: SealedBidForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """The equilibrium in increasing bids of a first-price auction with private values.

    Args:
        form: bidders may differ; with three or more their highest values must be the same.
        tol: not used: the top bid is bracketed to rounding.
        deadline: seconds after which the bracket found so far is used.

    Raises:
        NoSuchForm: the auction is not of this kind; the message says why.

    Cost: about 60 integrations with some hundred steps each; 2 to 10 seconds.
    """
    if problem := _obstacle(form):
        raise NoSuchForm(problem)
    shot = _Shot(form, _lowest_bid(form))
    clock, profile = Clock(deadline), None
    low, high = shot.floor, min(signal.high for signal in form.signals)
    used, ceiling = 0, high
    with contextlib.suppress(OutOfTime), keeping(clock):
        for tolerance, apart in _STAGES:
            while high - low > apart * ceiling:
                middle = 0.5 * (low + high)
                crosses = shot.integrate(middle, tolerance).crosses
                used += 1
                if crosses:
                    high = middle
                else:
                    low = middle
            if apart > _STAGES[-1][1]:
                # what was found with a coarse integration may be off by its error
                wider = 8 * apart * ceiling
                low, high = max(shot.floor, low - wider), min(ceiling, high + wider)
        if low > shot.floor:
            profile = shot.bid_functions(low, high)
    finished = profile is not None
    if profile is None:  # no time for a single curve that reaches the lowest bid
        share = (form.n - 1) / form.n
        above = [np.maximum(own - shot.floor, 0) for own in form.types]
        profile = tuple(
            np.where(own < shot.floor, 0.0, shot.floor + share * more)
            for own, more in zip(form.types, above, strict=True)
        )
    return Found(
        (profile,),
        f"inverse bids from the top bid {low:.9g}, found by {used} halvings",
        {"rounds": used},
        finished=finished,
        details=(reported(form, profile, clock, top_bid=low),),
    )


def _lowest_bid(form: SealedBidForm) -> float:
    return max(form.reserve, *(signal.low for signal in form.signals))


def _obstacle(form: SealedBidForm) -> str:
    """Why the method does not take an auction; empty where it does."""
    if form.rule != "first-price" or not form.private:
        return f"shooting solves first-price auctions with private values, not {form.rule} ones"
    if (np.diagonal(np.asarray(form.weights)) != 1).any():
        return "shooting takes the signal for the value: give weights of 1"
    lows = [signal.low for signal in form.signals]
    if max(lows) - min(lows) > 0 and form.reserve < max(lows):
        return (
            "the lowest values differ and no reserve lies above them, so the lowest bid is not "
            "known beforehand; simultaneous-dual-averaging takes such auctions"
        )
    tops = [signal.high for signal in form.signals]
    if form.n > 2 and np.ptp(tops) > 0:
        return (
            "with three or more bidders whose highest values differ the top bids may differ; "
            "simultaneous-dual-averaging takes such auctions"
        )
    return "" if _lowest_bid(form) < min(tops) else "the reserve leaves no room for bids"


@dataclass(frozen=True)
class _Path:
    """One integration downwards: inverse bids by bid, and whether one meets the bid itself."""

    curve: Any
    end: float
    crosses: bool


@dataclass(frozen=True, eq=False)
class _Shot:
    """The differential equations of an auction, and the lowest bid."""

    form: SealedBidForm
    floor: float

    def integrate(self, top: float, tolerance: float = 1e-11) -> _Path:
        """From the top bid down to the lowest, or to where an inverse bid meets the bid."""
        from scipy.integrate import solve_ivp

        highs = np.array([signal.high for signal in self.form.signals])
        nearest = 1e-9 * (highs.max() - self.floor)

        def met(bid: float, phi: Float) -> float:
            # towards the lowest bid the true curves come down to the line, too
            return float((phi - bid).min() - nearest * (bid - self.floor) / highs.max())

        met.terminal = True  # type: ignore[attr-defined]
        with np.errstate(all="ignore"):
            run = solve_ivp(
                self.slopes,
                (top, self.floor),
                highs,
                method="DOP853",
                rtol=tolerance,
                atol=1e-2 * tolerance * highs.max(),
                events=met,
                dense_output=tolerance <= _STAGES[-1][0],
            )
        reached = run.status == 0
        crosses = not reached or bool((run.y[:, -1] <= self.floor).any())
        return _Path(run.sol, float(run.t[-1]), crosses)

    def slopes(self, bid: float, phi: Float) -> Float:
        """dphi/db, `[n]`."""
        look()
        gap = 1 / np.maximum(phi - bid, 1e-300)
        pull = gap.sum() / (self.form.n - 1) - gap
        ratio = [np.interp(value, *own) for value, own in zip(phi, self._ratios, strict=True)]
        return np.asarray(np.array(ratio) * pull)

    @functools.cached_property
    def _ratios(self) -> list[tuple[Float, Float]]:
        """F / f of each bidder on a grid fine enough for a line to be exact to about 1e-11."""
        made = []
        for signal in self.form.signals:
            grid = np.linspace(signal.low, signal.high, _RATIOS)
            # next to a knot from either side, since f jumps there
            beside = [k + d * 1e-12 * signal.high for k in signal.knots for d in (-1, 1)]
            grid = np.sort(np.concatenate([grid, beside]))
            made.append((grid, signal.cdf(grid) / np.maximum(signal.density(grid), 1e-300)))
        return made

    def bid_functions(self, low: float, high: float) -> tuple[Float, ...]:
        """Bids at the signals of the form, from the curves of both ends of the bracket.

        Errors grow towards the lowest bid. Below the point where the two curves part, a
        straight line leads to it.
        """
        from scipy.interpolate import CubicHermiteSpline

        under, over = self.integrate(low), self.integrate(high)
        span = low - self.floor
        bids = self.floor + span * np.linspace(0, 1, _POINTS) ** 2
        phi = under.curve(bids)
        apart = np.abs(phi - over.curve(np.maximum(bids, over.end))).max(0)
        good = (apart <= _AGREE * span) & (bids >= over.end) & (phi > bids).all(0)
        # the highest bid at which they part, and all above it
        first = len(bids) - int(np.argmin(good[::-1])) if not good.all() else 0
        first = min(first, len(bids) - 8)
        parts = []
        for i, own in enumerate(self.form.types):
            x, y = phi[i, first:], bids[first:]
            rising = np.concatenate([[True], np.diff(x) > 0])
            x, y = x[rising], y[rising]
            rates = np.array([self.slopes(b, under.curve(b))[i] for b in y])
            curve = CubicHermiteSpline(x, y, 1 / np.maximum(rates, 1e-12))
            line = np.interp(own, [self.floor, x[0]], [self.floor, y[0]])
            bid = np.where(own < x[0], line, curve(np.clip(own, x[0], x[-1])))
            parts.append(np.where(own < self.floor, 0.0, np.maximum.accumulate(bid)))
        return tuple(parts)
