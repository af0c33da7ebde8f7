"""Files of a run folder that are whole and sealed, and do not hold what they should."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coopsim import budget
from coopsim.errors import CoopsimError
from coopsim.measure.rubrics.assessment import Assessment
from coopsim.report import html, sweep_page
from coopsim.study import columns, files, footer, shape
from coopsim.study.files import Damaged
from coopsim.study.run import open_run, run
from coopsim.study.store import TABLES
from coopsim.study.sweep import run_sweep

from .conftest import study

KEY = "0123456789abcdef"
SWEEP = {
    "coopsim": 1,
    "title": "t",
    "experiment": {"use": "coopetition/trust-targets"},
    "study": {"vary": {"build": [0.05, 0.1], "erode": [0.15, 0.3]}},
    "targets": [{"name": "ratio", "measure": "negativity_ratio", "published": 3}],
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forged") / "run"
    run({**study(seeds=1), "policies": {"a": {}, "b": {"game.shares": [0.5, 0.5]}}}, folder)
    return folder


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forged") / "sweep"
    run_sweep(SWEEP, folder)
    return folder


def forged(frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each column missing, null, of another type, and of a value out of place."""
    for name, kind in frame.schema.items():
        yield name, frame.drop(name)
        yield name, frame.with_columns(pl.lit(None, kind).alias(name))
        other = pl.Int64() if kind == pl.String else pl.String()
        yield name, frame.with_columns(pl.lit(None, other).alias(name))
        yield name, frame.with_columns(pl.lit([[1]]).alias(name))
        if kind == pl.String:
            for text in ("", "\x1b[31m", '"\\ud800"', "[1, [2]]", "9" * 400):
                yield name, frame.with_columns(pl.lit(text).alias(name))
        elif kind == pl.Float64:
            for value in (float("nan"), float("inf"), -1e308):
                yield name, frame.with_columns(pl.lit(value).alias(name))
    yield "", frame.clear()
    yield "", pl.concat([frame, frame])


def refusal(write: Callable[[Path], Any], folder: Path) -> CoopsimError | None:
    try:
        write(folder)
    except CoopsimError as error:
        return error
    return None


def answers(write: Callable[[Path], Any], folder: Path, name: str) -> int:
    """How often a report is refused for a forged table; it names the table's file and column."""
    path, refused = folder / f"{name}.parquet", 0
    key = json.loads((folder / "manifest.json").read_bytes())["scenario"]["hash"]
    true, page = path.read_bytes(), (folder / "report.html").read_bytes()
    try:
        for column, frame in forged(files.unpack_table(true, key)):
            path.write_bytes(files.pack_table(frame, key))
            error = refusal(write, folder)
            if error is not None:
                refused += 1
                assert error.exit_code == 2, column
                assert f"{name}.parquet" in str(error), column
                assert "column" in str(error) or not column, (column, str(error))
                assert (folder / "report.html").read_bytes() == page
            page = (folder / "report.html").read_bytes()
    finally:
        path.write_bytes(true)
    return refused


def reread(folder: Path) -> None:
    """All tables, as a report reads them."""
    opened = open_run(folder)
    for name in TABLES:
        getattr(opened, name)


@pytest.mark.parametrize("name", TABLES)
def test_a_forged_table_is_refused_by_its_column(name: str, finished: Path) -> None:
    assert answers(reread, finished, name) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_forged_table_is_shown_or_refused_by_its_column(name: str, finished: Path) -> None:
    assert answers(html.write, finished, name) > 20


@pytest.mark.parametrize("name", ["configurations", "targets"])
def test_a_forged_table_of_a_sweep_is_refused_by_its_column(name: str, swept: Path) -> None:
    assert answers(sweep_page.write, swept, name) > 10


POINTS: dict[str, Callable[[Any], Any]] = {
    "": lambda said: [],
    "solutions": lambda said: said.update(solutions={}),
    "solutions.nash.status": lambda said: of_nash(said, status="zzz"),
    "solutions.nash.profile": lambda said: of_nash(said, profile=[["a"]]),
    "solutions.nash.profile.1": lambda said: of_nash(said, profile=[1.0, [1.0, [2.0]]]),
    "solutions.nash.values.0": lambda said: of_nash(said, values=["a", "b"]),
    "solutions.nash.players": lambda said: of_nash(said, players=None),
    "solutions.nash.sentence": lambda said: of_nash(said, sentence="\ud800"),
    "solutions.nash.found": lambda said: of_nash(said, found="x"),
    "solutions.nash.certificate": lambda said: of_nash(said, certificate={"kind": "regret"}),
    "theory": lambda said: said.update(theory={"nash": [["welfare", "x"]]}),
    "responses": lambda said: said.update(responses={"line-up": ["a"]}),
}


