"""PettingZoo environments as games: the laws of games, the same play, what a file may name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.errors import InvalidAction, UserError
from coopsim.games.adapters.pettingzoo import parallel
from coopsim.games.adapters.pettingzoo_game import from_pettingzoo
from coopsim.games.check import check

MODULE = '''
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from pettingzoo import AECEnv, ParallelEnv

from coopsim.games.adapters.pettingzoo import parallel_env
from coopsim.games.adapters.pettingzoo_aec import env as turn_env


def game(of, **given):
    return parallel_env(of, **given)


def turns(of):
    return turn_env(of)


class Race(ParallelEnv):
    """Both walk; the seed decides the distance; the first to arrive leaves with 1."""

    metadata = {"name": "race"}

    def __init__(self, longest=4):
        self.possible_agents = ["ann", "bob"]
        self.longest = longest

    def observation_space(self, agent):
        return Dict({"place": Box(0, 99, (2,)), "left": Discrete(100)})

    def action_space(self, agent):
        return Discrete(3)

    def reset(self, seed=None, options=None):
        self.goal = int(np.random.default_rng(seed).integers(2, self.longest + 1))
        self.place = {a: 0 for a in self.possible_agents}
        self.agents = self.possible_agents[:]
        return self.seen(), {a: {} for a in self.agents}

    def seen(self):
        at = np.array([self.place[a] for a in self.possible_agents], dtype=np.float32)
        return {a: {"place": at, "left": max(0, self.goal - self.place[a])} for a in self.agents}

    def step(self, actions):
        for agent, step in actions.items():
            self.place[agent] += step + 1
        seen = self.seen()
        done = {a: self.place[a] >= self.goal for a in self.agents}
        paid = {a: float(done[a]) for a in self.agents}
        infos = {a: {} for a in self.agents}
        out = (seen, paid, done, {a: False for a in self.agents}, infos)
        self.agents = [a for a in self.agents if not done[a]]
        return out


def nothing():
    return 3
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "some_environments.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "some_environments", raising=False)
    return "some_environments"


@pytest.mark.parametrize(
    ("maker", "given"),
    [
        ("Race", {"horizon": 6}),
        ("game", {"horizon": 3, "of": "classic/prisoners-dilemma"}),
        ("game", {"horizon": 4, "of": "coopetition/samsung-sony"}),
        ("turns", {"horizon": 8, "of": "classic/kuhn"}),
    ],
)
def test_environments_keep_the_laws_of_games(
    module: str, maker: str, given: dict[str, Any]
) -> None:
    check(from_pettingzoo(f"{module}:{maker}", **given), episodes=3)


def test_a_game_sent_out_and_taken_in_again_pays_the_same(module: str) -> None:
    """Law: the adapters are each other's inverse."""
    inner = coopsim.make_game("coopetition/samsung-sony", horizon=7)
    outer = from_pettingzoo(f"{module}:game", horizon=7, of="coopetition/samsung-sony")
    actions = np.random.default_rng(0).uniform(0, 80, (7, 2))
    assert coopsim.replay(outer, actions).payoffs == pytest.approx(
        coopsim.replay(inner, actions).payoffs
    )


def test_trees_in_turn_pay_what_the_tree_pays(module: str) -> None:
    """Law: over many seeds, always-first play of Kuhn poker pays what the tree expects."""
    game = from_pettingzoo(f"{module}:turns", horizon=3, of="classic/kuhn")
    assert game.card.moves == "sequential"
    state, total = game.start(600, np.random.default_rng(1)), np.zeros(2)
    for _ in range(game.rounds):
        step = game.step(state, np.zeros((600, 2)))
        total += step.payoffs.sum(0)
        state = step.state
    assert step.done.all()
    form = coopsim.make_game("classic/kuhn").form("extensive")
    first = tuple(np.where(np.arange(part.size) % 2 == 0, 1.0, 0.0) for part in form.uniform())
    error = 5 * 1.5 / np.sqrt(600)
    assert total / 600 == pytest.approx(form.expected(first), abs=error)


def test_players_who_are_out_are_idle(module: str) -> None:
    game = from_pettingzoo(f"{module}:Race", horizon=6, longest=2)
    step = game.step(game.start(1), np.array([[2, 0]]))
    assert step.payoffs.tolist() == [[1.0, 0.0]]
    assert game.legal(step.state, 0).tolist() == [[True, False, False]]
    assert game.legal(step.state, 1).all()
    later = game.step(step.state, np.array([[0, 0]]))
    assert later.payoffs.tolist() == [[0.0, 1.0]]
    assert later.done.all()


def test_actions_that_do_not_exist(module: str) -> None:
    game = from_pettingzoo(f"{module}:Race", horizon=6)
    for wrong in (3, -1, 0.5):
        with pytest.raises(InvalidAction, match=r"of ann .* allowed: 0, 1, 2"):
            game.step(game.start(1), np.array([[wrong, 0]]))
    with pytest.raises(InvalidAction, match="bob is not a finite number"):
        game.step(game.start(1), np.array([[0, np.nan]]))


def test_back_out_through_the_adapter(module: str) -> None:
    """PettingZoo's own test; it draws without masks, so all actions must always be legal."""
    from pettingzoo.test import parallel_api_test

    game = from_pettingzoo(f"{module}:game", horizon=5, of="coopetition/samsung-sony")
    parallel_api_test(parallel(game), num_cycles=20)


def test_what_is_no_environment(module: str) -> None:
    with pytest.raises(UserError, match="no PettingZoo environment"):
        from_pettingzoo(f"{module}:nothing")
