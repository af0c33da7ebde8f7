"""Run a study: solve the points that are missing, play the cells that are, write the tables."""

from __future__ import annotations

import dataclasses
import os
import pickle
import secrets
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from coopsim import budget, permissions
from coopsim.errors import CoopsimError, Interrupted, Unexpected, UserError
from coopsim.hashing import canonical
from coopsim.scenario.load import Scenario
from coopsim.study import cases, claim, manifest, process, store, worker
from coopsim.study.plan import BlockTask, CellTask, Plan, PointTask, make_plan
from coopsim.study.progress import Progress
from coopsim.study.store import RunFolder

GIVE_UP = 10
"""Failures after which the rest is not tried."""

_WORKERS = 64  # processes that are no mistake on any machine

Task = TypeVar("Task", PointTask, CellTask, BlockTask)


def run_study(
    scenario: Scenario,
    out: Path,
    *,
    workers: int = 1,
    fresh: bool = False,
    own: bool = False,
    progress: Progress | None = None,
) -> RunFolder:
    """Run what is missing of a study and write its tables.

    Args:
        scenario: what to run.
        out: the run folder; made where there is none.
        workers: how many processes; the tables are the same for any number.
        fresh: drop what an earlier run left in the folder.
        own: `out` is coopsim's choice (see `claim.claimed`).
        progress: told what is done.

    Raises:
        UserError: the scenario or the folder cannot be used; nothing was written.
        RunFolderBusy: another process is writing the folder.
        Interrupted: Ctrl-C; what is finished is kept.
        CoopsimError: a cell failed; the others' results are kept.
    """
    require_workers(workers)
    # every cell is looked at as if all workers were at work, before anything is written
    with budget.limited(budget.share(workers)):
        plan = make_plan(scenario)
    with claim.claimed(out, scenario, fresh=fresh, own=own) as folder:
        try:
            manifest.begin(folder, scenario, plan, workers=workers, fresh=fresh)
            with process.one_thread():
                _Study(scenario, plan, folder, workers, progress or Progress()).run()
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped with {_kept(folder, plan)}; the same command resumes"
            ) from None
    return folder


def write_tables(folder: RunFolder, scenario: Scenario, plan: Plan) -> None:
    """Put the tables together, in the order of the plan."""
    import polars as pl

    from coopsim.measure.compare import compare
    from coopsim.study.cell import measure_columns, point_tables

    folder.settle()
    pairs = [point_tables(scenario, task, folder.read_point(task.key)) for task in plan.points]
    measures = [theory for _, theory in pairs]
    columns = measure_columns(scenario)
    measures += [folder.read_cell(task.key, columns) for task in plan.cells]
    whole = pl.concat(measures)
    settings = scenario.compare
    compared = compare(
        whole,
        list(scenario.policies),
        confidence=settings.confidence,
        resamples=settings.resamples,
    )
    tables = (pl.concat([solutions for solutions, _ in pairs]), whole, compared)
    for name, frame in zip(store.TABLES, tables, strict=True):
        folder.write_table(name, frame, scenario.hash)
    cases.keep(folder, scenario)


