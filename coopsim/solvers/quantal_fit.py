"""The precision of logit choices fitted to data, along the principal branch.

Maximum likelihood over the whole branch, with the standard error from the second derivative
and the profile-likelihood interval (McKelvey and Palfrey 1995, section 4, fit in this way).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.branch import Branch, Point
from coopsim.solvers.numeric import Clock
from coopsim.solvers.quantal import Form, branch_of, profile_of


@dataclass(frozen=True, eq=False)
class QuantalFit:
    """A precision fitted to observed choices.

    Args:
        lam: the precision with the largest likelihood on the principal branch, in 1 over
            payoff units.
        log_likelihood: there.
        standard_error: from the second derivative; infinite at a bound of the search.
        interval: the 95% profile-likelihood interval; it ends at 0 or infinity where the
            likelihood does not fall far enough.
        profile: the equilibrium at `lam`.
        maxima: all local maxima on the branch, pairs of precision and log-likelihood, best first.
        at_bound: whether the likelihood was still rising where the search ended.
    """

    lam: float
    log_likelihood: float
    standard_error: float
    interval: tuple[float, float]
    profile: tuple[Float, ...]
    maxima: tuple[tuple[float, float], ...]
    at_bound: bool


_DROP = 1.920729410347062  # half the 95% quantile of chi-square with one degree of freedom


def fit_quantal(
    form: Form,
    counts: Sequence[Sequence[float] | Float],
    *,
    most: float | None = None,
    deadline: float | None = None,
) -> QuantalFit:
    """The precision under which observed choices are most likely, on the principal branch.

    The whole branch up to `most` is walked, every local maximum of the likelihood is located,
    and the best one is taken: a climb from one start could end at another.

    Args:
        form: a normal form, or a tree (agent quantal response).
        counts: how often each action was seen, one array a player: `[A_i]`, or on a tree
            `[S_i]` in the order of behaviour strategies.
        most: the largest precision looked at; 1,000 over the payoff range where not given.
        deadline: seconds; the search ends there as at `most`.

    Raises:
        NoSuchForm: too many actions, or a tree without perfect recall.
        UserError: the counts do not fit the game, are negative, or all 0.
    """
    seen = _checked_counts(form, counts)
    branch, unit = branch_of(form)
    limit = 1000.0 if most is None else most * unit
    points: list[Point] = []
    for point in branch.follow(Clock(deadline), longest=0.5):
        points.append(point)
        if point.lam >= limit:
            break
    likelihood = _Likelihood(branch, seen)
    maxima = [likelihood.between(a, b) for a, b in itertools.pairwise(points)]
    found = [each for each in maxima if each is not None]
    end = points[-1]
    rising = likelihood.slope(end) > 0
    if rising or not found:
        tail = end if rising else points[0]
        found.append((tail.lam, float(seen @ tail.logs), tail))
    found.sort(key=lambda each: -each[1])
    lam, best, near = found[0]
    bend = likelihood.bend(near, lam) if 0 < lam < end.lam else 0.0
    low, high = likelihood.interval(points, lam, best - _DROP)
    logs = branch.solve_at(lam, near)
    return QuantalFit(
        lam=lam / unit,
        log_likelihood=best,
        standard_error=1 / (math.sqrt(bend) * unit) if bend > 0 else math.inf,
        interval=(low / unit, high / unit),
        profile=profile_of(form, near.logs if logs is None else logs),
        maxima=tuple((each[0] / unit, each[1]) for each in found),
        at_bound=bool(rising and lam == end.lam),
    )


class _Likelihood:
    """The log-likelihood of counts `[m]` along a branch."""

    def __init__(self, branch: Branch, seen: Float) -> None:
        self.branch, self.seen = branch, seen

    def slope(self, point: Point) -> float:
        """How it changes along the branch, up to a positive factor."""
        return float(self.seen @ point.tangent[:-1])

    def at(self, lam: float, near: Point) -> float:
        """Its value at `lam` close to a point of the branch."""
        logs = self.branch.solve_at(lam, near)
        return -math.inf if logs is None else float(self.seen @ logs)

    def derivative(self, lam: float, near: Point) -> float:
        """Its derivative by lambda there."""
        logs = self.branch.solve_at(lam, near)
        if logs is None:
            return math.nan
        _, slopes = self.branch.system(logs, lam)
        return -float(self.seen @ np.linalg.solve(slopes[:, :-1], slopes[:, -1]))

    def between(self, one: Point, other: Point) -> tuple[float, float, Point] | None:
        """The maximum between two points, if there is one: lambda, value, the point before."""
        from scipy.optimize import brentq

        if not self.slope(one) > 0 >= self.slope(other):
            return None
        low, high = sorted((one.lam, other.lam))
        ends = self.derivative(low, one), self.derivative(high, one)
        if high > low and ends[0] * ends[1] < 0:
            lam = float(brentq(self.derivative, low, high, args=(one,), xtol=1e-13, rtol=1e-13))
        else:  # at a turn of the branch
            lam = max((one, other), key=lambda point: float(self.seen @ point.logs)).lam
        return lam, self.at(lam, one), one

    def bend(self, near: Point, lam: float) -> float:
        """Minus its second derivative by lambda."""
        step = 1e-5 * max(lam, 1e-3)
        ends = self.derivative(lam + step, near), self.derivative(lam - step, near)
        return (ends[1] - ends[0]) / (2 * step)

    def interval(self, points: list[Point], lam: float, level: float) -> tuple[float, float]:
        """The precisions around `lam` at which it falls to `level`; 0 and infinity at the ends."""
        place = max(i for i, point in enumerate(points) if i == 0 or point.lam <= lam)
        below = [p for p in points[: place + 1] if p.lam <= lam and self.seen @ p.logs < level]
        above = [p for p in points[place + 1 :] if p.lam >= lam and self.seen @ p.logs < level]
        low = self._crossing(points, below[-1], level) if below else 0.0
        high = self._crossing(points, above[0], level) if above else math.inf
        return low, high

    def _crossing(self, points: list[Point], beyond: Point, level: float) -> float:
        """Where the likelihood passes `level` between a point below it and its neighbour."""
        from scipy.optimize import brentq

        place = points.index(beyond)
        for other in (place - 1, place + 1):
            if not 0 <= other < len(points):
                continue
            near = points[other]
            ends = [self.at(p.lam, near) - level for p in (beyond, near)]
            if ends[0] < 0 <= ends[1]:
                low, high = sorted((beyond.lam, near.lam))
                return float(brentq(self._above, low, high, args=(near, level), xtol=1e-12))
        return beyond.lam

    def _above(self, lam: float, near: Point, level: float) -> float:
        return self.at(lam, near) - level


def _checked_counts(form: Form, counts: Sequence[Sequence[float] | Float]) -> Float:
    if isinstance(form, NormalForm):
        sizes = list(form.shape)
    else:
        sizes = [form.infosets.part(i).stop - form.infosets.part(i).start for i in range(form.n)]
    parts = [np.asarray(part, dtype=np.float64) for part in counts]
    fits = [part.shape for part in parts] == [(size,) for size in sizes]
    seen = np.concatenate(parts) if fits else np.zeros(0)
    if not fits or not np.isfinite(seen).all() or (seen < 0).any() or not seen.sum() > 0:
        raise UserError(
            "these counts do not fit the game",
            key="counts",
            given=[list(part.shape) for part in parts],
            allowed=f"one array a player, of {sizes} numbers, 0 or more, not all 0",
        )
    return seen
