"""Lemke-Howson: every path ends in an equilibrium, in degenerate games too, and says so exactly."""

from __future__ import annotations

import time
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest

import coopsim
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import complementary_paths
from coopsim.solvers.check import check
from coopsim.solvers.lemke_howson import solve
from coopsim.solvers.vertex import solve as solve_all

SHAPLEY = NormalForm([[[0, 0, 1], [1, 0, 0], [0, 1, 0]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]])
KINDS = ("floats", "wide floats", "integers", "ties", "many ties", "copies", "zero-sum")


def random_game(kind: str, seed: int, largest: int = 50) -> NormalForm:
    """A game of 3 x 3 to 50 x 50 actions; the last four kinds are degenerate or nearly so."""
    rng = np.random.default_rng(seed)
    m, k = rng.integers(3, largest + 1, 2)
    payoffs = rng.random((2, m, k))
    if kind == "wide floats":
        payoffs = 1e6 * rng.standard_normal((2, m, k))
    elif kind == "integers":
        payoffs = rng.integers(-50, 51, (2, m, k)).astype(float)
    elif kind == "ties":
        payoffs = rng.integers(0, 3, (2, m, k)).astype(float)
    elif kind == "many ties":
        payoffs = (payoffs < 0.15).astype(float)
    elif kind == "copies":
        payoffs = payoffs[:, rng.integers(0, m, m)][:, :, rng.integers(0, k, k)]
    elif kind == "zero-sum":
        payoffs[1] = -payoffs[0]
    return NormalForm(payoffs)


def relative_regret(form: NormalForm, profile: tuple[np.ndarray, ...]) -> float:
    """The largest gain of a deviation over the payoff range, by the definition."""
    (a, b), (x, y) = form.payoffs, profile
    first = float((a @ y).max() - x @ a @ y) / max(float(np.ptp(a)), 1e-300)
    second = float((x @ b).max() - x @ b @ y) / max(float(np.ptp(b)), 1e-300)
    return max(first, second)


def dot(values: Iterable[Fraction], weights: Iterable[Fraction]) -> Fraction:
    """Sum of products, without rounding."""
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0))


def stress(kind: str, games: int) -> None:
    """Each game is solved before its deadline, with a certificate."""
    pivots = []
    for seed in range(games):
        form = random_game(kind, seed)
        began = time.monotonic()
        found = solve(form, deadline=30.0)
        assert time.monotonic() - began < 30
        assert found.finished
        (profile,) = found.profiles
        for part, size in zip(profile, form.shape, strict=True):
            assert part.shape == (size,)
            assert part.min() >= 0
            assert abs(part.sum() - 1) < 1e-12
        assert relative_regret(form, profile) <= 1e-9, (kind, seed)
        pivots.append(found.stats["pivots"])
    print(f"{kind}: {games} games solved, {np.median(pivots):.0f} pivots (at most {max(pivots)})")


@pytest.mark.parametrize("kind", KINDS)
def test_random_games(kind: str) -> None:
    stress(kind, 30)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_random_games(kind: str) -> None:
    stress(kind, 1000)


def test_the_only_equilibrium_of_shapleys_game_from_every_label() -> None:
    found = solve(SHAPLEY, labels="all")
    assert len(found.profiles) == 1
    assert found.details[0]["labels"] == list(range(6))
    for part in found.profiles[0]:
        np.testing.assert_allclose(part, np.full(3, 1 / 3), atol=1e-15)


def test_a_coordination_game_by_label() -> None:
    """Dropping the label of action a leads to (a, a): the complementary best response."""
    form = NormalForm([np.diag([1, 2, 3])] * 2)
    for label in range(6):
        (profile,) = solve(form, labels=label).profiles
        for part in profile:
            assert part.tolist() == np.eye(3)[label % 3].tolist()


@pytest.mark.slow
def test_ends_of_paths_in_a_thousand_games() -> None:
    """A second method that shares no pivot with the first has them all."""
    for seed in range(1000):
        ends_are_extreme(seed)


@pytest.mark.parametrize("seed", range(15))
def test_ends_of_paths_are_extreme_equilibria(seed: int) -> None:
    ends_are_extreme(seed)


def ends_are_extreme(seed: int) -> None:
    """They are among those that vertex enumeration finds."""
    form = random_game(("floats", "integers", "ties")[seed % 3], seed, largest=7)
    extreme = {tuple(np.round(np.concatenate(p), 8)) for p in solve_all(form).profiles}
    ends = {tuple(np.round(np.concatenate(p), 8)) for p in solve(form, labels="all").profiles}
    assert ends
    assert ends <= extreme


