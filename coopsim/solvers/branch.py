"""The principal branch of a logit equilibrium correspondence, followed from lambda 0.

A logit equilibrium at precision lambda chooses every action with log-probability
`lambda u - log sum exp(lambda u)`, where u is what the action pays given everybody's
choices (McKelvey and Palfrey 1995). The equilibria over all lambda hold one curve that
begins at equal probabilities at lambda 0; it is followed in log-probabilities by arclength,
so that it may turn back in lambda (Turocy 2005, "A dynamic homotopy interpretation of the
logistic quantal response equilibrium correspondence").
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import dense
from coopsim.solvers.multilinear import Multilinear
from coopsim.solvers.numeric import Clock, OutOfTime

Ints = npt.NDArray[Any]

_TIGHT = 1e-13  # of the corrector, in log-probability, relative to lambda times the payoffs
_TURN = 0.985  # least cosine of the angle between two tangents
_DRIFT = 0.15  # most that a corrector may move a point, over the step: no other curve is near
_CROSSING = 1e-3  # step below which a change of orientation is a crossing of branches
_FIRST, _SMALLEST, _LONGEST = 0.05, 1e-9, 1e7
_CORRECTIONS = 8
_FARTHEST = 5000  # points on the way to a precision; 10 to 100 are usual


class Choices(Protocol):
    """What actions pay as a function of everybody's log-probabilities."""

    @property
    def starts(self) -> Ints:
        """The first action of each choice (a player's actions, or an information set's)."""
        ...

    @property
    def owner(self) -> Ints:
        """The choice of each action, `[m]`."""
        ...

    @property
    def player(self) -> Ints:
        """The player of each action, `[m]`."""
        ...

    def payoffs(self, logs: Float) -> tuple[Float, Float]:
        """What each action pays, `[m]`, and the derivatives by log-probabilities, `[m, m]`."""
        ...


class NormalChoices:
    """The choices of a normal form, one a player, payoffs in units of `unit`."""

    def __init__(self, form: NormalForm) -> None:
        self.game = Multilinear(form)
        self.starts, self.owner, self.player = self.game.starts, self.game.owner, self.game.owner

    @property
    def unit(self) -> float:
        """Payoff units in one unit of `payoffs`."""
        return self.game.scale

    def payoffs(self, logs: Float) -> tuple[Float, Float]:
        """See `Choices`."""
        x = np.exp(logs)
        values, slopes = self.game.derivatives(x)
        return values, slopes * x


@dataclass(frozen=True, eq=False)
class Point:
    """A point of the branch.

    Args:
        lam: the precision; players' own precisions are this times their weights.
        logs: log-probabilities, `[m]`.
        tangent: unit direction in (logs, lam), `[m + 1]`.
        orientation: sign of the determinant of the equations' derivatives over the tangent.
    """

    lam: float
    logs: Float
    tangent: Float
    orientation: float


