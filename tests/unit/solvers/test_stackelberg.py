"""Commitment in matrix games: published values, laws, and the bounds behind the certificate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coopsim.errors import UserError
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.security import SecurityForm
from coopsim.solvers.certificates.stackelberg import stackelberg
from coopsim.solvers.check import check
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_stackelberg.json"
INSTANCES = {item["id"]: item for item in json.loads(GOLDEN.read_text())["instances"]}
CLASSIC = NormalForm([[[2, 4], [1, 3]], [[1, 0], [0, 1]]])


def golden_form(item: dict[str, Any]) -> Any:
    if item["class"] == "stackelberg":
        return NormalForm(item["payoffs"])
    if item["class"] == "stackelberg_bayesian":
        return StackelbergForm(item["leader"], item["follower"], item["prior"])
    p = item["params"]
    return SecurityForm(p["def_cov"], p["def_unc"], p["att_cov"], p["att_unc"], p["resources"])


def methods_of(item: dict[str, Any]) -> list[str]:
    return {
        "stackelberg": ["multiple-lp"],
        "stackelberg_bayesian": ["dobss", "type-enumeration"],
        "stackelberg_security": ["origami", "security-lp"],
    }[item["class"]]


def random_game(rng: np.random.Generator, largest: int = 6) -> NormalForm:
    shape = tuple(rng.integers(1, largest, 2).tolist())
    if rng.random() < 0.5:
        return NormalForm(rng.integers(0, 4, (2, *shape)))
    return NormalForm(rng.normal(size=(2, *shape)))


@pytest.mark.parametrize("name", INSTANCES)
def test_golden_values_and_certificates(name: str) -> None:
    item = INSTANCES[name]
    expected, form = item["expected"], golden_form(item)
    for method in methods_of(item):
        solution = solve(form, "stackelberg", method)
        wanted = expected.get("sse_value", expected.get("value"))
        assert solution.values[0] == pytest.approx(wanted, abs=1e-9)
        assert solution.proved
        assert solution.certificate.relative <= 1e-12
        assert solution.certificate is not None
        assert solution.certificate.residual <= 1e-9
        for key in ("commitment", "coverage"):
            if key in expected:
                np.testing.assert_allclose(solution.details[key], expected[key], atol=1e-9)
        for key in ("follower_action", "attacked", "type_actions"):
            if key in expected:
                assert solution.details[key] == expected[key]
    if "pure_commitment_value" in expected:
        pure = solve(form, "stackelberg", commitment="pure")
        assert pure.values[0] == pytest.approx(expected["pure_commitment_value"], abs=1e-12)
        assert pure.proved


@pytest.mark.parametrize("method", ["multiple-lp", "correlated-commitment-lp"])
def test_laws_of_solvers(method: str) -> None:
    check(method, games=4)


def test_the_textbook_game_of_conitzer_and_sandholm() -> None:
    """Nash pays 2, the best announced action 3, the best announced mixture 3.5."""
    mixed = solve(CLASSIC, "stackelberg")
    assert mixed.values == pytest.approx([3.5, 0.5])
    assert mixed.profile[0] == pytest.approx([0.5, 0.5])
    assert mixed.details["follower_action"] == 1
    assert solve(CLASSIC, "stackelberg", commitment="pure").values[0] == pytest.approx(3)
    assert solve(CLASSIC, "nash", "pure-enumeration").values[0] == pytest.approx(2)


def test_the_leader_can_be_named_or_numbered() -> None:
    form = NormalForm(CLASSIC.payoffs, players=("Ann", "Bob"))
    turned = NormalForm([form.payoffs[1].T, form.payoffs[0].T], players=("Bob", "Ann"))
    first = solve(form, "stackelberg", leader="Ann")
    second = solve(turned, "stackelberg", leader="Ann")
    third = solve(turned, "stackelberg", leader=1)
    assert first.values[0] == second.values[1] == third.values[1] == pytest.approx(3.5)
    np.testing.assert_allclose(first.profile[0], second.profile[1])
    assert second.verify(turned).residual <= 1e-12


def test_more_than_one_follower_is_refused_with_what_would_fit() -> None:
    solution = solve(NormalForm(np.zeros((3, 2, 2, 2))), "stackelberg")
    assert solution.status is Status.REFUSED
    assert "correlated commitment" in solution.sentence


@pytest.mark.parametrize(
    "options",
    [
        {"leader": 2},
        {"leader": "nobody"},
        {"ties": "mine"},
        {"commitment": "some"},
        {"epsilon": -1.0},
    ],
)
def test_options_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        solve(CLASSIC, "stackelberg", **options)


@pytest.mark.parametrize("seed", range(30))
def test_commitment_pays_at_least_any_equilibrium_and_any_announced_action(seed: int) -> None:
    """Law (von Stengel and Zamir 2010): mixed commitment is worth at least every Nash value."""
    form = random_game(np.random.default_rng(seed))
    solution = solve(form, "stackelberg")
    assert solution.proved
    assert solution.certificate.relative <= 1e-12
    for nash in solve(form, "nash", "pure-enumeration", all=True):
        assert solution.values[0] >= nash.values[0] - 1e-9
    pure = solve(form, "stackelberg", commitment="pure")
    assert pure.proved
    assert pure.certificate.relative <= 1e-12
    assert solution.values[0] >= pure.values[0] - 1e-9
    weak = solve(form, "stackelberg", ties="weak")
    assert weak.proved
    assert weak.details["supremum"] <= solution.values[0] + 1e-9


@pytest.mark.parametrize("seed", range(10))
def test_zero_sum_commitment_is_the_value(seed: int) -> None:
    """Law: against an opponent, the maximin mixture loses nothing when announced."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    gain = rng.normal(size=tuple(rng.integers(1, 7, 2).tolist()))
    rows, columns = gain.shape
    value = -linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.hstack([-gain.T, np.ones((columns, 1))]),
        b_ub=np.zeros(columns),
        A_eq=np.append(np.ones(rows), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
    ).fun
    form = NormalForm([gain, -gain])
    assert solve(form, "stackelberg").values[0] == pytest.approx(value, abs=1e-9)
    assert solve(form, "stackelberg", ties="weak").values[0] == pytest.approx(value, abs=1e-7)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10_000),
    st.floats(0.01, 100),
    st.floats(-50, 50),
    st.floats(0.01, 100),
    st.floats(-50, 50),
)
def test_other_units_change_the_value_by_the_unit_only(
    seed: int, scale: float, shift: float, stretch: float, move: float
) -> None:
    form = random_game(np.random.default_rng(seed), 5)
    other = NormalForm([scale * form.payoffs[0] + shift, stretch * form.payoffs[1] + move])
    before = solve(form, "stackelberg")
    after = solve(other, "stackelberg")
    assert after.proved
    assert after.values[0] == pytest.approx(scale * before.values[0] + shift, abs=1e-8 * scale)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_actions_in_another_order_and_a_dominated_one_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    form = random_game(rng, 5)
    rows, columns = (rng.permutation(size) for size in form.shape)
    value = solve(form, "stackelberg").values[0]
    moved = NormalForm(form.payoffs[:, rows][:, :, columns])
    assert solve(moved, "stackelberg").values[0] == pytest.approx(value, abs=1e-9)
    # an answer that is worse for the follower whatever is announced is never given
    worse = np.stack([form.payoffs[0].max() + np.ones(form.shape[0]), form.payoffs[1].min(1) - 1])
    larger = NormalForm(np.concatenate([form.payoffs, worse[:, :, None]], axis=2))
    assert solve(larger, "stackelberg").values[0] == pytest.approx(value, abs=1e-9)


