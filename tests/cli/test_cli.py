"""Every verb does its job, and `--json` prints one object and nothing else."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coopsim import yamlfile
from coopsim.errors import CoopsimError, Interrupted
from coopsim.scenario.load import load

ROOT = Path(__file__).resolve().parents[2]
VERBS = ("run", "solve", "check", "list", "describe", "schema", "report", "new")

SMALL = """\
coopsim: 1
title: Is more synergy better?
game: {use: coopetition/stage, players: [North, South]}
agents:
  nash: {use: equilibrium}
  noise: {use: random}
seats:
  - 1-2: nash
  - {North: nash, South: noise}
policies:
  status quo: {}
  more synergy: {game.gamma: 0.8}
study: {episodes: 4, seeds: 2}
solve: {concepts: [nash]}
compare: {to: [nash], measure: [welfare, cooperation rate]}
"""


def process(*arguments: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """`python -m coopsim` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "coopsim", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        **options,  # type: ignore[call-overload]
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def test_help_names_every_verb(cli) -> None:
    said = cli("--help")
    assert said.code == 0
    assert all(re.search(rf"^  {verb} ", said.out, re.MULTILINE) for verb in VERBS)


@pytest.mark.parametrize("verb", [*VERBS, "new scenario"])
def test_every_verb_has_help(verb: str, cli) -> None:
    said = cli(*verb.split(), "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: coopsim")
    assert said.err == ""


def test_version(cli) -> None:
    assert re.fullmatch(r"coopsim \S+\n", cli("--version").out)


