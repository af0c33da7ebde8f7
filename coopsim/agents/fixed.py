"""Agents that look at nothing: constant and random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

from coopsim.agents.agent import Agent, Decision, Rules, View
from coopsim.arrays import backend_of
from coopsim.errors import UserError
from coopsim.games.game import action_bounds

Fraction = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True)
class Constant(Agent):
    """The same action in every round."""

    action: float | None = None
    """the action itself, in the game's units"""
    level: Fraction | None = None
    """or the action as a fraction of the way from the lowest to the highest allowed"""

    def __post_init__(self) -> None:
        """One of the two must be given."""
        if (self.action is None) == (self.level is None):
            raise UserError("give either action or level", key="action", given=self.action)

    def check(self, rules: Rules, player: int) -> None:
        """The action must be allowed, unless the game brings it to the nearest one that is."""
        if self.action is None:
            return
        low, high = (float(side[player]) for side in action_bounds(rules.game))
        clips = getattr(rules.game, "clip", False)
        if not clips and not low <= self.action <= high:
            raise UserError(
                f"outside the actions of {rules.game.labels[player]}",
                key="action",
                given=self.action,
                allowed=f"{low:g} to {high:g}",
            )

    def act(self, view: View) -> Decision:
        """The action, for every episode."""
        if self.level is not None:
            return Decision(view.low + self.level * (view.high - view.low))
        return Decision(view.low * 0 + self.action)


@dataclass(frozen=True)
class Random(Agent):
    """A uniform draw between two levels, anew in every round."""

    low: Fraction = 0.0
    """lowest level, as a fraction of the range of actions"""
    high: Fraction = 1.0
    """highest level"""

    def __post_init__(self) -> None:
        """The levels must be in order."""
        if self.high < self.low:
            raise UserError("must not lie below low", key="high", given=self.high)

    def act(self, view: View) -> Decision:
        """One draw an episode."""
        drawn = backend_of(view.low).asarray(view.rng.random(tuple(view.low.shape)))
        level = self.low + (self.high - self.low) * drawn
        return Decision(view.low + level * (view.high - view.low))

    @property
    def random(self) -> bool:
        """Draws differ from episode to episode."""
        return True
