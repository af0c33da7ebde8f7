"""Enumeration of pure profiles agrees with trying each one, and says what it did not try."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.pure import solve_nash, solve_optimum
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Solutions, Status

CLASSICS = {
    # name: payoffs of the two players, and the pure equilibria (row, column)
    "prisoners' dilemma": ([[3, 0], [5, 1]], [[3, 5], [0, 1]], {(1, 1)}),
    "stag hunt": ([[4, 0], [3, 2]], [[4, 3], [0, 2]], {(0, 0), (1, 1)}),
    "battle of the sexes": ([[2, 0], [0, 1]], [[1, 0], [0, 2]], {(0, 0), (1, 1)}),
    "matching pennies": ([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], set()),
    "nobody cares": ([[0, 0], [0, 0]], [[0, 0], [0, 0]], {(0, 0), (0, 1), (1, 0), (1, 1)}),
}


def chosen(solutions: Solutions) -> list[tuple[int, ...]]:
    return [tuple(int(part.argmax()) for part in item.profile) for item in solutions]


@pytest.mark.parametrize("name", CLASSICS)
def test_classic_games(name: str) -> None:
    row, column, wanted = CLASSICS[name]
    solutions = solve(NormalForm([row, column]), "nash", "pure-enumeration", all=True)
    assert set(chosen(solutions)) == wanted
    assert all(item.status is Status.EXACT for item in solutions)
    assert not solutions.complete  # mixed ones were not searched


def test_no_pure_equilibrium_is_not_called_infeasible() -> None:
    """Mixed equilibria always exist; the answer says that they were not searched."""
    pennies = NormalForm([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    solution = solve(pennies, "nash", "pure-enumeration")
    assert solution.status is Status.BUDGET
    assert solution.profile == ()
    assert "mixed equilibria were not searched" in solution.sentence
    assert len(solve(pennies, "nash", "pure-enumeration", all=True)) == 0


@pytest.mark.parametrize("seed", range(20))
def test_every_pure_equilibrium_by_brute_force(seed: int) -> None:
    """Small integers make many ties; one deviation at a time is tried."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 5, size=rng.integers(1, 5)).tolist())
    form = NormalForm(rng.integers(0, 3, (len(shape), *shape)))
    stable = set()
    for at in itertools.product(*map(range, shape)):
        deviations = [
            form.payoffs[(i, *at[:i], other, *at[i + 1 :])] - form.payoffs[(i, *at)]
            for i in range(form.n)
            for other in range(shape[i])
        ]
        if max(deviations) <= 0:
            stable.add(at)
    solutions = solve(form, "nash", "pure-enumeration", all=True)
    assert set(chosen(solutions)) == stable
    sums = [float(item.values.sum()) for item in solutions]
    assert sums == sorted(sums, reverse=True)


@pytest.mark.parametrize("seed", range(20))
def test_every_optimum_by_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 4, size=rng.integers(1, 4)).tolist())
    form = NormalForm(rng.integers(0, 4, (len(shape), *shape)))
    sums = {at: form.payoffs[(slice(None), *at)].sum() for at in np.ndindex(shape)}
    best = {at for at, total in sums.items() if total == max(sums.values())}
    solutions = solve(form, "social optimum", all=True)
    assert set(chosen(solutions)) == best
    # two optima that differ in one player's action can be mixed: then these are not all
    mixable = any(
        sum(a != b for a, b in zip(one, other, strict=True)) == 1
        for one, other in itertools.combinations(best, 2)
    )
    assert solutions.complete is not mixable


def test_the_tolerance_is_in_payoff_units() -> None:
    """A regret of 0.01 passes with a tolerance above it, and is not called exact."""
    form = NormalForm([[[1.0], [1.01]], [[0.0], [0.0]]])
    assert len(solve_nash(form).profiles) == 1
    solutions = solve(form, "nash", "pure-enumeration", all=True, tol=0.02)
    assert {item.status for item in solutions} == {Status.EXACT, Status.CONVERGED}
    close = solutions[1]
    assert close.status is Status.CONVERGED
    assert close.sentence.startswith("regret 0.01 by every action")


def test_very_many_equilibria_are_cut_and_said_to_be() -> None:
    form = NormalForm(np.zeros((2, 40, 40)))
    found = solve_nash(form)
    assert len(found.profiles) == 1000
    assert not found.finished
    assert "1600 of them stable (the first 1000 are given)" in found.sentence
    assert not solve_optimum(form).exhaustive
