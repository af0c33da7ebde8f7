"""One writer a run folder.

The lock is the operating system's, so it ends with the process that holds it, however that
process ends. A file beside it says who holds it; without the lock that file means nothing,
so what a killed run leaves is taken over in silence.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coopsim.errors import RunFolderBusy, UserError

LOCK, OWNER = "lock", "lock.json"
"""Names in the run folder: the lock, and who holds it."""

_PATIENCE = 1.0  # seconds to wait for a new owner to write down who it is


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder.

    Raises:
        RunFolderBusy: another process holds it; the message names its pid and machine.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise _busy(folder) from None
    except OSError as error:
        raise UserError(
            f"cannot be locked ({error.strerror or error})",
            file=str(folder),
            allowed="a folder on a disk that can lock files",
        ) from None
    owner = folder / OWNER
    try:
        owner.write_text(json.dumps(_myself()) + "\n", encoding="utf-8")
        yield
    finally:
        # first the name, then the lock: the next owner's name must not be taken away
        owner.unlink(missing_ok=True)
        lock.release()


def owner(folder: Path) -> dict[str, Any] | None:
    """Who holds, or last held, the lock; None where nobody says so."""
    try:
        said = json.loads((folder / OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _busy(folder: Path) -> RunFolderBusy:
    until = time.monotonic() + _PATIENCE
    said = owner(folder)
    # the holder may not have written its name yet, or a killed one's may still be there
    while (said is None or not _may_live(said)) and time.monotonic() < until:
        time.sleep(0.05)
        said = owner(folder)
    said = said or {}
    return RunFolderBusy(
        "another process is writing this run folder",
        file=str(folder),
        given=f"process {said.get('pid', '?')} on {said.get('host', '?')}, "
        f"started {said.get('started', '?')}",
        allowed="wait until it has ended, stop it, or name another folder with --out",
    )


def _may_live(said: dict[str, Any]) -> bool:
    """Whether an owner can be alive: on another machine, nobody here can say."""
    # elsewhere than on POSIX, signal 0 is not a question
    if os.name != "posix" or said.get("host") != socket.gethostname():
        return True
    try:
        os.kill(int(said["pid"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except OSError:
        return True  # alive, and another user's
    return True


def _myself() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "started": now}
