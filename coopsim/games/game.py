"""Game: the batched, pure rules of play."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from coopsim import hashing, parameters
from coopsim.arrays import NUMPY, Array, Backend, Float
from coopsim.errors import CoopsimError, InvalidAction, NoSuchForm, UserError
from coopsim.games.card import GameCard

if TYPE_CHECKING:
    import gymnasium


@dataclass(frozen=True, slots=True)
class Step:
    """What one round of play gives.

    Args:
        state: the next state.
        payoffs: what each player is paid for this round, `[B, n]`, in payoff units.
        done: whether the episode ended with this round, `[B]`, boolean.
    """

    state: Any
    payoffs: Array
    done: Array


class Game(parameters.Parameters, ABC):
    """The rules of a game, for a batch of episodes at once.

    A game is a frozen dataclass whose fields are its parameters. Its methods are pure:
    they return new states and change nothing. State is a frozen dataclass of arrays
    with a leading batch axis; the same code runs on numpy and on torch, decided by the
    arrays it is given. A game knows nothing of solvers, agents or files.

    Subclasses say `card`, `labels`, `rounds` and the abstract methods. Simultaneous and
    sequential moves share this shape: a player who is not to move has one legal action.
    """

    card: ClassVar[GameCard]

    @property
    def common_view(self) -> bool:
        """Whether `observe` shows every player the same, so that one look serves all."""
        return False

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The players' names, in order."""

    @property
    @abstractmethod
    def rounds(self) -> int:
        """The largest number of rounds an episode can have (T)."""

    @abstractmethod
    def action_space(self, player: int) -> gymnasium.Space[Any]:
        """The Gymnasium space of one player's action."""

    @abstractmethod
    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> Any:
        """The first states of `batch` episodes. `rng` draws what is random at the start."""

    @abstractmethod
    def observe(self, state: Any, player: int) -> Mapping[str, Array]:
        """What `player` sees: named arrays `[B, ...]`, in the order of the flat observation."""

    @abstractmethod
    def step(self, state: Any, actions: Array) -> Step:
        """Play one round with the joint action `[B, n]` (or `[B, n, k]`)."""

    @abstractmethod
    def narrate(self, view: Any) -> str:
        """The rules and the observation of the first episode in `view`, in words."""

    def legal(self, state: Any, player: int) -> tuple[Array, Array]:
        """Bounds of a continuous action, two arrays `[B]`, or a mask `[B, A]` of a discrete one."""
        space: Any = self.action_space(player)
        size = self.batch(state)
        low, high = np.ravel(space.low), np.ravel(space.high)
        return np.broadcast_to(low, (size, low.size)), np.broadcast_to(high, (size, high.size))

    def expose(self, state: Any) -> Mapping[str, Array]:
        """Named quantities of a state worth keeping and measuring, `[B, ...]` each."""
        return {}

    def form(self, kind: str, **options: Any) -> Any:
        """The form that solvers read. Raises `NoSuchForm` naming the forms it has."""
        raise NoSuchForm(
            f"{self.card.title or type(self).__name__} has no {kind} form; "
            f"it has: {', '.join(self.card.forms) or 'none'}"
        )

    @staticmethod
    @abstractmethod
    def batch(state: Any) -> int:
        """The number of episodes in a state."""

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.labels)

    @functools.cached_property
    def hash(self) -> str:
        """Content hash of the rules: the class and every parameter."""
        name = f"{type(self).__module__}:{type(self).__qualname__}"
        return hashing.digest({"game": name, "parameters": parameters.dump(self)})

    @functools.cached_property
    def ends(self) -> tuple[Float, ...]:
        """The bounds of what each player chooses, `[2, k]` for k numbers, `[2, 0]` for others.

        Kept, since every seat of every line-up asks for them.
        """
        return tuple(_ends(self.action_space(i)) for i in range(self.n))


def checked_game(game: Any) -> Game:
    """The game itself. Raises `UserError` for what is none."""
    if not isinstance(game, Game):
        raise UserError(
            "must be a game", key="game", given=repr(game), allowed="what coopsim.make_game returns"
        )
    return game


def action_bounds(game: Game) -> tuple[Float, Float]:
    """The lowest and the highest action of each player, `[n]` each.

    Raises:
        CoopsimError: a player does not choose one number from an interval.
    """
    low, high = np.empty(game.n), np.empty(game.n)
    for i, name in enumerate(game.labels):
        ends = game.ends[i]
        if ends.shape != (2, 1):
            raise CoopsimError(
                f"{name} does not choose one number from an interval but an element of "
                f"{game.action_space(i)}"
            )
        low[i], high[i] = float(ends[0, 0]), float(ends[1, 0])
    return low, high


def action_limits(game: Game) -> tuple[Float, Float]:
    """The lowest and the highest of all the numbers that players choose.

    Returns:
        Two arrays `[n]` where each player chooses one number, `[n, k]` where each chooses k.

    Raises:
        CoopsimError: a player does not choose numbers from intervals, or not as many as others.
    """
    sizes: list[Float] = []
    for i, name in enumerate(game.labels):
        sizes.append(game.ends[i])
        if sizes[i].size == 0 or sizes[i].shape != sizes[0].shape:
            raise CoopsimError(
                f"{name} does not choose one number from an interval, or as many numbers as "
                f"{game.labels[0]}, but an element of {game.action_space(i)}"
            )
    low, high = np.stack(sizes, axis=1)
    return (low[:, 0], high[:, 0]) if low.shape[1] == 1 else (low, high)


def _ends(space: Any) -> Float:
    """The bounds of a space, `[2, k]`; nothing, `[2, 0]`, where it has no finite ones."""
    ends = [np.ravel(getattr(space, side, ())) for side in ("low", "high")]
    whole = ends[0].size == ends[1].size and np.isfinite(ends).all()
    return np.array(ends, dtype=np.float64) if whole else np.empty((2, 0))


def checked_actions(
    actions: Float, low: Float, high: Float, labels: tuple[str, ...], *, clip: bool
) -> Float:
    """Actions `[..., n]` (or `[..., n, k]`) as the game will use them.

    Args:
        actions: what was asked for, any leading axes (batch, step).
        low, high: bounds of each player's action, `[n]` or `[n, k]`.
        labels: the players' names, for messages.
        clip: whether the game's rules bring values outside the bounds to the nearest bound.

    Raises:
        InvalidAction: a value is NaN or infinite, or outside the bounds where the rules
            do not clip; the message names the player and the round.
    """
    bad = ~np.isfinite(actions)
    problem = "is not a finite number"
    if not bad.any() and not clip:
        bad = (actions < low) | (actions > high)
        problem = "is outside the action space"
    if bad.any():
        where = tuple(int(i[0]) for i in np.nonzero(bad))
        own = where[-low.ndim :]
        place = f" in round {where[-low.ndim - 1]}" if len(where) > low.ndim else ""
        raise InvalidAction(
            f"action {actions[where]} of {labels[own[0]]}{place} {problem}; "
            f"allowed: {low[own]:g} to {high[own]:g}"
        )
    return np.clip(actions, low, high) if clip else actions
