"""coopsim.run: a scenario solved, played, compared and reported; and what came of it."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim import permissions
from coopsim.scenario.load import Scenario, load
from coopsim.study import cases, cell
from coopsim.study.columns import Columns
from coopsim.study.runner import run_study
from coopsim.study.store import SCENARIO, TABLES, Kept, RunFolder

if TYPE_CHECKING:
    import polars

    from coopsim.measure.rubrics.assessment import Assessment

RUNS = "runs"
"""Folder, below the working directory, for runs that are given none."""

_REPORT = "coopsim.report.html"


@dataclass(frozen=True)
class Run(Kept):
    """A run folder, as tables.

    Args:
        folder: where it is.
    """

    _scenario: Scenario | None = field(default=None, repr=False, compare=False)

    @functools.cached_property
    def scenario(self) -> Scenario:
        """What was run; for a folder that was opened, as it is written there."""
        if self._scenario is not None:
            return self._scenario
        file, here = self.folder / SCENARIO, Path.cwd()
        if Path(os.path.realpath(file)).is_relative_to(os.path.realpath(here)):
            # the paths in it are those of the scenario that was run, as a rule from here
            permissions.lend(file, here)
        return RunFolder(self.folder).read_scenario(load)

    @functools.cached_property
    def solutions(self) -> polars.DataFrame:
        """All solutions: one row a policy, sweep point, concept and player."""
        return self._table("solutions", cell.solution_columns)

    @functools.cached_property
    def measures(self) -> polars.DataFrame:
        """All measures of agents (by seed) and of theory (without), one value a row."""
        return self._table("measures", cell.measure_columns)

    @functools.cached_property
    def comparison(self) -> polars.DataFrame:
        """Each policy's effect against the reference, as predicted and as shown."""
        return self._table("comparison", cell.comparison_columns)

    @functools.cached_property
    def rubrics(self) -> tuple[Assessment, ...]:
        """The published rubrics that the scenario names, item by item."""
        return cases.held(RunFolder(self.folder), self.scenario)

    @functools.cached_property
    def _most_rows(self) -> dict[str, int]:
        return dict(zip(TABLES, cell.most_rows(self.scenario), strict=True))

    def _table(self, name: str, columns: Callable[[Scenario], Columns]) -> polars.DataFrame:
        """A table, checked against what this scenario can give."""
        folder = RunFolder(self.folder)
        folder.require_table(name)
        return folder.read_table(name, columns(self.scenario), self._most_rows[name])


def run(
    scenario: Scenario | str | Path | Mapping[str, Any],
    out: str | os.PathLike[str] | None = None,
    *,
    workers: int = 1,
    fresh: bool = False,
    quiet: bool = True,
    report: bool = True,
    overrides: Mapping[str, Any] | None = None,
) -> Run:
    """Solve, play and compare a scenario; keep everything in a run folder.

    A folder that holds part of the same scenario's run is completed: what is there and whole
    is not computed again.

    Args:
        scenario: a scenario, a path, the name of one ("coopetition/samsung-sony") or the
            scenario as plain data.
        out: the run folder; where not said, `runs/<name>-<hash>` below the working directory,
            which is not entered through links.
        workers: how many processes play; the tables are the same for any number.
        fresh: drop what an earlier run left in the folder.
        quiet: show no progress on the standard error.
        report: write `report.html` as well.
        overrides: path -> value, as with `--set`; not together with a loaded `Scenario`.

    Raises:
        UserError: the scenario or the folder cannot be used; nothing was written.
        Interrupted: Ctrl-C; the same call goes on from there.

    Example:
        >>> run("coopetition/samsung-sony", workers=2).comparison  # doctest: +SKIP
    """
    from coopsim.study.progress import reporter

    if isinstance(scenario, Scenario):
        if overrides:
            raise TypeError("overrides go to coopsim.load, which made this scenario")
    else:
        scenario = load(scenario, overrides)
    path = default_folder(scenario) if out is None else Path(out)
    folder = run_study(
        scenario,
        path,
        workers=workers,
        fresh=fresh,
        own=out is None,
        progress=reporter(quiet),
    )
    if report:
        # by name, since reports are built on studies and studies know nothing of them
        importlib.import_module(_REPORT).write(folder.path)
    return Run(folder.path, scenario)


def open_run(folder: str | os.PathLike[str]) -> Run:
    """The run in a folder, finished or not. Raises `UserError` where there is none."""
    path = Path(folder)
    RunFolder(path).manifest  # noqa: B018 (refuses what is no run folder)
    return Run(path)


def default_folder(scenario: Scenario) -> Path:
    """Where a run goes that is given no folder."""
    return Path(RUNS) / f"{scenario.name}-{scenario.hash[:8]}"
