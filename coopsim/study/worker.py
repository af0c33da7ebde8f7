"""What runs in a worker process, or in the same process where there is one worker.

A worker writes its results itself and hands back a few words. Nothing it computes depends on
which worker it is or on what it did before.
"""

from __future__ import annotations

import functools
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coopsim.errors import CoopsimError
from coopsim.scenario.load import Scenario
from coopsim.study.plan import CellTask, PointTask
from coopsim.study.store import RunFolder

_LOOK = 0.25  # seconds between two looks at whether the parent is still there


@dataclass(frozen=True)
class Job:
    """What all tasks of one study share.

    Args:
        folder: the run folder.
        scenario: the pickled `Scenario`.
        token: differs between studies, so that nothing is remembered from one to the next.
    """

    folder: str
    scenario: bytes
    token: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that raised. Texts only, since not every exception survives the way home.

    Args:
        task: what was being done.
        problem: the error in one line.
        trace: the traceback.
        exit_code: what the command line ends with.
    """

    task: PointTask | CellTask
    problem: str
    trace: str
    exit_code: int


Outcome = tuple[str, Failure | None]
"""The key of a task, and what went wrong where something did."""


def solve(job: Job, task: PointTask) -> Outcome:
    """Solve a point and keep the result."""

    def work() -> None:
        from coopsim.study.cell import solve_point

        folder = RunFolder(Path(job.folder))
        folder.write_point(task.key, solve_point(_scenario(job), task))

    return _tried(work, task)


def play(job: Job, task: CellTask) -> Outcome:
    """Play a cell and keep the result."""

    def work() -> None:
        from coopsim.study.cell import run_cell

        frame = run_cell(_scenario(job), task, _solved(job, task.point))
        RunFolder(Path(job.folder)).write_cell(task.key, frame)

    return _tried(work, task)


def enter(parent: int, cwd: str) -> None:
    """Set up a new worker process.

    Args:
        parent: process id of the process that started it; the worker ends with it.
        cwd: working directory, where content is looked up.
    """
    # Ctrl-C reaches every process of a terminal; the parent decides what it means
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is imported, which is later
    os.chdir(cwd)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread: sums are then the same for any number of workers."""
    import scipy.linalg  # noqa: F401 (loaded first: what is not loaded cannot be limited)
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    with threadpool_limits(1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)


def _tried(work: Callable[[], None], task: PointTask | CellTask) -> Outcome:
    if "torch" in sys.modules:  # may have been loaded by the task before
        sys.modules["torch"].set_num_threads(1)
    try:
        work()
    except Exception as error:
        known = isinstance(error, CoopsimError)
        problem = str(error) if known else f"{type(error).__name__}: {error}"
        code = error.exit_code if isinstance(error, CoopsimError) else 1
        return task.key, Failure(task, problem, traceback.format_exc(), code)
    return task.key, None


def _end_with(parent: int) -> None:
    # an orphan is given another parent, whatever became of its own
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)


@functools.lru_cache(maxsize=4)
def _scenario(job: Job) -> Scenario:
    made: Scenario = pickle.loads(job.scenario)
    return made


@functools.lru_cache(maxsize=16)
def _solved(job: Job, key: str) -> Any:
    return RunFolder(Path(job.folder)).read_point(key)
