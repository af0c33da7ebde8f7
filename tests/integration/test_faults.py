"""Whatever fails and whenever: one sentence, nobody's file lost, and the same tables in the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coopsim.errors import CoopsimError, RunFolderBusy
from coopsim.measure import compare
from coopsim.report.html import keep
from coopsim.scenario.load import Scenario, load
from coopsim.study import cell, disk, files, manifest
from coopsim.study.plan import make_plan
from coopsim.study.run import open_run
from coopsim.study.runner import run_study
from coopsim.study.store import TABLES

from .faults import FAULTS, Faulty, Killed, fits

pytestmark = pytest.mark.skipif(os.name != "posix", reason="calls relative to a folder")

SMALL: dict[str, Any] = {
    "coopsim": 1,
    "title": "The smallest study",
    "game": {"use": "coopetition/samsung-sony", "horizon": 2},
    "agents": {"random": {"use": "random"}},
    "seats": {"1-2": "random"},
    "study": {"episodes": 1, "seeds": 1},
    "compare": {"to": ["nash"], "measure": ["payoff"], "resamples": 100},
}
OTHER = SMALL | {"study": {"episodes": 2, "seeds": 1}}

USERS = (
    "notes.txt", "scenario.yml", ".draft.tmp", ".coopsim-draft.tmp", "cells/notes.parquet",
    "cells/.draft.tmp", "points/notes.json", "points/0123456789abcdef.txt",
    "cells/0123456789abcdef.parquet", "points/0123456789abcdef.json", "report.html.damaged",
)  # fmt: skip


class World:
    """A study whose cells and points were computed once, so that only files take time."""

    def __init__(self, folder: Path) -> None:
        self.scenario, self.other = load(SMALL), load(OTHER)
        self.page = files.pack_text("<html></html>", self.scenario.hash, html=True)
        self.solved: dict[str, Any] = {}
        self.played: dict[str, pl.DataFrame] = {}
        for scenario in (self.scenario, self.other):
            plan = make_plan(scenario)
            for point in plan.points:
                self.solved[point.key] = cell.solve_point(scenario, point)
            for task in plan.cells:
                solved = self.solved[task.point]
                self.played[task.key] = cell.run_cell(scenario, task, solved)
        (self.cell,) = (task.key for task in make_plan(self.scenario).cells)
        self.folder = folder
        self.folder.mkdir()
        self.compared = pl.DataFrame()
        self.bytes: dict[str, bytes] = {}

    def run(self, out: Path, *, fresh: bool = False, scenario: Scenario | None = None) -> None:
        """Everything that writes: the study and its report."""
        run_study(scenario or self.scenario, out, fresh=fresh)
        keep(out, self.page)

    def outcome(self, out: Path) -> dict[str, bytes]:
        names = [f"{name}.parquet" for name in TABLES] + ["report.html", "scenario.yaml"]
        return {name: (out / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("faults") / "whole")
    made.run(made.folder)
    made.bytes = made.outcome(made.folder)
    made.compared = open_run(made.folder).comparison
    return made


@pytest.fixture(autouse=True)
def _computed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "solve_point", lambda _, task: world.solved[task.key])
    monkeypatch.setattr(cell, "run_cell", lambda _, task, __: world.played[task.key])
    monkeypatch.setattr(compare, "compare", lambda *_, **__: world.compared)
    monkeypatch.setattr(manifest, "_version", lambda name: "1")
    monkeypatch.setattr(disk, "os", Faulty(0, "short"))  # which does not wait for the disk


def users(out: Path) -> None:
    """A user's own files, wherever coopsim might take them for its own."""
    for name in USERS:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(f"years of work: {name}")


def new(world: World, out: Path) -> bool:
    """No folder."""
    return False


def another(world: World, out: Path) -> bool:
    """A finished run of another scenario, to be dropped."""
    world.run(out, scenario=world.other)
    users(out)
    return True


def damaged(world: World, out: Path) -> bool:
    """A finished run with a cell and a table that break off."""
    world.run(out)
    users(out)
    for path in (out / "cells" / f"{world.cell}.parquet", out / "measures.parquet"):
        path.write_bytes(path.read_bytes()[:-9])
    return False


Before = Callable[[World, Path], bool]


def spoilt(world: World, out: Path, before: Before, at: int, fault: str) -> Faulty:
    """Run with one fault, then again without; asserts that all is well in the end."""
    fresh = before(world, out)
    own = {name: (out / name).read_bytes() for name in USERS if (out / name).exists()}
    faulty, raised = Faulty(at, fault), None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "os", faulty)
        try:
            world.run(out, fresh=fresh)
        except (Killed, CoopsimError) as error:
            raised = error
    assert faulty.dead == isinstance(raised, Killed)
    if isinstance(raised, CoopsimError):
        assert not fault.startswith(("killed", "short")), raised
        assert not isinstance(raised, RunFolderBusy)
        assert raised.exit_code == 2, raised
        assert "\n" not in str(raised)
        assert str(out) in str(raised)
    assert {name: (out / name).read_bytes() for name in own} == own
    world.run(out, fresh=fresh)
    assert world.outcome(out) == world.bytes
    assert {name: (out / name).read_bytes() for name in own} == own
    assert [path for path in out.rglob("*") if disk.is_temporary(path.name)] == []
    assert not (out / "lock.json").exists()
    return faulty


STATES = (new, another, damaged)
EVERY = [pytest.mark.slow, pytest.mark.timeout(1200)]
STRIDE = 11  # a prime: every kind of call comes to its turn


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stride", [STRIDE, pytest.param(1, marks=EVERY)])
def test_a_fault_at_any_call_loses_nothing(
    world: World, tmp_path: Path, before: Before, fault: str, stride: int, record_property: Any
) -> None:
    calls = spoilt(world, tmp_path / "none", before, 0, fault).calls
    at = [place for place, name in enumerate(calls, 1) if fits(fault, name)]
    if len(at) > stride:
        at = at[(FAULTS.index(fault) * len(STATES) + STATES.index(before)) % stride :: stride]
    for place in at:
        made = spoilt(world, tmp_path / str(place), before, place, fault)
        assert made.calls[:place] == calls[:place]
    assert at
    record_property("counts", f"{len(at)} calls of {len(calls)}: {fault}, {before.__name__}")
