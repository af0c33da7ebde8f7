"""Correlated and coarse correlated equilibria: golden values, closed forms, laws and bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificates import correlated as certificates
from coopsim.solvers.correlated import solve_coarse, solve_correlated
from coopsim.solvers.solution import Status

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_correlated.json"
INSTANCES = json.loads(GOLDEN.read_text())["instances"]
CONCEPTS = {"CE": "correlated", "CCE": "coarse correlated"}
CHICKEN = NormalForm([[[0, 7], [2, 6]], [[0, 2], [7, 6]]])
DILEMMA = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])


def random_form(seed: int, shape: tuple[int, ...], whole: bool = False) -> NormalForm:
    rng = np.random.default_rng(seed)
    size = (len(shape), *shape)
    return NormalForm(rng.integers(0, 4, size) if whole else rng.normal(size=size))


def worst(form: NormalForm, joint: Any, coarse: bool = False) -> float:
    """The largest gain from a deviation, by plain loops over profiles."""
    gains = [0.0]
    for i in range(form.n):
        for told in [None] if coarse else range(form.shape[i]):
            for other in range(form.shape[i]):
                gain = 0.0
                for at in np.ndindex(form.shape):
                    if told is None or at[i] == told:
                        away = (*at[:i], other, *at[i + 1 :])
                        gain += joint[at] * (form.payoffs[(i, *away)] - form.payoffs[(i, *at)])
                gains.append(gain)
    return max(gains)


@pytest.mark.parametrize("name", CONCEPTS)
@pytest.mark.parametrize("instance", INSTANCES, ids=[item["id"] for item in INSTANCES])
def test_golden_values(instance: Any, name: str) -> None:
    """The extreme welfares and the first player's best, each with a proof."""
    form, wanted = NormalForm(instance["payoffs"]), instance["expected"][name]
    for objective, key in (("welfare", "max_welfare"), ("min welfare", "min_welfare")):
        answer = coopsim.solve(form, CONCEPTS[name], objective=objective)
        assert answer.proved
        assert answer.certificate.residual <= 1e-9
        assert answer.values.sum() == pytest.approx(wanted[key], abs=1e-9)
    best = coopsim.solve(form, CONCEPTS[name], objective=0)
    assert best.proved
    assert best.values[0] == pytest.approx(wanted["max_u1"], abs=1e-9)


def test_chicken_has_the_mediator_of_the_textbook() -> None:
    """Aumann 1974: with a mediator chicken pays 10.5 in sum, more than any Nash equilibrium."""
    answer = coopsim.solve(CHICKEN, "ce")
    assert answer.proved
    assert answer.certificate.relative <= 1e-12
    assert answer.values.sum() == pytest.approx(10.5, abs=1e-12)
    assert answer.profile[0][0, 0] == pytest.approx(0, abs=1e-12)


def test_a_dominated_action_is_never_told() -> None:
    """The prisoner's dilemma has one correlated equilibrium, and one coarse one."""
    for concept in ("ce", "cce"):
        for objective in (None, "min welfare", "max-min", "entropy", 1):
            answer = coopsim.solve(DILEMMA, concept, objective=objective)
            assert answer.proved
            np.testing.assert_allclose(answer.profile[0], [[0, 0], [0, 1]], atol=1e-12)


def test_max_min_is_fair_where_welfare_is_not() -> None:
    """Bach or Stravinsky: a fair coin gives both 2.5, which no equilibrium beats for the worse."""
    bach = NormalForm([[[3, 0], [0, 2]], [[2, 0], [0, 3]]])
    answer = coopsim.solve(bach, "ce", objective="max-min")
    assert answer.proved
    np.testing.assert_allclose(answer.values, [2.5, 2.5], atol=1e-9)


@pytest.mark.parametrize("concept", ["ce", "cce"])
def test_entropy_of_independent_play_is_the_largest_there_is(concept: str) -> None:
    """Where every joint distribution is an equilibrium, the most even one is uniform."""
    flat = NormalForm(np.zeros((3, 2, 3, 2)))
    answer = coopsim.solve(flat, concept, objective="entropy")
    assert answer.proved
    np.testing.assert_allclose(answer.profile[0], 1 / 12, atol=1e-12)
    pennies = NormalForm([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    answer = coopsim.solve(pennies, concept, objective="entropy")
    np.testing.assert_allclose(answer.profile[0], 0.25, atol=1e-9)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2), (2, 2, 2, 2)])
