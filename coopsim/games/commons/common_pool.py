"""commons/common-pool: what one takes from a shared resource lowers what all get from it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt

from coopsim.arrays import Array, Float
from coopsim.games.card import GameCard
from coopsim.games.oneshot import Names, OneShot, Rounds, card_of, each, named

Positive = Annotated[float, Gt(0)]


@dataclass(frozen=True)
class CommonPool(OneShot):
    """Appropriation from a common pool: w (e - x) outside it, x (a - b X) from it."""

    players: Names = 8
    """how many players, or their names"""
    endowments: Positive | tuple[Positive, ...] = 25.0
    """e, the effort each can put in (one number for all, or one each)"""
    outside: Annotated[float, Ge(0)] = 5.0
    """w, what a unit of effort earns elsewhere"""
    output: Positive = 23.0
    """a, what the first unit of effort earns in the pool"""
    crowding: Positive = 0.25
    """b, by how much each further unit of anybody lowers what every unit earns there"""
    rounds: Rounds = 1
    """how often the pool is used"""

    noun: ClassVar[str] = "effort in the pool"
    card: ClassVar[GameCard] = card_of(
        "Common-pool resource",
        "Players divide effort between a safe outside use and a resource that all share. The "
        "more effort goes into the resource, the less every unit of it earns.",
        (
            "Ostrom, Gardner and Walker (1994), Rules, Games, and Common-Pool Resources, chapter 5",
            "Gordon (1954), The economic theory of a common-property resource, JPE 62",
        ),
    )

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        _ = each(self.endowments, self.n, "endowments")

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The players' names."""
        return named(self.players, "player")

    @property
    def bounds(self) -> tuple[Float, Float]:
        """From nothing to all of the effort."""
        return np.zeros(self.n), np.array(each(self.endowments, self.n, "endowments")[:, 0])

    def constants(self) -> Mapping[str, Float]:
        """w, e, a and b."""
        return {
            "endowments": each(self.endowments, self.n, "endowments"),
            "outside": np.array(self.outside),
            "yield": np.array(self.output),
            "crowding": np.array(self.crowding),
        }

    def pay(self, actions: Array, known: Mapping[str, Array], xp: Any) -> Array:
        """w (e - x) + x (a - b X)."""
        each_earns = known["yield"] - known["crowding"] * actions.sum(0)
        return known["outside"] * (known["endowments"] - actions) + actions * each_earns
