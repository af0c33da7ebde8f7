"""Does an agent keep the laws that play, studies and measures rely on? For agents of your own.

    from coopsim.agents.check import check
    check(MyAgent(patience=3))

An agent that passes can sit in any seat, be played in batches on numpy and torch, be stored
in a scenario, and stand for many episodes with one where it draws nothing.
"""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import itertools
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopsim import parameters, seeding
from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.agents.rounds import rounds
from coopsim.arrays import NUMPY, Array, Backend, Float, backend_of, to_numpy
from coopsim.errors import CheckFailed, UserError
from coopsim.games.coopetition.repeated import Repeated
from coopsim.games.game import Game

__all__ = ["LAWS", "CheckFailed", "check"]

_EPISODES = 3
_ROUNDS = 12  # rounds that are played


def check(
    agent: Agent,
    game: Game | None = None,
    *,
    seed: int = 0,
    named: Mapping[str, Agent] | None = None,
) -> None:
    """Raise unless `agent` keeps every law of `LAWS`.

    Args:
        agent: the agent, with the parameters to check it for.
        game: the game to sit in; without one, repeated coopetition with 2 and with 4 players,
            for 1 and for 10 rounds.
        seed: of the agent's draws and of the partners' actions.
        named: agents that it refers to by name.

    The agent sits in the first and in the last seat, beside partners whose actions follow a
    script, and in all seats at once. The first 12 rounds are played. The torch law is passed
    over where torch is not installed.

    Raises:
        CheckFailed: the first law that is broken, in which game, and what to change.
    """
    games = [game] if game is not None else [_game(n, t) for n in (2, 4) for t in (1, 10)]
    for law in LAWS:
        for held in games:
            case = Case(agent, held, seed, named or {})
            try:
                law(case)
            except CheckFailed:
                raise
            except Exception as error:
                # an agent may break in any way; the law that was tried says where to look
                stated = " ".join((law.__doc__ or law.__name__).split()).rstrip(".")
                raise CheckFailed(
                    case.name,
                    f"{type(error).__name__} ({error}) while checking the law: {stated} "
                    f"({case.place})",
                    "see the error above this one",
                ) from error


@dataclass(frozen=True)
class Case:
    """An agent under check, and the game it sits in."""

    agent: Agent
    game: Game
    seed: int
    named: Mapping[str, Agent]

    @property
    def name(self) -> str:
        """The agent's class."""
        return type(self.agent).__name__

    @property
    def place(self) -> str:
        """The game, in words."""
        title = self.game.card.title or type(self.game).__name__
        return f"{title}, {self.game.n} players, {self.game.rounds} rounds"

    def need(self, holds: Any, problem: str, remedy: str) -> None:
        """Raise `CheckFailed` unless `holds`."""
        if not holds:
            raise CheckFailed(self.name, f"{problem} ({self.place})", remedy)

    def lineups(self, agent: Agent) -> list[tuple[Agent, ...]]:
        """The agent in the first seat, in the last, and in all."""
        n = self.game.n
        script = _Script(self.seed)
        taken = ({0}, {n - 1}, set(range(n)))
        return [tuple(agent if i in own else script for i in range(n)) for own in taken]

    def play(
        self,
        seats: Sequence[Agent],
        episodes: int = _EPISODES,
        seed: int | None = None,
        backend: Backend = NUMPY,
    ) -> Float:
        """The actions of some rounds, `[episodes, rounds, n]`."""
        stream = seeding.sequence(self.seed if seed is None else seed, "check")
        rules = Rules(self.game, self.named)
        played = itertools.islice(rounds(rules, seats, episodes, stream, backend), _ROUNDS)
        return np.stack([to_numpy(actions) for _, actions in played], axis=1)


def is_parameters(case: Case) -> None:
    """An agent is a frozen dataclass below `Agent`, so that it can be stored and compared."""
    params = getattr(type(case.agent), "__dataclass_params__", None)
    case.need(
        isinstance(case.agent, Agent) and params is not None and params.frozen,
        "an agent must be a frozen dataclass below coopsim.agents.agent.Agent",
        "decorate the class with @dataclass(frozen=True)",
    )


def round_trip(case: Case) -> None:
    """Parameters written out and read again give an equal agent."""
    plain = parameters.dump(case.agent)
    case.need(
        set(plain) == set(parameters.names(type(case.agent))),
        f"the dump has the keys {sorted(plain)}, the class other fields",
        "let every field be plain data; keep what is computed in the memory",
    )
    again = parameters.build(type(case.agent), plain)
    case.need(
        again == case.agent and hash(again) == hash(case.agent),
        "parameters written out and read again give another agent",
        "let fields be plain data, with tuples for lists, compared and hashed by value",
    )


def fits(case: Case) -> None:
    """An agent can sit in every seat, or says that it cannot before play."""
    for player in range(case.game.n):
        try:
            case.agent.check(Rules(case.game, case.named), player)
        except UserError as error:
            case.need(False, f"it refuses to play: {error}", "give a game that it can play")


