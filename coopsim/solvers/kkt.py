"""Semismooth Newton on the stacked conditions of Karush, Kuhn and Tucker of all players.

Unknowns are the actions and the two multipliers of each coordinate's bounds. Complementarity
a >= 0, b >= 0, ab = 0 is written as phi(a, b) = a + b - sqrt(a^2 + b^2) = 0, so that the whole
system is square and Newton's method converges quadratically near a regular solution. Sources:
Fischer (1992), A special Newton-type optimization method; De Luca, Facchinei and Kanzow (1996),
Mathematical Programming 75 (globalisation by the squared residual); Facchinei and Kanzow (2010),
Generalized Nash equilibrium problems, section 5.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers import endpoints
from coopsim.solvers.continuous import first_order
from coopsim.solvers.numeric import Clock, OutOfTime, require_count, widths
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_SETTLED = 1e-9
_STEP = 1e-5  # of the range: of the difference quotients of slopes
_LARGEST = 400  # coordinates: the system has three times as many rows
_STEEPEST = 1e6


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 16,
    rounds: int = 200,
    seed: Seed = 0,
) -> Found:
    """Profiles that meet the first-order conditions of all players, from many starts at once.

    Args:
        form: the game, with payoffs that have second derivatives where Newton comes.
        tol: the most that a coordinate may gain at an end point, in payoff units.
        deadline: seconds after which the best profile so far is returned.
        starts: starting profiles, moved side by side.
        rounds: most Newton steps.
        seed: of the random starts.

    Raises:
        NoSuchForm: more than 400 coordinates.

    Cost: a Newton step takes 2 m evaluations of the gradient and one linear system of 3 m rows
    for each start; five to twenty steps where it settles.
    """
    require_count("rounds", rounds)
    if form.m > _LARGEST:
        raise NoSuchForm(
            f"{form.m} coordinates make a dense Newton system of {3 * form.m} rows, and at most "
            f"{3 * _LARGEST} are solved here; extragradient needs no such system"
        )
    clock = Clock(deadline)
    m, width = form.m, widths(form.low, form.high)
    x = (endpoints.starting_points(form, starts, seed) - form.low) / width
    here = np.concatenate([x, np.zeros((len(x), 2 * m))], axis=1)
    settled: list[Float] = []
    stuck: list[Float] = []
    used = 0
    with contextlib.suppress(OutOfTime):
        system = _System.of(form.watched(clock))
        here = system.first(x)
        value = system.residual(here)
        while len(here) and used < rounds:
            here, value, moved = _newton(system, here, value, clock)
            used += 1
            size = np.abs(value).max(1)
            done = size <= _SETTLED
            settled.extend(here[done])
            stuck.extend(here[~done & ~moved])
            here, value = here[~done & moved], value[~done & moved]
    rest = np.concatenate([here, np.array(stuck).reshape(-1, 3 * m)])
    return endpoints.found(
        form,
        form.low + np.clip(np.array(settled).reshape(-1, 3 * m)[:, :m], 0, 1) * width,
        form.low + np.clip(rest[:, :m], 0, 1) * width,
        f"{starts} starts, {used} semismooth Newton steps",
        tol,
        clock,
        {"rounds": used, "starts": starts},
    )


@dataclass(frozen=True)
class _System:
    """The stacked conditions over the unit box; a point is actions, then both multipliers.

    Args:
        fall: unit points `[..., m]` to minus the scaled slopes of the owners, `[..., m]`.
        m: coordinates.
    """

    fall: Callable[[Float], Float]
    m: int

    @classmethod
    def of(cls, form: ContinuousForm) -> _System:
        """The conditions of a form, with slopes divided by a typical size for each player."""
        width = widths(form.low, form.high)
        fixed = form.high <= form.low
        sample = form.low + np.random.default_rng(0).random((64, form.m)) * width
        seen = np.abs(first_order(form, sample)) * width
        typical = np.nanmax(np.where(np.isfinite(seen), seen, np.nan), axis=0, initial=0.0)
        by_player = np.array([typical[form.owner == i].max() for i in range(form.n)])
        scale = np.where(by_player > 0, by_player, 1.0)[form.owner]

        def fall(unit: Float) -> Float:
            inside = np.clip(unit, 0, 1)
            slope = first_order(form, np.clip(form.low + inside * width, form.low, form.high))
            slope = np.clip(np.nan_to_num(-slope * width / scale), -_STEEPEST, _STEEPEST)
            # a coordinate without room has nothing to choose: any point of it will do
            return np.asarray(np.where(fixed, unit, slope))

        return cls(fall, form.m)

    def first(self, x: Float) -> Float:
        """Starting points with the multipliers that meet the first condition, `[S, 3 m]`."""
        slope = self.fall(x)
        return np.concatenate([x, np.maximum(slope, 0), np.maximum(-slope, 0)], axis=1)

    def residual(self, z: Float) -> Float:
        """What the conditions fail by, `[S, 3 m]`."""
        x, lower, upper = np.split(z, 3, axis=-1)
        return np.concatenate(
            [self.fall(x) - lower + upper, _phi(x, lower), _phi(1 - x, upper)], axis=-1
        )

    def jacobian(self, z: Float) -> Float:
        """An element of the generalised Jacobian, `[S, 3 m, 3 m]`."""
        m = self.m
        x, lower, upper = np.split(z, 3, axis=-1)
        unit = np.eye(m)
        whole = np.zeros((len(z), 3 * m, 3 * m))
        up = np.minimum(x[:, None] + _STEP * unit, 1)
        down = np.maximum(x[:, None] - _STEP * unit, 0)
        span = np.maximum(np.diagonal(up - down, axis1=1, axis2=2), 1e-300)
        change = (self.fall(up) - self.fall(down)) / span[..., None]
        whole[:, :m, :m] = np.swapaxes(change, 1, 2)
        whole[:, :m, m : 2 * m], whole[:, :m, 2 * m :] = -unit, unit
        for row, point, dual, sign in ((m, x, lower, 1), (2 * m, 1 - x, upper, -1)):
            by_point, by_dual = _phi_slopes(point, dual)
            whole[:, row : row + m, :m] = sign * by_point[..., None] * unit
            whole[:, row : row + m, row : row + m] = by_dual[..., None] * unit
        return whole


def _newton(
    system: _System, here: Float, value: Float, clock: Clock
) -> tuple[Float, Float, np.ndarray]:
    """One step of every start with its length searched; whether the start moved, `[S]`.

    Raises:
        OutOfTime: between two starts, each of which takes two dense solves.
    """
    matrix = system.jacobian(here)
    merit = 0.5 * (value**2).sum(1)
    slope = (np.swapaxes(matrix, 1, 2) @ value[..., None])[..., 0]
    direction = _direction(matrix, value, slope, clock)
    descent = (slope * direction).sum(1)
    moved = np.zeros(len(here), dtype=bool)
    length = 1.0
    best, best_value = here.copy(), value.copy()
    while length > 1e-7 and not moved.all():
        rows = np.flatnonzero(~moved)
        trial = here[rows] + length * direction[rows]
        after = system.residual(trial)
        fits = 0.5 * (after**2).sum(1) <= merit[rows] + 1e-4 * length * descent[rows]
        taken = rows[fits]
        best[taken], best_value[taken] = trial[fits], after[fits]
        moved[taken] = True
        length *= 0.5
    return best, best_value, moved


def _direction(matrix: Float, value: Float, slope: Float, clock: Clock) -> Float:
    """Newton's direction, or Levenberg and Marquardt's where that one does not lead down."""
    size = matrix.shape[-1]
    norm = np.linalg.norm(value, axis=1)
    damping = np.minimum(norm, 1e-2) * 1e-2 + 1e-14
    safe, newton, singular = np.empty_like(value), np.empty_like(value), False
    for k, own in enumerate(matrix):
        clock.look()
        damped = own.T @ own + damping[k] * np.eye(size)
        safe[k] = np.linalg.solve(damped, -slope[k])
        try:
            newton[k] = np.linalg.solve(own, -value[k])
        except np.linalg.LinAlgError:
            singular = True
    if singular:  # one singular matrix stops the whole batch
        return safe
    steep = (slope * newton).sum(1) <= -1e-8 * (newton**2).sum(1)
    good = np.isfinite(newton).all(1) & steep
    return np.asarray(np.where(good[:, None], newton, safe))


def _phi(a: Float, b: Float) -> Float:
    """Fischer and Burmeister's function: 0 exactly where a, b >= 0 and ab = 0."""
    return np.asarray(a + b - np.hypot(a, b))


def _phi_slopes(a: Float, b: Float) -> tuple[Float, Float]:
    """Its partial derivatives; at the origin, those along the diagonal."""
    root = np.hypot(a, b)
    safe = np.where(root > 0, root, 1.0)
    edge = np.sqrt(0.5)
    return (
        1 - np.where(root > 0, a / safe, edge),
        1 - np.where(root > 0, b / safe, edge),
    )
