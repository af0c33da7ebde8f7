"""A player by name or by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coopsim.errors import UserError


def seat_of(players: Sequence[str], given: Any, key: str = "player") -> int:
    """The number of a player, from 0.

    Args:
        players: names, in order.
        given: a name, or a number from 0.
        key: the option that was given, for the message.

    Raises:
        UserError: there is no such player.
    """
    if isinstance(given, str) and given in players:
        return tuple(players).index(given)
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if whole and 0 <= given < len(players):
        return int(given)
    raise UserError(
        "no such player", key=key, given=given, allowed=[*players, f"0 to {len(players) - 1}"]
    )
