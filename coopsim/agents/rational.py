"""Agents that compute: equilibrium players and best responders."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt

from coopsim import budget, catalogue
from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.agents.catalogue import make_agent
from coopsim.agents.footprint import rollout_bytes
from coopsim.agents.response import BATCH
from coopsim.agents.response import best_constant_response as best_constant_response
from coopsim.arrays import Float, backend_of, to_numpy
from coopsim.errors import CoopsimError, NoSuchForm, UnknownName, UserError, nearest
from coopsim.games.forms.trust import chosen
from coopsim.games.game import Game
from coopsim.parameters import Names
from coopsim.solvers.select import concepts, plan, solve
from coopsim.solvers.solution import Solution

_PLAYED = ("continuous", "dynamic", "trust")
"""Forms in which every player has a part of its own, of numbers to choose."""


@dataclass(frozen=True)
class Equilibrium(Agent):
    """Plays its player's part of a solution, round after round.

    Where there are several solutions, the one with the largest sum of values is played, by
    all seats alike. A solution whose certificate does not hold is not played: an error says
    so. Solutions in which players choose numbers can be played: of one round, of all rounds
    beforehand, or by trust and reputation.
    """

    concept: Annotated[str, Names("concept")] = "nash"
    """the solution concept (`coopsim list concepts`)"""
    method: Annotated[str, Names("solver", ("auto",))] | None = None
    """the solver; picked by the form of the game where not given"""
    tol: Annotated[float, Gt(0)] = 1e-8
    """tolerance of the certificate, in payoff units"""

    def check(self, rules: Rules, player: int) -> None:
        """The game must have the concept, and the method solve it there in numbers to choose."""
        game = rules.game
        try:
            usual, _ = plan(game, self.concept)
        except NoSuchForm:
            known = concepts(game)
            raise UserError(
                f"{game.card.title or type(game).__name__} has no such solution",
                key="concept",
                given=self.concept,
                allowed=known,
                nearest=nearest(self.concept, known),
            ) from None
        try:
            kind, method = plan(game, self.concept, self.method)
        except NoSuchForm as error:
            raise UserError(str(error), key="method", given=self.method) from None
        if usual not in _PLAYED:
            raise UserError(
                f"cannot be played: a solution has no numbers for each player to choose, but "
                f"is one of the {usual} form",
                key="concept",
                given=self.concept,
                allowed=[name for name in concepts(game) if plan(game, name)[0] in _PLAYED],
            )
        if kind not in _PLAYED:
            raise UserError(
                f"what {method} finds cannot be played: it is a solution of the {kind} form, "
                "not numbers for each player to choose",
                key="method",
                given=self.method,
                allowed="a method for "
                f"{' or '.join(_PLAYED)} forms, or none (coopsim list solvers)",
            )

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Float:
        """Solve the game (once for all seats) and take the player's part."""
        known = rules.solutions.get(self.concept)
        if known is None or not self._is_mine(known, rules.game):
            known = solved(rules.game, self.concept, self.method, self.tol)
        return part_of(known, role.player)

    def act(self, view: View) -> Decision:
        """The part, for every episode."""
        return play_part(view)

    def _is_mine(self, known: Solution, game: Game) -> bool:
        """Whether a solution computed before is what this agent would compute."""
        method = self.method in (None, "auto", known.method)
        return (
            method
            and known.proved
            and known.options.get("tol") == self.tol
            and known.game_hash == game.hash
        )


