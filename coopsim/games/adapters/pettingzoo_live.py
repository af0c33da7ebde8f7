"""One PettingZoo environment as it is played: Parallel and AEC behind the same few methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box, Discrete, flatten
from pettingzoo import AECEnv, ParallelEnv

from coopsim.arrays import Float
from coopsim.errors import CoopsimError, InvalidAction, UserError

_MASK = "action_mask"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of an episode at one point.

    Args:
        seen: each player's observation, flat.
        masks: each player's legal actions; (1, 0, ...) for players who are not to move.
        paid: what the last round paid each player, `[n]`.
        over: whether the episode has ended.
    """

    seen: tuple[Float, ...]
    masks: tuple[npt.NDArray[np.bool_], ...]
    paid: Float
    over: bool


class Live:
    """An environment, its players' spaces, and where its episode stands.

    Args:
        make: makes the environment.

    Raises:
        UserError: what is made is no PettingZoo environment.
        CoopsimError: the players' action spaces cannot stand in one array.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        env = make()
        inner = getattr(env, "unwrapped", env)
        self.turns = isinstance(inner, AECEnv)
        if not self.turns and not isinstance(inner, ParallelEnv):
            raise UserError("no PettingZoo environment", key="env", given=type(env).__name__)
        self.env = env
        self.agents: tuple[str, ...] = tuple(map(str, env.possible_agents))
        self._own = list(env.possible_agents)
        self.name = str((getattr(env, "metadata", None) or {}).get("name", type(inner).__name__))
        self.spaces: list[Any] = [env.action_space(agent) for agent in self._own]
        self.discrete = all(isinstance(space, Discrete) for space in self.spaces)
        same = {space.shape for space in self.spaces}
        if not self.discrete and not (
            all(isinstance(s, Box) and len(s.shape) == 1 for s in self.spaces) and len(same) == 1
        ):
            raise CoopsimError(f"{self.name}: every action must be an index, or an array as long")
        self.width: tuple[int, ...] = () if self.discrete or same == {(1,)} else same.pop()
        self.snapshot = Snapshot((), (), np.zeros(len(self.agents)), True)
        self._last: dict[Any, Any] = {}

    def reset(self, seed: int) -> Snapshot:
        """Begin the episode of a seed."""
        started = self.env.reset(seed=seed)
        if not self.turns:
            self._last, infos = started
            return self._look(infos, np.zeros(len(self.agents)))
        return self._look(self.env.infos, np.zeros(len(self.agents)))

    def step(self, actions: Float) -> Snapshot:
        """One round: everybody's actions, of which only those who are to move are read."""
        if self.snapshot.over:
            self.snapshot = Snapshot(
                self.snapshot.seen, self.snapshot.masks, np.zeros(len(self.agents)), True
            )
            return self.snapshot
        if self.turns:
            return self._turn(actions)
        playing = list(self.env.agents)
        given = {agent: self._action(self._own.index(agent), actions) for agent in playing}
        seen, rewards, _, _, infos = self.env.step(given)
        self._last = {**self._last, **seen}
        return self._look(infos, self._paid(rewards))

    def _turn(self, actions: Float) -> Snapshot:
        """The choice of the agent whose turn it is; agents that are out are passed over."""
        agent = self.env.agent_selection
        self.env.step(self._action(self._own.index(agent), actions))
        paid = self._paid(self.env.rewards)
        while self.env.agents and self._out(self.env.agent_selection):
            self.env.step(None)
        return self._look(self.env.infos, paid)

    def _out(self, agent: Any) -> bool:
        return bool(self.env.terminations[agent] or self.env.truncations[agent])

    def _action(self, player: int, actions: Float) -> Any:
        space = self.spaces[player]
        if not self.discrete:
            return np.asarray(actions[player], dtype=space.dtype).reshape(space.shape)
        value = float(actions[player])
        legal = self.snapshot.masks[player] if self.snapshot.masks else np.ones(space.n, bool)
        if value != int(value) or not 0 <= value < len(legal) or not legal[int(value)]:
            raise InvalidAction(
                f"action {value:g} of {self.agents[player]} does not exist or is not legal now; "
                f"allowed: {', '.join(map(str, np.flatnonzero(legal)[:20]))}"
            )
        return int(value) + int(space.start)

    def _paid(self, rewards: Mapping[Any, Any]) -> Float:
        return np.array([float(rewards.get(agent, 0.0)) for agent in self._own])

    def _look(self, infos: Mapping[Any, Any], paid: Float) -> Snapshot:
        playing = list(self.env.agents)
        over = not playing
        mover = self.env.agent_selection if self.turns and playing else None
        seen, masks = [], []
        for player, agent in enumerate(self._own):
            held, mask = self._observation(agent, infos.get(agent) or {})
            seen.append(held)
            idle = over or agent not in playing or (self.turns and agent != mover)
            masks.append(self._legal(player, None if idle else mask, idle))
        self.snapshot = Snapshot(tuple(seen), tuple(masks), paid, over)
        return self.snapshot

    def _observation(self, agent: Any, info: Mapping[str, Any]) -> tuple[Float, Any]:
        """A flat observation, and the mask of legal actions where there is one."""
        space = self.env.observation_space(agent)
        if self.turns and agent in self.env.agents:
            self._last[agent] = self.env.observe(agent)
        value = self._last.get(agent)
        mask = info.get(_MASK)
        if isinstance(value, Mapping) and _MASK in value:
            mask = value[_MASK] if mask is None else mask
        if value is None:  # an agent that has not been seen yet
            value = space.sample() if space.shape is None else np.zeros(space.shape, space.dtype)
        return np.asarray(flatten(space, value), dtype=np.float64).ravel(), mask

    def _legal(self, player: int, mask: Any, idle: bool) -> npt.NDArray[np.bool_]:
        size = int(self.spaces[player].n) if self.discrete else 1
        if idle:
            return np.asarray(np.arange(size) == 0)
        return np.ones(size, bool) if mask is None else np.array(mask, dtype=bool)
