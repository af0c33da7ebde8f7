"""Evolution: stable strategies, replicator dynamics, alpha-rank and the Moran process."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
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
from coopsim.solvers import alpharank, ess
from coopsim.solvers.certificates.alpharank import stationary
from coopsim.solvers.certificates.ess import stable
from coopsim.solvers.moran import fixation, fixation_in_game, fixation_of_ratio, log_fixation
from coopsim.solvers.replicator import replicator, rest_point, rest_points
from coopsim.solvers.solution import Status

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_bounded_evolution.json"
INSTANCES = json.loads(GOLDEN.read_text())["instances"]
EVOLUTION = [item for item in INSTANCES if item["class"] == "evolution"]
RANKED = [item for item in INSTANCES if item["class"] == "alpha_rank"]
PENNIES = NormalForm([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


def symmetric(matrix: Any) -> NormalForm:
    table = np.array(matrix, dtype=None if np.asarray(matrix).dtype == object else float)
    return NormalForm(np.array([table, table.T]))


def rps(lose: Any, win: Any) -> NormalForm:
    return symmetric([[0, -lose, win], [win, 0, -lose], [-lose, win, 0]])


def stationary_by_hand(form: NormalForm, alpha: float, population: int) -> Float:
    """The weights from a transition matrix filled entry by entry and a linear system."""
    count = int(np.prod(form.shape))
    moves = np.zeros((count, count))
    eta = 1 / sum(size - 1 for size in form.shape)
    for here in np.ndindex(form.shape):
        for i, other in ((k, b) for k in range(form.n) for b in range(form.shape[k])):
            there = (*here[:i], other, *here[i + 1 :])
            if there != here:
                gain = alpha * (form.payoffs[(i, *there)] - form.payoffs[(i, *here)])
                rho = 1 / sum(np.exp(-gain * k) for k in range(population))
                at = [np.ravel_multi_index(point, form.shape) for point in (here, there)]
                moves[at[0], at[1]] = eta * rho
    moves += np.diag(1 - moves.sum(1))
    system = np.concatenate([moves.T - np.eye(count), np.ones((1, count))])
    weights = np.linalg.lstsq(system, np.eye(count + 1)[-1], rcond=None)[0]
    return np.asarray(weights.reshape(form.shape))


@pytest.mark.parametrize("instance", EVOLUTION, ids=[item["id"] for item in EVOLUTION])
def test_golden_evolution(instance: Any) -> None:
    """Whatever a golden instance of evolution expects."""
    params, expected = instance["params"], instance["expected"]
    if "ess_share_hawk" in expected:
        answer = coopsim.solve(symmetric(params["matrix"]), "evolutionarily stable")
        assert answer.proved
        assert answer.certificate.relative <= 1e-12
        assert answer.profile[0][0] == pytest.approx(expected["ess_share_hawk"], abs=1e-12)
    if "rest_point" in expected:
        point = rest_point(params["matrix"], expected["rest_point"])
        assert (point.stability == "stable") is expected["interior_asymptotically_stable"]
    if "attractor" in expected:
        path = replicator(params["matrix"], [0.34, 0.33, 0.33], 300.0)
        # near the boundary from some time on, and at each of the corners in turn
        late = path.states[0][100:]
        assert late.min(1).max() < 1e-4
        assert set(path.states[0][path.states[0].max(1) > 0.99].argmax(1)) == {0, 1, 2}
    if "fixation" in expected:
        found = fixation(params["N"], params["r"])
        assert found == pytest.approx(expected["fixation"], abs=1e-12)


@pytest.mark.parametrize("instance", RANKED, ids=[item["id"] for item in RANKED])
def test_golden_alpha_rank(instance: Any) -> None:
    """The weights of OpenSpiel's alpha-rank, with a balanced chain."""
    form, params = NormalForm(instance["payoffs"]), instance["params"]
    answer = coopsim.solve(form, "alpha-rank", alpha=params["alpha"], population=params["m"])
    wanted = instance["expected"]["stationary_profile_row_major"]
    assert answer.proved
    np.testing.assert_allclose(answer.profile[0].ravel(), wanted, atol=1e-9)


