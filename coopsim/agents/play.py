"""Play: agents in seats, a game, many episodes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from coopsim import seeding
from coopsim.agents.agent import Agent, Rules
from coopsim.agents.catalogue import make_agent
from coopsim.agents.footprint import require_play
from coopsim.agents.rational import PlaysSolution
from coopsim.agents.rounds import rounds
from coopsim.arrays import NUMPY, Backend, to_numpy
from coopsim.errors import UserError, nearest
from coopsim.games.game import Game, checked_game
from coopsim.games.rollout import Recorder, Trajectories
from coopsim.solvers.solution import Solution

Seat = Agent | Solution | str


def play(
    game: Game,
    agents: Seat | Sequence[Seat] | Mapping[str, Seat],
    episodes: int = 1,
    seed: int = 0,
    *,
    named: Mapping[str, Agent] | None = None,
    solutions: Mapping[str, Solution] | None = None,
    backend: Backend = NUMPY,
) -> Trajectories:
    """Play episodes of a game, all side by side.

    Args:
        game: the game.
        agents: one for every seat, one a seat in order, or a mapping from player to agent.
            An agent, a name (of `named`, or one that `make_agent` knows), or a `Solution` to
            be played.
        episodes: how many, at least 1.
        seed: root of the seed tree, 0 or more; players and game have streams of their own, so
            that a player's draws do not depend on who sits beside it.
        named: agents that seats, and agents, may refer to by name.
        solutions: solutions already computed for this game, by concept.
        backend: where the game runs (numpy, or torch on a device).

    Returns:
        Trajectories with payoffs `[episodes, T, n]`.

    Raises:
        UserError: a seat is missing or unknown, an agent cannot play the seat it was given, or
            what is played would not fit in memory.
        InvalidAction: an agent answered with something that is no action of the game.
    """
    checked_game(game)
    for name, given, least in (("episodes", episodes, 1), ("seed", seed, 0)):
        if not isinstance(given, int | np.integer) or isinstance(given, bool):
            raise UserError("must be a whole number", key=name, given=given)
        if given < least:
            raise UserError(f"must be at least {least}", key=name, given=given)
    seats = seated(game, agents, named)
    rules = Rules(game, named or {}, solutions or {})
    for player, agent in enumerate(seats):
        agent.check(rules, player)
    require_play(game, episodes)
    recorder = Recorder(game, episodes)
    for step, actions in rounds(rules, seats, episodes, seeding.sequence(seed, "play"), backend):
        exposed = {name: to_numpy(values) for name, values in game.expose(step.state).items()}
        recorder.add(to_numpy(actions), to_numpy(step.payoffs), to_numpy(step.done), exposed)
        if not recorder.alive.any():
            break
    return recorder.trajectories()


def seated(
    game: Game,
    agents: Seat | Sequence[Seat] | Mapping[str, Seat],
    named: Mapping[str, Agent] | None = None,
) -> tuple[Agent, ...]:
    """One agent a player, in order. Raises `UserError` for a missing or unknown seat.

    Args:
        game: the game, whose players are seated.
        agents: as `play` takes them.
        named: agents that a seat may name, before those that `make_agent` knows.
    """
    labels = game.labels
    if isinstance(agents, Agent | Solution | str):
        chosen: list[Seat] = [agents] * len(labels)
    elif isinstance(agents, Mapping):
        for name in agents:
            if name not in labels:
                raise UserError(
                    "no such player", given=name, allowed=labels, nearest=nearest(name, labels)
                )
        if missing := [name for name in labels if name not in agents]:
            raise UserError(f"no agent for {', '.join(missing)}", allowed="one agent a player")
        chosen = [agents[name] for name in labels]
    else:
        chosen = list(agents)
    if len(chosen) != len(labels):
        raise UserError(
            f"{len(chosen)} agents for {len(labels)} players", allowed="one agent a player"
        )
    return tuple(_agent(seat, named or {}) for seat in chosen)


def _agent(seat: Seat, named: Mapping[str, Agent]) -> Agent:
    if isinstance(seat, Solution):
        return PlaysSolution(seat)
    if isinstance(seat, str):
        return named[seat] if seat in named else make_agent(seat)
    if not isinstance(seat, Agent):
        raise UserError(
            "no agent", given=repr(seat), allowed="an agent, the name of one, or a solution"
        )
    return seat
