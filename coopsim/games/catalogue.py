"""Make and describe games by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from coopsim import catalogue, parameters
from coopsim.games.card import GameCard
from coopsim.games.game import Game


def make_game(name: str, /, near: Path | None = None, **given: Any) -> Game:
    """A game by name, with parameters.

    Args:
        name: a registered family ("coopetition/repeated"), a content file by name
            ("coopetition/samsung-sony") or by path.
        near: a file or folder whose project is searched first.
        given: parameters of the game, over those of the content file.

    Raises:
        UnknownName: no such game; the message gives the nearest names.
        UserError: a parameter is unknown or out of range.

    Example:
        >>> make_game("coopetition/samsung-sony", gamma=0.8).labels
        ('Samsung', 'Sony')
    """
    return cast(Game, catalogue.make("game", name, given, near))


def card(entry: catalogue.Entry) -> GameCard:
    """The card of a game: the family's, with what the content file says on top."""
    family: GameCard = entry.cls.card
    if not entry.card:
        return family
    merged = {**parameters.dump(family), **entry.card}
    for key in ("references", "notes"):
        own = list(entry.card.get(key, ()))
        merged[key] = own + [item for item in getattr(family, key) if item not in own]
    return parameters.build(GameCard, merged)
