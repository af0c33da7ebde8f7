"""A leader on a box: closed forms, kinks, jumps of the answer, and several followers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.certificates.leader import stackelberg
from coopsim.solvers.check import check
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_continuous.json"
INSTANCES = {
    item["id"]: item
    for item in json.loads(GOLDEN.read_text())["instances"]
    if item["class"] == "continuous_stackelberg"
}
Box = Callable[..., ContinuousForm]


def linear(top: float, slope: float, cost: float) -> Callable[[Float], Float]:
    """Quantities on one market with a linear demand."""

    def payoffs(x: Float) -> Float:
        return np.asarray(x * (top - slope * x.sum(-1, keepdims=True) - cost))

    return payoffs


def margins(cost: float) -> Callable[[Float], Float]:
    """A wholesale price, and a retail price p at which 1 - p are sold."""

    def payoffs(x: Float) -> Float:
        sold = np.maximum(1 - x[..., 1], 0)
        return np.stack([(x[..., 0] - cost) * sold, (x[..., 1] - x[..., 0]) * sold], -1)

    return payoffs


@pytest.mark.parametrize("name", INSTANCES)
def test_golden_values_and_certificates(box: Box, name: str) -> None:
    item = INSTANCES[name]
    p, expected = item["params"], item["expected"]
    if "a" in p:
        most = p["a"] / p["b"]
        form = box(linear(p["a"], p["b"], p["c"]), [0, 0], [most, most])
        wanted = [expected["leader"], expected["follower"]]
        paid = [expected["leader_profit"], expected["follower_profit"]]
    else:
        form = box(margins(p["cost"]), [0, 0], [1, 1])
        wanted = [expected["wholesale"], expected["retail"]]
        paid = [expected["profit_up"], expected["profit_down"]]
    solution = solve(form, "stackelberg")
    assert solution.status is Status.CONVERGED
    assert solution.certificate is not None
    assert solution.certificate.residual <= 1e-8
    np.testing.assert_allclose(solution.actions, wanted, rtol=1e-8)
    np.testing.assert_allclose(solution.values, paid, rtol=1e-10)


def test_laws_of_solvers() -> None:
    check("implicit-leader", games=1)


def test_implicit_derivative_of_the_answer(box: Box) -> None:
    """The follower of a linear duopoly answers half a unit less to each unit more."""
    solution = solve(box(linear(80, 2, 8), [0, 0], [40, 40]), "stackelberg", leader=1)
    assert solution.actions == pytest.approx([9, 18], abs=1e-7)
    assert solution.details["sensitivity"] == [[pytest.approx(-0.5, abs=1e-8)]]


def test_leading_pays_at_least_the_simultaneous_game(box: Box) -> None:
    form = box(linear(80, 2, 8), [0, 0], [40, 40])
    leading, nash = solve(form, "stackelberg"), solve(form, "nash", "best-response-newton")
    assert leading.values[0] >= nash.values[0] - 1e-9


def test_an_answer_at_its_bound_is_a_kink(box: Box) -> None:
    """y = min(2x, 1): the leader goes to the kink at x = 1/2 and no further."""

    def payoffs(x: Float) -> Float:
        a, b = x[..., 0], x[..., 1]
        return np.stack([-((a - 0.2) ** 2) + 2 * b, -((b - 2 * a) ** 2)], -1)

    solution = solve(box(payoffs, [0, 0], [1, 1]), "stackelberg")
    assert solution.proved
    assert solution.actions == pytest.approx([0.5, 1], abs=1e-6)


def test_an_answer_that_jumps(box: Box) -> None:
    """A follower with a cost of entry stays out from x = 70 on (Dixit 1979).

    Entering pays ((90 - x) / 2) ** 2 - 100; at 70 the follower is indifferent and the leader
    is alone on the market with 20 * 70.
    """

    def payoffs(x: Float) -> Float:
        margin = 90 - x.sum(-1)
        cost = 100.0 * (x[..., 1] > 0)
        return np.stack([margin * x[..., 0], margin * x[..., 1] - cost], -1)

    solution = solve(box(payoffs, [0, 0], [100, 100]), "stackelberg", tol=1e-6)
    assert solution.proved
    assert solution.values[0] == pytest.approx(1400, abs=1e-6)
    assert solution.actions == pytest.approx([70, 0], abs=1e-6)


def test_several_followers_play_their_equilibrium(box: Box) -> None:
    """One leader, two followers in a linear market: 45, 15 and 15."""
    solution = solve(box(linear(100, 1, 10), [0] * 3, [90] * 3), "stackelberg")
    assert solution.proved
    assert solution.actions == pytest.approx([45, 15, 15], abs=1e-6)
    np.testing.assert_allclose(solution.details["sensitivity"], [[-1 / 3]] * 2, atol=1e-8)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_leader_and_a_follower_with_two_coordinates_each(box: Box) -> None:
    """A quadratic game: the end solves L_x + L_y dy/dx = 0, written out here by hand."""

    def payoffs(x: Float) -> Float:
        a, b, c, d = np.moveaxis(x, -1, 0)
        leader = -((a - 1) ** 2) - (b - 0.5) ** 2 + a * c + 0.5 * b * d - 0.3 * c * c
        follower = -((c - 0.5 * a) ** 2) - (d - 0.4 * b) ** 2 - 0.2 * c * d
        return np.stack([leader, follower], -1)

    solution = solve(box(payoffs, [0] * 4, [3] * 4, [0, 0, 1, 1]), "stackelberg")
    assert solution.proved
    # y = R x, and a quadratic in x alone: its top is where its derivative is 0
    answer = np.linalg.solve([[2, 0.2], [0.2, 2]], [[1, 0], [0, 0.8]])
    across, inner = np.diag([1.0, 0.5]), np.diag([0.6, 0.0])
    bend = -2 * np.eye(2) + across @ answer + answer.T @ across - answer.T @ inner @ answer
    wanted = np.linalg.solve(-bend, [2, 1])
    np.testing.assert_allclose(solution.profile[0], wanted, atol=1e-7)
    np.testing.assert_allclose(solution.profile[1], answer @ wanted, atol=1e-7)


def test_the_certificate_sees_planted_mistakes(box: Box) -> None:
    form = box(linear(100, 1, 10), [0, 0], [90, 90])
    nash = (np.array([30.0]), np.array([30.0]))
    assert stackelberg(form, nash, {})[0].players == pytest.approx((112.5, 0), abs=1e-6)
    too_much = (np.array([45.0]), np.array([30.0]))
    assert stackelberg(form, too_much, {})[0].players[1] == pytest.approx(56.25, abs=1e-6)


def test_what_is_refused_and_out_of_time(box: Box) -> None:
    form = box(linear(100, 1, 10), [0, 0], [90, 90])
    assert solve(form, "stackelberg", ties="weak").status is Status.REFUSED
    open_answer = solve(form, "stackelberg", deadline=0.0)
    assert open_answer.status is Status.BUDGET
    assert open_answer.profile
