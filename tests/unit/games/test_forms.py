"""Forms refuse what they cannot hold, and agree with each other and with their games."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.catalogue import make_game
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.normal import NormalForm


def random_game(*shape: int) -> NormalForm:
    return NormalForm(np.random.default_rng(3).normal(size=(len(shape), *shape)))


def mixed(size: int, seed: int) -> Float:
    weights = np.random.default_rng(seed).random(size)
    return np.asarray(weights / weights.sum())


# -- normal form ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        (np.zeros((3, 2, 2)), "2 action axes for"),
        (np.zeros(3), "must have shape"),
        (np.zeros((2, 2, 0)), "at least one action"),
        ([[[1, np.nan], [0, 0]], [[0, 0], [0, 0]]], "finite"),
        ([[[1, np.inf], [0, 0]], [[0, 0], [0, 0]]], "finite"),
    ],
)
def test_a_payoff_tensor_that_is_no_game(payoffs: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NormalForm(payoffs)


@pytest.mark.parametrize(
    "labels",
    [{"players": ("A",)}, {"actions": (("a", "b"),)}, {"actions": (("a", "b"), ("c",))}],
)
def test_labels_that_do_not_fit_the_tensor(labels: Any) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        NormalForm(np.zeros((2, 2, 2)), **labels)


def test_players_and_actions_are_numbered_where_not_named() -> None:
    form = NormalForm(np.zeros((2, 1, 3)))
    assert form.players == ("player 1", "player 2")
    assert form.actions == (("0",), ("0", "1", "2"))
    assert (form.n, form.shape, form.kind) == (2, (1, 3), "normal")


def test_a_form_keeps_its_own_copy_that_nobody_can_change() -> None:
    given = np.zeros((2, 2, 2))
    form = NormalForm(given)
    given[0, 0, 0] = 5
    assert form.payoffs[0, 0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        form.payoffs[0, 0, 0] = 1


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (2, 2, 2, 2)])
def test_expected_payoffs_are_the_mean_over_pure_profiles(shape: tuple[int, ...]) -> None:
    form = random_game(*shape)
    profile = tuple(mixed(size, seed) for seed, size in enumerate(shape))
    mean = np.zeros(len(shape))
    for pure in itertools.product(*map(range, shape)):
        chance = np.prod([profile[i][a] for i, a in enumerate(pure)])
        mean += chance * form.payoffs[(slice(None), *pure)]
    assert form.expected(profile) == pytest.approx(mean)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (2, 2, 2, 2)])
def test_a_deviation_is_paid_as_the_profile_with_that_pure_action(shape: tuple[int, ...]) -> None:
    form = random_game(*shape)
    profile = tuple(mixed(size, seed) for seed, size in enumerate(shape))
    for player, size in enumerate(shape):
        gains = form.deviations(profile, player)
        assert gains.shape == (size,)
        for action in range(size):
            pure = [*profile]
            pure[player] = np.eye(size)[action]
            assert gains[action] == pytest.approx(form.expected(tuple(pure))[player])
        # what the player gets is the mean of its deviations
        assert gains @ profile[player] == pytest.approx(form.expected(profile)[player])


# -- continuous form -----------------------------------------------------------------------


def weighted(**changed: Any) -> ContinuousForm:
    """Three coordinates, the first and the last of player B; payoffs tell all of them apart."""
    given: dict[str, Any] = {
        "players": ("A", "B"),
        "low": np.array([0.0, -1.0, 2.0]),
        "high": np.array([1.0, 1.0, 6.0]),
        "owner": np.array([1, 0, 1]),
        "payoffs": lambda x: np.stack([x @ [1, 10, 100], x @ [2, 20, 200]], -1),
    }
    return ContinuousForm(**{**given, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"low": np.zeros(2)}, "one entry a coordinate"),
        ({"high": np.ones(4)}, "one entry a coordinate"),
        ({"owner": np.array([0, 1])}, "one entry a coordinate"),
        ({"high": np.array([1.0, np.inf, 6.0])}, "must be finite"),
        ({"low": np.array([0.0, np.nan, 2.0])}, "must be finite"),
        ({"high": np.array([1.0, -2.0, 6.0])}, "below its lower bound"),
        ({"owner": np.array([1, 1, 1])}, "at least one coordinate"),
        ({"owner": np.array([0, 1, 2])}, "at least one coordinate"),
    ],
)
def test_a_box_that_is_no_game(changed: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        weighted(**changed)


def test_coordinates_belong_to_their_owners() -> None:
    form = weighted()
    assert (form.n, form.m, form.kind) == (2, 3, "continuous")
    assert form.coordinates(0).tolist() == [1]
    assert form.coordinates(1).tolist() == [0, 2]


def test_welfare_is_the_sum_of_payoffs_over_any_leading_axes() -> None:
    assert weighted().welfare(np.array([1.0, 0.0, 2.0])) == 201 + 402
    assert weighted().welfare(np.ones((4, 5, 3))).shape == (4, 5)


# -- a grid of a continuous form -----------------------------------------------------------


def test_a_grid_holds_the_payoffs_of_its_points() -> None:
    form = make_game("coopetition/samsung-sony").form("continuous")
    grid = form.discretise(6)
    assert grid.players == ("Samsung", "Sony")
    assert grid.actions == (("0", "20", "40", "60", "80", "100"),) * 2
    for i, j in itertools.product(range(6), range(6)):
        paid = form.payoffs(np.array([20.0 * i, 20.0 * j]))
        assert grid.payoffs[:, i, j] == pytest.approx(paid, rel=1e-12)


def test_a_grid_orders_axes_by_player_and_not_by_coordinate() -> None:
    form = weighted(
        low=np.zeros(2),
        high=np.array([1.0, 2.0]),
        owner=np.array([1, 0]),
        payoffs=lambda x: np.stack([x[..., 1], 10 * x[..., 0]], -1),
    )
    grid = form.discretise(3)
    # player A chooses the second coordinate and is paid it, B the first and ten times it
    assert grid.actions == (("0", "1", "2"), ("0", "0.5", "1"))
    assert grid.payoffs[0].tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
    assert grid.payoffs[1].tolist() == [[0, 5, 10]] * 3


def test_a_grid_of_three_players() -> None:
    form = make_game("coopetition/stage", players=3).form("continuous")
    grid = form.discretise(3)
    assert grid.shape == (3, 3, 3)
    paid = form.payoffs(np.array([0.0, 50.0, 100.0]))
    assert grid.payoffs[:, 0, 1, 2] == pytest.approx(paid, rel=1e-12)


def test_a_grid_needs_two_points_and_one_coordinate_a_player() -> None:
    with pytest.raises(ValueError, match="at least two points"):
        make_game("coopetition/stage").form("continuous").discretise(1)
    with pytest.raises(ValueError, match="one action coordinate a player"):
        weighted().discretise(3)


def test_a_grid_too_large_to_hold_is_refused_with_its_size() -> None:
    with pytest.raises(NoSuchForm, match=r"21 values for 10 players has 21\^10 profiles"):
        make_game("coopetition/stage", players=10).form("normal")


# -- forms of games ------------------------------------------------------------------------


def test_the_normal_form_of_a_continuous_game_is_its_grid() -> None:
    game = make_game("coopetition/stage")
    assert game.form("normal").shape == (21, 21)
    grid = game.form("normal", points=5, utility="integrated")
    same = game.form("continuous", utility="integrated").discretise(5)
    assert grid.payoffs.tolist() == same.payoffs.tolist()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("extensive", {}),
        ("continuous", {"utility": "privat"}),
        ("continuous", {"colour": "red"}),
        ("constant", {"utility": "private"}),
    ],
)
def test_a_form_that_a_game_lacks_is_refused_with_those_it_has(kind: str, options: Any) -> None:
    with pytest.raises(NoSuchForm, match="it has: continuous, normal, constant"):
        make_game("coopetition/stage").form(kind, **options)


def test_the_constant_form_pays_the_mean_over_the_horizon() -> None:
    game = make_game("coopetition/trust-dilemma", horizon=5, formulation="gym-v1")
    form = game.form("constant")
    # below the baseline trust is gone after three rounds; the other two pay nothing
    state, total = game.start(1), np.zeros(2)
    for _ in range(3):
        step = game.step(state, np.array([[35.0, 35.0]]))
        state, total = step.state, total + step.payoffs[0]
    assert bool(step.done[0])
    assert form.payoffs(np.array([35.0, 35.0])) == pytest.approx(total / 5)
    assert form.payoffs(np.full((2, 3, 2), 50.0)).shape == (2, 3, 2)


def test_a_rounding_error_below_zero_pays_as_zero() -> None:
    """Law: payoffs and their gradient are finite at the edge of the box, also just outside it."""
    form = make_game("coopetition/samsung-sony").form("continuous")
    outside, edge = np.array([-1e-12, 30.0]), np.array([0.0, 30.0])
    assert form.payoffs(outside) == pytest.approx(form.payoffs(edge))
    assert np.isfinite(form.gradient(outside)).all()
