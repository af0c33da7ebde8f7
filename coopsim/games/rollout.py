"""Trajectories, and replay of given actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coopsim import seeding
from coopsim.arrays import Float
from coopsim.errors import InvalidAction
from coopsim.games.game import Game, action_limits, checked_actions, checked_game

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Trajectories:
    """What was played, episode by episode.

    Args:
        players: names, in order.
        actions: `[B, T, n]`, as the game used them; `[B, T, n, k]` where players choose k numbers.
        payoffs: `[B, T, n]`, in payoff units a round.
        alive: `[B, T]`, whether round t was played (an episode can end early; the other
            arrays hold zeros after its end).
        exposed: named quantities after each round, `[B, T, ...]`.

    `replay` of one action sequence gives the same object without the batch axis. An
    exposed quantity is also an attribute (`trajectories.trust`).
    """

    players: tuple[str, ...]
    actions: Float
    payoffs: Float
    alive: npt.NDArray[np.bool_]
    exposed: Mapping[str, Float]

    def __getattr__(self, name: str) -> Float:
        """An exposed quantity by name."""
        exposed = self.__dict__.get("exposed", {})
        if name in exposed:
            return np.asarray(exposed[name])
        raise AttributeError(f"{name!r}; exposed by this game: {', '.join(exposed) or 'nothing'}")

    def __getitem__(self, name: str) -> Float:
        """An exposed quantity by name."""
        return np.asarray(self.exposed[name])

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Rounds played in each episode, `[B]`."""
        return np.asarray(self.alive.sum(-1))

    def to_frame(self) -> polars.DataFrame:
        """One row a decision: episode, round, player, action (or action 1 to k), payoff."""
        import polars

        batched = self.alive.ndim == 2
        alive = self.alive if batched else self.alive[None]
        episode, turn, player = np.nonzero(np.repeat(alive[..., None], len(self.players), -1))
        where = (episode, turn, player) if batched else (turn, player)
        chosen = self.actions[where]
        numbers = {"action": chosen}
        if chosen.ndim > 1:
            numbers = {f"action {place + 1}": part for place, part in enumerate(chosen.T)}
        return polars.DataFrame(
            {
                "episode": episode,
                "round": turn,
                "player": np.asarray(self.players)[player],
                **numbers,
                "payoff": self.payoffs[where],
            }
        )


class Recorder:
    """Collects rounds into `Trajectories`; masks what comes after an episode's end."""

    def __init__(self, game: Game, batch: int) -> None:
        """Begin with every one of `batch` episodes alive."""
        self.game = game
        self.alive = np.ones(batch, dtype=bool)
        self._rows: list[tuple[Float, Float, npt.NDArray[np.bool_], dict[str, Float]]] = []

    def add(
        self,
        actions: Float,
        payoffs: Float,
        done: npt.NDArray[np.bool_],
        exposed: Mapping[str, Any],
    ) -> None:
        """Add one round: arrays `[B, ...]` on the CPU."""
        alive = self.alive.copy()
        keep = {name: _masked(values, alive) for name, values in exposed.items()}
        self._rows.append((_masked(actions, alive), _masked(payoffs, alive), alive, keep))
        self.alive &= ~done

    def trajectories(self) -> Trajectories:
        """Everything added so far."""
        actions, payoffs, alive, exposed = zip(*self._rows, strict=True)
        return Trajectories(
            players=self.game.labels,
            actions=np.stack(actions, 1),
            payoffs=np.stack(payoffs, 1),
            alive=np.stack(alive, 1),
            exposed={name: np.stack([row[name] for row in exposed], 1) for name in exposed[0]},
        )


def replay(game: Game, actions: npt.ArrayLike, seed: int = 0) -> Trajectories:
    """Force a sequence of joint actions and return what the game pays.

    Args:
        game: any game.
        actions: `[T, n]`, or `[B, T, n]` for several episodes at once, T at most the horizon;
            with a last axis `[..., k]` where each player chooses k numbers.
        seed: seed of what the game itself draws, if anything.

    Returns:
        Trajectories with payoffs `[T, n]` (or `[B, T, n]`), cut where every episode has ended.

    Raises:
        InvalidAction: wrong shape, more rounds than the horizon, or a value that the game
            does not allow; the message names the player and the round.
    """
    checked_game(game)
    given = _numbers(actions)
    low, high = action_limits(game)
    several = given.ndim == low.ndim + 2
    batch = given if several else given[None]
    fits = several or given.ndim == low.ndim + 1
    if not fits or batch.shape[2:] != low.shape or batch.shape[1] == 0:
        wanted = ", ".join(map(str, ("T", *low.shape)))
        raise InvalidAction(f"actions must have shape [{wanted}], not {list(given.shape)}")
    if batch.shape[1] > game.rounds:
        raise InvalidAction(f"{batch.shape[1]} rounds were given; the horizon is {game.rounds}")
    batch = checked_actions(batch, low, high, game.labels, clip=getattr(game, "clip", False))
    state = game.start(len(batch), seeding.generator(seed, "replay"))
    recorder = Recorder(game, len(batch))
    for t in range(batch.shape[1]):
        step = game.step(state, batch[:, t])
        state = step.state
        recorder.add(batch[:, t], step.payoffs, step.done, game.expose(state))
        if not recorder.alive.any():
            break
    played = recorder.trajectories()
    if several:
        return played
    return Trajectories(
        players=played.players,
        actions=played.actions[0],
        payoffs=played.payoffs[0],
        alive=played.alive[0],
        exposed={name: values[0] for name, values in played.exposed.items()},
    )


def _numbers(actions: npt.ArrayLike) -> Float:
    try:
        given = np.asarray(actions)
        if np.iscomplexobj(given):
            raise TypeError
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InvalidAction("actions must be real numbers, as many for each round") from None


def _masked(values: Any, alive: npt.NDArray[np.bool_]) -> Float:
    array = np.asarray(values)
    if alive.all():
        return array
    return array * alive.reshape((-1,) + (1,) * (array.ndim - 1))
