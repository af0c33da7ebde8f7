"""Mean-field games: the golden crowd, closed forms, exploitability."""

import json
from pathlib import Path

import numpy as np
import pytest

import coopsim
from coopsim.errors import UserError
from coopsim.games.forms.meanfield import CrowdForm, MeanFieldForm
from coopsim.solvers.certificates.meanfield import exploitability

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_bounded_evolution.json"
ROWS = [row for row in json.loads(GOLDEN.read_text())["instances"] if row["class"] == "mean_field"]
METHODS = ("mean-field-mirror-descent", "mean-field-fictitious-play", "mean-field-picard")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_crowd(row):
    """Cost (a - m0)^2 / 2 + k a mean(a), its numbers read from the golden text."""
    numbers = dict(
        part.split("=") for part in row["params"]["cost"].replace(" ", "").split(",")[1:]
    )
    target, k = float(numbers["m0"]), float(numbers["k"])
    form = CrowdForm(
        lambda a, mean: -(((a - target) ** 2) / 2 + k * a * mean)[..., 0], [-10.0], [10.0]
    )
    solution = coopsim.solve(form, "mean field")
    assert solution.profile[0][0] == pytest.approx(row["expected"]["equilibrium_mean"], abs=1e-8)
    assert solution.proved
    best = coopsim.solve(form, "social optimum")
    assert best.profile[0][0] == pytest.approx(row["expected"]["social_optimum_mean"], abs=1e-8)
    assert best.proved


def test_a_crowd_with_several_equilibria():
    """Everybody wants tanh(3 mean): 0 and a pair of others."""
    form = CrowdForm(lambda a, mean: -((a - np.tanh(3 * mean)) ** 2)[..., 0], [-2.0], [2.0])
    found = coopsim.solve(form, "mean field", all=True)
    points = sorted(float(item.profile[0][0]) for item in found)
    np.testing.assert_allclose(points, [-0.994902, 0, 0.994902], atol=1e-6)
    assert all(item.proved for item in found)


def test_a_crowd_with_two_coordinates_and_a_linear_answer():
    pull = np.array([[0.3, 0.2], [-0.1, 0.4]])
    form = CrowdForm(lambda a, mean: -((a - 1 - mean @ pull.T) ** 2).sum(-1), [-5.0] * 2, [5.0] * 2)
    solution = coopsim.solve(form, "mean field")
    np.testing.assert_allclose(solution.profile[0], np.linalg.solve(np.eye(2) - pull, [1, 1]))
    assert solution.proved


def test_a_crowd_pressed_against_its_bounds():
    form = CrowdForm(lambda a, mean: (a * (2 - mean))[..., 0], [0.0], [1.0])
    solution = coopsim.solve(form, "mean field")
    assert solution.profile[0][0] == pytest.approx(1.0)
    assert solution.proved


def beach(states: int = 7, horizon: int = 6, weight: float = 2.0) -> MeanFieldForm:
    """People walk on a ring towards a bar and away from each other: a monotone game."""
    moves = np.zeros((states, 3, states))
    for s in range(states):
        for a, step in enumerate((-1, 0, 1)):
            moves[s, a, (s + step) % states] += 0.9
            moves[s, a, s] += 0.1
    near = np.cos(2 * np.pi * np.arange(states) / states)

    def rewards(stage, population):
        crowd = population.sum(1)
        return (near - weight * crowd)[:, None] - np.array([0.1, 0, 0.1])

    first = np.full(states, 0.5 / states) + 0.5 * np.eye(states)[0]
    return MeanFieldForm(first, rewards, moves, horizon, 3)


@pytest.mark.parametrize(("method", "tol"), [(METHODS[0], 1e-8), (METHODS[1], 2e-2)])
def test_a_monotone_game_comes_near_its_equilibrium(method, tol):
    solution = coopsim.solve(beach(), "mean field", method=method, tol=tol)
    assert solution.proved, solution.sentence
    np.testing.assert_allclose(np.sum(solution.details["populations"], axis=1), 1)


def test_methods_agree_on_the_population():
    """A strictly monotone game has one equilibrium flow."""
    form = beach(states=5, horizon=4)
    flows = [
        np.array(coopsim.solve(form, "mean field", method=m, tol=3e-3).details["populations"])
        for m in METHODS[:2]
    ]
    np.testing.assert_allclose(flows[0], flows[1], atol=0.05)


@pytest.mark.parametrize("method", METHODS)
def test_without_interaction_it_is_a_decision_problem(method):
    """Rewards that ignore the population: the best response is an equilibrium."""
    form = beach(weight=0.0)
    solution = coopsim.solve(form, "mean field", method=method, tol=1e-6)
    assert solution.proved, solution.sentence


def test_choosing_a_lane_evens_out():
    """One stage and state, payoff minus how many choose the same, with a head start of 0.2."""
    form = MeanFieldForm(
        [1.0], lambda t, population: np.array([[0.2, 0.0]]) - population, np.ones((1, 2, 1)), 1, 2
    )
    solution = coopsim.solve(form, "mean field")
    np.testing.assert_allclose(solution.profile[0][0, 0], [0.6, 0.4], atol=1e-6)
    assert solution.proved
    all_left = np.array([[[1.0, 0.0]]])
    proof, values = exploitability(form, (all_left,), {})
    assert proof.residual == pytest.approx(0.8)
    assert values[0] == pytest.approx(-0.8)


def test_moves_may_depend_on_the_population():
    """A door that lets fewer through the more push: half of those who try stay out."""

    def moves(stage, population):
        through = 1 - 0.5 * population[0, 1]
        table = np.zeros((2, 2, 2))
        table[0, 0, 0] = table[1, :, 1] = 1
        table[0, 1] = [1 - through, through]
        return table

    def rewards(stage, population):
        return np.array([[0.0, -0.3], [1.0, 1.0]])

    form = MeanFieldForm([1.0, 0.0], rewards, moves, 2, 2)
    solution = coopsim.solve(form, "mean field", tol=1e-6)
    assert solution.proved
    # everybody pushes: half get through and are paid 1, which is worth the 0.3
    np.testing.assert_allclose(solution.details["populations"][1], [0.5, 0.5], atol=1e-4)


def test_a_deadline_of_zero_gives_a_policy():
    solution = coopsim.solve(beach(), "mean field", deadline=0.0)
    assert solution.status == "budget"
    np.testing.assert_allclose(solution.profile[0].sum(-1), 1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="rewards must give"):
        MeanFieldForm([1.0], lambda t, m: np.zeros(2), np.ones((1, 2, 1)), 1, 2)
    with pytest.raises(ValueError, match="distribution"):
        MeanFieldForm([0.5], lambda t, m: np.zeros((1, 2)), np.ones((1, 2, 1)), 1, 2)
    with pytest.raises(UserError):
        coopsim.solve(beach(), "mean field", rate=0.0)
