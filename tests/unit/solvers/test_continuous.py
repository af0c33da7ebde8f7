"""Nash equilibria of continuous games agree with closed forms, and nothing else is proved."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.catalogue import make_game
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.continuous import solve as search
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status

Box = Callable[..., ContinuousForm]


# -- the coopetition stage game ------------------------------------------------------------


def first_order_condition(theta: float, pull: Float) -> Float:
    """Section 1.5: theta / (1 + a_i) - 1 + k_i g / a_i = 0, g the geometric mean of the a_i.

    One root for each a_i given g, and one root for g: scalar root finding only.
    """

    def actions(g: float) -> Float:
        def slope(a: float, k: float) -> float:
            return theta / (1 + a) - 1 + k * g / a

        return np.array([brentq(slope, 1e-9, 1e4, args=(k,), xtol=1e-13) for k in pull])

    def apart(g: float) -> float:
        return float(np.exp(np.log(actions(g)).mean())) - g

    return actions(brentq(apart, 1e-6, 1e3, xtol=1e-13))


@pytest.mark.parametrize("seed", range(8))
def test_closed_form_of_the_coopetition_game(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, theta, gamma = int(rng.integers(2, 6)), rng.uniform(15, 30), rng.uniform(0.1, 0.9)
    share, trust = rng.dirichlet(np.full(n, 3.0)), rng.uniform(0, 1)
    d = rng.uniform(0, 1, (n, n)) * (1 - np.eye(n))
    game = make_game(
        "coopetition/stage",
        players=n,
        endowments=200,
        shares=share.tolist(),
        interdependence=d.tolist(),
        value={"theta": theta},
        gamma=gamma,
        trust=trust,
    )
    weights = {"nash": 0 * d, "coopetitive": d, "coopetitive with trust": trust * d}
    for concept, weight in weights.items():
        solution = solve(game, concept)
        wanted = first_order_condition(theta, gamma / n * (share + weight @ share))
        assert solution.status is Status.CONVERGED
        assert solution.actions == pytest.approx(wanted, rel=1e-7), concept


def test_the_option_trust_is_a_level_between_none_and_full() -> None:
    game = make_game("coopetition/samsung-sony")
    full, gated = solve(game, "coopetitive"), solve(game, "coopetitive with trust")
    assert solve(game, "coopetitive", trust=1.0).actions == pytest.approx(full.actions)
    assert solve(game, "coopetitive", trust=0.65).actions == pytest.approx(gated.actions)
    nobody = solve(game, "coopetitive", trust=0.0)
    assert nobody.actions == pytest.approx(solve(game, "nash").actions)


# -- games with known answers --------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8])
def test_cournot(box: Box, n: int) -> None:
    """q_i = (A - (n + 1) c_i + sum c) / (n + 1); simultaneous best responses cycle from n = 3."""
    cost = np.linspace(1, 2, n)
    form = box(lambda q: (20 - q.sum(-1, keepdims=True) - cost) * q, np.zeros(n), np.full(n, 20.0))
    solution = solve(form, "nash")
    assert solution.proved
    assert solution.actions == pytest.approx((20 - (n + 1) * cost + cost.sum()) / (n + 1))
    assert solution.values == pytest.approx(solution.actions**2)


def test_several_equilibria_are_all_reported_with_their_selection(box: Box) -> None:
    """Best responses follow 3x^2 - 2x^3, which meets the diagonal at 0, 1/2 and 1."""

    def payoffs(x: Float) -> Float:
        other = x[..., ::-1]
        return -((x - other**2 * (3 - 2 * other)) ** 2) + other

    form = box(payoffs, [0, 0], [1, 1], supermodular=True)
    solutions = solve(form, "nash", all=True)
    assert [item.actions.round(9).tolist() for item in solutions] == [[1, 1], [0.5, 0.5], [0, 0]]
    assert not solutions.complete
    assert [item.found for item in solutions] == [3, 3, 3]
    best = solve(form, "nash")
    assert best == solutions[0]
    assert best.selection == "the largest sum of values among 3 found"
    assert solutions[2].selection == "number 3 by sum of values among 3 found"


def test_equal_sums_are_said_to_be_equal(box: Box) -> None:
    """Hawk and dove: who gives way is a matter of selection, and the answer says so."""
    form = box(lambda x: x * (1 - 2 * x[..., ::-1]), [0, 0], [1, 1])
    solutions = solve(form, "nash", all=True)
    found = [item.actions.round(6).tolist() for item in solutions]
    assert found == [[1, 0], [0, 1], [0.5, 0.5]]
    assert solutions[0].selection == "one of 2 with the largest sum of values among 3 found"


def test_an_equilibrium_at_the_bounds(box: Box) -> None:
    target = np.array([1.5, -0.5, 0.25])
    form = box(lambda x: -((x - target) ** 2), [0, 0, 0], [1, 1, 1])
    solution = solve(form, "nash")
    assert solution.proved
    assert solution.actions.tolist() == pytest.approx([1, 0, 0.25])


def test_coordinates_in_any_order(box: Box) -> None:
    """Coordinate 0 belongs to player 2 and coordinate 1 to player 1; profiles go by players."""

    def payoffs(x: Float) -> Float:
        first, second = x[..., 1], x[..., 0]
        return np.stack([-((first - 3) ** 2), -((second - 1 - 0.5 * first) ** 2)], -1)

    solution = solve(box(payoffs, [0, 0], [10, 10], owner=[1, 0]), "nash")
    assert [len(part) for part in solution.profile] == [1, 1]
    assert solution.actions == pytest.approx([3.0, 2.5])
    assert solution.proved


def test_players_with_several_coordinates(box: Box) -> None:
    """Player 1 owns coordinates 0 and 3, which pull on each other."""

    def payoffs(x: Float) -> Float:
        a, b, c, d = (x[..., k] for k in range(4))
        one = -((a - 0.3 * c) ** 2) - (d - 0.5 * a) ** 2 - 0.5 * a * d
        return np.stack([one, -((b - 0.2) ** 2) - (c - 0.5 * a - 0.1) ** 2], -1)

    solution = solve(box(payoffs, [0] * 4, [1] * 4, owner=[0, 1, 1, 0]), "nash")
    a, d, b, c = solution.actions
    assert solution.proved
    assert [len(part) for part in solution.profile] == [2, 2]
    # first-order conditions by hand: d = a / 4; 2(a - .3c) - (d - a/2) + d/2 = 0; b, c as stated
    assert (b, c, d) == pytest.approx((0.2, 0.5 * a + 0.1, 0.25 * a))
    assert 2 * (a - 0.3 * c) - (d - 0.5 * a) + 0.5 * d == pytest.approx(0, abs=1e-9)


def test_a_coordinate_without_a_choice(box: Box) -> None:
    form = box(lambda x: -((x - 0.3 * x[..., ::-1] - 0.2) ** 2), [0.5, 0], [0.5, 1])
    assert solve(form, "nash").actions == pytest.approx([0.5, 0.35])
    nobody = box(lambda x: -((x - 0.1) ** 2), [0.5, 0.2], [0.5, 0.2])
    assert solve(nobody, "nash").actions.tolist() == [0.5, 0.2]


def test_payoffs_with_kinks(box: Box) -> None:
    """Newton has no slope to follow here; closer best responses take its place."""
    centre = np.array([0.2, 0.3])
    form = box(lambda x: -np.abs(x - 0.5 * x[..., ::-1] - centre), [0, 0], [1, 1])
    solution = solve(form, "nash")
    assert solution.proved
    assert solution.actions == pytest.approx([0.35 / 0.75, 0.4 / 0.75])


def test_indifferent_players_stay_where_they_are(box: Box) -> None:
    """Everything is an equilibrium: each start is one, and nothing is said to be complete."""
    solutions = solve(box(lambda x: 0 * x + 1, [0, 0], [1, 1]), "nash", all=True)
    assert len(solutions) == 16
    assert all(item.proved for item in solutions)
    assert not solutions.complete


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_payoffs_of_any_size(box: Box, scale: float) -> None:
    form = box(lambda x: -scale * (x - 0.3 * x[..., ::-1] - 0.2) ** 2, [0, 0], [1, 1])
    assert solve(form, "nash", tol=1e-8 * scale).actions == pytest.approx([2 / 7, 2 / 7], rel=1e-6)


def test_a_gradient_makes_no_difference_to_the_answer() -> None:
    form = make_game("coopetition/samsung-sony").form("continuous")
    without = ContinuousForm(form.players, form.low, form.high, form.owner, form.payoffs)
    assert form.gradient is not None
    assert solve(without, "nash").actions == pytest.approx(solve(form, "nash").actions, rel=1e-9)


# -- what is not found is not claimed ------------------------------------------------------


def test_a_stationary_point_that_is_a_worst_choice_is_not_an_equilibrium(box: Box) -> None:
    """Own payoffs are convex: the first-order conditions hold in the middle, the worst point."""
    form = box(lambda x: (x - 0.5) ** 2 + 0.1 * x * x[..., ::-1], [0, 0], [1, 1])
    solutions = solve(form, "nash", all=True)
    assert {tuple(item.actions.tolist()) for item in solutions} == {(0.0, 0.0), (1.0, 1.0)}


def test_no_equilibrium_is_claimed_where_there_is_none(box: Box) -> None:
    """One wants to be where the other is, who wants to be away: pure strategies cycle."""

    def payoffs(x: Float) -> Float:
        apart = (x[..., 0] - x[..., 1]) ** 2
        return np.stack([-apart, apart], -1)

    solution = solve(box(payoffs, [0, 0], [1, 1]), "nash", rounds=60)
    assert solution.status is Status.BUDGET
    assert not solution.proved
    assert solution.found == 0
    assert "the search was cut short" in solution.sentence
    assert solution.certificate is not None
    assert solution.certificate.residual > 0.2


@pytest.mark.parametrize("deadline", [0.0, 0.05])
def test_a_deadline_ends_the_search(deadline: float) -> None:
    form = make_game("coopetition/stage", players=40, interdependence=0.6).form(
        "continuous", utility="integrated"
    )
    began = time.monotonic()
    found = search(form, deadline=deadline, starts=16)
    assert time.monotonic() - began < 10  # far more than it needs; the machine may be busy
    assert not found.finished
    assert "stopped before every start had settled" in found.sentence
    assert len(found.profiles) == 1


def test_a_deadline_that_is_long_enough_changes_nothing() -> None:
    game = make_game("coopetition/samsung-sony")
    bound, free = solve(game, "nash", deadline=100.0), solve(game, "nash")
    assert bound.actions.tolist() == free.actions.tolist()
    assert bound.options["deadline"] == 100.0


@pytest.mark.parametrize("options", [{"starts": 0}, {"rounds": 0}, {"starts": -3}])
def test_counts_below_one_are_refused(options: Any) -> None:
    with pytest.raises(UserError, match="1 or more"):
        solve(make_game("coopetition/stage"), "nash", **options)


def test_one_start_is_enough_where_best_responses_settle() -> None:
    game = make_game("coopetition/samsung-sony")
    assert solve(game, "nash", starts=1).actions == pytest.approx(solve(game, "nash").actions)
