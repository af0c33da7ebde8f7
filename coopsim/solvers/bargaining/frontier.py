"""Bargaining on a frontier of payoffs: a global search of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers import optimum
from coopsim.solvers.bargaining.nash import weights_of
from coopsim.solvers.numeric import Clock, OutOfTime, newton, slopes
from coopsim.solvers.option_types import Seed
from coopsim.solvers.solution import Found

Value = Callable[[Float], Float]
"""Points `[..., m]` to what is maximised, `[...]`."""

_GRID, _PEAKS, _ZOOM = 4001, 8, 33
_LOW = 1e9  # in units of gains: below everything that is feasible


def solve_nash(
    form: BargainingForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    power: Sequence[float] | None = None,
    seed: Seed = 0,
) -> Found:
    """The point of the frontier with the largest weighted product of gains.

    Args:
        form: a frontier.
        tol: not needed; the search goes on to rounding.
        deadline: seconds.
        power: bargaining weights `[n]` above 0; equal where not given.
        seed: of the sample, with two parameters or more.

    Raises:
        NoSuchForm: vertices, or no point makes everybody better off.
        UserError: weights do not fit.

    Cost: some 5,000 points of the frontier with one parameter; 20,000 to 100,000 with more.
    """
    weights = weights_of(power, form.n)

    def value(x: Float) -> Float:
        gains = _gains(form, x)
        worst = gains.min(-1)
        logs = np.log(np.maximum(gains, 1e-300)) @ weights
        return np.where(worst > 0, logs, -_LOW * (1 - np.minimum(worst, 0)))

    return _found(form, value, Clock(deadline), seed, smooth=True)


def solve_kalai_smorodinsky(
    form: BargainingForm, *, tol: float = 1e-8, deadline: float | None = None, seed: Seed = 0
) -> Found:
    """The point whose smallest gain, in units of the ideal gains, is largest.

    The ideal gain of a player is the largest at points that leave nobody worse off. Arguments,
    errors and cost as for `solve_nash`.
    """
    clock = Clock(deadline)
    ideal = _ideal(form, clock, seed)
    if (ideal <= 0).any():
        raise NoSuchForm("a player cannot gain over disagreement, so gains have no proportion")
    more = {"ideal": (form.disagreement + ideal).tolist()}
    return _found(form, _share(form, ideal), clock, seed, direction=ideal, more=more)


def solve_egalitarian(
    form: BargainingForm, *, tol: float = 1e-8, deadline: float | None = None, seed: Seed = 0
) -> Found:
    """The point whose smallest gain is largest. Arguments as for `solve_nash`."""
    ones = np.ones(form.n)
    return _found(form, _share(form, ones), Clock(deadline), seed, direction=ones)


def solve_utilitarian(
    form: BargainingForm, *, tol: float = 1e-8, deadline: float | None = None, seed: Seed = 0
) -> Found:
    """The point with the largest sum of gains that leaves nobody worse. As for `solve_nash`."""
    return _found(form, _rational(form, np.ones(form.n)), Clock(deadline), seed, smooth=True)


def suits(form: BargainingForm, everything: bool) -> str:
    """Why `auto` chooses this: a frontier."""
    return f"a frontier of {len(form.low)} parameters" if form.low is not None else ""


def _gains(form: BargainingForm, x: Float) -> Float:
    gains = form.payoffs(x) - form.disagreement
    return np.asarray(np.where(np.isnan(gains), -_LOW, gains))


def _share(form: BargainingForm, direction: Float) -> Value:
    return lambda x: (_gains(form, x) / direction).min(-1)


def _rational(form: BargainingForm, weights: Float) -> Value:
    """A weighted sum of gains, pushed far down where somebody is worse off."""

    def value(x: Float) -> Float:
        gains = _gains(form, x)
        loss = np.minimum(gains.min(-1), 0)
        return np.asarray(np.where(loss < 0, _LOW * loss - _LOW * 1e-6, gains @ weights))

    return value


def _ideal(form: BargainingForm, clock: Clock, seed: int) -> Float:
    _require_frontier(form)
    best = []
    for i in range(form.n):
        value = _rational(form, np.eye(form.n)[i])
        x, _ = _maximise(form, value, clock, seed, smooth=False)
        best.append(float(_gains(form, x)[i]))
    return np.array(best)


def _found(
    form: BargainingForm,
    value: Value,
    clock: Clock,
    seed: int,
    smooth: bool = False,
    direction: Float | None = None,
    more: dict[str, Any] | None = None,
) -> Found:
    _require_frontier(form)
    point, finished = _maximise(form, value, clock, seed, smooth)
    if direction is not None and form.low is not None and len(form.low) > 1:
        point, whole = _sharpened(form, point, direction, clock)
        finished = finished and whole
    payoffs = form.payoffs(point)
    if not (payoffs >= form.disagreement - 1e-9 * (1 + np.abs(form.disagreement))).all():
        raise NoSuchForm("no point was found that leaves nobody worse than disagreement")
    return Found(
        ((point,),),
        f"a global search of {len(point)} parameters",
        finished=finished,
        details=({"payoffs": payoffs.tolist(), **(more or {})},),
    )


def _maximise(
    form: BargainingForm, value: Value, clock: Clock, seed: int, smooth: bool
) -> tuple[Float, bool]:
    """The best point found, and whether there was time to look everywhere."""
    assert form.low is not None
    assert form.high is not None
    if len(form.low) == 1:
        point = _zoomed(value, form.low, form.high)
        finished = True
    else:
        whole = ContinuousForm(
            ("all",), form.low, form.high, np.zeros(len(form.low), dtype=int),
            lambda x: value(x)[..., None],
        )  # fmt: skip
        found = optimum.solve(whole, deadline=clock.left, seed=seed)
        point, finished = found.profiles[0][0], found.finished
    return (_newton(form, value, point, clock) if smooth else point), finished


def _zoomed(value: Value, low: Float, high: Float) -> Float:
    """The best point of a line: a dense grid, then closer looks around its highest cells."""
    x = np.linspace(low[0], high[0], _GRID)
    paid = value(x[:, None])
    edge = np.concatenate([[-np.inf], paid, [-np.inf]])
    peaks = np.flatnonzero((paid >= edge[:-2]) & (paid >= edge[2:]))
    centres = x[peaks[np.argsort(-paid[peaks], kind="stable")][:_PEAKS]]
    half = (high[0] - low[0]) / (_GRID - 1)
    for _ in range(12):
        fine = np.clip(centres[:, None] + np.linspace(-half, half, _ZOOM), low[0], high[0])
        paid = value(fine[..., None])
        centres = np.take_along_axis(fine, paid.argmax(1)[:, None], 1)[:, 0]
        half /= (_ZOOM - 1) / 4
    return np.asarray(centres[[int(value(centres[:, None]).argmax())]])


def _newton(form: BargainingForm, value: Value, point: Float, clock: Clock) -> Float:
    """A smooth top is flat: its place is known better from where the slope is 0."""
    assert form.low is not None
    assert form.high is not None
    low, high = form.low, form.high

    def slope(points: Float) -> Float:
        return slopes(
            lambda moved: np.broadcast_to(value(moved)[..., None], moved.shape), points, low, high
        )

    end = newton(slope, point, low, high, clock)
    near = np.abs(end - point).max() <= 1e-4 * np.ptp([low, high])
    level = float(value(point))
    return end if near and float(value(end)) >= level - 1e-13 * (1 + abs(level)) else point


def _sharpened(
    form: BargainingForm, point: Float, direction: Float, clock: Clock
) -> tuple[Float, bool]:
    """The ridge of a smallest gain, followed to its top by SLSQP on its epigraph.

    The point, and whether there was time to follow the ridge.
    """
    from scipy.optimize import minimize

    assert form.low is not None
    assert form.high is not None
    level = float((_gains(form, point) / direction).min())

    def above(z: Float) -> Float:
        clock.look()
        return np.asarray(_gains(form, z[:-1]) / direction - z[-1])

    try:
        answer = minimize(
            lambda z: -z[-1],
            np.append(point, level),
            jac=lambda z: -np.eye(len(z))[-1],
            bounds=[*zip(form.low, form.high, strict=True), (None, None)],
            constraints={"type": "ineq", "fun": above},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 300},
        )
    except OutOfTime:
        return point, False
    end = np.clip(answer.x[:-1], form.low, form.high)
    better = np.isfinite(end).all() and (_gains(form, end) / direction).min() > level
    return (end if better else point), True


def _require_frontier(form: BargainingForm) -> None:
    if form.low is None:
        raise NoSuchForm("there are vertices and no frontier; the methods for polytopes solve it")