@pytest.mark.parametrize("kind", ["integers", "ties", "many ties"])
def test_exact_profiles_are_equilibria_in_fractions(kind: str) -> None:
    """No rounding anywhere: each player's best payoff equals its exact value."""
    for seed in range(5):
        form = random_game(kind, seed, largest=12)
        found = solve(form, labels="all", exact=True)
        assert found.finished
        for profile, detail in zip(found.profiles, found.details, strict=True):
            x, y = ([Fraction(text) for text in part] for part in detail["exact_profile"])
            first, second = (Fraction(text) for text in detail["exact_values"])
            assert sum(x) == sum(y) == 1
            assert min(x + y) >= 0
            a, b = ([[Fraction(int(v)) for v in row] for row in own] for own in form.payoffs)
            rows = [dot(row, y) for row in a]
            columns = [dot(column, x) for column in zip(*b, strict=True)]
            assert max(rows) == first == dot(rows, x)
            assert max(columns) == second == dot(columns, y)
            np.testing.assert_allclose(profile[0], np.array(x, dtype=float), atol=1e-15)


def test_fractions_and_decimals_are_read_exactly() -> None:
    """Thirds given as fractions stay thirds; 0.1 is one tenth."""
    third = Fraction(1, 3)
    form = NormalForm([[[third, 0], [0, 1]], [[0, 1], [third, 0]]])
    detail = solve(form, exact=True).details[0]
    assert detail["exact_profile"] == [["1/4", "3/4"], ["3/4", "1/4"]]
    assert detail["exact_values"] == ["1/4", "1/4"]
    decimals = NormalForm([[[0.1, 0], [0, 0.2]], [[0, 0.7], [0.7, 0]]])
    assert solve(decimals, exact=True).details[0]["exact_values"] == ["1/15", "7/20"]


def test_lost_paths_are_walked_in_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where floats lead nowhere, exact pivots from the same label do."""
    monkeypatch.setattr(complementary_paths, "_GOOD", -1.0)  # nothing in floats is good enough
    form = random_game("ties", 3, largest=8)
    found = solve(form)
    assert found.finished
    assert relative_regret(form, found.profiles[0]) <= 1e-12
    assert "exact_values" in found.details[0]


def test_long_paths_give_way_to_the_next_label() -> None:
    """One pivot is too few for the path of one label, and enough for another's."""
    payoffs = np.random.default_rng(8).random((2, 20, 20))
    payoffs[:, 5, 7] = 2  # the path of label 5 goes straight there
    cut = solve(NormalForm(payoffs), labels=[0], max_pivots=1)
    assert not cut.finished
    assert cut.profiles == ()
    raced = solve(NormalForm(payoffs), max_pivots=2)
    assert raced.finished
    assert raced.profiles[0][0].argmax() == 5


def test_deadline_is_kept() -> None:
    form = NormalForm(np.random.default_rng(1).random((2, 300, 300)))
    solve(random_game("floats", 0))  # compiled before the clock runs
    began = time.monotonic()
    found = solve(form, labels="all", deadline=0.2)
    assert time.monotonic() - began < 2
    assert not found.finished
    assert all(relative_regret(form, profile) < 1e-9 for profile in found.profiles)
    assert solve(form, deadline=0.0).profiles == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (2, 9)])
def test_thin_games(shape: tuple[int, int]) -> None:
    form = NormalForm(np.random.default_rng(4).random((2, *shape)))
    for found in (solve(form, labels="all"), solve(form, labels="all", exact=True)):
        assert max(relative_regret(form, profile) for profile in found.profiles) < 1e-12


def test_constant_payoffs() -> None:
    form = NormalForm(np.full((2, 3, 4), 7.5))
    assert solve(form).profiles
    assert coopsim.solve(form, "nash", method="lemke-howson").certificate.residual == 0


@pytest.mark.parametrize("labels", ["some", 6, -1, [], [0, 6], [0.5]])
def test_labels_that_do_not_exist(labels: object) -> None:
    with pytest.raises(UserError) as caught:
        solve(SHAPLEY, labels=labels)  # type: ignore[arg-type]
    assert caught.value.key == "labels"


def test_refusals() -> None:
    with pytest.raises(NoSuchForm, match="two players, and this one has 3"):
        solve(NormalForm(np.zeros((3, 2, 2, 2))))
    with pytest.raises(UserError):
        solve(SHAPLEY, max_pivots=0)


def test_auto_takes_it_for_one_equilibrium() -> None:
    solution = coopsim.solve(random_game("integers", 5), "nash")
    assert solution.method == "lemke-howson"
    assert solution.proved


def test_auto_walks_all_paths_where_all_are_wanted_of_a_large_game() -> None:
    """Several equilibria, all proved, and no claim that there are no others."""
    form = NormalForm(np.random.default_rng(0).random((2, 20, 20)))
    solutions = coopsim.solve(form, "nash", all=True)
    assert {item.method for item in solutions} == {"lemke-howson-all"}
    assert len(solutions) == len(solve(form, labels="all").profiles) > 1
    assert all(item.proved for item in solutions)
    assert not solutions.complete


@pytest.mark.parametrize("method", ["lemke-howson", "lemke-howson-all"])
def test_conformance(method: str) -> None:
    check(method)
