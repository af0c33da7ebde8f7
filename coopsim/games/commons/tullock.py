"""commons/tullock: efforts raise the chance of winning a prize and are spent either way."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Gt, Le

from coopsim.arrays import Array, Float
from coopsim.games.card import GameCard
from coopsim.games.oneshot import Names, OneShot, Rounds, card_of, each, named

Positive = Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Tullock(OneShot):
    """A lottery contest: the chance of winning is x_i^r / sum_j x_j^r, even where all are 0."""

    players: Names = 2
    """how many players, or their names"""
    prizes: Positive | tuple[Positive, ...] = 100.0
    """V, what the prize is worth (one number for all, or one each)"""
    decisiveness: Annotated[float, Gt(0), Le(2)] = 1.0
    """r, how strongly effort decides; 1 is a lottery with one ticket a unit"""
    highest: Positive = 100.0
    """the most effort that can be spent"""
    rounds: Rounds = 1
    """how often the contest is held"""

    noun: ClassVar[str] = "effort"
    card: ClassVar[GameCard] = card_of(
        "Lottery contest",
        "Players spend effort on a prize that one of them wins, with a chance that is the own "
        "share of all efforts. What is spent is spent, for winners and losers.",
        (
            "Tullock (1980), Efficient rent seeking, in Buchanan, Tollison and Tullock (eds)",
            "Konrad (2009), Strategy and Dynamics in Contests, chapter 2",
        ),
        notes=("Payoffs are expected ones: the draw itself is not played.",),
    )

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        _ = each(self.prizes, self.n, "prizes")

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The players' names."""
        return named(self.players, "player")

    @property
    def bounds(self) -> tuple[Float, Float]:
        """From nothing to the highest effort."""
        return np.zeros(self.n), np.full(self.n, self.highest)

    def constants(self) -> Mapping[str, Float]:
        """V, r, and the even chance."""
        return {
            "prizes": each(self.prizes, self.n, "prizes"),
            "power": np.array(self.decisiveness),
            "even": np.array(1 / self.n),
            "zero": np.array(0.0),
            "one": np.array(1.0),
        }

    def pay(self, actions: Array, known: Mapping[str, Array], xp: Any) -> Array:
        """V times the chance, less the effort."""
        weight = xp.maximum(actions, known["zero"]) ** known["power"]
        total = weight.sum(0)
        nobody = total <= known["zero"]
        chance = weight / xp.where(nobody, known["one"], total)
        return known["prizes"] * xp.where(nobody, known["even"], chance) - actions
