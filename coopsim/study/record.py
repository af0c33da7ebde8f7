"""What a manifest holds: the schema that every manifest is checked against before it is used."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le, MinLen

from coopsim import parameters
from coopsim.errors import UserError
from coopsim.parameters import Parameters
from coopsim.study import files

FORMAT = "coopsim run 1"
MOST = 32 << 20
"""Bytes that a manifest may have."""

_HASH = re.compile(r"[0-9a-f]{16}")
_DEEPEST = 5  # levels of lists and mappings: runs, a run, its machine

Count = Annotated[int, Ge(0), Le(10**15)]
Seed = Annotated[int, Ge(0)]


@dataclass(frozen=True, slots=True)
class Machine(Parameters):
    """Where a run ran."""

    platform: str
    """system and its version"""
    processor: str
    """kind of processor"""
    cpus: Count | None
    """processors; null where the system does not say"""


@dataclass(frozen=True, slots=True)
class Going(Parameters):
    """One run into the folder."""

    started: str
    """when it began, in UTC"""
    finished: str | None
    """when it ended, in UTC; null where it was stopped"""
    workers: Annotated[int, Ge(1), Le(10**9)]
    """processes"""
    python: str
    """version of Python"""
    versions: dict[str, str]
    """versions of libraries"""
    machine: Machine
    """where it ran"""
    points_run: Count = 0
    """points that it solved"""
    cells_run: Count = 0
    """cells that it played"""


@dataclass(frozen=True, slots=True)
class Source(Parameters):
    """What was run."""

    name: str
    """of the file"""
    title: str
    """the question in one line"""
    hash: str
    """of everything that decides results: 16 hexadecimal digits"""

    def __post_init__(self) -> None:
        """Refuse what is no hash."""
        if not _HASH.fullmatch(self.hash):
            raise UserError(
                "not a hash", key="hash", given=self.hash, allowed="16 hexadecimal digits"
            )


@dataclass(frozen=True, slots=True)
class Counts(Parameters):
    """How much there is to do."""

    cells: Count
    """cells, or blocks of a sweep"""
    policies: Count | None = None
    """policies of a scenario"""
    points: Count | None = None
    """points of a scenario"""
    configurations: Count | None = None
    """configurations of a sweep"""


@dataclass(frozen=True, slots=True)
class Manifest(Parameters):
    """Everything that a manifest says."""

    format: str
    """of the run folder"""
    coopsim: str | None
    """version of coopsim; null where it is not installed as a package"""
    scenario: Source
    """what was run"""
    seeds: tuple[Seed, ...]
    """all seeds"""
    counts: Counts
    """how much there is to do"""
    complete: bool
    """whether everything is done and the tables are written"""
    runs: Annotated[tuple[Going, ...], MinLen(1)]
    """every run into this folder"""
    experiment: str | None = None
    """what a sweep measures; not there for a scenario"""

    def __post_init__(self) -> None:
        """Refuse a sweep without configurations, and a scenario without points."""
        needed = ("policies", "points") if self.experiment is None else ("configurations",)
        for name in needed:
            if getattr(self.counts, name) is None:
                raise UserError("missing", key=f"counts.{name}", allowed="a whole number")


def read(raw: bytes, file: str) -> dict[str, Any]:
    """The manifest in these bytes, as plain data.

    Raises:
        UserError: it is not one that this version of coopsim writes; the message names the
            key, or the line where it is no JSON.
    """
    try:
        said = files.parse_json(raw)
    except files.Damaged as error:
        raise _no_manifest(file, str(error)) from None
    given = said.get("format") if isinstance(said, dict) else None
    if given != FORMAT:
        raise _no_manifest(file, "it states another format, or none")
    if not _is_shallow(said, _DEEPEST) or not _is_text(said):
        raise _no_manifest(file, "it is nested too deeply, or holds what is no text")
    try:
        parameters.build(Manifest, said)
    except UserError as error:
        error.problem = f"not the manifest of a {FORMAT!r}: {error.problem}"
        raise error.at(file=file) from None
    return dict(said)


def _no_manifest(file: str, why: str) -> UserError:
    return UserError(
        f"not the manifest of a {FORMAT!r}: {why}", file=file, allowed="another folder"
    )


def _is_shallow(node: Any, levels: int) -> bool:
    """Whether no more than so many lists and mappings lie within each other."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
    if inner is None:
        return True
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in inner)


def _is_text(said: Any) -> bool:
    """Whether all texts can be written as UTF-8 (JSON can name halves of characters)."""
    try:
        json.dumps(said, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
