"""Every call on the files of a run folder: open folders, and no links followed inside them.

A run folder may have come from a stranger, and other programs may change it at any moment. So
a folder is opened once and what lies in it is reached from its descriptor: a folder that is
swapped for a link between two calls is not entered. A file is opened without following links,
without waiting for a pipe, and read only if it is a plain file of a bounded size. A file is
written beside its place under a random name (`.coopsim-….tmp`) and moved there in one step, so
that whoever is killed, or finds the disk full, leaves the old file or the new one.

Where the system has no calls relative to a folder (Windows), paths are joined and looked at
first; the promises about links hold on Linux and macOS.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coopsim.errors import CoopsimError, UserError

Identity = tuple[int, int]
"""Device and number of a folder: the same for as long as it is the same folder."""

_TEMPORARY = re.compile(r"\.coopsim-[0-9a-f]{32}\.tmp")
_RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
_NOFOLLOW, _NONBLOCK = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_NONBLOCK", 0)
_COMMON = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | _NOFOLLOW
_FOLDER = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_DIRECTORY", 0)
_CHUNK = 1 << 20


class Damaged(CoopsimError):
    """A file is not what was written, or not what it should hold; the message says why."""

    exit_code = 2


@dataclass(frozen=True)
class Folder:
    """An open folder. Every method raises `UserError` where the system refuses.

    Args:
        path: where it was found, for messages.
        descriptor: of the open folder; None where the system has none.
    """

    path: Path
    descriptor: int | None

    @property
    def identity(self) -> Identity:
        """Which folder this is, whatever its path leads to by now."""
        with refusing("cannot be looked at", self.path):
            found = os.stat(self.path) if self.descriptor is None else os.fstat(self.descriptor)
        return found.st_dev, found.st_ino

    def names(self) -> list[str]:
        """The names in it, sorted."""
        with refusing("cannot be read", self.path):
            return sorted(os.listdir(self.path if self.descriptor is None else self.descriptor))

    def look(self, name: str) -> os.stat_result | None:
        """What has this name, links themselves and not what they lead to; None for nothing."""
        with refusing("cannot be looked at", self.path / name):
            try:
                return os.stat(self._name(name), follow_symlinks=False, **self._at)
            except FileNotFoundError:
                return None

    def read(self, name: str, most: int) -> bytes | None:
        """The bytes of a plain file, or None where nothing has that name.

        Args:
            name: of the file.
            most: bytes that it may have.

        Raises:
            Damaged: it is a folder, a link, a pipe …, too large, or cannot be read.
        """
        found = self.look(name)
        if found is None:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise Damaged(f"it is {kind(found)}, not a file")
        try:
            descriptor = self._open(name, os.O_RDONLY | _NONBLOCK)
            try:
                held = os.fstat(descriptor)
                if not stat.S_ISREG(held.st_mode):  # swapped since
                    raise Damaged(f"it is {kind(held)}, not a file")
                # said before a byte is read; it can still grow
                raw = _read(descriptor, most + 1) if held.st_size <= most else None
            finally:
                close(descriptor)
        except OSError as error:
            raise Damaged(f"it cannot be read ({error.strerror or error})") from None
        if raw is None or len(raw) > most:
            raise Damaged(f"it is larger than {most:,} bytes")
        return raw

    def write(self, name: str, data: bytes, *, settle: bool = True) -> None:
        """Write a file in one step: whoever looks sees the old file or the new one.

        Args:
            name: of the file.
            data: its bytes.
            settle: whether its name, too, is to outlast a power cut from here on.
        """
        allowed = "a folder that is writable and has space left"
        with refusing("cannot be written", self.path / name, allowed):
            temporary = f".coopsim-{secrets.token_hex(16)}.tmp"
            self._create(temporary, data)
            with self._removing(temporary):
                self._replace(temporary, name)
            if settle:
                self._settle()

    def settle(self) -> None:
        """Have the folder itself written to the disk, so that new names outlast a power cut."""
        with refusing("cannot be written", self.path):
            self._settle()

    def create(self, name: str, data: bytes) -> bool:
        """Write a file that is not there yet; False where the name is taken."""
        with refusing("cannot be written", self.path / name):
            try:
                self._create(name, data)
            except FileExistsError:
                return False
            self._settle()
        return True

    def remove(self, name: str, known: Identity | None = None) -> None:
        """Remove a file, if it is still there; with `known`, only if it is still that file."""
        with refusing("cannot be removed", self.path / name):
            found = self.look(name)
            if found is None or stat.S_ISDIR(found.st_mode):
                return
            if known is None or known == (found.st_dev, found.st_ino):
                with suppress(FileNotFoundError):
                    os.unlink(self._name(name), **self._at)

    def set_aside(self, name: str) -> str:
        """Rename to `name.damaged`, or `name.damaged-2` …: no file of that name is lost.

        Returns:
            The new name.
        """
        found = self.look(name)
        folder = found is not None and stat.S_ISDIR(found.st_mode)
        with refusing("cannot be set aside", self.path / name):
            number = 1
            while True:
                aside = f"{name}.damaged" + (f"-{number}" if number > 1 else "")
                # taken first, so that nobody's file of that name can come between
                if self._reserve(aside, folder=folder):
                    break
                number += 1
            try:
                self._replace(name, aside)
            except BaseException:
                with suppress(OSError):
                    (os.rmdir if folder else os.unlink)(self._name(aside), **self._at)
                raise
        return aside

    def make(self, name: str) -> None:
        """Make a folder in it, unless there is one."""
        with refusing("cannot be made", self.path / name, "another --out"):
            try:
                os.mkdir(self._name(name), **self._at)
            except FileExistsError:
                found = self.look(name)
                if found is None or not stat.S_ISDIR(found.st_mode):
                    raise

    @contextmanager
    def inner(self, name: str) -> Iterator[Folder]:
        """A folder in it, opened. Raises `UserError` for a link to one, too."""
        found = self.look(name)
        if found is not None and not stat.S_ISDIR(found.st_mode):
            raise UserError(
                f"{kind(found)} where a folder should be; nothing is followed or written there",
                file=str(self.path / name), allowed="a folder, or nothing of that name",
            )  # fmt: skip
        if self.descriptor is None:
            yield Folder(self.path / name, None)
            return
        with refusing("cannot be opened", self.path / name, "a folder, not a link to one"):
            descriptor = os.open(name, _FOLDER | _NOFOLLOW, dir_fd=self.descriptor)
        try:
            yield Folder(self.path / name, descriptor)
        finally:
            close(descriptor)

    def sweep(self) -> None:
        """Remove what killed runs left half written."""
        for name in filter(is_temporary, self.names()):
            found = self.look(name)
            if found is not None and stat.S_ISREG(found.st_mode):
                self.remove(name)

    def open_or_make(self, name: str) -> int:
        """The descriptor of a plain file for reading and writing; made where there is none."""
        descriptor = self._open(name, os.O_RDWR | os.O_CREAT | _NONBLOCK)
        held = os.fstat(descriptor)
        if not stat.S_ISREG(held.st_mode):
            close(descriptor)
            raise OSError(errno.EINVAL, f"it is {kind(held)}, not a file")
        return descriptor

    @property
    def _at(self) -> dict[str, Any]:
        return {} if self.descriptor is None else {"dir_fd": self.descriptor}

    def _name(self, name: str) -> str:
        return name if self.descriptor is not None else os.path.join(self.path, name)

    def _open(self, name: str, flags: int) -> int:
        return os.open(self._name(name), flags | _COMMON, 0o666, **self._at)

    def _create(self, name: str, data: bytes) -> None:
        descriptor = self._open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with self._removing(name):
            try:
                _write(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextmanager
    def _removing(self, name: str) -> Iterator[None]:
        """Remove a file of our own making where what follows fails."""
        try:
            yield
        except BaseException:
            with suppress(OSError):  # what stays is swept up by the next run
                os.unlink(self._name(name), **self._at)
            raise

    def _replace(self, old: str, new: str) -> None:
        if self.descriptor is None:
            os.replace(self._name(old), self._name(new))
        else:
            os.replace(old, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def _reserve(self, name: str, *, folder: bool) -> bool:
        """Take a name with an empty file or folder; False where it is taken."""
        try:
            if folder:
                os.mkdir(self._name(name), **self._at)
            else:
                os.close(self._open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def _settle(self) -> None:
        if self.descriptor is None:
            return
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # no such thing on this disk
                raise


@contextmanager
def opened(
    path: Path, known: Identity | None = None, problem: str = "cannot be opened"
) -> Iterator[Folder]:
    """Open a folder; the path itself may lead through links, since the user gave it.

    Args:
        path: of the folder.
        known: which folder it has to be.
        problem: what to say where there is none.

    Raises:
        UserError: there is none, it cannot be opened, or it is another one.
    """
    with refusing(problem, path, "a folder"):
        descriptor = os.open(path, _FOLDER) if _RELATIVE else None
    folder = Folder(path, descriptor)
    try:
        if known is not None and folder.identity != known:
            raise UserError(
                "another folder has taken this one's place while it was in use",
                file=str(path), allowed="the same command again",
            )  # fmt: skip
        yield folder
    finally:
        if descriptor is not None:
            close(descriptor)


def made(path: Path) -> Identity:
    """Make a folder that nobody typed, with those above it, and enter no link on the way.

    Args:
        path: of the folder, below the working directory.

    Returns:
        Which folder it is.

    Raises:
        UserError: a link, or a file, has the name of one of them; or the system refuses.
    """
    with ExitStack() as stack:
        place = stack.enter_context(opened(Path()))
        for name in path.parts:
            place.make(name)
            place = stack.enter_context(place.inner(name))
        return place.identity


def require_no_link(path: Path) -> None:
    """Refuse a folder that nobody typed where it, or one above it, is a link. Makes nothing.

    Raises:
        UserError: it is.
    """
    for part in (*reversed(path.parents[:-1]), path):
        if os.path.islink(part):
            raise UserError(
                "a link where a folder of coopsim's own should be; it is not followed",
                file=str(path), given=str(part), allowed="--out FOLDER, to write where you say",
            )  # fmt: skip


def close(descriptor: int) -> None:
    """Give back what was not written to; a lock goes with it."""
    with suppress(OSError):  # nothing can be lost, and the descriptor is gone in any case
        os.close(descriptor)


def identity(found: os.stat_result | None) -> Identity | None:
    """Which file this is, whatever it is called; None for nothing."""
    return None if found is None else (found.st_dev, found.st_ino)


def is_temporary(name: str) -> bool:
    """Whether this is what `Folder.write` calls a file that is not finished."""
    return _TEMPORARY.fullmatch(name) is not None


def kind(found: os.stat_result) -> str:
    """What something is, in two words."""
    for test, word in (
        (stat.S_ISREG, "a file"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISLNK, "a link"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(found.st_mode):
            return word
    return "a device"


def _read(descriptor: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(descriptor, min(most, _CHUNK))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        count = os.write(descriptor, left)
        if count <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        left = left[count:]


@contextmanager
def refusing(problem: str, path: Path, allowed: str | None = None) -> Iterator[None]:
    """Turn what the system says into one message: a `UserError`."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, CoopsimError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{problem} ({reason})", file=str(path), allowed=allowed) from None
