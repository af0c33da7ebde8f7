"""Two choices a round: a contribution, and beside it a second number such as a quantity.

Contributions build trust and synergy as in `coopetition/repeated`, with every part of it. What
the second number does to private payoffs is what a family says; trust does not look at it.
"""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import (
    NUMPY,
    Array,
    Backend,
    Float,
    PerBackend,
    at_least,
    batch_first,
    batch_last,
    namespace,
)
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.coopetition.payoffs import UTILITIES
from coopsim.games.coopetition.repeated import Repeated
from coopsim.games.coopetition.round import RepeatedState, play_round
from coopsim.games.forms.constant import constant_form
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.game import Step


@dataclass(frozen=True)
class TwoChoices(Repeated):
    """A repeated coopetition game whose actions are `[B, n, 2]`. Abstract.

    The first number of an action is the contribution, the second one is kept in the state's
    `more` under `noun` and is exposed there.
    """

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        super().__post_init__()
        if self.team is not None:
            raise UserError("goes with no second choice", key="team")

    @property
    @abstractmethod
    def noun(self) -> str:
        """What the second number is, in words and as the name of what is exposed."""

    @property
    @abstractmethod
    def most(self) -> Float:
        """The largest second number of each player, `[n]`; the smallest is 0."""

    @abstractmethod
    def earned(
        self, a: Array, second: Array, surplus: Array, endowment: Array, gamma: Any, xp: Any
    ) -> Array:
        """Private payoffs `[n, ...]` of both choices, players first.

        Args:
            a: contributions, `[n, ...]`.
            second: the second numbers, `[n, ...]`.
            surplus: alpha gamma, that broadcasts against them.
            endowment: e, likewise.
            gamma: the complementarity, a number or `[...]`.
            xp: the array namespace.
        """

    def action_space(self, player: int) -> Any:
        """A contribution from 0 to the endowment, and a second number from 0 to the most."""
        from gymnasium.spaces import Box

        return Box(np.zeros(2), self._high[player], (2,), np.float64)

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> RepeatedState:
        """Everybody stands at the baseline, the second numbers are 0."""
        state = super().start(batch, rng, backend)
        return dataclasses.replace(
            state, more={**state.more, self.noun: batch_first(batch_last(state.private) * 0)}
        )

    def step(self, state: RepeatedState, actions: Array) -> Step:
        """Play one round of both choices, `[B, n, 2]`."""
        xp, known = namespace(actions), self._constants(state.trust)
        second = batch_last(actions[..., 1])
        if self.clip:
            second = xp.minimum(at_least(second, known.zero), self._top(state.trust))

        def private(a: Array, surplus: Array, endowment: Array, xp: Any) -> Array:
            # shares sum to 1, so this is gamma, whatever phase or draw it comes from
            return self.earned(a, second, surplus, endowment, surplus.sum(0), xp)

        played = play_round(self, known, state, actions[..., 0], private)
        more = {**played.state.more, self.noun: batch_first(second)}
        return dataclasses.replace(played, state=dataclasses.replace(played.state, more=more))

    def expose(self, state: RepeatedState) -> Mapping[str, Array]:
        """As without a second choice; and what was contributed."""
        return {**super().expose(state), "contribution": state.actions}

    @abstractmethod
    def about(self, value: float) -> str:
        """What was chosen last, as words that follow a name."""

    @abstractmethod
    def rule(self) -> str:
        """What the second number does, in a sentence or two."""

    def form(self, kind: str, **options: Any) -> Any:
        """The stage game as a form whose players own two coordinates each.

        Args:
            kind: "continuous", or "constant" (whole episodes, as paid; no options).
            options: `utility` and `trust`, as for `Coopetition.form`.
        """
        known = self
        if self.hidden is not None:
            known = dataclasses.replace(self, hidden=None, gamma=self.complementarity)
        if kind == "constant" and not options:
            return constant_form(known, np.zeros((self.n, 2)), self._high)
        utility, trust = options.pop("utility", "private"), options.pop("trust", None)
        if kind != "continuous" or options or utility not in UTILITIES:
            asked = ", ".join([kind, f"utility {utility}", *options])
            raise NoSuchForm(
                f"{self.card.title} has no form ({asked}); it has: continuous, constant; "
                f"options: utility ({', '.join(UTILITIES)}), trust (None, initial, a number)"
            )
        gamma = 0.0 if utility == "independent" else self.complementarity
        weight = self.gated(trust) if utility == "integrated" else np.zeros((self.n, self.n))
        return ContinuousForm(
            players=self.labels,
            low=np.zeros(2 * self.n),
            high=self._high.ravel(),
            owner=np.repeat(np.arange(self.n), 2),
            payoffs=functools.partial(_stage, self, gamma, weight),
        )

    @functools.cached_property
    def _top(self) -> PerBackend[Array]:
        """The largest second numbers, `[n, 1]`."""
        return PerBackend(functools.partial(_column, self.most))

    @functools.cached_property
    def _high(self) -> Float:
        """The largest action of each player, `[n, 2]`."""
        return np.stack([self.endowment, self.most], axis=1)


def _column(values: Float, backend: Backend) -> Array:
    return backend.asarray(np.array(values[:, None]))


def _stage(game: TwoChoices, gamma: float, weight: Float, profiles: Float) -> Float:
    """Utilities `[..., n]` of profiles `[..., 2 n]`, the players' two numbers side by side."""
    # a step of -1e-12 outside the box is rounding, and a root of it would be NaN
    both = np.maximum(profiles, 0.0).reshape(*np.shape(profiles)[:-1], game.n, 2)
    a, second = np.moveaxis(both, (-1, -2), (0, 1))
    ones = (-1,) + (1,) * (a.ndim - 1)
    surplus, endowment = (game.share * gamma).reshape(ones), game.endowment.reshape(ones)
    private = game.earned(a, second, surplus, endowment, gamma, np)
    utility = private + np.tensordot(weight, private, 1) if weight.any() else private
    return np.moveaxis(utility, 0, -1)