def test_weak_ties_come_near_a_supremum_that_is_not_reached() -> None:
    solution = solve(CLASSIC, "stackelberg", ties="weak")
    assert solution.details["supremum"] == pytest.approx(3.5, abs=1e-12)
    assert solution.details["attained"] is False
    assert 3.5 - 1e-8 <= solution.details["value"] < 3.5
    assert solution.proved
    # further inside, the follower's answer is safe against small mistakes
    wide = solve(CLASSIC, "stackelberg", ties="weak", epsilon=0.01)
    assert wide.details["value"] == pytest.approx(3.49)
    assert wide.proved
    assert wide.profile[0] == pytest.approx([0.49, 0.51])


def test_weak_ties_between_answers_that_are_alike_for_the_follower() -> None:
    """Two answers with the same follower payoffs: the leader counts on the worse one."""
    form = NormalForm([[[5, 0, 1], [0, 5, 1]], [[1, 1, 0], [1, 1, 0]]])
    strong, weak = (solve(form, "stackelberg", ties=ties) for ties in ("strong", "weak"))
    assert strong.values[0] == pytest.approx(5)
    assert weak.values[0] == pytest.approx(2.5)
    assert weak.details["attained"] is True


def test_weak_supremum_by_a_dense_grid() -> None:
    """With two leader actions every announced mixture can be tried."""
    rng = np.random.default_rng(3)
    for _ in range(10):
        form = NormalForm(rng.integers(0, 5, (2, 2, 4)))
        shares = np.linspace(0, 1, 5041)
        mixtures = np.stack([shares, 1 - shares], axis=1)
        worth, gain = mixtures @ form.payoffs[1], mixtures @ form.payoffs[0]
        good = worth >= worth.max(1, keepdims=True) - 1e-12
        top = np.where(good, gain, np.inf).min(1).max()
        supremum = solve(form, "stackelberg", ties="weak").details["supremum"]
        assert top - 1e-9 <= supremum <= top + 5 / 2520


