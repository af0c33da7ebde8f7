"""The cells of a payoff table, as people write them, and as arrays of fractions."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.errors import UserError, dotted
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.normal import MOST_PLAYERS

# as long as what a .nfg file may hold comes to as a ratio of whole numbers
_RATIO = re.compile(r"[-+]?\d{1,1400}(/\d{1,1400})?", re.ASCII)


def read_cells(cells: Any, shape: tuple[int, ...]) -> Exact:
    """A nested list of cells as the tensor `[n, A1, ..., An]` of fractions.

    Args:
        cells: nested as deep as there are players; `cells[a1]...[an]` lists what each is paid,
            as numbers or as ratios in quotes ("1/3"). Decimals count as they are written.
        shape: how many actions each player has.

    Raises:
        UserError: the nesting does not fit the actions, or an entry is no number; `key` and
            `path` say where, below "payoffs".
    """
    n = len(shape)
    if n > MOST_PLAYERS:
        raise UserError(
            "too many players for a payoff table",
            key="players",
            given=n,
            allowed=f"at most {MOST_PLAYERS}",
        )
    found: list[Fraction] = []
    # no room is made before all is there: a few names can ask for more than memory holds
    for place in itertools.product(*map(range, shape)):
        cell = _at(cells, place, shape)
        if not isinstance(cell, Sequence) or isinstance(cell, str) or len(cell) != n:
            raise _error(
                "the payoffs of all players must stand here", place, cell, f"a list of {n} numbers"
            )
        found += [_number(value, (*place, player)) for player, value in enumerate(cell)]
    tensor = np.empty(len(found), dtype=object)
    tensor[:] = found
    tensor = tensor.reshape((*shape, n))
    return np.moveaxis(tensor, -1, 0)


def write_cells(tensor: npt.NDArray[Any]) -> tuple[Any, ...]:
    """The inverse of `read_cells`: nested tuples of whole numbers, decimals and ratios."""
    flat = np.moveaxis(tensor, 0, -1)
    return _nested(flat)


def _nested(values: npt.NDArray[Any]) -> tuple[Any, ...]:
    if values.ndim == 1:
        return tuple(map(_plain, values.tolist()))
    return tuple(_nested(part) for part in values)


def _plain(value: Fraction | float) -> int | float | str:
    if isinstance(value, float):
        return value
    if value.denominator == 1 and abs(value) < 2**53:
        return int(value)
    # a decimal where that says exactly the same
    near = float(value)
    return near if Fraction(repr(near)) == value else str(value)


def _at(cells: Any, place: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The cell at a profile; every list on the way must be as long as there are actions."""
    here = cells
    for depth, action in enumerate(place):
        fits = isinstance(here, Sequence) and not isinstance(here, str)
        if not fits or len(here) != shape[depth]:
            what = f"one entry for each of the {shape[depth]} actions of player {depth + 1}"
            raise _error("the table does not fit the actions", place[:depth], here, what)
        here = here[action]
    return here


def _number(value: Any, place: tuple[int, ...]) -> Fraction:
    """The payoff at a place. Raises `UserError` for what is none, or what no float can hold."""
    number = _exactly(value, place)
    try:
        float(number)
    except OverflowError:
        allowed = "-1.797e308 to 1.797e308"
        raise _error("a number too large for a float", place, value, allowed) from None
    return number


def _exactly(value: Any, place: tuple[int, ...]) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str) and _RATIO.fullmatch(value):
        top, _, bottom = value.partition("/")
        if not bottom or int(bottom):
            return Fraction(int(top), int(bottom or 1))
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return Fraction(int(value))
    if isinstance(value, float) and math.isfinite(value):
        return Fraction(repr(float(value)))  # 0.1 in a file means a tenth
    raise _error("not a number", place, value, 'a finite number, or a ratio in quotes ("1/3")')


def _error(problem: str, place: tuple[int, ...], given: Any, allowed: str) -> UserError:
    path: tuple[str | int, ...] = ("payoffs", *place)
    error = UserError(problem, key=dotted(path), given=given, allowed=allowed)
    error.path = path  # type: ignore[attr-defined]  # for the line in the file
    return error
