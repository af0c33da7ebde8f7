"""The correlated equilibrium of maximum entropy, by Newton's method on the convex dual.

Maximise `-sum x log x` over the equilibria `G x <= 0`. The dual is
`min_{y >= 0} log sum_s exp(-(G^T y)_s)`, and `x` is the softmax of `-G^T y` (Ortiz, Schapire
and Kakade 2007). It is attained where some equilibrium gives every pure profile some weight.
Profiles that have weight in no equilibrium are therefore found first, by one linear program,
and left out; its multipliers price them out of the whole program.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.highs import linprog
from coopsim.solvers import dense
from coopsim.solvers.incentives import evidence, incentive_rows, keys, ranges
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.solution import Found

MOST = 20_000
"""Pure profiles that the program takes."""

_ROUNDS = 200  # Newton steps
_STOP = 1e-13  # of the range of payoffs: the gains that are left over
_PRICED_OUT = 60.0  # nats: the weight of a profile that no equilibrium plays is below e^-60


def most_even(form: NormalForm, clock: Clock, coarse: bool) -> Found:
    """The (coarse) correlated equilibrium of maximum entropy, which is unique.

    Args:
        form: the game.
        clock: when it is over, the best distribution so far is handed back.
        coarse: whether deviations fix one action.

    Returns:
        one profile, the joint distribution `[A1..An]`; its details hold the entropy in nats
        and the multipliers of the incentive constraints (nats a unit of payoff).

    Cost: one linear program with two variables a profile, then Newton steps that each solve a
    dense system of one unknown an incentive constraint.

    Raises:
        NoSuchForm: more than 20,000 pure profiles.
    """
    count = int(np.prod(form.shape))
    if count > MOST:
        raise NoSuchForm(
            f"{count:,} pure profiles are too many for the maximum-entropy program, which takes "
            f"{MOST:,}; the linear objectives take more"
        )
    joint, multipliers, rounds = most_even_weights(incentive_rows(form, coarse, clock), clock)
    played = int((joint > 0).sum())
    positive = joint[joint > 0]
    unit = np.array([1 / ranges(form)[i] for i, _, _ in keys(form, coarse)])
    details: dict[str, Any] = {
        "objective": float(-(positive * np.log(positive)).sum()),
        "incentives": evidence(form, coarse, multipliers * unit),
        "never_played": count - played,
    }
    return Found(
        profiles=((joint.reshape(form.shape),),),
        sentence=f"Newton on the dual over {played:,} of {count:,} pure profiles",
        stats={"rounds": float(rounds), "profiles": float(count)},
        finished=not clock.over,
        exhaustive=not clock.over,
        details=(details,),
    )


def most_even_weights(rows: Any, clock: Clock) -> tuple[Float, Float, int]:
    """The distribution x of maximum entropy with `G x <= 0`, for any G that leaves one.

    Args:
        rows: G `[R, P]`, a sparse array in rows, entries of about 1.
        clock: when it is over, the best distribution so far is returned.

    Returns:
        x `[P]`, multipliers `[R]` (the softmax of `-G^T y` is x but for weights below e^-60),
        and the number of Newton steps.
    """
    played, price = _played(rows, rows.shape[1], clock)
    weights, multipliers, rounds = _newton(rows[:, np.flatnonzero(played)], clock)
    joint = np.zeros(rows.shape[1])
    joint[played] = weights
    return joint, multipliers + _PRICED_OUT * price, rounds


def _played(rows: Any, count: int, clock: Clock) -> tuple[Any, Float]:
    """Which profiles some equilibrium plays `[P]`, and prices of at least 1 on the others `[R]`.

    `max sum z` over the cone of equilibria x = z + w with 0 <= z <= 1: z is 1 exactly where
    some equilibrium has weight.
    """
    from scipy.sparse import hstack

    if not rows.shape[0]:
        return np.ones(count, dtype=bool), np.zeros(0)
    answer = linprog(
        np.repeat([-1.0, 0.0], count),
        A_ub=hstack([rows, rows], format="csr"),
        b_ub=np.zeros(rows.shape[0]),
        bounds=[(0, 1)] * count + [(0, None)] * count,
        clock=clock,
    )
    if answer.x is None:
        return np.ones(count, dtype=bool), np.zeros(rows.shape[0])
    return answer.x[:count] > 0.5, np.maximum(-answer.ineqlin.marginals, 0.0)


def _newton(rows: Any, clock: Clock) -> tuple[Float, Float, int]:
    """The softmax weights, the multipliers and the steps taken: projected Newton on y >= 0."""
    y = _near(rows, clock)
    value, weights = _dual(rows, y)
    damping, rounds = 1e-4, 0
    while rounds < _ROUNDS and not clock.over:
        slope = -(rows @ weights)
        free = (y > 0) | (slope < 0)
        if np.abs(np.where(y > 0, slope, np.minimum(slope, 0.0))).max(initial=0.0) < _STOP:
            break
        rounds += 1
        active = rows[np.flatnonzero(free)]
        curve = (active * weights[None, :]) @ active.T
        curve = curve.toarray() - np.outer(slope[free], slope[free])
        stepped = None
        while stepped is None and damping < 1e12:
            try:
                with keeping(clock):
                    step = dense.solved(curve + damping * np.eye(len(curve)), -slope[free])
            except OutOfTime:
                return weights, y, rounds
            trial = y.copy()
            trial[free] = np.maximum(y[free] + step, 0.0)
            after, moved = _dual(rows, trial)
            # near the end the value is flat to rounding, and the slope alone decides
            slack = 1e-14 * max(1.0, abs(value))
            if after <= value + 1e-4 * float(slope @ (trial - y)) + slack:
                stepped = trial
            else:
                damping *= 10
        if stepped is None:
            break
        y, value, weights = stepped, after, moved
        damping = max(damping / 10, 1e-15)
    return weights, y, rounds


def _near(rows: Any, clock: Clock) -> Float:
    """A point near the minimum, by a quasi-Newton method."""
    from scipy.optimize import minimize

    if not rows.shape[0]:
        return np.zeros(0)

    def both(y: Float) -> tuple[float, Float]:
        value, weights = _dual(rows, y)
        return value, -(rows @ weights)

    def stop(intermediate_result: Any) -> None:
        if clock.over:
            raise StopIteration

    start = np.zeros(rows.shape[0])
    bounds = [(0, None)] * len(start)
    found = minimize(both, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=stop)
    return np.asarray(found.x)


def _dual(rows: Any, y: Float) -> tuple[float, Float]:
    """`log sum exp(-G^T y)` and its softmax weights."""
    power = -(rows.T @ y) if rows.shape[0] else np.zeros(rows.shape[1])
    top = power.max()
    mass = np.exp(power - top)
    return float(top + np.log(mass.sum())), mass / mass.sum()
