"""Logit homotopy: the Nash equilibrium at the end of the principal branch.

The branch of logit equilibria that begins at equal probabilities leads, as lambda grows,
to a Nash equilibrium (generically one; McKelvey and Palfrey 1995, theorem 3). It is
followed until Newton's method on the support in sight lands at an equilibrium beside it.
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm, sizes
from coopsim.solvers.branch import Branch, NormalChoices
from coopsim.solvers.multilinear import WIDE, Multilinear, polish
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.solution import Found

_LARGEST = 3000  # actions of all players: a step solves a dense system of this size
_CLOSE = 0.02  # how far the equilibrium may lie from the branch that leads to it
_SURE = 1e-5  # a regret on the branch, of the payoff range, that ends the search in any case


def suits(form: NormalForm, everything: bool) -> str:
    """Three or more players, one equilibrium wanted."""
    if form.n < 3 or everything or sum(form.shape) > _LARGEST:
        return ""
    return f"{form.n} players, {sizes(form.shape)}: the principal logit branch leads to one"


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    steps: int = 20_000,
) -> Found:
    """The Nash equilibrium that the principal branch of logit equilibria leads to.

    Args:
        form: the game, up to 3,000 actions in all.
        tol: the regret to reach, in payoff units.
        deadline: seconds; on expiry the best profile so far comes back.
        steps: most points of the branch.

    Cost: each point takes two to four evaluations of the derivatives (n contractions
    of the payoff tensor) and dense solves with m actions in all; 50 to 300 points are usual.
    Where the branch meets others (games with symmetries) it is followed straight on.

    Raises:
        NoSuchForm: more than 3,000 actions in all.
    """
    choices, clock = NormalChoices(form), Clock(deadline)
    game = choices.game
    if game.m > _LARGEST:
        raise NoSuchForm(f"logit-homotopy takes at most {_LARGEST} actions in all, not {game.m}")
    best, least, lam, points = game.uniform(), np.inf, 0.0, 0
    x = best
    try:
        for point in Branch(choices).follow(clock):
            points += 1
            lam, x = point.lam, np.exp(point.logs)
            on_branch = game.regret(x) / game.scale
            if points % 4 == 0 and on_branch < 0.05:
                with keeping(clock):
                    polished, regret = polish(game, _rounded(game, x), WIDE)
                if regret < least:
                    best, least = polished, regret
                beside = float(np.abs(polished - x).max()) < _CLOSE
                if regret <= min(tol, 1e-9 * game.scale) and (beside or on_branch < _SURE):
                    best, least = polished, regret
                    break
            if on_branch < 1e-12 or points >= steps:
                break
        if least == np.inf and points:
            with keeping(clock):
                best, least = polish(game, _rounded(game, x), WIDE)
    except OutOfTime:
        if least == np.inf:
            best, least = x, game.regret(x)
    return Found(
        profiles=(game.split(best),) if points else (),
        sentence=f"{points} points of the principal branch up to lambda {lam / game.scale:.4g}, "
        f"then Newton's method on its support: regret {least:.2g}",
        stats={"points": points, "lambda": lam / game.scale},
        finished=least <= tol,
    )


def _rounded(game: Multilinear, x: Float) -> Float:
    """`x` without actions that are on their way to 0."""
    return game.normalised(np.where(x < 1e-6, 0.0, x))
