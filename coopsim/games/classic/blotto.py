"""blotto: two commanders divide their troops over battlefields."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, cast

import numpy as np
from annotated_types import Ge, MinLen

from coopsim import budget
from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.classic.tabular import FAMILY, TabularGame
from coopsim.games.forms.normal import NormalForm
from coopsim.tolerance import same

_LARGEST = 4_000_000  # profiles of a table: 64 MB for both players
_FACTORS = 1000  # coins or fields from which on there are more divisions than any table holds


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
        # by logarithms first: the numbers themselves may have millions of digits
        rough = [_log_ways(coins, len(self.values)) for coins in self.coins]
        if sum(rough) > math.log(_LARGEST) + 1e-6:
            told = " x ".join(_told(logarithm) for logarithm in rough)
            raise UserError(
                f"{told} divisions are too many for a table",
                key="coins",
                given=list(self.coins),
                allowed=f"at most {_LARGEST:,} pairs of divisions",
            )
        pairs = math.prod(math.comb(c + len(self.values) - 1, c) for c in self.coins)
        budget.require(
            3 * 8 * pairs * len(self.values),
            f"{pairs:,} pairs of divisions over {len(self.values):,} fields",
            key="values",
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


def _log_ways(coins: int, fields: int) -> float:
    """The logarithm of the number of divisions."""
    few, many = sorted((coins, fields - 1))
    if few == 0:
        return 0.0
    # of comb(many + few, few), within a millionth; lgamma's difference would lose it all
    # where many is large
    if few <= _FACTORS:
        return sum(math.log1p(many / k) for k in range(1, few + 1))
    return few * math.log1p(many / few)  # a lower bound, and far too many


def _told(logarithm: float) -> str:
    """A count by its logarithm."""
    if logarithm < math.log(10**9):
        return f"{round(math.exp(logarithm)):,}"
    return f"about 10^{logarithm / math.log(10):.0f}"


def _divisions(coins: int, fields: int) -> Float:
    """All ways to divide whole coins over fields, `[K, fields]`, in lexicographic order."""
    left, steps = np.array([coins]), []
    for _ in range(fields - 1):
        # each row so far goes on with every number of coins that it has left
        rows = np.repeat(np.arange(len(left)), left + 1)
        sent = np.arange(len(rows)) - (np.cumsum(left + 1) - (left + 1))[rows]
        steps.append((rows, sent))
        left = left[rows] - sent
    made = np.empty((len(left), fields))
    made[:, -1], place = left, np.arange(len(left))
    for field, (rows, sent) in zip(range(fields - 2, -1, -1), reversed(steps), strict=True):
        made[:, field], place = sent[place], rows[place]
    return made
