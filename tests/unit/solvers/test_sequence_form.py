"""The sequence form: exact values of zero-sum trees, and equilibria of all two-player ones."""

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
from coopsim import ExtensiveForm, TreeBuilder
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.convert import strategy_count, to_normal
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.solvers import sequence_form, sequence_lcp
from coopsim.solvers.check import check
from coopsim.solvers.conformance import trees
from coopsim.solvers.conformance.trees import matrix_value

ROOT = Path(__file__).parents[3]
GOLDEN = json.loads((ROOT / "tests/golden/solvers_extensive_zero_sum.json").read_text())
KUHN = ROOT / "games/classic/kuhn.efg"
METHODS = {"lp": sequence_form.solve, "lcp": sequence_lcp.solve}


def solved(form: ExtensiveForm, method: str, **options: Any) -> tuple[np.ndarray, float]:
    """Values and the largest gain of a player, at what the method finds."""
    found = METHODS[method](form, **options)
    assert found.finished
    return form.expected(found.profiles[0]), gain(form, found.profiles[0])


def gain(form: ExtensiveForm, profile: tuple[np.ndarray, ...]) -> float:
    now = form.expected(profile)
    return max(float(form.best_response(i, profile)[0] - now[i]) for i in range(form.n))


@pytest.mark.parametrize("instance", GOLDEN["instances"], ids=lambda x: x["id"])
def test_golden_values(instance: dict[str, Any]) -> None:
    """The value agrees with two other programmes, and nobody gains by deviating."""
    pytest.importorskip("pyspiel")
    form = coopsim.from_openspiel(instance["source"].removeprefix("OpenSpiel game "))
    values, most = solved(form, "lp")
    wanted = instance["expected"]["value_p1"]
    assert values == pytest.approx([wanted, -wanted], abs=1e-9)
    assert most <= 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_kuhn_poker_is_worth_minus_one_eighteenth(method: str) -> None:
    """Kuhn 1950, without OpenSpiel."""
    form = coopsim.read(KUHN)
    values, most = solved(form, method)
    assert values == pytest.approx([-1 / 18, 1 / 18], abs=1e-12)
    assert most <= 1e-12


def test_auto_takes_the_programme_and_the_certificate_is_exact() -> None:
    solution = coopsim.solve(coopsim.read(KUHN), "nash")
    assert (solution.method, str(solution.status)) == ("sequence-form-lp", "exact")
    assert solution.certificate is not None
    assert solution.certificate.residual <= 1e-12


def test_auto_takes_the_path_where_payoffs_are_not_opposed() -> None:
    solution = coopsim.solve(coopsim.read(ROOT / "games/classic/trust.efg"), "nash")
    assert (solution.method, str(solution.status)) == ("sequence-form-lcp", "exact")


def compare(seed: int) -> None:
    """Zero-sum trees: programme = path = the matrix of reduced strategies, where it is small."""
    rng = np.random.default_rng(seed)
    form = random_tree(rng, depth=5, zero_sum=True, signals=int(rng.integers(1, 4)))
    by_lp, lp_gain = solved(form, "lp")
    by_lcp, lcp_gain = solved(form, "lcp")
    assert max(lp_gain, lcp_gain) <= 1e-9
    assert np.allclose(by_lp, by_lcp, atol=1e-9)
    if np.prod([strategy_count(own) for own in form.sequences]) <= 10_000:
        assert by_lp[0] == pytest.approx(matrix_value(to_normal(form).payoffs[0])[0], abs=1e-9)


def settle(seed: int) -> None:
    """General payoffs: the path ends in an equilibrium."""
    rng = np.random.default_rng(seed)
    form = random_tree(rng, depth=6, signals=int(rng.integers(1, 4)))
    assert solved(form, "lcp")[1] <= 1e-9


@pytest.mark.parametrize("seed", range(30))
def test_random_zero_sum_trees(seed: int) -> None:
    compare(seed)


@pytest.mark.parametrize("seed", range(30))
def test_random_general_sum_trees(seed: int) -> None:
    settle(seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("law", [compare, settle])
def test_a_thousand_random_trees(law: Any) -> None:
    failed = []
    for seed in range(1000, 2000):
        try:
            law(seed)
        except AssertionError:
            failed.append(seed)
    print(f"{law.__name__}: {1000 - len(failed)} of 1,000 trees solved")
    assert not failed


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-1e3, 1e3),
)
def test_units_move_the_value_as_payoffs(seed: int, scale: float, shift: float) -> None:
    """Payoffs a u + b are worth a v + b, to the accuracy that payoffs of that size have."""
    form = random_tree(np.random.default_rng(seed), depth=4, zero_sum=True)
    moved = form.with_payoffs(scale * form.payoffs + np.array([shift, -shift]))
    plain, other = (sequence_form.solve(f).profiles[0] for f in (form, moved))
    wanted = scale * form.expected(plain)[0] + shift
    assert moved.expected(other)[0] == pytest.approx(wanted, abs=1e-9 * (9 * scale + abs(shift)))


def test_constant_sums_other_than_zero_are_taken() -> None:
    form = coopsim.read(KUHN)
    values, most = solved(form.with_payoffs(form.payoffs + np.array([3.0, 4.0])), "lp")
    assert values == pytest.approx([3 - 1 / 18, 4 + 1 / 18], abs=1e-12)
    assert most <= 1e-12


