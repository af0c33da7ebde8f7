"""ResourceForm: players who harvest one stock that regrows, period after period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from coopsim.arrays import Float


@dataclass(frozen=True, eq=False)
class ResourceForm:
    """The great fish war of Levhari and Mirman (1980), for any number of players.

    Each period the players take c_1, ..., c_n of the stock y. What is left regrows to
    scale * (y - sum c)^growth. Player i is paid log(c_i), and discounts by discounts[i].

    Args:
        growth: the exponent of regrowth, above 0 and at most 1.
        discounts: one a player, above 0 and below 1.
        stock: what there is in the beginning, above 0.
        scale: of regrowth, above 0.
        players: names; numbered where not given.

    A profile is one array a player with one number: the share of the stock that it takes.

    Raises:
        ValueError: a number is out of range.
    """

    growth: float
    discounts: Sequence[float]
    stock: float = 1.0
    scale: float = 1.0
    players: tuple[str, ...] = ()
    kind: str = field(default="resource", init=False)

    def __post_init__(self) -> None:
        """Copy and check the numbers."""
        discounts = tuple(float(d) for d in self.discounts)
        if not 0 < self.growth <= 1 or not (0 < self.stock < np.inf and 0 < self.scale < np.inf):
            raise ValueError("growth must lie in (0, 1], stock and scale above 0 and finite")
        if not discounts or not all(0 < d < 1 for d in discounts):
            raise ValueError("discounts must lie between 0 and 1, one a player")
        names = tuple(self.players) or tuple(f"player {i + 1}" for i in range(len(discounts)))
        if len(names) != len(discounts):
            raise ValueError(f"{len(names)} names for {len(discounts)} discounts")
        object.__setattr__(self, "discounts", discounts)
        object.__setattr__(self, "players", names)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    def values(self, shares: Float, stock: float | None = None) -> Float:
        """What each player gets over time when everybody takes a fixed share, `[n]`.

        With shares s the logarithm of the stock follows z' = growth z + b, with
        b = growth log(1 - sum s) + log(scale), so that sums of discounted logs are closed.
        """
        beta = np.asarray(self.discounts)
        z = np.log(self.stock if stock is None else stock)
        drift = self.growth * np.log1p(-float(np.sum(shares))) + np.log(self.scale)
        level = z / (1 - self.growth * beta)
        level = level + beta * drift / ((1 - beta) * (1 - self.growth * beta))
        return np.asarray(np.log(shares) / (1 - beta) + level)
