"""Shapes of plain data: whether what a JSON file says is what a dataclass declares."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, NewType

from coopsim.errors import shorten
from coopsim.study.columns import is_array, is_number
from coopsim.study.disk import Damaged

Array = NewType("Array", object)
"""A number, or nested lists of numbers that are equally long at each level."""

_MOST_COUNT = 2**63 - 1


def require(data: Any, kind: Any, path: str = "") -> None:
    """Refuse data that is not of a kind.

    Args:
        data: plain data, as JSON gives it.
        kind: str, bool, int (0 or more), float (finite), `Array`, Any, None, an Enum, a
            Literal, a dataclass, or a union, tuple or Mapping of such.
        path: where it stands, for the message.

    Raises:
        Damaged: naming the place.
    """
    parts = typing.get_args(kind)
    if kind is Any:
        _require_writable(data, path)
    elif dataclasses.is_dataclass(kind):
        _require_record(data, kind, path)
    elif isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        if data is not None or type(None) not in parts:
            (other,) = (part for part in parts if part is not type(None))
            require(data, other, path)
    elif typing.get_origin(kind) is Literal:
        _require(data in parts if isinstance(data, str) else False, data, path)
    elif typing.get_origin(kind) is tuple:
        _require_list(data, parts, path)
    elif typing.get_origin(kind) is Mapping:
        _require(isinstance(data, dict), data, path)
        for name, value in data.items():
            require(name, str, path)
            require(value, parts[1], _below(path, name))
    else:
        _require(_is_plain(data, kind), data, path)


def _require_record(data: Any, kind: Any, path: str) -> None:
    _require(isinstance(data, dict), data, path)
    hints = _hints(kind)
    for name in data:
        if name not in hints:
            raise Damaged(f"{_below(path, name)}: not known here")
    for name, inner in hints.items():
        if name not in data:
            raise Damaged(f"{_below(path, name)}: missing")
        require(data[name], inner, _below(path, name))


def _require_list(data: Any, parts: tuple[Any, ...], path: str) -> None:
    many = len(parts) == 2 and parts[1] is Ellipsis
    _require(isinstance(data, list) and (many or len(data) == len(parts)), data, path)
    kinds = [parts[0]] * len(data) if many else parts
    for place, (item, inner) in enumerate(zip(data, kinds, strict=True)):
        require(item, inner, _below(path, str(place)))


def _is_plain(data: Any, kind: Any) -> bool:
    if kind is str:
        return isinstance(data, str) and _encodes(data)
    if kind is bool:
        return isinstance(data, bool)
    if kind is int:
        return type(data) is int and 0 <= data <= _MOST_COUNT
    if kind is float:
        return is_number(data)
    if kind is Array:
        return is_array(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return isinstance(data, str) and data in [str(item.value) for item in kind]
    raise TypeError(f"no kind of plain data: {kind}")


def _require_writable(data: Any, path: str, deepest: int = 64) -> None:
    """Refuse texts that are no UTF-8, numbers that are not finite, and what is too deep."""
    if isinstance(data, dict | list):
        _require(deepest > 0, data, path)
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for name, value in items:
            _require(_encodes(str(name)), name, path)
            _require_writable(value, _below(path, str(name)), deepest - 1)
    elif isinstance(data, str):
        _require(_encodes(data), data, path)
    elif data is not None and not isinstance(data, bool):
        _require(is_number(data), data, path)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    found = typing.get_type_hints(kind)
    return {field.name: found[field.name] for field in dataclasses.fields(kind)}


def _below(path: str, name: str) -> str:
    shown = shorten(name, 40).encode("ascii", "backslashreplace").decode()
    return f"{path}.{shown}" if path else shown


def _require(fine: bool, data: Any, path: str) -> None:
    if not fine:
        shown = shorten(data, 60).encode("ascii", "backslashreplace").decode()
        raise Damaged(f"{path or 'its data'}: not what it should be: {shown}")
