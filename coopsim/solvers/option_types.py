"""Options of methods and concepts, checked against the types that a method declares.

A method's options are its arguments; their annotations say what fits. Options come from
scenario files and command lines, where `10**9` is a text: said here in one message, not by
whatever arithmetic meets it first.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from annotated_types import Interval

from coopsim.errors import UserError, nearest

Seed = Annotated[int, Interval(ge=0)]
"""The seed of a method's random numbers."""
Starts = Annotated[int, Interval(ge=1, le=10_000)]
"""How many points a method starts from."""
Steps = Annotated[int, Interval(ge=0, le=1000)]
"""Steps of thinking."""

_LARGEST = 2**63
"""Whole numbers below this in size: arrays and counters hold no larger ones."""
_ITEMS = 1_000_000
"""Numbers that a list may hold."""


def checked(taken: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, refused where a value is of another type than the method's argument.

    Whole numbers too large for arrays become the numbers that they stand for.

    Args:
        taken: option -> the type that it is declared with, as `declared` gives them.
        options: what the caller wrote.

    Raises:
        UserError: names the option, what was given and what is allowed.
    """
    found = dict(options)
    for key, value in options.items():
        hint = taken.get(key, Any)
        if isinstance(value, int) and abs(value) >= _LARGEST and _fits(value, hint):
            found[key] = float(value) if hint is not Any else value
        if _fits(value, hint):
            _check_range(key, value, hint)
        else:
            known = [item for item in _texts(hint) if isinstance(item, str)]
            near = nearest(value, known) if known and isinstance(value, str) else None
            given = "null" if value is None else value
            raise UserError(f"must be {_said(hint)}", key=key, given=given, nearest=near)
    return found


@functools.cache
def declared(run: Callable[..., Any]) -> dict[str, Any]:
    """Argument -> declared type of a method; empty where its annotations cannot be read."""
    try:
        return get_type_hints(run, include_extras=True)
    except (NameError, TypeError, AttributeError):  # another package's, with names of its own
        return {}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of the declared type; whole numbers are numbers, truth values none."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _fits(value, get_args(hint)[0])
    rule = _RULES.get(hint)
    if rule is not None:
        return rule(value)
    if origin in (Union, types.UnionType):
        return any(_fits(value, part) for part in _parts(hint))
    if origin is Literal:
        return any(type(value) is type(part) and value == part for part in get_args(hint))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return _listed(value, (get_args(hint) or (Any,))[0])
    return True  # a type that only the method itself can check


def _check_range(key: str, value: Any, hint: Any) -> None:
    """Refuse a number outside the range that its type states."""
    for span in (each for part in _parts(hint) for each in getattr(part, "__metadata__", ())):
        least, most = span.ge, span.le
        if value is None or (value >= least and (most is None or value <= most)):
            continue
        allowed = f"{least} or more" + ("" if most is None else f", up to {most:,}")
        raise UserError("out of range", key=key, given=value, allowed=allowed)


def _parts(hint: Any) -> tuple[Any, ...]:
    """The types that a type is one of."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _listed(value: Any, part: Any) -> bool:
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.size <= _ITEMS else None
    if not isinstance(value, list | tuple) or len(value) > _ITEMS:
        return False
    return all(_fits(item, part) for item in value)


def _is_whole(value: Any) -> bool:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return whole and abs(int(value)) < _LARGEST


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return False
    try:
        return not math.isnan(float(value))
    except (OverflowError, TypeError, ValueError):
        return False


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_none(value: Any) -> bool:
    return value is None


_RULES: Mapping[Any, Callable[[Any], bool]] = types.MappingProxyType(
    {int: _is_whole, float: _is_number, bool: _is_truth, str: _is_text, type(None): _is_none}
)
_NAMES: Mapping[Any, str] = types.MappingProxyType(
    {int: "a whole number", float: "a number", bool: "true or false", str: "a text",
     type(None): "nothing"}
)  # fmt: skip


def _said(hint: Any) -> str:
    """A declared type in words."""
    if hint in _NAMES:
        return _NAMES[hint]
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _said(parts[0])
    if origin is Literal:
        return " or ".join(str(part) for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(_said(part) for part in _parts(hint))
    return f"a list, each {_said((parts or (Any,))[0])}" if parts else "another value"


def _texts(hint: Any) -> Iterable[Any]:
    """The texts that a type of given words allows, wherever they stand in it."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return [text for part in get_args(hint) for text in _texts(part)]