@dataclass(frozen=True)
class PlaysSolution(Agent):
    """Plays its player's part of a given solution. `play` makes it of a `Solution`."""

    solution: Any
    """the solution"""

    def check(self, rules: Rules, player: int) -> None:
        """The solution must be one of a game with the same players."""
        if self.solution.players != rules.game.labels:
            raise UserError(
                f"{self.solution.concept} was solved for other players",
                given=list(self.solution.players),
                allowed=list(rules.game.labels),
            )

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
        given: Any = self.to  # Python callers may give a list, or anything
        if isinstance(given, list):
            object.__setattr__(self, "to", tuple(given))
        named = given.values() if isinstance(given, Mapping) else given
        listed = isinstance(given, str | tuple | list | Mapping)
        if not listed or not given or not all(isinstance(name, str) and name for name in named):
            raise UserError(
                "must name at least one agent",
                key="to",
                given=given,
                allowed="an agent, a list of agents, or a mapping from player to agent",
            )

    def __hash__(self) -> int:
        """Mappings do not hash; their items do."""
        to = tuple(sorted(self.to.items())) if isinstance(self.to, Mapping) else self.to
        return hash((to, self.samples))

    def check(self, rules: Rules, player: int) -> None:
        """Every opponent must be somebody, who can sit there, and the samples must fit."""
        one = rollout_bytes(rules.game, BATCH)
        budget.require(
            one * self.samples,
            f"a best response over {self.samples:,} samples",
            fits=f"at most {budget.fitting(one):,} samples",
            key="samples",
            given=self.samples,
        )
        for i, agent in enumerate(self.opponents(player, rules)):
            if agent is not None:
                agent.check(rules, i)

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Float:
        """Find the best constant action."""
        seats = self.opponents(role.player, rules)
        action, _ = best_constant_response(rules, seats, role.player, self.samples)
        return np.array([action])

    def act(self, view: View) -> Decision:
        """The action, for every episode."""
        return play_part(view)

    def opponents(self, player: int, rules: Rules) -> tuple[Agent | None, ...]:
        """The agent assumed in each seat; None in the own one.

        Raises:
            UserError: `to` does not fit the players, or names no agent.
        """
        labels = rules.game.labels
        names = self._names([name for i, name in enumerate(labels) if i != player], labels)
        return tuple(
            None if i == player else _opponent(names[name], rules) for i, name in enumerate(labels)
        )

    def _names(self, others: list[str], labels: tuple[str, ...]) -> Mapping[str, str]:
        """The agent named for each of the other players."""
        if isinstance(self.to, str):
            return dict.fromkeys(others, self.to)
        if not isinstance(self.to, Mapping):
            if len(self.to) != len(others):
                raise UserError(
                    f"names {len(self.to)} agents for {len(others)} other players",
                    key="to",
                    given=list(self.to),
                    allowed=f"one agent each, for {', '.join(others)}",
                )
            return dict(zip(others, self.to, strict=True))
        for name in self.to:
            if name not in labels:
                raise UserError(
                    "no such player",
                    key="to",
                    given=name,
                    allowed=labels,
                    nearest=nearest(name, labels),
                )
        # an entry for the own seat does no harm: one declaration can sit in several
        if missing := [name for name in others if name not in self.to]:
            raise UserError(
                f"names no agent for {', '.join(missing)}", key="to", given=dict(self.to)
            )
        return self.to


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
    """A player's part of a solution: its numbers `[k]`, or `[T, k]` where rounds differ.

    Of a solution over trust and reputation it is the table `[K, g, h, ...]` of the form.

    Raises:
        CoopsimError: it has none.
    """
    if not solution.profile:
        raise CoopsimError(f"{solution.concept} has no profile to play: {solution.sentence}")
    if solution.form not in _PLAYED:
        raise CoopsimError(
            f"{solution.concept} cannot be played: its strategies are not numbers to choose"
        )
    if len(solution.profile) != len(solution.players):
        raise CoopsimError(f"{solution.concept} cannot be played: players have no parts of it")
    part = solution.profile[player]
    return part[:, None] if solution.form == "dynamic" else part  # a row for each round


def play_part(view: View) -> Decision:
    """The numbers in the memory (or the round's), for every episode."""
    part = view.memory
    if part.ndim > 2:
        return Decision(backend_of(view.low).asarray(_by_trust(view, part)), part)
    if part.ndim == 2:
        part = part[min(view.turn, len(part) - 1)]
    if view.low.ndim == 1:
        return Decision(view.low * 0 + float(part[0]), view.memory)
    return Decision(view.low * 0 + backend_of(view.low).asarray(part), view.memory)


def _by_trust(view: View, table: Float) -> Float:
    """The actions `[B]` that a table of actions by trust and reputation has for what is seen."""
    if not {"trust", "reputation_damage"} <= set(view.observation):
        raise UserError(
            "a strategy by trust and reputation needs to see everybody's",
            key="sight",
            given=sorted(view.observation),
            allowed="full",
        )
    trust, damage = (to_numpy(view.observation[name]) for name in ("trust", "reputation_damage"))
    n = trust.shape[2]
    # anybody else's trust in j: the next player's, or the one row that stands for all
    row = (np.arange(n) + 1) % n if trust.shape[1] == n else np.zeros(n, dtype=int)
    states = np.stack([held[:, row, np.arange(n)] for held in (trust, damage)], -1)
    return chosen(table, view.turn, states.reshape(len(states), -1).astype(float))


def _opponent(name: str, rules: Rules) -> Agent:
    agent = rules.agents.get(name)
    try:
        agent = agent if agent is not None else make_agent(name)
    except UnknownName:
        known = [*rules.agents, *catalogue.known("agent")]
        raise UnknownName("agent", name, dict.fromkeys(known), key="to") from None
    except UserError as error:
        raise UserError(
            f"an agent that needs parameters ({error.problem})",
            key="to",
            given=name,
            allowed="an agent declared with them, or one that needs none",
        ) from None
    if isinstance(agent, BestResponse):
        raise UserError(
            "a best response to a best response would never end; "
            "use equilibrium for players who answer each other",
            key="to",
            given=name,
        )
    return agent
