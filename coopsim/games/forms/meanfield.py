"""MeanFieldForm and CrowdForm: very many players who only meet the population as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.payoffs import check_box


@dataclass(frozen=True, eq=False)
class MeanFieldForm:
    """A mean-field game with finitely many states, actions and stages.

    A representative player moves between states; what it is paid and where it moves may depend
    on the population: how many are in each state and take each action. Lasry and Lions (2007);
    in discrete time Gomes, Mohr and Souza (2010).

    Args:
        initial: the distribution of the first state, `[S]`.
        rewards: stage t and population `[S, A]` (adds up to 1) to payoffs `[S, A]`.
        moves: probabilities of the next state `[S, A, S]`, or a function of stage and
            population to them.
        horizon: stages, 1 or more.
        actions: how many.
        players: the name of the population.

    A profile is one array, the policy `[T, S, A]`.

    Raises:
        ValueError: shapes do not fit, or probabilities do not add up.
    """

    initial: Float
    rewards: Callable[[int, Float], Float]
    moves: Float | Callable[[int, Float], Float]
    horizon: int
    actions: int
    players: tuple[str, ...] = ("population",)
    kind: str = field(default="mean field", init=False)

    def __post_init__(self) -> None:
        """Copy and check what can be checked."""
        first = np.array(self.initial, dtype=np.float64)
        if first.ndim != 1 or (first < 0).any() or abs(first.sum() - 1) > 1e-9:
            raise ValueError("initial must be a distribution over states")
        if self.horizon < 1 or self.actions < 1:
            raise ValueError("there must be a stage and an action")
        first.setflags(write=False)
        object.__setattr__(self, "initial", first)
        even = np.repeat(first[:, None], self.actions, 1) / self.actions
        shape = (len(first), self.actions)
        if np.shape(self.rewards(0, even)) != shape:
            raise ValueError(f"rewards must give payoffs {shape}")
        move = self.move(0, even)
        if move.shape != (*shape, len(first)) or (np.abs(move.sum(-1) - 1) > 1e-9).any():
            raise ValueError(f"moves must be distributions {(*shape, len(first))}")

    @property
    def n(self) -> int:
        """The number of players that are told apart: one."""
        return len(self.players)

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.initial)

    def move(self, stage: int, population: Float) -> Float:
        """The probabilities of the next state, `[S, A, S]`."""
        if callable(self.moves):
            return np.asarray(self.moves(stage, population), dtype=float)
        return np.asarray(self.moves, dtype=float)

    def paid(self, stage: int, population: Float) -> Float:
        """Payoffs of states and actions, `[S, A]`."""
        return np.asarray(self.rewards(stage, population), dtype=float)


@dataclass(frozen=True, eq=False)
class CrowdForm:
    """A game of very many equal players, each paid by its own action and the mean action.

    Args:
        payoff: own actions `[..., m]` and mean actions `[..., m]` to payoffs `[...]`,
            vectorised over leading axes that fit each other.
        low, high: the box that actions lie in, `[m]`, finite.
        players: the name of the crowd.

    A profile is one array: the action `[m]` that everybody takes.

    Raises:
        ValueError: the box does not fit.
    """

    payoff: Callable[[Float, Float], Float]
    low: Float
    high: Float
    players: tuple[str, ...] = ("crowd",)
    kind: str = field(default="crowd", init=False)

    def __post_init__(self) -> None:
        """Copy and check the box."""
        low, high = np.array(self.low, dtype=np.float64), np.array(self.high, dtype=np.float64)
        if low.ndim != 1 or low.shape != high.shape or not len(low):
            raise ValueError("low and high need one number a coordinate")
        check_box(low, high)
        low.setflags(write=False)
        high.setflags(write=False)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @property
    def n(self) -> int:
        """The number of players that are told apart: one."""
        return len(self.players)
