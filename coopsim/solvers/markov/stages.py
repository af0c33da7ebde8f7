"""Stochastic games of any number of players, stage game by stage game."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.markov import MarkovForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.matrix_game import solve_matrix
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

Answer = tuple[list[Float], Float, bool]
"""A stage game's solution: one array a player (or one joint array), values `[n]`, and whether
it is proved."""
Stage = Callable[[NormalForm], Answer]


def solve_horizon(form: MarkovForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """A Markov perfect equilibrium by backward induction over stages.

    From the last stage backwards every state's stage game, with what comes after it, is solved
    for a Nash equilibrium (the best one found by the sum of values).

    Args:
        form: a game with a horizon.
        tol: of each stage game: a share of the payoff units asked for.
        deadline: seconds.

    Raises:
        NoSuchForm: there is no horizon.

    Cost: T times S stage games.
    """
    return _backward(form, _nash(tol, form, Clock(deadline)), Clock(deadline), joint=False)


def solve_horizon_coarse(
    form: MarkovForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    objective: Any = None,
) -> Found:
    """A Markov coarse correlated equilibrium by backward induction over stages.

    Every stage game's coarse correlated equilibrium is the best by `objective` among those
    with these continuation values (Jin, Liu, Wang and Yu 2021 learn the same object).
    Arguments otherwise as for `solve_horizon`.
    """
    return _backward(form, _coarse(objective), Clock(deadline), joint=True)


def solve_discounted(
    form: MarkovForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    rounds: int = 300,
) -> Found:
    """A stationary Markov perfect equilibrium, by iteration over the stage games' equilibria.

    Nash Q-iteration (Hu and Wellman 2003) with known payoffs. Values converge where the stage
    games' equilibria do not jump; there is no guarantee, and the certificate decides.

    Args:
        form: a discounted game.
        tol: iteration ends where values change by less than a share of this.
        deadline: seconds.
        rounds: most iterations.

    Raises:
        NoSuchForm: a game with a horizon.
    """
    require_count("rounds", rounds)
    clock = Clock(deadline)
    return _iterated(form, _nash(tol, form, clock), clock, tol, rounds, joint=False)


def solve_discounted_coarse(
    form: MarkovForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    objective: Any = None,
    rounds: int = 300,
) -> Found:
    """A stationary coarse correlated equilibrium, by iteration over the stage games'.

    Stationary ones are hard to find in general (Daskalakis, Golowich and Zhang 2023); the
    iteration converges where the chosen equilibria do not jump, and the certificate decides.
    Arguments as for `solve_discounted`; `objective` chooses among the stage games' equilibria.
    """
    require_count("rounds", rounds)
    return _iterated(form, _coarse(objective), Clock(deadline), tol, rounds, joint=True)


def suits(form: MarkovForm, everything: bool) -> str:
    """Why `auto` chooses this: with a horizon, play is solved from its end."""
    if form.horizon is None:
        return ""
    return f"{form.horizon} stages of {form.size} states, solved from the last"


def suits_discounted(form: MarkovForm, everything: bool) -> str:
    """Why `auto` chooses this: nothing else takes discounted games of general sum."""
    return f"discounted, {form.size} states" if form.horizon is None else ""


def _backward(form: MarkovForm, stage: Stage, clock: Clock, joint: bool) -> Found:
    if form.horizon is None:
        raise NoSuchForm("there is no last stage; the methods for discounted games fit")
    values, by_stage, plans = np.zeros((form.n, form.size)), [], []
    proved = True
    for _ in range(form.horizon):
        answers = [_answer(form, s, values, stage, clock, joint) for s in range(form.size)]
        proved &= all(done for _, _, done in answers)
        values = np.stack([value for _, value, _ in answers], axis=1)
        by_stage.append(values.tolist())
        plans.append([mixture for mixture, _, _ in answers])
    return Found(
        (_flat(plans[::-1], 1 if joint else form.n),),
        f"{form.horizon} stages of {form.size} stage games, from the last",
        stats={"stage_games": form.horizon * form.size},
        finished=proved,
        details=({"state_values": values.tolist(), "stage_values": by_stage[::-1]},),
    )


def _iterated(
    form: MarkovForm, stage: Stage, clock: Clock, tol: float, rounds: int, joint: bool
) -> Found:
    if form.horizon is not None:
        raise NoSuchForm("this is for discounted games; markov-backward-induction takes a horizon")
    values, finished, done = np.zeros((form.n, form.size)), False, 0
    while done < rounds:
        done += 1
        answers = [_answer(form, s, values, stage, clock, joint) for s in range(form.size)]
        fresh = np.stack([value for _, value, _ in answers], axis=1)
        change = float(np.abs(fresh - values).max())
        values = fresh
        settled = 2 * form.discount * change <= 0.5 * tol * (1 - form.discount)
        finished = settled and all(proved for _, _, proved in answers)
        if finished or clock.over:
            break
    plan = [mixture for mixture, _, _ in answers]
    return Found(
        (_flat([plan], 1 if joint else form.n),),
        f"{done} iterations over {form.size} stage games; values "
        + ("settled" if finished else "did not settle"),
        stats={"iterations": done},
        finished=finished,
        details=({"state_values": values.tolist()},),
    )


def _answer(
    form: MarkovForm, s: int, values: Float, stage: Stage, clock: Clock, joint: bool
) -> Answer:
    """The solution of one stage game; anything at all where the time is up."""
    tensor = form.continuation(s, values)
    if clock.over:
        shape = form.shape(s)
        even = [np.full(size, 1 / size) for size in shape]
        worth = NormalForm(tensor).expected(tuple(even))
        return [np.full(shape, 1 / np.prod(shape))] if joint else even, worth, False
    return stage(NormalForm(tensor))


def _nash(tol: float, form: MarkovForm, clock: Clock) -> Stage:
    """Nash equilibria of stage games; errors of all stages add up to less than `tol`."""
    share = tol / (2 * form.stages) if form.horizon else 0.25 * tol * (1 - form.discount)

    def solved(game: NormalForm) -> Answer:
        if form.constant_sum is not None:
            _, rows, columns = solve_matrix(game.payoffs[0])
            return [rows, columns], game.expected((rows, columns)), True
        from coopsim.solvers.select import solve

        solution = solve(game, "nash", tol=share)
        return list(solution.profile), solution.values, solution.proved

    return solved


def _coarse(objective: Any) -> Stage:
    def solved(game: NormalForm) -> Answer:
        from coopsim.solvers.correlated import solve_coarse

        found = solve_coarse(game, objective=objective)
        if not found.profiles:
            even = np.full(game.shape, 1 / np.prod(game.shape))
            return [even], game.payoffs.reshape(game.n, -1).mean(1), False
        (joint,) = found.profiles[0]
        return [joint], game.payoffs.reshape(game.n, -1) @ joint.ravel(), found.finished

    return solved


def _flat(plans: list[list[list[Float]]], parts: int) -> tuple[Float, ...]:
    """Mixtures `[stage][state][part]` as one flat array a part."""
    return tuple(
        np.concatenate([mixture[i].ravel() for stage in plans for mixture in stage])
        for i in range(parts)
    )