def threat() -> ExtensiveForm:
    """Player 1 may leave; player 2, if asked, can hurt both."""
    tree = TreeBuilder(["one", "two"])
    leave, stay = tree.decision(tree.root, 0, ["leave", "stay"])
    hurt, share = tree.decision(stay, 1, ["hurt", "share"])
    for node, pays in ((leave, [5, -5]), (hurt, [9, -9]), (share, [1, -1])):
        tree.terminal(node, pays)
    return tree.build()


def test_where_the_plan_never_comes_play_is_a_best_response() -> None:
    """Two is never asked, and would share."""
    profile = sequence_form.solve(threat()).profiles[0]
    assert np.allclose(profile[0], [1, 0])
    assert np.allclose(profile[1], [0, 1])


def test_the_path_ends_in_a_perfect_equilibrium() -> None:
    """Of two equilibria, the one that rests on an incredible threat is not found."""
    tree = TreeBuilder(["entrant", "incumbent"])
    out, enter = tree.decision(tree.root, 0, ["out", "enter"])
    fight, yield_ = tree.decision(enter, 1, ["fight", "yield"])
    for node, pays in ((out, [0, 2]), (fight, [-1, -1]), (yield_, [1, 1])):
        tree.terminal(node, pays)
    found = sequence_lcp.solve(tree.build(), starts=5)
    assert [[part.tolist() for part in profile] for profile in found.profiles] == [
        [[0.0, 1.0], [0.0, 1.0]]
    ]


def test_several_priors_find_several_equilibria() -> None:
    """Coordination by simultaneous moves: paths from different priors end in different ones."""
    tree = TreeBuilder(["one", "two"])
    for a, node in enumerate(tree.decision(tree.root, 0, ["x", "y"])):
        for b, end in enumerate(tree.decision(node, 1, ["x", "y"], infoset="blind")):
            tree.terminal(end, [int(a == b)] * 2)
    found = sequence_lcp.solve(tree.build(), starts=10)
    pure = {profile[0].argmax() for profile in found.profiles if profile[0].max() == 1}
    assert pure == {0, 1}


@pytest.mark.parametrize("method", METHODS)
def test_one_node_and_idle_players(method: str) -> None:
    """Nobody moves; then only player 2 does."""
    tree = TreeBuilder(["one", "two"])
    tree.terminal(tree.root, [2, -2])
    assert solved(tree.build(), method)[0].tolist() == [2, -2]
    tree = TreeBuilder(["one", "two"])
    for k, end in enumerate(tree.decision(tree.root, 1, ["a", "b", "c"])):
        tree.terminal(end, [k, -k])
    assert solved(tree.build(), method) == (pytest.approx([0, 0]), 0)


@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_solved_is_refused_with_the_reason(method: str) -> None:
    run = METHODS[method]
    with pytest.raises(NoSuchForm, match="for two players, and here are 3"):
        run(random_tree(np.random.default_rng(0), players=3, depth=4))
    forgetful = imperfect()
    with pytest.raises(NoSuchForm, match="does not remember whether the last own move was"):
        run(forgetful)
    kuhn = coopsim.read(KUHN)
    with pytest.raises(NoSuchForm, match="this form has 2 variants"):
        run(kuhn.with_payoffs(np.stack([kuhn.payoffs] * 2)))


def test_other_sums_are_refused_and_the_fitting_method_named() -> None:
    with pytest.raises(NoSuchForm, match="sequence-form-lcp"):
        sequence_form.solve(coopsim.read(ROOT / "games/classic/trust.efg"))


def test_starts_below_one_are_refused() -> None:
    with pytest.raises(UserError, match="too few"):
        sequence_lcp.solve(coopsim.read(KUHN), starts=0)


def imperfect() -> ExtensiveForm:
    """Zero-sum; the first player forgets the first move."""
    tree = TreeBuilder(["one", "two"])
    for a, node in enumerate(tree.decision(tree.root, 0, ["l", "r"], infoset="first")):
        for b, end in enumerate(tree.decision(node, 0, ["l", "r"], infoset="second")):
            tree.terminal(end, [Fraction(a == b), -Fraction(a == b)])
    return tree.build()


@pytest.mark.parametrize("method", METHODS)
def test_no_time_gives_an_open_answer(method: str) -> None:
    found = METHODS[method](coopsim.read(KUHN), deadline=0.0)
    assert not found.finished
    assert len(found.profiles) == 1


@pytest.mark.parametrize("method", ["sequence-form-lp", "sequence-form-lcp"])
def test_laws_of_solvers(method: str) -> None:
    check(method, games=12)


@pytest.mark.slow
def test_leduc_by_the_path() -> None:
    """2,186 sequences: the table is computed afresh where pivots get small."""
    pytest.importorskip("pyspiel")
    values, most = solved(coopsim.from_openspiel("leduc_poker"), "lcp")
    assert values[0] == pytest.approx(-0.0856064240780, abs=1e-9)
    assert most <= 1e-9


@pytest.mark.parametrize("family", [trees.dealt, trees.seen, trees.opposed])
@pytest.mark.parametrize("seed", range(10))
def test_what_the_trials_know_are_equilibria(family: Any, seed: int) -> None:
    """The games that solvers are checked on; where there is one equilibrium, the path finds it."""
    trial = family(np.random.default_rng(seed))
    assert all(gain(trial.form, profile) <= 1e-9 for profile in trial.known)
    if trial.unique:
        found = sequence_lcp.solve(trial.form).profiles[0]
        assert all(np.allclose(a, b) for a, b in zip(found, trial.known[0], strict=True))
