"""ContinuousForm: every player chooses a point of a box."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import Clock, keeping, look
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.grid import Grid
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.payoffs import check_box

_LARGEST = 10_000_000  # profiles of a grid: 80 MB a player
_PIECE = 262_144  # coordinates of the profiles that are evaluated between two looks at a clock


@dataclass(frozen=True)
class ContinuousForm:
    """A one-shot game on boxes, with payoffs that take whole batches of profiles.

    A profile is a flat vector of `m` coordinates; coordinate `k` belongs to player
    `owner[k]`. With one action a player, `m = n` and `owner = 0..n-1`.

    Args:
        players: names, in order.
        low, high: bounds of each coordinate, `[m]`, finite.
        owner: the player of each coordinate, `[m]`, integers.
        payoffs: profiles `[..., m]` to payoffs `[..., n]`, vectorised over leading axes.
        gradient: profiles `[..., m]` to the derivative of each coordinate's owner's payoff
            with respect to that coordinate, `[..., m]`; None where it is not known.
        supermodular: whether every player's payoff has increasing differences in the own
            and the others' actions, so that a smallest and a largest equilibrium exist
            and bound all others (Milgrom and Roberts 1990, theorem 5).
        unit: what a payoff is measured in, for reports.
    """

    players: tuple[str, ...]
    low: Float
    high: Float
    owner: np.ndarray
    payoffs: Callable[[Float], Float]
    gradient: Callable[[Float], Float] | None = None
    supermodular: bool = False
    unit: str = "payoff units a round"
    kind: str = field(default="continuous", init=False)

    def __post_init__(self) -> None:
        """Check shapes and bounds. Raises `ValueError` naming what does not fit."""
        size = len(self.low)
        if len(self.high) != size or len(self.owner) != size:
            raise ValueError("low, high and owner must have one entry a coordinate")
        check_box(self.low, self.high)
        if set(self.owner.tolist()) != set(range(self.n)):
            raise ValueError("every player must own at least one coordinate")

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    @property
    def m(self) -> int:
        """The number of coordinates of a profile."""
        return len(self.low)

    def coordinates(self, player: int) -> np.ndarray:
        """The indices of the coordinates that `player` chooses."""
        return np.flatnonzero(self.owner == player)

    def split(self, point: Float) -> tuple[Float, ...]:
        """A point `[m]` as a profile: each player's coordinates, in the order of the players."""
        return tuple(point[self.coordinates(player)] for player in range(self.n))

    def join(self, profile: Sequence[Float]) -> Float:
        """The point `[m]` of a profile with one array of coordinates a player."""
        point = np.empty(self.m)
        for player, part in enumerate(profile):
            point[self.coordinates(player)] = part
        return point

    def welfare(self, profiles: Float) -> Float:
        """The sum of payoffs, `[...]`, of profiles `[..., m]`."""
        return np.asarray(self.payoffs(profiles).sum(-1))

    def watched(self, clock: Clock) -> ContinuousForm:
        """The same form, whose payoffs are computed in pieces with a look at a clock before each.

        A piece is a profile or up to 262,144 coordinates, whichever is more, so that what goes
        on between two looks is bounded. A search is stopped from the inside: evaluations raise
        `OutOfTime` once the clock is over.
        """

        def in_pieces(compute: Callable[[Float], Float], profiles: Float) -> Float:
            many = np.asarray(profiles).reshape(-1, self.m)
            piece = max(1, _PIECE // self.m)
            with keeping(clock):
                look()
                if len(many) <= piece:
                    return compute(profiles)
                found = []
                for first in range(0, len(many), piece):
                    look()
                    found.append(compute(many[first : first + piece]))
            whole = np.concatenate(found)
            return whole.reshape((*np.shape(profiles)[:-1], whole.shape[-1]))

        slope = self.gradient
        return dataclasses.replace(
            self,
            payoffs=functools.partial(in_pieces, self.payoffs),
            gradient=None if slope is None else functools.partial(in_pieces, slope),
        )

    def discretise(self, points: int) -> NormalForm:
        """The normal form on a grid of `points` equally spaced values a coordinate.

        Cost: `points ** m` profiles. Only one coordinate a player is supported.

        Raises:
            UserError: fewer than two points.
            ValueError: players with several coordinates.
            NoSuchForm: more than 10 million profiles.
        """
        if isinstance(points, bool) or not isinstance(points, int) or points < 2:
            raise UserError(
                "a grid needs at least two points a coordinate",
                key="points",
                given=points,
                allowed="a whole number of at least 2",
            )
        if self.m != self.n:
            raise ValueError("only games with one action coordinate a player have a grid form")
        if points > _LARGEST or points**self.m > _LARGEST:
            raise NoSuchForm(
                f"a grid of {points} values for {self.m} players has {points}^{self.m} profiles; "
                f"at most {_LARGEST:,} fit"
            )
        order = np.argsort(self.owner)
        axes = [np.linspace(self.low[k], self.high[k], points) for k in order]
        profiles = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        placed = np.empty_like(profiles)
        placed[..., order] = profiles
        paid = np.empty((*profiles.shape[:-1], self.n))
        for first in range(points):
            look()
            paid[first] = self.payoffs(placed[first])
        payoffs = np.moveaxis(paid, -1, 0)
        labels = tuple(tuple(f"{value:.6g}" for value in axis) for axis in axes)
        grid = Grid(self, tuple(axes))
        return NormalForm(payoffs, players=self.players, actions=labels, grid=grid)
