"""attendance: go or stay, where a crowd spoils the evening (El Farol, the minority game)."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, cast

import numpy as np
from annotated_types import Ge, Le

from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.classic.tabular import FAMILY, TabularGame
from coopsim.games.forms.normal import NormalForm


@dataclass(frozen=True)
class AttendanceGame(TabularGame):
    """Everybody goes or stays; going pays only where not too many go."""

    players: Annotated[int, Ge(2), Le(16)] = 5
    """how many decide; the table has players x 2^players payoffs"""
    capacity: Annotated[int, Ge(0)] = 3
    """how many can go before it is crowded"""
    free: float = 1.0
    """what going pays where at most `capacity` go"""
    crowded: float = -1.0
    """what going pays where more go"""
    home: float = 0.0
    """what staying pays where it is not crowded"""
    relief: float = 0.0
    """what staying pays where it is crowded"""

    card: ClassVar[GameCard] = cast(
        GameCard,
        FoundCard(
            replace(
                FAMILY,
                title="Attendance",
                summary="Go or stay; going is good as long as not too many others go.",
                references=(
                    "Arthur (1994), Inductive reasoning and bounded rationality, American "
                    "Economic Review 84(2)",
                ),
            )
        ),
    )

    @functools.cached_property
    def matrix(self) -> NormalForm:
        """Everybody's payoffs by who goes."""
        goes = np.indices((2,) * self.players)
        full = goes.sum(0) > self.capacity
        away = np.where(full, self.crowded, self.free)
        stayed = np.where(full, self.relief, self.home)
        names = [f"player {i + 1}" for i in range(self.players)]
        return NormalForm(np.where(goes == 1, away, stayed), names, [("stay", "go")] * self.players)
