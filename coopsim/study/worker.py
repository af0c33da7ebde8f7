"""What runs in a worker process, or in the same process where there is one worker.

A worker writes its results itself and hands back a few words. Nothing it computes depends on
which worker it is or on what it did before.
"""

from __future__ import annotations

import functools
import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coopsim import permissions
from coopsim.errors import CoopsimError, Unexpected
from coopsim.scenario.load import Scenario
from coopsim.scenario.sweepfile import Sweep
from coopsim.study.plan import BlockTask, CellTask, PointTask
from coopsim.study.process import one_thread
from coopsim.study.store import RunFolder


@dataclass(frozen=True)
class Job:
    """What all tasks of one study share.

    Args:
        folder: the run folder, wherever the process stands.
        scenario: the pickled `Scenario`, or `Sweep`.
        token: differs between studies, so that nothing is remembered from one to the next.
        granted: what the user lets files name.
    """

    folder: RunFolder
    scenario: bytes
    token: str
    granted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that raised. Texts only, since not every exception survives the way home.

    Args:
        task: what was being done.
        problem: the error in one line.
        trace: the traceback.
        exit_code: what the command line ends with.
    """

    task: PointTask | CellTask | BlockTask
    problem: str
    trace: str
    exit_code: int


Outcome = tuple[str, Failure | None]
"""The key of a task, and what went wrong where something did."""


def solve(job: Job, task: PointTask) -> Outcome:
    """Solve a point and keep the result."""

    def work() -> None:
        from coopsim.study.cell import solve_point

        job.folder.write_point(task.key, solve_point(_scenario(job), task))

    return _tried(work, task)


def play(job: Job, task: CellTask) -> Outcome:
    """Play a cell and keep the result."""

    def work() -> None:
        from coopsim.study.cell import run_cell

        frame = run_cell(_scenario(job), task, _solved(job, task.point))
        job.folder.write_cell(task.key, frame)

    return _tried(work, task)


def measure(job: Job, task: BlockTask) -> Outcome:
    """Measure a block of a sweep and keep the result."""

    def work() -> None:
        from coopsim.study.block import run_block

        frame = run_block(_sweep(job), task)
        job.folder.write_cell(task.key, frame)

    return _tried(work, task)


def _tried(work: Callable[[], None], task: PointTask | CellTask | BlockTask) -> Outcome:
    try:
        with one_thread():
            work()
    except Exception as error:
        known = isinstance(error, CoopsimError)
        problem = str(error) if known else f"{type(error).__name__}: {error}"
        code = error.exit_code if isinstance(error, CoopsimError) else Unexpected.exit_code
        return task.key, Failure(task, problem, traceback.format_exc(), code)
    return task.key, None


@functools.lru_cache(maxsize=4)
def _scenario(job: Job) -> Scenario:
    permissions.grant(*job.granted)
    made: Scenario = pickle.loads(job.scenario)
    return made


@functools.lru_cache(maxsize=4)
def _sweep(job: Job) -> Sweep:
    made: Sweep = pickle.loads(job.scenario)
    return made


@functools.lru_cache(maxsize=16)
def _solved(job: Job, key: str) -> Any:
    return job.folder.read_point(key)
