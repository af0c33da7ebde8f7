"""Iterated polymatrix approximation: a Nash equilibrium of an n-player game.

At a profile the game is replaced by the polymatrix game with the same payoffs and the same
first derivatives there; an equilibrium of that game is found by Lemke's method and the
profile moves towards it (Govindan and Wilson 2004, "Computing Nash equilibria by iterated
polymatrix approximation"). Each equilibrium on the way is polished by Newton's method, so
the iteration itself need not converge.
"""

from __future__ import annotations

import contextlib

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm, sizes
from coopsim.solvers.multilinear import Multilinear, polish
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_BLOCK = 200  # pivots between two looks at the clock
_MOST_PIVOTS = 20_000  # of one polymatrix game; typical is twice the number of actions
_SUITING = 40  # actions of all players: above, few polymatrix equilibria lead to a support
_LARGEST = 600  # actions of all players: the tableau has 2 x 600 x 600 numbers


def suits(form: NormalForm, everything: bool) -> str:
    """Three or more players, one equilibrium wanted."""
    if form.n < 3 or everything or sum(form.shape) > _SUITING:
        return ""
    return f"{form.n} players, {sizes(form.shape)}: polymatrix approximation finds one fast"


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 40,
    rounds: int = 12,
    seed: Seed = 0,
) -> Found:
    """One Nash equilibrium.

    Args:
        form: the game, up to 600 actions in all.
        tol: the search ends at a profile with a regret of at most this, in payoff units.
        deadline: seconds; on expiry the best profile so far comes back.
        starts: profiles to start from: the uniform one, then random ones.
        rounds: polymatrix games a start.
        seed: of the random starts.

    Cost: a round takes some contractions of the payoff tensor and one Lemke run on
    m + n rows, m actions in all: about a millisecond for three players with 8 actions each.

    Raises:
        NoSuchForm: more than 600 actions in all.
        UserError: `starts` or `rounds` below 1.
    """
    require_count("starts", starts)
    require_count("rounds", rounds)
    game, clock = Multilinear(form), Clock(deadline)
    if game.m > _LARGEST:
        raise NoSuchForm(
            f"iterated-polymatrix keeps a dense tableau and takes at most {_LARGEST} actions in "
            f"all, not {game.m}; logit-homotopy would fit"
        )
    rng = np.random.default_rng(seed)
    best, least, games = game.uniform(), np.inf, 0
    for start in range(starts):
        x = game.uniform() if start == 0 else random_profile(game, rng)
        cover = np.ones(game.m + game.n) if start == 0 else rng.uniform(0.5, 1.5, game.m + game.n)
        for step in range(rounds):
            target = None
            with contextlib.suppress(OutOfTime), keeping(clock):
                clock.look()
                target = polymatrix_equilibrium(game, x, cover, clock)
            if target is None:
                break
            games += 1
            try:
                with keeping(clock):
                    polished, regret = polish(game, target)
            except OutOfTime:
                polished, regret = target, game.regret(target)
            if regret < least:
                best, least = polished, regret
            if least <= min(tol, 1e-9 * game.scale):
                return _found(game, best, least, start, games, True)
            x = x + (target - x) / (1.0 + 0.5 * step)
        if clock.over:
            break
    return _found(game, best, least, starts, games, least <= tol)


def polymatrix_equilibrium(game: Multilinear, x: Float, cover: Float, clock: Clock) -> Float | None:
    """An equilibrium `[m]` of the polymatrix game that approximates `game` at `x`.

    In costs, all positive, every player pays the cost matrices times the others'
    distributions. The matrix of the complementarity problem is copositive-plus and the
    problem is feasible, so Lemke's method ends with a solution (Miller and Zucker 1991).
    None where the clock or the numbers give out first.
    """
    from coopsim.solvers.kernels.lcp import RUNNING, SOLVED, UNSURE, afresh, lemke, pivots

    values, slopes = game.derivatives(x)
    m, n = game.m, game.n
    member = (game.owner[:, None] == np.arange(n)).astype(float)
    # the sum over the others counts the value at x once for each of them, n - 2 times too often
    payoffs = slopes - (n - 2) / max(n - 1, 1) * values[:, None]
    others = member @ member.T == 0
    cost = np.where(others, payoffs[others].max(initial=0.0) + 1.0 - payoffs, 1.0)
    matrix = np.block([[cost, -member], [member.T, np.zeros((n, n))]])
    right = np.concatenate([np.zeros(m), -np.ones(n)])
    table, basic, nonbasic, entering = lemke(matrix, right, cover)
    state, done, fresh = RUNNING, 0, False
    while state in (RUNNING, UNSURE) and done < _MOST_PIVOTS and not clock.over:
        state, entering, made = pivots(table, basic, nonbasic, entering, _BLOCK, fresh)
        done += made
        fresh = state == UNSURE
        if fresh:
            try:
                table = afresh(matrix, right, cover, basic, nonbasic)
            except np.linalg.LinAlgError:
                return None
    if state != SOLVED:
        return None
    found = np.zeros(2 * (m + n) + 1)
    found[basic] = table[:, -1]
    shares = found[m + n : m + n + m]
    return game.normalised(shares) if np.isfinite(shares).all() else None


def random_profile(game: Multilinear, rng: np.random.Generator) -> Float:
    """A profile `[m]` drawn evenly from the product of simplices."""
    return game.normalised(rng.exponential(size=game.m))


def _found(
    game: Multilinear, x: Float, regret: float, start: int, games: int, finished: bool
) -> Found:
    return Found(
        profiles=(game.split(x),) if regret < np.inf else (),
        sentence=f"{games} polymatrix games solved from {start + 1} starting points; the best "
        f"profile after Newton's method has a regret of {regret:.2g}",
        stats={"polymatrix games": games, "starts": start + 1},
        finished=finished,
    )
