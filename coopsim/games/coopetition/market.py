"""coopetition/market: rivals invest in a market together and compete in it.

Our own combination, of no report: contributions create value, synergy and trust as in TR-1 and
TR-2; the joint value V(c) = sum f(c_i) + gamma g(c) enlarges a market of differentiated goods,
A = size + growth V; in the same round the players compete there, in quantities or in prices:

    quantity:  price_i = max(A - b (q_i + d sum_{j != i} q_j), 0)      (Singh and Vives 1984)
    price:     sold_i = max(A - b (p_i - d mean_{j != i} p_j), 0)

and profits (price - cost) times units sold are added to the private payoffs of TR-1.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, cast

import numpy as np
from annotated_types import Ge, Gt, Lt

from coopsim.arrays import Array, Float, at_least
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.coopetition.payoffs import private_payoffs
from coopsim.games.coopetition.second import TwoChoices
from coopsim.games.coopetition.value import total_value
from coopsim.parameters import Parameters

_CARD = GameCard(
    title="Coopetition with market competition",
    summary=(
        "Every round firms choose how much of an endowment to invest together, and a quantity "
        "(or a price) in the market that they share. What they invest creates value and "
        "synergy, and makes the market larger for all; what each sells presses on the others. "
        "Investing more than the baseline builds trust."
    ),
    repeated=True,
    forms=("continuous", "constant"),
    references=(
        "arXiv:2510.18802 (TR-1), equations 1, 5-8, 11, 13, for value and synergy",
        "Singh and Vives (1984), Price and quantity competition in a differentiated duopoly, "
        "RAND Journal of Economics 15(4), for the market",
        "Brandenburger and Nalebuff (1996), Co-opetition: making the pie and dividing it",
    ),
    notes=(
        "coopsim's own combination of both; no report states it. TR-5, announced, is to treat "
        "value capture and market competition.",
        "How hard players compete does not feed trust; what they invest does.",
    ),
)


@dataclass(frozen=True, slots=True)
class Demand(Parameters):
    """The market that the players share."""

    rivalry: Literal["quantity", "price"] = "quantity"
    """what is chosen beside the investment"""
    size: Annotated[float, Ge(0)] = 40.0
    """the market without any joint value: the highest price (quantity), units sold at price 0
    (price)"""
    growth: Annotated[float, Ge(0)] = 0.02
    """by how much one unit of joint value enlarges the market"""
    slope: Annotated[float, Gt(0)] = 1.0
    """b, how steeply demand falls"""
    substitution: Annotated[float, Ge(0), Lt(1)] = 0.5
    """d, how much others' goods can stand in for the own: 0 not at all, towards 1 perfectly"""
    unit_cost: Annotated[float, Ge(0)] = 10.0
    """c, what a unit costs to make"""
    most: Annotated[float, Gt(0)] = 100.0
    """the largest quantity, or price, that can be chosen"""


@dataclass(frozen=True)
class Market(TwoChoices):
    """Investing in a joint market and competing in it, round after round."""

    demand: Demand = Demand()
    """the market"""

    card: ClassVar[GameCard] = cast(GameCard, FoundCard(_CARD))

    @property
    def noun(self) -> str:
        """quantity or price."""
        return self.demand.rivalry

    @property
    def most(self) -> Float:
        """The same for everybody."""
        return np.full(self.n, self.demand.most)

    def earned(
        self, a: Array, second: Array, surplus: Array, endowment: Array, gamma: Any, xp: Any
    ) -> Array:
        """TR-1's private payoffs and profits, `[n, ...]`."""
        private = private_payoffs(a, endowment, surplus, self.value, xp)
        market = self.demand.size + self.demand.growth * total_value(self.value, gamma, a, xp)
        return private + self.profit(market, second)

    def profit(self, market: Array, second: Array) -> Array:
        """Profits `[n, ...]` in a market of size A `[...]` at quantities or prices `[n, ...]`."""
        rule = self.demand
        others = second.sum(0) - second
        if rule.rivalry == "quantity":
            price = market - rule.slope * (second + rule.substitution * others)
            return (at_least(price, 0.0) - rule.unit_cost) * second
        pull = rule.substitution / (self.n - 1)
        sold = market - rule.slope * (second - pull * others)
        return (second - rule.unit_cost) * at_least(sold, 0.0)

    def about(self, value: float) -> str:
        """What a player did, in words."""
        verb = "sold" if self.demand.rivalry == "quantity" else "asked a price of"
        return f"{verb} {value:.4g}"

    def rule(self) -> str:
        """How the market works, in words."""
        rule = self.demand
        line = (
            f"{rule.slope:g} (own quantity + {rule.substitution:g} the others' together), at "
            "which each unit sells"
            if rule.rivalry == "quantity"
            else f"{rule.slope:g} (own price - {rule.substitution:g} the others' mean), the "
            "units sold"
        )
        return (
            f"The market's size is {rule.size:g} + {rule.growth:g} times the value created; "
            f"less {line}. A unit costs {rule.unit_cost:g}."
        )

    @functools.cached_property
    def own_card(self) -> GameCard:
        """The family's card, with chance and information as the parameters make them."""
        base = super().own_card
        return replace(_CARD, chance=base.chance, information=base.information)
