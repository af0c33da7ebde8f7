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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim.errors import UserError
from coopsim.study import files

if TYPE_CHECKING:
    import polars

FORMAT = "coopsim run 1"
TABLES = ("solutions", "measures", "comparison")
SWEEP_TABLES = ("configurations", "targets")
MANIFEST, SCENARIO, REPORT = "manifest.json", "scenario.yaml", "report.html"
RUBRICS = "rubrics.json"

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

    Args:
        path: the folder.
    """

    path: Path

    def point(self, key: str) -> Path:
        """The file of a point's solutions."""
        return self.path / "points" / f"{key}.json"

    def cell(self, key: str) -> Path:
        """The file of a cell's table."""
        return self.path / "cells" / f"{key}.parquet"

    def table(self, name: str) -> Path:
        """The file of one of `TABLES` or `SWEEP_TABLES`."""
        return self.path / f"{name}.parquet"

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
        text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
        files.write(self.path / MANIFEST, text.encode())

    def write_point(self, key: str, solved: Any) -> None:
        """Keep a point's solutions."""
        files.write(self.point(key), files.pack_json(solved, key))

    def read_point(self, key: str) -> Any:
        """A point's solutions. Raises `Damaged`."""
        return _read(self.point(key), key, files.unpack_json)

    def write_cell(self, key: str, frame: polars.DataFrame) -> None:
        """Keep a cell's table."""
        files.write(self.cell(key), files.pack_table(frame, key))

    def read_cell(self, key: str) -> polars.DataFrame:
        """A cell's table. Raises `Damaged`."""
        frame: polars.DataFrame = _read(self.cell(key), key, files.unpack_table)
        return frame

    def write_table(self, name: str, frame: polars.DataFrame, scenario_hash: str) -> None:
        """Keep one of the tables."""
        files.write(self.table(name), files.pack_table(frame, scenario_hash))

    def read_table(self, name: str) -> polars.DataFrame:
        """One of the tables. Raises `UserError` where the run is not finished or it is damaged."""
        path = self.table(name)
        if not path.is_file():
            raise UserError(
                "this run is not finished", file=str(self.path),
                allowed="the same `coopsim run` again, which runs what is missing",
            )  # fmt: skip
        try:
            return files.unpack_table(files.read(path), self.manifest["scenario"]["hash"])
        except files.Damaged as error:
            raise UserError(
                f"damaged: {error}", file=str(path),
                allowed="the same `coopsim run` again, which makes it anew",
            ) from None  # fmt: skip

    def write_rubrics(self, found: Any, scenario_hash: str) -> None:
        """Keep the assessments of rubrics, as plain data."""
        files.write(self.path / RUBRICS, files.pack_json(found, scenario_hash))

    def read_rubrics(self, scenario_hash: str) -> Any:
        """The assessments of rubrics. Raises `Damaged`, also where there are none."""
        return _read(self.path / RUBRICS, scenario_hash, files.unpack_json)

    def usable_points(self, keys: Iterable[str]) -> set[str]:
        """The points that are there; a damaged one is set aside, with a warning."""
        return {key for key in keys if _usable(self.point(key), key, files.unpack_json)}

    def usable_cells(self, keys: Iterable[str]) -> set[str]:
        """The cells that are there; a damaged one is set aside, with a warning."""
        return {key for key in keys if _usable(self.cell(key), key, files.check_table)}


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest of a run folder, or None where there is none.

    Raises:
        UserError: there is one, but not one that this version of coopsim writes.
    """
    file = path / MANIFEST
    try:
        said = json.loads(file.read_bytes())
        known = said["format"] == FORMAT and isinstance(said["scenario"]["hash"], str)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError("cannot be read", file=str(file), given=error.strerror) from None
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise UserError(
            f"not the manifest of a {FORMAT!r}", file=str(file), allowed="another folder"
        )
    return dict(said)


def _read(path: Path, key: str, unpack: Callable[[bytes, str], Any]) -> Any:
    try:
        return unpack(files.read(path), key)
    except files.Damaged as error:
        raise files.Damaged(f"{path}: {error}") from None


def _usable(path: Path, key: str, check: Callable[[bytes, str], Any]) -> bool:
    if not os.path.lexists(path):
        return False
    try:
        check(files.read(path), key)
    except files.Damaged as error:
        aside = files.set_aside(path)
        _log.warning("%s is damaged: %s; set aside as %s, run again", path, error, aside.name)
        return False
    return True
