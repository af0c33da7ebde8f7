"""Studies that are killed, stopped and resumed in processes of their own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from coopsim.study.store import TABLES

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
    pytest.mark.timeout(300),  # a study that starts three processes waits for a busy machine
]

# what the command line does with errors
PROGRAM = """
import json, sys
import coopsim
from coopsim.errors import CoopsimError
data, out, workers = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
try:
    coopsim.run(data, out, workers=workers, report=False)
except CoopsimError as error:
    sys.exit(f"exit code {error.exit_code}: {error}")
"""

SMALL: dict[str, Any] = {
    "coopsim": 1,
    "title": "A study that takes seconds",
    "game": {"use": "coopetition/samsung-sony", "horizon": 10},
    "agents": {
        "tit for tat": {"use": "tit-for-tat"},
        "random": {"use": "random"},
        "constant": {"use": "constant", "action": 30},
    },
    "seats": [{"1-2": "tit for tat"}, {"Samsung": "random", "Sony": "constant"}],
    "policies": {"status quo": {}, "equal": {"game.shares": [0.5, 0.5]}},
    "study": {"episodes": 3, "seeds": 40, "vary": {"game.gamma": [0.5, 0.7]}},
    "compare": {"to": ["nash"], "measure": ["payoff", "welfare", "final trust"]},
}
LONG = SMALL | {"study": SMALL["study"] | {"seeds": 2000}}
CELLS = 160


@contextmanager
def study(data: dict[str, Any], out: Path, workers: int) -> Iterator[subprocess.Popen[str]]:
    """A study in a process group of its own, as a terminal would start it."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(data), str(out), str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def complete(data: dict[str, Any], out: Path, workers: int) -> dict[str, bytes]:
    """Run a study to its end; the tables' bytes."""
    with study(data, out, workers) as process:
        _, err = process.communicate()
        assert process.returncode == 0, err
    assert list(out.rglob(".*.tmp")) == []
    return {name: (out / f"{name}.parquet").read_bytes() for name in TABLES}


def finished(out: Path) -> int:
    """How many points and cells are done."""
    return len(list(out.glob("points/*.json"))) + len(list(out.glob("cells/*.parquet")))


def wait(true: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 60) -> None:
    """Wait until something is true or the process has ended."""
    until = time.monotonic() + seconds
    while not true() and process.poll() is None:
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.002)


