"""Open a file to read it: files that other files name are plain ones, and nothing is waited for."""

from __future__ import annotations

import os
import stat

_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


class NotPlain(OSError):
    """It is a pipe, a device or a socket."""

    def __init__(self) -> None:
        super().__init__()
        self.strerror = "it is a pipe or a device, not a file"


def start(path: str | os.PathLike[str], most: int, *, plain: bool) -> bytes:
    """The first bytes of a file.

    Args:
        path: of the file.
        most: how many bytes are read.
        plain: refuse pipes, devices and sockets, whose reader may wait for ever. A pipe that a
            user names (`/dev/stdin`) is meant; what a file names or a folder holds may come
            from anybody.

    Raises:
        NotPlain: it is none, with `plain`.
        OSError: it cannot be read.
        ValueError: no file can have that path.
    """
    with open(path, "rb", opener=_at_once if plain else None) as stream:
        return stream.read(most)


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for whoever writes to a pipe, and look at what was opened."""
    _require_plain(os.stat(path))  # before it is opened, since some devices act on that
    descriptor = os.open(path, flags | _NONBLOCK)
    try:
        _require_plain(os.fstat(descriptor))  # it may have been swapped since
    except NotPlain:
        os.close(descriptor)
        raise
    return descriptor


def _require_plain(found: os.stat_result) -> None:
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):  # folders do not open
        raise NotPlain
