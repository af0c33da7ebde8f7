"""Names to objects: ``name -> "module:attribute"``, imported on first use.

A part registers its own content with one line each (see `coopsim/games/__init__.py`);
other packages add theirs through the entry-point groups ``coopsim.games``,
``coopsim.environments``, ``coopsim.solvers``, ``coopsim.concepts``,
``coopsim.certificates``, ``coopsim.agents``, ``coopsim.measures``, ``coopsim.experiments``,
``coopsim.rubrics`` and ``coopsim.credit``, which are read on lookup only. Importing coopsim
runs no plug-in.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from coopsim.errors import CoopsimError, UnknownName

KINDS = MappingProxyType(
    {
        "game": "coopsim.games",
        "environment": "coopsim.games",
        "solver": "coopsim.solvers",
        "concept": "coopsim.solvers",
        "certificate": "coopsim.solvers",
        "agent": "coopsim.agents",
        "measure": "coopsim.measure",
        "experiment": "coopsim.measure",
        "rubric": "coopsim.measure",
        "credit": "coopsim.agents.credit",
    }
)
"""Each kind of name, and the part whose import registers coopsim's own."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered name.

    Args:
        kind: one of `KINDS`.
        name: the name users write.
        target: "module:attribute", imported on first use.
        summary: one line for `coopsim list`.
        tags: facts that can be asked for without importing the target.
        source: the distribution that registered it.
    """

    kind: str
    name: str
    target: str
    summary: str = ""
    tags: dict[str, Any] = field(default_factory=dict)
    source: str = "coopsim"

    def load(self) -> Any:
        """Import the target. Raises `CoopsimError` naming who registered a broken one."""
        try:
            return load(self.target)
        except (ImportError, AttributeError) as error:
            raise CoopsimError(
                f"{self.kind} {self.name!r} is registered by {self.source} "
                f"as {self.target}, which cannot be imported: {error}"
            ) from error


def load(target: str) -> Any:
    """The object that "module:attribute" names. Raises `ImportError` or `AttributeError`."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


_table: dict[tuple[str, str], Registration] = {}


def register(kind: str, name: str, target: str, summary: str = "", **tags: Any) -> None:
    """Register `name` of `kind` as "module:attribute". A name can be taken only once."""
    held = _table.get((kind, name))
    if held is not None and held.target != target:
        raise CoopsimError(f"{kind} {name!r} is already registered as {held.target}")
    _table[kind, name] = Registration(kind, name, target, summary, tags)


def registrations(kind: str) -> dict[str, Registration]:
    """Every registration of `kind` by name, coopsim's own and those of other packages."""
    _import_part(KINDS[kind])
    found = {name: entry for (held, name), entry in _table.items() if held == kind}
    for point in _points(f"coopsim.{kind}s" if kind != "credit" else "coopsim.credit"):
        found.setdefault(point.name, _from_entry_point(kind, point))
    return found


def lookup(kind: str, name: str) -> Registration:
    """The registration of `name`. Raises `UnknownName` with the nearest names."""
    _import_part(KINDS[kind])
    entry = _table.get((kind, name))
    if entry is not None:
        return entry
    known = registrations(kind)
    if name not in known:
        raise UnknownName(kind, name, known)
    return known[name]


@functools.cache
def _points(group: str) -> tuple[EntryPoint, ...]:
    # looking through every installed distribution takes tens of milliseconds
    return tuple(entry_points(group=group))


def _from_entry_point(kind: str, point: EntryPoint) -> Registration:
    source = point.dist.name if point.dist is not None else "an installed package"
    return Registration(kind, point.name, point.value, f"from {source}", {}, source)


def _import_part(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
