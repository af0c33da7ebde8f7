"""Logit quantal response on matrices and trees: golden rows, closed forms, fits, twins."""

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
from coopsim.games.forms.convert import to_extensive
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.branch import Branch, NormalChoices
from coopsim.solvers.check import check
from coopsim.solvers.numeric import Clock
from coopsim.solvers.quantal import quantal_path
from coopsim.solvers.quantal_fit import fit_quantal
from coopsim.solvers.solution import Status
from coopsim.solvers.tree_choices import TreeChoices

FILE = Path(__file__).parents[2] / "golden/solvers_bounded_evolution.json"
ROWS = [row for row in json.loads(FILE.read_text())["instances"] if row["class"] == "logit_qre"]
CLASSIC = Path(__file__).parents[3] / "games/classic"


def logit(powers: Any) -> Float:
    shares = np.exp(np.asarray(powers) - np.max(powers))
    return np.asarray(shares / shares.sum())


def random_form(seed: int, shape: tuple[int, ...]) -> NormalForm:
    rng = np.random.default_rng(seed)
    return NormalForm(rng.uniform(-5, 5, (len(shape), *shape)))


@pytest.fixture(scope="module")
def kuhn() -> ExtensiveForm:
    form = coopsim.read(CLASSIC / "kuhn.efg")
    assert isinstance(form, ExtensiveForm)
    return form


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_equilibria(row: dict[str, Any]) -> None:
    solution = coopsim.solve(NormalForm(row["payoffs"]), "qre", lam=row["lam"])
    for player, part in enumerate(solution.profile):
        np.testing.assert_allclose(part, row["expected"][f"p{player + 1}"], atol=1e-9)
    assert solution.certificate is not None
    assert solution.certificate.residual <= 1e-12
    assert solution.certificate.kind == "fixed point"
    assert "units of probability" in solution.sentence


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("lam", [0.01, 1.0, 30.0])
def test_the_profile_is_the_logit_response_to_itself(seed: int, lam: float) -> None:
    form = random_form(seed, ((3, 3), (2, 3, 4), (5, 4), (2, 2, 2, 2))[seed % 4])
    solution = coopsim.solve(form, "quantal response", lam=lam)
    for player, own in enumerate(solution.profile):
        payoffs = form.deviations(solution.profile, player)
        np.testing.assert_allclose(own, logit(lam * payoffs), atol=1e-10)
    assert solution.proved
    assert solution.certificate.relative <= 1e-12


def test_precision_zero_is_uniform_and_one_player_is_plain_logit() -> None:
    form = random_form(1, (3, 4))
    for part in coopsim.solve(form, "qre", lam=0.0).profile:
        np.testing.assert_allclose(part, 1 / len(part))
    alone = coopsim.solve(NormalForm([[1.0, 2.0, 4.0]]), "qre", lam=0.7)
    np.testing.assert_allclose(alone.profile[0], logit([0.7, 1.4, 2.8]), atol=1e-14)


def test_one_precision_a_player() -> None:
    """A player with precision 0 plays evenly, the other one answers that."""
    form = random_form(2, (3, 3))
    solution = coopsim.solve(form, "qre", lam=[0.0, 2.0])
    np.testing.assert_allclose(solution.profile[0], 1 / 3)
    paid = form.payoffs[1].mean(axis=0)
    np.testing.assert_allclose(solution.profile[1], logit(2 * paid), atol=1e-12)
    assert solution.verify(form).residual < 1e-12


def test_units_of_payoff_and_precision_cancel() -> None:
    form = random_form(3, (3, 2, 2))
    one = coopsim.solve(form, "qre", lam=1.3)
    other = coopsim.solve(NormalForm(100 * form.payoffs + 7), "qre", lam=0.013)
    for a, b in zip(one.profile, other.profile, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-11)


def test_the_principal_branch_goes_straight_on_where_others_cross_it() -> None:
    """A symmetric coordination game: two more equilibria branch off at lambda 2."""
    form = NormalForm([[[1, 0], [0, 1]], [[1, 0], [0, 1]]])
    for lam in (1.0, 2.5, 20.0):
        solution = coopsim.solve(form, "qre", lam=lam)
        np.testing.assert_allclose(solution.profile[0], [0.5, 0.5], atol=1e-9)


def test_the_branch_turns_back_where_it_must() -> None:
    """Precision falls on the way in some games; the points all solve the equations."""
    turned = 0
    for seed in range(40):
        branch = Branch(NormalChoices(random_form(seed, (3, 3, 3))))
        before = -1.0
        for _, point in zip(range(80), branch.follow(Clock(10.0)), strict=False):
            residual, slopes = branch.system(point.logs, point.lam)
            assert np.abs(residual).max() < 1e-9 * max(1.0, np.abs(point.logs).max())
            assert np.abs(slopes @ point.tangent).max() < 1e-6 * np.abs(slopes).max()
            turned += point.lam < before
            before = point.lam
            if point.lam > 300:
                break
    assert turned > 0


