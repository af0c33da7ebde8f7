"""What a table of some values of every action was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coopsim.arrays import Float


@dataclass(frozen=True, eq=False)
class Grid:
    """What a table of some values of every action leaves out: the game that it was made of.

    Args:
        of: the continuous form, with one coordinate a player.
        axes: the values of each player's action, `[A_i]`, in the order of the players.
    """

    of: Any
    axes: tuple[Float, ...]

    @property
    def points(self) -> int:
        """How many values an action has (the most, where players have different numbers)."""
        return max(map(len, self.axes))

    @property
    def words(self) -> str:
        """Where a profile was looked for."""
        return f"on a grid of {self.points} values an action"

    def pure(self, profile: Sequence[Float]) -> tuple[Float, ...] | None:
        """The actions of a pure profile, one `[1]` a player; None for a mixed or a joint one."""
        alone = len(profile) == len(self.axes) and all(
            part.shape == axis.shape and bool(((part == 0) | (part == 1)).all()) and part.sum() == 1
            for part, axis in zip(profile, self.axes, strict=True)
        )
        if not alone:
            return None
        pairs = zip(profile, self.axes, strict=True)
        return tuple(axis[[int(part.argmax())]] for part, axis in pairs)
