"""The manifest: what was run, on what, when, and how far it got."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from coopsim.scenario.load import Scenario
from coopsim.scenario.sweepfile import Sweep
from coopsim.study.plan import Plan
from coopsim.study.store import FORMAT, RunFolder, read_manifest

_LIBRARIES = ("numpy", "scipy", "polars", "joblib", "torch", "numba")


def begin(
    folder: RunFolder, scenario: Scenario, plan: Plan, *, workers: int = 1, fresh: bool = False
) -> None:
    """Note that a run begins; unless it starts afresh, those before it stay on record."""
    counts = {
        "policies": len(scenario.policies),
        "points": len(plan.points),
        "cells": len(plan.cells),
    }
    _begin(folder, scenario, list(scenario.seeds()), counts, workers, fresh)


def begin_sweep(
    folder: RunFolder, sweep: Sweep, blocks: int, *, workers: int = 1, fresh: bool = False
) -> None:
    """The same for a sweep, whose manifest says `experiment`."""
    used = sweep.resolved["experiment"]["use"]
    counts = {"configurations": sweep.count, "cells": blocks}
    _begin(folder, sweep, [], counts, workers, fresh, {"experiment": used})


def _begin(
    folder: RunFolder,
    source: Scenario | Sweep,
    seeds: list[int],
    counts: dict[str, int],
    workers: int,
    fresh: bool,
    more: dict[str, Any] | None = None,
) -> None:
    before = None if fresh else read_manifest(folder.path)
    runs = [*(before["runs"] if before else []), _run(workers)]
    folder.write_manifest(
        {
            "format": FORMAT,
            "coopsim": _version("coopsim"),
            "scenario": {"name": source.name, "title": source.title, "hash": source.hash},
            **(more or {}),
            "seeds": seeds,
            "counts": counts,
            "complete": False,
            "runs": runs,
        }
    )


def finish(folder: RunFolder, *, points_run: int, cells_run: int) -> None:
    """Note that everything is done."""
    said = folder.manifest
    said["complete"] = True
    said["runs"][-1] |= {"finished": _now(), "points_run": points_run, "cells_run": cells_run}
    folder.write_manifest(said)


def _run(workers: int) -> dict[str, Any]:
    return {
        "started": _now(),
        "finished": None,
        "workers": workers,
        "python": platform.python_version(),
        "versions": {name: found for name in _LIBRARIES if (found := _version(name))},
        "machine": {
            "platform": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cpus": os.cpu_count(),
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
