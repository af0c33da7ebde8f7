"""The laws of agents, each a function whose docstring states it."""

from __future__ import annotations

import importlib.util

import numpy as np

from coopsim import parameters
from coopsim.agents.agent import Agent, Rules
from coopsim.agents.conformance.case import Case, Watched
from coopsim.arrays import Backend
from coopsim.errors import UserError


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
    for seats in case.lineups(Watched(case.agent, case)):
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
