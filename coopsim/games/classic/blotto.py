"""blotto: two commanders divide their troops over battlefields."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, cast

import numpy as np
from annotated_types import Ge, MinLen

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.classic.tabular import FAMILY, TabularGame
from coopsim.games.forms.normal import NormalForm
from coopsim.tolerance import same

_LARGEST = 4_000_000  # profiles of a table: 64 MB for both players


@dataclass(frozen=True)
class BlottoGame(TabularGame):
    """Divide troops over battlefields; each field goes to whoever sends more."""

    coins: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(2)] = (5, 5)
    """the troops of each of the two players"""
    values: Annotated[tuple[float, ...], MinLen(1)] = (1.0, 1.0, 1.0)
    """what each field is worth"""
    pay: Literal["most", "sum"] = "most"
    """"most": 1 for holding more value than the other, -1 for less; "sum": the difference"""

    card: ClassVar[GameCard] = cast(
        GameCard,
        FoundCard(
            replace(
                FAMILY,
                title="Blotto",
                summary="Two commanders divide their troops over fields, and the larger force "
                "holds a field.",
                references=("Borel (1921), La théorie du jeu et les équations intégrales",),
            )
        ),
    )

    def __post_init__(self) -> None:
        """Check sizes. Raises `UserError` with the key at fault."""
        if len(self.coins) != 2:
            raise UserError("two players divide troops", key="coins", given=list(self.coins))
        if not np.isfinite(self.values).all():
            raise UserError("no worth of a field", key="values", given=list(self.values))
        sizes = [_ways(coins, len(self.values)) for coins in self.coins]
        if sizes[0] * sizes[1] > _LARGEST:
            raise UserError(
                f"{sizes[0]:,} x {sizes[1]:,} divisions are too many for a table",
                key="coins",
                given=list(self.coins),
                allowed=f"at most {_LARGEST:,} pairs of divisions",
            )

    @functools.cached_property
    def matrix(self) -> NormalForm:
        """Every pair of divisions; labels such as "3-1-1"."""
        own = [_divisions(coins, len(self.values)) for coins in self.coins]
        worth = np.asarray(self.values)
        held = np.sign(own[0][:, None, :] - own[1][None, :, :]) @ worth
        # sums of worths such as 0.1 + 0.2 and 0.3 are one
        held[same(held, 0.0, scale=float(np.abs(worth).max()))] = 0.0
        paid = np.sign(held) if self.pay == "most" else held
        labels = [["-".join(map(str, row.astype(int))) for row in rows] for rows in own]
        return NormalForm(np.stack([paid, -paid]), ("player 1", "player 2"), labels)


def _ways(coins: int, fields: int) -> int:
    """The number of divisions."""
    import math

    return math.comb(coins + fields - 1, fields - 1)


def _divisions(coins: int, fields: int) -> Float:
    """All ways to divide whole coins over fields, `[K, fields]`, in lexicographic order."""
    if fields == 1:
        return np.array([[float(coins)]])
    blocks = []
    for first in range(coins + 1):
        rest = _divisions(coins - first, fields - 1)
        blocks.append(np.column_stack([np.full(len(rest), float(first)), rest]))
    return np.concatenate(blocks)
