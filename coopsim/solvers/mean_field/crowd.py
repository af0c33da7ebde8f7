"""Crowds with a mean action: equilibria and the best common action."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.meanfield import CrowdForm
from coopsim.solvers import optimum
from coopsim.solvers.numeric import Clock, distinct, newton, require_count, slopes, widths
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_GRID, _ZOOM = 513, 33


def solve_equilibrium(
    form: CrowdForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 24,
    seed: Seed = 0,
) -> Found:
    """Actions that are best responses to themselves as the mean.

    From many starts: Newton's method on the derivative of the payoff with respect to the own
    action where it equals the mean, held at bounds that it pushes against. With one coordinate
    every change of sign of best response minus mean is followed as well, which needs no
    derivative. Points that are no best responses are dropped by the certificate.

    Args:
        form: the game.
        tol: not needed.
        deadline: seconds.
        starts: how many.
        seed: of the starts.

    Cost: about 30 payoffs a start and coordinate; a grid of 513 x 513 with one coordinate.
    """
    require_count("starts", starts)
    clock, low, high = Clock(deadline), form.low, form.high
    unit = np.random.default_rng(seed).random((starts, len(low)))
    unit[: min(3, starts)] = np.array([0.5, 0.0, 1.0])[: min(3, starts), None]
    ends: list[Float] = []
    done = 0
    for x in low + unit * (high - low):
        if clock.over and done:
            break
        end = newton(lambda points: _slope(form, points), x, low, high, clock)
        if _settled(form, end):
            ends.append(end)
        done += 1
    if len(low) == 1 and not clock.over:
        ends += _crossings(form)
    kept = distinct(ends, widths(low, high), 1e-5)
    return Found(
        tuple((end,) for end in kept),
        f"Newton's method from {done} starts; {len(kept)} distinct stationary points",
        stats={"starts": done},
        finished=done == starts,
    )


def solve_optimum(
    form: CrowdForm, *, tol: float = 1e-8, deadline: float | None = None, seed: Seed = 0
) -> Found:
    """The common action that pays most when everybody takes it.

    A global search of the box (`multistart-ascent`). Arguments as for `solve_equilibrium`.
    """
    whole = ContinuousForm(
        form.players,
        form.low,
        form.high,
        np.zeros(len(form.low), dtype=int),
        lambda x: np.asarray(form.payoff(x, x), dtype=float)[..., None],
    )
    return optimum.solve(whole, tol=tol, deadline=deadline, seed=seed)


def suits(form: CrowdForm, everything: bool) -> str:
    """Why `auto` chooses this: it takes every crowd."""
    return f"a mean action of {len(form.low)} coordinates"


def _slope(form: CrowdForm, points: Float) -> Float:
    """The derivative of the own payoff at the mean, `[..., m]`."""

    def values(moved: Float) -> Float:
        # the axis before last moves one coordinate of the own action, the mean stays
        paid = form.payoff(moved, np.broadcast_to(points[..., None, :], moved.shape))
        return np.broadcast_to(np.asarray(paid)[..., None], moved.shape)

    return slopes(values, points, form.low, form.high)


def _settled(form: CrowdForm, x: Float) -> bool:
    """Whether no coordinate has a slope that leads anywhere."""
    slope, width = _slope(form, x), form.high - form.low
    steep = np.abs(_slope(form, form.low + 0.5 * width)).max() + np.abs(slope).max() + 1e-300
    pushed = ((x <= form.low + 1e-9 * width) & (slope <= 0)) | (
        (x >= form.high - 1e-9 * width) & (slope >= 0)
    )
    return bool((pushed | (np.abs(slope) <= 1e-5 * steep)).all())


def _crossings(form: CrowdForm) -> list[Float]:
    """Where the best response crosses the mean, by bisection of the cells where it does."""
    means = np.linspace(form.low[0], form.high[0], _GRID)
    away = _response(form, means) - means
    change = np.flatnonzero((away[:-1] >= 0) & (away[1:] <= 0) | (away[:-1] < 0) & (away[1:] >= 0))
    low, high, sign = means[change], means[change + 1], np.sign(away[change])
    for _ in range(60):
        middle = 0.5 * (low + high)
        same = np.sign(_response(form, middle) - middle) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [np.array([x]) for x in 0.5 * (low + high)]


def _response(form: CrowdForm, means: Float) -> Float:
    """The best action against each mean: a grid, then closer looks."""
    width = form.high[0] - form.low[0]
    own = np.broadcast_to(np.linspace(form.low[0], form.high[0], _GRID), (len(means), _GRID))
    half = width / (_GRID - 1)
    for _ in range(9):
        paid = form.payoff(own[..., None], np.broadcast_to(means[:, None, None], (*own.shape, 1)))
        best = np.take_along_axis(own, np.asarray(paid).argmax(1)[:, None], 1)
        own = np.clip(best + np.linspace(-half, half, _ZOOM), form.low[0], form.high[0])
        half /= (_ZOOM - 1) / 2
    return np.asarray(best[:, 0])
