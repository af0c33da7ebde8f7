"""Paths into a scenario: policies, sweeps and `--set` change values that exist."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coopsim.errors import UserError, nearest

ROOTS = ("game", "agents")
"""The sections that policies and sweeps may change."""


def resolve(path: str, data: Mapping[str, Any]) -> tuple[str | int, ...]:
    """A dotted path as keys that exist in `data`.

    Keys may contain dots (an agent called "v1.2"): the longest match wins.

    Raises:
        UserError: a part does not exist; the message names the part and the nearest key.
    """
    parts = path.split(".")
    keys: list[str | int] = []
    node: Any = data
    while parts:
        key, used = _match(node, parts)
        if key is None:
            _missing(path, parts[0], node, keys)
        keys.append(key)  # type: ignore[arg-type]
        node, parts = node[key], parts[used:]
    return tuple(keys)


def patched(
    data: Mapping[str, Any], resolved: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """A copy of the written `data` with `changes` (path -> value) applied.

    Args:
        data: the scenario as written (defaults not filled in).
        resolved: the same with every default, which says what paths exist.
        changes: path -> value.

    `....use` is changed first, because it decides which other keys there are; the
    caller checks the result again.
    """
    result = copy.deepcopy(dict(data))
    for path, value in sorted(changes.items(), key=lambda item: not item[0].endswith(".use")):
        keys = resolve(path, resolved)
        node: Any = result
        full: Any = resolved
        for depth, key in enumerate(keys[:-1]):
            full = full[key]
            if isinstance(node, list):
                node = node[int(key)]
                continue
            # lists are replaced whole by what lies over them, so a list needs all its items
            inner: Any = copy.deepcopy(full) if isinstance(keys[depth + 1], int) else {}
            node[key] = node.get(key) or inner
            node = node[key]
        node[keys[-1]] = copy.deepcopy(value)
    return result


def combinations(vary: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination of a sweep, the last path changing fastest."""
    for values in itertools.product(*vary.values()):
        yield dict(zip(vary, values, strict=True))


def _match(node: Any, parts: Sequence[str]) -> tuple[str | int | None, int]:
    if isinstance(node, list) and parts[0].isdigit() and int(parts[0]) < len(node):
        return int(parts[0]), 1
    if isinstance(node, Mapping):
        for used in range(len(parts), 0, -1):
            key = ".".join(parts[:used])
            if key in node:
                return key, used
    return None, 0


def _missing(path: str, part: str, node: Any, keys: Sequence[str | int]) -> None:
    place = ".".join(map(str, keys))
    if isinstance(node, Mapping):
        known: list[str] = [str(key) for key in node]
    elif isinstance(node, list):
        known = [str(i) for i in range(len(node))]
    else:
        raise UserError(
            f"{place} has no keys below it", key=path, given=part, allowed=f"{place} itself"
        )
    close = nearest(part, known)
    raise UserError(
        f"no such key in {place or 'the scenario'}",
        key=path,
        given=part,
        allowed=known,
        nearest=".".join([place, close]).strip(".") if close else None,
    )
