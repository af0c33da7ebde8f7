"""Level-k and cognitive hierarchy: worked examples, published numbers, certificates."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.check import check
from coopsim.solvers.levels import poisson_weights, solve_hierarchy, solve_level

FILE = Path(__file__).parents[2] / "golden/solvers_bounded_evolution.json"
ROWS = [
    row
    for row in json.loads(FILE.read_text())["instances"]
    if row["class"] in ("level_k", "cognitive_hierarchy")
]
PENNIES = NormalForm([[[9, 0], [0, 1]], [[0, 1], [1, 0]]])


def guessing(top: int, p: float, n: int) -> NormalForm:
    """Guess p times the mean: the distance to it is lost."""
    axes = np.indices((top + 1,) * n)
    return NormalForm(-np.abs(axes - p * axes.mean(axis=0)))


def random_form(seed: int) -> NormalForm:
    rng = np.random.default_rng(seed)
    shape = ((3, 3), (2, 3, 4), (4, 2), (2, 2, 2, 2))[seed % 4]
    return NormalForm(rng.uniform(-1, 1, (len(shape), *shape)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_rows(row: dict[str, Any]) -> None:
    hierarchy = row["class"] == "cognitive_hierarchy"
    asked = {key: row[key] for key in ("tau", "level", "levels") if key in row}
    asked |= row.get("params", {})
    form = NormalForm(row["payoffs"])
    solution = coopsim.solve(form, "cognitive hierarchy" if hierarchy else "level-k", **asked)
    for player, part in enumerate(solution.profile):
        np.testing.assert_allclose(part, row["expected"][f"p{player + 1}"], atol=1e-8)
    assert solution.proved


def test_levels_of_matching_pennies_go_round() -> None:
    """The row player with 9 at stake turns first; every further step answers the one before."""
    chosen = []
    for level in range(6):
        solution = coopsim.solve(PENNIES, "level-k", level=level)
        assert solution.proved
        assert solution.certificate.relative <= 1e-12
        chosen.append([int(part.argmax()) for part in solution.profile])
    # level 1 of the column player is indifferent against an even mixture
    np.testing.assert_allclose(coopsim.solve(PENNIES, "level-k").profile[1], [0.5, 0.5])
    assert [row for row, _ in chosen[1:]] == [0, 0, 1, 1, 0]
    assert [column for _, column in chosen[2:]] == [1, 1, 0, 0]


def test_level_zero_is_what_is_given() -> None:
    form = random_form(0)
    start = [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]
    zero = coopsim.solve(form, "level-k", level=0, level0=start)
    np.testing.assert_allclose(zero.actions, np.concatenate(start))
    one = coopsim.solve(form, "level-k", level=1, level0=start)
    best = (form.payoffs[0] @ start[1]).argmax()
    assert one.profile[0][best] == 1.0
    assert one.verify(form).residual == 0.0


def test_guesses_fall_by_the_factor_each_level() -> None:
    """Nagel 1995: 50 p^k, here in whole numbers with two thirds of the mean of three."""
    form = guessing(20, 2 / 3, 3)
    means = []
    for level in range(5):
        solution = coopsim.solve(form, "level-k", level=level)
        means.append(float(solution.profile[0] @ np.arange(21)))
    assert means[0] == 10
    assert means == sorted(means, reverse=True)
    assert means[-1] < 2.5


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.5, 4.0])
def test_a_hierarchy_is_its_definition(tau: float) -> None:
    """Step by step with plain sums for two players."""
    form = random_form(4)
    top = 30
    share = [math.exp(-tau) * tau**k / math.factorial(k) for k in range(top)]
    steps: list[list[Float]] = [[np.full(size, 1 / size) for size in form.shape]]
    for k in range(1, top):
        total = sum(share[:k])
        mix = [sum(share[h] / total * steps[h][i] for h in range(k)) for i in (0, 1)]
        paid = [form.payoffs[0] @ mix[1], mix[0] @ form.payoffs[1]]
        steps.append([np.eye(len(each))[each.argmax()] for each in paid])
    expected = [sum(share[h] / sum(share) * steps[h][i] for h in range(top)) for i in (0, 1)]
    solution = coopsim.solve(form, "cognitive hierarchy", tau=tau)
    for part, wanted in zip(solution.profile, expected, strict=True):
        np.testing.assert_allclose(part, wanted, atol=1e-9)


def test_entry_of_nobody_thinking_is_level_zero_and_of_all_is_close_to_nash() -> None:
    dilemma = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    np.testing.assert_allclose(
        coopsim.solve(dilemma, "cognitive hierarchy", tau=0.0).profile[0], [0.5, 0.5]
    )
    many = coopsim.solve(dilemma, "cognitive hierarchy", tau=20.0)
    np.testing.assert_allclose(many.profile[0], [0, 1], atol=1e-8)


def test_a_last_step_cuts_the_population_off() -> None:
    weights = poisson_weights(1.5, 2)
    np.testing.assert_allclose(weights, np.array([1, 1.5, 1.125]) / 3.625)
    found = solve_hierarchy(PENNIES, tau=1.5, levels=2)
    np.testing.assert_allclose(found.details[0]["shares"], weights)
    assert len(found.details[0]["levels"]) == 3
    solution = coopsim.solve(PENNIES, "cognitive hierarchy", tau=1.5, levels=2)
    assert solution.verify(PENNIES).residual < 1e-12


@pytest.mark.parametrize("seed", range(8))
def test_certificates_hold_and_see_a_change(seed: int) -> None:
    form = random_form(seed)
    for concept, asked in (("level-k", {"level": 3}), ("cognitive hierarchy", {"tau": 1.2})):
        solution = coopsim.solve(form, concept, **asked)
        assert solution.proved
        assert solution.certificate.relative <= 1e-12
        wrong = coopsim.solve(NormalForm(-form.payoffs), concept, **asked)
        proof = solution.verify(NormalForm(-form.payoffs))
        apart = np.abs(solution.actions - wrong.actions).max()
        assert proof.residual == pytest.approx(apart, abs=1e-9)
        assert proof.kind == "recursion"


@pytest.mark.parametrize("seed", range(4))
def test_order_of_players_and_units_do_not_matter(seed: int) -> None:
    form = random_form(seed)
    turned = NormalForm(np.array([own.T for own in form.payoffs[::-1]]) * 50 - 3)
    for concept in ("level-k", "cognitive hierarchy"):
        one, other = coopsim.solve(form, concept), coopsim.solve(turned, concept)
        for a, b in zip(one.profile, other.profile[::-1], strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(UserError, match="level"):
        solve_level(PENNIES, level=-1)
    with pytest.raises(UserError, match="tau"):
        solve_hierarchy(PENNIES, tau=-1.0)
    with pytest.raises(UserError, match="levels"):
        solve_hierarchy(PENNIES, levels=-2)
    with pytest.raises(UserError, match="level0"):
        solve_level(PENNIES, level0=[[0.5, 0.6], [0.5, 0.5]])
    with pytest.raises(UserError, match="level0"):
        solve_level(PENNIES, level0=[[0.5, 0.5]])


def test_a_deadline_of_nothing_says_so() -> None:
    found = solve_level(PENNIES, level=5, deadline=0.0)
    assert not found.finished
    assert not found.exhaustive
    assert not solve_hierarchy(PENNIES, deadline=0.0).finished


@pytest.mark.parametrize("method", ["level-recursion", "hierarchy-recursion"])
def test_conformance(method: str) -> None:
    check(method)
