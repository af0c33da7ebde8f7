"""Take a run folder: refuse what cannot be used, lock it, clear what killed runs left."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coopsim import yamlfile
from coopsim.errors import CoopsimError, UserError
from coopsim.study import disk, files, lock
from coopsim.study.store import (
    CELLS,
    POINTS,
    REPORT,
    RUBRICS,
    SCENARIO,
    SWEEP_TABLES,
    TABLES,
    Resolved,
    RunFolder,
    manifest_in,
)

_KEPT = {POINTS: re.compile(r"[0-9a-f]{16}\.json"), CELLS: re.compile(r"[0-9a-f]{16}\.parquet")}
"""Names of results, by the folder that they lie in."""

_LONG = 300  # characters of a path in a message

_ASIDE = re.compile(r"\.damaged(-[0-9]+)?")
_CHECKS: Mapping[str, tuple[Callable[[bytes], Any], int]] = {
    ".json": (files.unpack_json, files.MOST_JSON),
    ".parquet": (files.check_table, files.MOST_TABLE),
    ".html": (files.check_text, files.MOST_TEXT),
    ".yaml": (files.check_text, files.MOST_TEXT),
}
"""What tells that coopsim wrote a file, and the bytes that it may have, by suffix."""


@contextmanager
def claimed(
    path: Path, scenario: Resolved, *, fresh: bool = False, own: bool = False
) -> Iterator[RunFolder]:
    """A run folder that is this process's to write while the context lasts.

    Args:
        path: the folder; made where there is none.
        scenario: whose results it holds.
        fresh: drop the results of an earlier run.
        own: the path is coopsim's choice and not the user's, below the working directory: the
            folder above is made as well, and neither is entered through a link.

    Raises:
        UserError: the folder cannot be used; nothing was written.
        RunFolderBusy: another process is writing it.
    """
    text = _text(scenario, path)
    require_usable(path, scenario.hash, fresh=fresh, own=own)
    known = _made(path, own=own)
    with lock.held(path, known) as top:
        # again: another process may have been quicker
        _require_usable(top, scenario.hash, fresh=fresh)
        if fresh:
            _clear(top)
        top.sweep()
        for name in (POINTS, CELLS):
            top.make(name)
            with top.inner(name) as place:
                place.sweep()
        folder = RunFolder(path, top.identity)
        folder.write_scenario(text, scenario.hash)
        yield folder


def require_usable(
    path: Path, scenario_hash: str, *, fresh: bool = False, own: bool = False
) -> None:
    """Refuse an output folder that cannot be used. Writes nothing. Raises `UserError`."""
    if own:
        disk.require_no_link(path)
    if not os.path.isdir(path):  # Path.is_dir raises where it may not look
        _require_makeable(path, parents=own)
        return
    _require_writable(path)
    with disk.opened(path) as top:
        _require_usable(top, scenario_hash, fresh=fresh)


def _require_usable(top: disk.Folder, scenario_hash: str, *, fresh: bool) -> None:
    said = manifest_in(top)
    if said is None:
        if not all(_ours(top, name) for name in top.names()):
            raise _refused("not empty, and not a run folder", top.path, "another --out")
    elif said["scenario"]["hash"] != scenario_hash and not fresh:
        raise UserError(
            "this folder holds another scenario's run",
            file=str(top.path),
            given=f"{said['scenario']['name']} ({said['scenario']['hash']})",
            allowed=f"{scenario_hash}; another --out, or --fresh to replace that run",
        )
    for name in (POINTS, CELLS):
        if top.look(name) is not None:
            with top.inner(name):  # which refuses a file, and a link to a folder
                pass


def _text(scenario: Resolved, path: Path) -> str:
    """The scenario as it is kept. Raises `UserError` where it is no text that can be written."""
    text = yamlfile.dump(scenario.resolved)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            "the scenario holds half a character, which cannot be written", file=str(path),
            given=ascii(text[error.start : error.end]), allowed="text in Unicode",
        ) from None  # fmt: skip
    return text


def _clear(top: disk.Folder) -> None:
    """Remove an earlier run: files whose names and seals coopsim wrote, and no others.

    The manifest stays until it is replaced, so that a folder cleared halfway is still known.
    """
    tables = [f"{name}.parquet" for name in (*TABLES, *SWEEP_TABLES)]
    for name in (REPORT, RUBRICS, *tables):
        _remove(top, name)
    for inner, pattern in _KEPT.items():
        if top.look(inner) is not None:
            with top.inner(inner) as place:
                for name in filter(pattern.fullmatch, place.names()):
                    _remove(place, name)


def _remove(place: disk.Folder, name: str) -> None:
    """Remove a file that carries a seal of coopsim's; anything else stays."""
    found = place.look(name)
    if found is not None and _sealed(place, name):
        place.remove(name, disk.identity(found))


def _sealed(place: disk.Folder, name: str) -> bool:
    check, most = _CHECKS[os.path.splitext(name)[1]]
    try:
        raw = place.read(name, most)
        if raw is not None:
            check(raw)
    except files.Damaged:
        return False
    return raw is not None


def _ours(top: disk.Folder, name: str) -> bool:
    """Whether a run that was killed before it wrote its manifest can have left this."""
    if name in (lock.LOCK, lock.OWNER):
        return lock.is_ours(top, name)
    if name == SCENARIO:
        return _sealed(top, name)
    if name in _KEPT:
        try:
            with top.inner(name) as place:
                return all(_kept(inner, name) for inner in place.names())
        except CoopsimError:
            return False
    found = top.look(name)
    return disk.is_temporary(name) and found is not None and stat.S_ISREG(found.st_mode)


def _kept(name: str, inner: str) -> bool:
    """Whether this is the name of a result, finished or not, or of one that was set aside."""
    found = _KEPT[inner].match(name)
    rest = name[found.end() :] if found else name
    return not rest or disk.is_temporary(name) or (bool(found) and bool(_ASIDE.fullmatch(rest)))


def _made(path: Path, *, own: bool) -> disk.Identity | None:
    """Make the folder; which one it is, where it has to be that one and no other."""
    if own:
        return disk.made(path)
    try:
        path.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(f"cannot be made ({reason})", path, "another --out") from None
    return None


def _require_makeable(path: Path, *, parents: bool) -> None:
    if os.path.lexists(path):
        raise _refused("this is a file, not a folder", path, "another --out")
    above = path.absolute().parent
    while parents and not os.path.lexists(above):
        above = above.parent
    if not os.path.isdir(above):
        allowed = "a folder in one that exists"
        raise _refused(f"there is no folder {_short(above)}", path, allowed)
    _require_writable(above)


def _require_writable(path: Path) -> None:
    if not os.access(path, os.W_OK | os.X_OK):
        raise _refused("this folder is not writable", path, "another --out")


def _refused(problem: str, path: Path, allowed: str) -> UserError:
    return UserError(problem, file=_short(path), allowed=allowed)


def _short(path: Path) -> str:
    """The path, cut where nobody would read it."""
    text = str(path)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
