"""Agents that punish: grim triggers and thresholds of trust."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le

from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.agents.fixed import Fraction
from coopsim.agents.rational import part_of, solved
from coopsim.arrays import Array, Float, namespace
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.game import action_bounds
from coopsim.parameters import Names
from coopsim.solvers.select import plan
from coopsim.tolerance import falls_short

_TOL = 1e-6  # payoff units: what the solutions that are played are solved to


@dataclass(frozen=True)
class Pact:
    """What a trigger player remembers.

    Args:
        agreed: what everybody is to play, `[n]`.
        slack: how far below that an action may lie, `[n]`.
        own, threat: the own action in cooperation and in punishment.
        others: indices of the partners.
        broken: whether cooperation is over, `[B]`; None before the first round.
    """

    agreed: tuple[float, ...]
    slack: tuple[float, ...]
    own: float
    threat: float
    others: tuple[int, ...]
    broken: Array | None = None


@dataclass(frozen=True)
class Trigger(Agent):
    """Cooperates until a reason not to; what is cooperation and what punishment."""

    cooperate: Annotated[str, Names("concept")] = "social optimum"
    """the solution concept whose actions are cooperation"""
    punish: Annotated[str, Names("concept")] = "nash"
    """the solution concept whose actions are the punishment"""
    level: Fraction | None = None
    """cooperation as a fraction of the endowment, alike for all, in place of a concept"""

    sees: ClassVar[str] = "actions"

    def check(self, rules: Rules, player: int) -> None:
        """The game must have the concepts, and show what the trigger looks at."""
        game = rules.game
        action_bounds(game)
        wanted = [("punish", self.punish)]
        wanted += [("cooperate", self.cooperate)] if self.level is None else []
        for key, concept in wanted:
            try:
                plan(game, concept)
            except NoSuchForm as error:
                raise UserError(str(error), key=key, given=concept) from None
        shown = game.observe(game.start(1, np.random.default_rng(0)), player)
        if not any(name in shown for name in (self.sees, f"own_{self.sees}")):
            raise UserError(
                f"needs a game that shows {self.sees}; this one shows {', '.join(shown)}",
                key="use",
            )

    def pact(self, role: Role, rules: Rules, slack: float) -> Pact:
        """The cooperation and the punishment of this game."""
        game = rules.game
        low, high = action_bounds(game)
        threat = _numbers(rules, self.punish)
        if self.level is None:
            agreed = _numbers(rules, self.cooperate)
        else:
            agreed = low + self.level * (high - low)
        return Pact(
            agreed=tuple(float(x) for x in agreed),
            slack=tuple(float(x) for x in slack * (high - low)),
            own=float(agreed[role.player]),
            threat=float(threat[role.player]),
            others=tuple(j for j in range(game.n) if j != role.player),
        )


@dataclass(frozen=True)
class Grim(Trigger):
    """Cooperate until anybody, oneself included, gives less than agreed; then punish for ever.

    Friedman (1971). Where all do so, it is a subgame perfect equilibrium of endless play from
    the discount factor on that `coopsim.solve(game, "grim trigger")` states, as far as the
    stage game is the same in every round: trust that moves payoffs is not counted there.
    """

    tolerance: Fraction = 0.001
    """how far below the agreed action counts as keeping it, as a share of the range"""

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Pact:
        """What is agreed."""
        return self.pact(role, rules, self.tolerance)

    def act(self, view: View) -> Decision:
        """Cooperation, or punishment from the first breach on."""
        memory: Pact = view.memory
        if view.turn == 0:
            return Decision(view.low * 0 + memory.own, memory)
        xp, seen = namespace(view.low), view.observation["actions"]
        broken = memory.broken if memory.broken is not None else view.low != view.low
        for j, (agreed, slack) in enumerate(zip(memory.agreed, memory.slack, strict=True)):
            broken = broken | falls_short(seen[:, j], agreed - slack, scale=abs(agreed))
        return _choice(view, memory, broken, xp)


@dataclass(frozen=True)
class TrustThreshold(Trigger):
    """Cooperate with partners trusted at least so much on average; else punish until trust is back.

    The strategy looks at trust only, so it forgives as trust does.
    """

    threshold: Annotated[float, Ge(0), Le(1)] = 0.4
    """the mean trust in the partners below which punishment is played"""

    sees: ClassVar[str] = "trust"

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Pact:
        """What is cooperation."""
        return self.pact(role, rules, 0.0)

    def act(self, view: View) -> Decision:
        """By mean trust in the partners."""
        memory: Pact = view.memory
        trust = view.observation.get("own_trust")
        if trust is None:
            rows = view.observation["trust"]
            trust = rows[:, min(view.player, rows.shape[1] - 1)]
        mean = sum(trust[:, j] for j in memory.others) / len(memory.others)
        return _choice(view, memory, falls_short(mean, self.threshold), namespace(view.low))


def _choice(view: View, memory: Pact, broken: Array, xp: Any) -> Decision:
    zero = view.low * 0
    action = xp.where(broken, zero + memory.threat, zero + memory.own)
    return Decision(action, dataclasses.replace(memory, broken=broken))


def _numbers(rules: Rules, concept: str) -> Float:
    """One action a player of a solution of the game."""
    known = rules.solutions.get(concept)
    if known is None or not known.proved or known.game_hash != rules.game.hash:
        known = solved(rules.game, concept, None, _TOL)
    parts: Sequence[Float] = [part_of(known, i) for i in range(rules.game.n)]
    return np.array([float(np.ravel(part)[0]) for part in parts])
