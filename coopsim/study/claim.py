"""Take a run folder: refuse what cannot be used, lock it, clear what killed runs left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from coopsim import yamlfile
from coopsim.errors import UserError
from coopsim.study import files, lock
from coopsim.study.store import (
    REPORT,
    RUBRICS,
    SCENARIO,
    SWEEP_TABLES,
    TABLES,
    RunFolder,
    read_manifest,
)


class Resolved(Protocol):
    """What a run folder holds the results of: a scenario or a sweep."""

    @property
    def resolved(self) -> Mapping[str, Any]:
        """The file with every default."""

    @property
    def hash(self) -> str:
        """Of everything that decides results."""


@contextmanager
def claimed(
    path: Path, scenario: Resolved, *, fresh: bool = False, parents: bool = False
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
        files.write(path / SCENARIO, text.encode())
        yield folder


def require_usable(
    path: Path, scenario_hash: str, *, fresh: bool = False, parents: bool = False
) -> None:
    """Refuse an output folder that cannot be used. Writes nothing. Raises `UserError`."""
    if not os.path.isdir(path):  # Path.is_dir raises where it may not look
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


def _clear(folder: RunFolder) -> None:
    """Remove an earlier run: the files that coopsim wrote, and no others.

    The manifest stays until it is replaced, so that a folder cleared halfway is still known.
    """
    names = [REPORT, RUBRICS, *(folder.table(name).name for name in (*TABLES, *SWEEP_TABLES))]
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
    if not os.path.isdir(above):
        allowed = "a folder in one that exists"
        raise _refused(f"there is no folder {above}", path, allowed)
    _require_writable(above)


def _require_writable(path: Path) -> None:
    if not os.access(path, os.W_OK | os.X_OK):
        raise _refused("this folder is not writable", path, "another --out")


def _refused(problem: str, path: Path, allowed: str) -> UserError:
    return UserError(problem, file=str(path), allowed=allowed)
