"""Files that are whole or absent."""

from __future__ import annotations

import os
import random
from pathlib import Path

import polars as pl
import pytest

from coopsim.errors import UserError
from coopsim.study import disk, files
from coopsim.study.files import Damaged

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


def table(rows: int = 50) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "name": [f"player {i % 3}" for i in range(rows)],
            "seed": pl.Series([None if i % 4 else i for i in range(rows)], dtype=pl.Int64),
            "value": [i / 7 for i in range(rows)],
        }
    )


def test_a_table_comes_back_as_it_was() -> None:
    raw = files.pack_table(table(), KEY)
    assert files.unpack_table(raw, KEY).equals(table())


def test_equal_tables_give_equal_bytes_however_they_were_put_together() -> None:
    halves = pl.concat([table()[:20], table()[20:]], rechunk=False)
    assert halves.n_chunks() == 2
    assert files.pack_table(halves, KEY) == files.pack_table(table(), KEY)


def test_key_and_seal_are_in_the_metadata(tmp_path: Path) -> None:
    path = tmp_path / "cell.parquet"
    files.write(path, files.pack_table(table(), KEY))
    metadata = pl.read_parquet_metadata(path)
    assert metadata["coopsim.key"] == KEY
    assert len(metadata["coopsim.seal"].strip("0")) > 32


def test_every_single_changed_byte_is_noticed() -> None:
    raw = files.pack_table(table(), KEY)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 0x40]) + raw[place + 1 :]
        with pytest.raises(Damaged):
            files.check_table(changed, KEY)


def test_every_truncation_is_noticed() -> None:
    raw = files.pack_table(table(), KEY)
    for length in range(len(raw)):
        with pytest.raises(Damaged):
            files.check_table(raw[:length], KEY)


@pytest.mark.parametrize("raw", [b"", b"PAR1", b"\0" * 5000, os.urandom(5000), b"{}"])
def test_rubbish_is_noticed(raw: bytes) -> None:
    with pytest.raises(Damaged):
        files.check_table(raw, KEY)
    with pytest.raises(Damaged):
        files.unpack_json(raw, KEY)


def test_a_table_of_another_cell_is_noticed() -> None:
    with pytest.raises(Damaged, match="another cell"):
        files.unpack_table(files.pack_table(table(), OTHER), KEY)


def test_text_that_looks_like_a_seal_does_no_harm() -> None:
    mark = "coopsim.seal\x18\x40" + "0" * 64 + "coopsim.key\x18\x10" + OTHER
    frame = pl.DataFrame({"coopsim.seal": [mark, "0" * 64]})
    assert files.unpack_table(files.pack_table(frame, KEY), KEY).equals(frame)


def test_json_comes_back_as_it_was() -> None:
    data = {"z": [1, 1.0, 0.1 + 0.2, -0.0, 1e-300], "a": {"é": None, "b": True}, "\ud800": ""}
    back = files.unpack_json(files.pack_json(data, KEY), KEY)
    assert back == data
    assert list(back) == list(data)
    assert [type(item) for item in back["z"]] == [int, float, float, float, float]


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.pack_json({"value": float("nan")}, KEY)


def test_damaged_json_is_noticed() -> None:
    rng = random.Random(1)
    data = {"values": [rng.random() for _ in range(20)], "name": "nash"}
    raw = files.pack_json(data, KEY)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 0x01]) + raw[place + 1 :]
        try:
            # white space between tokens may change, and nothing else
            assert files.unpack_json(changed, KEY) == data
        except Damaged:
            continue
    for length in range(len(raw.rstrip())):
        with pytest.raises(Damaged):
            files.unpack_json(raw[:length], KEY)
    with pytest.raises(Damaged, match="another point"):
        files.unpack_json(raw, OTHER)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_write_into_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        files.write(tmp_path / "gone" / "file", b"new")


def test_files_can_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        files.write(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_sweep_takes_what_a_killed_run_left_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", gone)
        patch.setattr(os, "unlink", gone)
        with pytest.raises(UserError):
            files.write(tmp_path / "cell.parquet", b"half")
    (left,) = os.listdir(tmp_path)
    assert disk.is_temporary(left)
    users = [".draft.tmp", ".cell.parquet.12-ab.tmp", "cell.parquet", ".hidden", "notes.tmp",
             ".coopsim-notes.tmp", f"{left}x"]  # fmt: skip
    for name in users:
        (tmp_path / name).touch()
    with disk.opened(tmp_path) as folder:
        folder.sweep()
    assert sorted(os.listdir(tmp_path)) == sorted(users)


def test_damaged_files_are_numbered(tmp_path: Path) -> None:
    names = []
    for text in "abc":
        (tmp_path / "cell").write_text(text)
        with disk.opened(tmp_path) as folder:
            names.append(folder.set_aside("cell"))
    assert names == ["cell.damaged", "cell.damaged-2", "cell.damaged-3"]
    assert [(tmp_path / name).read_text() for name in names] == ["a", "b", "c"]
