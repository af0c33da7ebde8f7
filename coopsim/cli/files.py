"""Write one file for a user, or say in one message why not."""

from __future__ import annotations

from pathlib import Path

from coopsim.errors import UserError


def shown(path: Path) -> str:
    """The path as people see it: from the working directory, if it lies below."""
    inside = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)


def write_new(path: Path, content: str, *, replace: bool = False) -> None:
    """Write a file, with the folders above it.

    Args:
        path: where.
        content: the text.
        replace: whether a file that is there is written over.

    Raises:
        UserError: the file is there already, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if replace else "x", encoding="utf-8") as stream:
            stream.write(content)
    except FileExistsError:
        taken = path if path.exists() else path.parent
        raise UserError("is there already", file=str(taken), allowed="a new name") from None
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror or error}", file=str(path)) from None
