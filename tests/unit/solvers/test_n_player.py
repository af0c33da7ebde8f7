"""Nash equilibria of normal forms with three and more players."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import branch, logit, multilinear, newton, polymatrix, polynomial, simplicial
from coopsim.solvers import supports as counting
from coopsim.solvers.certificate import certify
from coopsim.solvers.check import check
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found, Status

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/solvers_n_player.json").read_text())
ONE = {
    "iterated-polymatrix": polymatrix.solve,
    "logit-homotopy": logit.solve,
    "global-newton": newton.solve,
    "simplicial-subdivision": simplicial.solve,
}
EVERY = [*ONE, "support-polynomials"]


def random_form(seed: int, shape: tuple[int, ...], whole: bool = False) -> NormalForm:
    rng = np.random.default_rng(seed)
    size = (len(shape), *shape)
    return NormalForm(rng.integers(0, 5, size) if whole else rng.uniform(-10, 100, size))


def regret(form: NormalForm, found: Found) -> float:
    return certify("nash", form, found.profiles[0]).residual


def joined(profile: Any) -> Float:
    return np.concatenate([np.asarray(part, dtype=float) for part in profile])


@pytest.mark.parametrize("row", GOLDEN["instances"], ids=lambda row: row["id"])
def test_golden_games_have_exactly_the_listed_equilibria(row: dict[str, Any]) -> None:
    form = NormalForm(row["payoffs"])
    solutions = coopsim.solve(form, "nash", all=True)
    wanted = row["expected"]["equilibria"]
    assert len(solutions) == len(wanted) == row["expected"]["n_isolated_found_by_enumpoly"]
    for each in wanted:
        at = joined(each["strategies"])
        [match] = [item for item in solutions if np.abs(joined(item.profile) - at).max() < 1e-8]
        np.testing.assert_allclose(match.values, each["payoffs"], atol=1e-8)
        assert match.certificate is not None
        assert match.certificate.residual <= 1e-12
        # probabilities that are no fractions cannot be shown exactly: 1 - sqrt(1/2), for one
        irrational = row["id"] in ("volunteers_dilemma_3", "threshold_public_good_3_need2")
        assert match.status is Status.EXACT or irrational


@pytest.mark.parametrize("method", EVERY)
@pytest.mark.parametrize("row", GOLDEN["instances"], ids=lambda row: row["id"])
def test_every_method_answers_the_golden_games(row: dict[str, Any], method: str) -> None:
    solution = coopsim.solve(NormalForm(row["payoffs"]), "nash", method=method)
    assert solution.proved
    assert solution.method == method


@pytest.mark.parametrize("method", ONE)
@pytest.mark.parametrize("seed", range(5))
def test_one_equilibrium_of_random_games_of_three_players(method: str, seed: int) -> None:
    """Floats and integers with ties, different numbers of actions."""
    shape = ((8, 8, 8), (3, 5, 2), (4, 4, 4), (2, 2, 2), (6, 3, 4))[seed]
    form = random_form(seed, shape, whole=seed % 2 == 1)
    found = ONE[method](form, deadline=30.0)
    assert regret(form, found) <= 1e-8
    assert found.finished


@pytest.mark.parametrize("method", ONE)
def test_four_and_five_players(method: str) -> None:
    for seed, shape in enumerate([(2, 3, 2, 3), (2, 2, 2, 2, 2)]):
        form = random_form(seed, shape)
        assert regret(form, ONE[method](form, deadline=30.0)) <= 1e-8


@pytest.mark.parametrize("seed", range(20))
def test_auto_answers_games_of_three_players_up_to_eight_actions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    form = random_form(seed, tuple(rng.integers(2, 9, 3).tolist()), whole=seed % 3 == 0)
    solution = coopsim.solve(form, "nash", deadline=30.0)
    assert solution.proved
    assert solution.certificate is not None
    assert solution.certificate.residual <= 1e-8


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_thousand_random_games_of_three_players(capsys: pytest.CaptureFixture[str]) -> None:
    """Every answer of each fast method is within tolerance; none passes its deadline."""
    counts: dict[str, int] = {}
    for seed in range(1000):
        rng = np.random.default_rng((7, seed))
        form = random_form(seed, tuple(rng.integers(2, 9, 3).tolist()), whole=seed % 3 == 0)
        solution = coopsim.solve(form, "nash", deadline=30.0)
        assert solution.proved, (seed, solution.sentence)
        counts[solution.method] = counts.get(solution.method, 0) + 1
        for name in ("iterated-polymatrix", "simplicial-subdivision"):
            found = ONE[name](form, deadline=30.0)
            good = bool(found.profiles) and regret(form, found) <= 1e-8
            counts[f"{name} by name"] = counts.get(f"{name} by name", 0) + good
    with capsys.disabled():
        print(f"\n1,000 games of three players, 2 to 8 actions: {counts}")
    assert counts["iterated-polymatrix by name"] >= 999


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_each_method_on_a_hundred_games_of_eight_actions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    proved = dict.fromkeys(ONE, 0)
    for seed in range(100):
        form = random_form(seed, (8, 8, 8))
        for name, run in ONE.items():
            found = run(form, deadline=20.0)
            proved[name] += bool(found.profiles) and regret(form, found) <= 1e-8
    with capsys.disabled():
        print(f"\n100 games of 8 x 8 x 8 actions, proved: {proved}")
    assert min(proved.values()) >= 98


@pytest.mark.parametrize("seed", range(12))
def test_generic_games_have_an_odd_number_of_equilibria(seed: int) -> None:
    """Wilson 1971: almost every game has a finite and odd number; all are found and certified."""
    shape = ((2, 2, 2), (3, 3, 3), (2, 2, 2, 2), (2, 3, 4))[seed % 4]
    form = random_form(seed, shape)
    solutions = coopsim.solve(form, "nash", all=True)
    assert solutions.complete
    assert len(solutions) % 2 == 1
    assert all(item.proved for item in solutions)


@pytest.mark.parametrize("seed", range(6))
def test_what_other_methods_find_is_among_all(seed: int) -> None:
    form = random_form(100 + seed, (3, 3, 3))
    found = polynomial.solve(form)
    assert found.exhaustive
    known = [joined(profile) for profile in found.profiles]
    for run in ONE.values():
        at = joined(run(form).profiles[0])
        assert min(float(np.abs(at - each).max()) for each in known) < 1e-7


def test_rays_followed_to_their_ends_find_several() -> None:
    row = next(each for each in GOLDEN["instances"] if each["id"].startswith("threshold"))
    found = newton.solve(NormalForm(row["payoffs"]), everything=True, rays=20)
    assert len(found.profiles) >= 4
    known = [joined(each["strategies"]) for each in row["expected"]["equilibria"]]
    for profile in found.profiles:
        at = joined(profile)
        assert min(float(np.abs(at - each).max()) for each in known) < 1e-8
    assert not found.exhaustive


def test_a_continuum_is_not_called_complete() -> None:
    """Player 1 does not care at all: with each of its mixtures there are equilibria."""
    payoffs = random_form(3, (2, 2, 2)).payoffs.copy()
    payoffs[0] = 1.0
    found = polynomial.solve(NormalForm(payoffs))
    assert found.finished
    assert not found.exhaustive
    flat = polynomial.solve(NormalForm(np.zeros((3, 2, 2, 2))))
    assert len(flat.profiles) >= 8
    assert not flat.exhaustive


def test_indifference_with_more_equations_than_unknowns_is_noticed() -> None:
    """Player 1 has three actions, equally good against one mixture of player 2 alone."""
    payoffs = np.zeros((3, 3, 2, 1))
    payoffs[0, :, :, 0] = [[1, -1], [-1, 1], [2, -2]]
    payoffs[1, :, :, 0] = [[-1, 1], [1, -1], [-1, 1]]
    found = polynomial.solve(NormalForm(payoffs))
    assert not found.exhaustive
    assert "tied" in found.sentence


def test_root_counts_of_totally_mixed_equilibria() -> None:
    """McKelvey and McLennan 1997, table 1: the most regular totally mixed equilibria."""
    assert counting.paths_of((2, 2, 2)) == 2
    assert counting.paths_of((2, 2, 2, 2)) == 9
    assert counting.paths_of((2, 2, 2, 2, 2)) == 44
    assert counting.paths_of((3, 3, 3)) == 10
    assert counting.paths_of((4, 4, 4)) == 56
    assert counting.paths_of((3, 2, 1)) == 0
    assert len(list(counting.assignments((2, 2, 2), counting.equations_of((3, 3, 3))))) == 10


@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(0.01, 100),
    shift=st.lists(st.floats(-50, 50), min_size=3, max_size=3),
)
@settings(max_examples=15, deadline=None)
def test_units_of_payoff_change_no_equilibrium(seed: int, scale: float, shift: list[float]) -> None:
    form = random_form(seed, (2, 3, 2))
    other = NormalForm(scale * form.payoffs + np.reshape(shift, (3, 1, 1, 1)))
    before, after = polynomial.solve(form), polynomial.solve(other)
    assert len(before.profiles) == len(after.profiles)
    for one, two in zip(before.profiles, after.profiles, strict=True):
        np.testing.assert_allclose(joined(one), joined(two), atol=1e-7)


@given(seed=st.integers(0, 10_000), player=st.integers(0, 2))
@settings(max_examples=15, deadline=None)
def test_a_dominated_action_changes_nothing(seed: int, player: int) -> None:
    form = random_form(seed, (2, 2, 2))
    worse = np.take(form.payoffs, [0], axis=1 + player).copy()
    worse[player] -= 1.0
    larger = NormalForm(np.concatenate([form.payoffs, worse], axis=1 + player))
    before, after = polynomial.solve(form), polynomial.solve(larger)
    assert len(before.profiles) == len(after.profiles)
    for run in ONE.values():
        assert run(larger).profiles[0][player][-1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_derivatives_are_those_of_deviation_payoffs(seed: int) -> None:
    form = random_form(seed, (2, 3, 4, 2)[: 2 + seed % 3])
    game = multilinear.Multilinear(form)
    x = polymatrix.random_profile(game, np.random.default_rng(seed))
    values, slopes = game.derivatives(x)
    expected = [form.deviations(game.split(x), i) for i in range(form.n)]
    low = form.payoffs.reshape(form.n, -1).min(axis=1)
    scaled = np.concatenate([(e - b) / game.scale for e, b in zip(expected, low, strict=True)])
    np.testing.assert_allclose(values, scaled, atol=1e-12)
    np.testing.assert_allclose(game.deviations(x), scaled, atol=1e-12)
    for k in range(game.m):
        step = np.eye(game.m)[k] * 1e-6
        change = (game.deviations(x + step) - game.deviations(x - step)) / 2e-6
        np.testing.assert_allclose(slopes[:, k], change, atol=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_polymatrix_games_are_solved_in_one_step(seed: int) -> None:
    """Where payoffs are sums over pairs the approximation is the game itself."""
    rng = np.random.default_rng(seed)
    shape = (3, 4, 2)
    payoffs = np.zeros((3, *shape))
    for i in range(3):
        for j in range(3):
            if i != j:
                axes = tuple(1 if k not in (i, j) else shape[k] for k in range(3))
                payoffs[i] += rng.integers(0, 4, axes)
    game = multilinear.Multilinear(NormalForm(payoffs))
    at = polymatrix.polymatrix_equilibrium(game, game.uniform(), np.ones(12), Clock(None))
    assert at is not None
    assert game.regret(at) < 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_simplicial_paths_end_within_the_grid(seed: int) -> None:
    """Before any polishing: four times as fine a grid, about a quarter of the regret."""
    game = multilinear.Multilinear(random_form(seed, (2, 3, 4)))
    coarse, fine = (
        game.regret(simplicial._path(game, game.uniform(), grid, Clock(None))[0])
        for grid in (16, 1024)
    )
    assert fine < 0.05 * game.scale / 16
    assert fine < coarse


def test_the_logit_branch_does_not_change_curves() -> None:
    """A game on which longer steps go around a loop of another component for ever."""
    rng = np.random.default_rng(17)
    form = NormalForm(rng.integers(0, 5, (3, 4, 4, 4)))
    found = logit.solve(form, deadline=30.0)
    assert regret(form, found) <= 1e-8
    choices = branch.NormalChoices(form)
    turns = {p.orientation for p, _ in zip(branch.Branch(choices).follow(Clock(5.0)), range(60))}  # noqa: B905
    assert len(turns) == 1


@pytest.mark.parametrize("method", EVERY)
def test_a_deadline_of_nothing_is_kept(method: str) -> None:
    form = random_form(0, (4, 4, 4))
    solution = coopsim.solve(form, "nash", method=method, deadline=0.0)
    assert solution.status is Status.BUDGET or solution.proved
    assert solution.stats["seconds"] < 5


@pytest.mark.parametrize("method", EVERY)
def test_conformance(method: str) -> None:
    check(method, games=3)


def test_options_out_of_range_are_refused() -> None:
    form = random_form(0, (2, 2, 2))
    with pytest.raises(UserError, match="starts"):
        polymatrix.solve(form, starts=0)
    with pytest.raises(UserError, match="rays"):
        newton.solve(form, rays=0)
    with pytest.raises(UserError, match="refine"):
        simplicial.solve(form, refine=1.0)
    with pytest.raises(NoSuchForm, match="supports"):
        polynomial.solve(NormalForm(np.zeros((3, 9, 9, 9))))
    with pytest.raises(NoSuchForm, match="one"):
        polynomial.solve(NormalForm(np.zeros((1, 3))))


def test_auto_names_its_reason_and_order() -> None:
    mixed = NormalForm(
        [[[[1], [-1]], [[-1], [1]]], [[[-1], [1]], [[1], [-1]]], np.zeros((2, 2, 1)).tolist()]
    )
    assert coopsim.solve(mixed, "nash").method == "iterated-polymatrix"
    assert coopsim.solve(mixed, "nash", all=True)[0].method == "support-polynomials"
    pure = NormalForm(GOLDEN["instances"][2]["payoffs"])
    assert coopsim.solve(pure, "nash").method == "pure-enumeration"
    assert coopsim.solve(NormalForm([[1.0, 3.0, 2.0]]), "nash").actions.tolist() == [0, 1, 0]


@pytest.mark.twin
@pytest.mark.parametrize("seed", range(8))
def test_twin_all_equilibria(seed: int, tmp_path: Path) -> None:
    """Gambit's enumpoly finds no equilibrium that is not here."""
    gambit = pytest.importorskip("pygambit")
    form = random_form(seed, ((2, 2, 2), (2, 3, 2), (3, 3, 3), (2, 2, 2, 2))[seed % 4])
    coopsim.write(form, tmp_path / "game.nfg")
    game = gambit.read_nfg(str(tmp_path / "game.nfg"))
    ours = [joined(item.profile) for item in coopsim.solve(form, "nash", all=True)]
    theirs = [joined_of(each, game) for each in gambit.nash.enumpoly_solve(game).equilibria]
    for at in theirs:
        assert min(float(np.abs(at - each).max()) for each in ours) < 1e-6
    assert len(theirs) <= len(ours)


def joined_of(profile: Any, game: Any) -> Float:
    """A Gambit profile as one vector."""
    return np.array([float(profile[p][s]) for p in game.players for s in game.get_strategies(p)])
