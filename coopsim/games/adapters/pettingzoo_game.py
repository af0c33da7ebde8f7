"""pettingzoo: any PettingZoo environment, Parallel or AEC, as a game.

An environment changes when it is stepped, and a game must not. So a state here is what
determines everything: the seed and the actions so far. The environment that stands at a
state is kept, moved on by the next step, and played again from its seed where a state is
looked at that it has left.
"""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

import numpy as np
from annotated_types import Ge, MinLen

from coopsim import budget, permissions, registry
from coopsim.arrays import NUMPY, Array, Backend, Float, backend_of, namespace, to_numpy
from coopsim.errors import CoopsimError, InvalidAction, UserError
from coopsim.games.adapters import pettingzoo_names
from coopsim.games.adapters.pettingzoo_live import Live, Snapshot
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.game import Game, Step

if TYPE_CHECKING:
    import gymnasium

_KEPT = 4096  # snapshots of states, beside the environments that stand at some of them

_FAMILY = GameCard(
    title="PettingZoo environment",
    summary="The rules are the environment's own.",
    information="imperfect",
    actions="discrete",
    chance=True,
    repeated=True,
)


def from_pettingzoo(env: str, *, horizon: int = 1000, **parameters: Any) -> PettingZooGame:
    """An environment by "module:attribute" as a game; its module is imported.

    From then on files that this process reads may name it too.

    Args:
        env: where a function or class is that makes the environment, such as
            "pettingzoo.classic.tictactoe_v3:env".
        horizon: the most rounds (of an AEC environment: decisions) that are played.
        parameters: what the environment is made with.

    Raises:
        UserError: there is nothing there, or it makes no environment.
        CoopsimError: the players' action spaces cannot stand in one array.

    Cost: a step is the environment's own, one episode after another; looking at a state that
    was left costs its episode so far.
    """
    permissions.grant(env)
    game = PettingZooGame(env, parameters, horizon)
    _ = game.labels  # so that what cannot be made is told here
    return game


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """What determines where an episode stands.

    Args:
        seed: `[B]`.
        actions: what was played, `[B, T, n]`; zeros after `turn` (`[B, T, n, k]` for boxes).
        turn: rounds played, `[B]`.
        over: whether the episode has ended, `[B]`.
    """

    seed: Array
    actions: Array
    turn: Array
    over: Array


