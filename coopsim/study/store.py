"""The run folder: the only place where the parts of a study meet.

    manifest.json         what was run, with which versions, when; all timing is here
    scenario.yaml         the scenario with every default written out; it can be run again
    points/<key>.json     solutions of one policy at one combination of the sweep
    cells/<key>.parquet   play of one policy at one combination from one seed
    solutions.parquet     all solutions, one row a player
    measures.parquet      all measures, of agents and of theory
    comparison.parquet    each policy against the reference
    report.html           the report

A key is the hash of what determines a result, so resuming means running the keys that are
missing. The tables hold nothing that differs between machines, moments or worker counts.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim import yamlfile
from coopsim.errors import UserError
from coopsim.study import files, lock

if TYPE_CHECKING:
    import polars

    from coopsim.scenario.load import Scenario

FORMAT = "coopsim run 1"
TABLES = ("solutions", "measures", "comparison")
MANIFEST, SCENARIO, REPORT = "manifest.json", "scenario.yaml", "report.html"

_log = logging.getLogger("coopsim")


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
        """The file of one of `TABLES`."""
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
        return files.unpack_json(files.read(self.point(key)), key)

    def write_cell(self, key: str, frame: polars.DataFrame) -> None:
        """Keep a cell's table."""
        files.write(self.cell(key), files.pack_table(frame, key))

    def read_cell(self, key: str) -> polars.DataFrame:
        """A cell's table. Raises `Damaged`."""
        return files.unpack_table(files.read(self.cell(key)), key)

    def write_table(self, name: str, frame: polars.DataFrame, scenario_hash: str) -> None:
        """Keep one of `TABLES`."""
        files.write(self.table(name), files.pack_table(frame, scenario_hash))

    def read_table(self, name: str) -> polars.DataFrame:
        """One of `TABLES`. Raises `UserError` where the run is not finished or it is damaged."""
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

    def usable_points(self, keys: Iterable[str]) -> set[str]:
        """The points that are there; a damaged one is set aside, with a warning."""
        return {key for key in keys if _usable(self.point(key), key, files.unpack_json)}

    def usable_cells(self, keys: Iterable[str]) -> set[str]:
        """The cells that are there; a damaged one is set aside, with a warning."""
        return {key for key in keys if _usable(self.cell(key), key, files.check_table)}


@contextmanager
def claimed(
    path: Path, scenario: Scenario, *, fresh: bool = False, parents: bool = False
) -> Iterator[RunFolder]:
    """A run folder that is this process's to write while the context lasts.

    Args:
        path: the folder; made where there is none.
        scenario: whose results it holds.
        fresh: drop the results of an earlier run.
        parents: make the folder above as well.

    Raises:
        UserError: the folder cannot be used; nothing was written.
        RunFolderBusy: another process is writing it.
    """
    text = yamlfile.dump(scenario.resolved)
    require_usable(path, scenario.hash, fresh=fresh, parents=parents)
    folder = RunFolder(path)
    _make(path, parents=parents)
    with lock.held(path):
        # again: another process may have been quicker
        require_usable(path, scenario.hash, fresh=fresh)
        if fresh:
            _clear(folder)
        for place in (path, path / "points", path / "cells"):
            _make(place)
            files.sweep(place)
        yield _written(folder, text)


def require_usable(
    path: Path, scenario_hash: str, *, fresh: bool = False, parents: bool = False
) -> None:
    """Refuse an output folder that cannot be used. Writes nothing. Raises `UserError`."""
    if not path.is_dir():
        _require_makeable(path, parents=parents)
        return
    _require_writable(path)
    said = read_manifest(path)
    if said is None:
        if any(not _ours(name) for name in os.listdir(path)):
            raise _refused("not empty, and not a run folder", path, "another --out")
    elif said["scenario"]["hash"] != scenario_hash and not fresh:
        raise UserError(
            "this folder holds another scenario's run",
            file=str(path),
            given=f"{said['scenario'].get('name')} ({said['scenario']['hash']})",
            allowed=f"{scenario_hash}; another --out, or --fresh to replace that run",
        )


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
        raise _refused(f"not the manifest of a {FORMAT!r}", file, "another folder")
    return dict(said)


def _written(folder: RunFolder, scenario_text: str) -> RunFolder:
    files.write(folder.path / SCENARIO, scenario_text.encode())
    return folder


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


def _clear(folder: RunFolder) -> None:
    """Remove an earlier run: the files that coopsim wrote, and no others.

    The manifest stays until it is replaced, so that a folder cleared halfway is still known.
    """
    names = [REPORT, *(folder.table(name).name for name in TABLES)]
    gone = [folder.path / name for name in names]
    for place, suffix in (("points", ".json"), ("cells", ".parquet")):
        gone += (folder.path / place).glob(f"*{suffix}")
        gone += (folder.path / place).glob(f"*{suffix}.damaged*")
    for path in gone:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError("cannot be removed", file=str(path), given=error.strerror) from None


def _ours(name: str) -> bool:
    """Whether a run that was killed before it wrote its manifest can have left this."""
    return name in (lock.LOCK, lock.OWNER, SCENARIO, "points", "cells") or (
        name.startswith(".") and name.endswith(".tmp")
    )


def _make(path: Path, *, parents: bool = False) -> None:
    try:
        path.mkdir(exist_ok=True, parents=parents)
    except OSError as error:
        raise _refused(
            f"cannot be made ({error.strerror or error})", path, "another --out"
        ) from None


def _require_makeable(path: Path, *, parents: bool) -> None:
    if os.path.lexists(path):
        raise _refused("this is a file, not a folder", path, "another --out")
    above = path.absolute().parent
    while parents and not os.path.lexists(above):
        above = above.parent
    if not above.is_dir():
        allowed = "a folder in one that exists"
        raise _refused(f"there is no folder {above}", path, allowed)
    _require_writable(above)


def _require_writable(path: Path) -> None:
    if not os.access(path, os.W_OK | os.X_OK):
        raise _refused("this folder is not writable", path, "another --out")


def _refused(problem: str, path: Path, allowed: str) -> UserError:
    return UserError(problem, file=str(path), allowed=allowed)
