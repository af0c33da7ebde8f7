"""Files that are whole or absent, and files that can tell whether they are whole.

A file is written beside its place under a name that counts for nothing (`.name.….tmp`) and
moved there in one step, so that a process that is killed leaves no half file. What it leaves
is swept up by the next run. On top of that every result carries a seal, a SHA-256 of its own
bytes, because disks fill up, copies break off and people edit files.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim.errors import CoopsimError, UserError

if TYPE_CHECKING:
    import polars

_KEY, _SEAL = b"coopsim.key", b"coopsim.seal"
_BLANK = "0" * 64
# Parquet's footer writes a text as a type byte, a length byte and the text itself
_KEY_MARK, _SEAL_MARK = _KEY + b"\x18\x10", _SEAL + b"\x18\x40"


class Damaged(CoopsimError):
    """A file is not what was written, or not what it should hold; the message says why."""


def write(path: Path, data: bytes) -> None:
    """Write a file in one step: whoever looks sees the old file or the new one.

    Raises:
        UserError: the folder is gone, not writable or full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        try:
            with open(temporary, "xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(
            f"cannot be written ({error.strerror or error})",
            file=str(path),
            allowed="a folder that is writable and has space left",
        ) from None


def sweep(folder: Path) -> None:
    """Remove what killed runs left half written in a folder."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Rename a damaged file to `name.damaged`, or `name.damaged-2` where that is taken."""
    aside, number = path.with_name(f"{path.name}.damaged"), 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    path.rename(aside)
    return aside


def read(path: Path) -> bytes:
    """The bytes of a file. Raises `Damaged` where there is none that can be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Damaged(f"it cannot be read ({error.strerror})") from None


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


def check_table(raw: bytes, key: str) -> None:
    """Check a sealed table without parsing it. Raises `Damaged`."""
    start = _seal_start(raw)
    blanked = raw[:start] + _BLANK.encode() + raw[start + 64 :]
    if raw[start : start + 64] != _sha(blanked).encode():
        raise Damaged("its contents do not match its seal")
    place = raw.rfind(_KEY_MARK) + len(_KEY_MARK)
    if raw[place : place + len(key)] != key.encode():
        raise Damaged("it holds another cell's results")


def unpack_table(raw: bytes, key: str) -> polars.DataFrame:
    """The table in sealed bytes. Raises `Damaged`."""
    import polars as pl

    check_table(raw, key)
    return pl.read_parquet(io.BytesIO(raw))


def pack_json(data: Any, key: str) -> bytes:
    """Plain data with its key and a seal. Raises `ValueError` for NaN and infinity."""
    text = json.dumps(data, allow_nan=False, indent=1)
    head = json.dumps({"key": key, "sha256": _sha(text.encode())})
    return f'{head[:-1]},\n"data": {text}}}\n'.encode()


def unpack_json(raw: bytes, key: str) -> Any:
    """The data in sealed JSON. Raises `Damaged`."""
    try:
        document = json.loads(raw)
        held, seal, data = document["key"], document["sha256"], document["data"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Damaged("it is not a whole JSON file") from None
    if seal != _sha(json.dumps(data, indent=1).encode()):
        raise Damaged("its contents do not match its seal")
    if held != key:
        raise Damaged("it holds another point's results")
    return data


def _seal_start(raw: bytes) -> int:
    place = raw.rfind(_SEAL_MARK)
    if place < 0 or not raw.endswith(b"PAR1"):
        raise Damaged("it is not a whole Parquet file written by coopsim")
    return place + len(_SEAL_MARK)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
