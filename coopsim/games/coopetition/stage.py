"""coopetition/stage: the one-shot coopetition game of TR-1."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le

from coopsim.arrays import NUMPY, Array, Backend, Float, backend_of, namespace
from coopsim.games.card import GameCard
from coopsim.games.coopetition.payoffs import Coopetition, paid, private_payoffs
from coopsim.games.game import Step


@dataclass(frozen=True, slots=True)
class StageState:
    """The contributions of the one round, `[B, n]`; zero before it is played."""

    actions: Array
    private: Array
    turn: Array


@dataclass(frozen=True)
class Stage(Coopetition):
    """One simultaneous choice of contributions, with trust given and fixed."""

    trust: Annotated[float, Ge(0), Le(1)] = 1.0
    """effective trust of everybody in everybody, the gate on interdependence"""

    card: ClassVar[GameCard] = GameCard(
        title="Coopetition stage game",
        summary=(
            "Players choose how much of an endowment to contribute. Each keeps the value of its "
            "own contribution; joint effort creates a synergy that is shared by bargaining "
            "power; dependence makes partners' payoffs count."
        ),
        forms=("continuous", "normal", "constant"),
        references=("arXiv:2510.18802 (TR-1), equations 1, 5-8, 11, 13, definition 3",),
    )
    rounds: ClassVar[int] = 1

    def initial_trust(self) -> float:
        """The fixed trust."""
        return self.trust

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> StageState:
        """Nothing has been contributed. Nothing is random."""
        zero = backend.asarray(np.moveaxis(np.zeros((self.n, batch)), 0, -1))
        return StageState(zero, zero, zero[:, 0])

    def observe(self, state: StageState, player: int) -> Mapping[str, Array]:
        """Everybody sees the contributions made so far."""
        return {"actions": state.actions}

    def step(self, state: StageState, actions: Array) -> Step:
        """Play the round."""
        xp = namespace(actions)
        endowment, surplus, weight = _constants(self, backend_of(state.actions))
        a = xp.moveaxis(actions, 0, -1)
        private = private_payoffs(a, endowment, surplus, self.value, xp)
        payoffs = xp.moveaxis(paid(private, weight, self.reward, xp), -1, 0)
        after = StageState(actions, xp.moveaxis(private, -1, 0), state.turn + 1)
        return Step(after, payoffs, after.turn >= 1)

    def expose(self, state: StageState) -> Mapping[str, Array]:
        """The private payoffs behind what was paid."""
        return {"private_payoff": state.private}

    def narrate(self, view: Any) -> str:
        """The rules in words."""
        name = self.labels[view.player]
        return (
            f"You are {name}. {self.card.summary} You have {self.endowment[view.player]:g} to "
            f"contribute and receive {self.share[view.player]:.0%} of the synergy."
        )

    @staticmethod
    def batch(state: StageState) -> int:
        """The number of episodes."""
        return int(state.actions.shape[0])


@functools.lru_cache(maxsize=64)
def _constants(game: Stage, backend: Backend) -> tuple[Array, Array, Array]:
    weight: Float = np.asarray(game.trust * game.dependence)
    return (
        backend.asarray(game.endowment[:, None]),
        backend.asarray(game.gamma * game.share[:, None]),
        backend.asarray(weight[:, :, None]),
    )
