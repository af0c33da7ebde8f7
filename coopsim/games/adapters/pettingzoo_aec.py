"""Any game as a PettingZoo AEC environment: players act one after another.

Where the players of a game move in turn, only those who have a choice are asked. Where they
move at once, they are asked in order, nobody sees the choices of the same round, and the
round is played when the last has chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Discrete, Space
from pettingzoo import AECEnv

from coopsim.arrays import Float
from coopsim.errors import InvalidAction
from coopsim.games import catalogue
from coopsim.games.adapters.pettingzoo import GameEnv, parallel
from coopsim.games.game import Game


def aec(game: Game, *, render_mode: str | None = None) -> TurnEnv:
    """`game` as a PettingZoo `AECEnv`.

    Args:
        game: any game whose players choose a number, an array of numbers or an index.
        render_mode: None, "ansi" (`render` returns text) or "human" (it prints it).

    Raises:
        CoopsimError: the players' action spaces cannot stand in one array, or there is
            no such render mode.

    Example:
        >>> from coopsim.games.catalogue import make_game
        >>> env = aec(make_game("classic/kuhn"))
        >>> env.reset(seed=1)
        >>> env.agent_selection
        'Player 1'
    """
    return TurnEnv(parallel(game, render_mode=render_mode))


def env(name: str, /, *, render_mode: str | None = None, **parameters: Any) -> TurnEnv:
    """A game by name, with parameters, as a PettingZoo `AECEnv`.

    Raises:
        UnknownName: no such game.
        UserError: a parameter is unknown or out of range.
    """
    return aec(catalogue.make_game(name, **parameters), render_mode=render_mode)


class TurnEnv(AECEnv):  # type: ignore[misc]  # pettingzoo ships no types
    """A game behind PettingZoo's turn-based interface; made by `aec`.

    Spaces, observations, rewards and infos are those of `GameEnv`; where actions are indices
    an info holds `action_mask`. Rewards of a round come when it has been played.
    """

    def __init__(self, rounds: GameEnv) -> None:
        """See `aec`."""
        super().__init__()
        self._env = rounds
        self.metadata = {**rounds.metadata, "is_parallelizable": True}
        self.render_mode = rounds.render_mode
        self.possible_agents = rounds.possible_agents[:]
        self.observation_spaces = rounds.observation_spaces
        self.action_spaces = rounds.action_spaces
        self.agents: list[str] = []
        self.rewards: dict[str, float] = {}
        self._cumulative_rewards: dict[str, float] = {}
        self.terminations: dict[str, bool] = {}
        self.truncations: dict[str, bool] = {}
        self.infos: dict[str, dict[str, Any]] = {}
        self._seen: dict[str, Float] = {}
        self._chosen: dict[str, Any] = {}
        self._asked: list[str] = []
        self.agent_selection = self.possible_agents[0]

    def observation_space(self, agent: str) -> Space[Any]:
        """The space of one agent's observation, always the same object."""
        return self._env.observation_space(agent)

    def action_space(self, agent: str) -> Space[Any]:
        """The space of one agent's action, always the same object."""
        return self._env.action_space(agent)

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode. `options` are PettingZoo's and not used."""
        self._seen, self.infos = self._env.reset(seed, options)
        self.agents = self._env.agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self._ask()

    def observe(self, agent: str) -> Float:
        """What an agent sees before the round."""
        return self._seen[agent]

    def step(self, action: Any) -> None:
        """The action of `agent_selection`; None for an agent whose episode is over.

        Raises:
            InvalidAction: no such action; the message names the player.
        """
        agent = self.agent_selection
        if not self.agents:
            raise InvalidAction("no episode is being played; call reset() first")
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        if action is None:
            raise InvalidAction(f"no action for {agent}")
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self._chosen[agent] = action
        place = self._asked.index(agent) + 1
        if place < len(self._asked):
            self.agent_selection = self._asked[place]
            return
        self._play()

    def render(self) -> str | None:
        """The game as each player is told it, in words (None without a render mode)."""
        return self._env.render()

    def close(self) -> None:
        """Nothing is held that needs closing."""

    def _play(self) -> None:
        """The round, with the only action there is for players who were not asked."""
        try:
            played = self._env.step({name: self._chosen[name] for name in self.agents})
        except InvalidAction:
            self._ask()
            raise
        self._seen, self.rewards, self.terminations, self.truncations, self.infos = played
        self._accumulate_rewards()
        if self._env.agents:
            self._ask()
        else:
            self.agent_selection = self.agents[0]

    def _ask(self) -> None:
        """Who chooses in this round: those with a choice, or the first where nobody has one."""
        masks = {name: self._mask(name) for name in self.agents}
        self._chosen = {
            name: 0 if mask is None else int(mask.argmax()) for name, mask in masks.items()
        }
        self._asked = [
            name for name, mask in masks.items() if mask is None or int(mask.sum()) > 1
        ] or self.agents[:1]
        self.agent_selection = self._asked[0]

    def _mask(self, agent: str) -> npt.NDArray[np.int8] | None:
        """The legal actions; None where actions are numbers and all are asked."""
        if not isinstance(self.action_spaces[agent], Discrete):
            return None
        mask: npt.NDArray[np.int8] = self.infos[agent]["action_mask"]
        return mask
