"""Parameters as rows for people: the manual's reference of keys, and `coopsim describe`.

The page docs/reference/scenario-keys.md is made with

    python -m coopsim.scenario.reference > docs/reference/scenario-keys.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coopsim import catalogue, parameters, registry, wording
from coopsim.errors import shorten
from coopsim.scenario.schema import KEYS, SECTIONS, USE

REQUIRED = "(must be given)"
"""What stands in place of a default where there is none."""

_HEAD = """\
# Scenario keys

Every key of a scenario file, and of every game and agent that a scenario can use. This page is
generated from the classes that check the files; `coopsim describe NAME` shows the same for
one name, `coopsim check FILE` prints a scenario with every default, and `coopsim schema`
writes a JSON Schema for editors.
"""

_PATHS = """\
A path such as `game.trust.initial` names a value in policies, in `study.vary` and with
`--set`. Numbers count list items from 0, as in `game.shares.0`; below, `#` is any such number.
"""


@dataclass(frozen=True)
class Row:
    """One key: its path below the section, and what can stand there."""

    path: str
    type: str
    range: str
    default: str
    meaning: str


def rows(cls: type[Any], given: Mapping[str, Any] | None = None) -> list[Row]:
    """The parameters of a class, those of parameter classes inside it included.

    Args:
        cls: a parameter class.
        given: defaults that a content file puts in place of the class's own.
    """
    schema = parameters.json_schema(cls)
    return list(_rows(schema, schema, given or {}, ""))


def markdown() -> str:
    """The reference page."""
    parts = [_HEAD, "## The file\n", _table(("key", "meaning"), KEYS.items()), _PATHS]
    for name, cls in SECTIONS.items():
        parts += [f"## {name}\n", _keys(rows(cls), f"{name}.")]
    for kind, place in (("game", "game"), ("agent", "agents.NAME")):
        parts += [f"## {kind.capitalize()}s\n", f"`{place}.use`: {USE}.\n"]
        parts += _registered(kind)
        parts.append(_files(kind))
    return "\n".join(part for part in parts if part)


def _rows(
    node: wording.Schema, root: wording.Schema, given: Mapping[str, Any], above: str
) -> Iterator[Row]:
    for name, child in node.get("properties", {}).items():
        inner = _inner(child, root)
        default = given[name] if name in given else child.get("default", REQUIRED)
        # a mapping of parameters has its defaults beside them
        shown = "" if inner and isinstance(default, Mapping) else shorten(_noted(default), 60)
        meaning = " ".join(child.get("description", "").split())
        kind, span = wording.kind(child, root), wording.span(child, root)
        yield Row(f"{above}{name}", kind, span, shown, meaning)
        for option, mark in inner:
            below = default if isinstance(default, Mapping) else {}
            yield from _rows(option, root, below, f"{above}{name}{mark}.")


def _inner(node: wording.Schema, root: wording.Schema) -> list[tuple[wording.Schema, str]]:
    """The parameter classes inside a value, and how a path goes on to them."""
    found = []
    for option in wording.branches(node, root):
        if option.get("properties"):
            found.append((option, ""))
        items = option.get("items")
        if isinstance(items, Mapping):
            found += [(item, f".#{mark}") for item, mark in _inner(items, root)]
    return found


def _noted(default: Any) -> Any:
    if default in ({}, [], ()):
        return "none"
    return {None: "null", "": '""'}.get(default, default) if _plain(default) else default


def _plain(default: Any) -> bool:
    return default is None or isinstance(default, str)


def _registered(kind: str) -> Iterator[str]:
    for name, item in sorted(registry.registrations(kind).items()):
        cls = item.load()
        about = " ".join((cls.__doc__ or item.summary).split("\n\n")[0].split())
        yield f"### {name}\n"
        yield f"{about}\n"
        if found := rows(cls):
            yield _keys(found)


def _files(kind: str) -> str:
    """The content files of a kind: what they use, and what they fill in."""
    listed = []
    for name in catalogue.known(kind):
        entry = catalogue.entry(kind, name)
        if entry.path is not None:
            title = " ".join(str(entry.card.get("title", "")).split())
            filled = ", ".join(f"`{key}`" for key in entry.given)
            listed.append((name, title, filled))
    if not listed:
        return ""
    head = f"### {kind.capitalize()}s as files\n\nEach takes the keys of what it uses.\n"
    return f"{head}\n{_table(('name', 'what it is', 'fills in'), listed)}"


def _keys(found: Sequence[Row], above: str = "") -> str:
    cells = [(f"{above}{row.path}", row.type, row.range, row.default, row.meaning) for row in found]
    return _table(("key", "type", "range", "default", "meaning"), cells)


def _table(head: Sequence[str], body: Any) -> str:
    lines = [head, ["---"] * len(head)]
    lines += [[f"`{first}`", *(_cell(item) for item in rest)] for first, *rest in body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    """Text as it stands: outside of code, brackets would be read as links to other pages."""
    parts = text.replace("|", "\\|").replace("<", "&lt;").split("`")
    parts[::2] = [part.replace("[", "\\[").replace("]", "\\]") for part in parts[::2]]
    return "`".join(parts)


if __name__ == "__main__":
    print(markdown(), end="")
