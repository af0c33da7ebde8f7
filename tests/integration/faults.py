"""A file system that fails at one call: what `coopsim.study.disk` sees of `os`, spoilt.

`disk` is the only module through which a run folder is read and written, and it reaches the
system through its name `os`. Put a `Faulty` there, and the k-th call that touches files fails
as disks fail, or is the last one that has any effect, as when the process is killed there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

CALLS = frozenset(
    "open close read write fsync stat fstat listdir mkdir rmdir unlink replace".split()
)

FAULTS = ("no space", "no permission", "broken disk", "short", "torn", "killed", "killed halfway")
"""Kinds of faults. `short` does half of a read or a write and says so, which is no error; `torn`
writes half and fails. `killed` is before the call, and `killed halfway` within a write."""

_CODES = {
    "no space": errno.ENOSPC,
    "torn": errno.ENOSPC,
    "no permission": errno.EACCES,
    "broken disk": errno.EIO,
}


class Killed(BaseException):
    """Stands for SIGKILL: nothing that the process does from here on has an effect."""


class Faulty:
    """`os`, in which one call goes wrong.

    Args:
        at: the number of that call, from 1; 0 for none.
        fault: one of `FAULTS`.
    """

    def __init__(self, at: int, fault: str) -> None:
        self.at, self.fault = at, fault
        self.calls: list[str] = []
        self.dead = False

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name) if name != "fsync" else _no_wait
        if name not in CALLS:
            return real
        return lambda *given, **named: self._call(name, real, *given, **named)

    def _call(self, name: str, real: Callable[..., Any], *given: Any, **named: Any) -> Any:
        if self.dead:
            if name == "close":  # as the system does for the dead
                return real(*given)
            raise Killed
        self.calls.append(name)
        if len(self.calls) != self.at:
            return real(*given, **named)
        if name == "close":
            real(*given)
        return self._spoilt(name, real, *given, **named)

    def _spoilt(self, name: str, real: Callable[..., Any], *given: Any, **named: Any) -> Any:
        if self.fault == "short" and name == "read":
            return real(given[0], max(given[1] // 2, 1))
        if self.fault in ("short", "torn", "killed halfway") and name == "write":
            half = given[1][: max(len(given[1]) // 2, 1)]
            count = real(given[0], half)
            if self.fault == "short":
                return count
        if self.fault.startswith("killed"):
            self.dead = True
            raise Killed
        code = _CODES[self.fault]
        raise OSError(code, os.strerror(code))


def _no_wait(descriptor: int) -> None:
    """In place of `fsync`: what is tested is what becomes of its failures."""


def fits(fault: str, name: str) -> bool:
    """Whether a call of this name can fail in this way."""
    if fault == "short":
        return name in ("read", "write")
    if fault in ("torn", "killed halfway"):
        return name == "write"
    if fault == "no space":
        return name in ("open", "write", "fsync", "mkdir", "replace", "close")
    if fault == "no permission":
        return name in ("open", "stat", "listdir", "mkdir", "rmdir", "unlink", "replace")
    return True
