"""Derivatives of solutions by parameters: against closed forms and against solving again."""

from __future__ import annotations

import numpy as np
import pytest

import coopsim
from coopsim.errors import CoopsimError, NoSuchForm, UserError
from coopsim.solvers.sensitivity import _changed, sensitivity


def again(name: str, parameter: str, concept: str, step: float) -> tuple[np.ndarray, np.ndarray]:
    """The slopes by central differences of two solutions of the whole game."""
    game = coopsim.make_game(name)
    path = [int(part) if part.isdigit() else part for part in parameter.split(".")]
    from coopsim import parameters as plain

    value = plain.dump(game)
    for part in path:
        value = value[part]
    ends = [coopsim.solve(_changed(game, path, value + s * step), concept) for s in (-1, 1)]
    return (
        (ends[1].actions - ends[0].actions) / (2 * step),
        (ends[1].values - ends[0].values) / (2 * step),
    )


@pytest.mark.parametrize("concept", ["nash", "coopetitive"])
@pytest.mark.parametrize(
    ("parameter", "step"), [("gamma", 1e-3), ("value.theta", 1e-2), ("interdependence.1.0", 1e-3)]
)
def test_slopes_of_the_joint_venture_are_those_of_solving_again(
    concept: str, parameter: str, step: float
) -> None:
    found = sensitivity(coopsim.make_game("coopetition/samsung-sony"), concept, [parameter])
    actions, values = again("coopetition/samsung-sony", parameter, concept, step)
    assert found.profile[0] == pytest.approx(actions, rel=1e-4, abs=1e-5)
    assert found.values[0] == pytest.approx(values, rel=1e-4, abs=1e-5)
    assert not found.active
    assert not found.weak


def test_the_social_optimum_has_slopes_too() -> None:
    """By the envelope theorem the sum of values moves with the parameter's direct effect alone."""
    game = coopsim.make_game("coopetition/samsung-sony")
    found = sensitivity(game, "social optimum", ["gamma"])
    a = found.solution.actions
    assert found.values[0].sum() == pytest.approx(np.sqrt(a.prod()), rel=1e-4)


def test_cournot_by_closed_form() -> None:
    """q = (a - 2 c_i + c_j) / 3 for two firms: slopes 1/3, -2/3 and 1/3."""
    game = coopsim.make_game("markets/cournot", costs=[10.0, 16.0])
    found = sensitivity(game, "nash", ["demand", "costs.0"])
    assert found.profile == pytest.approx(np.array([[1, 1], [-2, 1]]) / 3, abs=1e-5)
    q = found.solution.actions
    assert found.values[0] == pytest.approx(2 * q / 3, abs=1e-4)
    assert found.values[1] == pytest.approx([-4 / 3 * q[0], 2 / 3 * q[1]], abs=1e-4)


def test_a_coordinate_at_a_bound_that_pushes_stays() -> None:
    """A firm with costs above the price produces nothing, and nothing moves it or the others."""
    game = coopsim.make_game("markets/cournot", firms=3, costs=[10.0, 10.0, 90.0])
    found = sensitivity(game, "nash", ["costs.2", "costs.0"])
    assert found.active == (2,)
    assert found.profile[0] == pytest.approx([0, 0, 0], abs=1e-9)
    assert found.profile[1] == pytest.approx([-2 / 3, 1 / 3, 0], abs=1e-5)


def test_a_coordinate_held_at_a_bound_moves_with_the_bound() -> None:
    """Prices at their cap rise with it."""
    game = coopsim.make_game("markets/bertrand", highest=50.0)
    found = sensitivity(game, "nash", ["highest", "costs"])
    assert found.active == (0, 1)
    assert found.profile == pytest.approx(np.array([[1, 1], [0, 0]]), abs=1e-9)
    # (p - c)(a - p/2) at p = 50
    assert found.values[0] == pytest.approx(np.full(2, 75 - 0.5 * 40), rel=1e-6)


def test_wrong_parameters_are_refused_with_the_nearest_name() -> None:
    game = coopsim.make_game("markets/cournot")
    with pytest.raises(UserError, match="demand") as error:
        sensitivity(game, "nash", ["demnd"])
    assert error.value.nearest == "demand"
    with pytest.raises(UserError, match="no number"):
        sensitivity(coopsim.make_game("markets/hotelling"), "nash", ["firms"])
    with pytest.raises((UserError, CoopsimError)):
        sensitivity(coopsim.make_game("markets/cournot"), "nash", ["firms"])
    with pytest.raises(NoSuchForm):
        sensitivity(coopsim.make_game("classic/prisoners-dilemma"), "nash", [])
