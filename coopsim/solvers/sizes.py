"""How much memory solving a form will take, before it is solved.

Estimates are for the arrays that a method holds at once, and are meant to be right within a
factor of three. A method names its kind of working space when it is registered
(`space="tableau"`); others are taken to hold a few copies of the form.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from coopsim.registry import Registration

_NUMBER = 8  # bytes
_COPIES = 4  # of the form, for methods that do not say


def form_bytes(form: Any) -> int:
    """The bytes of all arrays in a form, those inside its parts included."""
    seen: set[int] = set()

    def count(value: Any) -> int:
        if id(value) in seen:
            return 0
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            return int(value.nbytes)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return sum(count(getattr(value, field.name)) for field in dataclasses.fields(value))
        if isinstance(value, Mapping):
            return sum(map(count, value.values()))
        if isinstance(value, tuple | list):
            return sum(map(count, value))
        return 0

    return count(form)


def working_bytes(form: Any, method: Registration) -> int:
    """About how many bytes a method needs beside the form."""
    rule = _SPACES.get(method.tags.get("space", ""))
    return _COPIES * form_bytes(form) if rule is None else int(rule(form))


def described(form: Any) -> str:
    """The sizes of a form in a few words."""
    if form.kind in ("normal", "continuous"):
        if form.kind == "continuous":
            return f"{form.m} coordinates"
        sizes = " x ".join(map(str, form.shape)) + " actions"
        return sizes if getattr(form, "grid", None) is None else f"{sizes}, a grid of the game's"
    if form.kind == "extensive":
        return f"{form.tree.size:,} nodes, {len(form.infosets):,} information sets"
    return f"{form.n} players"


def _tableau(form: Any) -> float:
    """Two tableaux of m + n rows and columns, kept twice."""
    m, n = (int(size) for size in form.shape)
    return 4.0 * _NUMBER * (m + n + 2) * (m + n + 2)


def _rows(form: Any) -> float:
    """One row a swap of two actions, an entry (value and place) for each profile it touches."""
    profiles = math.prod(form.shape)
    return float(3 * 16 * profiles * sum(size - 1 for size in form.shape))


def _program(form: Any) -> float:
    """A dense program with a row an action and a column an action, and HiGHS's copy of it."""
    return float(4 * _NUMBER * math.prod(form.shape))


def _sequences(form: Any) -> float:
    """Sparse payoffs over pairs of sequences, constraints, and HiGHS's copies."""
    ends = len(form.tree.terminals)
    return 6.0 * 16 * (ends + len(form.infosets.action_labels) * 4)


def _pivots(form: Any) -> float:
    """A dense dictionary over the sequences of both players."""
    count = int(form.infosets.offset[-1]) + len(form.infosets) + 4
    return 2.0 * _NUMBER * count * count


_SPACES: dict[str, Callable[[Any], float]] = {
    "tableau": _tableau,
    "swaps": _rows,
    "program": _program,
    "sequences": _sequences,
    "pivots": _pivots,
}