@pytest.mark.parametrize("seed", range(6))
def test_a_tree_of_one_move_each_is_its_matrix(seed: int) -> None:
    form = random_form(seed, ((2, 3), (3, 3), (2, 2, 3))[seed % 3])
    tree = to_extensive(form)
    assert isinstance(tree, ExtensiveForm)
    one = coopsim.solve(form, "qre", lam=0.8)
    other = coopsim.solve(tree, "agent qre", lam=0.8)
    for a, b in zip(one.profile, other.profile, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-11)
    np.testing.assert_allclose(one.values, other.values, atol=1e-10)


def test_later_choices_of_one_player_are_taken_as_given() -> None:
    """One player, two moves: the first compares by the expected value of the second."""
    form = ExtensiveForm.from_arrays(
        players=["a"],
        parent=[-1, 0, 0, 2, 2],
        player=[0, 1, 0, 1, 1],
        infoset=[0, -1, 1, -1, -1],
        payoffs=[[1.0], [0.0], [3.0]],
    )
    lam = 1.7
    later = logit([0.0, lam * 3.0])
    first = logit([lam * 1.0, lam * 3.0 * later[1]])
    solution = coopsim.solve(form, "agent quantal response", lam=lam)
    np.testing.assert_allclose(solution.profile[0], [*first, *later], atol=1e-12)
    # the matrix counts plans, which is another model
    assert coopsim.solve(form, "qre", lam=lam).form == "normal"


@pytest.mark.parametrize("lam", [0.1, 1.0, 10.0, 300.0])
def test_kuhn_poker_at_every_information_set(kuhn: ExtensiveForm, lam: float) -> None:
    solution = coopsim.solve(kuhn, "agent qre", lam=lam)
    assert solution.certificate is not None
    assert solution.certificate.residual < 1e-9
    assert solution.verify(kuhn).residual < 1e-9


def test_kuhn_poker_leads_to_its_value(kuhn: ExtensiveForm) -> None:
    path = quantal_path(kuhn, [1.0, 1000.0, 10.0])
    assert path.regrets[1] < 0.01 < path.regrets[2] < path.regrets[0]
    assert kuhn.expected(path.profiles[1])[0] == pytest.approx(-1 / 18, abs=2e-3)


def test_derivatives_on_a_tree(kuhn: ExtensiveForm) -> None:
    choices = TreeChoices(kuhn)
    logs = np.log(np.random.default_rng(0).uniform(0.1, 1, choices.size))
    _, slopes = choices.payoffs(logs)
    for k in range(choices.size):
        step = np.eye(choices.size)[k] * 1e-6
        change = (choices.payoffs(logs + step)[0] - choices.payoffs(logs - step)[0]) / 2e-6
        np.testing.assert_allclose(slopes[:, k], change, atol=1e-7)


def test_choices_too_rare_for_floating_point_do_no_harm(kuhn: ExtensiveForm) -> None:
    solution = coopsim.solve(kuhn, "agent qre", lam=3000.0)
    assert solution.proved
    assert all(np.isfinite(part).all() for part in solution.profile)


def test_a_path_is_the_equilibria_one_by_one() -> None:
    form = random_form(5, (3, 4))
    path = quantal_path(form, [2.0, 0.0, 0.5])
    for lam, profile in zip(path.lambdas, path.profiles, strict=True):
        solution = coopsim.solve(form, "qre", lam=float(lam))
        for a, b in zip(profile, solution.profile, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-11)
    assert path.regrets.shape == (3,)


def test_a_curriculum_sharpens_one_player_alone() -> None:
    """The adversary of a zero-sum game grows precise, the other keeps its precision."""
    rng = np.random.default_rng(0)
    a = rng.uniform(-1, 1, (3, 3))
    form = NormalForm([a, -a])
    path = quantal_path(form, [0.0, 1.0, 5.0, 50.0], player=1, others=4.0)
    earned = []
    for lam, profile in zip(path.lambdas, path.profiles, strict=True):
        np.testing.assert_allclose(profile[0], logit(4.0 * (a @ profile[1])), atol=1e-10)
        np.testing.assert_allclose(profile[1], logit(-lam * (profile[0] @ a)), atol=1e-10)
        earned.append(float(profile[0] @ a @ profile[1]))
    assert earned == sorted(earned, reverse=True)


@pytest.mark.parametrize("lam", [0.3, 1.1])
def test_a_fit_finds_the_precision_that_made_the_data(lam: float) -> None:
    """Expected counts have their largest likelihood where they come from."""
    form = NormalForm(ROWS[0]["payoffs"])
    counts = [500 * part for part in coopsim.solve(form, "qre", lam=lam).profile]
    fit = fit_quantal(form, counts)
    assert fit.lam == pytest.approx(lam, abs=1e-6)
    assert fit.interval[0] < lam < fit.interval[1]
    assert 0 < fit.standard_error < 1
    # the interval is about 1.96 standard errors to either side
    assert fit.interval[1] - lam == pytest.approx(1.96 * fit.standard_error, rel=0.5)
    assert not fit.at_bound
    for here in fit.interval:
        profile = coopsim.solve(form, "qre", lam=here).profile
        drop = sum(float(c @ np.log(p)) for c, p in zip(counts, profile, strict=True))
        assert fit.log_likelihood - drop == pytest.approx(1.9207, abs=1e-3)


