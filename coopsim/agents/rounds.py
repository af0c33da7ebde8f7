"""Round by round: what agents see, what they answer, and what the game makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from coopsim.agents.agent import Agent, Role, Rules, View
from coopsim.arrays import NUMPY, Array, Backend, Float, to_numpy
from coopsim.errors import CoopsimError, InvalidAction
from coopsim.games.game import Game, Step

_ROUNDING = 1e-6  # of the range: an action this far outside is one at the bound


def rounds(
    rules: Rules,
    seats: Sequence[Agent],
    episodes: int,
    seeds: np.random.SeedSequence,
    backend: Backend = NUMPY,
) -> Iterator[tuple[Step, Array]]:
    """Play until the horizon; yields each round's step and the actions that led to it,
    `[B, n]`, or `[B, n, k]` where each player chooses k numbers.

    Player i draws from the i-th child of `seeds`, the game from the one after the last
    player's. Actions are those the game used: brought to the nearest bound where its rules
    say so (`clip`).

    Raises:
        InvalidAction: an agent answered with something that is no action of the game.
    """
    game = rules.game
    streams = [np.random.Generator(np.random.PCG64(child)) for child in seeds.spawn(game.n + 1)]
    memories = [
        agent.reset(Role(i, game.labels[i], episodes), rules, streams[i])
        for i, agent in enumerate(seats)
    ]
    state = game.start(episodes, streams[-1], backend)
    bounds = [_bounds(rules, state, i, backend) for i in range(game.n)]
    # few games move their bounds, and making Gymnasium spaces takes longer than a round
    fixed = type(game).legal is Game.legal
    for turn in range(game.rounds):
        chosen = []
        for i, agent in enumerate(seats):
            low, high = bounds[i] if fixed else _bounds(rules, state, i, backend)
            view = View(i, turn, game.observe(state, i), low, high, memories[i], streams[i])
            decision = agent.act(view)
            memories[i] = decision.memory
            chosen.append(_allowed(decision.action, view, agent, rules, backend))
        # players first in memory, as game kernels like it
        actions = backend.xp.stack(chosen).swapaxes(0, 1)
        step = game.step(state, actions)
        yield step, actions
        state = step.state


def rollout(
    rules: Rules, seats: Sequence[Agent], episodes: int, seeds: np.random.SeedSequence
) -> Float:
    """Mean payoffs a round over the horizon, `[episodes, n]`, without keeping the path.

    Rounds that an early end cut off pay nothing.
    """
    alive = np.ones(episodes, dtype=bool)
    total = np.zeros((episodes, rules.game.n))
    for step, _ in rounds(rules, seats, episodes, seeds):
        total += step.payoffs * alive[:, None]
        alive &= ~step.done
        if not alive.any():
            break
    return total / rules.game.rounds


def _bounds(rules: Rules, state: Any, player: int, backend: Backend) -> tuple[Array, Array]:
    """The lowest and the highest action allowed in each episode, `[B]` (or `[B, k]`) each."""
    legal = rules.game.legal(state, player)
    if not isinstance(legal, tuple):
        raise CoopsimError(
            f"{rules.game.labels[player]} does not choose numbers a round, which is all that "
            "agents can do so far"
        )
    # copies: torch takes no read-only arrays
    low, high = (backend.asarray(np.array(to_numpy(side))) for side in legal)
    return (low[:, 0], high[:, 0]) if low.shape[1] == 1 else (low, high)


def _allowed(action: Any, view: View, agent: Agent, rules: Rules, backend: Backend) -> Array:
    """The action, `[B]` or `[B, k]`, as the game will use it; else an error that says who."""
    if getattr(action, "shape", None) != view.low.shape:
        _refuse(agent, view, rules, f"has no shape {list(view.low.shape)}")
    if bool(((action >= view.low) & (action <= view.high)).all()):
        return action
    xp = backend.xp
    if not bool(xp.isfinite(action).all()):
        _refuse(agent, view, rules, "is not a finite number")
    inside = xp.minimum(xp.maximum(action, view.low), view.high)
    far = abs(action - inside) > _ROUNDING * (view.high - view.low)
    if bool(far.any()) and not getattr(rules.game, "clip", False):
        values, lows, highs = (to_numpy(x)[to_numpy(far)] for x in (action, view.low, view.high))
        _refuse(agent, view, rules, f"is {values[0]:g}; allowed: {lows[0]:g} to {highs[0]:g}")
    return inside


def _refuse(agent: Agent, view: View, rules: Rules, problem: str) -> None:
    raise InvalidAction(
        f"{type(agent).__name__} in the seat of {rules.game.labels[view.player]}: its action in "
        f"round {view.turn + 1} {problem}"
    )
