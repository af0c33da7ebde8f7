"""Run folders that a stranger made, and files that are not coopsim's: nothing is lost or left."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coopsim.cli import main
from coopsim.errors import UserError
from coopsim.scenario.load import load
from coopsim.study import cell, disk, files
from coopsim.study.claim import claimed
from coopsim.study.store import RunFolder

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them"),
    pytest.mark.timeout(60),
]

SCENARIO = """\
coopsim: 1
title: A small study
game: {use: coopetition/stage, players: [North, South]}
agents: {noise: {use: random}}
seats: {1-: noise}
policies: {status quo: {}, closer: {game.gamma: 0.9}}
study: {seeds: 2}
compare: {to: [nash], measure: [payoff], resamples: 100}
"""
OTHER = SCENARIO.replace("seeds: 2", "seeds: 3")
PRECIOUS = b"years of work\n"

TABLES = ("solutions.parquet", "measures.parquet", "comparison.parquet")
OWN = ("lock", "lock.json", "manifest.json", "scenario.yaml", "report.html", "rubrics.json",
       "points", "cells", *TABLES)  # fmt: skip
"""Every name of coopsim's own in a run folder; CELL and POINT stand for one of each."""
CELL, POINT = "a cell", "a point"

VERBS: dict[str, list[str]] = {
    "run": ["run", "study.yaml", "--out", "out", "-q", "--workers", "1"],
    "fresh": ["run", "study.yaml", "--out", "out", "-q", "--workers", "1", "--fresh"],
    "other": ["run", "other.yaml", "--out", "out", "-q", "--workers", "1", "--fresh"],
    "study": ["study", "study.yaml", "--out", "out", "-q", "--workers", "1"],
    "report": ["report", "out"],
}