def test_the_certificate_sees_planted_mistakes() -> None:
    """A worse mixture, a wrong answer, and multipliers that cannot be believed."""
    good = solve(CLASSIC, "stackelberg")
    worse = (np.array([0.25, 0.75]), np.array([0.0, 1.0]))
    assert stackelberg(CLASSIC, worse, good.details)[0].players == pytest.approx((0.25, 0))
    wrong = (np.array([0.4, 0.6]), np.array([1.0, 0.0]))
    assert stackelberg(CLASSIC, wrong, {})[0].players[1] == pytest.approx(0.2)
    no_mixture = (np.array([0.6, 0.6]), np.array([0.0, 1.0]))
    assert stackelberg(CLASSIC, no_mixture, {})[0].residual > 0.1
    for multipliers in (None, [], [[[0, -1.0]], "x"], [[], [[0, 1e9]]]):
        proof = stackelberg(CLASSIC, good.profile, {"multipliers": multipliers})[0]
        assert proof.residual <= 1e-9  # evidence is computed again where it is no good
    pure = (np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    assert stackelberg(CLASSIC, pure, {}, commitment="pure")[0].residual > 0.5


def test_out_of_time_gives_an_open_answer() -> None:
    rng = np.random.default_rng(0)
    form = NormalForm(rng.normal(size=(2, 40, 40)))
    for ties in ("strong", "weak"):
        solution = solve(form, "stackelberg", deadline=0.0, ties=ties)
        assert solution.proved or solution.status is Status.BUDGET
        assert solution.profile


@pytest.mark.parametrize("shape", [(3, 4), (6, 6), (3, 3, 3), (2, 3, 2, 2)])
def test_signals_pay_what_a_mixture_pays_with_one_follower_and_no_less_with_more(
    shape: tuple[int, ...],
) -> None:
    """Conitzer and Korzhyk 2011, theorem 1; and no less than the best correlated equilibrium."""
    rng = np.random.default_rng(sum(shape))
    for _ in range(3):
        form = NormalForm(rng.integers(0, 5, (len(shape), *shape)))
        told = solve(form, "correlated commitment")
        assert told.proved
        assert told.certificate.relative <= 1e-12
        if form.n == 2:
            mixed = solve(form, "stackelberg")
            assert told.values[0] == pytest.approx(mixed.values[0], abs=1e-8)
        correlated = solve(form, "correlated", objective=0)
        assert told.values[0] >= correlated.values[0] - 1e-8
        assert told.verify(form).residual <= 1e-8


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["float", "integer"])
def test_a_thousand_random_games(kind: str) -> None:
    """No exception, and every answer proved; ties by the thousand in the integer games."""
    rng = np.random.default_rng(7)
    for place in range(1000):
        size = (2, *rng.integers(1, 12 if place % 50 else 40, 2).tolist())
        payoffs = rng.normal(size=size) if kind == "float" else rng.integers(0, 3, size)
        form = NormalForm(payoffs)
        strong, weak = (solve(form, "stackelberg", ties=ties) for ties in ("strong", "weak"))
        assert strong.proved, (place, strong)
        assert weak.proved, (place, weak)
        assert weak.values[0] <= strong.values[0] + 1e-8
