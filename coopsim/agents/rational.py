"""Agents that compute: equilibrium players and best responders."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt

from coopsim import seeding
from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.arrays import Float, backend_of
from coopsim.errors import CoopsimError, UserError
from coopsim.games.game import Game
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Solution

_GRID = 65
_LOOKS = 5


@dataclass(frozen=True)
class Equilibrium(Agent):
    """Plays its player's part of a solution, round after round.

    A continuous part is played as it is; a mixed part is drawn from anew every round.
    A solution whose certificate does not hold is not played: an error says so.
    """

    concept: str = "nash"
    """the solution concept (`coopsim list concepts`)"""
    method: str | None = None
    """the solver; picked by the form of the game where not given"""
    tol: Annotated[float, Gt(0)] = 1e-8
    """tolerance of the certificate, in payoff units"""

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Float:
        """Solve the game (once for all seats) and take the player's part."""
        known = rules.solutions.get(self.concept)
        fits = known is not None and self.method in (None, "auto", known.method)
        if known is None or not fits or known.options.get("tol") != self.tol or not known.proved:
            known = solved(rules.game, self.concept, self.method, self.tol)
        return part_of(known, role.player)

    def act(self, view: View) -> Decision:
        """The part, for every episode."""
        return play_part(view)


@dataclass(frozen=True)
class PlaysSolution(Agent):
    """Plays its player's part of a given solution. `play` makes it of a `Solution`."""

    solution: Any = field(compare=False)
    """the solution"""

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Float:
        """Take the player's part."""
        return part_of(self.solution, role.player)

    def act(self, view: View) -> Decision:
        """The part, for every episode."""
        return play_part(view)


@dataclass(frozen=True)
class BestResponse(Agent):
    """The constant action that earns most, as paid, over whole episodes against named opponents.

    The opponents react as they would in play, so keeping their trust counts. Only constant
    actions are searched: what it earns is a lower bound on the value of a best response.
    """

    to: str | tuple[str, ...] | Mapping[str, str] = ()
    """the agent assumed in every other seat; or one each, in the order of the other players; or
    a mapping from player to agent"""
    samples: Annotated[int, Ge(1)] = 32
    """episodes over which random opponents are averaged"""

    def __post_init__(self) -> None:
        """Somebody must be named."""
        if not self.to:
            raise UserError("must name at least one agent", key="to", given=self.to)

    def __hash__(self) -> int:
        """Mappings do not hash; their items do."""
        to = tuple(sorted(self.to.items())) if isinstance(self.to, Mapping) else self.to
        return hash((to, self.samples))

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Float:
        """Find the best constant action."""
        seats = self.opponents(role, rules)
        action, _ = best_constant_response(rules, seats, role.player, self.samples)
        return np.array([action])

    def act(self, view: View) -> Decision:
        """The action, for every episode."""
        return play_part(view)

    def opponents(self, role: Role, rules: Rules) -> tuple[Agent | None, ...]:
        """The agent assumed in each seat; None in the own one."""
        names = [name for i, name in enumerate(rules.game.labels) if i != role.player]
        if isinstance(self.to, str):
            chosen = dict.fromkeys(names, self.to)
        elif isinstance(self.to, Mapping):
            chosen = dict(self.to)
        else:
            chosen = dict(zip(names, self.to, strict=False))
        if missing := [name for name in names if name not in chosen]:
            raise UserError(
                f"names no agent for {', '.join(missing)}", key="to", given=self.to, allowed=names
            )
        return tuple(
            None if i == role.player else _opponent(chosen[name], rules)
            for i, name in enumerate(rules.game.labels)
        )


def best_constant_response(
    rules: Rules, seats: tuple[Agent | None, ...], player: int, samples: int = 32, seed: int = 0
) -> tuple[float, float]:
    """The best constant action of `player` and what it earns, against the agents in `seats`.

    Args:
        rules: the game, and the agents that others may name.
        seats: one agent a player; the one of `player` is ignored.
        player: who responds.
        samples: episodes an action, where somebody is random.
        seed: of those episodes.

    Returns:
        The action, and its mean payoff a round over the horizon.

    Cost: five looks of 65 actions, each a batch of 65 x samples episodes.
    """
    others = tuple(None if i == player else agent for i, agent in enumerate(seats))
    key = (others, player, samples, seed)
    kept: dict[Any, tuple[float, float]] = rules.game.__dict__.setdefault("_responses", {})
    if key not in kept:
        kept[key] = _search(rules, others, player, samples, seed)
    return kept[key]


@functools.lru_cache(maxsize=256)
def solved(game: Game, concept: str, method: str | None, tol: float) -> Solution:
    """The solution, computed once a process. Raises `CoopsimError` where it is not proved."""
    solution = solve(game, concept, method, tol=tol)
    if not solution.proved:
        raise CoopsimError(
            f"an agent was to play {concept}, which was not found: {solution.sentence}"
        )
    return solution


def part_of(solution: Solution, player: int) -> Float:
    """A player's part of a solution. Raises `CoopsimError` where there is none."""
    if not solution.profile:
        raise CoopsimError(f"{solution.concept} has no profile to play: {solution.sentence}")
    return solution.profile[player]


def play_part(view: View) -> Decision:
    """A continuous part of one coordinate, as it is."""
    part: Float = view.memory
    if part.size != 1:
        raise CoopsimError("only solutions with one action coordinate a player can be played here")
    return Decision(view.low * 0 + float(part[0]), part)


def _search(
    rules: Rules, seats: tuple[Agent | None, ...], player: int, samples: int, seed: int
) -> tuple[float, float]:
    space: Any = rules.game.action_space(player)
    low, high = float(space.low[0]), float(space.high[0])
    samples = samples if any(agent is not None and agent.random for agent in seats) else 1
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    best, value = centre, -np.inf
    for _ in range(_LOOKS):
        candidates = np.clip(np.linspace(centre - half, centre + half, _GRID), low, high)
        means = _mean_payoffs(rules, seats, player, candidates, samples, seed)
        top = int(means.argmax())
        if means[top] > value:
            best, value = float(candidates[top]), float(means[top])
        centre, half = best, half * 4 / (_GRID - 1)
    return best, value


def _mean_payoffs(
    rules: Rules,
    seats: tuple[Agent | None, ...],
    player: int,
    candidates: Float,
    samples: int,
    seed: int,
) -> Float:
    """What each candidate action earns a round, `[C]`, averaged over `samples` episodes."""
    from coopsim.agents.play import rollout

    responder = _Candidates(tuple(np.repeat(candidates, samples).tolist()))
    filled = tuple(responder if agent is None else agent for agent in seats)
    total = rollout(rules, filled, len(candidates) * samples, seeding.sequence(seed, "response"))
    own = total[:, player].reshape(len(candidates), samples)
    return np.asarray(own.mean(1))


@dataclass(frozen=True)
class _Candidates(Agent):
    """Plays another constant action in every episode of the batch."""

    actions: tuple[float, ...]

    def act(self, view: View) -> Decision:
        return Decision(backend_of(view.low).asarray(np.array(self.actions)))


def _opponent(name: str, rules: Rules) -> Agent:
    from coopsim.agents.catalogue import make_agent

    agent = rules.agents.get(name) or make_agent(name)
    if isinstance(agent, BestResponse):
        raise UserError(
            "a best response to a best response would never end; "
            "use equilibrium for players who answer each other",
            key="to",
            given=name,
        )
    return agent