def test_a_fit_looks_at_all_local_maxima() -> None:
    """The row player's share rises and falls with precision: these data fit twice."""
    form = NormalForm(ROWS[0]["payoffs"])
    counts = [[870, 130], [2, 8]]
    fit = fit_quantal(form, counts)
    assert len(fit.maxima) == 2
    assert fit.maxima[0][0] > 1.0 > fit.maxima[1][0] > 0.0
    assert fit.maxima[0][1] > fit.maxima[1][1]
    assert fit.lam == fit.maxima[0][0]
    swapped = fit_quantal(form, [[870, 130], [40, 60]])
    assert swapped.lam < 1.0
    grid = quantal_path(form, np.linspace(0.05, 6, 120).tolist())
    likelihood = [
        sum(float(np.dot(c, np.log(p))) for c, p in zip(counts, profile, strict=True))
        for profile in grid.profiles
    ]
    assert max(likelihood) - 1e-9 <= fit.log_likelihood <= max(likelihood) + 0.5


def test_data_of_perfect_players_push_the_fit_to_its_bound() -> None:
    dilemma = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    fit = fit_quantal(dilemma, [[0, 50], [0, 50]])
    assert fit.at_bound
    assert fit.interval[1] == math.inf
    silly = fit_quantal(dilemma, [[50, 0], [50, 0]])
    assert silly.lam == 0.0
    assert silly.interval[0] == 0.0


def test_a_fit_on_a_tree(kuhn: ExtensiveForm) -> None:
    profile = coopsim.solve(kuhn, "agent qre", lam=1.4).profile
    # behaviour counts weighted by nothing but the choice probabilities themselves
    fit = fit_quantal(kuhn, [100 * part for part in profile])
    assert fit.lam == pytest.approx(1.4, abs=1e-6)


def test_wrong_questions_are_refused() -> None:
    form = random_form(0, (2, 2))
    with pytest.raises(UserError, match="lam"):
        coopsim.solve(form, "qre", lam=-1.0)
    with pytest.raises(UserError, match="lam"):
        coopsim.solve(form, "qre", lam=[1.0, 2.0, 3.0])
    with pytest.raises(UserError, match="counts"):
        fit_quantal(form, [[1, 2], [1, 2, 3]])
    with pytest.raises(UserError, match="player"):
        quantal_path(form, [1.0], player=5)
    forgetful = ExtensiveForm.from_arrays(
        players=["a"],
        parent=[-1, 0, 0, 1, 1, 2, 2],
        player=[0, 0, 0, 1, 1, 1, 1],
        infoset=[0, 1, 1, -1, -1, -1, -1],
        payoffs=[[0.0], [1.0], [2.0], [3.0]],
    )
    assert coopsim.solve(forgetful, "agent qre").status is Status.REFUSED


def test_a_deadline_of_nothing_gives_the_beginning_of_the_branch() -> None:
    solution = coopsim.solve(random_form(0, (4, 4, 4)), "qre", lam=5.0, deadline=0.0)
    assert solution.status is Status.BUDGET


@pytest.mark.twin
@pytest.mark.parametrize("seed", range(6))
def test_twin_matrix(seed: int, tmp_path: Path) -> None:
    gambit = pytest.importorskip("pygambit")
    form = random_form(seed, ((3, 3), (2, 3, 2))[seed % 2])
    coopsim.write(form, tmp_path / "game.nfg")
    game = gambit.read_nfg(str(tmp_path / "game.nfg"))
    [point] = gambit.qre.logit_solve_lambda(game, 0.6, use_strategic=True)
    theirs = [float(point.profile[p][s]) for p in game.players for s in game.get_strategies(p)]
    np.testing.assert_allclose(coopsim.solve(form, "qre", lam=0.6).actions, theirs, atol=1e-6)


@pytest.mark.twin
@pytest.mark.parametrize("lam", [0.5, 2.0, 8.0])
def test_twin_tree(kuhn: ExtensiveForm, lam: float) -> None:
    """Information sets stand in another order there: compared as sorted choices."""
    gambit = pytest.importorskip("pygambit")
    game = gambit.read_efg(str(CLASSIC / "kuhn.efg"))
    [point] = gambit.qre.logit_solve_lambda(game, lam)
    ours = coopsim.solve(kuhn, "agent qre", lam=lam).profile
    for player, name in enumerate(game.players):
        strategy = point.profile[name]
        theirs = sorted(float(share) for _, own in strategy for _, share in own)
        np.testing.assert_allclose(sorted(ours[player]), theirs, atol=1e-6)


@pytest.mark.parametrize("method", ["logit-branch", "agent-logit-branch"])
def test_conformance(method: str) -> None:
    check(method)
