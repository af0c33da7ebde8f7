"""The fish war: Markov perfect and joint harvests of a stock that regrows."""

from __future__ import annotations

import numpy as np

from coopsim.games.forms.resource import ResourceForm
from coopsim.solvers.solution import Found


def solve_nash(form: ResourceForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """The Markov perfect equilibrium in which everybody takes a fixed share of the stock.

    Levhari and Mirman (1980), for n players with their own discounts. With V_i = A_i +
    B_i log(y), B_i = 1 / (1 - growth d_i). The first-order condition 1 / c_i = growth d_i B_i /
    (y - sum c) makes player i's share k_i times what is left, with k_i = (1 - growth d_i) /
    (growth d_i); so what is left is 1 / (1 + sum k).

    Args:
        form: the game.
        tol, deadline: not needed; the solution is closed.
    """
    patience = form.growth * np.asarray(form.discounts)
    greed = (1 - patience) / patience
    shares = greed / (1 + greed.sum())
    return Found(
        (tuple(np.array([share]) for share in shares),),
        "coefficients of values that are linear in the logarithm of the stock",
        details=({"left": float(1 - shares.sum())},),
    )


def solve_optimum(form: ResourceForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """The fixed shares with the largest sum of values. Arguments as for `solve_nash`.

    The sum is sum_i log(s_i) / (1 - d_i) + K log(1 - sum s) + constants with
    K = sum_i growth d_i / ((1 - d_i) (1 - growth d_i)), so shares are in proportion to
    1 / (1 - d_i). With one common discount this is the best plan of all; with several the best
    plan would change over time.
    """
    beta = np.asarray(form.discounts)
    weights = 1 / (1 - beta)
    left = float((form.growth * beta / ((1 - beta) * (1 - form.growth * beta))).sum())
    shares = weights / (weights.sum() + left)
    return Found(
        (tuple(np.array([share]) for share in shares),),
        "the first-order conditions of the sum of values in fixed shares",
        details=({"left": float(1 - shares.sum())},),
    )


def suits(form: ResourceForm, everything: bool) -> str:
    """Why `auto` chooses this: the solution is closed."""
    return "" if everything else f"{form.n} players, logarithmic payoffs: a closed form"
