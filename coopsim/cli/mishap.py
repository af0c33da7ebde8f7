"""What becomes of an exception that nobody foresaw: one sentence, and a traceback in a file."""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence

from coopsim.errors import Unexpected, shorten

_WIDTH = 200  # characters of an error's own text that are shown


def told(error: BaseException, arguments: Sequence[str]) -> str:
    """The sentence to show for an exception; its traceback is saved on the way.

    Args:
        error: what was raised.
        arguments: of the command line, without the program's name.
    """
    kept = _save(error, arguments)
    where = f"the traceback is in {kept}" if kept else "its traceback could not be saved"
    return (
        f"{_subject(arguments)}: coopsim failed where it should have answered or refused "
        f"({_said(error)}); please report it: {where}"
    )


def _said(error: BaseException) -> str:
    """The kind of error and its text on one short line, of characters that can be shown."""
    if isinstance(error, MemoryError):
        return "out of memory; --memory sets a limit below which nothing is begun"
    name = "" if isinstance(error, Unexpected) else f"{type(error).__name__}: "
    text = "".join(
        char if char.isprintable() else ascii(char)[1:-1] for char in " ".join(str(error).split())
    )
    return shorten(f"{name}{text}".rstrip(": "), _WIDTH)


def _subject(arguments: Sequence[str]) -> str:
    """The file that was worked on: the argument that exists, else the first behind the verb."""
    words = [word for word in arguments[1:] if not word.startswith("-")]
    found = [word for word in words if os.path.exists(word)]
    return shorten((found or words or ["coopsim"])[0], _WIDTH)


def _save(error: BaseException, arguments: Sequence[str]) -> str | None:
    """Write the traceback to a new file that nobody else can read; its path, or None."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        release = version("coopsim")
    except PackageNotFoundError:
        release = "(not installed)"
    trace = getattr(error, "trace", "") or "".join(traceback.format_exception(error))
    lines = (
        f"coopsim {release}, Python {platform.python_version()}, {platform.platform()}",
        f"coopsim {' '.join(map(ascii, arguments))}",
        "",
        trace,
    )
    try:
        # a name that did not exist, opened without following links, mode 0600
        handle, path = tempfile.mkstemp(prefix="coopsim-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("\n".join(lines))
    except OSError:
        return None
    return path


def is_of_output(error: OSError) -> bool:
    """Whether it is the standard output that cannot be written: a full disk, a closed stream."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF)


def speak_plainly() -> None:
    """Characters that a stream's encoding lacks are written as escapes, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a stream of Python's own
            stream.reconfigure(errors="backslashreplace")