# -- evolutionarily stable strategies ------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "wanted"),
    [
        ([[-1, 2], [0, 1]], [[0.5, 0.5]]),  # hawk-dove
        ([[3, 0], [5, 1]], [[0, 1]]),  # prisoner's dilemma
        ([[2, 0], [0, 1]], [[1, 0], [0, 1]]),  # coordination: not the mixed one
        ([[0, -1, 2], [2, 0, -1], [-1, 2, 0]], [[1 / 3] * 3]),  # winning pays more
        ([[0, -2, 1], [1, 0, -2], [-2, 1, 0]], []),  # losing costs more
        ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], []),  # neutral
        ([[1, 1], [1, 0]], [[1, 0]]),  # a best response that does worse against itself
        ([[1, 1], [1, 1]], []),  # drift
        # a pair that is stable within its support and is invaded by a third best response
        ([[0, 2, 1], [2, 0, 1], [1, 1, 1]], []),
        ([[0, 2, 1], [2, 0, 1], [1, 1, 0.5]], [[0.5, 0.5, 0]]),
    ],
)
def test_stable_strategies_of_small_games(matrix: Any, wanted: Any) -> None:
    """By hand, and all of them."""
    answers = coopsim.solve(symmetric(matrix), "ess", all=True)
    assert answers.complete
    found = sorted(answer.profile[0].tolist() for answer in answers)
    np.testing.assert_allclose(
        np.array(found).reshape(-1, len(matrix)), np.array(sorted(wanted)).reshape(-1, len(matrix))
    )


def test_no_stable_strategy_is_a_proof_and_not_a_failure() -> None:
    """Rock, paper, scissors where losing costs more."""
    assert coopsim.solve(rps(2, 1), "ess").status is Status.INFEASIBLE


def test_symmetric_rivals_have_many_stable_strategies() -> None:
    """Haigh 1975: cliques of a graph. Three disjoint pairs that cooperate: three strategies."""
    matrix = np.kron(np.eye(3), [[0.0, 1.0], [1.0, 0.0]])
    answers = coopsim.solve(symmetric(matrix), "ess", all=True)
    assert len(answers) == 3
    assert all(sorted(answer.profile[0])[-2:] == [0.5, 0.5] for answer in answers)


def test_fractions_decide_what_rounding_cannot() -> None:
    """A best response of exactly equal pay; in the details the shares are fractions."""
    third = Fraction(1, 3)
    form = symmetric(np.array([[0, 2 * third], [third, Fraction(0)]], dtype=object))
    answer = coopsim.solve(form, "ess")
    assert answer.details["fractions"] == ["2/3", "1/3"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.booleans())
def test_stable_strategies_resist_mutants(seed: int, size: int, whole: bool) -> None:
    """Every answer is proved, attracts the replicator, and beats sampled invaders."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (size, size)) if whole else rng.normal(size=(size, size))
    answers = coopsim.solve(symmetric(matrix), "ess", all=True)
    assert answers.complete
    span = max(float(np.ptp(matrix)), 1.0)
    for answer in answers:
        x = answer.profile[0]
        y = rng.dirichlet(np.ones(size), 200)
        near = 0.999 * x + 0.001 * y
        better = near @ matrix.T @ x - ((near @ matrix.T) * near).sum(1)
        assert ((x @ matrix @ near.T) - ((near @ matrix) * near).sum(1)).min() > -1e-9 * span
        assert better.shape == (200,)
        assert rest_point(matrix, x).stability != "unstable"
        assert rest_point(matrix, x).nash


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_strict_equilibria_are_stable_and_supports_never_nest(seed: int) -> None:
    """Strict symmetric equilibria are found; Bishop and Cannings 1976."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(5, 5))
    matrix = matrix + matrix.T if seed % 2 else matrix
    points = [item.profile[0] for item in coopsim.solve(symmetric(matrix), "ess", all=True)]
    supports = [frozenset(np.flatnonzero(x > 0)) for x in points]
    strict = [a for a in range(5) if (np.delete(matrix[:, a], a) < matrix[a, a]).all()]
    assert {frozenset([a]) for a in strict} <= set(supports)
    assert not any(one < other for one, other in itertools.permutations(supports, 2))


def test_certificates_refuse_what_drifts_or_loses() -> None:
    """A neutral state, an invadable one, and one that is no equilibrium."""
    cases = [
        (rps(1, 1), np.full(3, 1 / 3)),
        (rps(2, 1), np.full(3, 1 / 3)),
        (symmetric([[2, 0], [0, 1]]), np.array([1 / 3, 2 / 3])),
        (symmetric([[3, 0], [5, 1]]), np.array([1.0, 0.0])),
        (symmetric([[0, 2, 1], [2, 0, 1], [1, 1, 1]]), np.array([0.5, 0.5, 0])),
    ]
    for form, x in cases:
        assert stable(form, (x, x), {})[0].residual > 0.5
    assert stable(rps(1, 2), (np.full(3, 1 / 3),) * 2, {})[0].residual < 1e-12


