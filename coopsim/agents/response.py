"""The best constant action against given opponents, over whole episodes, as paid."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim import seeding
from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.agents.rounds import rollout
from coopsim.arrays import Array, Float, namespace
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.game import action_bounds
from coopsim.solvers.deviations import Look, best_of_coordinate

BATCH = 200
"""The most candidates that are played at once, with all their samples."""

_EXACT = Look(129, 5)  # down to 1e-8 of the range
_SAMPLED = Look(65, 2)  # closer looks would follow the draws
_MORE = 8  # times as many episodes for the value of the action that was chosen

Seats = tuple[Agent | None, ...]


def best_constant_response(
    rules: Rules, seats: Seats, player: int, samples: int = 32, seed: int = 0
) -> tuple[float, float]:
    """The best constant action of `player` and what it earns, against the agents in `seats`.

    Opponents who draw face every action with the same draws, so that actions are compared
    and not luck; the value is then taken anew from other draws.

    Args:
        rules: the game, and the agents that others may name.
        seats: one agent a player; the one of `player` is ignored.
        player: who responds.
        samples: episodes an action, where somebody is random.
        seed: of those episodes.

    Returns:
        The action, and its mean payoff a round over the horizon.

    Cost: six batches of 130 to 200 episodes; three of 65 to 200 times `samples` where somebody
    is random.
    """
    others = tuple(None if i == player else agent for i, agent in enumerate(seats))
    try:
        kept: dict[Any, tuple[float, float]] = rules.game.__dict__.setdefault("_responses", {})
        key = (others, player, samples, seed)
        if key not in kept:
            kept[key] = _search(rules, others, player, samples, seed)
        return kept[key]
    except TypeError:  # an agent with a parameter that does not hash
        return _search(rules, others, player, samples, seed)


def _search(
    rules: Rules, seats: Seats, player: int, samples: int, seed: int
) -> tuple[float, float]:
    drawn = any(agent is not None and agent.random for agent in seats)
    earned = functools.partial(_earned, rules, seats, player, samples if drawn else 1)
    low, high = action_bounds(rules.game)
    stream = functools.partial(seeding.sequence, seed)
    form = ContinuousForm(
        players=(rules.game.labels[player],),
        low=low[[player]],
        high=high[[player]],
        owner=np.zeros(1, dtype=int),
        payoffs=lambda actions: earned(actions, stream("response")),
    )
    look = _SAMPLED if drawn else _EXACT
    action, value = best_of_coordinate(form, form.low, 0, look)
    if drawn:
        anew = _earned(rules, seats, player, _MORE * samples, np.array([action]), stream("value"))
        value = float(anew[0])
    return action, value


def _earned(
    rules: Rules,
    seats: Seats,
    player: int,
    samples: int,
    actions: Float,
    seeds: np.random.SeedSequence,
) -> Float:
    """What each action earns a round, in the shape of `actions`: a mean over `samples` episodes."""
    flat = np.ravel(actions)
    responder = _Candidates(np.repeat(flat, samples))
    filled = tuple(
        responder if agent is None else Shared(agent, len(flat)) if agent.random else agent
        for agent in seats
    )
    total = rollout(rules, filled, len(flat) * samples, seeds)
    return np.asarray(total[:, player].reshape(*np.shape(actions), samples).mean(-1))


@dataclass(frozen=True)
class _Candidates(Agent):
    """Plays another constant action in every episode of the batch."""

    actions: Float

    def act(self, view: View) -> Decision:
        return Decision(self.actions)


@dataclass(frozen=True)
class Shared(Agent):
    """Plays an agent in `copies` equal parts of the batch, each with the same draws."""

    agent: Agent
    copies: int

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Any:
        """The agent's memory for each copy, with a stream of its own."""
        part = Role(role.player, role.name, role.batch // self.copies)
        streams = [copy.deepcopy(rng) for _ in range(self.copies)]
        return tuple((self.agent.reset(part, rules, stream), stream) for stream in streams)

    def act(self, view: View) -> Decision:
        """Each copy's decision on its part of the episodes."""
        size = len(view.low) // self.copies
        decisions = [
            self.agent.act(_part(view, slice(first * size, (first + 1) * size), *held))
            for first, held in enumerate(view.memory)
        ]
        memory = tuple(
            (decision.memory, stream)
            for decision, (_, stream) in zip(decisions, view.memory, strict=True)
        )
        xp = namespace(view.low)
        return Decision(xp.concat([decision.action for decision in decisions]), memory)


def _part(view: View, part: slice, memory: Any, rng: np.random.Generator) -> View:
    """The view of some of the episodes, with a memory and a stream of their own."""
    observation: Mapping[str, Array] = {name: x[part] for name, x in view.observation.items()}
    return View(view.player, view.turn, observation, view.low[part], view.high[part], memory, rng)
