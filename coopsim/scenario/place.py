"""Where an error is: key paths for errors that know them only in part, files and lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coopsim.errors import UserError, dotted

Path = tuple[str | int, ...]


def path_of(error: UserError) -> Path:
    """The key path an error points at, as far as it is known."""
    path: Path = getattr(error, "path", ())
    return path or ((error.key,) if error.key else ())


def set_path(error: UserError, path: Path) -> UserError:
    """The same error, pointing at `path`."""
    error.path = path  # type: ignore[attr-defined]
    error.key = dotted(path) or None
    return error


def at(problem: str, path: Path, **parts: Any) -> UserError:
    """An error that points at `path`; `parts` as in `UserError`."""
    return set_path(UserError(problem, **parts), path)


@contextmanager
def below(*path: str | int) -> Iterator[None]:
    """Errors raised inside point below `path`, except those that lie in another file."""
    try:
        yield
    except UserError as error:
        if error.file is None:
            set_path(error, (*path, *path_of(error)))
        raise


def overlap(one: Path, other: Path) -> bool:
    """Whether one path leads to the other."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]
