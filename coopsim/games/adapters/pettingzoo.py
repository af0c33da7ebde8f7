"""Any game as a PettingZoo parallel environment, one episode at a time.

To train on many episodes side by side, step the game itself with a larger batch: that is
a hundred times faster a step than any environment with dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box, Discrete, Space
from pettingzoo import ParallelEnv

from coopsim import seeding, wording
from coopsim.arrays import Array, Float
from coopsim.errors import CoopsimError, InvalidAction
from coopsim.games import catalogue
from coopsim.games.adapters.actions import reader
from coopsim.games.game import Game

RENDER_MODES = ("ansi", "human")

Observations = dict[str, Float]
Infos = dict[str, dict[str, Any]]


def parallel(game: Game, *, render_mode: str | None = None) -> GameEnv:
    """`game` as a PettingZoo `ParallelEnv`.

    Args:
        game: any game whose players choose a number, an array of numbers or an index.
        render_mode: None, "ansi" (`render` returns text) or "human" (it prints it).

    Raises:
        CoopsimError: the players' action spaces cannot stand in one array, or there is
            no such render mode.

    Example:
        >>> env = parallel_env("coopetition/trust-dilemma", horizon=10)
        >>> observations, infos = env.reset(seed=1)
        >>> _, rewards, *_ = env.step({agent: [50.0] for agent in env.agents})
        >>> round(rewards["player 1"], 2)
        196.55
    """
    return GameEnv(game, render_mode)


def parallel_env(name: str, /, *, render_mode: str | None = None, **parameters: Any) -> GameEnv:
    """A game by name, with parameters, as a PettingZoo `ParallelEnv`.

    Raises:
        UnknownName: no such game.
        UserError: a parameter is unknown or out of range.
    """
    return parallel(catalogue.make_game(name, **parameters), render_mode=render_mode)


class GameEnv(ParallelEnv):  # type: ignore[misc]  # pettingzoo ships no types
    """A game behind PettingZoo's interface; made by `parallel`.

    - Agents are the players' names. All act each round and all leave together.
    - An observation is what `game.observe` names, one after another, as a flat float64 array.
      Games do not state bounds of what is seen, so the space has none.
    - A reward is the payoff of the round.
    - A repeated game that reaches its horizon is truncated; one that its rules end earlier,
      and any game that is not repeated, is terminated.
    - An info holds what `game.expose` names, arrays to read and not to write into. Where
      actions are indices it also holds `action_mask`, 1 for each legal one.

    `reset(seed=...)` starts the same stream of random numbers as `coopsim.replay` with that
    seed; without a seed the stream goes on.
    """

    def __init__(self, game: Game, render_mode: str | None = None) -> None:
        """See `parallel`."""
        if render_mode not in (None, *RENDER_MODES):
            raise CoopsimError(
                f"unknown render mode {render_mode!r}; allowed: {', '.join(RENDER_MODES)}"
            )
        self.game = game
        self.render_mode = render_mode
        self.metadata = {
            "name": type(game).__name__.lower(),
            "render_modes": list(RENDER_MODES),
            "is_parallelizable": True,
        }
        self.possible_agents = list(game.labels)
        self.agents: list[str] = []
        self._players = list(enumerate(self.possible_agents))
        self._none = dict.fromkeys(self.possible_agents, False)
        # spaces are made once: PettingZoo wants the same object each time, and they are slow
        self.action_spaces = {name: game.action_space(i) for i, name in self._players}
        self._discrete = any(isinstance(s, Discrete) for s in self.action_spaces.values())
        self._read = reader(game)
        self._rng = np.random.default_rng()
        self._rounds, self._repeated = game.rounds, game.card.repeated
        self._turn = 0
        # where nothing is drawn every episode begins alike, and states are never changed
        self._first = self._state = game.start(1, seeding.generator(0, "replay"))
        parts = [part for i, _ in self._players for part in game.observe(self._state, i).values()]
        self._flat = _joined if all(part.dtype == np.float64 for part in parts) else _converted
        self.observation_spaces = {
            name: Box(-np.inf, np.inf, seen.shape, np.float64)
            for name, seen in self._seen()[0].items()
        }

    def observation_space(self, agent: str) -> Space[Any]:
        """The space of one agent's observation, always the same object."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space[Any]:
        """The space of one agent's action, always the same object."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Observations, Infos]:
        """Begin an episode. `options` are PettingZoo's and not used."""
        if seed is not None:
            self._rng = seeding.generator(seed, "replay")
        chance = self.game.card.chance
        self._state = self.game.start(1, self._rng) if chance else self._first
        self._turn = 0
        self.agents = self.possible_agents[:]
        return self._seen()

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[Observations, dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Play one round with an action of every agent.

        Raises:
            InvalidAction: an action is missing, NaN, of the wrong shape or outside its
                space, or the episode is over; the message names the player.
        """
        if not self.agents:
            if actions:
                raise InvalidAction("no episode is being played; call reset() first")
            return {}, {}, {}, {}, {}
        joint = self._read(actions)
        if self._discrete:
            self._check_legal(joint)
        played = self.game.step(self._state, joint)
        self._state = played.state
        self._turn += 1
        rewards = dict(zip(self.possible_agents, played.payoffs.tolist()[0], strict=True))
        observations, infos = self._seen()
        late = self._turn >= self._rounds
        if not late and not played.done[0]:
            return observations, rewards, self._none.copy(), self._none.copy(), infos
        self.agents = []
        truncated = late and self._repeated
        terminations = dict.fromkeys(rewards, not truncated)
        return observations, rewards, terminations, dict.fromkeys(rewards, truncated), infos

    def render(self) -> str | None:
        """The game as each player is told it, in words (None without a render mode)."""
        if self.render_mode is None:
            return None
        views = [
            SimpleNamespace(
                player=i, turn=self._turn, observation=self.game.observe(self._state, i)
            )
            for i, _ in self._players
        ]
        text = "\n\n".join(self.game.narrate(view) for view in views)
        if self.render_mode == "ansi":
            return text
        for line in text.split("\n"):
            print(wording.visible(line))
        return None

    def _seen(self) -> tuple[Observations, Infos]:
        """Every agent's observation and info, in one pass: this is half the adapter's time."""
        game, state, flat = self.game, self._state, self._flat
        exposed = {name: values[0] for name, values in game.expose(state).items()}
        observations, infos = {}, {}
        common = flat(game.observe(state, 0).values()) if game.common_view else None
        for i, name in self._players:
            # the batch of one drops out when the parts are laid flat
            observations[name] = (
                flat(game.observe(state, i).values()) if common is None else common.copy()
            )
            # a dictionary each, for wrappers write into them
            infos[name] = exposed.copy()
        if self._discrete:
            for i, name in self._players:
                infos[name]["action_mask"] = self._mask(i)
        return observations, infos

    def _mask(self, player: int) -> npt.NDArray[np.int8]:
        legal: Any = self.game.legal(self._state, player)
        return np.asarray(legal[0], dtype=np.int8)

    def _check_legal(self, joint: npt.NDArray[Any]) -> None:
        for i, name in self._players:
            space: Any = self.action_spaces[name]
            if not self._mask(i)[joint[0, i] - space.start]:
                raise InvalidAction(f"action {joint[0, i]} of {name} is not legal now")


def _joined(parts: Iterable[Array]) -> Float:
    """Arrays of float64 one after another as a new flat array."""
    # for a few short arrays this takes half the time of np.concatenate
    return np.frombuffer(bytearray().join([part.tobytes() for part in parts]))


def _converted(parts: Iterable[Array]) -> Float:
    """Arrays of any types one after another as a new flat array of float64."""
    return np.concatenate(list(parts), axis=None, dtype=np.float64)