def test_only_symmetric_games_have_them() -> None:
    """Refused with the reason; so are too many actions."""
    for form in (PENNIES, NormalForm(np.zeros((3, 2, 2, 2))), NormalForm(np.zeros((2, 19, 19)))):
        with pytest.raises(NoSuchForm):
            ess.solve(form)
    assert coopsim.solve(PENNIES, "ess").status is Status.REFUSED


# -- replicator dynamics -------------------------------------------------------------------


def test_hawks_and_doves_follow_the_logistic_solution() -> None:
    """A dominant action with a constant lead follows x / (1 - x) = e^t x0 / (1 - x0)."""
    path = replicator([[2, 2], [1, 1]], [0.1, 0.9], 5.0)
    odds = path.states[0][:, 0] / path.states[0][:, 1]
    np.testing.assert_allclose(odds, np.exp(path.times) / 9, rtol=1e-8)


def test_two_populations_keep_the_constant_of_motion() -> None:
    """Matching pennies: the product of all shares never changes (Hofbauer and Sigmund 1998)."""
    path = replicator(PENNIES, [[0.7, 0.3], [0.5, 0.5]], 40.0)
    product = np.log(path.states[0]).sum(1) + np.log(path.states[1]).sum(1)
    assert np.ptp(product) < 1e-7
    assert rest_point(PENNIES, [[0.5, 0.5], [0.5, 0.5]]).stability == "undecided"


def test_zero_sum_rock_paper_scissors_cycles() -> None:
    """The product of shares is constant; the interior point is a centre."""
    path = replicator(rps(1, 1), [0.5, 0.3, 0.2], 50.0)
    assert np.ptp(np.log(path.states[0]).sum(1)) < 1e-7
    centre = rest_points(rps(1, 1))[-1]
    assert centre.stability == "undecided"
    np.testing.assert_allclose(centre.eigenvalues.real, 0, atol=1e-12)
    np.testing.assert_allclose(np.abs(centre.eigenvalues.imag), 1 / np.sqrt(3))


def test_one_population_is_the_diagonal_of_two() -> None:
    """Two populations that start alike stay alike, and move as one does."""
    form = rps(1, 2)
    one = replicator(form, np.array([0.6, 0.3, 0.1]), 10.0)
    two = replicator(form, [[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]], 10.0)
    np.testing.assert_allclose(two.states[0], one.states[0], atol=1e-8)
    np.testing.assert_allclose(two.end[1], one.end[0], atol=1e-8)


def test_linearisation_agrees_with_differences() -> None:
    """The eigenvalues of three populations, against a numerical derivative of the dynamics."""
    rng = np.random.default_rng(4)
    form = NormalForm(rng.normal(size=(3, 2, 3, 2)))
    state = [np.eye(size)[0] for size in form.shape]
    values = np.sort(rest_point(form, state).eigenvalues.real)
    # at a vertex they are the gains of the other actions
    gains = [
        form.deviations(tuple(state), i)[1:] - form.deviations(tuple(state), i)[0] for i in range(3)
    ]
    np.testing.assert_allclose(values, np.sort(np.concatenate(gains)), atol=1e-10)


def test_actions_without_a_share_stay_out_and_bad_starts_are_refused() -> None:
    """The face of a start is kept; a start has one distribution a population."""
    path = replicator(rps(2, 1), [0.5, 0.5, 0.0], 30.0)
    assert (path.states[0][:, 2] == 0).all()
    for start in ([0.5, 0.6, 0.0], [0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]]):
        with pytest.raises((UserError, NoSuchForm)):
            replicator(rps(2, 1), start, 1.0)
    with pytest.raises(UserError):
        rest_point(rps(2, 1), [0.5, 0.3, 0.2])


# -- alpha-rank ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 3), (3, 2, 2), (2, 2, 2, 2)])
@pytest.mark.parametrize("alpha", [0.05, 0.5, 2.0])
def test_alpha_rank_is_the_chain_written_out(shape: tuple[int, ...], alpha: float) -> None:
    """Against a transition matrix from the series for the fixation probability."""
    rng = np.random.default_rng(7)
    form = NormalForm(rng.integers(0, 3, (len(shape), *shape)))
    answer = coopsim.solve(form, "alpha-rank", alpha=alpha, population=8)
    assert answer.proved
    assert answer.profile[0].min() >= 0
    by_hand = stationary_by_hand(form, alpha, 8)
    np.testing.assert_allclose(answer.profile[0], by_hand, atol=1e-9)