@dataclass(frozen=True)
class PettingZooGame(Game):
    """Any PettingZoo environment whose players choose a number, an array or an index."""

    env: Annotated[str, MinLen(1)]
    """where the environment is made: "pettingzoo.classic.tictactoe_v3:env", or a registered name"""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """what it is made with"""
    horizon: Annotated[int, Ge(1)] = 1000
    """the most rounds that are played; of an AEC environment a round is one decision"""

    card: ClassVar[GameCard] = cast(GameCard, FoundCard(_FAMILY))

    def __post_init__(self) -> None:
        """Refuse what a file may not name. Raises `UserError`; nothing is made or imported yet."""
        if ":" in self.env:
            pettingzoo_names.check(self.env, self.parameters)
        else:
            registry.lookup("environment", self.env)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the environment's possible agents."""
        return self._first.agents

    @property
    def rounds(self) -> int:
        """The horizon."""
        return self.horizon

    @functools.cached_property
    def own_card(self) -> GameCard:
        """The family's card with the environment's name, moves and actions."""
        return replace(
            _FAMILY,
            title=self._first.name,
            moves="sequential" if self._first.turns else "simultaneous",
            actions="discrete" if self._first.discrete else "continuous",
        )

    def action_space(self, player: int) -> gymnasium.Space[Any]:
        """The environment's space."""
        space: gymnasium.Space[Any] = self._first.spaces[player]
        return space

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> EnvironmentState:
        """Episodes with seeds drawn from `rng`."""
        generator = rng or np.random.default_rng(0)
        seeds = generator.integers(0, 2**31, batch).astype(np.float64)
        shape = (batch, self.horizon, self.n, *self._first.width)
        # the actions so far are part of a state; they are held before and after a round
        need = 2 * 8 * math.prod(shape)
        budget.require(
            need,
            f"{batch:,} episodes of up to {self.horizon:,} rounds",
            fits=f"at most {budget.fitting(need / self.horizon):,} rounds",
            key="horizon",
            given=self.horizon,
        )
        zero = backend.asarray(np.zeros(batch))
        return EnvironmentState(
            backend.asarray(seeds), backend.asarray(np.zeros(shape)), zero, zero > 0
        )

    def observe(self, state: EnvironmentState, player: int) -> Mapping[str, Array]:
        """What the player sees, as one flat array of numbers."""
        seen = np.stack([snapshot.seen[player] for snapshot in self._snapshots(state)])
        return {"observation": backend_of(state.seed).asarray(seen)}

    def legal(self, state: EnvironmentState, player: int) -> Any:
        """A mask of actions, or bounds; players who are not to move have one action."""
        if not self._first.discrete:
            space: Any = self._first.spaces[player]
            ends = (
                np.tile(side.ravel(), (self.batch(state), 1)) for side in (space.low, space.high)
            )
            return tuple(backend_of(state.seed).asarray(side) for side in ends)
        masks = np.stack([snapshot.masks[player] for snapshot in self._snapshots(state)])
        return backend_of(state.seed).asarray(masks.astype(float)) > 0

    def step(self, state: EnvironmentState, actions: Array) -> Step:
        """One round of every episode.

        Raises:
            InvalidAction: the environment has no such action; the message names the player.
        """
        xp, backend = namespace(state.seed), backend_of(state.seed)
        given = to_numpy(actions).astype(np.float64)
        turn = to_numpy(state.turn).astype(int)
        over = to_numpy(state.over)
        if not np.isfinite(given).all():
            player = int(np.argwhere(~np.isfinite(given))[0][1])
            raise InvalidAction(f"an action of {self.labels[player]} is not a finite number")
        played = np.array(to_numpy(state.actions), dtype=np.float64)
        rows = np.flatnonzero(~over & (turn < self.horizon))
        played[rows, turn[rows]] = given[rows].reshape(len(rows), *played.shape[2:])
        paid = np.zeros((len(turn), self.n))
        ended = over.copy()
        seeds = to_numpy(state.seed).astype(int)
        for b in rows:
            snapshot = self._replays.at(int(seeds[b]), played[b, : turn[b] + 1])
            paid[b], ended[b] = snapshot.paid, snapshot.over or turn[b] + 1 >= self.horizon
        moved = turn + ~over
        after = EnvironmentState(
            state.seed,
            backend.asarray(played),
            backend.asarray(moved.astype(float)),
            backend.asarray(ended.astype(float)) > 0,
        )
        return Step(after, backend.asarray(paid), xp.asarray(after.over))

    def narrate(self, view: Any) -> str:
        """Who plays what, and the numbers seen; environments have no words of their own."""
        seen = np.asarray(to_numpy(view.observation["observation"]))[0]
        shown = ", ".join(f"{value:g}" for value in seen[:40])
        space = self._first.spaces[view.player]
        return (
            f"You are {self.labels[view.player]} in {self.own_card.title}. Your actions: {space}.\n"
            f"What you see: {shown}{' ...' if len(seen) > 40 else ''}."
        )

    @staticmethod
    def batch(state: EnvironmentState) -> int:
        """The number of episodes."""
        return int(state.seed.shape[0])

    def _snapshots(self, state: EnvironmentState) -> list[Snapshot]:
        seeds, turn = to_numpy(state.seed).astype(int), to_numpy(state.turn).astype(int)
        played = to_numpy(state.actions).astype(np.float64)
        return [self._replays.at(int(seed), played[b, : turn[b]]) for b, seed in enumerate(seeds)]

    @functools.cached_property
    def _first(self) -> Live:
        return Live(self._make)

    @functools.cached_property
    def _replays(self) -> _Replays:
        return _Replays(self._make)

    def _make(self) -> Any:
        """A new environment. Raises `UserError` where that fails."""
        try:
            return self._maker(**self.parameters)
        except CoopsimError:
            raise
        except Exception as error:  # whatever the environment's own code raises
            raise UserError(
                f"the environment cannot be made: {error}", key="env", given=self.env
            ) from error

    @functools.cached_property
    def _maker(self) -> Any:
        """What makes an environment. Raises `UserError` where it cannot be imported."""
        if ":" not in self.env:
            return registry.lookup("environment", self.env).load()
        try:
            return registry.load(self.env)
        except Exception as error:  # whatever the module's own code raises
            raise UserError(
                f"the environment cannot be imported: {error}", key="env", given=self.env
            ) from error


class _Replays:
    """Environments by seed and actions so far: moved on where possible, else played again."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._seen: OrderedDict[bytes, Snapshot] = OrderedDict()
        self._live: OrderedDict[bytes, Live] = OrderedDict()

    def at(self, seed: int, actions: Float) -> Snapshot:
        """What an episode looks like after `actions` `[t, n]`."""
        key = _key(seed, actions)
        if key in self._seen:
            self._seen.move_to_end(key)
            return self._seen[key]
        live = self._live.pop(_key(seed, actions[:-1]), None) if len(actions) else None
        if live is None:
            live = Live(self._make)
            snapshot = live.reset(seed)
            for row in actions[:-1]:
                snapshot = live.step(row)
        snapshot = live.step(actions[-1]) if len(actions) else live.snapshot
        self._live[key] = live
        self._seen[key] = snapshot
        for table in (self._seen, self._live):
            while len(table) > _KEPT:
                table.popitem(last=False)
        return snapshot


def _key(seed: int, actions: Float) -> bytes:
    return seed.to_bytes(8, "little") + np.ascontiguousarray(actions).tobytes()
