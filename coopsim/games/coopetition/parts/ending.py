"""Endings: an episode is over when trust between some players falls or rises far enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from coopsim.arrays import Float
from coopsim.errors import UserError, nearest
from coopsim.parameters import Parameters

Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, slots=True)
class Ending(Parameters):
    """The mean of some players' trust in some others, and where it ends the episode."""

    truster: str | None = None
    """whose trust counts; everybody's where not said"""
    trusted: str | None = None
    """trust in whom counts; in everybody where not said"""
    below: Share | None = None
    """the episode ends where the mean falls below this"""
    reaches: Share | None = None
    """the episode ends (in success) where the mean reaches this"""

    def __post_init__(self) -> None:
        """Refuse an ending that never comes, or comes at once."""
        if (self.below is None) == (self.reaches is None):
            raise UserError(
                "needs one of below and reaches",
                key="below",
                given={"below": self.below, "reaches": self.reaches},
            )

    def pairs(self, players: Sequence[str], key: str = "endings") -> Float:
        """Weights `[n, n]` of the pairs whose trust counts; they sum to 1.

        `key` is where the ending stands, for messages.

        Raises:
            UserError: no such player, or no pair is left.
        """
        n = len(players)
        counted = 1.0 - np.eye(n)
        for role, name, axis in (("truster", self.truster, 0), ("trusted", self.trusted, 1)):
            if name is None:
                continue
            if name not in players:
                raise UserError(
                    "not a player",
                    key=f"{key}.{role}",
                    given=name,
                    allowed=list(players),
                    nearest=nearest(name, list(players)),
                )
            other = np.arange(n) != list(players).index(name)
            counted[(other, slice(None)) if axis == 0 else (slice(None), other)] = 0
        if not counted.any():
            raise UserError("nobody's trust is left to count", key=key, given=self.truster)
        return np.asarray(counted / counted.sum())
