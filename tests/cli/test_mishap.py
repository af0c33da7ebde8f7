"""The last net: what nobody foresaw is one sentence, a traceback in a private file, and code 70."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from coopsim.games.coopetition.stage import Stage

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

ROOT = Path(__file__).resolve().parents[2]

SCENARIO = """\
coopsim: 1
game: {use: broken}
agents: {a: {use: random}, b: {use: constant, level: 0.5}}
seats:
  - {1-: a}
  - {1-: b}
study: {episodes: 2, seeds: 2}
solve: {concepts: [nash]}
compare: {measure: [welfare]}
"""

PLUGIN = """
from dataclasses import dataclass
from coopsim.games.coopetition.stage import Stage


@dataclass(frozen=True)
class Broken(Stage):
    def step(self, state, actions):
        raise KeyError("by the test")
"""


@pytest.fixture(autouse=True)
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tracebacks go where nobody else puts any."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("x\x1b[2J"), "KeyError: 'x\\x1b[2J'"),
        (ZeroDivisionError("division\nby zero"), "ZeroDivisionError: division by zero"),
        (MemoryError(), "out of memory"),
        (RecursionError("too deep"), "RecursionError: too deep"),
        (TypeError("long " * 1000), "TypeError: long long"),
    ],
)
def test_a_game_that_raises(
    cli: Cli, private: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def broken(self: Any) -> None:
        raise error

    Path("a file.yaml").write_text("coopsim: 1\ngame: {use: coopetition/stage}\n")
    monkeypatch.setattr(Stage, "__post_init__", broken)
    said = cli("check", "--set", "game.gamma=1", "a file.yaml")
    assert said.code == 70
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert len(said.err) < 700
    assert said.err.startswith("a file.yaml: coopsim failed")
    assert told in said.err
    (kept,) = private.iterdir()
    assert said.err.rstrip().endswith(str(kept))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    text = kept.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text
    assert "'--set' 'game.gamma=1' 'a file.yaml'" in text


def test_a_traceback_that_cannot_be_saved(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    monkeypatch.setattr("coopsim.registry.registrations", lambda kind: 1 / 0)
    said = cli("list", "games")
    assert said.code == 70
    assert "its traceback could not be saved" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_worker_that_raises(tmp_path: Path, private: Path, workers: str) -> None:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "broken.yaml").write_text(SCENARIO)
    main = (
        "import coopsim.registry as r; "
        "r.register('game', 'broken', 'plugin:Broken'); "
        "from coopsim.cli import main; main()"
    )
    (tmp_path / "sitecustomize.py").write_text(
        "import coopsim.registry as r; r.register('game', 'broken', 'plugin:Broken')\n"
    )
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", main, "run", "broken.yaml", "--workers", workers, "--quiet"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths, "TMPDIR": str(private)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 70, done.stderr
    assert done.stderr.count("\n") == 1
    assert "KeyError: 'by the test'" in done.stderr
    assert "cells done and kept" in done.stderr
    trace = Path(re.findall(r"traceback is in (\S+)$", done.stderr.strip())[0])
    assert trace.parent == private
    assert 'raise KeyError("by the test")' in trace.read_text(encoding="utf-8")


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run([sys.executable, "-m", "coopsim", *arguments], env=env, **options)


def test_an_output_that_is_full() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        done = run("list", "games", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == b"the output cannot be written: No space left on device\n"


def test_an_output_that_is_closed() -> None:
    command = f'"{sys.executable}" -m coopsim list games >&-'
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, shell=True, env=env, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_encoding_that_lacks_characters() -> None:
    done = run("list", "games", env={"PYTHONIOENCODING": "latin-1"}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Renault\\u2013Nissan alliance" in done.stdout
    told = run("list", "games", "--json", env={"PYTHONIOENCODING": "latin-1"}, capture_output=True)
    assert "Renault–Nissan alliance" in str(json.loads(told.stdout))
