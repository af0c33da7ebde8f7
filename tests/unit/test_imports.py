"""Importing coopsim and asking for help stay light; certificates stay independent."""

from __future__ import annotations

import json
import subprocess
import sys

import grimp
import pytest

from coopsim.registry import registrations

HEAVY = ("torch", "numba", "polars", "matplotlib", "pettingzoo", "pyspiel", "transformers", "ray")


def heavy_modules_after(code: str) -> list[str]:
    """The heavy libraries that a fresh interpreter holds once it has run `code`."""
    report = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


def run_cli(*arguments: str) -> str:
    """Code that runs the command line and insists that it ends with exit code 0."""
    return f"""
from coopsim.cli import main
try:
    code = main({list(arguments)!r})
except SystemExit as end:
    code = end.code
assert not code, code
"""


def test_the_probe_sees_a_heavy_import() -> None:
    assert heavy_modules_after("import matplotlib") == ["matplotlib"]


def test_importing_coopsim_is_light() -> None:
    assert heavy_modules_after("import coopsim; dir(coopsim)") == []


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["solve", "--help"]])
def test_help_is_light(arguments: list[str]) -> None:
    assert heavy_modules_after(run_cli(*arguments)) == []


def test_certificates_share_no_code_with_solvers() -> None:
    """Law: what a certificate is computed by, no registered solver uses, and the reverse."""
    graph = grimp.build_graph("coopsim", cache_dir=None)
    # whoever asks `select` to solve a smaller game, or to verify, goes through the front door:
    # a way to certified answers, not a use of what certifies
    for importer in graph.find_modules_that_directly_import("coopsim.solvers.select"):
        graph.remove_import(importer=importer, imported="coopsim.solvers.select")
    solvers = {item.target.partition(":")[0] for item in registrations("solver").values()}
    own = {"coopsim.solvers.certificate", "coopsim.solvers.deviations"}
    own |= {item.target.partition(":")[0] for item in registrations("certificate").values()}
    for module in own:
        used = graph.find_upstream_modules(module)
        assert not used & solvers
    for solver in solvers:
        assert not graph.find_upstream_modules(solver) & own
