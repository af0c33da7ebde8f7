"""Which output folders are refused, and that nothing is written then."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from coopsim.errors import UserError
from coopsim.scenario.load import Scenario, load
from coopsim.study import files, manifest
from coopsim.study.claim import claimed
from coopsim.study.plan import make_plan
from coopsim.study.store import RunFolder

LEFT = f".coopsim-{'0' * 31}a.tmp"  # as files are called that are not finished


def listing(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def refused(out: Path, scenario: Scenario, *, fresh: bool = False) -> str:
    """The message; asserts that nothing was written anywhere near."""
    around = out.parent if out.parent.is_dir() else out.parent.parent
    before = listing(around)
    with pytest.raises(UserError) as caught, claimed(out, scenario, fresh=fresh):
        pass
    assert listing(around) == before
    assert caught.value.exit_code == 2
    assert caught.value.allowed
    return str(caught.value)


def made(out: Path, scenario: Scenario) -> None:
    with claimed(out, scenario) as folder:
        manifest.begin(folder, scenario, make_plan(scenario))


def test_a_new_folder_is_made(tmp_path: Path, scenario: Scenario) -> None:
    made(tmp_path / "run", scenario)
    assert sorted(os.listdir(tmp_path / "run")) == [
        "cells", "lock", "manifest.json", "points", "scenario.yaml",
    ]  # fmt: skip


def test_the_scenario_in_it_can_be_run_again(tmp_path: Path, scenario: Scenario) -> None:
    made(tmp_path / "run", scenario)
    again = load(tmp_path / "run" / "scenario.yaml")
    assert again.hash == scenario.hash
    plans = make_plan(scenario), make_plan(again)
    assert plans[0] == plans[1]


def test_an_empty_folder_and_the_same_run_are_taken(tmp_path: Path, scenario: Scenario) -> None:
    made(tmp_path, scenario)
    (tmp_path / "notes.txt").touch()
    made(tmp_path, scenario)


def test_a_folder_left_before_there_was_a_manifest_is_taken(
    tmp_path: Path, scenario: Scenario
) -> None:
    made(tmp_path, scenario)
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "lock.json").write_text("{}")
    (tmp_path / LEFT).touch()
    made(tmp_path, scenario)
    assert not (tmp_path / LEFT).exists()


def test_a_file_is_refused(tmp_path: Path, scenario: Scenario) -> None:
    (tmp_path / "run").write_text("mine")
    assert "this is a file, not a folder" in refused(tmp_path / "run", scenario)


def test_a_path_that_can_be_none_is_refused(tmp_path: Path, scenario: Scenario) -> None:
    assert "cannot be made" in refused(tmp_path / "a\0b", scenario)


def test_a_missing_parent_is_refused_and_named(tmp_path: Path, scenario: Scenario) -> None:
    assert f"no folder {tmp_path / 'no'}" in refused(tmp_path / "no" / "run", scenario)


def test_a_parent_that_is_a_file_is_refused(tmp_path: Path, scenario: Scenario) -> None:
    (tmp_path / "file").touch()
    assert "no folder" in refused(tmp_path / "file" / "run", scenario)


def test_a_link_to_nowhere_is_refused(tmp_path: Path, scenario: Scenario) -> None:
    (tmp_path / "run").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError), claimed(tmp_path / "run", scenario):
        pass


def test_parents_are_made_where_asked(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with claimed(Path("a/b/run"), scenario, own=True):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(UserError), claimed(Path("file/run"), scenario, own=True):
        pass


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_with_something_else_in_it_is_refused(
    tmp_path: Path, scenario: Scenario, fresh: bool
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    assert "not empty, and not a run folder" in refused(out, scenario, fresh=fresh)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": "x"}', "\0"])
@pytest.mark.parametrize("fresh", [False, True])
def test_somebody_elses_manifest_is_refused(
    tmp_path: Path, scenario: Scenario, text: str, fresh: bool
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "manifest.json").write_text(text)
    assert "manifest" in refused(out, scenario, fresh=fresh)


def test_another_scenarios_run_is_refused(
    tmp_path: Path, scenario: Scenario, other: Scenario
) -> None:
    made(tmp_path / "run", other)
    message = refused(tmp_path / "run", scenario)
    assert other.hash in message
    assert "--fresh" in message
    assert "another --out" in message


def test_fresh_replaces_it_and_keeps_what_is_not_ours(
    tmp_path: Path, scenario: Scenario, other: Scenario
) -> None:
    made(tmp_path, other)
    folder, key = RunFolder(tmp_path), "0123456789abcdef"
    folder.write_table("measures", pl.DataFrame({"value": [1.0]}), other.hash)
    folder.write_report(files.pack_text("<html></html>", other.hash, html=True))
    folder.write_cell(key, pl.DataFrame({"value": [1.0]}))
    folder.write_point(key, {"value": 1})
    ours = ["measures.parquet", "report.html", f"cells/{key}.parquet", f"points/{key}.json"]
    theirs = ["notes.txt", "cells/plot.py", "cells/notes.parquet", "points/notes.json",
              "cells/0123456789abcdee.parquet", "solutions.parquet", ".draft.tmp",
              f"cells/{key}.parquet.damaged-2"]  # fmt: skip
    for name in theirs:
        (tmp_path / name).write_text("years of work")
    with claimed(tmp_path, scenario, fresh=True) as folder:
        manifest.begin(folder, scenario, make_plan(scenario), fresh=True)
    assert [name for name in ours if (tmp_path / name).exists()] == []
    assert {(tmp_path / name).read_text() for name in theirs} == {"years of work"}
    assert folder.manifest["scenario"]["hash"] == scenario.hash
    assert len(folder.manifest["runs"]) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_folder_that_is_not_writable_is_refused(tmp_path: Path, scenario: Scenario) -> None:
    out = tmp_path / "run"
    out.mkdir(mode=0o555)
    if os.access(out, os.W_OK):
        pytest.skip("this user may write everywhere")
    assert "not writable" in refused(out, scenario)
    assert "not writable" in refused(out / "below", scenario)


def test_not_writable_is_asked_of_the_system(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "not writable" in refused(tmp_path / "run", scenario)
    (tmp_path / "run").mkdir()
    assert "not writable" in refused(tmp_path / "run", scenario)


def test_a_folder_that_may_not_be_looked_into_is_refused(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", denied)  # as Python 3.11 answers
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UserError, match="not writable"), claimed(tmp_path / "run", scenario):
        pass


def test_left_overs_are_swept_from_every_folder(tmp_path: Path, scenario: Scenario) -> None:
    made(tmp_path, scenario)
    left = [tmp_path / place / LEFT for place in ("", "points", "cells")]
    for path in left:
        path.touch()
    with claimed(tmp_path, scenario):
        assert not any(path.exists() for path in left)
