"""SealedBidForm: one item, sealed bids, private or linearly interdependent values."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.distributions import Distribution
from coopsim.games.forms.payoffs import check_payoffs

Rule = Literal["first-price", "second-price", "all-pay"]
_JUMP = 1e-9  # of the support: how close the two points of a jump of a bid function lie
_LARGEST = 20_000_000  # payoffs of a grid


@dataclass(frozen=True, eq=False)
class SealedBidForm:
    """A sealed-bid auction of one item.

    Signals are independent. Bidder i's value is `weights[i] @ signals`: the identity gives
    private values, ones everywhere the wallet game. The highest bid that reaches the reserve
    wins, ties by a fair draw; bids below the reserve count as staying away and cost nothing.
    The winner pays the own bid (first-price), the larger of the second bid and the reserve
    (second-price), or everybody who takes part pays the own bid (all-pay).

    A strategy is a bid function: a profile holds one array `[K_i]` a player, the bids at
    `types[i]`, between which `bid` interpolates by a monotone cubic.

    Args:
        signals: the distribution of each bidder's signal.
        rule: who pays what.
        reserve: the lowest bid that counts, 0 or more.
        weights: `[n, n]`; None for private values.
        players: names; numbered where not given.
        points: how many types a bid function is written down for.

    Raises:
        ValueError: fewer than two bidders, an unknown rule, or numbers out of range.
    """

    signals: tuple[Distribution, ...]
    rule: Rule = "first-price"
    reserve: float = 0.0
    weights: Float | None = None
    players: tuple[str, ...] = ()
    points: int = 257
    kind: str = field(default="sealed bid", init=False)

    def __post_init__(self) -> None:
        """Check, and fill in what was not given."""
        n = len(self.signals)
        if n < 2 or self.points < 5:
            raise ValueError("an auction needs two bidders, and a bid function five points")
        if self.rule not in get_args(Rule):
            raise ValueError(f"no rule {self.rule!r}; there are: {', '.join(get_args(Rule))}")
        if not (np.isfinite(self.reserve) and self.reserve >= 0):
            raise ValueError(f"the reserve must be 0 or more, not {self.reserve}")
        if any(signal.low < 0 for signal in self.signals):
            raise ValueError("signals must be 0 or more")
        weights = np.eye(n) if self.weights is None else np.array(self.weights, dtype=np.float64)
        if weights.shape != (n, n) or (weights < 0).any() or not np.isfinite(weights).all():
            raise ValueError(f"weights must be {n} rows of {n} numbers of 0 or more")
        if (np.diagonal(weights) <= 0).any():
            raise ValueError("the own signal must count for the own value")
        check_payoffs(
            _values(self.signals, weights), [f"bidder {i + 1}" for i in range(n)], what="value"
        )
        weights.setflags(write=False)
        players = tuple(self.players) or tuple(f"bidder {i + 1}" for i in range(n))
        if len(players) != n:
            raise ValueError(f"{n} bidders need {n} names")
        object.__setattr__(self, "signals", tuple(self.signals))
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "players", players)

    @classmethod
    def symmetric(
        cls, bidders: int, signal: Distribution, rule: Rule = "first-price", **more: object
    ) -> SealedBidForm:
        """`bidders` alike, each with the distribution `signal`; the rest as for the class."""
        return cls((signal,) * bidders, rule, **more)  # type: ignore[arg-type]

    @property
    def n(self) -> int:
        """The number of bidders."""
        return len(self.signals)

    @property
    def private(self) -> bool:
        """Whether only the own signal counts for the own value."""
        off = ~np.eye(self.n, dtype=bool)
        return not np.asarray(self.weights)[off].any()

    @property
    def alike(self) -> bool:
        """Whether all bidders have the same distribution and the same weights."""
        w = np.asarray(self.weights)
        own, off = np.diagonal(w), w[~np.eye(self.n, dtype=bool)]
        same = np.ptp(own) == 0 and np.ptp(off) == 0
        grid = np.linspace(self.signals[0].low, self.signals[0].high, 65)
        first = self.signals[0].cdf(grid)
        return same and all(
            (d.low, d.high) == (self.signals[0].low, self.signals[0].high)
            and np.array_equal(d.cdf(grid), first)
            for d in self.signals
        )

    @property
    def highest_value(self) -> float:
        """The largest value that a bidder can have; no bid above it is worth while."""
        return float((np.asarray(self.weights) @ [d.high for d in self.signals]).max())

    @functools.cached_property
    def types(self) -> tuple[Float, ...]:
        """The signals `[K_i]` at which bid functions are written down, for each player.

        Evenly spaced, and where the lowest signal that takes part is known, a point there
        and one just below, between which a bid function may jump.
        """
        return tuple(self._grid(i) for i in range(self.n))

    def screening(self, player: int) -> float:
        """The lowest signal that takes part where all bid alike, or by the own value alone.

        Solves E[value of i | signal s, all others below s] = reserve; with all-pay the
        expected value of winning is to cover the reserve.
        """
        return self._screens[player]

    @functools.cached_property
    def _screens(self) -> tuple[float, ...]:
        return tuple(self._screened(i) for i in range(self.n))

    def _screened(self, player: int) -> float:
        signal = self.signals[player]
        if self.reserve <= 0:
            return signal.low
        w = np.asarray(self.weights)[player]

        def margin(s: float) -> float:
            others = [j for j in range(self.n) if j != player]
            below = [self._mean_below(j, s) if w[j] else 0.0 for j in others]
            value = w[player] * s + sum(w[j] * m for j, m in zip(others, below, strict=True))
            if self.rule == "all-pay":
                value *= float(np.prod([self.signals[j].cdf(np.array(s)) for j in others]))
            return float(value - self.reserve)

        low, high = signal.low, signal.high
        if margin(low) >= 0 or margin(high) < 0:
            return low if margin(low) >= 0 else high
        for _ in range(80):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if margin(middle) < 0 else (low, middle)
        return high

    def bid(self, player: int, part: Float, signals: Float) -> Float:
        """The bids of a bid function `part` `[K]` at signals `[...]`.

        A cubic between the points of `types[player]`, monotone where the bids are (Fritsch and
        Carlson 1980), broken where two points are so close that they stand for a jump.
        """
        from scipy.interpolate import CubicHermiteSpline

        grid = self.types[player]
        values = np.asarray(part, dtype=np.float64)
        x = np.clip(np.asarray(signals, dtype=np.float64), grid[0], grid[-1])
        found = np.empty(x.shape)
        for first, last in self._pieces(player):
            upper = grid[last] if last < len(grid) - 1 else np.inf
            here = (x >= (grid[first] if first else -np.inf)) & (x <= upper)
            if here.any():
                points, level = grid[first : last + 1], values[first : last + 1]
                curve = CubicHermiteSpline(points, level, _slopes(points, level))
                found[here] = curve(x[here])
        return found

    def discretise(self, types: int, bids: npt.ArrayLike) -> BayesianForm:
        """The auction on grids as a finite Bayesian game.

        Args:
            types: equally likely types of each bidder, at the means of their cells.
            bids: the bids that everybody chooses from, `[L]`, increasing.

        Raises:
            NoSuchForm: more than 20 million payoffs.
        """
        levels = np.asarray(bids, dtype=np.float64)
        size = self.n * types**self.n * len(levels) ** self.n
        if size > _LARGEST:
            raise NoSuchForm(
                f"{types} types and {len(levels)} bids of {self.n} bidders make {size:,} payoffs, "
                f"and at most {_LARGEST:,} are built; auction methods need no table"
            )
        values = [self.cell_means(i, types) for i in range(self.n)]
        grid = np.stack(np.meshgrid(*values, indexing="ij"))
        worth = np.tensordot(np.asarray(self.weights), grid, 1)
        chosen = np.stack(np.meshgrid(*[levels] * self.n, indexing="ij"))
        win, pay = self.allocate(chosen)
        lift = (slice(None), *(slice(None),) * self.n, *(None,) * self.n)
        drop = (slice(None), *(None,) * self.n)
        payoffs = worth[lift] * win[drop] - pay[drop]
        prior = np.full((types,) * self.n, types ** -float(self.n))
        labels = [[f"{v:.6g}" for v in own] for own in values]
        actions = [[f"{b:.6g}" for b in levels]] * self.n
        return BayesianForm(payoffs, prior, self.players, labels, actions)

    def cell_means(self, player: int, count: int) -> Float:
        """The mean signals of `count` equally likely cells, `[count]`."""
        nodes, weights = np.polynomial.legendre.leggauss(8)
        q = (np.arange(count)[:, None] + (nodes + 1) / 2) / count
        return np.asarray((self.signals[player].quantile(q) * weights).sum(1) / 2)

    def allocate(self, bids: Float) -> tuple[Float, Float]:
        """Who wins (shares of ties) and what each pays, from bids `[n, ...]`: both `[n, ...]`."""
        valid = np.where(bids >= self.reserve, bids, -np.inf)
        top = valid.max(0)
        winners = (valid == top) & np.isfinite(top)
        win = winners / np.maximum(winners.sum(0), 1)
        if self.rule == "first-price":
            return win, win * bids
        if self.rule == "all-pay":
            return win, np.where(np.isfinite(valid), bids, 0.0)
        second = np.sort(valid, axis=0)[-2]
        return win, win * np.maximum(second, self.reserve)

    def _pieces(self, player: int) -> list[tuple[int, int]]:
        """The first and the last point of each smooth piece of a bid function.

        Pieces part at jumps, whose two points belong to different ones with a line between,
        and at knots of the distribution, which both neighbours share.
        """
        grid, signal = self.types[player], self.signals[player]
        near = np.flatnonzero(np.diff(grid) <= 10 * _JUMP * (grid[-1] - grid[0]))
        knots = np.flatnonzero(np.isin(grid, signal.knots))
        edges = np.unique(np.concatenate([[0, len(grid) - 1], near, near + 1, knots]))
        return list(itertools.pairwise(edges.tolist()))

    def _mean_below(self, player: int, level: float) -> float:
        """The mean signal of a player among those below a level."""
        signal = self.signals[player]
        share = float(signal.cdf(np.array(level)))
        if share <= 0:
            return signal.low
        nodes, weights = np.polynomial.legendre.leggauss(64)
        q = share * (nodes + 1) / 2
        return float((signal.quantile(q) * weights).sum() / 2)

    def _grid(self, player: int) -> Float:
        signal = self.signals[player]
        even = np.linspace(signal.low, signal.high, self.points)
        if signal.knots:
            clear = np.abs(even[:, None] - signal.knots).min(1) > 1e-6 * (signal.high - signal.low)
            even = np.sort(np.concatenate([even[clear], signal.knots]))
        level, width = self.screening(player), signal.high - signal.low
        if not signal.low < level < signal.high:
            return even
        # points nearer than a jump to this one would make it look like two jumps
        kept = even[np.abs(even - level) > 1e-6 * width]
        return np.sort(np.concatenate([kept, [level - _JUMP * width, level]]))


def _slopes(x: Float, y: Float) -> Float:
    """Slopes of second order, cut where the cubic would leave the range of its end points."""
    secant = np.diff(y) / np.diff(x)
    if len(x) == 2:
        return np.repeat(secant, 2)
    slope = np.gradient(y, x, edge_order=2)
    padded = np.concatenate([secant[:1], secant, secant[-1:]])
    before, after = padded[:-1], padded[1:]
    most = 3 * np.minimum(np.abs(before), np.abs(after))
    turning = (before * after <= 0) | (slope * before < 0)
    return np.asarray(np.where(turning, 0.0, np.clip(slope, -most, most)))


def check_profile(form: SealedBidForm, profile: Sequence[Float]) -> None:
    """Raise `ValueError` where a profile is not one array of finite bids a player."""
    if len(profile) != form.n:
        raise ValueError(f"a profile of {form.n} bidders has {form.n} parts, not {len(profile)}")
    for player, part in enumerate(profile):
        if np.shape(part) != form.types[player].shape or not np.isfinite(part).all():
            raise ValueError(f"bids of {form.players[player]} must be {len(form.types[player])}")


def _values(signals: Sequence[Distribution], weights: Float) -> Float:
    """The smallest and the largest value that each bidder may have, `[n, 2]`."""
    ends = np.array([[signal.low, signal.high] for signal in signals])
    with np.errstate(over="ignore"):
        return np.asarray(weights @ ends)