def of_nash(said: Any, **changes: Any) -> None:
    said["solutions"]["nash"].update(changes)


@pytest.mark.parametrize("place", POINTS)
def test_a_forged_point_is_set_aside_and_solved_again(
    place: str, finished: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    true = (folder / "measures.parquet").read_bytes()
    path = sorted((folder / "points").iterdir())[0]
    said = copy.deepcopy(json.loads(path.read_bytes())["data"])
    changed = POINTS[place](said)
    path.write_bytes(files.pack_json(said if changed is None else changed, path.stem))
    (folder / "measures.parquet").unlink()
    run(open_run(folder).scenario, folder, report=False)
    assert place.rpartition(".")[2] in caplog.text
    assert "set aside" in caplog.text
    assert (folder / "measures.parquet").read_bytes() == true


def test_a_forged_cell_is_set_aside_and_played_again(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    true = (folder / "comparison.parquet").read_bytes()
    path = sorted((folder / "cells").iterdir())[0]
    frame = files.unpack_table(path.read_bytes(), path.stem)
    path.write_bytes(files.pack_table(frame.with_columns(policy=pl.lit("zzz")), path.stem))
    (folder / "comparison.parquet").unlink()
    run(open_run(folder).scenario, folder, report=False)
    assert (folder / "comparison.parquet").read_bytes() == true


def test_a_small_file_of_many_rows_is_refused_before_it_is_read(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    path = folder / "measures.parquet"
    key = json.loads((folder / "manifest.json").read_bytes())["scenario"]["hash"]
    row = files.unpack_table(path.read_bytes(), key).head(1)
    many = row.select(pl.all().repeat_by(100_000).explode())
    path.write_bytes(files.pack_table(many, key))
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(pl, "read_parquet", None)
    with pytest.raises(CoopsimError, match="100,000 rows, and can have"):
        html.write(folder)


def test_a_small_file_of_long_texts_is_judged_by_its_pages() -> None:
    frame = pl.DataFrame({"a": ["x" * 30_000_000], "b": [1.0]})
    raw = files.pack_table(frame, KEY)
    assert len(raw) < 20_000
    assert footer.size(raw).rows == 1
    assert footer.size(raw).unpacked > 30_000_000
    with budget.limited(50_000_000), pytest.raises(Damaged, match="of memory"):
        files.unpack_table(raw, KEY)
    with budget.limited(400_000_000):
        assert files.unpack_table(raw, KEY).equals(frame)


def test_texts_that_repeat_are_judged_at_full_length() -> None:
    raw = files.pack_table(pl.DataFrame({"a": ["x" * 10_000] * 20_000}), KEY)
    assert footer.size(raw).unpacked < 1_000_000
    with budget.limited(100_000_000), pytest.raises(Damaged, match="its texts"):
        files.unpack_table(raw, KEY)


def test_the_footer_is_read_or_refused_whatever_it_holds() -> None:
    raw = files.pack_table(pl.DataFrame({"a": [1, 2], "b": ["x", None]}), KEY)
    start = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    assert footer.size(raw).rows == 2
    for place in range(start, len(raw) - 4):
        for value in (0, 0x1C, 0xFF):
            changed = raw[:place] + bytes([value]) + raw[place + 1 :]
            try:
                assert footer.size(changed).unpacked >= 0
            except Damaged:
                continue


RUBRICS: dict[str, Any] = {
    "its data": {"x": 1},
    "0": [None],
    "0.name": [{}],
    "0.x": [{"x": 1}],
}


@pytest.mark.parametrize("place", RUBRICS)
def test_rubrics_are_checked_by_their_shape(place: str) -> None:
    with pytest.raises(Damaged, match=f"^{place}: "):
        shape.require(RUBRICS[place], tuple[Assessment, ...])


@pytest.mark.parametrize(
    ("text", "fine"),
    [("1.5", True), ("[[0.5, 0], [0, 0.5]]", True), ("[]", True), ("1e400", False),
     ("[1, [2]]", False), ("[NaN]", False), ("null", False), ("[true]", False), ("{", False),
     ("[" * 100 + "]" * 100, False), ("1" + "0" * 400, False), ('["x"]', False)],
)  # fmt: skip
def test_profiles_are_arrays_of_finite_numbers(text: str, fine: bool) -> None:
    assert columns.is_profile(text) is fine
