"""An agent under check: the games it sits in, its partners, and a look at every answer."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopsim import seeding
from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.agents.rounds import rounds
from coopsim.arrays import NUMPY, Array, Backend, Float, backend_of, to_numpy
from coopsim.errors import CheckFailed
from coopsim.games.game import Game

_EPISODES = 3
_ROUNDS = 12  # rounds that are played


@dataclass(frozen=True)
class Case:
    """An agent under check, and the game it sits in."""

    agent: Agent
    game: Game
    seed: int
    named: Mapping[str, Agent]

    @property
    def name(self) -> str:
        """The agent's class."""
        return type(self.agent).__name__

    @property
    def place(self) -> str:
        """The game, in words."""
        title = self.game.card.title or type(self.game).__name__
        return f"{title}, {self.game.n} players, {self.game.rounds} rounds"

    def need(self, holds: Any, problem: str, remedy: str) -> None:
        """Raise `CheckFailed` unless `holds`."""
        if not holds:
            raise CheckFailed(self.name, f"{problem} ({self.place})", remedy)

    def lineups(self, agent: Agent) -> list[tuple[Agent, ...]]:
        """The agent in the first seat, in the last, and in all."""
        n = self.game.n
        script = _Script(self.seed)
        taken = ({0}, {n - 1}, set(range(n)))
        return [tuple(agent if i in own else script for i in range(n)) for own in taken]

    def play(
        self,
        seats: Sequence[Agent],
        episodes: int = _EPISODES,
        seed: int | None = None,
        backend: Backend = NUMPY,
    ) -> Float:
        """The actions of some rounds, `[episodes, rounds, n]`."""
        stream = seeding.sequence(self.seed if seed is None else seed, "check")
        rules = Rules(self.game, self.named)
        played = itertools.islice(rounds(rules, seats, episodes, stream, backend), _ROUNDS)
        return np.stack([to_numpy(actions) for _, actions in played], axis=1)


@dataclass(frozen=True)
class _Script(Agent):
    """Plays levels that were drawn beforehand: other ones for every player and round."""

    seed: int

    def act(self, view: View) -> Decision:
        level = seeding.generator(self.seed, "script", view.player, view.turn).random()
        return Decision(view.low + level * (view.high - view.low))


@dataclass(frozen=True)
class Watched(Agent):
    """Plays an agent and looks at every answer."""

    agent: Agent
    case: Case = field(compare=False)

    @property
    def random(self) -> bool:
        """Whether the agent is."""
        return self.agent.random

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Any:
        """Let the agent prepare."""
        return self.agent.reset(role, rules, rng)

    def act(self, view: View) -> Decision:
        """The agent's answer, given twice and looked at."""
        need = self.case.need
        before = _snapshot(view)
        twice = [dataclasses.replace(view, rng=copy.deepcopy(view.rng)) for _ in range(2)]
        first, second = (self.agent.act(held) for held in twice)
        need(
            isinstance(first, Decision) and isinstance(second, Decision),
            f"act gives a {type(first).__name__}",
            "return a Decision",
        )
        need(
            _snapshot(view) == before,
            f"act changes its memory or what it observed in round {view.turn}",
            "return a new memory in the decision, and change no array of the view in place",
        )
        self._look(first.action, view)
        need(
            np.array_equal(to_numpy(first.action), to_numpy(second.action)),
            f"the same view gives two answers in round {view.turn}",
            "compute from the view alone: keep no state in the agent, and draw from view.rng",
        )
        view.rng.bit_generator.state = twice[0].rng.bit_generator.state
        return first

    def _look(self, action: Array, view: View) -> None:
        """Actions have the shape `[B]`, are finite and allowed."""
        need, where = self.case.need, f"in round {view.turn}"
        shape = getattr(action, "shape", None)
        need(
            shape == view.low.shape and backend_of(action) == backend_of(view.low),
            f"actions {where} are {type(action).__name__} {shape}, for {len(view.low)} episodes",
            "return one number an episode, of the library and type of view.low",
        )
        values, low, high = (to_numpy(x) for x in (action, view.low, view.high))
        need(np.isfinite(values).all(), f"an action {where} is not finite", "check the arithmetic")
        slack = 1e-9 * np.maximum(1, high - low)
        need(
            ((values >= low - slack) & (values <= high + slack)).all(),
            f"an action {where} lies outside {low[0]:g} to {high[0]:g}: {values.tolist()}",
            "keep actions between view.low and view.high",
        )


def _snapshot(view: View) -> bytes | None:
    """What the agent must not change, as bytes; None where that cannot be told."""
    try:
        return pickle.dumps((view.memory, view.observation, view.low, view.high))
    except (pickle.PicklingError, TypeError, AttributeError):
        return None
