"""Zero-sum stochastic games: Shapley's value iteration and Hoffman and Karp's policy iteration."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.markov import MarkovForm
from coopsim.solvers.markov.single import best_response
from coopsim.solvers.matrix_game import solve_matrix
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

Stage = tuple[Float, list[Float], list[Float]]
"""Values of the states `[S]`, and the mixtures of the two players in each."""


def solve_values(
    form: MarkovForm, *, tol: float = 1e-8, deadline: float | None = None, rounds: int = 100_000
) -> Found:
    """Values and stationary optimal strategies by value iteration.

    Shapley (1953): the values of the stage games with continuation payoffs, over and over; the
    distance to the solution shrinks by the discount each time.

    Args:
        form: two players, constant sum, discounted.
        tol: iteration ends where no player can gain this much, in payoff units.
        deadline: seconds.
        rounds: most iterations.

    Raises:
        NoSuchForm: other games.

    Cost: S matrix games an iteration; log(1 / tol) / (1 - discount) iterations or so.
    """
    _require(form)
    require_count("rounds", rounds)
    clock, values, done = Clock(deadline), np.zeros(form.size), 0
    while done < rounds:
        done += 1
        fresh, rows, columns = _stages(form, values)
        change = float(np.abs(fresh - values).max())
        values = fresh
        # greedy strategies lose at most 2 g / (1 - g) times the last change
        finished = 2 * form.discount * change <= 0.5 * tol * (1 - form.discount)
        if finished or clock.over:
            break
    return _found(form, values, rows, columns, f"{done} value iterations", done, finished)


def solve_policies(
    form: MarkovForm, *, tol: float = 1e-8, deadline: float | None = None, rounds: int = 1000
) -> Found:
    """Values and stationary optimal strategies by policy iteration.

    Hoffman and Karp (1966): the second player takes the strategy that is optimal in the stage
    games, the first the best response to it over the whole game, whose values are the next
    continuation payoffs. They fall to the solution, at least as fast as by value iteration.
    Arguments, errors as for `solve_values`.

    Cost: S matrix games and a Markov decision problem an iteration; mostly below 20 iterations.
    """
    _require(form)
    require_count("rounds", rounds)
    clock = Clock(deadline)
    values = np.full(form.size, max(float(r[0].max()) for r in form.rewards) / (1 - form.discount))
    finished, done = False, 0
    while done < rounds:
        done += 1
        fresh, rows, columns = _stages(form, values)
        change = float(np.abs(fresh - values).max())
        floor = 1e-14 * max(1.0, float(np.abs(values).max()))
        if 2 * form.discount * change <= max(0.05 * tol * (1 - form.discount), floor):
            finished = True
            values = fresh
            break
        values = best_response(form, [np.ones(0), np.concatenate(columns)], 0)[0][0]
        if clock.over:
            break
    return _found(form, values, rows, columns, f"{done} policy iterations", done, finished)


def suits(form: MarkovForm, everything: bool) -> str:
    """Why `auto` chooses this: a discounted game of two players with a constant sum."""
    if form.horizon is not None or form.constant_sum is None or everything:
        return ""
    return f"two players, constant sum, discounted, {form.size} states"


def _require(form: MarkovForm) -> None:
    if form.constant_sum is None:
        raise NoSuchForm("this needs two players whose payoffs add up to a constant")
    if form.horizon is not None:
        raise NoSuchForm("this is for discounted games; markov-backward-induction takes a horizon")


def _stages(form: MarkovForm, values: Float) -> Stage:
    """The stage games with continuation values `[S]` for the first player."""
    both = np.stack([values, -values])
    solved = [solve_matrix(form.continuation(s, both)[0]) for s in range(form.size)]
    return (
        np.array([value for value, _, _ in solved]),
        [rows for _, rows, _ in solved],
        [columns for _, _, columns in solved],
    )


def _found(
    form: MarkovForm,
    values: Float,
    rows: list[Float],
    columns: list[Float],
    how: str,
    done: int,
    finished: bool,
) -> Found:
    total = form.constant_sum or 0.0
    other = total / (1 - form.discount) - values
    return Found(
        ((np.concatenate(rows), np.concatenate(columns)),),
        f"{how} over {form.size} states",
        stats={"iterations": done},
        finished=finished,
        details=({"state_values": [values.tolist(), other.tolist()]},),
    )
