"""What fits: memory and work are asked for before they are taken.

Numbers in a file decide how much memory and time it takes: seeds, episodes, players, the
values of a sweep. Whoever is about to allocate says here how much it will be; what does not
fit is refused with its size and with what would fit, while nothing has been allocated yet.

The limit on memory is what was said (`--memory`, or `limited` in Python), else a part of what
the machine has free. Processes that work side by side share it (`share`). It is a limit on what
coopsim plans, not a wall that the operating system keeps.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coopsim.errors import UserError

WORK = 1e15
"""The most elementary steps (a multiplication, a look at one number) that are begun."""

_PART = 0.8  # of what is free: the rest is for what estimates leave out
_LEAST = 256_000_000  # bytes that are taken for free whatever the machine says
_UNKNOWN = 4_000_000_000  # where the machine does not say what it has
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kKMGTP]?)(i?)[bB]?", re.ASCII)
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")

_said: int | None = None  # the limit that was set, in bytes


def memory() -> int:
    """How many bytes this process may plan to use."""
    return _machine() if _said is None else _said


def set_memory(limit: int | None) -> None:
    """Set the limit of this process, in bytes; None goes back to that of the machine."""
    global _said
    _said = limit


@contextlib.contextmanager
def limited(limit: int | None) -> Iterator[None]:
    """Another limit while this is open, in bytes; None for that of the machine.

    Example:
        >>> with limited(1000):
        ...     memory()
        1000
    """
    before = _said
    set_memory(limit)
    try:
        yield
    finally:
        set_memory(before)


def share(workers: int) -> int:
    """What each of so many processes may use, in bytes."""
    return max(1, memory() // max(1, workers))


def fitting(size: float) -> int:
    """How many things of `size` bytes each fit."""
    return int(memory() // size) if size > 0 else memory()


def require(
    need: float,
    what: str,
    *,
    fits: str | None = None,
    key: str | None = None,
    given: Any = None,
) -> None:
    """Refuse what needs more memory than there is, before it is taken.

    Args:
        need: bytes; a whole number of any size.
        what: what would take them, with its size: "300,000,000 cells".
        fits: what would fit, in words: "at most 4,000,000 seeds".
        key: dotted path of the number that decides it, where it is known.
        given: that number, as it was written.

    Raises:
        UserError: naming the size and what would fit.
    """
    limit = memory()
    if need <= limit:
        return
    allowed = f"{in_words(limit)} of memory (--memory says how much)"
    raise UserError(
        f"{what} would take {in_words(need)} of memory",
        key=key,
        given=given,
        allowed=f"{fits}, for {allowed}" if fits else allowed,
    )


def require_work(
    steps: float,
    what: str,
    *,
    fits: str | None = None,
    key: str | None = None,
    given: Any = None,
) -> None:
    """Refuse what would take years: more than `WORK` steps. Arguments as in `require`.

    Raises:
        UserError: naming the size and what would fit.
    """
    if steps > WORK:
        raise UserError(
            f"{what} would never end: {_power(steps)} steps",
            key=key,
            given=given,
            allowed=fits or f"at most {_power(WORK)} steps",
        )


def parse_size(text: str) -> int:
    """Bytes of "4GB", "500 MB", "2GiB" or "1000000".

    Raises:
        UserError: that is no size, or 0.
    """
    match = _SIZE.fullmatch(text.strip())
    size = 0
    if match is not None:
        base = 1024 if match[3] else 1000
        size = int(float(match[1]) * base ** _POWERS[match[2]])
    if size < 1:
        raise UserError(
            "no amount of memory", key="memory", given=text, allowed="a size such as 4GB or 500MB"
        )
    return size


def in_words(count: float) -> str:
    """Bytes as "12 MB"."""
    if count < 1000:
        return "below 1 kB"
    power = int(math.log10(count) // 3)
    if power >= len(_UNITS):
        return f"{_power(count)} bytes"
    size = count / 1000**power
    return (
        f"about {size:.0f} {_UNITS[power]}" if size >= 10 else f"about {size:.2g} {_UNITS[power]}"
    )


def _power(count: float) -> str:
    return f"about 10^{math.log10(count):.0f}"


@functools.cache
def _machine() -> int:
    """A part of what is free when it is first asked for."""
    free = [size for size in (_free_here(), _free_in_group()) if size is not None]
    return max(_LEAST, int(_PART * min(free, default=_UNKNOWN)))


def _free_here() -> int | None:
    """What the machine has free; all of it where the system does not say what is in use."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _free_in_group(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What the control group that the process runs in (a container) has left, if it has a limit."""
    for most, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            limit = int((root / most).read_text(encoding="ascii"))
            return max(0, limit - int((root / used).read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return None
