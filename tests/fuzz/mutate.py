"""Files as somebody careless or hostile would change them: strategies of changed texts."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

_TOKEN = re.compile(r'"[^"\n]*"|[^\s{}\[\],:"]+')

HUGE = ("9" * 19, "9" * 30, "9" * 400, "9" * 5000, "-" + "9" * 19, "2147483648", "4294967296")
SIZES = ("0", "1", "2", "3", "7", "64", "65", "1000", "1001", "1000000", "1000000000", "-1")
NUMBERS = ("0.5", "-0.5", "1e308", "-1e308", "1e999", "1e-320", "1e-999", "0.1e-400", "+.5", "1.")
NOT_NUMBERS = ("nan", ".nan", ".inf", "-inf", "1/0", "1/3", "-1/3", "0x10", "1_000", "1e", "--1")
WORDS = ("null", "~", "true", "no", "yes", "random", "nash", "x", "é", "", "use", "game", "matrix")
SHAPES = ("[]", "{}", "[[[[1]]]]", "{a: {b: [1, {c: d}]}}", "[1, 2]", "- 1", "{", "}", "[", ",")
SIGNS = (
    "&a",
    "*a",
    "!!python/object:os.system x",
    "---",
    "...",
    "%YAML 1.1",
    "#",
    "|",
    ">",
    "'",
    '"',
)
ODD = (
    "\x00",
    "\x1b[2J",
    "\ufeff",
    "\u202e",
    "\u2028",
    "\ud800",
    "\t",
    "\r",
    "\x85",
    "\\ud800",
    "\\",
)
LONG = ("x" * 300, "x" * 3000, "[" * 100, "{a: " * 100, "- " * 100, "é" * 1500)

HOSTILE = (*HUGE, *SIZES, *NUMBERS, *NOT_NUMBERS, *WORDS, *SHAPES, *SIGNS, *ODD, *LONG)
"""What is put in the place of a word."""


@st.composite
def changed(draw: st.DrawFn, text: str) -> str:
    """`text` with one to four changes."""
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from(_CHANGES))(draw, text)
    return text


def _replaced(draw: st.DrawFn, text: str) -> str:
    words = list(_TOKEN.finditer(text))
    if not words:
        return text
    word = draw(st.sampled_from(words))
    return text[: word.start()] + draw(st.sampled_from(HOSTILE)) + text[word.end() :]


def _exchanged(draw: st.DrawFn, text: str) -> str:
    """One word of the file in the place of another."""
    words = list(_TOKEN.finditer(text))
    if not words:
        return text
    word, other = draw(st.sampled_from(words)), draw(st.sampled_from(words))
    return text[: word.start()] + other[0] + text[word.end() :]


def _inserted(draw: st.DrawFn, text: str) -> str:
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.sampled_from(HOSTILE)) + text[place:]


def _deleted(draw: st.DrawFn, text: str) -> str:
    place = draw(st.integers(0, len(text)))
    return text[:place] + text[place + draw(st.integers(1, 20)) :]


def _cut(draw: st.DrawFn, text: str) -> str:
    return text[: draw(st.integers(0, len(text)))]


def _line_gone(draw: st.DrawFn, text: str) -> str:
    lines, place = _lines(draw, text)
    return "".join(lines[:place] + lines[place + 1 :])


def _line_twice(draw: st.DrawFn, text: str) -> str:
    lines, place = _lines(draw, text)
    return "".join(lines[: place + 1] + lines[place:])


def _line_moved(draw: st.DrawFn, text: str) -> str:
    lines, place = _lines(draw, text)
    other = draw(st.integers(0, len(lines) - 1))
    lines.insert(other, lines.pop(place))
    return "".join(lines)


def _line_indented(draw: st.DrawFn, text: str) -> str:
    lines, place = _lines(draw, text)
    spaces = " " * draw(st.integers(0, 6))
    return "".join([*lines[:place], spaces + lines[place].lstrip(" "), *lines[place + 1 :]])


def _lines(draw: st.DrawFn, text: str) -> tuple[list[str], int]:
    lines = text.splitlines(keepends=True) or [""]
    return lines, draw(st.integers(0, len(lines) - 1))


_CHANGES: Any = (
    *(_replaced,) * 4,
    _exchanged,
    _inserted,
    _deleted,
    _cut,
    _line_gone,
    _line_twice,
    _line_moved,
    _line_indented,
)
