"""Large two-player constant-sum games: regret matching+, then an exact end by pivoting."""

from __future__ import annotations

import math

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.constant_sum import (
    MatrixGame,
    at_once,
    constant_sum,
    distribution,
    is_constant_sum,
    one_thread,
)
from coopsim.solvers.crossover import crossover
from coopsim.solvers.numeric import Clock
from coopsim.solvers.option_types import Seed
from coopsim.solvers.solution import Found
from coopsim.solvers.zero_sum import LARGEST

_CHECK = 4  # rounds between two looks at the gap and the clock
_SINGLE = 5e-6  # gaps from here on are reached in single precision, at half the time


def suits(form: NormalForm, everything: bool) -> str:
    """Why `auto` takes this method: two players, constant sum, too large for an LP."""
    if everything or form.n != 2 or min(form.shape) <= LARGEST or not is_constant_sum(form):
        return ""
    return (
        f"two players, constant-sum, {form.shape[0]} x {form.shape[1]}: too large for an LP in "
        "seconds, so regret matching and pivoting from its support"
    )


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    gap: float = 1e-4,
    polish: bool = True,
    rounds: int = 1_000_000,
    seed: Seed = 0,
) -> Found:
    """One equilibrium of a constant-sum game.

    Args:
        form: two players whose payoffs add up to a constant.
        tol: the duality gap that is enough, in payoff units.
        deadline: seconds; on expiry the pair with the smallest gap comes back.
        gap: the duality gap over the range of payoffs at which regret matching+ ends.
        polish: then pivot to the optimum from the support reached, where the gap is above
            `tol`.
        rounds: the most rounds of regret matching+.
        seed: of the small changes that keep ties apart while pivoting.

    Regret matching+ with alternating updates and linear averages (Tammelin et al. 2015)
    reaches 1e-4 in some hundred rounds of two matrix-vector products. A parametric simplex
    from its support then needs few pivots. Cost: at 1000 x 1000, 0.1 s of
    processor time, and 0.3 s more for the optimum, where an LP takes 20 s.

    Raises:
        NoSuchForm: other than two players, or payoffs that do not add up to a constant.
        UserError: a gap or a number of rounds that is not above 0.
    """
    if not gap > 0 or rounds < 1:
        key, given = ("rounds", rounds) if rounds < 1 else ("gap", gap)
        raise UserError("must be above 0", key=key, given=given, allowed="a number above 0")
    game, clock = constant_sum(form, "regret-matching-plus"), Clock(deadline)
    if clock.over:
        return Found((at_once(game),), "the deadline left no time for a round", finished=False)
    x, y, played = averaged(game, max(gap, tol / game.span), rounds, clock)
    best = game.best((x, y), at_once(game))
    reached = game.gap(*best)
    sentence = f"{played} rounds of regret matching+ to a gap of {reached:.2g} of the payoff range"
    done, pivots = game.span * reached <= tol, 0
    if polish and not done and not clock.over:
        with one_thread():
            *pair, pivots, done = crossover(game, *best, clock, seed)
        best = pair[0], pair[1]
        sentence += f", {pivots} pivots from its support to {game.gap(*best):.2g}"
    return Found(
        (best,),
        sentence,
        stats={"rounds": played, "pivots": pivots, "gap": game.span * game.gap(*best)},
        finished=done,
    )


def averaged(game: MatrixGame, gap: float, rounds: int, clock: Clock) -> tuple[Float, Float, int]:
    """Average mixtures with a duality gap of at most `gap` of the range of payoffs.

    Args:
        game: the matrix.
        gap: above 0.
        rounds: the most rounds.
        clock: looked at every four rounds.

    Returns:
        The pair with the smallest gap that was reached, and the rounds played.
    """
    x, y, played, reached = at_once(game)[0], at_once(game)[1], 0, math.inf
    # single precision first; its rounding hides gaps below about 1e-6
    for kind, target in ((np.float32, max(gap, _SINGLE)), (np.float64, gap)):
        if reached <= gap or played >= rounds or clock.over:
            break
        with one_thread():
            (x, y), count, reached = _run(game, kind, 0.98 * target, rounds - played, clock)
        played += count
    return x, y, played


def _run(
    game: MatrixGame, kind: type, gap: float, rounds: int, clock: Clock
) -> tuple[tuple[Float, Float], int, float]:
    """Regret matching+ in one precision; the best average, the rounds, its gap in float64."""
    from coopsim.solvers.kernels.matching import Matching

    state = Matching(game.payoffs.astype(kind)[None])
    best, kept = math.inf, state.pair
    pair = None
    while state.rounds < rounds:
        reached = float(state.play(min(_CHECK, rounds - state.rounds))[0])
        if reached < 0.9 * best or reached <= gap:
            best, pair = reached, kept()
        if reached <= gap or clock.over:
            break
    assert pair is not None
    x, y = (distribution(part[0].astype(float)) for part in pair)
    return (x, y), state.rounds, game.gap(x, y)