@dataclass(frozen=True)
class Said:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(scope="module", autouse=True)
def _computed_once() -> Iterator[None]:
    """What is tested is where results go: the same point and cell are not computed again."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("solve_point", "run_cell"):
            patch.setattr(cell, name, _remembering(getattr(cell, name)))
        yield


def _remembering(compute: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[str, Any] = {}

    def remember(scenario: Any, task: Any, *given: Any) -> Any:
        if task.key not in known:
            known[task.key] = compute(scenario, task, *given)
        return known[task.key]

    return remember


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two scenarios and, in `out`, a finished run of the first."""
    home = tmp_path_factory.mktemp("finished")
    (home / "study.yaml").write_text(SCENARIO)
    (home / "other.yaml").write_text(OTHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        with pytest.raises(SystemExit):
            main(VERBS["run"])
    return home


@pytest.fixture
def home(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it as the working directory, beside a folder of a user's own."""
    shutil.copytree(finished, tmp_path / "home")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.tex").write_bytes(PRECIOUS)
    for name in ("0123456789abcdef.parquet", "0123456789abcdef.json", "notes.parquet"):
        (tmp_path / "theirs" / name).write_bytes(PRECIOUS)
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*arguments: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        out, err = capsys.readouterr()
        return Said(int(end.value.code or 0), out, err)

    return call


def snapshot(folder: Path) -> dict[str, bytes | str]:
    """Every file's bytes and every link's target, by its path; pipes and folders by name."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = path.read_bytes() if path.is_file() else "no file"
    return found


def require_sentence(said: Said) -> None:
    """Done, or one sentence and exit code 2."""
    assert "Traceback" not in said.err
    assert said.code in (0, 2), said.err
    if said.code == 2:
        assert said.err.strip().count("\n") == 0, said.err
        assert said.out == ""


def quick(verb: str, name: str) -> list[str]:
    """A command line; without a report, which takes longest, where that is not tested."""
    return VERBS[verb] + ["--no-report"] * (verb != "report" and name != "report.html")


def place(home: Path, name: str) -> Path:
    """The path of one of coopsim's own names."""
    if name == CELL:
        return next((home / "out" / "cells").glob("*.parquet"))
    if name == POINT:
        return next((home / "out" / "points").glob("*.json"))
    return home / "out" / name


def cleared(path: Path) -> Path:
    """Make room for what a test puts there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return path


# -- links ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["fresh", "report"])
@pytest.mark.parametrize("target", ["thesis.tex", ""], ids=["file", "folder"])
@pytest.mark.parametrize("name", [*OWN, CELL, POINT])
def test_no_link_in_a_run_folder_is_followed(
    home: Path, cli: Cli, name: str, target: str, verb: str
) -> None:
    theirs = home.parent / "theirs"
    before, path = snapshot(theirs), place(home, name)
    cleared(path).symlink_to(theirs / target)
    said = cli(*quick(verb, name))
    require_sentence(said)
    assert snapshot(theirs) == before
    links = [item for item in (home / "out").rglob("*") if item.is_symlink()]
    assert [os.readlink(link) for link in links] == [str(theirs / target)]  # nor lost
    if name in ("lock", "lock.json", "manifest.json", "cells", "points") and verb == "fresh":
        assert said.code == 2
        assert f"out/{name}" in said.err or name == "lock"


def test_a_link_to_a_folder_of_results_is_not_cleared(home: Path, cli: Cli) -> None:
    """`--fresh` on a run whose `cells` lead into another run, whose files have seals."""
    shutil.copytree(home / "out", home.parent / "theirs" / "run")
    for inner in ("cells", "points"):
        cleared(home / "out" / inner).symlink_to(home.parent / "theirs" / "run" / inner)
    before = snapshot(home.parent / "theirs")
    said = cli(*VERBS["fresh"])
    assert said.code == 2
    assert "out/points: a link where a folder should be" in said.err
    assert snapshot(home.parent / "theirs") == before


@pytest.mark.parametrize("name", [name for name in OWN if "." in name] + ["lock", CELL, POINT])
@pytest.mark.parametrize("verb", ["fresh", "other"])
def test_what_a_hard_link_shares_is_not_written_to(
    home: Path, cli: Cli, name: str, verb: str
) -> None:
    path, elsewhere = place(home, name), home.parent / "theirs" / "copy"
    if not path.exists():
        path.write_bytes(PRECIOUS)
    os.link(path, elsewhere)
    before = elsewhere.read_bytes()
    require_sentence(cli(*quick(verb, name)))
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize("inner", ["cells", "points"])
def test_a_folder_swapped_for_a_link_while_it_is_used(home: Path, inner: str) -> None:
    scenario, theirs = load("study.yaml"), home.parent / "theirs"
    before = snapshot(theirs)
    with claimed(home / "out", scenario) as folder:
        (home / "out" / inner).rename(home / "moved")
        (home / "out" / inner).symlink_to(theirs)
        write, value = folder.write_point, {}
        if inner == "cells":
            write, value = folder.write_cell, pl.DataFrame({"value": [1.0]})
        with pytest.raises(UserError, match=f"out/{inner}: a link where a folder"):
            write("0123456789abcdef", value)
    assert snapshot(theirs) == before


def test_a_run_folder_swapped_for_a_link_while_it_is_used(home: Path) -> None:
    scenario, theirs = load("study.yaml"), home.parent / "theirs"
    before = snapshot(theirs)
    with claimed(home / "out", scenario) as folder:
        (home / "out").rename(home / "moved")
        (home / "out").symlink_to(theirs)
        with pytest.raises(UserError, match="another folder has taken this one's place"):
            folder.write_table("measures", pl.DataFrame({"value": [1.0]}), scenario.hash)
    assert snapshot(theirs) == before


def test_a_folder_swapped_between_the_look_and_the_opening(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment that no check of a path can close: the descriptor is opened without links."""
    theirs, look = home.parent / "theirs", disk.Folder.look

    def swapping(folder: disk.Folder, name: str) -> os.stat_result | None:
        found = look(folder, name)
        if name == "cells" and not (home / "out" / "cells").is_symlink():
            cleared(home / "out" / "cells").symlink_to(theirs)
        return found

    before = snapshot(theirs)
    monkeypatch.setattr(disk.Folder, "look", swapping)
    with pytest.raises(UserError, match="out/cells"):
        RunFolder(home / "out").write_cell("0123456789abcdef", pl.DataFrame({"value": [1.0]}))
    assert snapshot(theirs) == before


# -- what is neither a file nor absent --------------------------------------------------------


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "thesis.tex").write_bytes(PRECIOUS)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening, pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)  # the paths of sockets are short
        listening.bind(path.name)


def _file(path: Path) -> None:
    path.write_bytes(PRECIOUS)


def _huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(10 << 30)  # takes no space: it is all holes


READ = ("lock", "lock.json", "manifest.json", "scenario.yaml", "report.html", "measures.parquet")