def test_help_is_quick_and_light(tmp_path: Path) -> None:
    code = (
        "import sys, time; began = time.process_time()\n"
        "from coopsim.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = 'torch numba polars matplotlib pydantic numpy scipy rich gymnasium'.split()\n"
        "print(time.process_time() - began, [m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    seconds, heavy = done.stdout.splitlines()[-1].split(" ", 1)
    assert heavy == "[]"
    # a tenth of a second where nothing else runs; twice the promise is left for busy machines
    assert float(seconds) < 0.6


def test_solve_prints_a_line_a_concept(cli, small: Path) -> None:
    said = cli("solve", "small.yaml", "--concept", "nash", "--concept", "social optimum")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == "Is more synergy better? (policy: status quo)"
    assert "North, South" in lines[1]
    assert "residual" in lines[1]
    assert [line.split("  ")[1] for line in lines[2:]] == ["nash", "social optimum"]


def test_solve_json_is_one_object_with_what_is_promised(cli, small: Path) -> None:
    said = cli("solve", "small.yaml", "--json", "--policy", "more synergy")
    assert said.code == 0, said.err
    data = json.loads(said.out)
    assert list(data) == ["solutions"]
    (solution,) = data["solutions"]
    promised = {"concept", "method", "status", "players", "profile", "values", "certificate"}
    assert promised <= set(solution)
    assert {"kind", "residual", "relative", "exact", "complete"} <= set(solution["certificate"])
    assert solution["concept"] == "nash"
    assert solution["players"] == ["North", "South"]
    assert solution["certificate"]["residual"] < 1e-6


def test_a_policy_and_a_set_change_what_is_solved(cli, small: Path) -> None:
    def profile(*options: str) -> list[float]:
        return json.loads(cli("solve", "small.yaml", "--json", *options).out)["solutions"][0][
            "profile"
        ]

    synergy = profile("--policy", "more synergy")
    assert synergy != profile()
    assert synergy == profile("--set", "game.gamma=0.8")


def test_solve_takes_a_game_and_all_its_concepts(cli, tmp_path: Path) -> None:
    (tmp_path / "port.yaml").write_text("coopsim: 1\nuse: coopetition/stage\ngamma: 0.5\n")
    by_file = json.loads(cli("solve", "port.yaml", "--json").out)["solutions"]
    by_name = json.loads(cli("solve", "coopetition/stage", "--set", "game.gamma=0.5", "--json").out)
    assert by_file == by_name["solutions"]
    assert [item["concept"] for item in by_file][:2] == ["nash", "coopetitive"]


def test_solve_all_keeps_the_shape(cli) -> None:
    said = cli("solve", "coopetition/stage", "--concept", "nash", "--all", "--json")
    (solution,) = json.loads(said.out)["solutions"]
    assert solution["found"] == 1


def test_an_answer_that_is_not_proved_is_exit_code_1(
    cli, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    from coopsim.solvers import select
    from coopsim.solvers.solution import Status

    solve = select.solve

    def unproved(*arguments: object, **options: object) -> object:
        found = solve(*arguments, **options)  # type: ignore[call-overload]
        return dataclasses.replace(found, status=Status.BUDGET, sentence="the time was up")

    monkeypatch.setattr(select, "solve", unproved)
    said = cli("solve", "small.yaml")
    assert said.code == 1
    assert "nash is not proved: the time was up" in said.out
    assert cli("solve", "small.yaml", "--json").code == 1


def test_check_prints_a_scenario_with_every_default(cli, small: Path) -> None:
    said = cli("check", "small.yaml")
    assert said.code == 0, said.err
    printed = yamlfile.parse(said.out).data
    assert printed["game"]["gamma"] == 0.65
    assert printed["study"]["vary"] == {}
    assert printed["compare"]["measure"] == ["welfare", "cooperation rate"]
    assert load(printed).hash == load(small).hash
    assert f"# hash {load(small).hash}" in said.out
    assert "# 4 cells: 2 policies x 1 sweep point x 2 seeds" in said.out
    assert re.search(r"nash +best-response-newton +continuous", said.out)


def test_check_says_which_concept_cannot_be_solved(
    cli, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coopsim.errors import NoSuchForm
    from coopsim.solvers import select

    def refuse(*arguments: object) -> dict[str, object]:
        raise NoSuchForm("this game has no such form")

    monkeypatch.setattr(select, "forecast", refuse)
    assert "this game has no such form" in cli("check", "small.yaml").out


def test_check_json(cli, small: Path) -> None:
    data = json.loads(cli("check", "small.yaml", "--set", "study.seeds=3", "--json").out)
    assert data["cells"] == 6
    assert data["scenario"]["study"]["seeds"] == 3
    (plan,) = data["concepts"]
    assert {"concept": "nash", "method": "best-response-newton", "form": "continuous"}.items() <= (
        plan.items()
    )
    assert plan["problem"] is None
    assert plan["bytes"] > 0


def test_check_plans_the_solution_of_a_game(cli) -> None:
    """The method, the reason, the size and the memory, of a tree and of a matrix."""
    said = cli("check", "classic/kuhn", "--concept", "nash", "--concept", "nucleolus")
    assert said.code == 0, said.err
    tree, other = said.out.splitlines()[1:]
    assert "58 nodes, 12 information sets" in tree or "information sets" in tree
    assert "of memory (two players, zero-sum" in tree
    assert "nothing" in other
    (plan,) = json.loads(cli("check", "classic/blotto", "--concept", "nash", "--json").out)[
        "concepts"
    ]
    assert (plan["size"], plan["method"]) == ("21 x 21 actions", "zero-sum-lp")
    assert 2 * 21 * 21 * 8 <= plan["bytes"] < 1_000_000


def test_check_counts_what_does_not_fit_together(cli, tmp_path: Path) -> None:
    # each value of the sweep is right by itself, two of them together are not
    (tmp_path / "sweep.yaml").write_text(
        "coopsim: 1\ngame: {use: coopetition/stage}\n"
        "study:\n  vary:\n    game.players: [2, 3]\n    game.shares: [null, [0.5, 0.5]]\n"
    )
    said = cli("check", "sweep.yaml")
    assert said.code == 2
    assert "sweep.yaml:6: study.vary.game.shares" in said.err
    assert "one entry a player, that is 3" in said.err


def test_list_names_everything(cli) -> None:
    said = cli("list")
    assert said.code == 0
    for name in ("coopetition/stage", "tit-for-tat", "social optimum", "welfare"):
        assert f"\n  {name} " in said.out
    assert "coopetition/samsung-sony" in cli("list", "scenarios").out
    assert "tit-for-tat" not in cli("list", "games").out
    assert cli("list", "game").out == cli("list", "games").out


def test_list_for_a_game_shows_what_fits(cli) -> None:
    data = json.loads(cli("list", "--for", "coopetition/stage", "--json").out)
    assert set(data) == {"agents", "concepts", "solvers", "measures"}
    measures = {item["name"] for item in data["measures"]}
    assert "welfare" in measures
    assert "final trust" not in measures  # a stage game has no trust that moves
    repeated = json.loads(cli("list", "measures", "--for", "coopetition/repeated", "--json").out)
    assert "final trust" in {item["name"] for item in repeated["measures"]}


def test_list_shows_a_broken_file_and_goes_on(cli, tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    (tmp_path / "games/port.yaml").write_text("coopsim: 1\nuse: coopetition/stge\n")
    said = cli("list", "games")
    assert said.code == 0
    assert re.search(r"port +cannot be used: .*port.yaml:2: use: unknown game", said.out)
    assert "coopetition/stage" in said.out


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("coopetition/stage", ["game coopetition/stage", "gamma = 0.65", "at least 0", "arXiv"]),
        ("trust-dilemma", ["game trust-dilemma", "end_below = 0.05", "Coopetition-Gym"]),
        ("generous-tit-for-tat", ["agent generous-tit-for-tat", "generosity = 0.33"]),
        ("nash", ["concept nash", "best-response-newton"]),
        ("best-response-newton", ["solver best-response-newton", "nash on continuous", "starts"]),
        ("price of anarchy", ["measure price of anarchy", "ratio"]),
        ("app-store", ["rubric app-store", "constant: 17, cannot fail: 5", "phase timing"]),
    ],
)
def test_describe(name: str, parts: list[str], cli) -> None:
    said = cli("describe", name)
    assert said.code == 0, said.err
    assert [part for part in parts if part not in said.out] == []


def test_describe_tells_of_everything_with_that_name(cli) -> None:
    found = json.loads(cli("describe", "coopetition/samsung-sony", "--json").out)["found"]
    assert [item["kind"] for item in found] == ["game", "scenario"]


def test_describe_everything_there_is(cli) -> None:
    for kind, rows in json.loads(cli("list", "--json").out).items():
        for row in rows:
            said = cli("describe", row["name"])
            assert said.code == 0, (kind, row["name"], said.err)


def test_schema_is_json_on_paper_and_in_a_file(cli, tmp_path: Path) -> None:
    said = cli("schema")
    assert said.code == 0
    assert json.loads(said.out)["$schema"].endswith("2020-12/schema")
    assert cli("schema", "--out", "schemas/scenario.json").code == 0
    written = json.loads((tmp_path / "schemas/scenario.json").read_text())
    assert written == json.loads(said.out)
    # made again after a game was added
    assert cli("schema", "--out", "schemas/scenario.json").code == 0


def test_a_new_scenario_passes_check(cli, tmp_path: Path) -> None:
    said = cli("new", "scenario", "trade/tariffs")
    assert said.code == 0, said.err
    assert (tmp_path / "trade/tariffs.yaml").is_file()
    assert "coopsim check trade/tariffs.yaml" in said.out
    assert cli("check", "trade/tariffs.yaml").code == 0


def test_a_new_scenario_goes_into_the_scenarios_folder(cli, tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    assert cli("new", "scenario", "trade/tariffs").code == 0
    assert (tmp_path / "scenarios/trade/tariffs.yaml").is_file()
    assert cli("check", "trade/tariffs").code == 0
    assert cli("new", "scenario", "scenarios/other").code == 0
    assert (tmp_path / "scenarios/other.yaml").is_file()


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be removed there")
@pytest.mark.parametrize(
    "start", [["-m", "coopsim"], ["-c", "from coopsim.cli import main; main()"]]
)
def test_a_working_directory_that_is_gone(tmp_path: Path, start: list[str]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    first = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.executable, sys.argv[1:])"
    root = str(Path(__file__).parents[2])
    said = subprocess.run(
        [sys.executable, "-c", first, sys.executable, *start, "list", "games"],
        cwd=gone, env={**os.environ, "PYTHONPATH": root},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 2, said.stderr
    assert said.stdout == ""
    assert said.stderr.startswith("the working directory cannot be used")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["", ".", "/", "..", "trade/..", "scenarios", "scenarios/"])
def test_a_new_scenario_needs_a_name(cli, tmp_path: Path, name: str) -> None:
    (tmp_path / "scenarios").mkdir()
    said = cli("new", "scenario", name)
    assert said.code == 2
    assert said.err.startswith("NAME: not a name for a file")
    assert said.err.count("\n") == 1
    assert [*tmp_path.rglob("*")] == [tmp_path / "scenarios"]


@pytest.mark.parametrize("verb", ["check", "run", "study", "solve", "describe", "report"])
@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000, "a/" + "é" * 200, "x" * 300 + ".yaml"])
def test_a_name_longer_than_a_file_may_have(cli, verb: str, name: str) -> None:
    said = cli(verb, name)
    assert said.code == 2
    assert said.err.count("\n") == 1


def test_a_new_scenario_of_a_name_that_is_too_long(cli, tmp_path: Path) -> None:
    said = cli("new", "scenario", "x" * 300)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert [*tmp_path.rglob("*")] == []


def test_python_says_so_too_of_a_name_that_is_too_long() -> None:
    import coopsim
    from coopsim.errors import UserError

    with pytest.raises(UserError, match="unknown scenario"):
        coopsim.load("x" * 300)


def test_a_new_scenario_for_every_game(cli) -> None:
    for place, row in enumerate(json.loads(cli("list", "games", "--json").out)["games"]):
        said = cli("new", "scenario", f"new{place}", "--game", row["name"])
        if said.code != 0:
            # agents cannot play games with discrete actions yet: one message, nothing written
            assert said.code == 2, row
            assert "Traceback" not in said.err
            assert not row["name"].startswith("coopetition/")
            continue
        assert cli("check", f"new{place}.yaml").code == 0


def test_what_is_commented_out_in_a_new_scenario_may_be_used(cli, tmp_path: Path) -> None:
    assert cli("new", "scenario", "all").code == 0
    written = (tmp_path / "all.yaml").read_text()
    used = written.replace("\n  # ", "\n  ").replace("\n# compare", "\ncompare")
    assert yamlfile.parse(used).data["study"]["vary"]
    (tmp_path / "all.yaml").write_text(used)
    said = cli("check", "all.yaml")
    assert said.code == 0, said.err


def test_run_shows_solutions_then_effects_then_where_it_is(cli, small: Path) -> None:
    said = cli("run", "small.yaml", "--no-report", "--quiet", "--out", "here")
    assert said.code == 0, said.err
    assert said.err == ""
    order = ["Solutions (status quo)", "nash  ", "2 of 2", "against status quo", "more synergy",
             "predicted by nash", "shown by nash", "results: here"]  # fmt: skip
    # in this order, each after the one before
    assert re.search(".*".join(map(re.escape, order)), said.out, re.DOTALL), said.out
    assert (small.parent / "here/comparison.parquet").is_file()


def test_run_json_is_one_object(cli, small: Path) -> None:
    said = cli("run", "small.yaml", "--no-report", "--out", "here", "--json")
    assert said.code == 0, said.err
    data = json.loads(said.out)
    assert set(data) == {"folder", "report", "hash", "solutions", "comparison", "rubrics"}
    assert data["folder"] == "here"
    assert data["hash"] == load(small).hash
    assert {row["policy"] for row in data["solutions"]} == {"status quo", "more synergy"}
    assert {row["source"] for row in data["comparison"]} == {"agents", "theory"}


def test_a_damaged_cell_is_named_set_aside_and_run_again(cli, small: Path) -> None:
    command = ("run", "small.yaml", "--no-report", "--out", "here")
    first = cli(*command)
    cell = sorted((small.parent / "here/cells").glob("*.parquet"))[0]
    whole = cell.read_bytes()
    cell.write_bytes(whole[: len(whole) // 2])
    again = process(*command, cwd=small.parent)
    assert again.returncode == 0, again.stderr
    assert f"{cell.name} is damaged" in again.stderr
    assert cell.read_bytes() == whole
    assert cell.with_name(f"{cell.name}.damaged").exists()
    assert again.stdout == first.out


def test_ctrl_c_is_exit_code_130_and_no_traceback(
    cli, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coopsim.scenario import load as module

    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "load", stop)
    said = cli("check", "small.yaml")
    assert said.code == 130
    assert "Traceback" not in said.err


def test_errors_have_exit_codes(cli, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from coopsim.scenario import load as module

    def fail(error: CoopsimError) -> None:
        raise error

    for error, code in ((CoopsimError("broken"), 1), (Interrupted("stopped"), 130)):
        monkeypatch.setattr(module, "load", lambda *arguments, error=error: fail(error))
        said = cli("check", "small.yaml")
        assert (said.code, said.err) == (code, f"{error}\n")


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to another process")
def test_ctrl_c_in_a_real_process(small: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "coopsim", "run", str(small), "--set", "study.seeds=4000"],
        cwd=small.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    cells = small.parent / "runs"
    deadline = time.monotonic() + 80
    while not list(cells.glob("*/cells/*.parquet")) and time.monotonic() < deadline:
        assert started.poll() is None, started.communicate()
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 130, err
    assert "Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="no head")
@pytest.mark.parametrize("arguments", ["list", "--help", "schema", "check samsung-sony"])
def test_a_reader_that_goes_away_is_no_error(arguments: str, tmp_path: Path) -> None:
    command = f"{sys.executable} -m coopsim {arguments} | head -c 10"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert len(done.stdout) == 10
    assert done.stderr == ""


def test_no_colour_in_a_pipe(tmp_path: Path) -> None:
    done = process("list", "concepts", cwd=tmp_path)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals")
@pytest.mark.parametrize("plain", [True, False])
def test_colour_on_a_terminal_unless_refused(plain: bool, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "coopsim", "list", "concepts"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1" * plain},
        stdout=theirs,
        timeout=60,
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert ("\x1b" in shown) is not plain


def test_a_report_is_written_and_made_again(cli, small: Path) -> None:
    said = cli("run", "small.yaml", "--quiet", "--out", "here")
    assert said.code == 0, said.err
    page = small.parent / "here/report.html"
    assert said.out.endswith("\nreport: here/report.html\n".replace("/", os.sep))
    first = page.read_bytes()
    page.unlink()
    said = cli("report", "here")
    assert (said.code, said.err) == (0, "")
    assert Path(said.out.strip()) == Path("here/report.html")
    assert page.read_bytes() == first


def test_a_report_needs_a_run_folder(cli, small: Path) -> None:
    for folder in ("nowhere", ".", "small.yaml"):
        said = cli("report", folder)
        assert said.code == 2
        assert said.err.count("\n") == 1
    assert os.listdir(small.parent) == ["small.yaml"]
