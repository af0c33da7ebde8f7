"""The manifest: what was run, on what, when, and how far it got."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from coopsim.scenario.load import Scenario
from coopsim.study.plan import Plan
from coopsim.study.store import FORMAT, RunFolder, read_manifest

_LIBRARIES = ("numpy", "scipy", "polars", "joblib", "torch", "numba")


def begin(
    folder: RunFolder, scenario: Scenario, plan: Plan, *, workers: int = 1, fresh: bool = False
) -> None:
    """Note that a run begins; unless it starts afresh, those before it stay on record."""
    before = None if fresh else read_manifest(folder.path)
    runs = [*(before["runs"] if before else []), _run(workers)]
    folder.write_manifest(
        {
            "format": FORMAT,
            "coopsim": _version("coopsim"),
            "scenario": {
                "name": scenario.name,
                "title": scenario.title,
                "hash": scenario.hash,
            },
            "seeds": list(scenario.seeds()),
            "counts": {
                "policies": len(scenario.policies),
                "points": len(plan.points),
                "cells": len(plan.cells),
            },
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
