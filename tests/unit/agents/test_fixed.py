"""Constant and random agents do what their parameters say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim.agents.catalogue import make_agent
from coopsim.agents.play import play
from coopsim.errors import UserError
from coopsim.games.catalogue import make_game

GAME = make_game("coopetition/repeated", endowments=[100.0, 40.0], horizon=5)


def test_an_action_is_played_as_it_is_and_a_level_as_a_share() -> None:
    played = play(GAME, [make_agent("constant", action=12.5), make_agent("constant", level=0.25)])
    assert played.actions[0].tolist() == [[12.5, 10.0]] * 5


@pytest.mark.parametrize("given", [{}, {"action": 1.0, "level": 0.5}])
def test_a_constant_takes_an_action_or_a_level(given: Any) -> None:
    with pytest.raises(UserError, match="action: give either action or level"):
        make_agent("constant", **given)


def test_a_level_is_a_fraction() -> None:
    with pytest.raises(UserError, match="level"):
        make_agent("constant", level=1.5)


def test_a_constant_outside_the_bounds_is_refused_unless_the_game_clips() -> None:
    """A game that brings actions to the nearest bound plays, and records, that bound."""
    agent = make_agent("constant", action=60.0)
    played = play(GAME, agent)
    assert played.actions[0, 0].tolist() == [60.0, 40.0]
    strict = make_game("coopetition/repeated", endowments=[100.0, 40.0], clip=False)
    with pytest.raises(UserError, match=r"action: outside the actions of player 2; .*0 to 40"):
        play(strict, agent)


def test_random_levels_are_uniform_between_their_ends() -> None:
    """2,000 draws a player: mean within four standard errors, all inside."""
    played = play(GAME, make_agent("random", low=0.2, high=0.6), episodes=400, seed=3)
    levels = played.actions / GAME.endowment
    assert ((levels >= 0.2) & (levels <= 0.6)).all()
    error = 0.4 / np.sqrt(12 * 2000)
    assert levels.mean((0, 1)) == pytest.approx([0.4, 0.4], abs=4 * error)
    assert levels.std((0, 1)) == pytest.approx([0.4 / np.sqrt(12)] * 2, rel=0.05)


def test_players_draw_independently_of_each_other() -> None:
    played = play(GAME, "random", episodes=400, seed=4)
    first, second = (played.actions[..., i].ravel() for i in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_random_levels_must_be_in_order() -> None:
    with pytest.raises(UserError, match="high: must not lie below low"):
        make_agent("random", low=0.6, high=0.2)
