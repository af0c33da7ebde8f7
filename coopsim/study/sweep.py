"""Run a sweep: measure the blocks that are missing, write the tables."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import os
import pickle
import secrets
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim.errors import Interrupted
from coopsim.scenario.sweepfile import Sweep, load_sweep
from coopsim.study import block, claim, manifest, process, worker
from coopsim.study.columns import Columns
from coopsim.study.plan import BlockTask
from coopsim.study.progress import Progress, reporter
from coopsim.study.run import RUNS
from coopsim.study.runner import GIVE_UP, each, failed, require_workers
from coopsim.study.store import SWEEP_TABLES, Kept, RunFolder

if TYPE_CHECKING:
    import polars

_REPORT = "coopsim.report.sweep_page"
_WORTH = 4.0  # seconds of work from which on other processes pay for their start


@dataclass(frozen=True)
class SweepRun(Kept):
    """A sweep's run folder, as tables.

    Args:
        folder: where it is.
    """

    _sweep: Sweep | None = field(default=None, repr=False, compare=False)

    @functools.cached_property
    def sweep(self) -> Sweep:
        """What was run; for a folder that was opened, as it is written there."""
        return self._sweep or RunFolder(self.folder).read_scenario(load_sweep)

    @functools.cached_property
    def configurations(self) -> polars.DataFrame:
        """Every configuration with its measures."""
        folder = RunFolder(self.folder)
        folder.require_table("configurations")
        expected = block.configuration_columns(self.sweep)
        return folder.read_table("configurations", expected, self.sweep.count)

    @functools.cached_property
    def targets(self) -> polars.DataFrame:
        """Statistics against thresholds and published figures."""
        folder = RunFolder(self.folder)
        folder.require_table("targets")
        expected = block.target_columns(self.sweep)
        return folder.read_table("targets", expected, len(self.sweep.targets))


def run_sweep(
    sweep: Sweep | str | Path | Mapping[str, Any],
    out: str | os.PathLike[str] | None = None,
    *,
    workers: int = 1,
    fresh: bool = False,
    quiet: bool = True,
    report: bool = True,
    overrides: Mapping[str, Any] | None = None,
) -> SweepRun:
    """Measure every configuration of a sweep; keep everything in a run folder.

    A folder that holds part of the same sweep is completed: blocks that are there and whole
    are not computed again.

    Args:
        sweep: a sweep, a path, the name of one ("coopetition/tr2-sweep") or plain data.
        out: the run folder; where not said, `runs/<name>-<hash>` below the working directory.
        workers: how many processes; the tables are the same for any number.
        fresh: drop what an earlier run left in the folder.
        quiet: show no progress on the standard error.
        report: write `report.html` as well.
        overrides: path -> value, as with `--set`; not together with a loaded `Sweep`.

    Raises:
        UserError: the sweep or the folder cannot be used; nothing was written.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    require_workers(workers)
    if isinstance(sweep, Sweep):
        if overrides:
            raise TypeError("overrides go to load_sweep, which made this sweep")
    else:
        sweep = load_sweep(sweep, overrides)
    tasks = block.plan_blocks(sweep)
    path = Path(RUNS) / f"{sweep.name}-{sweep.hash[:8]}" if out is None else Path(out)
    with claim.claimed(path, sweep, fresh=fresh, own=out is None) as folder:
        try:
            manifest.begin_sweep(folder, sweep, len(tasks), workers=workers, fresh=fresh)
            with process.one_thread():
                _run(sweep, tasks, folder, workers, reporter(quiet))
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped with {_kept(folder, tasks)}; the same command resumes"
            ) from None
    if report:
        # by name, since reports are built on studies and studies know nothing of them
        importlib.import_module(_REPORT).write(folder.path)
    return SweepRun(folder.path, sweep)


def _run(
    sweep: Sweep,
    tasks: Sequence[BlockTask],
    folder: RunFolder,
    workers: int,
    progress: Progress,
) -> None:
    """The blocks that are missing, then the tables."""
    pickled = pickle.dumps(dataclasses.replace(sweep))
    job = worker.Job(folder.absolute(), pickled, secrets.token_hex(8))
    expected = block.configuration_columns(sweep)
    rows = {task.key: task.stop - task.start for task in tasks}
    done = folder.usable_cells(rows, expected, rows.get)
    missing = [task for task in tasks if task.key not in done]
    failures: list[worker.Failure] = []
    progress.start("blocks", len(tasks), len(done))
    try:
        with closing(_outcomes(job, missing, workers)) as outcomes:
            for _, failure in outcomes:
                failures += [] if failure is None else [failure]
                progress.advance()
                if len(failures) >= GIVE_UP:
                    break
    finally:
        progress.stop()
    if failures:
        raise failed(failures, _kept(folder, tasks))
    _write_tables(sweep, tasks, folder, expected)
    manifest.finish(folder, points_run=0, cells_run=len(missing))


def _outcomes(
    job: worker.Job, tasks: Sequence[BlockTask], workers: int
) -> Generator[worker.Outcome, None, None]:
    """Measure the first block here, and the others by workers where that is worth starting them.

    Where a block is measured makes no difference to its table.
    """
    if not tasks:
        return
    begun = time.monotonic()
    yield worker.measure(job, tasks[0])
    left = (time.monotonic() - begun) * (len(tasks) - 1)
    yield from each(worker.measure, job, tasks[1:], workers if left > _WORTH else 1)


def _write_tables(
    sweep: Sweep, tasks: Sequence[BlockTask], folder: RunFolder, expected: Columns
) -> None:
    """Put the blocks together, in the order of the grid, and judge the targets."""
    import polars as pl

    folder.settle()
    parts = [folder.read_cell(task.key, expected) for task in tasks]
    whole = pl.concat(parts, how="vertical_relaxed")
    targets = block.target_table(block.findings(sweep, whole))
    for name, frame in zip(SWEEP_TABLES, (whole, targets), strict=True):
        folder.write_table(name, frame, sweep.hash)


def _kept(folder: RunFolder, tasks: Sequence[BlockTask]) -> str:
    """How far a sweep that is not finished has got."""
    done = sum(folder.cell(task.key).exists() for task in tasks)
    return f"{done} of {len(tasks)} blocks done and kept in {folder.path}"
