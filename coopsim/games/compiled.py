"""Fused play: the same step, compiled by torch into one pass over memory.

The array code of a game stays the definition. Compiling takes some seconds for each batch
size, once; from a few thousand episodes on it pays (benchmarks/RESULTS.md).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import FunctionType
from typing import Any

from coopsim.arrays import Array, Backend, batch_first, batch_last
from coopsim.errors import CoopsimError
from coopsim.extras import require
from coopsim.games.game import Game, Step

StepFunction = Callable[[Any, Array], Step]
"""What `Game.step` is: a state and a joint action to what the round gives."""


def compiled(game: Game, backend: Backend) -> StepFunction:
    """`game.step`, fused by torch.compile, with the same arguments and results.

    Each batch size is compiled when it is first met. Fused code rounds differently from the
    definition, in the last digits of the floating type.

    Args:
        game: any game whose step torch can trace: no branch on the values of arrays, and a
            state that is a dataclass of arrays.
        backend: torch, on any device. States and actions must be on it.

    Raises:
        CoopsimError: the backend is not torch; while playing, torch cannot trace or build
            the step (on a CPU it needs a C++ compiler).
        MissingExtra: torch is not installed.

    Example:
        >>> backend = Backend("torch", "float32")
        >>> step = compiled(game, backend)  # doctest: +SKIP
        >>> step(game.start(65_536, backend=backend), actions).payoffs.shape  # doctest: +SKIP
        torch.Size([65536, 2])
    """
    if backend.library != "torch":
        raise CoopsimError(f"torch compiles for its own arrays only, not for {backend.library}")
    torch = require("torch", extra="learn")
    kind = type(game.start(1, backend=backend))
    names = tuple(field.name for field in dataclasses.fields(kind))
    programmes: dict[Any, Callable[..., tuple[Array, ...]]] = {}

    def step(state: Any, actions: Array) -> Step:
        if actions.stride(0) != 1:
            # a copy beforehand costs less than reading across memory in fused code
            actions = batch_first(batch_last(actions))
        arrays = (*(getattr(state, name) for name in names), actions)
        programme = programmes.get(actions.shape)
        if programme is None:
            # what a game computes once and keeps must not be made while torch traces it
            game.step(state, actions)
            programme = torch.compile(_flat_step(game, kind), dynamic=False, fullgraph=True)
            try:
                programme(*arrays)
            except torch._dynamo.exc.TorchDynamoException as error:
                reason = " ".join(str(error).split("\n")[:2])
                raise CoopsimError(
                    f"torch cannot compile the step of {type(game).__name__}: {reason}"
                ) from error
            programmes[actions.shape] = programme
        *after, payoffs, done = programme(*arrays)
        return Step(kind(*after), payoffs, done)

    return step


def _flat_step(game: Game, kind: type[Any]) -> Callable[..., tuple[Array, ...]]:
    """`game.step` from arrays to arrays: the state's fields and the actions to what comes out."""
    names = tuple(field.name for field in dataclasses.fields(kind))

    def flat(*arrays: Array) -> tuple[Array, ...]:
        played = game.step(kind(*arrays[:-1]), arrays[-1])
        after = (getattr(played.state, name) for name in names)
        return (*after, played.payoffs, played.done)

    # torch keeps what it compiled with a function's code, searches all of it on every call
    # and gives up after eight entries; so each game and batch size gets code of its own
    return FunctionType(flat.__code__.replace(), globals(), "flat", None, flat.__closure__)
