"""TrustForm: a game over time whose whole state is each player's trust and reputation."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError

Rule = Callable[[Float, Float], tuple[Float, Float, Float]]


@dataclass(frozen=True, eq=False)
class TrustForm:
    """A game in strategies that look at `(T_j, R_j)` of every player j, and at the round.

    `T_j` is what others trust j with, `R_j` the damage to j's reputation, both from 0 to 1.
    A state is `(T_1, R_1, ..., T_n, R_n)`.

    A strategy profile is one array a player: its actions at the points of a grid,
    `[K, g, h, g, h, ...]`, with `g` equal steps of each T and `h` of each R from 0 to 1 and
    linear interpolation between them (`at`). `K` is the horizon, or 1 where play is endless.

    Args:
        players: names, in order.
        low, high: bounds of each player's action, `[n]`.
        horizon: the number of rounds; None for play without a last round.
        discount: what the next round counts, above 0 and up to 1; below 1 where play is endless.
        start: the first state, `[2n]`.
        step: states `[B, 2n]` and actions `[B, n]` to the next states, payoffs `[B, n]`, and
            whether play goes on, `[B]`, 1 or 0.
        marks: actions at which the rules change, `[K, n]`.

    Raises:
        UserError: no discount factor.
    """

    players: tuple[str, ...]
    low: Float
    high: Float
    horizon: int | None
    discount: float
    start: Float
    step: Rule
    marks: Float
    unit: str = "payoff units an episode"
    kind: str = field(default="trust", init=False)

    def __post_init__(self) -> None:
        """Check the discount factor."""
        most = "above 0 and below 1" if self.horizon is None else "above 0 and up to 1"
        good = 0 < self.discount <= 1 and (self.discount < 1 or self.horizon is not None)
        if isinstance(self.discount, bool) or not good:
            raise UserError("no discount factor", key="discount", given=self.discount, allowed=most)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    @property
    def stages(self) -> int:
        """How many strategies by state a player has: one a round, or one for all."""
        return 1 if self.horizon is None else self.horizon

    @functools.cached_property
    def symmetric(self) -> bool:
        """Whether players can be swapped, tried on random states and actions."""
        rng = np.random.default_rng(0)
        alike = np.ptp(self.low) == 0 and np.ptp(self.high) == 0
        first = self.start.reshape(self.n, 2)
        if not alike or np.ptp(first, axis=0).any():
            return False
        states = rng.random((16, self.n, 2)) * np.array([1.0, 0.5])
        actions = self.low + rng.random((16, self.n)) * (self.high - self.low)
        plain = self.step(states.reshape(16, -1), actions)
        turned = np.roll(np.arange(self.n), 1)
        moved = self.step(states[:, turned].reshape(16, -1), actions[:, turned])
        after = plain[0].reshape(16, self.n, 2)[:, turned].reshape(16, -1)
        return bool(
            np.allclose(after, moved[0], rtol=0, atol=1e-12)
            and np.allclose(plain[1][:, turned], moved[1], rtol=1e-9)
            and np.array_equal(plain[2], moved[2])
        )


def grid(shape: tuple[int, ...]) -> Float:
    """The points `[prod(shape), len(shape)]` of a grid of equal steps from 0 to 1."""
    axes = [np.linspace(0, 1, size) for size in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))


def at(values: Float, states: Float) -> Float:
    """Linear interpolation of `values` `[g, h, ...]` on `grid` at states `[B, d]`: `[B]`.

    Cost: 2^d look-ups a state.
    """
    shape = values.shape
    flat = np.ascontiguousarray(values).ravel()
    base = np.zeros(len(states), dtype=np.int64)
    shares, strides = [], []
    stride = flat.size
    for axis, size in enumerate(shape):
        stride //= size
        place = np.clip(states[:, axis], 0.0, 1.0) * (size - 1)
        cell = np.minimum(place.astype(np.int64), max(size - 2, 0))
        base += cell * stride
        shares.append(place - cell)
        strides.append(stride if size > 1 else 0)
    return _blend(flat, base, shares, strides)


def chosen(part: Float, stage: int, states: Float) -> Float:
    """A player's actions `[B]` at states `[B, 2n]` in a round, by its part of a profile.

    Args:
        part: `[K, g, h, ...]`; a part with two axes beside the first looks at the first
            player's trust and damage, which stand for everybody's.
        stage: the round; from the last one of the part on, that one holds.
        states: trust and damage of all players.
    """
    return at(part[min(stage, len(part) - 1)], states[:, : part.ndim - 1])


def _blend(flat: Float, base: np.ndarray, shares: list[Float], strides: list[int]) -> Float:
    if not shares:
        return np.asarray(flat[base])
    low = _blend(flat, base, shares[1:], strides[1:])
    high = _blend(flat, base + strides[0], shares[1:], strides[1:])
    return np.asarray(low + shares[0] * (high - low))
