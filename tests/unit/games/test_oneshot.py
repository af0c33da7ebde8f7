"""Markets, contests and commons: laws of games, closed forms, content."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.check import check

CLOSED: dict[str, tuple[list[float], list[float]]] = {
    "cournot": ([30, 30], [900, 900]),
    "bertrand": ([220 / 3] * 2, [36100 / 9] * 2),
    "hotelling": ([1, 1], [0.5, 0.5]),
    "tullock": ([18.75] * 4, [6.25] * 4),
    "public-goods": ([0] * 4, [20] * 4),
    "common-pool": ([8] * 8, [141] * 8),
}


@pytest.mark.parametrize("name", CLOSED)
def test_equilibria_of_the_classics(name: str) -> None:
    found = coopsim.solve(coopsim.make_game(f"classic/{name}"), "nash", tol=1e-6)
    assert found.proved, found.sentence
    assert found.actions == pytest.approx(CLOSED[name][0], abs=1e-4)
    assert found.values == pytest.approx(CLOSED[name][1], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("markets/cournot", {"firms": 3, "costs": [1.0, 2.0, 3.0], "rounds": 4}),
        ("markets/bertrand", {"firms": 3, "cross": 0.9}),
        ("markets/hotelling", {"costs": [0.0, 0.5], "rounds": 2}),
        ("commons/tullock", {"players": 3, "decisiveness": 1.5, "prizes": [1.0, 2.0, 3.0]}),
        ("commons/public-goods", {"players": 3, "threshold": 30.0, "bonus": 5.0, "refund": True}),
        ("commons/common-pool", {"players": 3, "rounds": 3}),
    ],
)
def test_the_families_keep_the_laws_whatever_their_parameters(name: str, given: Any) -> None:
    check(coopsim.make_game(name, **given), episodes=3, seed=4)


def test_more_firms_come_closer_to_cost() -> None:
    """Price a / (n + 1) + c n / (n + 1): 32.5 with three firms, 25 with five."""
    for firms, price in ((3, 32.5), (5, 25.0)):
        found = coopsim.solve(coopsim.make_game("classic/cournot", firms=firms), "nash")
        assert 100 - found.actions.sum() == pytest.approx(price, abs=1e-4)


def test_all_giving_is_best_and_a_threshold_makes_giving_an_equilibrium() -> None:
    linear = coopsim.make_game("classic/public-goods")
    best = coopsim.solve(linear, "social optimum")
    assert best.actions == pytest.approx([20] * 4)
    step = coopsim.make_game(
        "commons/public-goods",
        players=2,
        endowments=10.0,
        multiplier=0.1,
        threshold=10.0,
        bonus=20.0,
    ).form("continuous")
    proof = coopsim.solvers.certificate.certify("nash", step, (np.array([5.0]), np.array([5.0])))
    assert proof.residual <= 1e-8
    nobody = step.payoffs(np.array([[0.0, 0.0], [5.0, 5.0], [5.0, 4.0]]))
    assert nobody == pytest.approx(np.array([[10, 10], [25.5, 25.5], [5, 6]]))


def test_words_tell_bounds_and_the_last_round() -> None:
    game = coopsim.make_game("markets/cournot", firms=["North", "South"], rounds=3)
    state = game.start(1)
    state = game.step(state, np.array([[10.0, 20.0]])).state
    view = SimpleNamespace(player=1, turn=1, observation=game.observe(state, 1))
    told = game.narrate(view)
    assert "South" in told
    assert "Round 2 of 3" in told
    assert "North 10" in told


@pytest.mark.parametrize(
    ("name", "given", "key"),
    [
        ("markets/cournot", {"costs": [1.0, 2.0, 3.0]}, "costs"),
        ("markets/bertrand", {"cross": 1.0}, "cross"),
        ("commons/tullock", {"prizes": [1.0]}, "prizes"),
        ("markets/cournot", {"demand": -1.0}, "demand"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(name: str, given: Any, key: str) -> None:
    with pytest.raises(UserError) as error:
        coopsim.make_game(name, **given)
    assert error.value.key == key


def test_forms_that_there_are_not() -> None:
    with pytest.raises(NoSuchForm, match="continuous"):
        coopsim.make_game("classic/tullock").form("extensive")
    assert coopsim.make_game("classic/hotelling").form("normal", points=5).shape == (5, 5)