@pytest.mark.parametrize(("verb", "put", "name"), [
    *itertools.product(["fresh"], (_pipe, _folder, _loop, _file), (*OWN, CELL, POINT)),
    *itertools.product(["report"], (_pipe, _folder, _loop, _file), READ),
    *itertools.product(["fresh"], (_socket, _huge), (*READ, CELL)),
])  # fmt: skip
def test_what_is_not_a_file_of_coopsims(
    home: Path, cli: Cli, name: str, put: Callable[[Path], None], verb: str
) -> None:
    path = place(home, name)
    if put is _folder and name in ("cells", "points"):
        pytest.skip("where a folder belongs")
    put(cleared(path))
    inode = path.lstat().st_ino
    said = cli(*quick(verb, name))
    require_sentence(said)
    # it is where it was, or beside, under another name
    assert inode in {item.lstat().st_ino for item in path.parent.iterdir()}
    if name == "manifest.json":
        assert said.code == 2
        assert "out/manifest.json" in said.err
    if name in TABLES and verb == "report":
        assert said.code == 2
        assert f"out/{name}" in said.err


# -- a user's own files -----------------------------------------------------------------------

USERS = (
    "notes.txt", ".draft.tmp", ".manifest.json.12-abcdef01.tmp", ".coopsim-notes.tmp",
    "cells/notes.parquet", "cells/.draft.tmp", "cells/0123456789abcdef.parquet",
    "cells/0123456789abcdef.parquet.damaged", "points/notes.json", "points/.x.json.1-ab.tmp",
    "points/0123456789abcdef.json", "configurations.parquet", "targets.parquet",
    "measures.parquet.damaged", "lock.json.damaged", "rubrics.json",
)  # fmt: skip


@pytest.mark.parametrize("verb", list(VERBS))
def test_a_users_files_stay(home: Path, cli: Cli, verb: str) -> None:
    for name in USERS:
        (home / "out" / name).write_bytes(PRECIOUS)
    said = cli(*VERBS[verb])
    assert said.code == 0, said.err
    assert {(home / "out" / name).read_bytes() for name in USERS} == {PRECIOUS}


@pytest.mark.parametrize("name", [*TABLES, "scenario.yaml", "report.html"])
@pytest.mark.parametrize("verb", ["run", "fresh", "other"])
def test_a_file_with_a_name_of_coopsims_is_set_aside(
    home: Path, cli: Cli, name: str, verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "out" / name).write_bytes(PRECIOUS)
    said = cli(*quick(verb, name))
    assert said.code == 0, said.err
    assert (home / "out" / f"{name}.damaged").read_bytes() == PRECIOUS
    assert (home / "out" / name).read_bytes() != PRECIOUS
    assert f"set aside as {name}.damaged" in caplog.text


def test_an_edited_report_and_an_edited_scenario_are_kept(home: Path, cli: Cli) -> None:
    edited = {}
    for name in ("report.html", "scenario.yaml"):
        path = home / "out" / name
        path.write_bytes(edited.setdefault(name, path.read_bytes().replace(b"small", b"great")))
    assert cli(*VERBS["run"]).code == 0
    for name, raw in edited.items():
        assert (home / "out" / f"{name}.damaged").read_bytes() == raw
    assert cli("report", "out").code == 0


def test_a_scenario_that_was_changed_since_the_run_makes_no_report(home: Path, cli: Cli) -> None:
    path = home / "out" / "scenario.yaml"
    path.write_text(path.read_text().replace("seeds: 2", "seeds: 5"))
    before = snapshot(home)
    said = cli("report", "out")
    assert said.code == 2
    assert said.err.startswith("out/scenario.yaml: damaged: its contents do not match its seal")
    assert snapshot(home) == before


# -- where a run may go -----------------------------------------------------------------------


@pytest.mark.parametrize("fresh", [[], ["--fresh"]], ids=["", "fresh"])
@pytest.mark.parametrize("name", [*OWN, ".draft.tmp", "notes.txt"])
def test_a_folder_of_somebody_elses_is_refused(
    home: Path, cli: Cli, name: str, fresh: list[str]
) -> None:
    """However few files it holds, and whatever they are called."""
    theirs = home / "theirs"
    theirs.mkdir()
    if name in ("points", "cells"):
        (theirs / name).mkdir()
        (theirs / name / "notes.json").write_bytes(PRECIOUS)
    else:
        (theirs / name).write_bytes(PRECIOUS)
    before = snapshot(home)
    said = cli("run", "study.yaml", "--out", "theirs", "-q", *fresh)
    assert said.code == 2, said.out
    assert said.err.strip().count("\n") == 0
    assert "theirs" in said.err
    assert snapshot(home) == before


