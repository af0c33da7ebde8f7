"""Batches of games: every answer certified, and the same as one game at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.variants import NormalVariants
from coopsim.solvers import small_bimatrix, vertex
from coopsim.solvers.batched import most_equilibria
from coopsim.solvers.certificates.variants import regrets
from coopsim.solvers.check import check
from coopsim.solvers.select import solve
from coopsim.solvers.variants import solve_variants

# kernels are compiled on first use, for minutes on a busy machine: that is no test's time
pytestmark = [
    pytest.mark.timeout(120, func_only=True),
    pytest.mark.usefixtures("compiled"),
]


@pytest.fixture(scope="module")
def compiled() -> None:
    """Every kernel that batches use, once."""
    solve_variants(general(1, 2, 2), all=True)
    solve_variants(general(1, 3, 3, high=2), all=True)
    solve_variants(opposed(1, 3, 3))
    solve(opposed(1, 3, 3)[0], "nash")
    vertex.solve(general(1, 2, 2)[0])


def general(games: int, *shape: int, seed: int = 0, high: int = 0) -> NormalVariants:
    rng = np.random.default_rng(seed)
    size = (games, len(shape), *shape)
    return NormalForm.variants(rng.integers(0, high, size) if high else rng.normal(size=size))


def opposed(games: int, m: int, n: int, high: int = 0) -> NormalVariants:
    rng = np.random.default_rng(1)
    own = rng.integers(0, high, (games, m, n)) if high else rng.normal(size=(games, m, n))
    return NormalForm.variants(np.stack([own, 2 - own], axis=1))


def sorted_profiles(profiles: Any) -> Any:
    rows = np.array([np.concatenate(profile) for profile in profiles]).round(7) + 0.0
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3), (4, 2), (3, 4), (4, 4), (1, 4)])
def test_all_equilibria_of_small_games_are_those_of_vertex_enumeration(
    shape: tuple[int, int],
) -> None:
    form = general(25, *shape)
    found = solve_variants(form, all=True)
    assert found.method == "small-bimatrix"
    assert found.complete.all()
    assert found.proved.all()
    for v in range(len(form)):
        known = sorted_profiles(vertex.solve(form[v]).profiles)
        ours = sorted_profiles([item.profile for item in found[v]])
        np.testing.assert_allclose(ours, known, atol=1e-6)


@pytest.mark.parametrize("high", [2, 3, 6])
def test_degenerate_games_are_seen_and_lose_no_extreme_equilibrium(high: int) -> None:
    form = general(60, 3, 3, seed=high, high=high)
    found = solve_variants(form, all=True)
    assert found.complete.all()
    assert found.proved.all()
    for v in range(0, len(form), 3):
        known = sorted_profiles(vertex.solve(form[v]).profiles)
        np.testing.assert_allclose(
            sorted_profiles([item.profile for item in found[v]]), known, atol=1e-6
        )


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 4), (2, 4), (3, 4)])
def test_nondegenerate_games_have_an_odd_number_of_equilibria(shape: tuple[int, int]) -> None:
    found = solve_variants(general(3000, *shape), all=True)
    assert (found.count % 2 == 1).all()
    assert found.count.max() <= most_equilibria(*shape)
    assert found.residuals.max() <= 1e-11


def test_a_batch_certificate_is_that_of_each_solution() -> None:
    form = general(20, 3, 4)
    found = solve_variants(form, all=True)
    for v, solutions in enumerate(found):
        assert len(solutions) == found.count[v]
        sums = sorted(found.values[v, : found.count[v]].sum(-1))
        assert sums == pytest.approx(sorted(item.values.sum() for item in solutions))
        assert all(item.proved for item in solutions)
    assert len(found[:3]) == 3
    assert found[-1][0] == found[19][0]
    with pytest.raises(IndexError, match="none with number 20"):
        found[20]


def test_certificates_see_a_planted_deviation_and_weights_that_are_none() -> None:
    form = general(5, 3, 3)
    found = solve_variants(form)
    x, y = (part.copy() for part in found.profiles)
    x[0], x[1], y[2] = np.eye(3)[[0]], 0.5, np.nan
    worst = form.payoffs[3, 0] @ y[3, 0]
    x[3] = np.eye(3)[[int(worst.argmin())]]
    _, gains = regrets(form.payoffs, (x, y))
    assert np.isinf(gains[1]).all()
    assert np.isinf(gains[2]).all()
    assert gains[3, 0, 0] == pytest.approx(worst.max() - worst.min())
    assert gains[4].max() <= 1e-12


def test_certificates_of_three_players_are_those_of_single_games() -> None:
    form = general(4, 2, 3, 2)
    rng = np.random.default_rng(0)
    profiles = tuple(rng.dirichlet(np.ones(size), (4, 2)) for size in form.shape)
    values, gains = regrets(form.payoffs, profiles)
    for v in range(4):
        for k in range(2):
            one, profile = form[v], tuple(part[v, k] for part in profiles)
            np.testing.assert_allclose(values[v, k], one.expected(profile))
            for i in range(3):
                best = one.deviations(profile, i).max() - values[v, k, i]
                assert gains[v, k, i] == pytest.approx(max(0.0, best))


@pytest.mark.parametrize("high", [0, 2, 5])
@pytest.mark.parametrize("shape", [(3, 3), (1, 5), (9, 6)])
def test_constant_sum_batches_have_the_values_of_single_games(
    shape: tuple[int, int], high: int
) -> None:
    form = opposed(12, *shape, high=high)
    found = solve_variants(form)
    assert found.method == "zero-sum-lp"
    assert found.proved.all()
    singles = [solve(form[v], "nash").values for v in range(len(form))]
    np.testing.assert_allclose(found.values[:, 0], singles, atol=1e-10)


@pytest.mark.parametrize("device", [None, "cpu"])
def test_regret_matching_on_a_batch_reaches_its_gap(device: str | None) -> None:
    if device:
        pytest.importorskip("torch")
    form = opposed(30, 8, 6)
    found = solve_variants(
        form, method="regret-matching-plus", gap=1e-3, polish=False, device=device
    )
    span = np.ptp(form.payoffs[:, 0], axis=(1, 2))
    assert (found.residuals[:, 0] <= 1e-3 * span).all()
    exact = solve_variants(form)
    assert np.abs(found.values - exact.values).max() <= 1e-3 * span.max()
    polished = solve_variants(form, method="regret-matching-plus", gap=1e-3, device=device)
    assert polished.proved.all()


def test_other_methods_and_concepts_solve_a_batch_one_by_one() -> None:
    form = general(4, 2, 3, 2)
    assert solve_variants(form).proved.all()
    optimum = solve_variants(form, "social optimum")
    np.testing.assert_allclose(
        optimum.values[:, 0].sum(-1), form.payoffs.sum(1).reshape(4, -1).max(-1)
    )
    joint = solve_variants(form, "correlated")
    assert joint.profiles[0].shape == (4, 1, 2, 3, 2)
    assert joint.proved.all()
    named = solve_variants(general(3, 4, 4), method="lemke-howson")
    assert named.method == "lemke-howson"
    assert named.proved.all()


def test_a_deadline_of_nothing_claims_nothing() -> None:
    for form in (general(5, 3, 3), general(5, 5, 5)):
        found = solve_variants(form, all=True, deadline=0.0)
        assert not found.finished
        assert not found.complete.any()
        assert not found.proved.any()
        assert not any(item.proved for item in found[0])
    uniform = solve_variants(opposed(5, 3, 3), deadline=0.0)
    assert not uniform.finished
    assert (uniform.residuals >= 0).all()


def test_what_a_batched_method_cannot_take_is_said() -> None:
    with pytest.raises(NoSuchForm, match="up to 4 actions"):
        solve_variants(general(2, 5, 5), method="small-bimatrix")
    with pytest.raises(NoSuchForm, match="add up to a constant"):
        solve_variants(general(2, 3, 3), method="zero-sum-lp")
    with pytest.raises(UserError, match="no such option on a batch"):
        solve_variants(general(2, 3, 3), gap=1.0)


def test_one_small_game_is_solved_like_a_batch_of_one() -> None:
    form = general(1, 4, 4)[0]
    found = small_bimatrix.solve(form)
    assert found.exhaustive
    known = sorted_profiles(vertex.solve(form).profiles)
    np.testing.assert_allclose(sorted_profiles(found.profiles), known, atol=1e-6)
    tied = NormalForm([[[1, 1], [1, 0]], [[1, 1], [0, 1]]])
    assert len(small_bimatrix.solve(tied).profiles) == len(vertex.solve(tied).profiles)
    assert not small_bimatrix.solve(form, deadline=0.0).finished
    check("small-bimatrix", games=4)


@pytest.mark.twin
def test_gambit_finds_the_same_equilibria(tmp_path: Path) -> None:
    gambit = pytest.importorskip("pygambit")
    form = general(10, 3, 3, seed=5)
    found = solve_variants(form, all=True)
    for v in range(len(form)):
        coopsim.write(form[v], tmp_path / "game.nfg")
        game = gambit.read_nfg(str(tmp_path / "game.nfg"))
        known = [
            [np.array(weights(part), dtype=float) for part in profile]
            for profile in gambit.nash.enummixed_solve(game, rational=False).equilibria
        ]
        ours = [item.profile for item in found[v]]
        np.testing.assert_allclose(sorted_profiles(ours), sorted_profiles(known), atol=1e-6)


def weights(part: Any) -> list[Any]:
    """A mixed strategy of pygambit 17 (a mapping) or 16 (pairs)."""
    return list(part.values()) if hasattr(part, "values") else [p for _, p in part]


@pytest.mark.slow
def test_a_thousand_games_of_each_small_size_agree_with_vertex_enumeration() -> None:
    for shape in ((2, 2), (3, 3), (4, 4)):
        for high in (0, 4):
            form = general(1000, *shape, seed=9, high=high)
            found = solve_variants(form, all=True)
            assert found.complete.all()
            assert found.proved.all()
            for v in range(len(form)):
                known = vertex.solve(form[v]).profiles
                assert len(known) == found.count[v]
