"""openspiel: an OpenSpiel game by name, played by table look-up."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, MinLen

from coopsim.games.adapters.openspiel import LIMIT, from_openspiel
from coopsim.games.classic.tree import TableGame
from coopsim.games.forms.extensive import ExtensiveForm


@dataclass(frozen=True)
class OpenSpielGame(TableGame):
    """Any OpenSpiel game that can be written out as a tree."""

    name: Annotated[str, MinLen(1)]
    """OpenSpiel's name with parameters: "leduc_poker", "liars_dice(numdice=1,dice_sides=4)" """
    limit: Annotated[int, Ge(1)] = LIMIT
    """the largest number of nodes to build"""

    @property
    def extensive(self) -> ExtensiveForm:
        """The tree with its payoffs, built when it is first asked for."""
        return _built(self.name, self.limit)


@functools.lru_cache(maxsize=8)
def _built(name: str, limit: int) -> ExtensiveForm:
    return from_openspiel(name, limit)
