"""openspiel: an OpenSpiel game by name, played by table look-up."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge, MinLen

from coopsim.errors import NoSuchForm, UserError
from coopsim.games.adapters import openspiel_apart, openspiel_names
from coopsim.games.adapters.openspiel import LIMIT
from coopsim.games.classic.tree import TableGame
from coopsim.games.forms.extensive import ExtensiveForm


@dataclass(frozen=True)
class OpenSpielGame(TableGame):
    """Any OpenSpiel game that can be written out as a tree."""

    name: Annotated[str, MinLen(1)]
    """OpenSpiel's name with parameters: "leduc_poker", "liars_dice(numdice=1,dice_sides=4)" """
    limit: Annotated[int, Ge(1)] = LIMIT
    """the largest number of nodes to build"""

    def __post_init__(self) -> None:
        """Refuse what a file may not ask for. Raises `UserError`; nothing is built yet."""
        openspiel_names.checked(self.name)

    @property
    def extensive(self) -> ExtensiveForm:
        """The tree with its payoffs, built when it is first asked for."""
        return _built(self.name, self.limit)


@functools.lru_cache(maxsize=8)
def _built(name: str, limit: int) -> ExtensiveForm:
    try:
        walk = openspiel_apart.walked(openspiel_names.checked(name), limit)
    except NoSuchForm as error:
        raise UserError(str(error), key="name", given=name) from None
    except UserError as error:
        raise error.at(key="name") from None
    return replace(walk, name=name).form()
