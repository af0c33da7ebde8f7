"""Frozen dataclasses as parameter sets: from plain data, with errors a person can act on.

The fields of a game, an agent or a solver *are* its parameters. Types, ranges
(`annotated_types`), defaults and the docstring under each field give the check of a
YAML file, the JSON Schema that editors read and the reference page of the manual.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, ClassVar, TypeVar

from coopsim.errors import UnknownName, UserError, nearest
from coopsim.errors import dotted as dotted

T = TypeVar("T")
Path = tuple[str | int, ...]
_adapters: dict[type[Any], Any] = {}
_defaults: dict[type[Any], dict[str, Any]] = {}


class Parameters:
    """Base of frozen dataclasses whose fields are parameters: strict types, no unknown keys."""

    # a plain dict, so that declaring parameters does not import pydantic
    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "strict": True,
        "allow_inf_nan": False,
        "use_attribute_docstrings": True,
    }


@dataclass(frozen=True, slots=True)
class Names:
    """Says of a text that it is a registered name: `Annotated[str, Names("concept")]`.

    Args:
        kind: a kind of the registry.
        extra: further texts that are allowed.
    """

    kind: str
    extra: tuple[str, ...] = ()

    def known(self) -> list[str]:
        """Every allowed text."""
        from coopsim import registry

        return sorted([*registry.registrations(self.kind), *self.extra])

    def check(self, name: str) -> str:
        """The name itself. Raises `UnknownName`."""
        known = self.known()
        if name not in known:
            raise UnknownName(self.kind, name, known)
        return name

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "enum": self.known(), "x-registry": self.kind}


def build(cls: type[T], data: Mapping[str, Any]) -> T:
    """An instance of the parameter class `cls` from plain data (as read from YAML).

    Integers are accepted where a number is asked for; texts and booleans are not.

    Raises:
        UserError: the first thing wrong, with `key` the dotted path below `data`
            and `path` (an attribute of the error) the same as a tuple.
    """
    from pydantic import ValidationError

    try:
        text = json.dumps(data, default=_plain)
    except TypeError as error:
        raise UserError("not plain data", given=data, allowed=str(error)) from None
    except (ValueError, RecursionError):
        allowed = "numbers of up to 4,300 digits, nested less than 900 deep"
        raise UserError("not plain data", allowed=allowed) from None
    try:
        return _adapter(cls).validate_json(text)  # type: ignore[no-any-return]
    except ValidationError as error:
        from coopsim.explain import explain

        raise explain(error.errors(), json.loads(text), json_schema(cls)) from None


def dump(parameters: Any) -> dict[str, Any]:
    """The parameters as plain data, every default written out."""
    return dict(_adapter(type(parameters)).dump_python(parameters, mode="json"))


def json_schema(cls: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a parameter class: every parameter with its default and meaning."""
    schema = dict(_adapter(cls).json_schema())
    meanings = _meanings(cls)
    for item in fields(cls):
        node = schema.get("properties", {}).get(item.name, {})
        # pydantic reads the docstrings of the class itself, not of those it inherits from
        if item.name in meanings:
            node.setdefault("description", meanings[item.name])
        if item.default_factory is not MISSING:
            node.setdefault("default", item.default_factory())
    return schema


def names(cls: type[Any]) -> list[str]:
    """The parameter names of a class."""
    return [item.name for item in fields(cls)] if is_dataclass(cls) else []


def summary(cls: type[Any]) -> list[dict[str, Any]]:
    """One row a parameter: name, type, range, default, whether one must be given, description."""
    from coopsim import wording

    schema = json_schema(cls)
    described = schema.get("properties", {})
    rows = []
    for item in fields(cls):
        node = described.get(item.name, {})
        required = item.default is MISSING and item.default_factory is MISSING
        rows.append(
            {
                "name": item.name,
                "type": wording.kind(node, schema),
                "range": wording.span(node, schema),
                "required": required,
                "default": node.get("default"),
                "description": " ".join(node.get("description", "").split()),
            }
        )
    return rows


def defaults(cls: type[Any]) -> Mapping[str, Any]:
    """Parameter -> default as plain data, of those that have one."""
    if cls not in _defaults:
        rows = summary(cls)
        _defaults[cls] = {row["name"]: row["default"] for row in rows if not row["required"]}
    return _defaults[cls]


def unknown_key(key: str, known: Iterable[str]) -> UserError:
    """The error for a key that is not one of `known`; its `key` is the whole path so far."""
    allowed = sorted(known)
    return UserError(
        "unknown key", given=key, allowed=allowed, nearest=nearest(key, allowed), key=key
    )


def _meanings(cls: type[Any]) -> dict[str, str]:
    """The text under each parameter, by name, those of base classes included."""
    if not is_dataclass(cls):
        return {}
    found = _meanings(cls.__base__) if cls.__base__ else {}
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    except OSError:  # typed at a prompt
        return found
    for field, text in itertools.pairwise(getattr(tree, "body", [])):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            name, said = getattr(field.target, "id", ""), getattr(text.value, "value", "")
            found[name] = inspect.cleandoc(str(said))
    return found


def _adapter(cls: type[Any]) -> Any:
    if cls not in _adapters:
        from pydantic import TypeAdapter

        _adapters[cls] = TypeAdapter(cls)
    return _adapters[cls]


def _plain(value: Any) -> Any:
    """Tuples of numpy numbers and arrays, as they come from Python callers, as plain data."""
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    if is_dataclass(value) and not isinstance(value, type):
        return dump(value)
    raise TypeError(f"numbers, texts, lists and mappings, not {type(value).__name__}")
