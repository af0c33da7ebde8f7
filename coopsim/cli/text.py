"""Text for terminals and pipes: aligned tables, numbers, JSON.

Everything that the command line prints goes through `show`, `complain` or `show_json`, which
let no character through that a terminal obeys.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from coopsim import wording

_GAP = "  "
# what stands for bold until a line is printed; no text from elsewhere can hold it
_BOLD, _PLAIN = (f"<{secrets.token_hex(8)}>" for _ in range(2))


def on_terminal() -> bool:
    """Whether a person reads the output as it comes."""
    return sys.stdout is not None and sys.stdout.isatty()


def strong(text: str) -> str:
    """`text` in bold, on a terminal that can show it and whose user has not said NO_COLOR."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not on_terminal()
    return text if plain else f"{_BOLD}{text}{_PLAIN}"


def show(*lines: str) -> None:
    """Print lines; a line feed inside one is shown as such."""
    for line in lines:
        bold, plain = "\x1b[1m", "\x1b[0m"
        typer.echo(wording.visible(line).replace(_BOLD, bold).replace(_PLAIN, plain))


def complain(message: str) -> None:
    """Print a message on the standard error, on one line."""
    typer.echo(wording.visible(message), err=True)


def show_json(data: Any) -> None:
    """Print one JSON object; numbers that JSON does not have become null."""
    # an encoding that lacks a character has no other way to write it in JSON
    plain = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    made = json.dumps(_finite(data), ensure_ascii=plain, indent=2, allow_nan=False)
    typer.echo(wording.visible_json(made))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 2) -> list[str]:
    """The lines of an aligned table; numbers to the right, the last column wrapped to fit.

    Args:
        head: a title a column; all empty for none.
        rows: the cells, as text.
        indent: spaces before each line.
    """
    head, rows = _shown(head), [_shown(row) for row in rows]  # widths are those that are seen
    columns = list(zip(head, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [bool(rows) and all(_is_number(cell) for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        ]
        return " " * indent + _GAP.join(padded).rstrip()

    start = indent + sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    lines = [strong(line(head))] if any(head) else []
    for row in rows:
        first, *rest = _wrapped(row[-1], start)
        lines.append(line([*row[:-1], first]))
        lines += [" " * start + more for more in rest]
    return lines


def paragraph(text: str, indent: int = 2) -> list[str]:
    """`text` as lines that fit a terminal."""
    pad = " " * indent
    return textwrap.wrap(
        " ".join(text.split()), _width(), initial_indent=pad, subsequent_indent=pad
    )


def number(value: float | None, digits: int = 5) -> str:
    """A number with so many significant digits; "-" where there is none."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def plural(count: int, noun: str) -> str:
    """A count with its noun: "1 seed", "2 policies"."""
    if count != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun}"


def _shown(cells: Sequence[str]) -> list[str]:
    return [wording.visible(cell) for cell in cells]


def _wrapped(text: str, start: int) -> list[str]:
    if not on_terminal():
        return [text]
    return textwrap.wrap(text, max(_width() - start, 24)) or [""]


def _width() -> int:
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))


def _is_number(cell: str) -> bool:
    try:
        float(cell.rstrip("%"))
    except ValueError:
        return cell in ("", "-")
    return True


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
