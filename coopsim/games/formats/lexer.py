"""Words, numbers and quoted texts of Gambit's game files, with the line of each."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

from coopsim.errors import UserError

_TOKEN = re.compile(
    r"""\s*+ (?:
      (?P<word>[^\s{},"]++)
    | "(?P<text>(?:\\"|[^"])*+)"
    | (?P<brace>[{},])
    | (?P<open>")
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[-+]?(?:(\d+)/(\d+)|(?:\d+\.?\d*|\.\d+)(?:[eE]([-+]?\d+))?)", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)
# a number longer than this, or with a larger exponent, is a mistake or an attack
_DIGITS, _EXPONENT = 1000, 400
_UNIT = 10**4  # fractions are written with four decimals at most, where that is exact

TEXT, WORD, END = "text", "word", "end"
"""Kinds of tokens; braces and commas are kinds of their own."""


class Lexer:
    """The tokens of a game file, read once from front to back.

    Texts follow Gambit: `\\"` inside quotes is a quote, any other backslash is itself.

    Args:
        text: the whole file.
        file: its name, for messages.

    Attributes:
        kind: of the token at hand: `TEXT` (in quotes), `WORD` (a keyword or number), `END`,
            or "{", "}", ",".
        value: the text without its quotes, or the word as written.
    """

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self._numbers: dict[str, Fraction] = {}
        self._match = _TOKEN.scanner(text).match  # type: ignore[attr-defined]  # not in typeshed
        self.kind, self.value, self._offset = "", "", 0
        self._advance()

    @property
    def left(self) -> int:
        """How many characters there are from the token at hand to the end of the file."""
        return len(self.text) - self._offset

    def take(self) -> str:
        """The value of the token at hand; the next one is at hand after that."""
        value = self.value
        if self.kind != END:
            self._advance()
        return value

    def at(self, kind: str) -> bool:
        """Whether the token at hand is of a kind."""
        return self.kind == kind

    def expect(self, kind: str, what: str) -> str:
        """Take a token of a kind. Raises `UserError` saying that `what` was expected."""
        if self.kind != kind:
            raise self.expected(what)
        return self.take()

    def word(self, *allowed: str, what: str) -> str:
        """Take one of the allowed words."""
        if self.kind != WORD or self.value not in allowed:
            raise self.expected(what)
        return self.take()

    def texts(self, what: str) -> tuple[str, ...]:
        """Take quoted texts in braces: `{ "a" "b" }`; at least one."""
        self.expect("{", f"{{ before {what}")
        found = [self.expect(TEXT, f"{what} in quotes")]
        while not self.at("}"):
            found.append(self.expect(TEXT, f"{what} in quotes, or }}"))
        self.take()
        return tuple(found)

    def number(self, what: str) -> Fraction:
        """Take a number, exactly: whole, decimal (with exponent) or a ratio of whole numbers."""
        if self.kind != WORD:
            raise self.expected(what)
        word = self.value
        value = self._numbers.get(word)
        if value is None:
            value = self._numbers[word] = self._read_number(word, what)
        self.take()
        return value

    def whole(self, what: str, low: int = 0, high: int = 10**9) -> int:
        """Take a whole number from `low` to `high`."""
        if self.kind != WORD or not _WHOLE.fullmatch(self.value):
            raise self.expected(what)
        word = self.value
        value = int(word) if len(word) < 20 else high + 1
        if not low <= value <= high:
            raise self.error(f"{what} is out of range", given=word, allowed=f"{low} to {high}")
        self.take()
        return value

    def expected(self, what: str) -> UserError:
        """The error for a token that is not what should stand here."""
        if self.kind == END:
            return self.error(f"the file ends where {what} was expected")
        return self.error(f"expected {what}", given=self._shown())

    @property
    def line(self) -> int:
        """The line of the token at hand, from 1."""
        return self.text.count("\n", 0, self._offset) + 1

    def error(
        self, problem: str, *, given: str | None = None, allowed: str | None = None
    ) -> UserError:
        """An error (to be raised by the caller) at the token at hand."""
        return UserError(problem, file=self.file, line=self.line, given=given, allowed=allowed)

    def _read_number(self, word: str, what: str) -> Fraction:
        match = _NUMBER.fullmatch(word)
        if match is None:
            raise self.expected(what)
        exponent = match[3]
        # the length comes first: int() refuses thousands of digits
        if len(word) > _DIGITS or (exponent and not -_EXPONENT <= int(exponent) <= _EXPONENT):
            raise self.error("a number too long or too large", given=word)
        if match[2] is not None and not int(match[2]):
            raise self.error("a number divided by zero", given=word)
        value = Fraction(word)
        try:
            float(value)
        except OverflowError:
            raise self.error("a number too large for a float", given=word) from None
        return value

    def _shown(self) -> str:
        return f'"{self.value}"' if self.kind == TEXT else self.value

    def _advance(self) -> None:
        match = self._match()
        kind = match.lastgroup
        self._offset = match.start(kind)
        self.value = value = match[kind]
        if kind == "brace":
            self.kind = value
            return
        self.kind = kind
        if kind == "open":
            raise self.error("a quote is not closed", allowed='"text", a quote inside as \\"')
        if kind == TEXT and "\\" in value:
            self.value = value.replace('\\"', '"')


def quoted(text: str) -> str:
    """`text` in quotes as a `Lexer` reads it.

    The format has no way to end a text in a backslash; a space is added to such a one.
    """
    inner = text.replace('"', '\\"')
    return f'"{inner} "' if inner.endswith("\\") else f'"{inner}"'


def number(value: Fraction | float) -> str:
    """A number that reads back to the same fraction or float; short decimals as decimals."""
    if not isinstance(value, Fraction):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))
    if value.denominator == 1 or _UNIT % value.denominator:
        return str(value)
    whole, rest = divmod(abs(value) * _UNIT, _UNIT)
    decimals = f"{int(rest):0{len(str(_UNIT)) - 1}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}.{decimals}"


def distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels made different from one another, as Gambit does: `_1`, `_2` ... behind.

    Empty labels, and all that occur more than once, get a number that is not taken.
    """
    times = Counter(labels)
    if "" not in times and len(times) == len(labels):
        return labels
    used, count, found = set(labels), dict.fromkeys(labels, 0), []
    for label in labels:
        if label and times[label] == 1:
            found.append(label)
            continue
        candidate = label
        while candidate in used or not candidate:
            count[label] += 1
            candidate = f"{label}_{count[label]}"
        used.add(candidate)
        found.append(candidate)
    return tuple(found)
