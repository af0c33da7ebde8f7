"""From an adapter's dictionary of actions, one a player, to the joint action of a game.

One step of a small game takes some tens of microseconds, so the common case (every player
chooses one number) is read without making arrays of the parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box, Discrete

from coopsim.errors import CoopsimError, InvalidAction
from coopsim.games.game import Game

Reader = Callable[[Mapping[str, Any]], npt.NDArray[Any]]
"""Actions by player name to a joint action for one episode, `[1, n]` or `[1, n, k]`."""


def reader(game: Game) -> Reader:
    """The reader for a game's action spaces.

    Readers raise `InvalidAction`, naming the player, where an action is missing, has the
    wrong shape, is NaN or infinite, or lies outside the space of a game that does not
    itself bring actions to the nearest bound (`clip`).

    Raises:
        CoopsimError: the players' spaces cannot stand in one array.
    """
    spaces: list[Any] = [game.action_space(i) for i in range(game.n)]
    named = dict(zip(game.labels, spaces, strict=True))
    if all(isinstance(space, Discrete) for space in spaces):
        return _discrete(named)
    if not all(isinstance(space, Box) for space in spaces):
        raise CoopsimError(f"{type(game).__name__}: every space must be a Box, or every Discrete")
    if len({space.shape for space in spaces}) > 1:
        raise CoopsimError(f"{type(game).__name__}: the players' actions differ in shape")
    clip = bool(getattr(game, "clip", False))
    return _numbers(named, clip) if spaces[0].shape == (1,) else _boxes(named, clip)


def _numbers(spaces: Mapping[str, Any], clip: bool) -> Reader:
    """One number a player."""
    bounds = [(name, float(s.low[0]), float(s.high[0])) for name, s in spaces.items()]
    count = len(bounds)

    def read(actions: Mapping[str, Any]) -> npt.NDArray[Any]:
        if len(actions) != count:
            _check_names(actions, spaces)
        joint = np.empty((1, count))
        for i, (name, low, high) in enumerate(bounds):
            try:
                value = actions[name].item()
            except (AttributeError, KeyError, ValueError):
                _check_names(actions, spaces)
                value = _number(name, actions[name])
            # false for NaN as well
            if not low <= value <= high and not (clip and math.isfinite(value)):
                raise _outside(name, value, low, high)
            joint[0, i] = value
        return joint

    return read


def _boxes(spaces: Mapping[str, Any], clip: bool) -> Reader:
    """An array a player."""

    def read(actions: Mapping[str, Any]) -> npt.NDArray[Any]:
        _check_names(actions, spaces)
        rows = []
        for name, space in spaces.items():
            value = np.asarray(actions[name], dtype=np.float64)
            if value.shape != space.shape:
                raise _wrong_shape(name, value.shape, space.shape)
            bad = ~np.isfinite(value)
            if not clip:
                bad |= (value < space.low) | (value > space.high)
            if bad.any():
                where = tuple(np.argwhere(bad)[0])
                raise _outside(name, value[where], space.low[where], space.high[where])
            rows.append(value)
        return np.stack(rows)[None]

    return read


def _discrete(spaces: Mapping[str, Any]) -> Reader:
    """The index of an action a player."""

    def read(actions: Mapping[str, Any]) -> npt.NDArray[Any]:
        _check_names(actions, spaces)
        row = []
        for name, space in spaces.items():
            value = _number(name, actions[name])
            first, last = int(space.start), int(space.start + space.n - 1)
            # the first comparison is false for NaN, so int() is never asked for its integer
            if not (first <= value <= last and value == int(value)):
                raise _outside(name, value, first, last)
            row.append(int(value))
        return np.array([row], dtype=np.int64)

    return read


def _check_names(actions: Mapping[str, Any], spaces: Mapping[str, Any]) -> None:
    if actions.keys() != spaces.keys():
        for name in spaces:
            if name not in actions:
                raise InvalidAction(f"no action for {name}")
        extra = next(name for name in actions if name not in spaces)
        raise InvalidAction(f"an action for {extra!r}; the players are {', '.join(spaces)}")


def _number(name: str, given: Any) -> float:
    """A single number from whatever holds one: a float, a list or an array of one element."""
    try:
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidAction(f"the action of {name} is not a number: {given!r}") from None
    if array.size != 1:
        raise _wrong_shape(name, array.shape, (1,))
    return float(array.item())


def _wrong_shape(name: str, given: tuple[int, ...], wanted: tuple[int, ...]) -> InvalidAction:
    return InvalidAction(f"the action of {name} must have shape {wanted}, not {given}")


def _outside(name: str, value: float, low: float, high: float) -> InvalidAction:
    problem = "is outside the action space" if math.isfinite(value) else "is not a finite number"
    return InvalidAction(f"action {value} of {name} {problem}; allowed: {low:g} to {high:g}")