def test_random_games_are_solved_and_checked_by_loops(shape: tuple[int, ...], coarse: bool) -> None:
    """No deviation gains, by a third computation; the bound meets the objective."""
    solver = solve_coarse if coarse else solve_correlated
    check = certificates.coarse_correlated if coarse else certificates.correlated
    for seed in range(4):
        form = random_form(seed, shape, whole=seed % 2 == 0)
        for objective in (None, "min welfare", "max-min", "entropy", 1, np.arange(form.n) - 1.0):
            found = solver(form, objective=objective)
            proof, values = check(form, found.profiles[0], found.details[0], objective=objective)
            assert proof.residual <= 1e-9
            assert worst(form, found.profiles[0][0], coarse) <= 1e-9
            assert values.shape == (form.n,)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_nash_lies_in_the_correlated_set_and_that_in_the_coarse_one(seed: int, whole: bool) -> None:
    """Every product of a Nash equilibrium is correlated; every correlated one is coarse."""
    form = random_form(seed, (3, 3), whole)
    best = {c: coopsim.solve(form, c).values.sum() for c in ("ce", "cce")}
    least = {c: coopsim.solve(form, c, objective="min welfare").values.sum() for c in ("ce", "cce")}
    assert best["cce"] >= best["ce"] - 1e-9
    assert least["cce"] <= least["ce"] + 1e-9
    told = coopsim.solve(form, "ce").profile
    assert certificates.is_correlated(form, told[0], tol=1e-9, coarse=True)
    for nash in coopsim.solve(form, "nash", all=True):
        joint = np.outer(*nash.profile)
        assert certificates.is_correlated(form, joint, tol=1e-7)
        assert least["ce"] - 1e-6 <= nash.values.sum() <= best["ce"] + 1e-6


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-50, 50))
def test_other_units_give_the_same_equilibria(seed: int, scale: float, shift: float) -> None:
    """Positive affine changes of payoffs move the best welfare by the same change."""
    form = random_form(seed, (2, 3, 2))
    moved = NormalForm(scale * form.payoffs + shift)
    for concept in ("ce", "cce"):
        before = coopsim.solve(form, concept).values.sum()
        after = coopsim.solve(moved, concept, tol=1e-8 * max(scale, 1))
        assert after.proved
        assert after.values.sum() == pytest.approx(scale * before + 3 * shift, rel=1e-7, abs=1e-6)


def test_a_strictly_dominated_action_changes_no_correlated_equilibrium() -> None:
    """Adding one leaves the extreme welfares as they are."""
    form = random_form(3, (3, 3))
    more = np.concatenate([form.payoffs, np.zeros((2, 1, 3))], axis=1)
    more[0, 3] = form.payoffs[0].min(0) - 1
    for objective in ("welfare", "min welfare"):
        before = coopsim.solve(form, "ce", objective=objective).values.sum()
        after = coopsim.solve(NormalForm(more), "ce", objective=objective).values.sum()
        assert after == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize("check", [certificates.correlated, certificates.coarse_correlated])
def test_certificates_believe_no_evidence(check: Any) -> None:
    """Without, or with wrong multipliers the bound is weak, never too strong."""
    form = random_form(5, (3, 3))
    coarse = check is certificates.coarse_correlated
    found = (solve_coarse if coarse else solve_correlated)(form)
    right = check(form, found.profiles[0], found.details[0])[0].residual
    bogus = [np.full(3 if coarse else (3, 3), value) for value in (-5.0, 2.0)]
    for details in ({}, {"incentives": bogus}, {"incentives": ["x", 1]}, {"incentives": 3}):
        assert check(form, found.profiles[0], details)[0].residual >= right - 1e-12
    uniform = (np.full((3, 3), 1 / 9),)
    assert not certificates.is_correlated(form, uniform[0], coarse=coarse)
    proof = check(form, uniform, found.details[0])[0]
    assert max(proof.players) == pytest.approx(worst(form, uniform[0], coarse), abs=1e-12)


