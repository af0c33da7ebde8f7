"""Agent, View and Decision: what an agent is told, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from coopsim.arrays import Array
from coopsim.games.game import Game
from coopsim.parameters import Parameters
from coopsim.solvers.solution import Solution


@dataclass(frozen=True, slots=True)
class Role:
    """The seat an agent sits in.

    Args:
        player: index of the player, from 0.
        name: the player's name.
        batch: how many episodes are played side by side.
    """

    player: int
    name: str
    batch: int


@dataclass(frozen=True)
class Rules:
    """What an agent may know before play.

    Args:
        game: the game, with all its parameters.
        agents: the agents declared beside it, by name (opponents can be named).
        solutions: solutions already computed for this game, by concept.
    """

    game: Game
    agents: Mapping[str, Agent] = field(default_factory=lambda: MappingProxyType({}))
    solutions: Mapping[str, Solution] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class View:
    """What one player sees before a round, for a batch of episodes.

    Args:
        player: index of the player.
        turn: rounds played so far.
        observation: named arrays `[B, ...]` from the game.
        low, high: bounds of the action, `[B]` (continuous games; `[B, k]` where it has k numbers).
        memory: what the agent's `reset` or last decision left here.
        rng: the player's own random stream.
    """

    player: int
    turn: int
    observation: Mapping[str, Array]
    low: Array
    high: Array
    memory: Any
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Decision:
    """An agent's answer to a view.

    Args:
        action: as the bounds of the view, `[B]` or `[B, k]`.
        memory: handed back in the next view.
        distribution: the action distribution behind the action, where the agent can state one.
        text: what a language model said, one entry an episode.
        tokens, cost: what it took, `[B]`.
        valid: whether an episode's answer could be read as an action, `[B]`.
    """

    action: Array
    memory: Any = None
    distribution: Any = None
    text: tuple[str, ...] | None = None
    tokens: Array | None = None
    cost: Array | None = None
    valid: Array | None = None


class Agent(Parameters, ABC):
    """A way of playing, declared by its parameters (the fields of a frozen dataclass).

    Agents are pure: what changes during play lives in the memory that travels through
    views and decisions, so one declared agent can sit in many seats at once.
    """

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Any:
        """Prepare for a batch of episodes; returns the first view's memory."""
        return None

    def check(self, rules: Rules, player: int) -> None:
        """Refuse a seat that this agent cannot play, before anything is solved or played.

        Raises:
            UserError: with `key` the parameter at fault.
        """

    @abstractmethod
    def act(self, view: View) -> Decision:
        """Answer a view, for every episode of the batch at once."""

    @property
    def random(self) -> bool:
        """Whether two plays of one episode can differ (False lets one stand for many)."""
        return False
