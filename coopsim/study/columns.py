"""Columns of the tables in a run folder: what each may hold, and the check of a whole table."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coopsim import budget
from coopsim.errors import UserError, shorten
from coopsim.study.disk import Damaged

if TYPE_CHECKING:
    import polars

_COPIES = 4.0  # how often a table is held while it is grouped, joined and written out
_TEXT_COST = 64  # bytes of a short text as an object of Python


@dataclass(frozen=True)
class Column:
    """What one column of a table may hold.

    Args:
        type: its type in polars.
        null: whether a value may be missing.
        allowed: all values that there can be; any where not said.
        holds: whether a text is one that there can be; asked once a distinct text.
        along: a column without which this one may be missing, but not beside it.
        loose: whether any type of number will do where `type` is one.
    """

    type: Any
    null: bool = False
    allowed: Collection[str] | None = None
    holds: Callable[[str], bool] | None = None
    along: str = ""
    loose: bool = False

    def fits(self, kind: Any) -> bool:
        """Whether a column of this type in polars will do."""
        numbers = self.loose and kind.is_numeric() and self.type.is_numeric()
        return bool(kind == self.type or numbers)


Columns = Mapping[str, Column]


def types(columns: Columns) -> dict[str, Any]:
    """Names and types, as polars takes them."""
    return {name: column.type for name, column in columns.items()}


def require_types(held: Mapping[str, Any], columns: Columns) -> None:
    """Refuse other columns, or columns of other types. Raises `Damaged`, which names them."""
    for name, column in columns.items():
        if name not in held:
            raise Damaged(f"it has no column {name}")
        if not column.fits(held[name]):
            raise Damaged(f"column {name}: of the wrong type ({held[name]}, not {column.type})")
    more = [name for name in held if name not in columns]
    if more:
        raise Damaged(f"column {shorten(more[0], 60)}: not one of this table")
    if list(held) != list(columns):
        raise Damaged("its columns stand in another order")


def require_values(frame: polars.DataFrame, columns: Columns) -> None:
    """Refuse values that a table cannot hold. Raises `Damaged`, which names the column."""
    import polars as pl

    for name, column in columns.items():
        values = frame[name]
        if not column.null and values.null_count():
            raise Damaged(f"column {name}: a value is missing")
        if (
            column.along
            and frame.select(
                (pl.col(name).is_null() & pl.col(column.along).is_not_null()).any()
            ).item()
        ):
            raise Damaged(f"column {name}: a value is missing beside {column.along}")
        if column.allowed is not None or column.holds is not None:
            _require_texts(name, values.drop_nulls().unique(maintain_order=True), column)


def require_room(kinds: Mapping[str, Any], rows: int, unpacked: int) -> None:
    """Refuse a table that is too large for the memory, before it is read.

    Args:
        kinds: its columns and their types.
        rows: how many it has.
        unpacked: bytes of its pages, as they say. Values that repeat take a few bytes in a
            page and full length in memory, so that rows count as well.

    Raises:
        Damaged: naming the size and what would fit.
    """
    import polars as pl

    width = sum(_TEXT_COST if kind == pl.String else 8 for kind in kinds.values())
    _require(unpacked + rows * width, f"{rows:,} rows")


def require_texts_fit(frame: polars.DataFrame) -> None:
    """Refuse texts that would be too long once each stands for itself. Raises `Damaged`."""
    import polars as pl

    texts = frame.select(pl.col(pl.String).str.len_bytes().cast(pl.Float64).sum())
    _require(sum(value or 0 for row in texts.iter_rows() for value in row), "its texts")


def is_profile(text: str) -> bool:
    """Whether a text is JSON of a number, or of lists of numbers, equally long at each level."""
    try:
        return is_array(json.loads(text))
    except (ValueError, RecursionError):
        return False


def is_array(data: Any, deepest: int = 32) -> bool:
    """Whether plain data is a finite number, or an array of such as nested lists."""
    return _shape(data, deepest) is not None


def is_number(value: Any) -> bool:
    """Whether it is a finite number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _shape(data: Any, deepest: int) -> tuple[int, ...] | None:
    if is_number(data):
        return ()
    if not isinstance(data, list) or deepest < 1:
        return None
    inner = {_shape(item, deepest - 1) for item in data}
    if not inner:
        return (0,)
    only = inner.pop()
    return None if inner or only is None else (len(data), *only)


def _require_texts(name: str, texts: Iterable[str], column: Column) -> None:
    for value in texts:
        known = column.allowed is None or value in column.allowed
        if not known or (column.holds is not None and not column.holds(value)):
            raise Damaged(f"column {name}: not a value of this run: {shorten(value, 60)}")


def _require(need: float, what: str) -> None:
    try:
        budget.require(_COPIES * need, what)
    except UserError as error:
        raise Damaged(str(error)) from None
