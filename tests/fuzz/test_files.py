"""Changed files: an answer or one sentence, whatever is in them; never a traceback.

The laws: exit code 0, 1 or 2; at most one message, of a length that can be read; nothing written
into the working directory; bounded time and memory (see `conftest.py`).
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from coopsim.cli import main
from coopsim.errors import UserError
from coopsim.games.coopetition import network
from tests.fuzz.mutate import changed

if TYPE_CHECKING:
    from tests.fuzz.conftest import Tried

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))
GAMES = sorted((ROOT / "games").rglob("*.yaml"))
TREES = sorted((ROOT / "games").rglob("*.efg"))
MATRICES = sorted((ROOT / "games").rglob("*.nfg"))

_number = itertools.count()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where changed files go; the working directory is another one, and empty."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


@contextlib.contextmanager
def written(folder: Path, name: str, text: str) -> Iterator[Path]:
    # a new name each time: what is read is kept by name, time and size
    path = folder / f"{next(_number)}-{name}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        yield path
    finally:
        path.unlink()


def answered(*arguments: str) -> int:
    """The exit code of a command that keeps the laws."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as end,
    ):
        main(list(arguments))
    code, said = int(end.value.code or 0), err.getvalue()
    if code == 70:
        trace = said.strip().rpartition(" ")[2]
        said += Path(trace).read_text(encoding="utf-8") if os.path.exists(trace) else ""
        Path(trace).unlink(missing_ok=True)
    assert code in (0, 1, 2), said
    assert "Traceback" not in said, said
    assert len(said) < 4000, said
    assert said.count("\n") <= 1, said
    assert code != 2 or said.strip(), "refused without a word"
    assert not list(Path.cwd().iterdir()), "something was written"
    return code


def of(paths: list[Path]) -> st.SearchStrategy[tuple[str, str]]:
    """The name and the changed text of one of the files."""
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in paths]
    return st.sampled_from(texts).flatmap(
        lambda pair: st.tuples(st.just(pair[0]), changed(pair[1]))
    )


def test_scenarios(folder: Path, tried: Tried) -> None:
    def look(example: tuple[str, str]) -> None:
        with written(folder, *example) as path:
            answered("check", str(path), "--memory", "1GB")

    tried(of(SCENARIOS), look, 50)


def test_games_of_families(folder: Path, tried: Tried) -> None:
    def look(example: tuple[str, str]) -> None:
        with written(folder, *example) as path:
            answered("check", str(path), "--memory", "1GB")

    tried(of(GAMES), look, 90)


def test_trees(folder: Path, tried: Tried) -> None:
    def look(example: tuple[str, str]) -> None:
        with written(folder, *example) as path:
            if answered("check", str(path), "--memory", "1GB") == 0:
                answered("solve", str(path), "--deadline", "0.2", "--memory", "1GB")

    tried(of(TREES), look, 90)


def test_matrices(folder: Path, tried: Tried) -> None:
    def look(example: tuple[str, str]) -> None:
        with written(folder, *example) as path:
            if answered("check", str(path), "--memory", "1GB") == 0:
                answered("solve", str(path), "--deadline", "0.2", "--memory", "1GB")

    tried(of(MATRICES), look, 150)


def _refused(path: Path) -> str:
    """What is said of a network file; nothing where it can be read."""
    try:
        network.read(path).matrix()
    except UserError as error:
        return str(error)
    return ""


def test_networks(folder: Path, tried: Tried) -> None:
    source = folder / "network.graphml"
    items = [
        {"depender": "A", "dependee": "B", "importance": 0.4, "criticality": 0.9},
        {"depender": "B", "dependee": "C", "dependum": "d", "type": "task"},
    ]
    network.write(network.parameters.build(network.Network, {"dependencies": items}), source)
    text = source.read_text(encoding="utf-8")
    source.unlink()

    def look(example: str) -> None:
        with written(folder, "network.graphml", example) as path:
            said = _refused(path)
            assert len(said) < 4000
            assert not said or said.startswith(str(path))

    tried(changed(text), look, 200)


if sys.platform == "win32":
    pytest.skip("limits of processes are those of POSIX", allow_module_level=True)
