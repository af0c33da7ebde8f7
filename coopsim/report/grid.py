"""Grid: a table as data, before it is HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Head:
    """A column's heading.

    Args:
        text: the heading.
        unit: what its numbers are measured in.
        number: whether it holds numbers, which are set flush right.
    """

    text: str
    unit: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry.

    Args:
        text: what is read first.
        below: smaller print under it.
        mark: how it is set off: "head" (a row's heading), "differs", "quiet", "warn" or "".
        rows: how many rows it spans; 0 where a cell above reaches down to here.
    """

    text: str
    below: str = ""
    mark: str = ""
    rows: int = 1


Row = Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """A table with what is needed to read it alone.

    Args:
        caption: what it shows.
        head: its columns.
        rows: its rows, each with one cell a column.
        notes: sentences below it.
    """

    caption: str
    head: tuple[Head, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    def cut(self, most: int, where: str) -> Table:
        """The first `most` rows, with a note that names the file that holds them all."""
        if len(self.rows) <= most:
            return self
        note = f"The first {most:,} of {len(self.rows):,} rows; {where} holds all of them."
        return replace(self, rows=self.rows[:most], notes=(*self.notes, note))


def stretched(cell: Cell, rows: int) -> list[Cell]:
    """A cell that spans several rows: itself, then a place holder for each row below."""
    return [replace(cell, rows=rows), *[replace(cell, rows=0)] * (rows - 1)]


def text_row(*texts: str) -> tuple[Cell, ...]:
    """A row of plain texts, the first its heading."""
    return (Cell(texts[0], mark="head"), *(Cell(text) for text in texts[1:]))