@pytest.mark.parametrize("out", [".", "", "/", "study.yaml", "study.yaml/run", "/dev/null", "link",
                                 "pipe", "loop", "x" * 300])  # fmt: skip
def test_places_where_no_run_can_go(home: Path, cli: Cli, out: str) -> None:
    (home / "link").symlink_to(home.parent / "theirs")
    (home / "loop").symlink_to("loop")
    os.mkfifo(home / "pipe")
    before = snapshot(home), snapshot(home.parent / "theirs")
    for fresh in ([], ["--fresh"]):
        said = cli("run", "study.yaml", "--out", out, "-q", *fresh)
        assert said.code == 2, said.out
        assert said.err.strip().count("\n") == 0, said.err
        assert (snapshot(home), snapshot(home.parent / "theirs")) == before


def test_a_folder_with_the_scenario_in_it_alone_is_refused(home: Path, cli: Cli) -> None:
    """Even where the scenario has the name that coopsim gives its own copy."""
    (home / "mine").mkdir()
    (home / "mine" / "scenario.yaml").write_text(SCENARIO)
    before = snapshot(home)
    said = cli("run", "mine/scenario.yaml", "--out", "mine")
    assert said.code == 2
    assert "not empty, and not a run folder" in said.err
    assert snapshot(home) == before


@pytest.mark.parametrize("folder", ["missing", "study.yaml", ".", "pipe", "loop", "/dev/null"])
def test_reports_on_what_is_no_run_folder(home: Path, cli: Cli, folder: str) -> None:
    os.mkfifo(home / "pipe")
    (home / "loop").symlink_to("loop")
    before = snapshot(home)
    said = cli("report", folder)
    assert said.code == 2
    assert said.err.strip().count("\n") == 0
    assert said.out == ""
    assert snapshot(home) == before


# -- damaged contents -------------------------------------------------------------------------


def _deep(_: dict[str, Any]) -> bytes:
    return b'{"format": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], bytes]:
    def change(said: dict[str, Any]) -> bytes:
        *above, last = path.split(".")
        node: Any = said
        for key in above:
            node = node[int(key)] if isinstance(node, list) else node[key]
        node[last] = value
        return json.dumps(said).encode()

    change.__name__ = f"{path} = {str(value)[:20]}"
    return change


def _drop(path: str) -> Callable[[dict[str, Any]], bytes]:
    def change(said: dict[str, Any]) -> bytes:
        *above, last = path.split(".")
        node: Any = said
        for key in above:
            node = node[int(key)] if isinstance(node, list) else node[key]
        del node[last]
        return json.dumps(said).encode()

    change.__name__ = f"without {path}"
    return change


def _raw(raw: bytes) -> Callable[[dict[str, Any]], bytes]:
    def change(_: dict[str, Any]) -> bytes:
        return raw

    change.__name__ = repr(raw[:20])
    return change


def _twice(said: dict[str, Any]) -> bytes:
    return json.dumps(said).replace('"complete":', '"complete": false, "complete":').encode()


MANIFESTS: list[tuple[Callable[[dict[str, Any]], bytes], str]] = [
    *((_raw(raw), "") for raw in (b"", b"\0" * 99, b"[]", b"null", b"3", b'"x"', b"{", b"\xff\xfe",
                                  b"NaN", b'{"format": Infinity}', b"1" * 10_000)),
    (_deep, "nested"),
    (_twice, "one key twice"),
    (_set("format", "coopsim run 2"), "format"),
    (_set("format", ["coopsim run 1"]), "format"),
    (_set("scenario", []), "scenario"),
    (_set("scenario", None), "scenario"),
    (_set("scenario.hash", 7), "scenario.hash"),
    (_set("scenario.hash", "../../../etc/passwd"), "scenario.hash"),
    (_set("scenario.title", {"a": 1}), "scenario.title"),
    (_set("scenario.title", "\ud800"), "text"),
    (_set("scenario.nane", "x"), "did you mean"),
    (_set("seeds", {"0": 1}), "seeds"),
    (_set("seeds", [0, "1"]), "seeds.1"),
    (_set("seeds", [0, float("nan")]), "NaN"),
    (_set("seeds", [True]), "seeds.0"),
    (_set("counts", 4), "counts"),
    (_set("counts.cells", -1), "counts.cells"),
    (_set("counts.cells", 10**400), "counts.cells"),
    (_set("counts.points", None), "counts.points"),
    (_set("complete", "yes"), "complete"),
    (_set("runs", []), "runs"),
    (_set("runs", {}), "runs"),
    (_set("runs", [1]), "runs.0"),
    (_set("runs.0.finished", 1e400), "Infinity"),
    (_set("runs.0.workers", 0), "runs.0.workers"),
    (_set("runs.0.versions", ["numpy"]), "runs.0.versions"),
    (_set("runs.0.versions", {"numpy": None}), "runs.0.versions.numpy"),
    (_set("runs.0.machine", "mine"), "runs.0.machine"),
    (_set("runs.0.machine.cpus", 1.5), "runs.0.machine.cpus"),
    (_set("experiment", 3), "experiment"),
    (_set("experiment", "coopetition/trust-targets"), "counts.configurations"),
    (_set("more", 1), "more"),
    (_drop("runs"), "runs"),
    (_drop("counts.cells"), "counts.cells"),
    (_drop("runs.0.machine.platform"), "runs.0.machine.platform"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "named"), MANIFESTS, ids=[m[0].__name__ for m in MANIFESTS])