def answers(case: Case) -> None:
    """`act` is a pure function: the same view gives the same allowed actions, one an episode."""
    for seats in case.lineups(_Watched(case.agent, case)):
        case.play(seats)


def seeded(case: Case) -> None:
    """Two plays with one seed are the same."""
    for seats in case.lineups(case.agent):
        case.need(
            np.array_equal(case.play(seats), case.play(seats)),
            "two plays with one seed differ",
            "draw from view.rng only, and keep nothing between plays",
        )


def honest(case: Case) -> None:
    """An agent that says it is not random plays all episodes alike, whatever the seed."""
    if case.agent.random:
        return
    for seats in case.lineups(case.agent):
        played = case.play(seats)
        other = case.play(seats, seed=case.seed + 1)
        alike = np.array_equal(played[:1].repeat(len(played), 0), played)
        case.need(
            alike and np.array_equal(played, other),
            "it is not random, and its actions differ between episodes",
            "let the property `random` be True, or draw nothing",
        )


def batched(case: Case) -> None:
    """Episodes side by side are played like one alone, where nothing is drawn."""
    if case.agent.random:
        return
    for seats in case.lineups(case.agent):
        many, one = case.play(seats), case.play(seats, episodes=1)
        case.need(
            np.allclose(many[:1], one, rtol=1e-12, atol=1e-12),
            "one episode alone is played otherwise than among others",
            "compute along the batch axis, without sums or draws across episodes",
        )


def torch_twin(case: Case) -> None:
    """On torch the same actions are chosen as on numpy, where nothing is drawn."""
    if case.agent.random or importlib.util.find_spec("torch") is None:
        return
    for seats in case.lineups(case.agent):
        ours, theirs = case.play(seats), case.play(seats, backend=Backend("torch", "float64"))
        case.need(
            np.allclose(ours, theirs, rtol=1e-10, atol=1e-10),
            f"torch and numpy part by up to {np.abs(ours - theirs).max():.3g}",
            "compute with the namespace of the arrays given (coopsim.arrays.namespace)",
        )


LAWS: tuple[Callable[[Case], None], ...] = (
    is_parameters,
    round_trip,
    fits,
    answers,
    seeded,
    honest,
    batched,
    torch_twin,
)
"""The laws, each a function whose docstring states it, in the order in which they are tried."""


@dataclass(frozen=True)
class _Script(Agent):
    """Plays levels that were drawn beforehand: other ones for every player and round."""

    seed: int

    def act(self, view: View) -> Decision:
        level = seeding.generator(self.seed, "script", view.player, view.turn).random()
        return Decision(view.low + level * (view.high - view.low))


@dataclass(frozen=True)
class _Watched(Agent):
    """Plays an agent and looks at every answer."""

    agent: Agent
    case: Case = field(compare=False)

    @property
    def random(self) -> bool:
        return self.agent.random

    def reset(self, role: Role, rules: Rules, rng: np.random.Generator) -> Any:
        return self.agent.reset(role, rules, rng)

    def act(self, view: View) -> Decision:
        need = self.case.need
        before = _snapshot(view)
        twice = [dataclasses.replace(view, rng=copy.deepcopy(view.rng)) for _ in range(2)]
        first, second = (self.agent.act(held) for held in twice)
        need(
            isinstance(first, Decision) and isinstance(second, Decision),
            f"act gives a {type(first).__name__}",
            "return a Decision",
        )
        need(
            _snapshot(view) == before,
            f"act changes its memory or what it observed in round {view.turn}",
            "return a new memory in the decision, and change no array of the view in place",
        )
        self._look(first.action, view)
        need(
            np.array_equal(to_numpy(first.action), to_numpy(second.action)),
            f"the same view gives two answers in round {view.turn}",
            "compute from the view alone: keep no state in the agent, and draw from view.rng",
        )
        view.rng.bit_generator.state = twice[0].rng.bit_generator.state
        return first

    def _look(self, action: Array, view: View) -> None:
        """Actions have the shape `[B]`, are finite and allowed."""
        need, where = self.case.need, f"in round {view.turn}"
        shape = getattr(action, "shape", None)
        need(
            shape == view.low.shape and backend_of(action) == backend_of(view.low),
            f"actions {where} are {type(action).__name__} {shape}, for {len(view.low)} episodes",
            "return one number an episode, of the library and type of view.low",
        )
        values, low, high = (to_numpy(x) for x in (action, view.low, view.high))
        need(np.isfinite(values).all(), f"an action {where} is not finite", "check the arithmetic")
        slack = 1e-9 * np.maximum(1, high - low)
        need(
            ((values >= low - slack) & (values <= high + slack)).all(),
            f"an action {where} lies outside {low[0]:g} to {high[0]:g}: {values.tolist()}",
            "keep actions between view.low and view.high",
        )


def _snapshot(view: View) -> bytes | None:
    """What the agent must not change, as bytes; None where that cannot be told."""
    try:
        return pickle.dumps((view.memory, view.observation, view.low, view.high))
    except (pickle.PicklingError, TypeError, AttributeError):
        return None


def _game(players: int, horizon: int) -> Game:
    return Repeated(players=players, horizon=horizon)
