"""How a solution moves with the parameters of its game: the implicit function theorem.

At a solution x of a game with parameters t the first-order conditions of the free coordinates
hold, r(x, t) = 0, so dx/dt = -(dr/dx)^-1 dr/dt: a policy's marginal effect on the equilibrium
without solving again. Coordinates held at a bound by a slope move with that bound alone.
Source: Fiacco (1983), Introduction to Sensitivity and Stability Analysis in Nonlinear
Programming; for variational inequalities Facchinei and Pang (2003), chapter 5.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim import parameters as plain
from coopsim import registry
from coopsim.arrays import Float
from coopsim.errors import CoopsimError, NoSuchForm, UserError, nearest
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.game import Game
from coopsim.solvers.concepts import Concept
from coopsim.solvers.continuous import first_order
from coopsim.solvers.numeric import slopes, widths
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Solution

_EDGE = 1e-7  # of the range: nearer to a bound than this is at the bound
_STEP = 1e-4  # of a parameter's size: its slopes are of second order in this
_MOVE = 1e-5  # of the range: of actions
_WEAK = 1e-6  # of the typical slope: a bound that pushes less than this is about to let go
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How a solution changes with parameters, to first order.

    Args:
        parameters: dotted paths, as asked for.
        solution: the solution that the slopes are taken at.
        profile: d(coordinate)/d(parameter), `[P, m]`, actions per unit of the parameter; the
            coordinates in the order of the form (`ContinuousForm.owner`).
        values: d(value of player)/d(parameter), `[P, n]`, payoff units per unit.
        active: the coordinates that are held at a bound.
        weak: whether a coordinate is at a bound that does not push: there the solution has a
            kink, and the slopes hold for changes that leave the bound active.
        condition: the condition number of the system solved; large near a fold, where
            equilibria appear or vanish.
    """

    parameters: tuple[str, ...]
    solution: Solution
    profile: Float
    values: Float
    active: tuple[int, ...]
    weak: bool
    condition: float


def sensitivity(
    game: Game,
    concept: str = "nash",
    parameters: Sequence[str] = (),
    *,
    solution: Solution | None = None,
    tol: float = 1e-8,
    **options: Any,
) -> Sensitivity:
    """The derivatives of a solution by the game's parameters.

    Args:
        game: a game with a continuous form and smooth payoffs.
        concept: one that asks for a Nash equilibrium or for a largest sum of payoffs.
        parameters: numbers among the game's parameters, as dotted paths ("gamma",
            "value.theta", "interdependence.0.1").
        solution: where to take the slopes; solved for where not given.
        tol: of that solution, in payoff units.
        options: of the concept, such as `trust`, and of the method.

    Raises:
        UserError: no such parameter, or it is no number.
        NoSuchForm: the concept is not one of the two kinds, or has no continuous form.
        CoopsimError: there is no proved solution, or the conditions are singular there.

    Cost: one solution, and for each parameter two games and 2 m + 2 evaluations of slopes.
    """
    asked: Concept = registry.lookup("concept", concept).load()
    if asked.problem not in ("nash", "optimum"):
        raise NoSuchForm(f"{concept} has no first-order conditions that are followed here")
    taken = {key: options[key] for key in asked.accepts if key in options}

    def form_of(changed: Game) -> ContinuousForm:
        made = changed.form("continuous", **{**asked.options, **taken})
        if not isinstance(made, ContinuousForm):
            raise NoSuchForm(f"{concept} is not asked of a continuous form here")
        return made

    form = form_of(game)
    at = solution or solve(game, concept, tol=tol, **options)
    if not at.proved:
        raise CoopsimError(f"there is no proved solution to take slopes at: {at.sentence}")
    conditions = _Conditions(asked.problem, form, form.join(at.profile))
    slopes_of = [conditions.by_parameter(_varied(game, name, form_of)) for name in parameters]
    moved = np.array([dx for dx, _ in slopes_of]).reshape(-1, form.m)
    values = np.array([du for _, du in slopes_of]).reshape(-1, form.n)
    return Sensitivity(
        tuple(parameters),
        at,
        moved,
        values,
        tuple(map(int, np.flatnonzero(~conditions.free))),
        conditions.weak,
        conditions.condition,
    )


Varied = tuple[ContinuousForm, ContinuousForm, float]
"""The form with the parameter lowered and raised, and how far the two are apart."""


