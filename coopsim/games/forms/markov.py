"""MarkovForm: a finite stochastic game, discounted or with a last stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.payoffs import as_floats, check_payoffs

_MATCH = 1e-9  # how far probabilities may be from adding up to 1


@dataclass(frozen=True, eq=False)
class MarkovForm:
    """A finite stochastic game: Shapley (1953), with any number of players.

    In each state players choose at once; their actions decide what each is paid and where play
    moves. States may have different numbers of actions.

    Args:
        rewards: a state each `[n, A1, ..., An]`.
        transitions: a state each `[A1, ..., An, S]`, the distribution of the next state.
        discount: what the next stage counts, from 0 to below 1; up to 1 with a horizon.
        horizon: the number of stages; None goes on for ever.
        initial: the distribution of the first state, `[S]`; the first state where not given.
        players, states: names; numbered where not given.

    A strategy profile is one array a player: its distributions over actions, state after
    state, `[sum of its actions]`. With a horizon the strategy of stage 0 comes first, then stage
    1, and so on, `[T * sum of its actions]`. `parts` cuts them.

    Raises:
        ValueError: shapes do not fit, a number is not finite, or probabilities do not add up.
    """

    rewards: tuple[Float, ...]
    transitions: tuple[Float, ...]
    discount: float = 1.0
    horizon: int | None = None
    initial: Float | None = None
    players: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    kind: str = field(default="markov", init=False)

    def __post_init__(self) -> None:
        """Copy and check the numbers."""
        rewards = tuple(_read_only(state) for state in self.rewards)
        moves = tuple(_read_only(state) for state in self.transitions)
        if not rewards or len(rewards) != len(moves):
            raise ValueError("rewards and transitions must have one entry a state")
        n, count = len(rewards[0]), len(rewards)
        for s, (paid, move) in enumerate(zip(rewards, moves, strict=True)):
            if paid.ndim != n + 1 or len(paid) != n or move.shape != (*paid.shape[1:], count):
                raise ValueError(
                    f"state {s}: rewards must be [n, A1, ..., An] and transitions "
                    f"[A1, ..., An, {count}], not {paid.shape} and {move.shape}"
                )
            if paid.size == 0:
                raise ValueError(f"state {s}: rewards must have an action a player")
            if (move < 0).any() or not (np.abs(move.sum(-1) - 1) <= _MATCH).all():
                raise ValueError(f"state {s}: the next state must have a distribution")
        self._check_time()
        first = np.eye(count)[0] if self.initial is None else np.asarray(self.initial, dtype=float)
        if first.shape != (count,) or (first < 0).any() or abs(first.sum() - 1) > _MATCH:
            raise ValueError("initial must be a distribution over states")
        players = tuple(self.players) or tuple(f"player {i + 1}" for i in range(n))
        states = tuple(self.states) or tuple(f"state {s + 1}" for s in range(count))
        if len(players) != n or len(states) != count:
            raise ValueError("names do not fit the players or the states")
        check_payoffs(np.concatenate([paid.reshape(n, -1) for paid in rewards], 1), players)
        for name, value in (
            ("rewards", rewards),
            ("transitions", moves),
            ("initial", _read_only(first)),
            ("players", players),
            ("states", states),
        ):
            object.__setattr__(self, name, value)

    def _check_time(self) -> None:
        if self.horizon is None and not 0 <= self.discount < 1:
            raise ValueError("without a horizon the discount must be at least 0 and below 1")
        if self.horizon is not None and (self.horizon < 1 or not 0 <= self.discount <= 1):
            raise ValueError("a horizon is 1 or more, with a discount from 0 to 1")

    @classmethod
    def zero_sum(
        cls,
        rewards: Sequence[npt.ArrayLike],
        transitions: Sequence[npt.ArrayLike],
        **options: Any,
    ) -> MarkovForm:
        """Two players; the second pays what the first gets, `rewards` `[A, B]` a state."""
        tables = [np.asarray(state, dtype=float) for state in rewards]
        both = tuple(np.stack([table, -table]) for table in tables)
        return cls(both, tuple(np.asarray(move, dtype=float) for move in transitions), **options)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    @property
    def size(self) -> int:
        """The number of states."""
        return len(self.rewards)

    @property
    def stages(self) -> int:
        """How many stages a strategy has: the horizon, or 1 where it is stationary."""
        return self.horizon or 1

    def shape(self, state: int) -> tuple[int, ...]:
        """How many actions each player has in a state."""
        return self.rewards[state].shape[1:]

    def parts(self, strategy: Float, player: int) -> list[list[Float]]:
        """A player's flat strategy cut into distributions, `[stage][state]`."""
        sizes = [self.shape(s)[player] for s in range(self.size)]
        cuts = np.cumsum(sizes * self.stages)[:-1]
        pieces = np.split(np.asarray(strategy), cuts)
        return [pieces[t * self.size : (t + 1) * self.size] for t in range(self.stages)]

    def joint_parts(self, joint: Float) -> list[list[Float]]:
        """A flat joint strategy cut into distributions `[A1, ..., An]`, `[stage][state]`."""
        shapes = [self.shape(s) for s in range(self.size)] * self.stages
        cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        pieces = [
            part.reshape(shape) for part, shape in zip(np.split(joint, cuts), shapes, strict=True)
        ]
        return [pieces[t * self.size : (t + 1) * self.size] for t in range(self.stages)]

    def continuation(self, state: int, values: Float) -> Float:
        """What action profiles in a state are worth, `[n, A1, ..., An]`.

        Args:
            state: where.
            values: what the next states are worth to each player, `[n, S]`.
        """
        later = np.moveaxis(self.transitions[state] @ values.T, -1, 0)
        return np.asarray(self.rewards[state] + self.discount * later)

    @property
    def constant_sum(self) -> float | None:
        """What two players get in sum at every stage; None where it varies or there are others."""
        sums = np.concatenate([paid.sum(0).ravel() for paid in self.rewards])
        every = np.concatenate([paid.reshape(self.n, -1) for paid in self.rewards], axis=1)
        if self.n != 2 or np.ptp(sums) > 1e-12 * np.ptp(every, axis=1).max():
            return None
        return float(sums.mean())

    @property
    def spread(self) -> float:
        """The largest range of a player's payoffs over a whole play, in payoff units."""
        return float(self.spreads.max())

    @property
    def spreads(self) -> Float:
        """The range of each player's payoffs over a whole play, `[n]`, in payoff units."""
        lowest = np.min([paid.reshape(self.n, -1).min(1) for paid in self.rewards], axis=0)
        highest = np.max([paid.reshape(self.n, -1).max(1) for paid in self.rewards], axis=0)
        if self.horizon is None:
            weight = 1 / (1 - self.discount)
        else:
            weight = float(np.sum(self.discount ** np.arange(self.horizon)))
        return np.asarray((highest - lowest) * weight)


def _read_only(values: npt.ArrayLike) -> Float:
    array = as_floats(values, "number")
    array.setflags(write=False)
    return array