def test_a_damaged_manifest_is_one_sentence(
    home: Path, cli: Cli, change: Callable[[dict[str, Any]], bytes], named: str
) -> None:
    path = home / "out" / "manifest.json"
    path.write_bytes(change(json.loads(path.read_bytes())))
    before, place = snapshot(home), [item[0] for item in MANIFESTS].index(change)
    for verb in (("run", "fresh", "study")[place % 3], "report"):
        said = cli(*VERBS[verb])
        assert said.code == 2, said.err
        assert said.err.startswith("out/manifest.json: ")
        assert named in said.err
        assert said.err.strip().count("\n") == 0
        assert said.out == ""
        assert snapshot(home) == before


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("frame", [
    pl.DataFrame({"value": [1.0]}), pl.DataFrame(), pl.DataFrame({"policy": [[1, 2]]}),
], ids=["columns", "none", "lists"])  # fmt: skip
def test_a_sealed_table_with_other_columns(
    home: Path, cli: Cli, name: str, frame: pl.DataFrame
) -> None:
    key = json.loads((home / "out" / "manifest.json").read_bytes())["scenario"]["hash"]
    (home / "out" / name).write_bytes(files.pack_table(frame, key))
    before = snapshot(home)
    said = cli("report", "out")
    assert said.code == 2
    assert said.err.startswith(f"out/{name}: damaged: ")
    assert "column policy" in said.err
    assert snapshot(home) == before
    assert cli(*VERBS["run"]).code == 0  # which makes it anew
    assert cli("report", "out").code == 0


def test_a_sealed_cell_with_other_columns(home: Path, cli: Cli) -> None:
    path = place(home, CELL)
    whole = path.read_bytes()
    forged = files.pack_table(pl.DataFrame({"value": [1.0]}), path.stem)
    path.write_bytes(forged)
    assert cli(*VERBS["run"]).code == 0  # which sets it aside and makes it anew
    assert path.read_bytes() == whole
    assert path.with_name(f"{path.name}.damaged").read_bytes() == forged