class _Study:
    """One call of `run_study`."""

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        folder: RunFolder,
        workers: int,
        progress: Progress,
    ) -> None:
        self.scenario, self.plan, self.folder = scenario, plan, folder
        self.workers, self.progress = workers, progress
        self.failures: list[worker.Failure] = []

    def run(self) -> None:
        """Points, cells, tables."""
        plan, folder = self.plan, self.folder
        # a copy holds what the scenario says and nothing that was worked out from it
        scenario = pickle.dumps(dataclasses.replace(self.scenario))
        token, granted = secrets.token_hex(8), permissions.everything()
        job = worker.Job(folder.absolute(), scenario, token, granted)
        solved, played = self._usable()
        points = self._phase("points", worker.solve, job, plan.points, solved)
        # a cell whose point has no solution cannot be played
        ready = [task for task in plan.cells if task.point in solved]
        cells = self._phase("cells", worker.play, job, ready, played)
        if self.failures:
            raise failed(self.failures, _kept(folder, plan))
        write_tables(folder, self.scenario, plan)
        manifest.finish(folder, points_run=points, cells_run=cells)

    def _usable(self) -> tuple[set[str], set[str]]:
        """The points and cells that an earlier run left whole."""
        from coopsim.study import cell, point

        scenario, plan, folder = self.scenario, self.plan, self.folder
        concepts = cell.concepts(scenario)
        solved = folder.usable_points(
            (task.key for task in plan.points),
            lambda said: point.require(said, scenario, concepts),
        )
        _, most, _ = cell.most_rows(scenario)
        played = folder.usable_cells(
            (task.key for task in plan.cells), cell.measure_columns(scenario), lambda key: most
        )
        return solved, played

    def _phase(
        self,
        label: str,
        function: Callable[[worker.Job, Task], worker.Outcome],
        job: worker.Job,
        tasks: Sequence[Task],
        done: set[str],
    ) -> int:
        """Run the tasks that are not done, and add them to `done`; returns how many ran."""
        missing = [task for task in tasks if task.key not in done]
        self.progress.start(label, len(tasks), len(tasks) - len(missing))
        try:
            with closing(each(function, job, missing, self.workers)) as outcomes:
                for key, failure in outcomes:
                    if failure is None:
                        done.add(key)
                    else:
                        self.failures.append(failure)
                    self.progress.advance()
                    if len(self.failures) >= GIVE_UP:
                        raise failed(self.failures, _kept(self.folder, self.plan))
        finally:
            self.progress.stop()
        return len(missing)


def each(
    function: Callable[[worker.Job, Task], worker.Outcome],
    job: worker.Job,
    tasks: Sequence[Task],
    workers: int,
) -> Generator[worker.Outcome, None, None]:
    """What the function says of each task, as soon as it says so."""
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            yield function(job, task)
        return
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    count = min(workers, len(tasks))
    # joblib itself hands short tasks out in batches
    with joblib.parallel_config(
        "loky",
        inner_max_num_threads=1,
        initializer=process.enter,
        # read by each worker, which shares what there is with the others
        initargs=(os.getpid(), os.getcwd(), budget.share(count)),
    ):
        pool = joblib.Parallel(count, return_as="generator_unordered")
    with process.deaf_children(), process.safe_path():
        outcomes = pool(joblib.delayed(function)(job, task) for task in tasks)
    try:
        with closing(outcomes):
            yield from outcomes
    except TerminatedWorkerError:
        raise CoopsimError(
            "a worker process was ended from outside, perhaps for want of memory; what is "
            "finished is kept, and the same command, with fewer workers, runs the rest"
        ) from None


def require_workers(workers: Any) -> None:
    """Refuse what is no number of processes, or too many. Raises `UserError`."""
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise UserError("not a number of workers", key="workers", given=workers, allowed="1, 2 …")
    most = max(_WORKERS, 4 * (os.cpu_count() or 1))
    if workers > most:
        raise UserError(
            "more workers than this machine has use for",
            key="workers",
            given=workers,
            allowed=f"at most {most}",
        )


def _kept(folder: RunFolder, plan: Plan) -> str:
    """How far a study that is not finished has got."""
    done = sum(folder.cell(task.key).exists() for task in plan.cells)
    return f"{done} of {len(plan.cells)} cells done and kept in {folder.path}"


def failed(failures: Sequence[worker.Failure], kept: str) -> CoopsimError:
    """The first failure as an error; the others' number."""
    first = failures[0]
    others = f" ({len(failures) - 1} more failed)" if len(failures) > 1 else ""
    told = (
        f"{_where(first.task)} failed: {first.problem}{others}; {kept}; "
        "the same command runs the rest"
    )
    unexpected = first.exit_code == Unexpected.exit_code
    error = Unexpected(told, first.trace) if unexpected else CoopsimError(told)
    error.exit_code = first.exit_code
    error.add_note(first.trace)
    return error


def _where(task: PointTask | CellTask | BlockTask) -> str:
    if isinstance(task, BlockTask):
        return f"block (configurations {task.start + 1} to {task.stop})"
    parts = [f"policy {task.policy}"]
    if task.at:
        parts.append(f"at {canonical(dict(task.at))}")
    if isinstance(task, CellTask):
        return f"cell ({', '.join(parts)}, seed {task.seed})"
    return f"point ({', '.join(parts)})"
