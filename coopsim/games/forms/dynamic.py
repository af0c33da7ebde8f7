"""DynamicForm: a game as it is played over its horizon, by whole sequences of actions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopsim import budget
from coopsim.arrays import NUMPY, Array, Backend, Float, backend_of, namespace, to_numpy
from coopsim.errors import UserError
from coopsim.games.forms.payoffs import check_box

_BLOCK = 8192  # sequences played side by side: they fill the arrays and stay in cache
_HELD = 16  # sequences that any method holds at once
_ALIKE = 1e-9  # relative: payoffs closer than this are equal when two players are swapped


@dataclass(frozen=True, eq=False)
class DynamicForm:
    """A game in open-loop strategies: each player fixes its actions of all rounds beforehand.

    A profile is a sequence of joint actions `[T, n]`; player i owns column i. Payoffs are
    those of the whole episode, as paid; rounds after an early end pay nothing.

    Args:
        players: names, in order.
        low, high: bounds of each player's action, `[n]`, finite.
        horizon: T, the number of rounds.
        totals: sequences `[B, T, n]` of numpy or torch to total payoffs `[B, n]`; torch keeps
            the graph, so that payoffs can be differentiated through the horizon.
        marks: actions at which rules change (a baseline, a threshold), `[K, n]`. Searches try
            them; payoffs may have kinks or jumps there.
        unit: what a payoff is measured in, for reports.

    Raises:
        ValueError: shapes do not fit, bounds are not finite, or the horizon is below 1.
    """

    players: tuple[str, ...]
    low: Float
    high: Float
    horizon: int
    totals: Callable[[Array], Array]
    marks: Float | None = None
    unit: str = "payoff units an episode"
    kind: str = field(default="dynamic", init=False)

    def __post_init__(self) -> None:
        """Check shapes and bounds."""
        low, high = (np.array(side, dtype=float) for side in (self.low, self.high))
        if low.shape != (self.n,) or high.shape != (self.n,):
            raise ValueError("low and high must have one entry a player")
        check_box(low, high)
        if self.horizon < 1:
            raise ValueError("the horizon must be at least 1")
        marks = np.zeros((0, self.n)) if self.marks is None else np.array(self.marks, dtype=float)
        if marks.ndim != 2 or marks.shape[1] != self.n:
            raise ValueError(f"marks must have shape [K, {self.n}], not {list(marks.shape)}")
        for name, array in (("low", low), ("high", high), ("marks", np.clip(marks, low, high))):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    def payoffs(self, sequences: Float) -> Float:
        """Total payoffs `[..., n]` of sequences `[..., T, n]`.

        Cost: T rounds of play for each block of 8,192 sequences.

        Raises:
            ValueError: the last axes are not `[T, n]`.
        """
        given = np.asarray(sequences, dtype=float)
        if given.shape[-2:] != (self.horizon, self.n):
            raise ValueError(
                f"sequences must have shape [..., {self.horizon}, {self.n}], not {given.shape}"
            )
        flat = given.reshape(-1, self.horizon, self.n)
        paid = np.empty((len(flat), self.n))
        for first in range(0, len(flat), _BLOCK):
            # rounds first and batch last in memory, as game kernels like it
            block = np.ascontiguousarray(np.moveaxis(flat[first : first + _BLOCK], 0, -1))
            paid[first : first + _BLOCK] = self.totals(np.moveaxis(block, -1, 0))
        return paid.reshape(*given.shape[:-2], self.n)

    def welfare(self, sequences: Float) -> Float:
        """The sum of payoffs, `[...]`, of sequences `[..., T, n]`."""
        return np.asarray(self.payoffs(sequences).sum(-1))

    def gradient(self, sequences: Float, weights: Float) -> tuple[Float, Float]:
        """A weighted sum of payoffs, and its derivative through the horizon, by torch.

        Args:
            sequences: `[..., T, n]`.
            weights: of the players' payoffs, `[n]` or `[..., n]`.

        Returns:
            The sums `[...]` and the derivatives `[..., T, n]`. At a kink it is the derivative
            on one side; a jump, such as an early end, has none and is not seen.

        Raises:
            MissingExtra: torch is not installed.
        """
        backend = Backend("torch")
        given = np.asarray(sequences, dtype=float)
        flat = np.array(given.reshape(-1, self.horizon, self.n))
        point = backend.asarray(flat).requires_grad_(True)
        each = np.broadcast_to(weights, (*given.shape[:-2], self.n)).reshape(-1, self.n)
        worth = (self.totals(point) * backend.asarray(np.array(each))).sum(-1)
        worth.sum().backward()
        slope = np.zeros(flat.shape) if point.grad is None else to_numpy(point.grad)
        return to_numpy(worth).reshape(given.shape[:-2]), slope.reshape(given.shape)

    def constants(self, actions: Float) -> Float:
        """Sequences `[..., T, n]` that repeat joint actions `[..., n]`."""
        given = np.asarray(actions, dtype=float)
        return np.repeat(given[..., None, :], self.horizon, axis=-2)

    def split(self, sequence: Float) -> tuple[Float, ...]:
        """A sequence `[T, n]` as a profile: one array `[T]` a player."""
        return tuple(np.ascontiguousarray(column) for column in np.asarray(sequence).T)

    def join(self, profile: Sequence[Float]) -> Float:
        """The sequence `[T, n]` of a profile."""
        return np.stack([np.asarray(part, dtype=float) for part in profile], axis=-1)

    @functools.cached_property
    def alike(self) -> tuple[int, ...]:
        """For each player the first one it can be swapped with, without a change of payoffs.

        Tried on four random sequences; a swap that changes payoffs by less than 1e-9 of their
        size is taken for none.
        """
        unit = np.random.default_rng(0).random((4, self.horizon, self.n))
        # half of them near each other: endings and thresholds at other places
        unit[2:] = 0.5 + 0.3 * (unit[2:] - 0.5)
        sequences = self.low + unit * (self.high - self.low)
        paid, first = self.payoffs(sequences), list(range(self.n))
        for j in range(1, self.n):
            for i in sorted(set(first[:j])):
                if self._swaps(sequences, paid, i, j):
                    first[j] = i
                    break
        return tuple(first)

    def _swaps(self, sequences: Float, paid: Float, i: int, j: int) -> bool:
        if (self.low[i], self.high[i]) != (self.low[j], self.high[j]):
            return False
        order = np.arange(self.n)
        order[[i, j]] = j, i
        marks = np.asarray(self.marks)
        if not np.array_equal(marks[:, order], marks):
            return False
        swapped = self.payoffs(sequences[..., order])[..., order]
        return bool((np.abs(swapped - paid) <= _ALIKE * (1 + np.abs(paid))).all())


def dynamic_form(
    game: Any, low: Float, high: Float, *, discount: float = 1.0, marks: Float | None = None
) -> DynamicForm:
    """The dynamic form of a game whose players each choose one number a round.

    Args:
        game: a `Game`.
        low, high: bounds of the actions, `[n]`.
        discount: what the next round counts against this one, above 0 and up to 1.
        marks: as in `DynamicForm`.

    Raises:
        UserError: no discount factor, or more rounds than there is memory for.
    """
    if isinstance(discount, bool) or not 0 < discount <= 1:
        raise UserError(
            "no discount factor", key="discount", given=discount, allowed="above 0 and up to 1"
        )
    budget.require(
        8 * _HELD * game.rounds * game.n,
        f"sequences of {game.rounds:,} rounds for {game.n:,} players",
    )
    return DynamicForm(
        players=game.labels,
        low=low,
        high=high,
        horizon=game.rounds,
        totals=functools.partial(_totals, game, discount),
        marks=marks,
    )


def _totals(game: Any, discount: float, sequences: Array) -> Array:
    """Total payoffs `[B, n]` of sequences `[B, T, n]`, numpy or torch."""
    xp, backend = namespace(sequences), backend_of(sequences)
    state = game.start(len(sequences), None, backend)
    total, alive, weight = None, None, 1.0
    for t in range(sequences.shape[1]):
        step = game.step(state, sequences[:, t])
        paid = step.payoffs if weight == 1.0 else step.payoffs * weight
        if alive is not None:
            paid = xp.where(alive[:, None], paid, paid * 0)
        total = paid if total is None else total + paid
        state, weight = step.state, weight * discount
        alive = ~step.done if alive is None else alive & ~step.done
        if backend.library == NUMPY.library and not alive.any():
            break
    return total
