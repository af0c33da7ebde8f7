"""Progress of a study: a bar on a terminal, now and then a line in a pipe, or nothing.

All of it goes to the standard error, so that the standard output can be read by programs.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichBar

_FIRST, _LAST = 10.0, 60.0  # seconds between lines: at first, and in the long run


class Progress:
    """Says nothing; base of those that do."""

    def start(self, label: str, total: int, done: int) -> None:
        """A phase begins: `done` of `total` were there already."""

    def advance(self, count: int = 1) -> None:
        """`count` more are done."""

    def stop(self) -> None:
        """The phase has ended, done or not."""


class Lines(Progress):
    """A line when a phase begins and ends, and at growing intervals between."""

    def __init__(self) -> None:
        self.label, self.total, self.done, self.run = "", 0, 0, 0
        self.begun = self.next = self.wait = 0.0

    def start(self, label: str, total: int, done: int) -> None:
        """A phase begins."""
        self.label, self.total, self.done, self.run = label, total, done, 0
        self.begun, self.wait = time.monotonic(), _FIRST
        self.next = self.begun + self.wait
        if done < total:
            self._say(f"{total - done} to do" + (f", {done} done before" if done else ""))

    def advance(self, count: int = 1) -> None:
        """`count` more are done."""
        self.done += count
        self.run += count
        now = time.monotonic()
        if now < self.next or self.done == self.total:
            return
        self.wait = min(_LAST, 1.5 * self.wait)
        self.next = now + self.wait
        rate = self.run / (now - self.begun)
        left = spell((self.total - self.done) / rate)
        self._say(f"{self.done} of {self.total}, {rate:.3g} a second, about {left} left")

    def stop(self) -> None:
        """The phase has ended."""
        if self.run:
            took = spell(time.monotonic() - self.begun)
            self._say(f"{self.done} of {self.total} done in {took}")

    def _say(self, text: str) -> None:
        print(f"{self.label}: {text}", file=sys.stderr, flush=True)


class Bar(Progress):
    """A bar with what is done, how fast, and how long it will take."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bar: RichBar | None = None

    def start(self, label: str, total: int, done: int) -> None:
        """A phase begins."""
        if done >= total:
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichBar

        self.bar = RichBar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
        )
        self.bar.add_task(label, total=total, completed=done, rate="")
        self.bar.start()

    def advance(self, count: int = 1) -> None:
        """`count` more are done."""
        if self.bar is not None:
            task = self.bar.tasks[0]
            self.bar.advance(task.id, count)
            self.bar.update(task.id, rate=f"{task.speed:.3g}/s" if task.speed else "")

    def stop(self) -> None:
        """The phase has ended."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def reporter(quiet: bool) -> Progress:
    """What suits where the standard error goes."""
    if quiet or sys.stderr is None:
        return Progress()
    if not sys.stderr.isatty():
        return Lines()
    from rich.console import Console

    return Bar(Console(stderr=True))


def spell(seconds: float) -> str:
    """A duration in words: "42 s", "3 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole else "less than a second"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
