"""routing: drivers choose routes over roads that slow down as they fill (Braess)."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, cast

import numpy as np
from annotated_types import Ge

from coopsim import budget
from coopsim.errors import UserError, nearest
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.classic.tabular import FAMILY, TabularGame
from coopsim.games.forms.normal import MOST_PLAYERS, NormalForm

_LARGEST = 2_000_000  # payoffs of the table
_ROAD = 20  # bytes that a payoff takes for each road while the table is made


@dataclass(frozen=True)
class RoutingGame(TabularGame):
    """Each driver takes a route; a road's travel time grows with its traffic."""

    drivers: Annotated[int, Ge(1)] = 4
    """how many choose a route"""
    roads: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {"short": (0.0, 10.0), "long": (30.0, 0.0)}
    )
    """each road's travel time: [when empty, added by every driver on it]"""
    routes: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {"short": ("short",), "long": ("long",)}
    )
    """the roads of each route"""
    closed: tuple[str, ...] = ()
    """roads that nobody may take; routes over them do not exist"""

    card: ClassVar[GameCard] = cast(
        GameCard,
        FoundCard(
            replace(
                FAMILY,
                title="Routing",
                summary="Drivers choose routes, and every road is slower the more of them take "
                "it. Payoffs are travel times with a minus.",
                references=(
                    "Rosenthal (1973), A class of games possessing pure-strategy Nash "
                    "equilibria, International Journal of Game Theory 2",
                ),
            )
        ),
    )

    def __post_init__(self) -> None:
        """Check routes and sizes. Raises `UserError` with the key at fault."""
        named = {f"routes.{name}": roads for name, roads in self.routes.items()}
        for key, roads in {**named, "closed": self.closed}.items():
            for road in roads:
                if road not in self.roads:
                    raise UserError(
                        "no such road",
                        key=key,
                        given=road,
                        allowed=list(self.roads),
                        nearest=nearest(road, list(self.roads)),
                    )
        if not self.open:
            raise UserError("no route is open", key="routes", given=list(self.routes))
        routes, drivers = len(self.open), self.drivers
        # by logarithms: the number itself may have more digits than there are atoms
        largest = math.log(drivers) + drivers * math.log(routes) > math.log(_LARGEST) + 1e-9
        if largest or drivers > MOST_PLAYERS:
            raise UserError(
                f"{routes}^{drivers} profiles are too many for a table",
                key="drivers",
                given=drivers,
                allowed=f"at most {_LARGEST:,} payoffs of at most {MOST_PLAYERS} drivers",
            )
        budget.require(
            _ROAD * drivers * routes**drivers * len(self.roads),
            f"{drivers} x {routes}^{drivers} payoffs over {len(self.roads):,} roads",
            key="roads",
        )

    @property
    def open(self) -> dict[str, tuple[str, ...]]:
        """The routes that lead over no closed road."""
        shut = set(self.closed)
        return {name: roads for name, roads in self.routes.items() if not shut & set(roads)}

    @functools.cached_property
    def matrix(self) -> NormalForm:
        """Travel times with a minus, by everybody's route."""
        uses = np.array([[road in route for road in self.roads] for route in self.open.values()])
        taken = np.indices((len(self.open),) * self.drivers)
        on = uses[taken]  # [drivers, R, ..., R, roads]
        empty, slope = np.array(list(self.roads.values())).T
        times = empty + slope * on.sum(0)
        names = [f"driver {i + 1}" for i in range(self.drivers)]
        return NormalForm(-(on * times).sum(-1), names, [tuple(self.open)] * self.drivers)
