"""One writer a run folder.

The lock is the operating system's, so it ends with the process that holds it, however that
process ends. A file beside it says who holds it; without the lock that file means nothing,
so what a killed run leaves is taken over in silence.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coopsim.errors import CoopsimError, RunFolderBusy, UserError
from coopsim.study import disk, files

LOCK, OWNER = "lock", "lock.json"
"""Names in the run folder: the lock, and who holds it."""

_log = logging.getLogger("coopsim")

_PATIENCE = 1.0  # seconds to wait for a new owner to write down who it is
_MOST = 10_000  # bytes of what an owner says of itself
_SAID = {"pid": int, "host": str, "started": str}
_TRIES = 20  # how often a lock may be deleted by others while it is taken


@contextmanager
def held(folder: Path, known: disk.Identity | None = None) -> Iterator[disk.Folder]:
    """Hold the lock of a run folder, which stays open for as long.

    Args:
        folder: the run folder.
        known: which folder it has to be; any where not said.

    Raises:
        RunFolderBusy: another process holds it; the message names its pid and machine.
        UserError: it cannot be locked, or a link or a folder has the name of the lock.
    """
    with disk.opened(folder, known) as top:
        _require_plain(top)
        descriptor = _taken(top)
        try:
            mine = json.dumps(_myself()).encode() + b"\n"
            _enter(top, mine)
            try:
                yield top
            finally:
                # first the name, then the lock: the next owner's name must not be taken away
                _leave(top, mine)
        finally:
            disk.close(descriptor)


def owner(folder: Path) -> dict[str, Any] | None:
    """Who holds, or last held, the lock; None where nobody says so."""
    try:
        with disk.opened(folder) as top:
            return _said(top.read(OWNER, _MOST))
    except CoopsimError:
        return None


def is_ours(top: disk.Folder, name: str) -> bool:
    """Whether what has a name of the lock can have been left there by a killed owner."""
    try:
        raw = top.read(name, _MOST)
    except files.Damaged:
        return False
    return not (raw or b"").strip() or (name == OWNER and _says_nothing_else(raw))


def _says_nothing_else(raw: bytes | None) -> bool:
    return _said(raw) is not None or (raw or b"").strip() == b"{}"


def _require_plain(top: disk.Folder) -> None:
    """Refuse links, folders and pipes with the names of the lock, before anything is written."""
    for name in (LOCK, OWNER):
        found = top.look(name)
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise UserError(
                f"{disk.kind(found)} where coopsim keeps its lock", file=str(top.path / name),
                allowed="a folder in which nothing else has this name",
            )  # fmt: skip


def _enter(top: disk.Folder, mine: bytes) -> None:
    """Write down who holds the lock; what is there and was written by no owner is set aside."""
    if not is_ours(top, OWNER):
        aside = top.set_aside(OWNER)
        _log.warning("%s was not written by coopsim; set aside as %s", top.path / OWNER, aside)
    top.write(OWNER, mine)


def _taken(top: disk.Folder) -> int:
    """The descriptor that holds the lock."""
    try:
        for _ in range(_TRIES):
            descriptor = top.open_or_make(LOCK)
            try:
                if not _lock(descriptor):
                    raise _busy(top)
                # a lock without a name, deleted by somebody since it was opened, guards nothing
                if disk.identity(top.look(LOCK)) == disk.identity(os.fstat(descriptor)):
                    return descriptor
            except BaseException:
                disk.close(descriptor)
                raise
            disk.close(descriptor)
        raise OSError(errno.EBUSY, "somebody keeps deleting its lock")
    except OSError as error:
        raise UserError(
            f"cannot be locked ({error.strerror or error})",
            file=str(top.path),
            allowed="a folder on a disk that can lock files",
        ) from None


def _lock(descriptor: int) -> bool:
    """Take the lock of an open file; False where another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK):
            return False
        raise
    return True


def _leave(top: disk.Folder, mine: bytes) -> None:
    try:
        if top.read(OWNER, _MOST) == mine:
            top.remove(OWNER)
    except CoopsimError:
        pass  # without the lock it means nothing


def _busy(top: disk.Folder) -> RunFolderBusy:
    until = time.monotonic() + _PATIENCE
    said = owner(top.path)
    # the holder may not have written its name yet, or a killed one's may still be there
    while (said is None or not _may_live(said)) and time.monotonic() < until:
        time.sleep(0.05)
        said = owner(top.path)
    said = said or {}
    return RunFolderBusy(
        "another process is writing this run folder",
        file=str(top.path),
        given=f"process {said.get('pid', '?')} on {said.get('host', '?')}, "
        f"started {said.get('started', '?')}",
        allowed="wait until it has ended, stop it, or name another folder with --out",
    )


def _said(raw: bytes | None) -> dict[str, Any] | None:
    """What an owner says of itself; None where these bytes are nothing that an owner writes."""
    try:
        said = None if raw is None else files.parse_json(raw)
    except files.Damaged:
        return None
    if not isinstance(said, dict) or set(said) != set(_SAID):
        return None
    fits = all(type(said[name]) is kind for name, kind in _SAID.items())
    return said if fits and 0 < said["pid"] < 2**31 else None


def _may_live(said: dict[str, Any]) -> bool:
    """Whether an owner can be alive: on another machine, nobody here can say."""
    # elsewhere than on POSIX, signal 0 is not a question
    if os.name != "posix" or said["host"] != socket.gethostname():
        return True
    try:
        os.kill(said["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # alive, and another user's
    return True


def _myself() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "started": now}
