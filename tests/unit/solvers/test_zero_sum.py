"""Constant-sum games: the linear programme, fractions, and the laws of the value."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import regret_matching, zero_sum
from coopsim.solvers.check import check
from coopsim.solvers.exact_matrix import solve_exactly
from coopsim.solvers.numeric import Clock
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "solvers_zero_sum.json").read_text(encoding="utf-8")
)["instances"]


def blotto(fields: int, soldiers: int) -> Any:
    """Fields won less fields lost, for all ways to spread the soldiers, in order."""
    ways = [way for way in np.ndindex(*(soldiers + 1,) * fields) if sum(way) == soldiers]
    spread = np.array(ways)
    return np.sign(spread[:, None] - spread[None]).sum(-1)


def matrix(instance: dict[str, Any]) -> Any:
    """The payoffs of a golden instance: a table, or the rule that its name states."""
    payoff = instance["payoff"]
    if isinstance(payoff, str):
        # as in "rule:colonel_blotto_3_fields_5"
        fields, soldiers = payoff.removeprefix("rule:colonel_blotto_").split("_fields_")
        return blotto(int(fields), int(soldiers))
    return np.array(payoff)


def opposed(payoffs: Any, total: float = 0.0) -> NormalForm:
    return NormalForm([payoffs, total - np.asarray(payoffs)])


def regret(form: NormalForm, profile: Any) -> float:
    at = form.expected(profile)
    return max(float(form.deviations(profile, i).max() - at[i]) for i in range(2))


def value(payoffs: Any) -> float:
    form = opposed(payoffs)
    return float(form.expected(zero_sum.solve(form).profiles[0])[0])


@pytest.mark.parametrize("instance", GOLDEN, ids=lambda item: item["id"])
def test_golden_value_and_certificate_hold(instance: dict[str, Any]) -> None:
    solution = solve(opposed(matrix(instance)), "nash")
    assert solution.method == "zero-sum-lp"
    assert solution.status is Status.EXACT
    assert solution.certificate is not None
    assert solution.certificate.residual <= 1e-9
    assert solution.values[0] == pytest.approx(instance["expected"]["value_float"], abs=1e-9)


@pytest.mark.parametrize("instance", GOLDEN, ids=lambda item: item["id"])
def test_golden_fraction_comes_out_exactly(instance: dict[str, Any]) -> None:
    payoffs = matrix(instance).astype(int).astype(object) * Fraction(1)
    form = NormalForm(np.stack([payoffs, -payoffs]))
    solution = solve(form, "nash", "zero-sum-lp", exact=True)
    expected = Fraction(instance["expected"]["value"])
    assert [Fraction(text) for text in solution.details["exact_values"]] == [expected, -expected]
    x, y = (
        np.array([Fraction(text) for text in part], dtype=object)
        for part in solution.details["exact_profile"]
    )
    assert x.sum() == y.sum() == 1
    assert min(*x, *y) >= 0
    assert max(payoffs @ y) == min(x @ payoffs) == expected


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (3, 4)])
def test_single_actions_and_equal_payoffs_are_solved(shape: tuple[int, int]) -> None:
    for payoffs in (np.full(shape, 2.5), np.arange(np.prod(shape), dtype=float).reshape(shape)):
        for options in ({}, {"exact": True}):
            form = opposed(payoffs, 5.0)
            assert regret(form, zero_sum.solve(form, **options).profiles[0]) <= 1e-12


@pytest.mark.parametrize("seed", range(20))
def test_random_sizes_with_ties_agree_with_fractions_and_regret_matching(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 25, size=2))
    payoffs = rng.integers(0, 4, shape)
    form = opposed(payoffs)
    found, exact = zero_sum.solve(form), zero_sum.solve(form, exact=True)
    matched = regret_matching.solve(form)
    worth = float(Fraction(exact.details[0]["exact_values"][0]))
    for answer in (found, exact, matched):
        assert regret(form, answer.profiles[0]) <= 1e-11
        assert form.expected(answer.profiles[0])[0] == pytest.approx(worth, abs=1e-11)


def test_exact_copes_with_thirty_actions_and_with_stalling_pivots() -> None:
    rng = np.random.default_rng(3)
    for high in (2, 100):
        payoffs = rng.integers(0, high, (30, 30)).astype(object) * Fraction(1)
        solved = solve_exactly(payoffs, Clock(30.0))
        assert solved is not None
        x, y = solved
        assert max(payoffs @ y) == min(x @ payoffs)


matrices = st.integers(0, 10**6).map(
    lambda seed: np.random.default_rng(seed).integers(
        -5, 6, np.random.default_rng(seed + 1).integers(1, 7, size=2)
    )
)


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_value_is_minus_the_value_of_the_negated_transpose(payoffs: Any) -> None:
    assert value(payoffs) == pytest.approx(-value(-payoffs.T), abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(matrices, st.floats(0.01, 100), st.floats(-50, 50))
def test_value_follows_units_of_payoff(payoffs: Any, scale: float, shift: float) -> None:
    after = value(scale * payoffs + shift)
    assert after == pytest.approx(scale * value(payoffs) + shift, abs=1e-10 * (scale + 50))


@settings(max_examples=40, deadline=None)
@given(matrices, st.integers(0, 100))
def test_a_dominated_action_and_another_order_change_nothing(payoffs: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    worse = payoffs[rng.integers(len(payoffs))] - rng.integers(0, 3)
    longer = np.vstack([payoffs, worse])
    turned = longer[rng.permutation(len(longer))][:, rng.permutation(longer.shape[1])]
    assert value(turned) == pytest.approx(value(payoffs), abs=1e-10)


def test_constant_sums_are_seen_up_to_rounding_and_others_refused() -> None:
    assert zero_sum.suits(NormalForm([[[0.1, 0.7]], [[0.9, 0.3]]]), False)
    assert not zero_sum.suits(NormalForm([[[0.1, 0.7]], [[0.9, 0.4]]]), False)
    assert not zero_sum.suits(NormalForm(np.zeros((3, 2, 2, 2))), False)
    with pytest.raises(NoSuchForm, match=r"add up to 1 in one place and 1\.1 in another"):
        zero_sum.solve(NormalForm([[[0.1, 0.7]], [[0.9, 0.4]]]))
    with pytest.raises(NoSuchForm, match="has 3"):
        zero_sum.solve(NormalForm(np.zeros((3, 2, 2, 2))))
    rounded = 1 / 3 + np.random.default_rng(0).random((3, 3))
    with pytest.raises(NoSuchForm, match="only up to rounding"):
        zero_sum.solve(NormalForm([rounded, 1 - rounded]), exact=True)


@pytest.mark.parametrize("deadline", [0.0, 1e-6, 1e-3])
def test_a_short_deadline_gives_a_profile_with_its_residual(deadline: float) -> None:
    form = opposed(np.random.default_rng(0).normal(size=(60, 50)))
    for method in ("zero-sum-lp", "regret-matching-plus"):
        solution = solve(form, "nash", method, deadline=deadline)
        assert solution.certificate is not None
        assert solution.proved or solution.status is Status.BUDGET
    exact = zero_sum.solve(form, deadline=deadline, exact=True)
    assert not exact.finished
    assert len(exact.profiles) == 1


def test_the_laws_of_solvers_hold() -> None:
    check("zero-sum-lp", games=8)


@pytest.mark.twin
@pytest.mark.parametrize("seed", range(5))
def test_gambit_finds_the_same_value(seed: int, tmp_path: Path) -> None:
    gambit = pytest.importorskip("pygambit")
    form = opposed(np.random.default_rng(seed).integers(-9, 10, (6, 5)))
    coopsim.write(form, tmp_path / "game.nfg")
    theirs = gambit.nash.lp_solve(gambit.read_nfg(str(tmp_path / "game.nfg")), rational=True)
    rows, columns = (
        np.array([Fraction(str(weight)) for weight in weights(part)], dtype=object)
        for part in getattr(theirs, "equilibrium", None) or theirs.equilibria[0]
    )
    worth = rows @ (form.payoffs[0].astype(int).astype(object) * Fraction(1)) @ columns
    ours = zero_sum.solve(form, exact=True).details[0]["exact_values"][0]
    assert Fraction(ours) == worth


def weights(part: Any) -> list[Any]:
    """A mixed strategy of pygambit 17 (a mapping) or 16 (pairs)."""
    return list(part.values()) if hasattr(part, "values") else [p for _, p in part]


@pytest.mark.slow
def test_a_thousand_random_games_of_all_kinds_are_proved() -> None:
    kinds = ("normal", "integers", "copies")
    counts = dict.fromkeys(kinds, 0)
    for seed in range(1000):
        rng, kind = np.random.default_rng(seed), kinds[seed % 3]
        shape = tuple(rng.integers(1, 51, size=2))
        payoffs = rng.normal(size=shape) if kind == "normal" else rng.integers(0, 3, shape)
        if kind == "copies":
            payoffs = payoffs[rng.integers(shape[0], size=shape[0])]
        solution = solve(opposed(payoffs), "nash", deadline=10.0)
        assert solution.method == "zero-sum-lp"
        counts[kind] += solution.proved
    print(counts)
    assert sum(counts.values()) == 1000
