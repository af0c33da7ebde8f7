"""markets/bertrand: firms with differentiated goods choose prices."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt

from coopsim.arrays import Array, Float
from coopsim.errors import UserError
from coopsim.games.card import GameCard
from coopsim.games.oneshot import Names, OneShot, Rounds, card_of, each, named


@dataclass(frozen=True)
class Bertrand(OneShot):
    """Price competition with demand q_i = max(a - p_i + d (mean of the others' prices), 0)."""

    firms: Names = 2
    """how many firms, or their names"""
    demand: Annotated[float, Gt(0)] = 100.0
    """a, what each sells where all prices are 0"""
    cross: Annotated[float, Ge(0)] = 0.5
    """d, by how much a higher mean price of the others raises own sales; below 1"""
    costs: Annotated[float, Ge(0)] | tuple[Annotated[float, Ge(0)], ...] = 10.0
    """c, the cost of a unit (one number for all, or one each)"""
    highest: Annotated[float, Gt(0)] = 200.0
    """the highest price that can be asked"""
    rounds: Rounds = 1
    """how often the market is held"""

    noun: ClassVar[str] = "price"
    card: ClassVar[GameCard] = card_of(
        "Price competition with differentiated goods",
        "Firms choose prices. Each sells less at a higher own price and more when the others "
        "are dear.",
        (
            "Bertrand (1883), Journal des Savants 67",
            "Vives (1999), Oligopoly Pricing, chapter 6",
        ),
    )

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        _ = each(self.costs, self.n, "costs")
        if self.cross >= 1:
            raise UserError(
                "sales must fall when all raise prices together",
                key="cross",
                given=self.cross,
                allowed="0 to below 1",
            )

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The firms' names."""
        return named(self.firms, "firm")

    @property
    def bounds(self) -> tuple[Float, Float]:
        """From 0 to the highest price."""
        return np.zeros(self.n), np.full(self.n, self.highest)

    def constants(self) -> Mapping[str, Float]:
        """a, c and the weight of each other price."""
        return {
            "demand": np.array(self.demand),
            "cross": np.array(self.cross / (self.n - 1)),
            "costs": each(self.costs, self.n, "costs"),
            "zero": np.array(0.0),
        }

    def pay(self, actions: Array, known: Mapping[str, Array], xp: Any) -> Array:
        """(p - c) q."""
        others = actions.sum(0) - actions
        sold = known["demand"] - actions + known["cross"] * others
        return (actions - known["costs"]) * xp.maximum(sold, known["zero"])
