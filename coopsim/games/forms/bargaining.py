"""BargainingForm: what players can agree on, and what they get if they do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.payoffs import as_floats, check_box, check_payoffs


@dataclass(frozen=True, eq=False)
class BargainingForm:
    """A bargaining problem: Nash (1950), "The bargaining problem".

    What is feasible is either the convex hull of `vertices` (players may agree on lotteries),
    or the payoffs `frontier(x)` of the points x of a box (without lotteries).

    Args:
        disagreement: what players get if they do not agree, `[n]`.
        vertices: payoffs of the agreements that lotteries are made of, `[K, n]`; or None.
        frontier: points `[..., m]` of the box to payoffs `[..., n]`, vectorised; or None.
        low, high: the box, `[m]`, finite; only with `frontier`.
        players: names; numbered where not given.

    A profile is one array: the lottery over vertices `[K]`, or the point of the box `[m]`.

    Raises:
        ValueError: both or neither of vertices and frontier are given, or shapes do not fit.
    """

    disagreement: Float
    vertices: Float | None = None
    frontier: Callable[[Float], Float] | None = None
    low: Float | None = None
    high: Float | None = None
    players: tuple[str, ...] = ()
    kind: str = field(default="bargaining", init=False)

    def __post_init__(self) -> None:
        """Copy and check the numbers."""
        point = _read_only(self.disagreement)
        if point.ndim != 1 or not len(point):
            raise ValueError("the disagreement must be one number a player")
        object.__setattr__(self, "disagreement", point)
        names = tuple(self.players) or tuple(f"player {i + 1}" for i in range(len(point)))
        if len(names) != len(point):
            raise ValueError(f"{len(names)} names for {len(point)} players")
        object.__setattr__(self, "players", names)
        if (self.vertices is None) == (self.frontier is None):
            raise ValueError("either vertices or a frontier, not both")
        if self.vertices is not None:
            vertices = _read_only(self.vertices)
            if vertices.ndim != 2 or vertices.shape[1] != len(point) or not len(vertices):
                raise ValueError(f"vertices must be [K, {len(point)}], not {vertices.shape}")
            check_payoffs(np.vstack([vertices, point]).T, names)
            object.__setattr__(self, "vertices", vertices)
        else:
            check_payoffs(point[:, None], names)
            self._check_box()

    def _check_box(self) -> None:
        low, high = _read_only(self.low), _read_only(self.high)
        if low.ndim != 1 or low.shape != high.shape or not len(low):
            raise ValueError("a frontier needs low and high, one number a coordinate")
        check_box(low, high)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @classmethod
    def of_game(
        cls, payoffs: Any, disagreement: Any, players: Sequence[str] = ()
    ) -> BargainingForm:
        """Joint lotteries over the profiles of a payoff tensor `[n, A1, ..., An]`."""
        tensor = np.asarray(payoffs, dtype=float)
        return cls(disagreement, tensor.reshape(len(tensor), -1).T, players=tuple(players))

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    def payoffs(self, agreement: Float) -> Float:
        """What players get from a lottery `[K]` or a point `[m]`: `[n]`."""
        if self.vertices is not None:
            return np.asarray(agreement @ self.vertices)
        assert self.frontier is not None  # checked when the form was made
        return np.asarray(self.frontier(agreement), dtype=float)


def _read_only(values: Any) -> Float:
    array = as_floats(0.0 if values is None else values)
    array.setflags(write=False)
    return array
