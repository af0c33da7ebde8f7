"""Random games of many kinds to every solver; what is called proved is put to exact arithmetic.

`claims.py` says what each status claims, `rational.py`, `matrix.py`, `trees.py` and `others.py`
decide in fractions whether an answer is refuted. The counts are printed at the end of the run.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim import registry
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.games.forms.convert import to_extensive
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Status
from tests.differential import games, matrix, others, trees, trial
from tests.differential.rational import maximum

SLICE = 50
KINDS = {
    "zero_sum": 800,
    "general": 800,
    "symmetric": 800,
    "ties": 900,
    "doubled": 800,
    "three": 300,
    "four": 300,
    "polymatrix": 300,
    "crowded": 300,
    "mixed_scales": 600,
    "offsets": 600,
    "extremes": 500,
    "open_tree": 300,
    "hidden_tree": 300,
    "types": 500,
    "security": 500,
    "coalitions": 400,
    "bargains": 300,
    "traffic": 200,
    "stages": 200,
    "boxes": 200,
    "formulas": 100,
}
"""How many games of each kind; see `games.py`."""

SLICES = [
    (kind, first, min(SLICE, count - first))
    for kind, count in KINDS.items()
    for first in range(0, count, SLICE)
]


def run(kind: str, first: int, count: int) -> trial.Tally:
    """The games `first`, `first + 1` ... of a kind, each from a seed of its own."""
    tally = trial.Tally()
    for seed in range(first, first + count):
        game = getattr(games, kind)(np.random.default_rng(seed))
        trial.put(game, f"{kind} {seed}", tally)
    return tally


def test_there_are_ten_thousand_games_of_at_least_sixteen_kinds() -> None:
    assert sum(KINDS.values()) == 10_000
    assert len(KINDS) >= 16


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("kind", "first", "count"), SLICES)
def test_no_proved_answer_is_refuted(
    kind: str, first: int, count: int, record_property: Any
) -> None:
    tally = run(kind, first, count)
    record_property("counts", str(tally))
    assert not tally.wrong, f"{len(tally.wrong)} refuted:\n" + "\n".join(tally.wrong[:20])
    assert tally.proved


@pytest.mark.parametrize("kind", KINDS)
def test_no_proved_answer_to_the_first_games_is_refuted(kind: str, record_property: Any) -> None:
    """The same on two games of each kind."""
    tally = run(kind, 0, 2)
    record_property("counts", str(tally))
    assert not tally.wrong, f"{len(tally.wrong)} refuted:\n" + "\n".join(tally.wrong[:20])


# -- the oracles themselves: what is wrong must be refuted ---------------------------------


def _refuted(oracle: Any, game: Any, solution: Any) -> bool:
    return bool(list(oracle(game, solution)))


def _moved(solution: Any, player: int = 0) -> Any:
    """The solution with a player's probabilities in another order, values and status as before."""
    parts = [np.roll(p, 1) if i == player else p for i, p in enumerate(solution.profile)]
    return dataclasses.replace(solution, profile=tuple(parts))


PENNIES = NormalForm([[[3, -1], [-1, 1]], [[-3, 1], [1, -1]]])
DILEMMA = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])


def test_the_oracle_of_nash_refutes_wrong_profiles_values_and_units() -> None:
    right = coopsim.solve(DILEMMA, "nash")
    assert not _refuted(matrix.nash, DILEMMA, right)
    assert _refuted(matrix.nash, DILEMMA, _moved(right))
    wrong_value = dataclasses.replace(right, values=right.values + np.array([0, 1e-6]))
    assert _refuted(matrix.nash, DILEMMA, wrong_value)
    # the second player's loss is 1e-9 of what the first one may lose: it counts all the same
    units = NormalForm(DILEMMA.payoffs * np.array([1e12, 1e-9]).reshape(2, 1, 1))
    assert not _refuted(matrix.nash, units, coopsim.solve(units, "nash"))
    assert _refuted(matrix.nash, units, _moved(coopsim.solve(units, "nash"), 1))


def test_exact_is_refuted_where_no_exact_equilibrium_is_near() -> None:
    """1/3 is no float: the floats are near it, and 1e-8 beside it they are not."""
    right = coopsim.solve(PENNIES, "nash", "lemke-howson")
    claimed = dataclasses.replace(right, status=Status.EXACT, details={})
    assert not _refuted(matrix.nash, PENNIES, claimed)
    shifted = tuple(part + np.array([1e-8, -1e-8]) for part in right.profile)
    assert _refuted(matrix.nash, PENNIES, dataclasses.replace(claimed, profile=shifted))


