"""Named, ready-to-use games and agents: a registered class, or a file that fills in its parameters.

A content file says which registered name (or other file) it uses and gives parameters::

    coopsim: 1
    use: coopetition/repeated
    gamma: 0.65
    card: {title: ..., references: [...]}

Its name is its path below the content folder. What a user gives on top wins. A game can
also be a file in one of Gambit's formats: a matrix (`.nfg`) or a tree (`.efg`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coopsim import content, parameters, registry, yamlfile
from coopsim.errors import UnknownName, UserError, nearest

FORMAT = 1
"""The version of the file format that this coopsim reads (`coopsim: 1`)."""

_FOLDERS = {"game": "games", "agent": "agents"}
# files in other programs' formats, and the family whose `from_file` reads them
_FORMATS = {".nfg": "matrix", ".efg": "tree"}
_MAX_CHAIN = 8  # files may use files; a longer chain is a circle


@dataclass(frozen=True)
class Entry:
    """Something that can be made by name.

    Args:
        kind: "game" or "agent".
        name: the name asked for.
        cls: the class behind it.
        given: the parameters that content files fill in.
        card: the content file's own card, if any.
        path: the content file, or None for a bare class.
    """

    kind: str
    name: str
    cls: type[Any]
    given: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters as plain data: defaults, then the file's, then `given`."""
        return parameters.dump(self.make(given))

    def make(self, given: Mapping[str, Any]) -> Any:
        """An instance with `given` on top of the file's parameters."""
        return parameters.build(self.cls, merge(self.given, given))


def entry(kind: str, name: str, near: Path | None = None) -> Entry:
    """Look a name up among content files, then among registered classes.

    Args:
        kind: "game" or "agent".
        name: a registered name, a content file's name or its path.
        near: the file that names it; its folder and project are searched first.

    Raises:
        UnknownName: nothing has that name; the message lists what has.
        UserError: the content file cannot be used (file, line and key are named).
    """
    return _entry(kind, name, near, depth=0)


def find(kind: str, name: str, near: Path | None = None) -> None:
    """Make sure that `entry` will find something. Opens no file and imports nothing.

    Raises:
        UnknownName: nothing has that name.
        UserError: a file that `near` may not name.
    """
    if name not in registry.registrations(kind) and not content.find(_FOLDERS[kind], name, near):
        raise UnknownName(kind, name, known(kind, near))


def full_name(kind: str, name: str) -> str:
    """A name or the last part of one, in full; for parameters, which may not be paths.

    Raises:
        UnknownName: nothing has that name, or several things.
    """
    names = known(kind)
    if name in names:
        return name
    found = [held for held in names if held.rpartition("/")[2] == name]
    if len(found) != 1:
        raise UnknownName(kind, name, names)
    return found[0]


def known(kind: str, near: Path | None = None) -> list[str]:
    """Every name of `kind`: registered classes and content files."""
    return sorted({*registry.registrations(kind), *content.names(_FOLDERS[kind], near)})


def make(kind: str, name: str, given: Mapping[str, Any], near: Path | None = None) -> Any:
    """The game or agent called `name`, with parameters `given`."""
    return entry(kind, name, near).make(given)


def merge(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`patch` laid over `base`: mappings are merged key by key, anything else is replaced."""
    merged = dict(base)
    for key, value in patch.items():
        held = merged.get(key)
        both = isinstance(held, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(held, value) if both else value  # type: ignore[arg-type]
    return merged


def _entry(kind: str, name: str, near: Path | None, depth: int) -> Entry:
    registered = registry.registrations(kind).get(name)
    if registered is not None:
        return Entry(kind, name, registered.load())
    path = content.find(_FOLDERS[kind], name, near)
    if path is None:
        raise UnknownName(kind, name, known(kind, near))
    if path.suffix in _FORMATS:
        family = registry.lookup(kind, _FORMATS[path.suffix]).load()
        with content.unquoted(path, near):
            given, facts = family.from_file(path)
        return Entry(kind, name, family, given, facts, path)
    with content.unquoted(path, near):
        document = yamlfile.read_once(path, plain=True)
    if depth >= _MAX_CHAIN:
        raise document.error("this file uses itself, directly or through others", ("use",))
    data = dict(document.data)
    check_format(document)
    use = data.pop("use", None)
    if not isinstance(use, str):
        raise document.error(
            "must name a registered family", ("use",), given=use, allowed=known(kind, near)
        )
    data.pop("coopsim", None)
    card = data.pop("card", {})
    try:
        below = _entry(kind, use, path, depth + 1)
    except UserError as error:
        if error.file is not None:
            raise
        raise error.at(file=str(path), line=document.line(("use",)), key="use") from None
    _check_card(document, below.cls, card)
    made = Entry(kind, name, below.cls, merge(below.given, data), {**below.card, **card}, path)
    try:
        made.make({})
    except UserError as error:
        place = getattr(error, "path", ())
        raise error.at(file=str(path), line=document.line(place)) from None
    return made


def _check_card(document: yamlfile.Document, cls: type[Any], card: Any) -> None:
    """Refuse a card that is no mapping, or whose keys the family's card does not have."""
    if not isinstance(card, Mapping):
        raise document.error("must be a mapping", ("card",), given=card, allowed="key: value lines")
    family = getattr(cls, "card", None)
    if not isinstance(family, parameters.Parameters):
        return
    try:
        parameters.build(type(family), card)
    except UserError as error:
        place = ("card", *getattr(error, "path", ()))
        error.key = parameters.dotted(place)
        raise error.at(file=document.file, line=document.line(place)) from None


def check_format(document: yamlfile.Document) -> None:
    """Refuse a file written for another version of the format. Raises `ScenarioError`."""
    version = document.data.get("coopsim")
    if version != FORMAT or isinstance(version, bool):
        problem = "missing" if version is None else "a format that this coopsim does not read"
        close = nearest("coopsim", document.data) if version is None else None
        raise document.error(
            problem,
            ("coopsim",) if close is None else (close,),
            given=version if close is None else close,
            allowed=f"coopsim: {FORMAT}",
            nearest=None if close is None else "coopsim",
        )