def test_strong_selection_neither_underflows_nor_turns_negative() -> None:
    """Weights differ by e^-98,000; two strict equilibria of equal pay share the weight."""
    form = NormalForm([[[1, 0], [0, 1]]] * 2)
    answer = coopsim.solve(form, "alpha-rank", alpha=1e4)
    assert answer.proved
    np.testing.assert_allclose(answer.profile[0], [[0.5, 0], [0, 0.5]], atol=1e-9)
    assert answer.details["multiplicity"] == 2
    assert answer.details["recurrent_classes"] == [[0], [3]]
    better = coopsim.solve(NormalForm([[[2, 0], [0, 1]]] * 2), "alpha-rank", alpha=1e3)
    np.testing.assert_allclose(better.profile[0], [[1, 0], [0, 0]], atol=1e-12)
    assert min(better.details["log_weights"]) < -1e4


def test_cycles_keep_their_weight_and_dominated_profiles_lose_it() -> None:
    """Rock, paper, scissors beside an action that loses to all: a sink class of the rest."""
    matrix = np.full((4, 4), -5.0)
    matrix[:3, :3] = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    matrix[:3, 3] = 5.0
    matrix[3, 3] = 0.0
    answer = coopsim.solve(symmetric(matrix), "alpha-rank", alpha=20.0)
    assert answer.proved
    assert answer.profile[0][3].sum() + answer.profile[0][:, 3].sum() < 1e-12
    assert len(answer.details["recurrent_classes"]) == 1
    one = alpharank.single_population(matrix, alpha=20.0)
    np.testing.assert_allclose(one, [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-12)


def test_the_certificate_sees_weight_between_groups() -> None:
    """Each state of a wrong answer balances to 1e-40; the groups do not."""
    form = NormalForm([[[2, 0], [0, 1]]] * 2)
    half = np.array([[0.5, 0.0], [0.0, 0.5]])
    assert stationary(form, (half,), {})[0].residual > 0.4
    wrong = {"log_weights": [-1.0, -800.0, -800.0, np.log(1 - np.exp(-1))]}
    joint = np.exp(np.array(wrong["log_weights"])).reshape(2, 2)
    assert stationary(form, (joint,), wrong)[0].residual > 0.1
    # weights that do not belong to the distribution
    right = coopsim.solve(form, "alpha-rank")
    assert stationary(form, (half,), right.details)[0].residual > 0.4


@pytest.mark.parametrize("shape", [(34, 33), (72, 70)])
def test_many_profiles(shape: tuple[int, int]) -> None:
    """A dense system and power iteration give balanced chains too."""
    rng = np.random.default_rng(0)
    form = NormalForm(rng.normal(size=(2, *shape)))
    answer = coopsim.solve(form, "alpha-rank", alpha=0.05, population=10)
    assert answer.proved
    assert answer.profile[0].sum() == pytest.approx(1)


def test_alpha_rank_refuses_what_has_no_meaning() -> None:
    """Options out of range, and games that are too large, with the size."""
    for options in ({"alpha": 0.0}, {"alpha": np.inf}, {"population": 1}):
        with pytest.raises(UserError):
            alpharank.solve(PENNIES, **options)  # type: ignore[arg-type]
    with pytest.raises(NoSuchForm, match="250,000"):
        alpharank.solve(NormalForm(np.zeros((2, 500, 500))))


@pytest.mark.twin
def test_open_spiel_ranks_the_same() -> None:
    """OpenSpiel's alpha-rank with many populations, and with one under both models."""
    theirs = pytest.importorskip("open_spiel.python.egt.alpharank")
    rng = np.random.default_rng(2)
    for shape in ((3, 4), (2, 3, 3)):
        form = NormalForm(rng.random((len(shape), *shape)))
        ours = coopsim.solve(form, "alpha-rank", alpha=3.0, population=20).profile[0]
        wanted = theirs.compute(list(form.payoffs), m=20, alpha=3.0)[2]
        np.testing.assert_allclose(ours.ravel(), wanted, atol=1e-8)
    matrix = rng.random((4, 4))
    for local in (True, False):
        one = alpharank.single_population(matrix, alpha=1.5, population=20, local=local)
        wanted = theirs.compute([matrix], m=20, alpha=1.5, use_local_selection_model=local)[2]
        np.testing.assert_allclose(one, wanted, atol=1e-8)


# -- Moran process -------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.floats(0.2, 5.0), st.data())
def test_fixation_solves_the_birth_death_equations(size: int, r: float, data: Any) -> None:
    """rho_i (1 + r) = r rho_(i+1) + rho_(i-1), rho_0 = 0, rho_N = 1."""
    rho = [fixation(size, r, i) for i in range(size + 1)]
    assert rho[0] == 0
    assert rho[-1] == pytest.approx(1)
    i = data.draw(st.integers(1, size - 1))
    assert rho[i] * (1 + r) == pytest.approx(r * rho[i + 1] + rho[i - 1], rel=1e-9)


def test_fixation_is_precise_near_neutrality_and_far_from_it() -> None:
    """The limit 1 / N, its first-order change, and probabilities below the smallest number."""
    assert fixation(50, 1.0) == pytest.approx(0.02, rel=1e-15)
    assert fixation(50, 1 + 1e-9) == pytest.approx(0.02 * (1 + 49e-9 / 2), rel=1e-13)
    assert float(log_fixation(np.array(-1000.0), 50)) == pytest.approx(-49000)
    np.testing.assert_allclose(fixation_of_ratio(np.array([800.0, -800.0]), 9), [1, 0])


def test_constant_payoffs_in_a_game_are_constant_fitness() -> None:
    """Rows of equal payoffs are a relative fitness; without selection nothing is favoured."""
    game = [[1.3, 1.3], [1.0, 1.0]]
    for i in (1, 4, 19):
        assert fixation_in_game(game, 20, mutants=i) == pytest.approx(fixation(20, 1.3, i))
    assert fixation_in_game([[5, 0], [3, 1]], 20, selection=0) == pytest.approx(0.05)
    assert fixation_in_game(game, 20, mutants=0) == 0
    assert fixation_in_game(game, 20, mutants=20) == pytest.approx(1)


def test_the_one_third_rule() -> None:
    """Nowak et al. 2004: under weak selection A is favoured where it is at x > 1/3 or below."""
    for risk in (0.2, 0.3, 0.36, 0.45):
        # the unstable mix has a share `risk` of A
        game = [[1 - risk, 0], [0, risk]]
        chance = fixation_in_game(game, 2000, selection=1e-4, mapping="exponential")
        assert (chance > 1 / 2000) is (risk < 1 / 3)


def test_a_simulated_moran_process_fixates_as_often() -> None:
    """20,000 runs of the process itself, within four standard errors."""
    rng = np.random.default_rng(0)
    size, runs = 8, 20_000
    (a, b), (c, d) = game = ((2.0, 1.0), (1.5, 1.2))
    count = np.ones(runs, dtype=int)
    while ((count > 0) & (count < size)).any():
        live = (count > 0) & (count < size)
        i = count[live]
        mine = ((i - 1) * a + (size - i) * b) / (size - 1)
        theirs = (i * c + (size - i - 1) * d) / (size - 1)
        born = rng.random(len(i)) < i * mine / (i * mine + (size - i) * theirs)
        dies = rng.random(len(i)) < i / size
        count[live] += born.astype(int) - dies.astype(int)
    wanted = fixation_in_game(game, size)
    assert (count == size).mean() == pytest.approx(wanted, abs=4 * np.sqrt(wanted / runs))


def test_moran_refuses_what_has_no_meaning() -> None:
    """Counts, fitness and selection out of range; a fitness that is not positive."""
    bad: list[tuple[Any, ...]] = [(0,), (5, -1.0), (5, np.nan), (5, 1.0, 6)]
    for given_ in bad:
        with pytest.raises(UserError):
            fixation(*given_)
    for game, options in (
        ([[1, 2]], {}),
        ([[1, -2], [1, 1]], {}),
        ([[1, 2], [1, 1]], {"selection": 2.0}),
        ([[1, 2], [1, 1]], {"mapping": "cubic"}),
    ):
        with pytest.raises(UserError):
            fixation_in_game(game, 5, **options)  # type: ignore[arg-type]


@pytest.mark.slow
def test_many_symmetric_games() -> None:
    """1,000 games, half with ties: every stable strategy is proved and none is missing."""
    rng = np.random.default_rng(3)
    for place in range(1000):
        size = int(rng.integers(2, 9))
        matrix = rng.integers(-2, 3, (size, size)) if place % 2 else rng.normal(size=(size, size))
        answers = coopsim.solve(symmetric(matrix), "ess", all=True)
        assert answers.complete
        assert all(answer.proved for answer in answers)
