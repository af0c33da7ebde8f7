"""What files may reach besides their own data: nothing, until the user grants it.

A scenario, game or agent file may come from anybody. What it names is looked up among
registered names and in its own folder and project. Everything else needs a grant by the user,
with `--trust` on the command line, or by calling Python that names it: the place of an
environment ("module:attribute"), the text of an OpenSpiel game, or a folder or file that
files may name. Grants are exact, hold for this process and are handed to its workers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_granted: set[str] = set()
_lent: dict[str, str] = {}


def grant(*names: str) -> None:
    """Let files name these: environments, OpenSpiel games, and folders or files that exist."""
    for name in names:
        _granted.add(os.path.realpath(name) if os.path.exists(name) else name)


def granted(name: str) -> bool:
    """Whether the user has granted exactly this text."""
    return name in _granted


def everything() -> tuple[str, ...]:
    """All grants, to be handed to worker processes."""
    return tuple(sorted(_granted))


def lend(file: Path, folder: Path) -> None:
    """Let what one file names lie in a folder that is not its own."""
    _lent[os.path.abspath(file)] = os.path.realpath(folder)


def reaches(path: str | os.PathLike[str], *homes: Path, near: Path | None = None) -> bool:
    """Whether a file lies, links followed, below one of `homes` or of what was granted.

    Args:
        path: the file; it need not exist.
        homes: folders that may be read in any case.
        near: the file that names it, for what was lent to that one.
    """
    real = os.path.realpath(path)
    lent = [_lent[held] for held in [os.path.abspath(near or "")] if held in _lent]
    return any(_below(real, home) for home in (*map(os.path.realpath, homes), *lent, *_granted))


@contextmanager
def scope() -> Iterator[None]:
    """What is granted inside is forgotten at the end."""
    held, lent = set(_granted), dict(_lent)
    try:
        yield
    finally:
        _granted.clear()
        _granted.update(held)
        _lent.clear()
        _lent.update(lent)


def _below(real: str, home: str) -> bool:
    if not os.path.isabs(home):  # a name and no folder
        return False
    return real == home or real.startswith(home.rstrip(os.sep) + os.sep)
