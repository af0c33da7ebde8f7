"""Games as PettingZoo AEC environments: PettingZoo's own test, turns, and the same payoffs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from pettingzoo.test import api_test

import coopsim
from coopsim.errors import InvalidAction
from coopsim.games.adapters.pettingzoo_aec import aec, env


@pytest.mark.parametrize(
    "name",
    ["classic/kuhn", "classic/prisoners-dilemma", "classic/el-farol", "coopetition/samsung-sony"],
)
def test_pettingzoos_own_test_passes(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api_test(env(name), num_cycles=200)


def test_only_the_mover_of_a_tree_is_asked() -> None:
    kuhn = env("classic/kuhn")
    kuhn.reset(seed=0)
    asked = []
    for agent in kuhn.agent_iter():
        _, _, terminated, truncated, info = kuhn.last()
        over = terminated or truncated
        if not over:
            asked.append(agent)
            assert info["action_mask"].sum() == 2
        kuhn.step(None if over else 0)
    assert asked == kuhn.possible_agents[: len(asked)]


def test_a_round_pays_what_the_game_pays() -> None:
    """Law: the sum of rewards is the payoff of the same actions in `replay`."""
    game = coopsim.make_game("coopetition/samsung-sony")
    rng = np.random.default_rng(0)
    actions = rng.uniform(10, 60, (game.rounds, game.n))
    paid = coopsim.replay(game, actions).payoffs.sum(0)
    turns = aec(game)
    turns.reset(seed=0)
    total, place = dict.fromkeys(turns.possible_agents, 0.0), {"round": 0}
    for agent in turns.agent_iter():
        _, reward, terminated, truncated, _ = turns.last()
        total[agent] += reward
        if terminated or truncated:
            turns.step(None)
            continue
        player = turns.possible_agents.index(agent)
        turns.step(np.array([actions[place["round"], player]]))
        place["round"] += player == game.n - 1
    assert list(total.values()) == pytest.approx(paid)


def test_an_action_that_is_none() -> None:
    dilemma = env("classic/prisoners-dilemma")
    with pytest.raises(InvalidAction, match="reset"):
        dilemma.step(0)
    dilemma.reset(seed=0)
    with pytest.raises(InvalidAction, match="no action for"):
        dilemma.step(None)
    dilemma.step(0)
    with pytest.raises(InvalidAction, match="outside the action space"):
        dilemma.step(7)
