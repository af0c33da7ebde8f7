"""coopetition/stage: the one-shot coopetition game of TR-1."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le

from coopsim.arrays import (
    NUMPY,
    Array,
    Backend,
    PerBackend,
    batch_first,
    batch_last,
    namespace,
)
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
        zero = batch_first(backend.asarray(np.zeros((self.n, batch))))
        return StageState(zero, zero, zero[:, 0])

    def observe(self, state: StageState, player: int) -> Mapping[str, Array]:
        """Everybody sees the contributions made so far."""
        return {"actions": state.actions}

    def step(self, state: StageState, actions: Array) -> Step:
        """Play the round."""
        xp = namespace(actions)
        endowment, surplus, weight = self._constants(state.actions)
        a = batch_last(actions)
        private = private_payoffs(a, endowment, surplus, self.value, xp)
        payoffs = paid(private, weight, self.reward, xp)
        after = StageState(actions, private.T, state.turn + 1)
        return Step(after, payoffs.T, after.turn >= 1)

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

    @functools.cached_property
    def _constants(self) -> PerBackend[tuple[Array, ...]]:
        return PerBackend(functools.partial(_make_constants, self))


def _make_constants(game: Stage, backend: Backend) -> tuple[Array, ...]:
    """Endowments, weights of the synergy and of partners' payoffs, players first."""
    given = game.endowment, game.gamma * game.share, game.trust * game.dependence
    return tuple(backend.asarray(np.array(values[..., None])) for values in given)
