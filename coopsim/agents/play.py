"""Play: agents in seats, a game, many episodes side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from coopsim import seeding
from coopsim.agents.agent import Agent, Role, Rules, View
from coopsim.agents.catalogue import make_agent
from coopsim.agents.rational import PlaysSolution
from coopsim.arrays import NUMPY, Array, Backend, Float, to_numpy
from coopsim.errors import InvalidAction, UserError, nearest
from coopsim.games.game import Game, Step
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
            An agent, a name that `make_agent` knows, or a `Solution` to be played.
        episodes: how many, at least 1.
        seed: root of the seed tree; player i draws from the stream ("player", i).
        named: other agents that an agent may refer to by name.
        solutions: solutions already computed for this game, by concept.
        backend: where the game runs (numpy, or torch on a device).

    Returns:
        Trajectories with payoffs `[episodes, T, n]`.

    Raises:
        UserError: a seat is missing or unknown.
        InvalidAction: an agent answered with something that is no action.
    """
    if episodes < 1:
        raise UserError("must be at least 1", key="episodes", given=episodes)
    seats = seated(game, agents)
    rules = Rules(game, named or {}, solutions or {})
    recorder = Recorder(game, episodes)
    for step, actions in _rounds(rules, seats, episodes, seeding.sequence(seed, "play"), backend):
        exposed = {name: to_numpy(values) for name, values in game.expose(step.state).items()}
        recorder.add(to_numpy(actions), to_numpy(step.payoffs), to_numpy(step.done), exposed)
        if not recorder.alive.any():
            break
    return recorder.trajectories()


def rollout(
    rules: Rules, seats: Sequence[Agent], episodes: int, seeds: np.random.SeedSequence
) -> Float:
    """Mean payoffs a round over the horizon, `[episodes, n]`, without keeping the path."""
    alive = np.ones(episodes, dtype=bool)
    total = np.zeros((episodes, rules.game.n))
    for step, _ in _rounds(rules, seats, episodes, seeds, NUMPY):
        total += step.payoffs * alive[:, None]
        alive &= ~step.done
        if not alive.any():
            break
    return total / rules.game.rounds


def seated(
    game: Game, agents: Seat | Sequence[Seat] | Mapping[str, Seat]
) -> tuple[Agent, ...]:
    """One agent a player, in order. Raises `UserError` for a missing or unknown seat."""
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
    return tuple(_agent(seat) for seat in chosen)


def _agent(seat: Seat) -> Agent:
    if isinstance(seat, Solution):
        return PlaysSolution(seat)
    return make_agent(seat) if isinstance(seat, str) else seat


def _rounds(
    rules: Rules,
    seats: Sequence[Agent],
    episodes: int,
    seeds: np.random.SeedSequence,
    backend: Backend,
) -> Iterator[tuple[Step, Array]]:
    """Play round by round until the horizon; yields each step with the actions that led to it."""
    game = rules.game
    streams = [np.random.Generator(np.random.PCG64(child)) for child in seeds.spawn(game.n + 1)]
    memories = [
        agent.reset(Role(i, game.labels[i], episodes), rules, streams[i])
        for i, agent in enumerate(seats)
    ]
    state = game.start(episodes, streams[-1], backend)
    xp = backend.xp
    for turn in range(game.rounds):
        chosen = []
        for i, agent in enumerate(seats):
            low, high = game.legal(state, i)
            view = View(
                player=i,
                turn=turn,
                observation=game.observe(state, i),
                low=backend.asarray(low)[:, 0],
                high=backend.asarray(high)[:, 0],
                memory=memories[i],
                rng=streams[i],
            )
            decision = agent.act(view)
            memories[i] = decision.memory
            chosen.append(decision.action)
        # players first in memory, as game kernels like it
        actions = xp.stack(chosen).T
        _check(actions, seats, game, turn)
        step = game.step(state, actions)
        yield step, actions
        state = step.state


def _check(actions: Array, seats: Sequence[Agent], game: Game, turn: int) -> None:
    total = float(actions.sum())
    if total == total and abs(total) != float("inf"):
        return
    for i, agent in enumerate(seats):
        if not np.isfinite(to_numpy(actions[:, i])).all():
            raise InvalidAction(
                f"{type(agent).__name__} in the seat of {game.labels[i]} answered round "
                f"{turn + 1} with an action that is not a finite number"
            )
