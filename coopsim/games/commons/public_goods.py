"""commons/public-goods: what is given is shared by all, whoever gave it."""

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
from coopsim.tolerance import least

Positive = Annotated[float, Gt(0)]


@dataclass(frozen=True)
class PublicGoods(OneShot):
    """Voluntary contributions, multiplied and shared evenly; with a threshold, all or nothing."""

    players: Names = 4
    """how many players, or their names"""
    endowments: Positive | tuple[Positive, ...] = 20.0
    """e, what each can give (one number for all, or one each)"""
    multiplier: Positive = 1.6
    """what a unit given is worth to all together; between 1 and n it pays all and no one"""
    threshold: Annotated[float, Ge(0)] = 0.0
    """the sum that must come together before anything is paid out; 0 for none"""
    bonus: Annotated[float, Ge(0)] = 0.0
    """what each receives on top where a threshold is reached"""
    refund: bool = False
    """whether contributions are given back where the threshold is missed"""
    rounds: Rounds = 1
    """how often contributions are asked for"""

    noun: ClassVar[str] = "contribution"
    card: ClassVar[GameCard] = card_of(
        "Public goods",
        "Players decide how much of an endowment to put into a common project. What comes "
        "together is multiplied and shared evenly, whoever gave it; the rest is kept. Where "
        "there is a threshold, nothing is paid out below it.",
        (
            "Isaac and Walker (1988), Group size effects in public goods provision, QJE 103",
            "Ledyard (1995), Public goods, in Handbook of Experimental Economics",
            "Bagnoli and Lipman (1989), Provision of public goods, Review of Economic Studies 56",
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
        """From nothing to everything."""
        return np.zeros(self.n), np.array(each(self.endowments, self.n, "endowments")[:, 0])

    def constants(self) -> Mapping[str, Float]:
        """e, the return on a unit given to each, and the least sum that meets the threshold."""
        return {
            "endowments": each(self.endowments, self.n, "endowments"),
            "share": np.array(self.multiplier / self.n),
            "threshold": np.array(least(self.threshold)),
            "bonus": np.array(self.bonus if self.threshold > 0 else 0.0),
            "refund": np.array(1.0 if self.refund else 0.0),
            "zero": np.array(0.0),
        }

    def pay(self, actions: Array, known: Mapping[str, Array], xp: Any) -> Array:
        """e - x + m / n sum x (+ bonus) where the threshold is met; e - x, or e, where not."""
        total = actions.sum(0)
        met = total >= known["threshold"]
        shared = xp.where(met, known["share"] * total + known["bonus"], known["zero"])
        back = xp.where(met, known["zero"], known["refund"]) * actions
        return known["endowments"] - actions + shared + back
