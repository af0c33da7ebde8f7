"""OneShot: games in which everybody chooses one number from an interval, once or round after round.

A family says its parameters, bounds and payoffs; state, play, observation and forms are the same
for all. Rounds are independent: nothing is carried over but what was seen.
"""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Interval, Le, MinLen

from coopsim.arrays import NUMPY, Array, Backend, Float, PerBackend, batch_first, batch_last
from coopsim.arrays import namespace as namespace_of
from coopsim.errors import UserError
from coopsim.games.card import GameCard
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.game import Game, Step

Names = Annotated[int, Interval(ge=2, le=1000)] | Annotated[tuple[str, ...], MinLen(2)]
"""How many players, or their names."""
Rounds = Annotated[int, Ge(1), Le(100_000)]


@dataclass(frozen=True, slots=True)
class OneShotState:
    """The last round's actions `[B, n]` (the lowest ones before it), rounds played `[B]`."""

    actions: Array
    turn: Array


@dataclass(frozen=True)
class OneShot(Game):
    """State and play of one-number games. Abstract: families add parameters and payoffs."""

    common_view: ClassVar[bool] = True
    noun: ClassVar[str] = "choice"
    """what a player chooses, in words"""

    @property
    @abstractmethod
    def bounds(self) -> tuple[Float, Float]:
        """The lowest and the highest action of each player, `[n]` each."""

    @abstractmethod
    def constants(self) -> Mapping[str, Float]:
        """The parameters that payoffs need, as arrays that broadcast against `[n, B]`."""

    @abstractmethod
    def pay(self, actions: Array, known: Mapping[str, Array], xp: Any) -> Array:
        """Payoffs `[n, B]` from actions `[n, B]`; `known` are the constants as arrays of `xp`."""

    @property
    def supermodular(self) -> bool:
        """Whether everybody's payoff has increasing differences in own and others' actions."""
        return False

    def action_space(self, player: int) -> Any:
        """One number between the player's bounds."""
        from gymnasium.spaces import Box

        low, high = self.bounds
        return Box(float(low[player]), float(high[player]), (1,), np.float64)

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> OneShotState:
        """Nothing has been chosen. Nothing is random."""
        low = np.repeat(self.bounds[0][:, None], batch, axis=1)
        actions = batch_first(backend.asarray(low))
        return OneShotState(actions, actions[:, 0] * 0)

    def observe(self, state: OneShotState, player: int) -> Mapping[str, Array]:
        """Everybody sees the last round and how many have been played."""
        return {"actions": state.actions, "turn": state.turn[:, None]}

    def step(self, state: OneShotState, actions: Array) -> Step:
        """Play a round."""
        xp = namespace_of(actions)
        payoffs = self.pay(batch_last(actions), self._known(state.actions), xp)
        turn = state.turn + 1
        return Step(OneShotState(actions, turn), batch_first(payoffs), turn >= self.rounds)

    def form(self, kind: str, **options: Any) -> ContinuousForm | NormalForm:
        """One round as a form: "continuous", or "normal" on a grid of `points` (21) actions."""
        points = options.pop("points", 21) if kind == "normal" else 21
        if kind not in ("continuous", "normal") or options:
            super().form(", ".join([kind, *options]))
        low, high = self.bounds
        form = ContinuousForm(
            players=self.labels,
            low=np.array(low, dtype=np.float64),
            high=np.array(high, dtype=np.float64),
            owner=np.arange(self.n),
            payoffs=functools.partial(_payoffs, self),
            supermodular=self.supermodular,
        )
        return form if kind == "continuous" else form.discretise(points)

    def narrate(self, view: Any) -> str:
        """The rules, the player's bounds and the last round."""
        me = view.player
        low, high = self.bounds
        played = round(float(view.observation["turn"][0, 0]))
        lines = [
            f"You are {self.labels[me]}. {self.card.summary}",
            f"Your {self.noun} is a number from {low[me]:g} to {high[me]:g}. "
            f"Round {played + 1} of {self.rounds}.",
        ]
        if played:
            last = view.observation["actions"][0]
            told = (
                f"{name} {float(action):.6g}"
                for name, action in zip(self.labels, last, strict=True)
            )
            lines.append(f"Last round: {', '.join(told)}.")
        return "\n".join(lines)

    @staticmethod
    def batch(state: OneShotState) -> int:
        """The number of episodes."""
        return int(state.actions.shape[0])

    @functools.cached_property
    def _known(self) -> PerBackend[dict[str, Array]]:
        def made(backend: Backend) -> dict[str, Array]:
            return {name: backend.asarray(np.array(v)) for name, v in self.constants().items()}

        return PerBackend(made)


def named(given: int | tuple[str, ...], word: str) -> tuple[str, ...]:
    """Names of players: those given, or numbered ones."""
    if isinstance(given, int):
        return tuple(f"{word} {i + 1}" for i in range(given))
    if len(set(given)) != len(given):
        raise UserError("two players have one name", given=list(given))
    return given


def each(value: float | tuple[float, ...], n: int, key: str) -> Float:
    """One number for all, or one each, as a column `[n, 1]`. Raises `UserError` naming the key."""
    if isinstance(value, tuple) and len(value) != n:
        raise UserError(f"needs one entry a player, that is {n}", key=key, given=list(value))
    return np.broadcast_to(np.asarray(value, dtype=float), (n,))[:, None]


def card_of(title: str, summary: str, references: tuple[str, ...], **more: Any) -> GameCard:
    """A card of a one-number game."""
    return GameCard(
        title=title,
        summary=summary,
        forms=("continuous", "normal"),
        references=references,
        **more,
    )


def _payoffs(game: OneShot, profiles: Float) -> Float:
    flat = profiles.reshape(-1, profiles.shape[-1])
    known = game._known(flat)
    paid = game.pay(np.ascontiguousarray(flat.T), known, np)
    return np.asarray(paid.T).reshape(profiles.shape)