def test_seals_that_hold_around_no_parquet_at_all(home: Path, cli: Cli) -> None:
    """What a forger of seals can do: bytes between marks that no reader of Parquet takes."""
    path = home / "out" / "measures.parquet"
    raw = path.read_bytes()
    start = raw.rfind(b"coopsim.seal\x18\x40") + len("coopsim.seal\x18\x40")
    blank = b"\0" * (start // 2) + raw[start // 2 : start] + b"0" * 64 + raw[start + 64 :]
    seal = files._sha(blank).encode()
    path.write_bytes(blank[:start] + seal + blank[start + 64 :])
    said = cli("report", "out")
    assert said.code == 2
    assert "measures.parquet: damaged" in said.err


@pytest.mark.parametrize("raw", [b"", b"{", b"\0", b"coopsim: 1\n", b"coopsim: [1\n", b"- 1\n"])
def test_a_damaged_scenario_of_a_run(home: Path, cli: Cli, raw: bytes) -> None:
    (home / "out" / "scenario.yaml").write_bytes(raw)
    before = snapshot(home)
    said = cli("report", "out")
    assert said.code == 2
    assert said.err.startswith("out/scenario.yaml")
    assert snapshot(home) == before
    assert cli(*VERBS["run"]).code == 0  # which writes it anew
    assert (home / "out" / "scenario.yaml.damaged").read_bytes() == raw
    assert cli("report", "out").code == 0


# -- other files that a command writes --------------------------------------------------------


SCHEMA, NEW = ("schema", "--out", "f.yaml"), ("new", "scenario", "f.yaml")


@pytest.mark.parametrize(("verb", "put"), [
    *itertools.product([NEW], [_file, _pipe, _folder, _loop, _socket]),
    *itertools.product([SCHEMA], [_file, _pipe]),  # it takes seconds to make
])  # fmt: skip
def test_a_new_file_replaces_nothing(
    home: Path, cli: Cli, verb: tuple[str, ...], put: Callable[[Path], None]
) -> None:
    put(home / "f.yaml")
    before = snapshot(home)
    said = cli(*verb)
    assert said.code == 2, said.out
    assert "f.yaml: is there already" in said.err
    assert snapshot(home) == before


@pytest.mark.parametrize(("verb", "target"), [
    (NEW, "thesis.tex"), (NEW, "missing"), (SCHEMA, "missing"),
])  # fmt: skip
def test_a_new_file_goes_through_no_link(
    home: Path, cli: Cli, verb: tuple[str, ...], target: str
) -> None:
    (home / "f.yaml").symlink_to(home.parent / "theirs" / target)
    before = snapshot(home), snapshot(home.parent / "theirs")
    assert cli(*verb).code == 2
    assert (snapshot(home), snapshot(home.parent / "theirs")) == before


def test_a_sealed_table_of_a_sweep_with_other_columns(home: Path, cli: Cli) -> None:
    (home / "sweep.yaml").write_text(
        "coopsim: 1\nexperiment: {use: coopetition/trust-targets}\n"
        "study: {vary: {build: [0.05, 0.1]}}\n"
    )
    verb = ["study", "sweep.yaml", "--out", "sweep", "-q", "--workers", "1"]
    assert cli(*verb).code == 0
    path = home / "sweep" / "configurations.parquet"
    whole = path.read_bytes()
    shutil.copy(home / "sweep" / "targets.parquet", path)
    said = cli("report", "sweep")
    assert said.code == 2
    assert said.err.startswith("sweep/configurations.parquet: damaged: ")
    assert "column" in said.err
    assert cli(*verb).code == 0
    assert path.read_bytes() == whole


@pytest.mark.parametrize("verb", ["run", "study"])
@pytest.mark.parametrize("linked", ["runs", "the run"])
def test_a_folder_that_nobody_typed_is_not_entered_through_a_link(
    home: Path, cli: Cli, linked: str, verb: str
) -> None:
    """A project can bring along `runs`, and the name of a run in it is known to all."""
    scenario = load("study.yaml")
    theirs, own = home.parent / "theirs", Path("runs") / f"study-{scenario.hash[:8]}"
    shutil.copytree(home / "out", theirs / own.name)  # a run that --fresh could replace
    link = home / (own.parent if linked == "runs" else own)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(theirs if linked == "runs" else theirs / own.name)
    before = snapshot(theirs)
    said = cli(verb, "study.yaml", "-q", "--workers", "1", *(["--fresh"] if verb == "run" else []))
    require_sentence(said)
    assert said.code == 2
    assert "a link where a folder" in said.err
    assert "--out" in said.err
    assert snapshot(theirs) == before
    assert link.is_symlink()
    # a path that is typed may lead through a link
    assert cli("run", "study.yaml", "-q", "--workers", "1", "--out", str(own)).code == 0


def test_a_folder_that_nobody_typed_is_swapped_for_a_link_before_it_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, theirs, check = load("study.yaml"), home.parent / "theirs", disk.require_no_link
    own, before = Path("runs") / f"study-{scenario.hash[:8]}", snapshot(theirs)

    def swapping(path: Path) -> None:
        check(path)
        Path("runs").symlink_to(theirs)

    monkeypatch.setattr(disk, "require_no_link", swapping)
    with (
        pytest.raises(UserError, match="runs: cannot be made"),
        claimed(own, scenario, own=True),
    ):
        pass
    assert snapshot(theirs) == before


def test_a_run_goes_where_nothing_is_linked(home: Path, cli: Cli) -> None:
    scenario = load("study.yaml")
    for _ in range(2):
        assert cli("run", "study.yaml", "-q", "--workers", "1", "--no-report").code == 0
    kept = home / "runs" / f"study-{scenario.hash[:8]}"
    assert RunFolder(kept).manifest["scenario"]["hash"] == scenario.hash
