"""The JSON Schema of scenario files, for editors: completion, hints and a first check.

It knows every game and agent that can be found by name, with its parameters. The loader
stays the judge: it also sees what no schema can say, such as seats that leave a player out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from coopsim import catalogue, parameters
from coopsim.errors import CoopsimError
from coopsim.scenario.schema import KEYS, SECTIONS, USE

Schema = dict[str, Any]

_CHANGEABLE = r"^(game|agents)\."
_TITLE = "coopsim scenario, format"
_A_FILE = r"\.(yaml|nfg|efg)$"


def scenario_schema(near: Path | None = None) -> Schema:
    """The JSON Schema (draft 2020-12) of scenario files.

    Args:
        near: a file or folder whose games and agents are included, besides coopsim's own.
    """
    shared: Schema = {}
    properties: Schema = {
        "coopsim": {"const": catalogue.FORMAT},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "game": _named("game", near, shared),
        "agents": {"type": "object", "additionalProperties": _named("agent", near, shared)},
        "seats": _seats(),
        "policies": _policies(),
        **{name: _parameters(cls, shared) for name, cls in SECTIONS.items()},
    }
    properties["study"]["properties"]["vary"]["propertyNames"] = {"pattern": _CHANGEABLE}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{_TITLE} {catalogue.FORMAT}",
        "type": "object",
        "properties": {key: {**node, "description": KEYS[key]} for key, node in properties.items()},
        "required": ["coopsim", "game"],
        "additionalProperties": False,
        "dependentRequired": {"agents": ["seats"], "seats": ["agents"]},
        "$defs": shared,
    }


def is_schema(raw: bytes) -> bool:
    """Whether these bytes are a schema of scenario files, of any version of coopsim."""
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and str(said.get("title")).startswith(_TITLE)


def _named(kind: str, near: Path | None, shared: Schema) -> Schema:
    """A game or an agent: what it uses decides which parameters there are."""
    cases: list[Schema] = []
    for spellings, cls, given in _entries(kind, near):
        node = _parameters(cls, shared)
        properties = {
            name: {**described, **({"default": given[name]} if name in given else {})}
            for name, described in node["properties"].items()
        }
        required = [name for name in node.get("required", ()) if name not in given]
        cases.append(
            {
                "if": {"properties": {"use": {"enum": spellings}}, "required": ["use"]},
                "then": {
                    "properties": {"use": True, **properties},
                    "required": required,
                    "additionalProperties": False,
                },
            }
        )
    names = [name for case in cases for name in case["if"]["properties"]["use"]["enum"]]
    use = {"type": "string", "description": USE, "anyOf": [{"enum": names}, {"pattern": _A_FILE}]}
    return {"type": "object", "properties": {"use": use}, "required": ["use"], "allOf": cases}


def _entries(
    kind: str, near: Path | None
) -> Iterable[tuple[list[str], type[Any], Mapping[str, Any]]]:
    """Every known name with its short spelling, the class behind it and what a file fills in."""
    known = catalogue.known(kind, near)
    endings = Counter(name.rpartition("/")[2] for name in known)
    for name in known:
        try:
            entry = catalogue.entry(kind, name, near)
            given = entry.resolve({}) if entry.path is not None else {}
        except CoopsimError:
            continue  # one broken file must not take the others' hints away
        short = name.rpartition("/")[2]
        # registered classes have one spelling; a file is also found by the end of its name
        alone = entry.path is not None and endings[short] == 1 and short not in known
        yield [name, short] if alone else [name], entry.cls, given


def _seats() -> Schema:
    lineup = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
    return {"oneOf": [lineup, {"type": "array", "items": lineup, "minItems": 1}]}


def _policies() -> Schema:
    patch = {
        "type": "object",
        "patternProperties": {_CHANGEABLE: True},
        "additionalProperties": False,
    }
    return {"type": "object", "minProperties": 1, "additionalProperties": patch}


def _parameters(cls: type[Any], shared: Schema) -> Schema:
    """A parameter class, with the classes inside it moved to the `shared` definitions."""
    place = f"{cls.__module__}.{cls.__qualname__}"
    schema: Schema = _moved(parameters.json_schema(cls), place)
    for name, node in schema.pop("$defs", {}).items():
        shared[f"{place}.{name}"] = node
    return schema


def _moved(node: Any, place: str) -> Any:
    """A copy with references to `place`, and without the titles that pydantic makes of names."""
    if isinstance(node, list):
        return [_moved(item, place) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {}
    for key, value in node.items():
        if key == "$ref":
            copy[key] = f"#/$defs/{place}.{value.rsplit('/', 1)[-1]}"
        elif key == "title" and isinstance(value, str):
            continue
        elif key in ("default", "enum", "const", "examples"):
            copy[key] = value
        else:
            copy[key] = _moved(value, place)
    return copy
