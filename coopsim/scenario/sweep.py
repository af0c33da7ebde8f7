"""Paths into a scenario: policies, sweeps and `--set` change values that exist."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from coopsim.errors import UserError, nearest
from coopsim.scenario import place

ROOTS = ("game", "agents")
"""The sections that policies and sweeps may change."""

Data = Mapping[str, Any]

_LONGEST = 2000  # characters of a path
_PLACE = re.compile(r"\d{1,18}", re.ASCII)  # in a list; int() refuses thousands of digits


def apply(
    data: Data,
    resolved: Data,
    changes: Data,
    resolve: Callable[[Data], Data],
    roots: Sequence[str] = ROOTS,
) -> tuple[Data, Data]:
    """Change the written `data`, and resolve it again.

    Args:
        data: the scenario as written (defaults not filled in).
        resolved: the same with every default, which says what paths exist.
        changes: path -> value. `....use` goes first, since it decides which keys there are.
        resolve: makes `resolved` of `data`; raises `UserError` with the path at fault.
        roots: the sections that may be changed.

    Returns:
        Both, changed.

    Raises:
        UserError: a path does not exist, or the values do not fit. Its path begins with the
            change at fault, as one key: ("game.trust.build",).
    """
    wrong: tuple[str, UserError] | None = None
    for path, value in sorted(changes.items(), key=lambda item: not item[0].endswith(".use")):
        where = _below_new_use(path, changes, resolved) if wrong else None
        data = _set(data, resolved, where or _existing(path, resolved, roots), value)
        try:
            resolved, wrong = resolve(data), None
        except UserError as error:
            # what comes may put it right, as three shares after three players
            wrong = (wrong[0] if wrong else path, error)
    if wrong is not None:
        found = {path: keys(path, resolved) for path in changes if exists(path, resolved)}
        raise _blamed(*wrong, found)
    return data, resolved


def keys(path: str, data: Data) -> place.Path:
    """A dotted path as keys that exist in `data`.

    Keys may contain dots (an agent called "v1.2"): the longest match wins.

    Raises:
        UserError: a part does not exist; the message names the part and the nearest path.
    """
    if len(path) > _LONGEST:
        raise place.at("no such key", (path,), given=path, allowed=f"{_LONGEST:,} characters")
    parts = path.split(".")
    found: list[str | int] = []
    node: Any = data
    while parts:
        key, used = _match(node, parts)
        if key is None:
            raise _missing(path, parts[0], node, found, data)
        found.append(key)
        node, parts = node[key], parts[used:]
    return tuple(found)


def exists(path: str, data: Data) -> bool:
    """Whether `keys` finds the path."""
    try:
        keys(path, data)
    except UserError:
        return False
    return True


def combinations(vary: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination of a sweep, the last path changing fastest."""
    for values in itertools.product(*vary.values()):
        yield dict(zip(vary, values, strict=True))


def suggest(path: str, data: Data) -> str | None:
    """The path in `data` that was probably meant: same ending first, then similar letters."""
    known = list(_paths(data, ""))
    endings = [other for other in known if other.endswith(f".{path}")]
    return min(endings, key=len) if endings else nearest(path, known)


def _existing(path: str, resolved: Data, roots: Sequence[str]) -> place.Path:
    """The keys of a path that may be changed."""
    inside = {root: resolved[root] for root in roots if root in resolved}
    if path.split(".")[0] in roots:
        return keys(path, inside)
    raise place.at(
        "not something that can be changed here",
        (path,),
        given=path,
        allowed=f"paths that begin with {', '.join(roots)}",
        nearest=suggest(path, inside),
    )


def _below_new_use(path: str, changes: Data, resolved: Data) -> place.Path | None:
    """The keys of a path whose section gets another `use`, which may need them to be complete.

    They cannot be looked up before the section resolves; if they do not exist, it never will.
    """
    for use in changes:
        section = use.removesuffix("use")
        if use.endswith(".use") and path.startswith(section) and path != use:
            above = keys(section.removesuffix("."), resolved)
            return (*above, *path.removeprefix(section).split("."))
    return None


def _set(data: Data, resolved: Data, path: place.Path, value: Any) -> Data:
    """A copy of `data` with one value changed."""
    result: dict[str, Any] = copy.deepcopy(dict(data))
    node: Any = result
    full: Any = resolved
    for key, following in itertools.pairwise(path):
        full = full[key] if isinstance(full, list) or key in (full or {}) else None
        if isinstance(node, list):
            # an item that is a mapping or a list itself is there: lists are written whole
            node = node[int(key)]
            continue
        # lists are replaced whole by what lies over them, so a list needs all its items
        inner: Any = copy.deepcopy(full) if isinstance(following, int) else {}
        node[key] = node.get(key) or inner
        node = node[key]
    node[path[-1]] = copy.deepcopy(value)
    return result


def _blamed(first: str, error: UserError, changes: Mapping[str, place.Path]) -> UserError:
    """The error, pointing at the change that it is about; at the first wrong one if at none."""
    if error.file is not None:
        return error
    path = place.path_of(error)
    for change, found in changes.items():
        if place.overlap(path, found):
            return place.set_path(error, (change, *path[len(found) :]))
    error.problem = f"makes {'.'.join(map(str, path))} wrong: {error.problem}"
    return place.set_path(error, (first,))


def _match(node: Any, parts: Sequence[str]) -> tuple[str | int | None, int]:
    if isinstance(node, list) and _PLACE.fullmatch(parts[0]) and int(parts[0]) < len(node):
        return int(parts[0]), 1
    if isinstance(node, Mapping):
        for used in range(len(parts), 0, -1):
            key = ".".join(parts[:used])
            if key in node:
                return key, used
    return None, 0


def _missing(path: str, part: str, node: Any, found: Sequence[str | int], data: Data) -> UserError:
    above = ".".join(map(str, found))
    if isinstance(node, Mapping):
        known = [str(key) for key in node]
    elif isinstance(node, list):
        known = [str(i) for i in range(len(node))]
    else:
        return place.at(
            f"{above} has no keys below it", (path,), given=part, allowed=f"{above} itself"
        )
    close = nearest(part, known)
    return place.at(
        f"no such key in {above or 'the scenario'}",
        (path,),
        given=part,
        allowed=known,
        nearest=f"{above}.{close}".strip(".") if close else suggest(path, data),
    )


def _paths(node: Any, above: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            path = f"{above}.{key}".strip(".")
            yield path
            yield from _paths(value, path)
