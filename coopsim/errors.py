"""Every error coopsim raises on purpose.

    CoopsimError
    ├── UserError            something the user wrote can be put right (exit code 2)
    │   ├── UnknownName      a name that no registry or library knows
    │   └── ScenarioError    a key of a scenario, game, agent or solver file
    ├── MissingExtra         an optional dependency is not installed
    ├── NoSuchForm           a game cannot be written in the form that was asked for
    ├── InvalidAction        an action is NaN, of the wrong shape or outside its space
    ├── RunFolderBusy        another process is writing the same run folder
    ├── CheckFailed          a game, solver or agent breaks a law of its conformance test
    ├── Unexpected           something failed that nobody foresaw (exit code 70)
    └── Interrupted          stopped by Ctrl-C; the run folder can be resumed (exit code 130)

A `UserError` carries its parts (file, line, key, what was given, what is allowed,
the nearest valid name), so that the message, the JSON output and an editor plug-in
can all be made from one object.
"""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any

_LONG, _LONGEST = 200, 2000  # characters of a key, of a problem: a message is one to read
_NEAR = 200, 5000  # characters of names and how many of them are looked at for the nearest
_SHOWN = 12  # how many allowed names a message lists before it says how many there are


class CoopsimError(Exception):
    """Base class of every error that coopsim raises on purpose."""

    exit_code: int = 1

    def __reduce__(self) -> tuple[Any, ...]:
        # errors come back from worker processes, and their classes take other arguments than
        # the message that exceptions keep
        return _restored, (type(self), self.args, self.__dict__)


class UserError(CoopsimError, ValueError):
    """One thing the user wrote that cannot be used, and how to put it right.

    It is a `ValueError` too, so that a parameter class can raise it while it is being built.

    Args:
        problem: what is wrong, in a few words ("unknown key", "must be above 0").
        file: path of the file, where there is one.
        line: line number in that file, from 1.
        key: dotted path of the key ("game.gamma").
        given: the value as the user wrote it.
        allowed: what would be accepted: a sentence, or the list of valid names.
        nearest: the valid name closest to the one given.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
        given: Any = None,
        allowed: str | Sequence[str] | None = None,
        nearest: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.line = line
        self.key = key
        self.given = given
        self.allowed = allowed
        self.nearest = nearest
        super().__init__(problem)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        key = shorten(self.key, _LONG) if self.key else self.key
        head = ": ".join(part for part in (place, key, shorten(self.problem, _LONGEST)) if part)
        tail = []
        if self.given is not None:
            tail.append(f"given: {shorten(self.given)}")
        if self.allowed is not None:
            tail.append(f"allowed: {_listing(self.allowed)}")
        if self.nearest is not None:
            tail.append(f"did you mean {self.nearest!r}?")
        return "; ".join([head, *tail])

    def at(
        self, *, file: str | None = None, line: int | None = None, key: str | None = None
    ) -> UserError:
        """The same error with the place filled in where it was not yet known."""
        self.file = self.file if self.file is not None else file
        self.line = self.line if self.line is not None else line
        self.key = self.key if self.key is not None else key
        return self

    def as_dict(self) -> dict[str, Any]:
        """The parts of the message, for `--json`."""
        return {
            "problem": self.problem,
            "file": self.file,
            "line": self.line,
            "key": self.key,
            "given": None if self.given is None else shorten(self.given),
            "allowed": self.allowed if isinstance(self.allowed, str | None) else list(self.allowed),
            "nearest": self.nearest,
        }


class ScenarioError(UserError):
    """A key of a scenario, game, agent or solver file cannot be used."""


class UnknownName(UserError):
    """A name that is not in the registry or the library.

    Args:
        kind: what was looked for ("game", "agent", "measure" ...).
        name: the name that was given.
        known: every name that would have been found.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], **place: Any) -> None:
        names = sorted(known)
        super().__init__(
            f"unknown {kind}", given=name, allowed=names, nearest=nearest(name, names), **place
        )


class MissingExtra(CoopsimError):
    """An optional dependency is not installed; the message names the extra to install."""


class NoSuchForm(CoopsimError):
    """A game cannot be written in the form that was asked for."""


class InvalidAction(CoopsimError):
    """An action is NaN, of the wrong shape or outside the player's action space."""


class RunFolderBusy(UserError):
    """Another process is writing the same run folder."""


class CheckFailed(CoopsimError, AssertionError):
    """A game, solver or agent breaks a law of its conformance test.

    Args:
        subject: what was checked: a class name or a registered name.
        problem: the law that is broken, and where.
        remedy: what to change.
    """

    def __init__(self, subject: str, problem: str, remedy: str) -> None:
        self.subject = subject
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{subject}: {problem}. To put it right: {remedy}.")


class Unexpected(CoopsimError):
    """Something failed that nobody foresaw: a mistake in coopsim or in a package it uses.

    Raised for what a worker process met; the command line treats every exception that is no
    `CoopsimError` alike.

    Args:
        problem: what failed, in one line.
        trace: the traceback.
    """

    exit_code = 70

    def __init__(self, problem: str, trace: str = "") -> None:
        self.trace = trace
        super().__init__(problem)


class Interrupted(CoopsimError):
    """The work was stopped on request; what was finished is kept."""

    exit_code = 130


def _restored(cls: type[CoopsimError], args: tuple[Any, ...], parts: dict[str, Any]) -> Any:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(parts)
    return error


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, or None when nothing is close."""
    # comparing takes the product of two lengths, and names in files have any
    names = [name for name in itertools.islice(known, _NEAR[1]) if len(name) <= _NEAR[0]]
    if len(name) > _NEAR[0]:
        return None
    lowered = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return lowered[close[0]]
    # "samsung-sony" should find "coopetition/samsung-sony"
    tails = [candidate for candidate in names if candidate.rsplit("/", 1)[-1] == name]
    return tails[0] if len(tails) == 1 else None


def dotted(path: Sequence[str | int]) -> str:
    """A key path as users write it: ("game", "shares", 0) is "game.shares.0"."""
    return ".".join(str(part) for part in path)


def shorten(value: Any, width: int = 80) -> str:
    """`value` as one short line of text, true and null written as in a file."""
    text = value if isinstance(value, str) else _as_written(value)
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _as_written(value: Any) -> str:
    try:
        return json.dumps(_tidy(value), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits, nested lists
        return f"a value of type {type(value).__name__}"


def _tidy(value: Any) -> Any:
    """Whole numbers without a decimal point, as people write them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, list | tuple):
        return [_tidy(item) for item in value]
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    return value


def _listing(allowed: str | Sequence[str]) -> str:
    if isinstance(allowed, str):
        return shorten(allowed, _LONGEST)
    shown = ", ".join(shorten(name) for name in allowed[:_SHOWN])
    more = len(allowed) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown or "nothing"
