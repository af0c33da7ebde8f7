"""The run folder: the only place where the parts of a study meet.

    manifest.json         what was run, with which versions, when; all timing is here
    scenario.yaml         the scenario with every default written out; it can be run again
    points/<key>.json     solutions of one policy at one combination of the sweep
    cells/<key>.parquet   play of one policy at one combination from one seed
    solutions.parquet     all solutions, one row a player
    measures.parquet      all measures, of agents and of theory
    comparison.parquet    each policy against the reference
    rubrics.json          published rubrics, item by item, where the scenario names some
    report.html           the report

A sweep of an experiment keeps its blocks under cells/, and in place of the three tables

    configurations.parquet  every configuration with its measures, in the order of the grid
    targets.parquet         statistics of the measures against thresholds and published figures

A key is the hash of what determines a result, so resuming means running the keys that are
missing. The tables hold nothing that differs between machines, moments or worker counts.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from coopsim.errors import UserError
from coopsim.study import disk, files, record, shape
from coopsim.study.columns import Columns
from coopsim.study.record import FORMAT as FORMAT

if TYPE_CHECKING:
    import polars

TABLES = ("solutions", "measures", "comparison")
SWEEP_TABLES = ("configurations", "targets")
MANIFEST, SCENARIO, REPORT = "manifest.json", "scenario.yaml", "report.html"
RUBRICS = "rubrics.json"
POINTS, CELLS = "points", "cells"


class Resolved(Protocol):
    """What a run folder holds the results of: a scenario or a sweep."""

    @property
    def resolved(self) -> Mapping[str, Any]:
        """The file with every default."""

    @property
    def hash(self) -> str:
        """Of everything that decides results."""


Loaded = TypeVar("Loaded", bound=Resolved)
Check = Callable[[bytes], Any]

_log = logging.getLogger("coopsim")


@dataclass(frozen=True)
class Kept:
    """What a run folder holds, whatever was run. Abstract.

    Args:
        folder: where it is.
    """

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """Versions, machine, times, seeds and counts."""
        return RunFolder(self.folder).manifest

    @property
    def complete(self) -> bool:
        """Whether everything is done and the tables are written."""
        return bool(self.manifest["complete"])

    @property
    def report(self) -> Path:
        """The report; there where the run is complete and a report was asked for."""
        return self.folder / REPORT


@dataclass(frozen=True)
class RunFolder:
    """Where everything in a run folder lies, and how it is read and written.

    No link is followed in it. A file is replaced only where its seal says that coopsim wrote
    it; what else has its name is set aside, with a warning.

    Args:
        path: the folder.
        identity: which folder it has to be; any where not said.
    """

    path: Path
    identity: disk.Identity | None = field(default=None, compare=False)

    def point(self, key: str) -> Path:
        """The file of a point's solutions."""
        return self.path / POINTS / f"{key}.json"

    def cell(self, key: str) -> Path:
        """The file of a cell's table."""
        return self.path / CELLS / f"{key}.parquet"

    def table(self, name: str) -> Path:
        """The file of one of `TABLES` or `SWEEP_TABLES`."""
        return self.path / f"{name}.parquet"

    def absolute(self) -> RunFolder:
        """The same folder for a process with another working directory."""
        return RunFolder(Path(os.path.abspath(self.path)), self.identity)

    @property
    def manifest(self) -> dict[str, Any]:
        """What the manifest says. Raises `UserError` where there is none."""
        said = read_manifest(self.path)
        if said is None:
            raise UserError(
                "not a run folder", file=str(self.path), allowed=f"a folder with a {MANIFEST}"
            )
        return said

    def write_manifest(self, said: Mapping[str, Any]) -> None:
        """Replace the manifest."""
        raw = (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode()
        record.read(raw, MANIFEST)  # what cannot be read again is not written
        self._put("", MANIFEST, raw, lambda held: record.read(held, MANIFEST), record.MOST)

    def write_scenario(self, text: str, scenario_hash: str) -> None:
        """Keep the scenario or the sweep, as YAML."""
        raw = files.pack_text(text, scenario_hash).encode()
        self._put("", SCENARIO, raw, files.check_text, files.MOST_TEXT)

    def read_scenario(self, load: Callable[[Path], Loaded]) -> Loaded:
        """What was run, as `scenario.yaml` says.

        Args:
            load: reads a scenario, or a sweep.

        Raises:
            UserError: the file is no plain file, cannot be loaded, or was changed since the run.
        """
        path, expected = self.path / SCENARIO, self.manifest["scenario"]["hash"]
        try:
            raw = self._get("", SCENARIO, files.MOST_TEXT)
            loaded = load(path)
            # a seal that holds is enough: another version of coopsim may know other defaults
            if loaded.hash != expected:
                files.check_text(raw, expected)
        except files.Damaged as error:
            raise damaged(path, error) from None
        return loaded

    def write_report(self, page: str) -> None:
        """Keep the report, which `render` has sealed."""
        self._put("", REPORT, page.encode(), files.check_text, files.MOST_TEXT)

    def write_point(self, key: str, solved: Any) -> None:
        """Keep a point's solutions."""
        raw = files.pack_json(solved, key)
        self._put(POINTS, f"{key}.json", raw, files.unpack_json, files.MOST_JSON)

    def read_point(self, key: str) -> Any:
        """A point's solutions. Raises `Damaged`."""
        with _naming(self.point(key)):
            return files.unpack_json(self._get(POINTS, f"{key}.json", files.MOST_JSON), key)

    def write_cell(self, key: str, frame: polars.DataFrame) -> None:
        """Keep a cell's table."""
        raw = files.pack_table(frame, key)
        self._put(CELLS, f"{key}.parquet", raw, files.check_table, files.MOST_TABLE)

    def read_cell(self, key: str, expected: Columns | None = None) -> polars.DataFrame:
        """A cell's table, with these columns where given. Raises `Damaged`."""
        with _naming(self.cell(key)):
            raw = self._get(CELLS, f"{key}.parquet", files.MOST_TABLE)
            return files.unpack_table(raw, key, expected)

    def settle(self) -> None:
        """Have the names of all points and cells outlast a power cut."""
        for inner in (POINTS, CELLS):
            with self._place(inner) as place:
                place.settle()

    def write_table(self, name: str, frame: polars.DataFrame, scenario_hash: str) -> None:
        """Keep one of the tables."""
        raw = files.pack_table(frame, scenario_hash)
        self._put("", f"{name}.parquet", raw, files.check_table, files.MOST_TABLE)

    def read_table(
        self, name: str, expected: Columns | None = None, most: int | None = None
    ) -> polars.DataFrame:
        """One of the tables, with these columns and at most so many rows where given.

        Raises:
            UserError: the run is not finished, or the table is damaged.
        """
        path, said = self.table(name), self.manifest
        self.require_table(name)
        try:
            raw = self._get("", path.name, files.MOST_TABLE)
            return files.unpack_table(raw, said["scenario"]["hash"], expected, most)
        except files.Damaged as error:
            raise damaged(path, error) from None

    def require_table(self, name: str) -> None:
        """Refuse a folder without one of the tables. Raises `UserError`."""
        with disk.opened(self.path) as top:
            there = top.look(self.table(name).name) is not None
        if not there:
            raise UserError(
                "this run is not finished", file=str(self.path),
                allowed="the same `coopsim run` again, which runs what is missing",
            )  # fmt: skip

    def write_rubrics(self, found: Any, scenario_hash: str) -> None:
        """Keep the assessments of rubrics, as plain data."""
        raw = files.pack_json(found, scenario_hash)
        self._put("", RUBRICS, raw, files.unpack_json, files.MOST_JSON)

    def read_rubrics(self, scenario_hash: str) -> Any:
        """The assessments of rubrics. Raises `Damaged`, also where there are none."""
        from coopsim.measure.rubrics.assessment import Assessment

        with _naming(self.path / RUBRICS):
            said = files.unpack_json(self._get("", RUBRICS, files.MOST_JSON), scenario_hash)
            shape.require(said, tuple[Assessment, ...])
            return said

    def beside(self, name: str) -> bytes | None:
        """The bytes of a file in it; None where there is no plain file of that name."""
        try:
            return self._get("", name, files.MOST_TABLE)
        except files.Damaged:
            return None

    def usable_points(
        self, keys: Iterable[str], require: Callable[[Any], None] | None = None
    ) -> set[str]:
        """The points that are there; a damaged one is set aside, with a warning.

        Args:
            keys: of the points.
            require: raises `Damaged` for what is no point's result.
        """

        def check(raw: bytes, key: str) -> None:
            solved = files.unpack_json(raw, key)
            if require is not None:
                require(solved)

        return self._usable(POINTS, ".json", keys, check, files.MOST_JSON)

    def usable_cells(
        self,
        keys: Iterable[str],
        expected: Columns | None = None,
        most: Callable[[str], int | None] = lambda key: None,
    ) -> set[str]:
        """The cells that are there; a damaged one is set aside, with a warning.

        Args:
            keys: of the cells.
            expected: their columns; only the seal is checked where not given.
            most: rows that a cell's table can have, by key.
        """

        def check(raw: bytes, key: str) -> None:
            files.check_table(raw, key)
            if expected is not None:
                files.unpack_table(raw, key, expected, most(key))

        return self._usable(CELLS, ".parquet", keys, check, files.MOST_TABLE)

    @contextmanager
    def _place(self, inner: str) -> Iterator[disk.Folder]:
        with disk.opened(self.path, self.identity) as top:
            if not inner:
                yield top
                return
            with top.inner(inner) as place:
                yield place

    def _get(self, inner: str, name: str, most: int) -> bytes:
        with self._place(inner) as place:
            raw = place.read(name, most)
        if raw is None:
            raise files.Damaged("it is not there")
        return raw

    def _put(self, inner: str, name: str, raw: bytes, check: Check, most: int) -> None:
        """Write a file; what has its name and does not pass `check` is set aside."""
        with self._place(inner) as place:
            if len(raw) > most:
                raise UserError(
                    "too large to be kept", file=str(place.path / name),
                    given=f"{len(raw):,} bytes", allowed=f"{most:,} bytes",
                )  # fmt: skip
            try:
                held = place.read(name, most)
                if held == raw:
                    return
                if held is not None:
                    check(held)
            except (files.Damaged, UserError) as error:
                aside = place.set_aside(name)
                _log.warning(
                    "%s was not written by coopsim, or was changed since: %s; set aside as %s",
                    place.path / name, error, aside,
                )  # fmt: skip
            # a cell can be computed again; `settle` looks after all of them at once
            place.write(name, raw, settle=not inner)

    def _usable(
        self, inner: str, suffix: str, keys: Iterable[str],
        check: Callable[[bytes, str], Any], most: int,
    ) -> set[str]:  # fmt: skip
        found = set()
        with self._place(inner) as place:
            for key in keys:
                name = f"{key}{suffix}"
                try:
                    raw = place.read(name, most)
                    if raw is not None:
                        check(raw, key)
                        found.add(key)
                except files.Damaged as error:
                    aside = place.set_aside(name)
                    _log.warning(
                        "%s is damaged: %s; set aside as %s, run again",
                        place.path / name, error, aside,
                    )  # fmt: skip
        return found


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest of a run folder, or None where there is none.

    Raises:
        UserError: there is one, but not one that this version of coopsim writes.
    """
    if not os.path.lexists(path):
        return None
    with disk.opened(path) as top:
        return manifest_in(top)


def manifest_in(top: disk.Folder) -> dict[str, Any] | None:
    """The same for a folder that is open."""
    file = str(top.path / MANIFEST)
    try:
        raw = top.read(MANIFEST, record.MOST)
    except files.Damaged as error:
        raise UserError(f"cannot be used: {error}", file=file, allowed="another folder") from None
    return None if raw is None else record.read(raw, file)


def damaged(path: Path, error: files.Damaged) -> UserError:
    """The error for a file of a finished run that is damaged."""
    return UserError(
        f"damaged: {error}", file=str(path),
        allowed="the same `coopsim run` again, which makes it anew",
    )  # fmt: skip


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except files.Damaged as error:
        raise files.Damaged(f"{path}: {error}") from None
