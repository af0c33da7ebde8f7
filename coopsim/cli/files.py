"""Write one file for a user, or say in one message why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coopsim.errors import UserError

if TYPE_CHECKING:
    from coopsim.study import disk


def shown(path: Path) -> str:
    """The path as people see it: from the working directory, if it lies below."""
    inside = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)


def write_new(path: Path, content: str, *, replaces: Callable[[bytes], bool] | None = None) -> None:
    """Write a file, with the folders above it.

    Args:
        path: where.
        content: the text.
        replaces: tells of the bytes that are there whether they may be written over;
            nothing is where not given.

    Raises:
        UserError: another file is there already, or a link, or it cannot be written.
    """
    from coopsim.study import disk

    with disk.refusing("cannot be made", path.parent):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise _taken(path.parent) from None
    with disk.opened(path.parent) as folder:
        if replaces is not None and _may_replace(folder, path.name, len(content), replaces):
            folder.write(path.name, content.encode())
        elif not folder.create(path.name, content.encode()):
            raise _taken(path)


def _may_replace(
    folder: disk.Folder, name: str, size: int, replaces: Callable[[bytes], bool]
) -> bool:
    from coopsim.study.files import Damaged

    try:
        held = folder.read(name, 100 * size)
    except Damaged:
        return False
    return held is not None and replaces(held)


def _taken(path: Path) -> UserError:
    return UserError("is there already", file=str(path), allowed="a new name")
