"""A complementarity that nobody knows: drawn at the start, the same for the whole episode.

Source: the released environment SynergySearch-v0. One round reveals it to whoever can
compute, since private payoffs depend on nothing else that is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from coopsim.errors import UserError
from coopsim.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Hidden(Parameters):
    """From where gamma is drawn, evenly."""

    low: Annotated[float, Ge(0)] = 0.2
    """the smallest gamma"""
    high: Annotated[float, Ge(0)] = 0.9
    """the largest gamma"""
    revealed: bool = False
    """whether players are told"""

    def __post_init__(self) -> None:
        """Refuse an empty range."""
        if self.high < self.low:
            raise UserError("lies below low", key="hidden.high", given=self.high)

    @property
    def mean(self) -> float:
        """The expected gamma, which forms are built with."""
        return (self.low + self.high) / 2
