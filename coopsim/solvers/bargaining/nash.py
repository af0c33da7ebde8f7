"""Nash's bargaining solution of a polytope: a primal-dual interior point method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.solvers.bargaining.proportional import best_share
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.solution import Found

_ROUNDS = 200
_BACK = 0.99  # of the way to the boundary that a step may go
_ENOUGH = 1e-14  # the complementarity at which nothing is left to gain


def solve(
    form: BargainingForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    power: Sequence[float] | None = None,
) -> Found:
    """The lottery over vertices with the largest weighted product of gains.

    Nash (1950); with unequal power Harsanyi and Selten (1972). The sum of w_i log(gain_i) over
    the simplex of lotteries is maximised together with its dual, the hyperplane that separates
    the polytope from what is better: prices g with g . (v - d) <= sum w at every vertex. Both
    are closed in by Newton steps on their conditions (as Koenker and Mizera 2014 do for the
    same programme in statistics).

    Args:
        form: a polytope in which some lottery is better for everybody than disagreement.
        tol: not needed; it goes on to rounding.
        deadline: seconds.
        power: bargaining weights `[n]` above 0; equal where not given.

    Raises:
        NoSuchForm: a frontier, or nothing makes everybody better off.
        UserError: weights do not fit.

    Cost: about 20 steps of O(K n^2).
    """
    if form.vertices is None:
        raise NoSuchForm("a frontier has no vertices; bargaining-frontier solves it")
    weights = weights_of(power, form.n)
    gains = form.vertices - form.disagreement
    unit = np.abs(gains).max(0)
    clock = Clock(deadline)
    try:
        with keeping(clock):
            if (unit == 0).any() or best_share(gains, unit)[0] <= 1e-12:
                raise NoSuchForm("no agreement makes every player better off than disagreement")
            lottery, rounds, finished = _maximise(gains / unit, weights, clock)
    except OutOfTime:
        return Found((), "stopped before there was a lottery to begin with", finished=False)
    return Found(
        ((lottery,),),
        f"an interior point method in {rounds} steps",
        stats={"steps": rounds},
        finished=finished,
        details=({"payoffs": form.payoffs(lottery).tolist()},),
    )


def suits(form: BargainingForm, everything: bool) -> str:
    """Why `auto` chooses this: a polytope."""
    return f"{len(form.vertices)} vertices" if form.vertices is not None else ""


def weights_of(power: Sequence[float] | None, n: int) -> Float:
    """Bargaining weights that add up to 1. Raises `UserError`."""
    weights = np.ones(n) if power is None else np.asarray(power, dtype=float)
    if weights.shape != (n,) or not (weights > 0).all() or not np.isfinite(weights).all():
        raise UserError(
            "no bargaining weights", key="power", given=power, allowed=f"{n} numbers above 0"
        )
    return np.asarray(weights / weights.sum())


def _maximise(gains: Float, weights: Float, clock: Clock) -> tuple[Float, int, bool]:
    """The lottery `[K]` that maximises `weights @ log(lottery @ gains)`."""
    count = len(gains)
    lottery = best_share(gains, np.ones(gains.shape[1]))[1] + 0.1 / count
    lottery /= lottery.sum()
    lottery += np.maximum(0, 1e-3 - lottery)
    prices = np.maximum(weights / np.maximum(lottery @ gains, 1e-3), 1e-6)
    slack = np.maximum(1 - gains @ prices, 0.1)
    for step in range(_ROUNDS):
        mu = float(lottery @ slack) / count
        short = lottery @ gains - weights / prices
        over = gains @ prices + slack - 1
        if mu < _ENOUGH / count and np.abs(short).max() < 1e-12 and np.abs(over).max() < 1e-12:
            return lottery / lottery.sum(), step, True
        if clock.over:
            return lottery / lottery.sum(), step, False
        aim = 0.05 * mu
        pull = (aim - lottery * slack + lottery * over) / slack
        normal = gains.T @ ((lottery / slack)[:, None] * gains) + np.diag(weights / prices**2)
        try:
            d_prices = np.asarray(np.linalg.solve(normal, -short - gains.T @ pull), dtype=float)
        except np.linalg.LinAlgError:  # a vertex is reached as closely as floats allow
            return lottery / lottery.sum(), step, False
        d_slack = -over - gains @ d_prices
        d_lottery = (aim - lottery * slack - lottery * d_slack) / slack
        primal = _reach(lottery, d_lottery)
        dual = min(_reach(slack, d_slack), _reach(prices, d_prices))
        lottery = lottery + primal * d_lottery
        slack, prices = slack + dual * d_slack, prices + dual * d_prices
    return lottery / lottery.sum(), _ROUNDS, False


def _reach(values: Float, change: Float) -> float:
    """How far one may go without leaving the positive numbers."""
    falling = change < 0
    if not falling.any():
        return 1.0
    return min(1.0, _BACK * float((-values[falling] / change[falling]).min()))
