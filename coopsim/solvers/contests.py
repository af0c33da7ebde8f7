"""Contests with known values: mixed equilibria in closed form.

Sources: Hillman and Riley (1989), Politically contestable rents and transfers, Economics and
Politics 1; Baye, Kovenock and de Vries (1996), The all-pay auction with complete information,
Economic Theory 8; Hendricks, Weiss and Wilson (1988), The war of attrition in continuous time
with complete information, International Economic Review 29.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.solvers.certificates import contests as certificates
from coopsim.solvers.solution import Certificate


@dataclass(frozen=True)
class MixedBids:
    """A mixed equilibrium of an all-pay auction with known values.

    Args:
        values: what the prize is worth to each bidder, `[n]`.
        payoffs: expected payoffs, `[n]`.
        mean_bids: expected bids, `[n]`; their sum is the revenue.
        top: the highest bid in any support.
        cdfs: the distribution function of each bid; its value at 0 is the atom there.
        certificate: what deviations on a grid of bids gain.
    """

    values: Float
    payoffs: Float
    mean_bids: Float
    top: float
    cdfs: tuple[Callable[[Float], Float], ...]
    certificate: Certificate

    @property
    def revenue(self) -> float:
        """The expected sum of bids."""
        return float(self.mean_bids.sum())


@dataclass(frozen=True)
class ExitRates:
    """The mixed equilibrium of a war of attrition in which both players fight.

    Args:
        values: what the prize is worth to each, `[2]`.
        rates: each one's constant rate of quitting, per unit of time, `[2]`.
        payoffs: expected payoffs, `[2]`.
        mean_length: the expected length of the fight.
        certificate: what deviations on a grid of quitting times gain.
    """

    values: Float
    rates: Float
    payoffs: Float
    mean_length: float
    certificate: Certificate


def all_pay(values: Sequence[float]) -> MixedBids:
    """The equilibrium in which the two bidders of the highest values compete and others stay out.

    The stronger one bids evenly on [0, v2] and earns v1 - v2; the weaker one does so with
    probability v2 / v1, bids 0 otherwise and earns nothing. With v2 > v3 there is no other.

    Args:
        values: positive, one a bidder, at least two.

    Raises:
        UserError: fewer than two values, or one that is not positive.
    """
    v = _positive(values, 2)
    order = np.argsort(-v, kind="stable")
    first, second = int(order[0]), int(order[1])
    strong, weak = float(v[first]), float(v[second])
    cdfs: list[Callable[[Float], Float]] = [_nothing] * len(v)
    cdfs[first] = lambda b: np.clip(np.asarray(b) / weak, 0, 1)
    cdfs[second] = lambda b: np.clip(1 - weak / strong + np.asarray(b) / strong, 0, 1)
    payoffs, means = np.zeros(len(v)), np.zeros(len(v))
    payoffs[first] = strong - weak
    means[first], means[second] = weak / 2, weak**2 / (2 * strong)
    proof = certificates.all_pay(v.tolist(), cdfs, payoffs.tolist(), weak)
    return MixedBids(v, payoffs, means, weak, tuple(cdfs), proof)


def symmetric_all_pay(bidders: int, value: float) -> MixedBids:
    """The equilibrium in which all bidders of one value mix alike: F(b) = (b / v)^(1 / (n - 1)).

    Raises:
        UserError: fewer than two bidders, or a value that is not positive.
    """
    if bidders < 2:
        raise UserError("too few", key="bidders", given=bidders, allowed="2 or more")
    v = _positive([value] * bidders, 2)
    power = 1 / (bidders - 1)

    def cdf(bids: Float) -> Float:
        return np.asarray(np.clip(np.asarray(bids) / value, 0, 1) ** power)

    cdfs = (cdf,) * bidders
    payoffs, means = np.zeros(bidders), np.full(bidders, value / bidders)
    proof = certificates.all_pay(v.tolist(), cdfs, payoffs.tolist(), value)
    return MixedBids(v, payoffs, means, float(value), cdfs, proof)


def attrition(values: Sequence[float], cost: float = 1.0) -> ExitRates:
    """The equilibrium of the war of attrition in which both quit at constant rates.

    Each quits at the rate that leaves the other indifferent, cost / (the other's value), so
    that nobody earns anything. There are others, in which one player quits at once.

    Args:
        values: what the prize is worth to each of two players, positive.
        cost: of a unit of time, to each while both fight.

    Raises:
        UserError: not two positive values, or no positive cost.
    """
    v = _positive(values, 2)
    if len(v) != 2:
        raise UserError("two players fight", key="values", given=list(values))
    if not (np.isfinite(cost) and cost > 0):
        raise UserError("no cost", key="cost", given=cost, allowed="above 0")
    rates = cost / v[::-1]
    cdfs = tuple(_exponential(float(rate)) for rate in rates)
    proof = certificates.attrition(v.tolist(), cdfs, [0.0, 0.0], cost, 20 / float(rates.min()))
    return ExitRates(v, rates, np.zeros(2), 1 / float(rates.sum()), proof)


def _exponential(rate: float) -> Callable[[Float], Float]:
    return lambda t: np.asarray(-np.expm1(-rate * np.asarray(t)))


def _nothing(bids: Float) -> Float:
    """The distribution of a bidder who stays out."""
    return np.ones(np.shape(bids))


def _positive(values: Sequence[float], least: int) -> Float:
    v = np.array(values, dtype=np.float64)
    if v.ndim != 1 or len(v) < least or not (np.isfinite(v).all() and (v > 0).all()):
        raise UserError(
            "positive values are needed", key="values", given=list(values), allowed="2 or more"
        )
    return v
