"""Two-player constant-sum games: one linear programme, or exact fractions."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.highs import linprog
from coopsim.solvers.bimatrix import exact_details, fractions_of_form
from coopsim.solvers.constant_sum import (
    MatrixGame,
    at_once,
    constant_sum,
    distribution,
    is_constant_sum,
    refined,
)
from coopsim.solvers.exact_matrix import solve_exactly
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found

LARGEST = 300
"""Up to how many actions of the player with fewer `auto` takes the linear programme."""


def suits(form: NormalForm, everything: bool) -> str:
    """Why `auto` takes this method: two players, constant sum, small enough for an exact LP."""
    if everything or form.n != 2 or min(form.shape) > LARGEST or not is_constant_sum(form):
        return ""
    return f"two players, constant-sum, {form.shape[0]} x {form.shape[1]}: an exact LP"


def solve(
    form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None, exact: bool = False
) -> Found:
    """One equilibrium of a constant-sum game, by one linear programme.

    Args:
        form: two players whose payoffs add up to a constant.
        tol: not needed; the programme is solved to rounding.
        deadline: seconds; on expiry the better of the safest pure pair and the uniform one
            comes back.
        exact: solve in fractions. Payoffs kept exactly are used as they are, short decimals
            are read as written, other floats bit by bit. The fractions are in
            `Solution.details`: `exact_profile` and `exact_values`.

    Maximise v subject to A'x >= v, 1'x = 1, x >= 0 (von Neumann 1928; Dantzig 1951) with
    HiGHS; the multipliers are the other player's mixture. Cost: 0.1 s at 200 x 200, 20 s
    at 1000 x 1000, where "regret-matching-plus" needs less than one. In fractions: about a
    second at 30 x 30 with whole numbers.

    Raises:
        NoSuchForm: other than two players, or payoffs that do not add up to a constant
            (with `exact`: not exactly).
    """
    game = constant_sum(form, "zero-sum-lp")
    if exact:
        return _exact(form, game, Clock(deadline))
    solved = _programme(game, Clock(deadline))
    if solved is None:
        return Found((at_once(game),), "the linear programme ran out of time", finished=False)
    x, y = refined(game, *solved)
    return Found(
        ((x, y),),
        f"linear programme with {len(x)} variables and {len(y)} rows solved by HiGHS; "
        f"duality gap {game.span * game.gap(x, y):.2g}",
        stats={"gap": game.span * game.gap(x, y)},
    )


def _programme(game: MatrixGame, clock: Clock) -> tuple[Float, Float] | None:
    """Both mixtures from one programme; None if the time ran out."""
    m, n = game.payoffs.shape
    result = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-game.payoffs.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        clock=clock,
    )
    if result.x is None or result.status != 0:
        return None
    return distribution(result.x[:m]), distribution(-np.asarray(result.ineqlin.marginals))


def _exact(form: NormalForm, game: MatrixGame, clock: Clock) -> Found:
    payoffs, _ = fractions_of_form(form)
    if len(set((payoffs[0] + payoffs[1]).flat)) > 1:
        raise NoSuchForm(
            "the payoffs add up to a constant only up to rounding, so there is no exact answer; "
            "give them as whole numbers and fractions.Fraction, or leave out exact=True"
        )
    solved = solve_exactly(payoffs[0], clock)
    if solved is None:
        return Found((at_once(game),), "the exact simplex ran out of time", finished=False)
    x, y = solved
    evidence = exact_details(payoffs, x, y)
    return Found(
        ((x.astype(float), y.astype(float)),),
        f"linear programme of {len(x)} x {len(y)} solved in fractions; "
        f"the value is {evidence['exact_values'][0]}",
        details=(evidence,),
    )