class _Conditions:
    """First-order conditions at a point: which coordinates are free, and how the rest reacts."""

    def __init__(self, problem: str, form: ContinuousForm, point: Float) -> None:
        self.problem, self.form = problem, form
        width = widths(form.low, form.high)
        at_low = point <= form.low + _EDGE * width
        at_high = point >= form.high - _EDGE * width
        self.point = np.where(at_low, form.low, np.where(at_high, form.high, point))
        slope = self.residual(form, self.point)
        push = np.where(at_low, -slope, np.where(at_high, slope, np.inf))
        typical = max(1e-300, float(np.abs(_typical(form) * width).max()))
        held = (at_low | at_high) & (push * width >= -_WEAK * typical)
        self.free = ~(held | (form.high <= form.low))
        self.weak = bool((held & (np.abs(push) * width <= _WEAK * typical)).any())
        self.upper = at_high
        self.jacobian = self._jacobian(width)
        free = self.jacobian[np.ix_(self.free, self.free)]
        self.condition = float(np.linalg.cond(free)) if len(free) else 1.0
        if not self.condition < 1 / _SINGULAR:
            raise CoopsimError(
                "the first-order conditions are singular at the solution (a fold, or a "
                "continuum of solutions): it has no derivative there"
            )

    def residual(self, form: ContinuousForm, x: Float) -> Float:
        """The slopes that vanish at free coordinates, `[..., m]`."""
        if self.problem == "nash":
            return first_order(form, x)
        total = slopes(lambda y: np.repeat(form.welfare(y)[..., None], form.m, -1), x, *_box(form))
        return np.asarray(total)

    def by_parameter(self, varied: Varied) -> tuple[Float, Float]:
        """The slopes of the coordinates `[m]` and of the values `[n]` by one parameter."""
        below, above, apart = varied
        if (below.m, below.n) != (self.form.m, self.form.n):
            raise UserError("this parameter changes the number of players or actions")
        # a point beyond a bound that has moved is still a point of the payoff functions
        change = (self.residual(above, self.point) - self.residual(below, self.point)) / apart
        bound = np.where(self.upper, above.high - below.high, above.low - below.low) / apart
        moved = np.where(self.free, 0.0, bound)
        right = change + self.jacobian @ moved
        free = self.jacobian[np.ix_(self.free, self.free)]
        if len(free):
            moved[self.free] = -np.linalg.solve(free, right[self.free])
        x = self.point
        direct = (above.payoffs(x) - below.payoffs(x)) / apart
        return moved, np.asarray(direct + self._payoff_slopes() @ moved)

    def _jacobian(self, width: Float) -> Float:
        """How each slope changes with each coordinate, `[m, m]`, by differences inside the box."""
        form, unit = self.form, np.eye(self.form.m) * _MOVE * width
        up = np.minimum(self.point + unit, form.high)
        down = np.maximum(self.point - unit, form.low)
        span = np.diagonal(up - down)
        change = self.residual(form, up) - self.residual(form, down)
        return np.asarray((change / np.where(span > 0, span, 1.0)[:, None]).T)

    def _payoff_slopes(self) -> Float:
        """How each payoff changes with each coordinate, `[n, m]`; of second order at bounds."""
        form, step = self.form, _MOVE * widths(*_box(self.form))
        # a parabola through three points inside the box, in one coordinate at a time
        room = form.high - form.low > 2 * step
        shift = np.clip(self.point, form.low + step, form.high - step) - self.point
        unit = np.eye(form.m) * np.where(room, step, 0.0)
        centre = self.point + np.diag(np.where(room, shift, 0.0))
        here, up, down = (form.payoffs(x).T for x in (centre, centre + unit, centre - unit))
        slope, bend = (up - down) / (2 * step), (up - 2 * here + down) / step**2
        return np.asarray(slope - bend * shift)


def _typical(form: ContinuousForm) -> Float:
    sample = np.random.default_rng(0).random((64, form.m))
    seen = np.abs(first_order(form, form.low + sample * (form.high - form.low)))
    return np.asarray(np.median(np.nan_to_num(seen, posinf=0.0), axis=0))


def _box(form: ContinuousForm) -> tuple[Float, Float]:
    return form.low, form.high


def _varied(game: Game, name: str, form_of: Callable[[Game], ContinuousForm]) -> Varied:
    """The forms of the game with one parameter a little lower and a little higher."""
    path = [int(part) if part.isdigit() else part for part in name.split(".")]
    value = _number(plain.dump(game), path, name)
    step = _STEP * max(abs(value), 1e-2)
    ends = []
    for sign in (-1, 1):
        try:
            ends.append((sign * step, form_of(_changed(game, path, value + sign * step))))
        except UserError:  # out of range on this side: a one-sided difference
            ends.append((0.0, form_of(game)))
    apart = ends[1][0] - ends[0][0]
    if apart == 0:
        raise UserError("cannot be changed either way", key=name, given=value)
    return ends[0][1], ends[1][1], apart


def _number(data: Any, path: Sequence[Any], name: str) -> float:
    """The number at a path of plain data."""
    for part in path:
        known = [str(key) for key in data] if isinstance(data, dict) else []
        if isinstance(data, list):
            known = [str(place) for place in range(len(data))]
        if str(part) not in known:
            near = nearest(str(part), known)
            raise UserError("no such parameter", key=name, given=part, allowed=known, nearest=near)
        data = data[part]
    if not isinstance(data, int | float) or isinstance(data, bool):
        raise UserError("is no number", key=name, given=data)
    return float(data)


def _changed(game: Game, path: Sequence[str | int], value: float) -> Game:
    """The game with another number at a path."""
    data = copy.deepcopy(plain.dump(game))
    node: Any = data
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    return plain.build(type(game), data)