def test_an_equilibrium_that_is_not_the_best_is_not_proved() -> None:
    """The residual holds the gap of the objective, not the gains alone."""
    poor = solve_correlated(CHICKEN, objective="min welfare")
    details = solve_correlated(CHICKEN).details[0]
    proof, values = certificates.correlated(CHICKEN, poor.profiles[0], details)
    assert max(proof.players) <= 1e-9
    assert proof.residual == pytest.approx(10.5 - values.sum(), abs=1e-9)


@pytest.mark.parametrize("concept", ["ce", "cce"])
@pytest.mark.parametrize("shape", [(60, 60), (7, 4), (1, 5)])
def test_opposed_interests_pay_the_value(shape: tuple[int, int], concept: str) -> None:
    """Forges 1990: every objective is what the value makes it, with a proof of the gap."""
    row = np.random.default_rng(6).normal(size=shape)
    form = NormalForm([row, 1.5 - row])
    value = coopsim.solve(form, concept, objective=0).values[0]
    objectives: list[Any] = [None, "min welfare", "max-min", 0, 1, [2.0, -3.0], [0.5, 4.0]]
    for objective in objectives:
        answer = coopsim.solve(form, concept, objective=objective)
        assert answer.proved
        np.testing.assert_allclose(answer.values, [value, 1.5 - value], atol=1e-9)
    if shape == (7, 4):
        # the general program of a game next to it agrees
        near = NormalForm([row, 1.5 - row + 1e-9 * np.eye(7, 4)])
        assert coopsim.solve(near, concept, objective=0).values[0] == pytest.approx(value, abs=1e-6)


def test_bad_objectives_and_sizes_are_refused() -> None:
    """With the words that are allowed, or with the size."""
    for objective in ("nobody", 2, -1, [1.0], [np.nan, 1], True):
        with pytest.raises(UserError):
            solve_correlated(CHICKEN, objective=objective)
    assert solve_coarse(CHICKEN, objective="player 2").details[0]["objective"] == pytest.approx(7)
    large = NormalForm(np.zeros((2, 500, 500)))
    with pytest.raises(NoSuchForm, match="250,000 pure profiles"):
        solve_correlated(large)
    with pytest.raises(NoSuchForm, match="maximum-entropy"):
        solve_coarse(NormalForm(np.zeros((2, 200, 200))), objective="entropy")


def test_a_player_with_one_action_has_no_incentives() -> None:
    """Degenerate shapes are games too."""
    form = NormalForm(np.arange(3.0).reshape(1, 3))
    assert coopsim.solve(form, "ce").values[0] == pytest.approx(2)
    alone = NormalForm([[[1.0]], [[2.0]]])
    for objective in (None, "entropy", "max-min"):
        assert coopsim.solve(alone, "cce", objective=objective).proved


def test_a_deadline_of_nothing_is_kept() -> None:
    """An open answer or a proved one, never a claim."""
    answer = coopsim.solve(random_form(0, (8, 8, 8)), "ce", deadline=0.0)
    assert answer.proved or answer.status is Status.BUDGET


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True])
def test_many_random_games(whole: bool) -> None:
    """500 games of each kind and both concepts: every answer is proved."""
    rng = np.random.default_rng(1)
    for seed in range(500):
        shape = tuple(rng.integers(1, 5, rng.integers(2, 5)).tolist())
        form = random_form(seed, shape, whole)
        objective = ["welfare", "min welfare", "max-min", "entropy", 0][seed % 5]
        for concept in ("ce", "cce"):
            answer = coopsim.solve(form, concept, objective=objective)
            assert answer.proved, (seed, shape, objective, answer.sentence)


@pytest.mark.slow
def test_a_hundred_thousand_profiles() -> None:
    """Four players with 17 actions each: 83,521 pure profiles."""
    answer = coopsim.solve(random_form(0, (17, 17, 17, 17)), "ce")
    assert answer.proved


@pytest.mark.parametrize("concept", ["correlated", "coarse correlated"])
@pytest.mark.parametrize("paid", [0, 1])
def test_a_large_constant_payoff_hides_nobodys_interests(concept, paid):
    """What one player is always paid is no reason to take the sum for constant."""
    payoffs = np.random.default_rng(0).integers(0, 6, (2, 3, 3)).astype(float)
    payoffs[paid] = -3e20
    form = NormalForm(payoffs)
    solution = coopsim.solve(form, concept)
    assert solution.proved
    other = 1 - paid
    assert solution.values[other] == pytest.approx(payoffs[other].max(), rel=1e-9)