class Branch:
    """The principal branch.

    Args:
        choices: the game.
        weights: each player's precision over lambda, `[n]`; all 1 where not given.
        fixed: precisions `[n]` that do not move with lambda; 0 where not given.
    """

    def __init__(
        self, choices: Choices, weights: Float | None = None, fixed: Float | None = None
    ) -> None:
        self.choices = choices
        ones = np.ones(len(choices.owner))
        self.weights = ones if weights is None else np.asarray(weights, float)[choices.player]
        self.fixed = 0 * ones if fixed is None else np.asarray(fixed, float)[choices.player]

    def system(self, logs: Float, lam: float) -> tuple[Float, Float]:
        """Residual `[m]` of the logit equations and its derivatives `[m, m + 1]`."""
        payoffs, slopes = self.choices.payoffs(logs)
        rates = lam * self.weights + self.fixed
        response = self._softmax(rates * payoffs)
        shares = np.exp(response)
        by_logs = np.eye(len(logs)) - self._centred(rates[:, None] * slopes, shares)
        by_lam = -self._centred((self.weights * payoffs)[:, None], shares)
        return logs - response, np.hstack([by_logs, by_lam])

    def start(self) -> Point:
        """The point at lambda 0."""
        counts = np.bincount(self.choices.owner).astype(float)
        logs = -np.log(counts)[self.choices.owner]
        if self.fixed.any():
            logs = self._settled(logs)
        _, slopes = self.system(logs, 0.0)
        tangent = _tangent(slopes, np.eye(1, len(logs) + 1, len(logs))[0])
        return Point(0.0, logs, tangent, _orientation(slopes, tangent))

    def follow(self, clock: Clock, longest: float = _LONGEST) -> Iterator[Point]:
        """Points of the branch in order, the first at lambda 0; ends where the clock does.

        Also ends where no step, however short, keeps to the curve. No step is longer than
        `longest` times what log-probabilities measure there, at least 1.
        """
        try:
            with keeping(clock):
                point, step = self.start(), _FIRST
        except OutOfTime:
            return
        yield point
        while not clock.over:
            ahead = None
            while ahead is None:
                try:
                    with keeping(clock):
                        ahead = self._stepped(point, step)
                except OutOfTime:
                    return
                if ahead is None:
                    step *= 0.4
                    if step < _SMALLEST:
                        return
            cosine = float(ahead.tangent @ point.tangent)
            most = longest * max(1.0, float(np.abs(ahead.logs).max()))
            step = min(step * (2.0 if cosine > 0.999 else 1.2), most, _LONGEST)
            point = ahead
            yield point

    def solve_at(self, lam: float, near: Point) -> Float | None:
        """Log-probabilities of the equilibrium at `lam` that `near` leads to; None if lost."""
        logs = near.logs.copy()
        if abs(near.tangent[-1]) > 1e-12:
            logs = logs + near.tangent[:-1] * (lam - near.lam) / near.tangent[-1]
        before = np.inf
        for _ in range(40):
            residual, slopes = self.system(logs, lam)
            size = float(np.abs(residual).max())
            if size <= _TIGHT * max(1.0, float(np.abs(logs).max())):
                return logs - _solved(slopes[:, :-1], residual)
            if not size < 1e6 or (size < 1e-9 and size >= before):
                break
            before = size
            logs = logs - _solved(slopes[:, :-1], residual)
        return logs if size < 1e-9 * max(1.0, float(np.abs(logs).max())) else None

    def _stepped(self, point: Point, step: float) -> Point | None:
        """The next point about `step` further on; None where the step is too long."""
        ahead = here = np.append(point.logs, point.lam) + step * point.tangent
        if here[-1] < 0:
            return None
        size = np.inf
        for _ in range(_CORRECTIONS):
            residual, slopes = self.system(here[:-1], float(here[-1]))
            before, size = size, float(np.abs(residual).max())
            if size <= _TIGHT * max(1.0, float(np.abs(here).max())):
                break
            if not size < 1e6 or size > 0.7 * before:
                if size < 1e-10 * max(1.0, float(np.abs(here).max())):
                    break  # rounding
                return None
            square = np.vstack([slopes, point.tangent])
            change = _solved(square, np.append(residual, 0.0))
            here = here - change
            if np.linalg.norm(here - ahead) > max(_DRIFT * step, 1e-9):
                return None
        else:
            return None
        _, slopes = self.system(here[:-1], float(here[-1]))
        tangent = _tangent(slopes, point.tangent)
        if float(tangent @ point.tangent) < _TURN:
            return None
        turned = _orientation(slopes, tangent)
        # along one curve the orientation stays; a jump to another one may turn it around
        if turned != point.orientation and step > _CROSSING:
            return None
        return Point(float(here[-1]), here[:-1], tangent, turned)

    def _settled(self, logs: Float) -> Float:
        """At lambda 0 only the fixed precisions act; they are raised from 0 together."""
        path = Branch(self.choices)
        path.weights, path.fixed = self.fixed, np.zeros_like(self.fixed)
        found = principal(path, 1.0, Clock(None))
        return logs if found is None else found.logs

    def _softmax(self, powers: Float) -> Float:
        """Log-probabilities proportional to `exp(powers)` in every choice."""
        starts, owner = self.choices.starts, self.choices.owner
        shifted = powers - np.maximum.reduceat(powers, starts)[owner]
        return np.asarray(shifted - np.log(np.add.reduceat(np.exp(shifted), starts))[owner])

    def _centred(self, columns: Float, shares: Float) -> Float:
        """Columns `[m, k]` less their mean under `shares` in every choice."""
        means = np.add.reduceat(shares[:, None] * columns, self.choices.starts, axis=0)
        return np.asarray(columns - means[self.choices.owner])


def principal(
    branch: Branch, lam: float, clock: Clock, passed: list[Point] | None = None
) -> Point | None:
    """The first point of the branch at `lam`; None where the clock runs out on the way.

    Points on the way are added to `passed`.
    """
    return next(crossings(branch, [lam], clock, passed), None)


def crossings(
    branch: Branch, lams: Sequence[float], clock: Clock, passed: list[Point] | None = None
) -> Iterator[Point]:
    """The first points of the branch at each of `lams`, which ascend; ends where it is lost.

    Also ends after 5,000 points: steps have a largest length, and a precision many orders of
    magnitude above what payoffs call for would never be reached.
    """
    before, waiting = None, list(lams)
    for point in itertools.islice(branch.follow(clock), _FARTHEST):
        if passed is not None:
            passed.append(point)
        while waiting and point.lam >= waiting[0]:
            lam = waiting.pop(0)
            near = point if before is None else _nearer(before, point, lam)
            try:
                with keeping(clock):
                    logs = branch.solve_at(lam, near)
                    if logs is None and before is not None:
                        logs = _between(branch, before, lam)
            except OutOfTime:
                return
            if logs is None:
                return
            yield Point(lam, logs, near.tangent, near.orientation)
        if not waiting:
            return
        before = point


def _between(branch: Branch, before: Point, lam: float) -> Float | None:
    """The equilibrium at `lam` from ever shorter steps that begin at `before`."""
    point, step = before, 1.0
    for _ in range(200):
        ahead = branch._stepped(point, step)
        if ahead is None or ahead.lam > lam:
            step *= 0.5
            logs = branch.solve_at(lam, point) if step < 1e-3 else None
            if logs is not None or step < _SMALLEST:
                return logs
        else:
            point = ahead
    return None


def _nearer(one: Point, other: Point, lam: float) -> Point:
    return one if abs(one.lam - lam) < abs(other.lam - lam) else other


def _tangent(slopes: Float, along: Float) -> Float:
    """The unit vector in the null space of `slopes` `[m, m + 1]` that points along `along`."""
    square = np.vstack([slopes, along])
    right = np.zeros(len(along))
    right[-1] = 1.0
    found = _solved(square, right)
    length = float(np.linalg.norm(found))
    return found / length if length > 0 else along


def _orientation(slopes: Float, tangent: Float) -> float:
    return dense.sign(np.vstack([slopes, tangent]))


def _solved(matrix: Float, right: Float) -> Float:
    try:
        found = dense.solved(matrix, right)
    except np.linalg.LinAlgError:
        found = np.full(len(right), np.nan)
    if np.isfinite(found).all():
        return np.asarray(found)
    return dense.shortest(matrix, right, 1e-12)
