"""The one clock that deadlines are kept by.

Code that may take long is handed a `Clock` and looks at it between steps that are bounded; it
stops with what it has. A deadline stops a computation and never chooses its result: what is
not cut short does not depend on how fast the machine is.

Compiling and importing are not the user's time: while `uncounted` holds, the clock stands
still. That goes for all clocks of the process.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any


class OutOfTime(Exception):
    """A clock that was looked at is over. Whoever set the deadline catches it."""


class _Pauses:
    """How long the clock has stood still, in seconds; pauses may nest."""

    def __init__(self) -> None:
        self.total, self._depth, self._began = 0.0, 0, 0.0

    def begin(self) -> None:
        if self._depth == 0:
            self._began = time.monotonic()
        self._depth += 1

    def end(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.total += time.monotonic() - self._began


_pauses = _Pauses()


def now() -> float:
    """Seconds from some moment on, those that do not count left out."""
    return time.monotonic() - _pauses.total


@contextlib.contextmanager
def uncounted() -> Iterator[None]:
    """Let no clock run: for imports and compilation, which happen once a machine."""
    _pauses.begin()
    try:
        yield
    finally:
        _pauses.end()


def leave_out_compiling() -> None:
    """Let no clock run while numba compiles, or loads what it compiled; once a process."""
    global _listening
    if _listening:
        return
    _listening = True
    from numba.core import event

    class Pause(event.Listener):
        def on_start(self, event: Any) -> None:
            _pauses.begin()

        def on_end(self, event: Any) -> None:
            _pauses.end()

    event.register("numba:compiler_lock", Pause())  # type: ignore[no-untyped-call]


_listening = False


_NEVER = 1e12  # seconds that nothing lasts


class Clock:
    """How much of a deadline is left.

    Args:
        deadline: seconds from now; None never expires.
    """

    def __init__(self, deadline: float | None) -> None:
        self._until = float("inf") if deadline is None else now() + min(deadline, _NEVER)

    @property
    def left(self) -> float | None:
        """The seconds that are left, at least 0; None where there is no deadline."""
        return None if self._until == float("inf") else max(0.0, self._until - now())

    def limits(self) -> dict[str, float]:
        """The option of scipy's HiGHS interface that keeps to the time."""
        left = self.left
        return {} if left is None else {"time_limit": max(left, 1e-3)}

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self._until != float("inf") and now() >= self._until

    def look(self) -> None:
        """Go on, or raise `OutOfTime` where the time is up."""
        if self.over:
            raise OutOfTime

    def later(self, seconds: float) -> Clock:
        """A clock that is over so many seconds after this one."""
        other = Clock(None)
        other._until = self._until + seconds
        return other


ENDLESS = Clock(None)
"""What there is where nobody set a deadline."""

_kept: ContextVar[Clock] = ContextVar("kept", default=ENDLESS)


@contextlib.contextmanager
def keeping(clock: Clock) -> Iterator[None]:
    """Let `look` look at a clock: for what games do, whose functions take none themselves."""
    token = _kept.set(clock)
    try:
        yield
    finally:
        _kept.reset(token)


def kept() -> Clock:
    """The clock that `keeping` holds."""
    return _kept.get()


def look() -> None:
    """Between the steps of building a form, or of playing a long episode: go on, or stop.

    Raises:
        OutOfTime: `keeping` holds, and its clock is over.
    """
    _kept.get().look()
