"""The two-player trust game as one would write it by hand, to compare coopsim with.

`scalar_round` is the game of `coopetition/trust-dilemma` on plain Python floats, and
`HandWritten` a PettingZoo environment around it. Neither uses coopsim's rules; simulate.py
checks that they pay the same before it times anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from pettingzoo import ParallelEnv

from coopsim.games.coopetition.repeated import Repeated

State = tuple[float, float, float, float]
"""Player 1's trust in 2, player 2's in 1, and the damage to 2's and to 1's reputation."""
Round = Callable[[State, float, float], tuple[State, float, float]]


def scalar_round(game: Repeated) -> tuple[State, Round]:
    """The first state, and a function that plays one round.

    Args:
        game: a game of two players with logarithmic value, trust, clipping and integrated
            utility as reward; its parameters become plain floats here.
    """
    rule = game.trust
    assert rule is not None
    (limit1, limit2), (expected1, expected2) = game.endowment.tolist(), game.expected.tolist()
    surplus1, surplus2 = (game.gamma * game.share).tolist()
    (_, depend1), (depend2, _) = game.dependence.tolist()
    theta, steep = game.value.theta, rule.sensitivity
    build, harm, stay = rule.build, rule.damage, 1 - rule.forget
    erode1 = rule.erode * (1 + rule.amplify * depend1)
    erode2 = rule.erode * (1 + rule.amplify * depend2)
    tanh, log1p, sqrt = math.tanh, math.log1p, math.sqrt

    def play(state: State, a1: float, a2: float) -> tuple[State, float, float]:
        t1, t2, r2, r1 = state
        a1 = 0.0 if a1 < 0.0 else limit1 if a1 > limit1 else a1
        a2 = 0.0 if a2 < 0.0 else limit2 if a2 > limit2 else a2
        # what player 2 did moves player 1's trust in it, and the other way round
        signal = tanh(steep * (a2 - expected2))
        ceiling = 1.0 - r2
        if signal >= 0.0:
            t1 = min(t1 + build * signal * max(ceiling - t1, 0.0), ceiling)
            r2 *= stay
        else:
            t1 = min(max(t1 + erode1 * signal * t1, 0.0), ceiling)
            r2 -= harm * signal * ceiling
        signal = tanh(steep * (a1 - expected1))
        ceiling = 1.0 - r1
        if signal >= 0.0:
            t2 = min(t2 + build * signal * max(ceiling - t2, 0.0), ceiling)
            r1 *= stay
        else:
            t2 = min(max(t2 + erode2 * signal * t2, 0.0), ceiling)
            r1 -= harm * signal * ceiling
        joint = sqrt(a1 * a2)
        p1 = limit1 - a1 + theta * log1p(a1) + surplus1 * joint
        p2 = limit2 - a2 + theta * log1p(a2) + surplus2 * joint
        paid1 = p1 + min(t1, 1.0 - r2) * depend1 * p2
        paid2 = p2 + min(t2, 1.0 - r1) * depend2 * p1
        return (t1, t2, r2, r1), paid1, paid2

    return (rule.initial, rule.initial, rule.initial_damage, rule.initial_damage), play


class HandWritten(ParallelEnv):
    """The same game as a PettingZoo environment without any generality."""

    metadata = {"name": "trust_by_hand"}  # noqa: RUF012 (PettingZoo's own way)

    def __init__(self, game: Repeated) -> None:
        self._first, self._play = scalar_round(game)
        self._horizon, self._end_below = game.horizon, game.end_below or 0.0
        self._baseline = game.expected.tolist()
        self.possible_agents = ["player_1", "player_2"]
        self.agents: list[str] = []
        high = [*game.endowment, 1.0, 1.0, 1.0, 1.0, 1.0]
        self._sees = Box(np.zeros(7), np.array(high), dtype=np.float64)
        self._does = [Box(0.0, float(e), (1,), np.float64) for e in game.endowment]

    def observation_space(self, agent: str) -> Box:
        return self._sees

    def action_space(self, agent: str) -> Box:
        return self._does[self.possible_agents.index(agent)]

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[Any, Any]:
        self.agents = self.possible_agents[:]
        self._state, self._turn = self._first, 0
        seen = self._seen(*self._baseline)
        return {a: seen.copy() for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions: dict[str, Any]) -> tuple[Any, Any, Any, Any, Any]:
        a1, a2 = float(actions["player_1"][0]), float(actions["player_2"][0])
        self._state, paid1, paid2 = self._play(self._state, a1, a2)
        self._turn += 1
        truncated = self._turn >= self._horizon
        terminated = not truncated and (self._state[0] + self._state[1]) / 2 < self._end_below
        agents = self.agents
        seen = self._seen(a1, a2)
        observations = {agent: seen.copy() for agent in agents}
        infos: dict[str, Any] = {agent: {} for agent in agents}
        rewards = {"player_1": paid1, "player_2": paid2}
        terminations = dict.fromkeys(agents, terminated)
        truncations = dict.fromkeys(agents, truncated)
        if terminated or truncated:
            self.agents = []
        return observations, rewards, terminations, truncations, infos

    def _seen(self, a1: float, a2: float) -> np.ndarray:
        return np.array([a1, a2, *self._state, self._turn / self._horizon])
