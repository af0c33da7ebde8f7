"""Running a study in this process: what is computed, kept, resumed, refused."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import coopsim
from coopsim import budget
from coopsim.errors import CoopsimError, Interrupted, RunFolderBusy, UserError
from coopsim.scenario.load import Scenario, load
from coopsim.study import cell, lock
from coopsim.study.plan import CellTask, PointTask, make_plan
from coopsim.study.run import open_run, run
from coopsim.study.runner import each, run_study
from coopsim.study.store import TABLES, RunFolder


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}


def stamps(folder: Path) -> dict[str, int]:
    paths = [*folder.glob("cells/*"), *folder.glob("points/*")]
    return {path.name: path.stat().st_mtime_ns for path in paths}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .conftest import study

    out = tmp_path_factory.mktemp("finished") / "run"
    run(study(), out, report=False)
    return out


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def test_everything_is_there(finished: Path, scenario: Scenario) -> None:
    plan = make_plan(scenario)
    assert len(plan.points) == 4
    assert len(plan.cells) == 8
    names = {path.stem for path in (finished / "cells").iterdir()}
    assert names == {task.key for task in plan.cells}
    result = open_run(finished)
    assert result.complete
    assert set(result.measures["source"]) == {"agents", "theory"}
    assert result.measures["seed"].drop_nulls().unique().sort().to_list() == [0, 1]
    assert set(result.solutions["concept"]) == {"nash"}
    assert result.scenario.hash == scenario.hash
    assert result.comparison.height > 0


def test_rows_stand_in_the_order_of_the_plan(finished: Path, scenario: Scenario) -> None:
    played = open_run(finished).measures.filter(pl.col("source") == "agents")
    order = played.select("policy", "at", "seed").unique(maintain_order=True).rows()
    assert order == [
        (task.policy, coopsim.hashing.canonical(dict(task.at)), task.seed)
        for task in make_plan(scenario).cells
    ]


def test_the_manifest_says_what_was_run_and_when(finished: Path, scenario: Scenario) -> None:
    said = open_run(finished).manifest
    assert said["scenario"]["hash"] == scenario.hash
    assert said["seeds"] == [0, 1]
    assert said["counts"] == {"policies": 2, "points": 4, "cells": 8}
    assert said["complete"] is True
    (only,) = said["runs"]
    assert only["started"] < only["finished"]
    assert (only["points_run"], only["cells_run"], only["workers"]) == (4, 8, 1)
    assert {"numpy", "polars"} <= set(only["versions"])
    assert only["machine"]["cpus"] == os.cpu_count()


def test_tables_hold_no_time_and_no_path(finished: Path, tmp_path: Path, data: Any) -> None:
    run(data, tmp_path / "again", report=False)
    assert tables(tmp_path / "again") == tables(finished)


def test_a_finished_run_computes_nothing_again(copy: Path, scenario: Scenario) -> None:
    before, bytes_before = stamps(copy), tables(copy)
    run_study(scenario, copy)
    assert stamps(copy) == before
    assert tables(copy) == bytes_before
    said = open_run(copy).manifest
    assert [(item["points_run"], item["cells_run"]) for item in said["runs"]] == [(4, 8), (0, 0)]


def test_only_what_is_missing_is_run(copy: Path, scenario: Scenario) -> None:
    expected = tables(copy)
    gone = sorted((copy / "cells").iterdir())[2]
    gone.unlink()
    for name in TABLES:
        (copy / f"{name}.parquet").unlink()
    before = stamps(copy)
    run_study(scenario, copy)
    after = stamps(copy)
    assert gone.exists()
    assert {name: after[name] for name in before} == before
    assert tables(copy) == expected


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _foreign(path: Path) -> None:
    """Another result under this one's name, whole in itself."""
    sibling = next(other for other in sorted(path.parent.iterdir()) if other.name != path.name)
    path.write_bytes(sibling.read_bytes())


