"""markets/cournot: firms choose quantities, the market finds one price."""

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


@dataclass(frozen=True)
class Cournot(OneShot):
    """Quantity competition with linear inverse demand P = max(a - b Q, 0) and constant costs."""

    firms: Names = 2
    """how many firms, or their names"""
    demand: Annotated[float, Gt(0)] = 100.0
    """a, the price at which nothing is sold"""
    slope: Annotated[float, Gt(0)] = 1.0
    """b, by how much the price falls with each unit sold"""
    costs: Annotated[float, Ge(0)] | tuple[Annotated[float, Ge(0)], ...] = 10.0
    """c, the cost of a unit (one number for all, or one each)"""
    rounds: Rounds = 1
    """how often the market is held"""

    noun: ClassVar[str] = "quantity"
    card: ClassVar[GameCard] = card_of(
        "Quantity competition",
        "Firms choose how much to produce. The more all bring to the market together, the lower "
        "the price at which everything is sold.",
        (
            "Cournot (1838), Recherches sur les principes mathematiques de la theorie "
            "des richesses",
            "Vives (1999), Oligopoly Pricing, chapter 4",
        ),
    )

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        _ = each(self.costs, self.n, "costs")

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The firms' names."""
        return named(self.firms, "firm")

    @property
    def bounds(self) -> tuple[Float, Float]:
        """From nothing to the quantity at which the price is 0."""
        return np.zeros(self.n), np.full(self.n, self.demand / self.slope)

    def constants(self) -> Mapping[str, Float]:
        """a, b and c."""
        return {
            "demand": np.array(self.demand),
            "slope": np.array(self.slope),
            "costs": each(self.costs, self.n, "costs"),
            "zero": np.array(0.0),
        }

    def pay(self, actions: Array, known: Mapping[str, Array], xp: Any) -> Array:
        """(P - c) q."""
        price = xp.maximum(known["demand"] - known["slope"] * actions.sum(0), known["zero"])
        return (price - known["costs"]) * actions