def test_a_missing_equilibrium_refutes_completeness() -> None:
    form = NormalForm([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])
    found = coopsim.solve(form, "nash", all=True)
    assert len(found) == 3
    assert not list(matrix.all_found(form, found.items))
    for left in range(3):
        fewer = [item for k, item in enumerate(found) if k != left]
        assert list(matrix.all_found(form, fewer))


def test_oracles_of_joint_play_and_commitment_refute_less_than_the_best() -> None:
    chicken = NormalForm([[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
    best = coopsim.solve(chicken, "correlated")
    assert best.values.sum() == pytest.approx(10.5)  # Aumann 1974
    assert not _refuted(matrix.correlated, chicken, best)
    worse = coopsim.solve(chicken, "correlated", objective="min welfare")
    assert _refuted(matrix.correlated, chicken, worse)
    greedy = np.array([[1.0, 0.0], [0.0, 0.0]])  # best in sum, and nobody obeys
    assert _refuted(matrix.correlated, chicken, dataclasses.replace(
        best, profile=(greedy,), values=np.array([6.0, 6.0])))  # fmt: skip
    inspection = NormalForm([[[2, 4], [1, 3]], [[1, 0], [0, 1]]])  # von Stengel and Zamir 2010
    leading = coopsim.solve(inspection, "stackelberg")
    assert leading.values[0] == pytest.approx(3.5)
    assert not _refuted(matrix.stackelberg, inspection, leading)
    plain = coopsim.solve(inspection, "nash")
    assert _refuted(matrix.stackelberg, inspection, plain)


def test_the_oracle_of_trees_agrees_with_the_matrix_and_refutes_another_plan() -> None:
    tree = to_extensive(DILEMMA)
    right = coopsim.solve(tree, "nash", "sequence-form-lcp")
    assert not _refuted(trees.nash, tree, right)
    assert _refuted(trees.nash, tree, _moved(right))


def test_the_oracle_of_coalitions_knows_the_talmud() -> None:
    """Aumann and Maschler 1985: claims of 100, 200, 300 on estates of 100, 200, 300."""
    wanted = {100: [100 / 3] * 3, 200: [50, 75, 75], 300: [50, 100, 150]}
    for estate, shares in wanted.items():
        form = CoalitionForm.bankruptcy(estate, [100, 200, 300])
        known = others.nucleolus(others.exact(form.values), 3, [0, 0, 0])
        assert [float(share) for share in known] == pytest.approx(shares)


def test_programs_in_fractions_agree_with_floats() -> None:
    """Random linear programs: the same optimum as HiGHS, infeasible where that says so."""
    from scipy.optimize import linprog

    for seed in range(60):
        rng = np.random.default_rng(seed)
        rows, size = rng.integers(1, 5, 2)
        table, right = rng.integers(-4, 5, (rows, size)), rng.integers(-3, 6, rows)
        cost, even = rng.integers(-4, 5, size), np.ones((1, size))
        below = [(list(map(int, row)), int(b)) for row, b in zip(table, right, strict=True)]
        mine = maximum(list(map(int, cost)), below, [([1] * size, 1)])
        floats = linprog(-cost, table, right, even, [1.0], method="highs")
        assert (mine is None) == (floats.status == 2), seed
        if mine is not None:
            assert float(mine[0]) == pytest.approx(-floats.fun, abs=1e-9)
            assert all(sum(a * x for a, x in zip(row, mine[1], strict=True)) <= b
                       for row, b in below)  # fmt: skip


def test_every_kind_of_matrix_and_tree_method_is_tried() -> None:
    """A new method for a problem with an oracle is tried without anybody saying so."""
    assert {"lemke-howson", "zero-sum-lp"} < set(trial.methods("nash", "normal"))
    assert {"cfr-plus", "double-oracle"} < set(trial.methods("nash", "extensive"))
    asked = {
        (question.concept, game.kind)
        for kind in KINDS
        if kind != "boxes"
        for game in (getattr(games, kind)(np.random.default_rng(s)) for s in range(4))
        for question in trial.questions(game)
    }
    tried = {name for concept, kind in asked for name in trial.methods(concept, kind)}
    tried |= set(trial.methods("nash", "continuous")) | {"ess-enumeration"}
    every = registry.registrations("solver")
    kinds = {
        "normal", "extensive", "bayesian", "bayesian commitment", "security", "coalition",
        "bargaining", "congestion", "one-sided information",
    }  # fmt: skip
    left = {n for n, item in every.items() if item.tags["form"] in kinds} - tried
    assert not left