@pytest.mark.parametrize("kind", ["cells", "points"])
@pytest.mark.parametrize("damage", [_flip, _cut, _empty, _folder, _foreign])
def test_a_damaged_file_is_named_set_aside_and_made_again(
    copy: Path, scenario: Scenario, damage: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = tables(copy)
    path = sorted((copy / kind).iterdir())[1]
    whole = path.read_bytes()
    damage(path)
    with caplog.at_level(logging.WARNING, "coopsim"):
        run_study(scenario, copy)
    (line,) = [record.getMessage() for record in caplog.records]
    assert str(path) in line
    assert f"{path.name}.damaged" in line
    assert "\n" not in line
    assert path.read_bytes() == whole
    assert path.with_name(f"{path.name}.damaged").exists()
    assert tables(copy) == expected


def test_damage_twice_is_numbered(copy: Path, scenario: Scenario) -> None:
    path = sorted((copy / "cells").iterdir())[0]
    for _ in range(2):
        _cut(path)
        run_study(scenario, copy)
    names = sorted(item.name for item in (copy / "cells").glob("*.damaged*"))
    assert names == [f"{path.name}.damaged", f"{path.name}.damaged-2"]


def test_a_warning_is_one_line_on_the_standard_error(
    copy: Path, scenario: Scenario, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger()
    handlers, logger.handlers = logger.handlers, []  # as in a program that sets up no logging
    try:
        _cut(next((copy / "cells").iterdir()))
        run_study(scenario, copy)
    finally:
        logger.handlers = handlers
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert "is damaged: " in err


def test_fresh_runs_everything_again(copy: Path, scenario: Scenario) -> None:
    before, expected = stamps(copy), tables(copy)
    run_study(scenario, copy, fresh=True)
    after = stamps(copy)
    assert set(after) == set(before)
    assert all(after[name] > before[name] for name in before)
    assert tables(copy) == expected
    assert len(open_run(copy).manifest["runs"]) == 1


def test_a_failing_cell_is_named_and_the_others_are_kept(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cell.run_cell

    def failing(scenario: Scenario, task: CellTask, solved: Any) -> pl.DataFrame:
        if task.policy == "equal" and task.seed == 1 and task.at["game.gamma"] == 0.7:
            raise ZeroDivisionError("division by zero")
        return whole(scenario, task, solved)

    monkeypatch.setattr(cell, "run_cell", failing)
    with pytest.raises(CoopsimError) as caught:
        run_study(scenario, tmp_path / "run")
    message = str(caught.value)
    assert 'cell (policy equal, at {"game.gamma":0.7}, seed 1)' in message
    assert "ZeroDivisionError: division by zero" in message
    assert "7 of 8 cells done" in message
    assert "in failing" in "".join(caught.value.__notes__)  # where it happened
    assert len(list((tmp_path / "run" / "cells").iterdir())) == 7
    assert not (tmp_path / "run" / "measures.parquet").exists()
    monkeypatch.undo()
    run_study(scenario, tmp_path / "run")
    assert open_run(tmp_path / "run").manifest["runs"][-1]["cells_run"] == 1


def test_a_failing_point_is_named_and_its_cells_wait(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cell.solve_point

    def failing(scenario: Scenario, task: PointTask) -> dict[str, Any]:
        if task.policy == "equal":
            raise UserError("no such thing", key="game", given=1)
        return whole(scenario, task)

    monkeypatch.setattr(cell, "solve_point", failing)
    with pytest.raises(CoopsimError, match="point \\(policy equal") as caught:
        run_study(scenario, tmp_path / "run")
    assert "(1 more failed)" in str(caught.value)
    assert "4 of 8 cells done" in str(caught.value)
    assert caught.value.exit_code == 2  # as the error itself would have had


def test_a_study_in_which_all_fails_gives_up(
    tmp_path: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def failing(scenario: Scenario, task: CellTask, solved: Any) -> pl.DataFrame:
        tried.append(task.seed)
        raise ValueError("no")

    monkeypatch.setattr(cell, "run_cell", failing)
    data["study"]["seeds"] = 50
    with pytest.raises(CoopsimError, match="9 more failed"):
        run(data, tmp_path / "run", report=False)
    assert len(tried) == 10


def test_points_that_all_fail_leave_the_cells_untried(
    tmp_path: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cell.solve_point

    def failing(scenario: Scenario, task: PointTask) -> dict[str, Any]:
        if task.at["game.gamma"] > 0.1:
            raise ValueError("no")
        return whole(scenario, task)

    monkeypatch.setattr(cell, "solve_point", failing)
    data["study"]["vary"] = {"game.gamma": [i / 10 for i in range(1, 10)]}
    with pytest.raises(CoopsimError, match="0 of 36 cells done"):
        run(data, tmp_path / "run", report=False)


def test_a_file_that_breaks_while_a_study_runs_is_named(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = cell.point_tables, []

    def breaking(*arguments: Any) -> Any:
        broken.append(sorted((tmp_path / "run" / "cells").iterdir())[0])
        _cut(broken[-1])
        return whole(*arguments)

    monkeypatch.setattr(cell, "point_tables", breaking)
    with pytest.raises(CoopsimError) as caught:
        run_study(scenario, tmp_path / "run")
    assert str(broken[0]) in str(caught.value)


def test_values_without_a_place_in_json_are_refused(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell, "solve_point", lambda *_: {"value": float("nan")})
    with pytest.raises(CoopsimError, match="not JSON compliant"):
        run_study(scenario, tmp_path / "run")


def test_an_interrupt_keeps_what_is_finished(
    tmp_path: Path, scenario: Scenario, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, count = cell.run_cell, iter(range(100))

    def interrupted(scenario: Scenario, task: CellTask, solved: Any) -> pl.DataFrame:
        if next(count) == 3:
            raise KeyboardInterrupt
        return whole(scenario, task, solved)

    monkeypatch.setattr(cell, "run_cell", interrupted)
    with pytest.raises(Interrupted, match=r"3 of 8 cells done and kept in .*resumes") as caught:
        run_study(scenario, tmp_path / "run")
    assert caught.value.exit_code == 130
    left = open_run(tmp_path / "run")
    assert not left.complete
    with pytest.raises(UserError, match="not finished"):
        _ = left.measures
    monkeypatch.undo()
    run_study(scenario, tmp_path / "run")
    assert tables(tmp_path / "run") == tables(finished)
    assert [item["cells_run"] for item in left.manifest["runs"][1:]] == [5]


def test_a_folder_in_use_is_refused_and_left_alone(copy: Path, scenario: Scenario) -> None:
    before = stamps(copy), tables(copy)
    with lock.held(copy), pytest.raises(RunFolderBusy, match=f"process {os.getpid()} on "):
        run_study(scenario, copy, fresh=True)
    assert (stamps(copy), tables(copy)) == before


def test_a_damaged_table_is_named(copy: Path) -> None:
    _cut(copy / "measures.parquet")
    with pytest.raises(UserError, match=r"measures\.parquet: damaged"):
        _ = open_run(copy).measures


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2", True])
def test_numbers_of_workers_that_are_none(tmp_path: Path, scenario: Scenario, workers: Any) -> None:
    with pytest.raises(UserError, match="workers"):
        run_study(scenario, tmp_path / "run", workers=workers)
    assert not (tmp_path / "run").exists()


def test_nothing_is_written_for_a_bad_scenario(tmp_path: Path, data: dict[str, Any]) -> None:
    data["game"]["gama"] = 1
    with pytest.raises(UserError):
        run(data, tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_a_scenario_without_agents_has_theory_only(tmp_path: Path, data: dict[str, Any]) -> None:
    del data["agents"], data["seats"]
    result = run(data, tmp_path / "run", report=False)
    assert set(result.measures["source"]) == {"theory"}
    assert result.complete


def test_the_folder_where_none_is_given(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(scenario, report=False)
    assert result.folder == Path("runs") / f"scenario-{scenario.hash[:8]}"
    assert (tmp_path / result.folder / "measures.parquet").exists()


def test_overrides_make_another_run(tmp_path: Path, data: dict[str, Any]) -> None:
    result = run(data, tmp_path / "run", report=False, overrides={"study.seeds": 1})
    assert result.manifest["seeds"] == [0]
    with pytest.raises(TypeError, match="overrides"):
        run(load(data), tmp_path / "run", overrides={"study.seeds": 1})


def test_what_is_no_run_folder_is_not_opened(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError, match="not a run folder"):
            open_run(path)


def test_threads_are_as_they_were(tmp_path: Path, scenario: Scenario) -> None:
    import scipy.linalg  # noqa: F401 (its threads are counted too)
    from threadpoolctl import threadpool_info

    before = [item["num_threads"] for item in threadpool_info()]
    run_study(scenario, tmp_path / "run")
    assert [item["num_threads"] for item in threadpool_info()][: len(before)] == before


def test_points_are_plain_json(finished: Path) -> None:
    for path in (finished / "points").iterdir():
        assert json.loads(path.read_text())["key"] == path.stem
        assert RunFolder(finished).read_point(path.stem)["solutions"]["nash"]["values"]


def test_workers_share_what_memory_there_is() -> None:
    def told(job: Any, task: Any) -> Any:
        from coopsim import budget

        return f"{task}: {budget.memory()}", None

    for limit in (800, 1000):
        with budget.limited(limit):
            said = {key for key, _ in each(told, None, ["a", "b"], 2)}  # type: ignore[arg-type]
        assert said == {f"a: {limit // 2}", f"b: {limit // 2}"}


def test_more_workers_than_a_machine_can_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="more workers") as caught:
        run_study(load("coopetition/samsung-sony"), tmp_path / "run", workers=10**6)
    assert caught.value.given == 10**6
    assert not (tmp_path / "run").exists()
