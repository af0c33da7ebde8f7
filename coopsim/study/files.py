"""Files that can tell whether they are whole, and that coopsim wrote them.

Every result carries its key and a seal, a SHA-256 of its own bytes, because disks fill up,
copies break off and people edit files. What carries a seal that holds is coopsim's to replace
and to remove; whatever else has one of coopsim's names is somebody's, and is set aside.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim.study import columns, disk, footer
from coopsim.study.disk import Damaged as Damaged

if TYPE_CHECKING:
    import polars

MOST_TABLE, MOST_JSON, MOST_TEXT = 2 << 30, 256 << 20, 256 << 20
"""Bytes of a table, of sealed JSON and of sealed text; larger ones are neither written nor read."""
MOST_VALUES = 1 << 30
"""Values (rows times columns) of a table that is read, since a few bytes can stand for many."""

_KEY, _SEAL = b"coopsim.key", b"coopsim.seal"
_BLANK = "0" * 64
# Parquet's footer writes a text as a type byte, a length byte and the text itself
_KEY_MARK, _SEAL_MARK = _KEY + b"\x18\x10", _SEAL + b"\x18\x40"
_KEY_LENGTH = 16
_LAST_LINE = re.compile(rb"(?:# |<!-- )coopsim ([0-9a-f]{16}) ([0-9a-f]{64})(?: -->)?\n")


def write(path: Path, data: bytes) -> None:
    """Write one file in one step: whoever looks sees the old file or the new one.

    Raises:
        UserError: the folder is gone, not writable or full.
    """
    with disk.opened(path.parent, problem="cannot be written") as folder:
        folder.write(path.name, data)


def pack_table(frame: polars.DataFrame, key: str) -> bytes:
    """A table as Parquet with its key and a seal in the metadata.

    Equal tables give equal bytes: one chunk, fixed compression and groups, and nothing
    that differs between machines or worker counts.

    Args:
        frame: the table.
        key: 16 characters that say what the table should hold.
    """
    stream = io.BytesIO()
    frame.rechunk().write_parquet(
        stream,
        compression="zstd",
        compression_level=3,
        statistics=True,
        row_group_size=250_000,
        metadata={_KEY.decode(): key, _SEAL.decode(): _BLANK},
    )
    raw = stream.getvalue()
    start = _seal_start(raw)
    # the seal is taken with its own place blank, and then put there
    return raw[:start] + _sha(raw).encode() + raw[start + 64 :]


def check_table(raw: bytes, key: str | None = None) -> None:
    """Check a sealed table without parsing it; no key stands for any. Raises `Damaged`."""
    start = _seal_start(raw)
    whole = hashlib.sha256(memoryview(raw)[:start])
    whole.update(_BLANK.encode())
    whole.update(memoryview(raw)[start + 64 :])
    if raw[start : start + 64] != whole.hexdigest().encode():
        raise Damaged("its contents do not match its seal")
    place = raw.rfind(_KEY_MARK) + len(_KEY_MARK)
    if key is not None and raw[place : place + _KEY_LENGTH] != key.encode():
        raise Damaged("it holds another cell's results")


def unpack_table(
    raw: bytes, key: str, expected: columns.Columns | None = None, most: int | None = None
) -> polars.DataFrame:
    """The table in sealed bytes.

    Args:
        raw: the bytes.
        key: what the table should hold.
        expected: its columns, in order, and what they may hold; not checked where not given.
        most: rows that it can have; any number where not given.

    Raises:
        Damaged: it is not whole, not what it should be, or too large. How large it is is told
            from its footer, before it is read.
    """
    import polars as pl

    check_table(raw, key)
    told = footer.size(raw)
    try:
        kinds = pl.scan_parquet(io.BytesIO(raw)).collect_schema()
        if expected is not None:
            columns.require_types(kinds, expected)
        if most is not None and told.rows > most:
            raise Damaged(f"it has {told.rows:,} rows, and can have {most:,} at most")
        if told.rows * max(len(kinds), 1) > MOST_VALUES:
            raise Damaged(f"it holds more than {MOST_VALUES:,} values")
        columns.require_room(kinds, told.rows, told.unpacked)
        frame = pl.read_parquet(io.BytesIO(raw))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise Damaged("it is not a Parquet table") from None
    columns.require_texts_fit(frame)
    if expected is not None:
        columns.require_values(frame, expected)
    return frame


def pack_json(data: Any, key: str) -> bytes:
    """Plain data with its key and a seal. Raises `ValueError` for NaN and infinity."""
    text = json.dumps(data, allow_nan=False, indent=1)
    head = json.dumps({"key": key, "sha256": _sha(text.encode())})
    return f'{head[:-1]},\n"data": {text}}}\n'.encode()


def unpack_json(raw: bytes, key: str | None = None) -> Any:
    """The data in sealed JSON; no key stands for any. Raises `Damaged`."""
    try:
        document = parse_json(raw)
        held, seal, data = document["key"], document["sha256"], document["data"]
        found = _sha(json.dumps(data, indent=1).encode())
    except (TypeError, KeyError, RecursionError):
        raise Damaged("it is not a whole JSON file written by coopsim") from None
    if seal != found:
        raise Damaged("its contents do not match its seal")
    if key is not None and held != key:
        raise Damaged("it holds another point's results")
    return data


def parse_json(raw: bytes) -> Any:
    """What strict JSON says: UTF-8, no NaN or infinity, no key twice. Raises `Damaged`."""
    try:
        return json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise Damaged("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Damaged(f"it is not whole JSON (line {error.lineno}: {error.msg})") from None
    except UnicodeDecodeError:
        raise Damaged("it is not UTF-8 text") from None
    except ValueError:  # Python's own limit on the digits of a number
        raise Damaged("it holds a number of too many digits") from None


def pack_text(text: str, key: str, *, html: bool = False) -> str:
    """Text with its key and a seal in a last line, which is a comment in YAML, or in HTML.

    Args:
        text: of the file.
        key: 16 hexadecimal digits that say what it should hold.
        html: whether the comment is one of HTML.
    """
    text = text if text.endswith("\n") else f"{text}\n"
    line = f"coopsim {key} {_sha((text + key).encode())}"
    return f"{text}<!-- {line} -->\n" if html else f"{text}# {line}\n"


def check_text(raw: bytes, key: str | None = None) -> None:
    """Check sealed text; no key stands for any. Raises `Damaged`."""
    start = raw.rfind(b"\n", 0, -1) + 1
    line = _LAST_LINE.fullmatch(raw, start)
    if line is None:
        raise Damaged("it has no seal of coopsim's")
    held, seal = line.groups()
    if seal != _sha(raw[:start] + held).encode():
        raise Damaged("its contents do not match its seal")
    if key is not None and held != key.encode():
        raise Damaged("it belongs to another run")


def _seal_start(raw: bytes) -> int:
    place = raw.rfind(_SEAL_MARK)
    if place < 0 or not raw.endswith(b"PAR1"):
        raise Damaged("it is not a whole Parquet file written by coopsim")
    return place + len(_SEAL_MARK)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Damaged("it says one key twice")
    return made


def _no_number(name: str) -> Any:
    raise Damaged(f"it holds {name}, which is no number")


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