def gone(family: list[psutil.Process], seconds: float) -> bool:
    """Whether processes end in time. One that nobody has buried yet counts as gone."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        left = [item for item in family if item.is_running()]
        with suppress(psutil.NoSuchProcess):
            if all(item.status() == psutil.STATUS_ZOMBIE for item in left):
                return True
        time.sleep(0.02)
    return False


def kill_on_the_way(data: dict[str, Any], out: Path, workers: int, steps: list[int]) -> int:
    """Start a study once a step, and kill it when so much more is done; returns the kills."""
    kills = 0
    for step in steps:
        enough = finished(out) + step
        with study(data, out, workers) as process:
            wait(lambda: finished(out) >= enough, process)  # noqa: B023 (used at once)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
    return kills


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return complete(SMALL, tmp_path_factory.mktemp("whole") / "run", 1)


def test_two_workers_give_the_bytes_of_one(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    assert complete(SMALL, tmp_path / "run", 2) == uninterrupted


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_and_resumed_gives_the_same_bytes(
    tmp_path: Path, uninterrupted: dict[str, bytes], workers: int
) -> None:
    out = tmp_path / "run"
    rng = random.Random(workers)
    kills = kill_on_the_way(SMALL, out, workers, [rng.randint(1, 30) for _ in range(3)])
    assert kills >= 3
    assert not (out / "measures.parquet").exists()
    assert complete(SMALL, out, 3 - workers) == uninterrupted  # resumed with the other number
    assert len(list(out.glob("cells/*.parquet"))) == CELLS
    assert list(out.rglob("*.damaged")) == []
    runs = json.loads((out / "manifest.json").read_text())["runs"]
    assert len(runs) == kills + 1
    assert [item["finished"] is None for item in runs] == [True] * kills + [False]


def test_killed_at_any_moment_of_its_start(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    out, rng = tmp_path / "run", random.Random(5)
    for _ in range(4):
        with study(SMALL, out, 1) as process:
            wait(lambda: (out / "lock").exists(), process)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
    assert complete(SMALL, out, 1) == uninterrupted


@pytest.mark.parametrize("moment", [0.0, 0.3])
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path, moment: float) -> None:
    out = tmp_path / "run"
    with study(LONG, out, 2) as process:
        parent = psutil.Process(process.pid)
        wait(lambda: len(parent.children(recursive=True)) >= 3, process)
        if moment:
            wait(lambda: finished(out) >= 20, process)
        time.sleep(moment)
        family = parent.children(recursive=True)
        assert len(family) >= 3
        process.kill()
        process.wait()
        assert gone(family, 2 if moment else 5)
    before = finished(out)
    time.sleep(0.3)
    assert finished(out) == before


@pytest.mark.parametrize(
    ("workers", "everyone"), [(1, True), (2, True), (2, False)], ids=["1", "2", "2, parent only"]
)
def test_an_interrupt_leaves_a_folder_that_can_be_resumed(
    tmp_path: Path, workers: int, everyone: bool
) -> None:
    out = tmp_path / "run"
    with study(LONG, out, workers) as process:
        wait(lambda: finished(out) >= 30, process)
        family = psutil.Process(process.pid).children(recursive=True)
        (os.killpg if everyone else os.kill)(process.pid, signal.SIGINT)
        stdout, err = process.communicate(timeout=20)
    assert process.returncode == 1  # the program's; the error's own code is in the text
    assert err.startswith("exit code 130: stopped with ")
    assert "the same command resumes" in err
    assert err.count("\n") == 1  # and nothing from the workers
    assert stdout == ""
    assert gone(family, 2)
    kept = len(list(out.glob("cells/*.parquet")))
    assert f"stopped with {kept} of 8000 cells done" in err
    assert kept >= 20
    assert list(out.rglob(".*.tmp")) == [] or workers > 1
    assert not (out / "lock.json").exists()


def test_a_second_process_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with study(LONG, out, 1) as first:
        wait(lambda: finished(out) >= 5, first)
        with study(LONG, out, 1) as second:
            _, err = second.communicate(timeout=30)
        assert f"process {first.pid} on " in err
        assert err.startswith("exit code 2: ")
        done = finished(out)
        wait(lambda: finished(out) > done, first)
        assert first.poll() is None


def test_a_worker_that_is_killed_is_reported(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with study(LONG, out, 2) as process:
        wait(lambda: finished(out) >= 30, process)
        family = psutil.Process(process.pid).children()
        victim = next(item for item in family if "LokyProcess" in " ".join(item.cmdline()))
        victim.kill()
        _, err = process.communicate(timeout=30)
    assert "a worker process was ended from outside" in err
    assert "the same command" in err


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_study_of_four_policies_five_values_and_twenty_seeds(tmp_path: Path) -> None:
    from coopsim import yamlfile
    from coopsim.content import find

    path = find("scenarios", "coopetition/samsung-sony")
    assert path is not None
    data = dict(yamlfile.read(path).data)
    assert len(data["policies"]) == 4
    data |= {
        "agents": SMALL["agents"] | {"generous": {"use": "generous-tit-for-tat"}},
        "seats": [*SMALL["seats"], {"1-2": "generous"}],
        "study": {
            "episodes": 5, "seeds": 20, "vary": {"game.trust.initial": [0.2, 0.35, 0.5, 0.65, 0.8]},
        },
        "solve": {"concepts": ["nash"]},
        "compare": {"to": ["nash", "coopetitive with trust", "social optimum"]},
    }  # fmt: skip
    expected = complete(data, tmp_path / "whole", 1)
    assert complete(data, tmp_path / "two", 2) == expected
    for workers in (1, 2):
        out = tmp_path / f"killed-{workers}"
        assert kill_on_the_way(data, out, workers, [10, 100, 200]) == 3
        assert complete(data, out, workers) == expected
