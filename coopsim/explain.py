"""pydantic's findings about a parameter class as one error that a person can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from coopsim import wording
from coopsim.errors import UserError, dotted, nearest

Path = tuple[str | int, ...]
Finding = Mapping[str, Any]

_PLACE = re.compile(r"\d{1,18}", re.ASCII)  # in a list
_LOOKED = 1000  # findings that are looked through for the most telling one
_UNKNOWN, _MISSING = "unexpected_keyword_argument", ("missing", "missing_argument")
_RANGE = ("greater_than", "less_than", "too_short", "too_long", "multiple_of")


def explain(findings: Sequence[Finding], data: Any, schema: wording.Schema) -> UserError:
    """The most telling of pydantic's findings.

    Args:
        findings: `ValidationError.errors()`.
        data: what was checked.
        schema: the JSON Schema of the parameter class.

    Returns:
        An error with `key` the dotted path below `data` and, as an attribute, `path`.
    """
    placed = [(_path(data, item["loc"], item["type"]), item) for item in findings[:_LOOKED]]
    depth = max(len(path) for path, _ in placed)
    # the branches of a union report beside each other: the deepest path is the one meant
    # and there the one that the most branches complain of: the others have one that fits
    deepest = [path for path, _ in placed if len(path) == depth]
    path = _misspelt(placed, max(deepest, key=deepest.count))
    same = [item for other, item in placed if other == path]
    # where one branch fits in type and only its range is broken, that is what to say
    same = [item for item in same if not item["type"].endswith("_type")] or same
    first = next((item for item in same if item["type"] == "value_error"), same[0])
    made, path = _error(first, path, schema)
    made.key = dotted(path) or None
    made.path = path  # type: ignore[attr-defined]
    return made


def _misspelt(placed: Sequence[tuple[Path, Finding]], path: Path) -> Path:
    """Where `path` is a missing key, the unknown one beside it that was probably meant as it."""
    if {item["type"] for other, item in placed if other == path}.isdisjoint(_MISSING):
        return path
    beside = {
        str(other[-1]): other
        for other, item in placed
        if item["type"] == _UNKNOWN and other[:-1] == path[:-1]
    }
    return next((beside[w] for w in beside if nearest(w, [str(path[-1])]) is not None), path)


def _error(finding: Finding, path: Path, schema: wording.Schema) -> tuple[UserError, Path]:
    """The error for one finding, and where it is."""
    kind = finding["type"]
    if kind == _UNKNOWN:
        known = wording.keys(schema, path[:-1])
        word = str(path[-1])
        return UserError(
            "unknown key", given=word, allowed=known, nearest=nearest(word, known)
        ), path
    if kind in _MISSING:
        node = wording.find(schema, path)
        return UserError("missing", allowed=wording.sentence(node, schema)), path
    if kind == "value_error":
        cause = finding["ctx"]["error"]
        if not isinstance(cause, UserError):
            return UserError(str(cause), given=_shown(finding)), path
        return cause, path + _below(cause)
    node = wording.find(schema, path)
    made = UserError(_problem(kind), given=_shown(finding), allowed=wording.sentence(node, schema))
    if isinstance(finding["input"], str):
        made.nearest = nearest(finding["input"], _choices(node, schema))
    return made, path


def _below(cause: UserError) -> Path:
    """The part of the path that the parameter class itself told."""
    told: Path = getattr(cause, "path", ())
    parts = cause.key.split(".") if cause.key else []
    return told or tuple(int(part) if _PLACE.fullmatch(part) else part for part in parts)


def _problem(kind: str) -> str:
    if kind == "finite_number":
        return "not a finite number"
    if kind.startswith(_RANGE):
        return "out of range"
    if kind == "literal_error":
        return "no such choice"
    return "of the wrong type"


def _shown(finding: Finding) -> Any:
    """What was given; text in quotes where something else was wanted, since '3' is not 3."""
    given = finding["input"]
    if given is None:
        return "null"
    choice = finding["type"] in ("literal_error", "value_error")
    return json.dumps(given) if isinstance(given, str) and not choice else given


def _choices(node: wording.Schema, schema: wording.Schema) -> list[str]:
    found: list[str] = []
    for option in wording.branches(node, schema):
        found += option.get("enum", [option["const"]] if "const" in option else [])
    return found


def _path(data: Any, location: Sequence[str | int], kind: str) -> Path:
    """The part of a pydantic location that is in the data (it names union branches too)."""
    path: list[str | int] = []
    node = data
    for part in location:
        inside = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        if inside:
            path.append(part)
            node = node[part]
    if kind in _MISSING:
        path.append(location[-1])
    return tuple(path)
