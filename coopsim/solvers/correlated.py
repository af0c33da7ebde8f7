"""Correlated and coarse correlated equilibria: linear programs over joint distributions."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.normal import NormalForm
from coopsim.highs import linprog
from coopsim.solvers.constant_sum import is_constant_sum
from coopsim.solvers.correlated_opposed import opposed
from coopsim.solvers.incentives import (
    check_size,
    evidence,
    incentive_rows,
    keys,
    ranges,
    weights_of,
)
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.solution import Found

_PRECISE = 1e-10  # of the range of payoffs: the feasibility that HiGHS is asked for


def solve_correlated(
    form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None, objective: Any = None
) -> Found:
    """The correlated equilibrium that is best by a linear or max-min objective.

    Args:
        form: the game, any number of players.
        tol: not needed; the program is solved to 1e-10 of the payoff ranges.
        deadline: seconds for the linear program.
        objective: None or "welfare" (largest sum of payoffs), "min welfare" (smallest sum),
            "max-min" (largest smallest payoff), "entropy" (the most even distribution), a
            player's name or number (that player's largest payoff), or weights `[n]`.

    Returns:
        one profile: the joint distribution `[A1..An]`. Its details hold the objective's value
        and the multipliers of the incentive constraints, which bound the objective.

    Cost: a linear program with one variable a pure profile and `sum A_i (A_i - 1)` rows; some
    seconds for 10,000 profiles. Two players with opposed interests need the program of their
    maximin mixtures only.

    Source: Aumann 1987; the linear program is Gilboa and Zemel 1989.

    Raises:
        NoSuchForm: too many profiles.
        UserError: no such objective.
    """
    return _solve(form, objective, Clock(deadline), coarse=False)


def solve_coarse(
    form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None, objective: Any = None
) -> Found:
    """The coarse correlated equilibrium that is best by a linear or max-min objective.

    A player decides before it is told its action whether to follow or to fix one action
    (Moulin and Vial 1978). Arguments, answer and cost as for `solve_correlated`, with
    `sum A_i` rows.
    """
    return _solve(form, objective, Clock(deadline), coarse=True)


def suits(form: NormalForm, everything: bool) -> str:
    """Any game whose joint distributions fit into one linear program."""
    profiles = int(np.prod(form.shape))
    return f"{profiles:,} pure profiles: one linear program"


def _solve(form: NormalForm, objective: Any, clock: Clock, coarse: bool) -> Found:
    check_size(form, coarse)
    try:
        if isinstance(objective, str) and objective == "entropy":
            from coopsim.solvers.correlated_entropy import most_even

            return most_even(form, clock, coarse)
        return _best(form, objective, clock, coarse)
    except OutOfTime:
        return Found((), "the time was up before the program was written down", finished=False)


def _best(form: NormalForm, objective: Any, clock: Clock, coarse: bool) -> Found:
    """The equilibrium that is best by a linear or max-min objective."""
    began = time.monotonic()
    max_min = isinstance(objective, str) and objective == "max-min"
    weights = np.zeros(form.n) if max_min else weights_of(form, objective)
    if is_constant_sum(form):
        return opposed(form, weights, max_min, clock, coarse)
    answer = _program(form, weights, max_min, clock, coarse)
    size = {"profiles": float(np.prod(form.shape)), "program_seconds": time.monotonic() - began}
    if answer.x is None or not np.maximum(answer.x[: int(size["profiles"])], 0.0).any():
        return Found((), f"the linear program stopped: {answer.message}", size, finished=False)
    joint = np.maximum(answer.x[: int(size["profiles"])], 0.0)
    joint = (joint / joint.sum()).reshape(form.shape)
    return Found(
        profiles=((joint,),),
        sentence=f"one linear program over {joint.size:,} pure profiles",
        stats={**size, "iterations": float(answer.nit)},
        finished=answer.status == 0,
        details=(_details(form, weights, max_min, coarse, joint, answer),),
    )


def _program(form: NormalForm, weights: Float, max_min: bool, clock: Clock, coarse: bool) -> Any:
    """HiGHS's answer; the last variable is the smallest payoff where that is maximised."""
    from scipy.sparse import csr_array, hstack, vstack

    rows, flat = incentive_rows(form, coarse, clock), form.payoffs.reshape(form.n, -1)
    # payoffs above each player's lowest: a constant part would only cost digits
    above = flat - flat.min(axis=1, keepdims=True)
    cost = -np.tensordot(weights, above, 1) / _unit(form, weights)
    total = np.ones((1, flat.shape[1]))
    bounds: Any = (0, None)
    if max_min:
        scale = ranges(form).max()
        # payoffs from the players' own lowest upwards, in units of the largest range
        level = csr_array(np.hstack([-(flat - flat.min()) / scale, np.ones((form.n, 1))]))
        rows = vstack([hstack([rows, csr_array((rows.shape[0], 1))]), level], format="csr")
        cost = np.append(np.zeros(flat.shape[1]), -1.0)
        total = np.append(total, [[0.0]], axis=1)
        bounds = [(0, None)] * flat.shape[1] + [(None, None)]
    return linprog(
        cost,
        A_ub=rows if rows.shape[0] else None,
        b_ub=np.zeros(rows.shape[0]) if rows.shape[0] else None,
        A_eq=csr_array(total),
        b_eq=[1.0],
        bounds=bounds,
        options={"primal_feasibility_tolerance": _PRECISE, "dual_feasibility_tolerance": _PRECISE},
        clock=clock,
    )


def _details(
    form: NormalForm, weights: Float, max_min: bool, coarse: bool, joint: Float, answer: Any
) -> dict[str, Any]:
    """The objective's value, and multipliers in payoff units from those of the scaled program."""
    payoffs = np.tensordot(form.payoffs, joint, form.n)
    value = payoffs.min() if max_min else weights @ payoffs
    details: dict[str, Any] = {"objective": float(value)}
    marginals = getattr(getattr(answer, "ineqlin", None), "marginals", None)
    if answer.status != 0 or marginals is None:
        return details
    multipliers = np.maximum(-np.asarray(marginals), 0.0)
    unit = _unit(form, weights)
    if max_min:
        unit, multipliers, share = float(ranges(form).max()), *np.split(multipliers, [-form.n])
        details["players"] = (share / share.sum()).tolist()
    own = np.array([ranges(form)[i] for i, _, _ in keys(form, coarse)])
    details["incentives"] = evidence(form, coarse, multipliers * unit / own)
    return details


def _unit(form: NormalForm, weights: Float) -> float:
    """The size of a linear objective, for scaling it to about 1."""
    flat = form.payoffs.reshape(form.n, -1)
    spread = float(np.ptp(np.tensordot(weights, flat - flat.min(axis=1, keepdims=True), 1)))
    return spread if spread > 0 else 1.0
