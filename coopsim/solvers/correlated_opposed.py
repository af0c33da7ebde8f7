"""Correlated equilibria of two players with opposed interests: maximin mixtures suffice.

Where payoffs sum to one constant, every (coarse) correlated equilibrium pays the value of the
game (Forges 1990), so each objective in payoffs is the same for all of them, and the product of
maximin mixtures is one. The general program has many degenerate vertices in these games.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.normal import NormalForm
from coopsim.highs import linprog
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found


def opposed(form: NormalForm, weights: Float, max_min: bool, clock: Clock, coarse: bool) -> Found:
    """The product of maximin mixtures, with multipliers that bound every other equilibrium.

    Args:
        form: two players, constant sum.
        weights: of the players' payoffs in the objective, `[2]`.
        max_min: whether the smallest payoff is maximised instead.
        clock: when to stop.
        coarse: whether the multipliers are those of fixed actions.

    With the other player's maximin mixture as multipliers of its incentives, no profile is
    worth more to a player than the value.
    """
    began = time.monotonic()
    mixtures, value, message = _maximin(form.payoffs[0], clock)
    if mixtures is None:
        return Found((), f"the linear program stopped: {message}", finished=False)
    total = float(form.payoffs[:, 0, 0].sum())
    lead = np.zeros(2)
    if max_min:
        # all weight on the player who gets less
        weights = np.eye(2)[int(value > total - value)]
    # with u_2 = total - u_1 the objective is (w_1 - w_2) u_1 up to a constant
    gap = float(weights[0] - weights[1])
    lead[int(gap > 0)] = abs(gap)
    tables: list[Any] = []
    for mixture, factor in zip(mixtures, lead, strict=True):
        row = factor * mixture
        tables.append((row if coarse else np.tile(row, (len(row), 1))).tolist())
    joint = np.outer(*mixtures)
    payoffs = np.tensordot(form.payoffs, joint, 2)
    details: dict[str, Any] = {
        "objective": float(payoffs.min() if max_min else weights @ payoffs),
        "incentives": tables,
    }
    if max_min:
        details["players"] = weights.tolist()
    return Found(
        profiles=((joint,),),
        sentence="opposed interests: the product of maximin mixtures",
        stats={"profiles": float(joint.size), "program_seconds": time.monotonic() - began},
        details=(details,),
    )


def _maximin(row: Float, clock: Clock) -> tuple[tuple[Float, Float] | None, float, str]:
    """Both maximin mixtures of a zero-sum matrix, its value, and what HiGHS says."""
    span = float(np.ptp(row)) or 1.0
    scaled = (row - row.min()) / span
    size, other = row.shape
    answer = linprog(
        np.append(np.zeros(size), -1.0),
        A_ub=np.hstack([-scaled.T, np.ones((other, 1))]),
        b_ub=np.zeros(other),
        A_eq=np.append(np.ones(size), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * size + [(None, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        clock=clock,
    )
    if answer.status != 0:
        return None, 0.0, str(answer.message)
    mine = np.maximum(answer.x[:-1], 0.0)
    theirs = np.maximum(-answer.ineqlin.marginals, 0.0)
    mixtures = mine / mine.sum(), theirs / theirs.sum()
    return mixtures, float(mixtures[0] @ row @ mixtures[1]), ""
