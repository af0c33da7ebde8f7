"""The footer of a Parquet file: how much a table is, before any of it is unpacked.

A footer is a structure in Thrift's compact protocol; field numbers are those of
https://github.com/apache/parquet-format (`parquet.thrift`): FileMetaData, RowGroup, ColumnChunk
and ColumnMetaData.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coopsim.study.disk import Damaged

_DEEPEST = 16
_ROWS, _GROUPS = 3, 4  # of FileMetaData
_CHUNKS, _GROUP_ROWS = 1, 3  # of RowGroup
_CHUNK = 3  # of ColumnChunk
_VALUES, _UNPACKED = 5, 6  # of ColumnMetaData


@dataclass(frozen=True, slots=True)
class Size:
    """How large a table says it is.

    Args:
        rows: the most rows that any part of the footer states.
        unpacked: bytes of all its pages once they are unpacked.
    """

    rows: int
    unpacked: int


def size(raw: bytes) -> Size:
    """The size that the footer of a Parquet file states. Raises `Damaged`."""
    start = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    try:
        if start < 4:
            raise ValueError
        whole = _Reader(raw, start, len(raw) - 8).struct()
        groups = whole.get(_GROUPS, [])
        chunks = [[chunk[_CHUNK] for chunk in group[_CHUNKS]] for group in groups]
        rows = [group[_GROUP_ROWS] for group in groups]
        values = [max((chunk[_VALUES] for chunk in parts), default=0) for parts in chunks]
        unpacked = sum(max(0, chunk[_UNPACKED]) for parts in chunks for chunk in parts)
        return Size(max(whole[_ROWS], sum(rows), sum(values)), unpacked)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise Damaged("it is not a Parquet table") from None


class _Reader:
    """Reads one structure; every step takes at least one byte, so that it ends."""

    def __init__(self, raw: bytes, start: int, stop: int) -> None:
        self.raw, self.at, self.stop = raw, start, stop

    def struct(self, deepest: int = _DEEPEST) -> dict[int, Any]:
        """Field number -> value."""
        made: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._whole()
            kind = head & 15
            made[number] = kind == 1 if kind in (1, 2) else self._value(kind, deepest - 1)
        return made

    def _value(self, kind: int, deepest: int) -> Any:
        if deepest < 0:
            raise ValueError("nested too deeply")
        if kind in (1, 2, 3):  # in a list, true and false take a byte each
            return self._byte()
        if kind in (4, 5, 6):
            return self._whole()
        if kind == 7:
            return self._skip(8)
        if kind == 8:
            return self._skip(self._natural())
        if kind in (9, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._natural()
            return [self._value(head & 15, deepest - 1) for _ in range(count)]
        if kind == 12:
            return self.struct(deepest)
        raise ValueError("not a kind that a footer has")

    def _byte(self) -> int:
        if self.at >= self.stop:
            raise ValueError("cut off")
        self.at += 1
        return self.raw[self.at - 1]

    def _skip(self, count: int) -> None:
        if count > self.stop - self.at:
            raise ValueError("cut off")
        self.at += count

    def _natural(self) -> int:
        made = 0
        for place in range(10):
            byte = self._byte()
            made |= (byte & 127) << (7 * place)
            if byte < 128:
                return made
        raise ValueError("too long a number")

    def _whole(self) -> int:
        coded = self._natural()
        return (coded >> 1) ^ -(coded & 1)
