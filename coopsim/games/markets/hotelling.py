"""markets/hotelling: two shops at the ends of a street choose prices."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, MaxLen, MinLen

from coopsim.arrays import Array, Float
from coopsim.games.card import GameCard
from coopsim.games.oneshot import OneShot, Rounds, card_of, each, named


@dataclass(frozen=True)
class Hotelling(OneShot):
    """Customers spread evenly over a street of length 1 go where price plus way costs least."""

    firms: Annotated[tuple[str, ...], MinLen(2), MaxLen(2)] = ("left shop", "right shop")
    """the names of the two shops"""
    transport: Annotated[float, Gt(0)] = 1.0
    """t, what the whole length of the street costs a customer"""
    costs: Annotated[float, Ge(0)] | tuple[Annotated[float, Ge(0)], ...] = 0.0
    """c, the cost of a unit (one number for both, or one each)"""
    highest: Annotated[float, Gt(0)] = 4.0
    """the highest price that can be asked; everybody buys at any price up to it"""
    rounds: Rounds = 1
    """how often the market is held"""

    noun: ClassVar[str] = "price"
    card: ClassVar[GameCard] = card_of(
        "Prices on a street",
        "Two shops stand at the ends of a street and choose prices. Customers live all along "
        "it and buy where price and way together cost least.",
        (
            "Hotelling (1929), Stability in competition, The Economic Journal 39",
            "Tirole (1988), The Theory of Industrial Organization, section 7.1",
        ),
    )

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        _ = each(self.costs, self.n, "costs")

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The shops' names."""
        return named(self.firms, "shop")

    @property
    def bounds(self) -> tuple[Float, Float]:
        """From 0 to the highest price."""
        return np.zeros(2), np.full(2, self.highest)

    def constants(self) -> Mapping[str, Float]:
        """t and c."""
        return {
            "steep": np.array(0.5 / self.transport),
            "costs": each(self.costs, self.n, "costs"),
            "half": np.array(0.5),
            "zero": np.array(0.0),
            "one": np.array(1.0),
        }

    def pay(self, actions: Array, known: Mapping[str, Array], xp: Any) -> Array:
        """(p - c) times the share of the street, 1/2 + (other price - own price) / (2 t)."""
        other = actions.sum(0) - actions
        share = known["half"] + known["steep"] * (other - actions)
        share = xp.minimum(xp.maximum(share, known["zero"]), known["one"])
        return (actions - known["costs"]) * share
