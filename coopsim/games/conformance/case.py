"""A game under check: what it is played with, and how a broken law is reported."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim import seeding
from coopsim.arrays import NUMPY, Backend
from coopsim.errors import CheckFailed
from coopsim.games.conformance.states import copied
from coopsim.games.game import Game, Step

_ROUNDS = 64  # rounds that most laws look at
_UNBOUNDED = 1e3  # actions are drawn up to here where a space has no bound


@dataclass(frozen=True)
class Round:
    """One round as it was played: the state before, the joint action, and what came of it."""

    state: Any
    actions: npt.NDArray[Any]
    step: Step


@dataclass(frozen=True)
class Case:
    """A game, how many episodes to play side by side, and the seed of everything drawn."""

    game: Game
    episodes: int
    seed: int

    def need(self, holds: Any, problem: str, remedy: str) -> None:
        """Raise `CheckFailed` unless `holds`."""
        if not holds:
            raise CheckFailed(type(self.game).__name__, problem, remedy)

    def rng(self, purpose: str) -> np.random.Generator:
        """The random stream for one purpose, the same each time it is asked for."""
        return seeding.generator(self.seed, "check", purpose)

    def start(self, backend: Backend = NUMPY) -> Any:
        """The first states of all episodes."""
        return self.game.start(self.episodes, self.rng("start"), backend)

    @functools.cached_property
    def rounds(self) -> list[Round]:
        """The first rounds of all episodes under random actions."""
        rng, state, played = self.rng("actions"), self.start(), []
        for _ in range(min(self.game.rounds, _ROUNDS)):
            actions = random_actions(self.game, state, rng)
            # copies, so that a game that writes into what it is given can be told
            held = Round(copied(state), actions.copy(), self.game.step(state, actions))
            played.append(held)
            if np.all(held.step.done):
                break
            state = held.step.state
        return played


def random_actions(game: Game, state: Any, rng: np.random.Generator) -> npt.NDArray[Any]:
    """A joint action of legal random actions, bounds among them: `[B, n]` or `[B, n, k]`."""
    columns = []
    for player in range(game.n):
        legal: Any = game.legal(state, player)
        if not isinstance(legal, tuple):
            mask = np.asarray(legal)
            columns.append((rng.random(mask.shape) * mask).argmax(-1))
            continue
        low, high = (np.clip(np.asarray(side), -_UNBOUNDED, _UNBOUNDED) for side in legal)
        # a third of the draws lie at a bound, where games tend to break
        where = np.clip(rng.uniform(-0.25, 1.25, low.shape), 0, 1)
        column = low + where * (high - low)
        columns.append(column[:, 0] if column.shape[-1] == 1 else column)
    return np.stack(columns, axis=1)
