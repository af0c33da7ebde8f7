"""Cards that follow from a game's tables: who is paid against whom, what is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.card import GameCard
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm

_CITES = "Reference:"


class FoundCard:
    """The `card` of a class whose games differ: the family's on the class, its own on a game.

    Args:
        family: the card that holds for the class.
    """

    def __init__(self, family: GameCard) -> None:
        self.family = family

    def __get__(self, game: Any, owner: type[Any]) -> GameCard:
        return self.family if game is None else game.own_card


def card_of(form: NormalForm | ExtensiveForm) -> dict[str, Any]:
    """What a game file says of itself: its title, its comment as summary and references.

    Lines of the comment that begin with "Reference:" are references.
    """
    lines = [line.strip() for line in form.comment.splitlines()]
    cited = [line.removeprefix(_CITES).strip() for line in lines if line.startswith(_CITES)]
    summary = " ".join(line for line in lines if not line.startswith(_CITES))
    found = {"title": form.title, "summary": summary.strip(), "references": cited}
    return {key: value for key, value in found.items() if value}


def payoff_relation(payoffs: Float) -> str:
    """ "zero-sum", "common" or "general-sum", from payoffs with one entry a player last."""
    scale = 1e-9 * max(1.0, float(np.abs(payoffs).max()))
    if np.abs(payoffs.sum(-1)).max() <= scale:
        return "zero-sum"
    return "common" if np.ptp(payoffs, axis=-1).max() <= scale else "general-sum"
