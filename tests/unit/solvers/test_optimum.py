"""The largest sum of payoffs agrees with closed forms; whole episodes are searched too."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.catalogue import make_game
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.optimum import solve as search
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status

Box = Callable[..., ContinuousForm]


def alike(total: Callable[[Float], Float]) -> Callable[[Float], Float]:
    """Two players who are both paid half of a total."""
    return lambda x: np.repeat(0.5 * total(x)[..., None], 2, axis=-1)


@pytest.mark.parametrize(("n", "theta", "gamma"), [(2, 20, 0.65), (3, 17, 0.9), (5, 25, 0.2)])
def test_closed_form_of_the_symmetric_game(n: int, theta: float, gamma: float) -> None:
    """a = theta / (1 - gamma / n) - 1, whatever the shares."""
    shares = (np.arange(1, n + 1) / np.arange(1, n + 1).sum()).tolist()
    game = make_game(
        "coopetition/stage", players=n, shares=shares, value={"theta": theta}, gamma=gamma
    )
    solution = solve(game, "social optimum")
    assert solution.status is Status.CONVERGED
    assert solution.actions == pytest.approx(np.full(n, theta / (1 - gamma / n) - 1), rel=1e-6)


def test_a_corner(box: Box) -> None:
    form = box(lambda x: x * np.array([1.0, -2.0]), [-1, -1], [1, 1])
    assert solve(form, "social optimum").actions.tolist() == [1, -1]


def test_several_optima_are_reported(box: Box) -> None:
    tops = np.array([[0.2, 0.3], [0.8, 0.6]])

    def total(x: Float) -> Float:
        return -((x[..., None, :] - tops) ** 2).sum(-1).min(-1)

    solutions = solve(box(alike(total), [0, 0], [1, 1]), "social optimum", all=True)
    assert np.stack([item.actions for item in solutions]) == pytest.approx(tops[::-1])
    assert solutions[0].selection == "one of 2 with the largest sum of values among 2 found"
    assert not solutions.complete


def test_a_second_top_that_is_lower_is_not_an_optimum(box: Box) -> None:
    def total(x: Float) -> Float:
        first, second = ((x - 0.2) ** 2).sum(-1), ((x - 0.8) ** 2).sum(-1)
        return np.maximum(1 - first, 1.001 - second)

    solutions = solve(box(alike(total), [0, 0], [1, 1]), "social optimum", all=True)
    assert len(solutions) == 1
    assert solutions[0].actions == pytest.approx([0.8, 0.8])


def test_a_ridge_that_runs_across_the_coordinates(box: Box) -> None:
    """A kink along x = y stops coordinate ascent anywhere on it; the top is at (0.7, 0.7)."""

    def total(x: Float) -> Float:
        return -3 * np.abs(x[..., 0] - x[..., 1]) - (x.sum(-1) - 1.4) ** 2

    solution = solve(box(alike(total), [0, 0], [1, 1]), "social optimum", tol=1e-6)
    assert solution.proved, solution.sentence
    assert solution.actions == pytest.approx([0.7, 0.7], abs=1e-3)


def test_narrow_teeth_that_all_reach_together(box: Box) -> None:
    """A rise at every multiple of 0.011 that all pass, lost again soon after.

    Closed form: the multiple nearest to 0.6, where tops are highest. Common levels in steps of
    0.01 meet 0.55 and 0.66 only, and nobody gets to another top alone.
    """

    def total(x: Float) -> Float:
        level = x.min(-1)
        rise = 0.011 * np.floor(level / 0.011 + 1e-9)
        return 1 - (rise - 0.6) ** 2 - 50 * (level - rise) - (x.max(-1) - level)

    form = box(alike(total), [0, 0], [1, 1])
    found = np.concatenate(search(form).profiles[0])
    assert float(form.welfare(found)) == pytest.approx(1 - 0.005**2, abs=1e-6)


def test_best_constant_of_samsung_and_sony() -> None:
    """No constant pair on a fine grid around it, or on a coarse one everywhere, pays more."""
    game = make_game("coopetition/samsung-sony")
    solution = solve(game, "best constant")
    assert solution.status is Status.CONVERGED
    assert solution.certificate is not None
    assert solution.certificate.residual < 1e-6
    form = game.form("constant")
    for low, high, points in ((0.0, 100.0, 101), (-0.5, 0.5, 41)):
        centre = 0 if points == 101 else solution.actions
        steps = np.stack(np.meshgrid(*[np.linspace(low, high, points)] * 2), -1) + centre
        assert form.welfare(steps).max() <= solution.values.sum() + 1e-9
    # the constant form is the mean over an episode, so it compares with one round
    assert form.payoffs(solution.actions) == pytest.approx(solution.values)


def test_best_constant_keeps_just_above_a_baseline_that_is_too_high() -> None:
    """Trust needs more than the baseline of 40, above the stage optimum of 29.8."""
    game = make_game("trust-dilemma", formulation="gym-v1")
    solution = solve(game, "best constant")
    assert solution.proved
    assert np.all((solution.actions > 40) & (solution.actions < 43))


def test_a_deadline_ends_the_search() -> None:
    form = make_game("coopetition/repeated", players=20, horizon=50).form("constant")
    began = time.monotonic()
    found = search(form, deadline=0.0)
    assert time.monotonic() - began < 10
    assert not found.finished
    assert "stopped before all had settled" in found.sentence


@pytest.mark.parametrize("options", [{"starts": 0}, {"rounds": 0}])
def test_counts_below_one_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UserError, match="1 or more"):
        solve(make_game("coopetition/stage"), "social optimum", **options)
