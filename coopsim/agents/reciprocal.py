"""The tit-for-tat family for continuous contributions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.agents.fixed import Fraction
from coopsim.arrays import Array, namespace
from coopsim.errors import UserError
from coopsim.games.game import action_bounds


@dataclass(frozen=True)
class Memory:
    """What a tit-for-tat player remembers.

    Args:
        others: indices of the partners.
        low, width: the partners' lowest action, and how far up they could go, `[n - 1]` each.
        levels: the partners' mean level in each of the last rounds, latest last, `[B]` each.
    """

    others: tuple[int, ...]
    low: tuple[float, ...]
    width: tuple[float, ...]
    levels: tuple[Array, ...] = ()


@dataclass(frozen=True)
class TitForTat(Agent):
    """Answer the partners' contributions in kind, as a fraction of the endowment.

    The level played is that of the partners' last contributions (their mean, each as a
    fraction of what that partner could give), after Axelrod (1984). With `patience` above 1
    the best of the last rounds counts, so single lapses pass (tit for two tats); with
    `generosity` a level below `target` is answered by one part of the way up to it.
    """

    first: Fraction = 0.5
    """level of the first round, as a fraction of the own endowment"""
    patience: Annotated[int, Ge(1), Le(100)] = 1
    """how many of the last rounds are looked at; the best of them is answered"""
    generosity: Fraction = 0.0
    """the part of a shortfall below `target` that is forgiven"""
    target: Fraction = 0.5
    """the level that generosity moves towards"""

    def check(self, rules: Rules, player: int) -> None:
        """Players must see each other's actions."""
        game = rules.game
        action_bounds(game)
        state = game.start(1, np.random.default_rng(0))
        if "actions" not in game.observe(state, player):
            raise UserError(
                f"needs a game whose players see each other's actions; "
                f"{game.card.title or type(game).__name__} shows {game.labels[player]} none",
                key="use",
            )

    def reset(self, role: Role, rules: Rules, rng: Any) -> Memory:
        """Remember who the partners are and how much they could give."""
        others = tuple(j for j in range(rules.game.n) if j != role.player)
        low, high = action_bounds(rules.game)
        width = [float(high[j] - low[j]) for j in others]
        # a partner who has no choice has the level 0
        return Memory(others, tuple(float(low[j]) for j in others), tuple(w or 1.0 for w in width))

    def act(self, view: View) -> Decision:
        """The level the partners earned."""
        memory: Memory = view.memory
        if view.turn == 0:
            return Decision(view.low + self.first * (view.high - view.low), memory)
        seen = view.observation["actions"]
        level = seen[:, 0] * 0
        for j, low, width in zip(memory.others, memory.low, memory.width, strict=True):
            level = level + (seen[:, j] - low) / (width * len(memory.others))
        levels = (*memory.levels, level)[-self.patience :]
        xp = namespace(level)
        best = levels[0]
        for other in levels[1:]:
            best = xp.maximum(best, other)
        short = self.target - best
        best = best + self.generosity * xp.maximum(short, short * 0)
        action = view.low + best * (view.high - view.low)
        return Decision(action, dataclasses.replace(memory, levels=levels))
