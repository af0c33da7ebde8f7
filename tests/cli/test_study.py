"""`coopsim study`: sweeps run, go on where they were, and say what is wrong with a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.cli.conftest import Cli

SWEEP = """\
coopsim: 1
title: A small sweep
experiment:
  use: coopetition/trust-targets
  forget: 0.03
study:
  vary:
    build: [0.05, 0.1, 0.15]
    erode: [0.2, 0.3]
    ceiling: [building, always]
  block: 5
targets:
  - name: negativity
    measure: negativity_ratio
    at_least: 2
    published: 3
    within: 0.5
  - name: recovery
    measure: hysteresis_recovery_35
    where: {ceiling: always, forget: 0.03}
    statistic: max
    published: 1.11
    source: the report
"""


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SWEEP)
    return path


def tables(folder: Path) -> dict[str, bytes]:
    return {
        name: (folder / f"{name}.parquet").read_bytes() for name in ("configurations", "targets")
    }


def test_a_sweep_measures_every_configuration_and_judges_its_targets(cli: Cli, sweep: Path) -> None:
    said = cli("study", "small.yaml", "--out", "here", "--quiet")
    assert said.code == 0, said.err
    for text in ("12 configurations: build 3 x erode 2 x ceiling 2", "negativity", "1.11", "no"):
        assert text in said.out
    whole = pl.read_parquet("here/configurations.parquet")
    assert whole.height == 12
    assert whole["negativity_ratio"].to_list()[:2] == pytest.approx([4, 4])
    targets = pl.read_parquet("here/targets.parquet")
    assert targets["met"].to_list() == [True, None]
    assert targets["configurations"].to_list() == [12, 6]
    assert targets["follows"].to_list()[1] is False
    page = Path("here/report.html").read_text()
    for text in ("A small sweep", "negativity", "hysteresis_recovery_35", "arXiv:2510.24909"):
        assert text in page


def test_the_tables_do_not_depend_on_workers_or_on_what_was_there(
    cli: Cli, sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: one worker, two workers and a resumed run write the same bytes."""
    assert cli("study", "small.yaml", "--out", "one", "--workers", "1", "-q").code == 0
    monkeypatch.setattr("coopsim.study.sweep._WORTH", -1.0)
    assert cli("study", "small.yaml", "--out", "two", "--workers", "2", "-q").code == 0
    assert tables(Path("one")) == tables(Path("two"))
    first, *_ = sorted(Path("two/cells").iterdir())
    kept = {path: path.stat().st_mtime_ns for path in Path("two/cells").iterdir() if path != first}
    first.unlink()
    Path("two/configurations.parquet").unlink()
    assert cli("study", "small.yaml", "--out", "two", "--workers", "1", "-q").code == 0
    assert tables(Path("one")) == tables(Path("two"))
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())
    runs = json.loads(Path("two/manifest.json").read_text())["runs"]
    assert [run["cells_run"] for run in runs] == [3, 1]


def test_a_damaged_block_is_measured_again(cli: Cli, sweep: Path) -> None:
    assert cli("study", "small.yaml", "--out", "here", "-q").code == 0
    before = tables(Path("here"))
    block = sorted(Path("here/cells").iterdir())[0]
    block.write_bytes(block.read_bytes()[:-9] + b"999999999")
    assert cli("study", "small.yaml", "--out", "here", "-q").code == 0
    assert tables(Path("here")) == before
    assert len(list(Path("here/cells").glob("*.damaged"))) == 1


def test_another_sweep_does_not_get_the_folder_unless_fresh(cli: Cli, sweep: Path) -> None:
    assert cli("study", "small.yaml", "--out", "here", "-q").code == 0
    other = ("--set", "study.vary.erode=[0.4]")
    said = cli("study", "small.yaml", "--out", "here", "-q", *other)
    assert said.code == 2
    assert "another scenario's run" in said.err
    assert cli("study", "small.yaml", "--out", "here", "-q", "--fresh", *other).code == 0
    assert pl.read_parquet("here/configurations.parquet")["erode"].unique().to_list() == [0.4]


def test_a_sweep_that_is_killed_goes_on_where_it_was(sweep: Path, tmp_path: Path) -> None:
    """Law: what a killed run finished is kept, and the tables come out as if nothing happened."""
    text = SWEEP.replace("[0.05, 0.1, 0.15]", str([round(0.01 + 0.001 * i, 3) for i in range(60)]))
    sweep.write_text(text.replace("block: 5", "block: 2"))
    command = [sys.executable, "-m", "coopsim", "study", "small.yaml", "-q", "--workers", "1"]

    def finished() -> int:
        return len(list((tmp_path / "killed/cells").glob("*.parquet")))

    run = subprocess.Popen([*command, "--out", "killed"], cwd=tmp_path, env=dict(os.environ))
    until = time.monotonic() + 60
    while finished() < 5 and run.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert 5 <= finished() < 120
    for name in ("killed", "whole"):
        done = subprocess.run(
            [*command, "--out", name], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")
    said = json.loads((tmp_path / "killed/manifest.json").read_text())["runs"]
    assert said[0]["finished"] is None
    assert 0 < said[1]["cells_run"] < 120


def test_json_holds_the_targets(cli: Cli, sweep: Path) -> None:
    said = json.loads(cli("study", "small.yaml", "--out", "here", "--json").out)
    assert said["configurations"] == 12
    assert [item["target"] for item in said["targets"]] == ["negativity", "recovery"]
    assert said["report"] == "here/report.html"


def test_trials_repeat_and_differ_by_seed(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "draws.yaml"
    path.write_text(
        "coopsim: 1\nexperiment: {use: coopetition/form-targets}\n"
        "study: {vary: {seed: [1, 2]}, trials: 6, block: 4}\n"
    )
    assert cli("study", "draws.yaml", "--out", "one", "-q").code == 0
    assert cli("study", "draws.yaml", "--out", "again", "-q", "--no-report").code == 0
    assert tables(Path("one")) == tables(Path("again"))
    whole = pl.read_parquet("one/configurations.parquet")
    assert whole["trial"].to_list() == [*range(6)] * 2
    rises = whole["power_increase"].to_list()
    assert len(set(rises)) == 12


def test_a_report_can_be_made_again(cli: Cli, sweep: Path) -> None:
    assert cli("study", "small.yaml", "--out", "here", "-q").code == 0
    page = Path("here/report.html")
    before = page.read_bytes()
    page.unlink()
    assert cli("report", "here").out == "here/report.html\n"
    assert page.read_bytes() == before


def test_the_resolved_sweep_gives_the_same_tables(cli: Cli, sweep: Path) -> None:
    assert cli("study", "small.yaml", "--out", "here", "-q").code == 0
    assert cli("study", "here/scenario.yaml", "--out", "again", "-q").code == 0
    assert tables(Path("here"))["configurations"] == tables(Path("again"))["configurations"]


def test_a_scenario_is_run_as_by_run(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text("coopsim: 1\ntitle: One game\ngame: {use: samsung-sony}\n")
    said = cli("study", "plain.yaml", "--out", "here", "-q", "--no-report")
    assert said.code == 0, said.err
    assert "Solutions" in said.out
    assert Path("here/solutions.parquet").is_file()


def test_run_points_to_study(cli: Cli, sweep: Path) -> None:
    said = cli("run", "small.yaml")
    assert said.code == 2
    assert "small.yaml:3: experiment: this is a sweep" in said.err
    assert "coopsim study" in said.err


def test_check_shows_a_sweep_with_every_default(cli: Cli, sweep: Path, tmp_path: Path) -> None:
    said = cli("check", "small.yaml")
    assert said.code == 0, said.err
    assert "12 configurations in 3 blocks" in said.out
    (tmp_path / "resolved.yaml").write_text(said.out)
    first = json.loads(cli("check", "small.yaml", "--json").out)
    second = json.loads(cli("check", "resolved.yaml", "--json").out)
    assert first["hash"] == second["hash"]
    assert first["sweep"]["experiment"]["damage"] == 0.6


def test_experiments_and_sweeps_are_listed_and_described(cli: Cli) -> None:
    assert "coopetition/trust-targets" in cli("list", "experiments").out
    assert "coopetition/tr2-sweep" in cli("list", "scenarios").out
    said = cli("describe", "coopetition/reciprocity-targets").out
    for text in ("cooperation_emerged", "lambda_R", "2604.01240"):
        assert text in said
    assert "15625" in cli("describe", "tr4-sweep").out


# what is in the file, what is there instead, and what the message must say
CHANGES: dict[str, tuple[str, str, list[str]]] = {
    "unknown experiment": (
        "use: coopetition/trust-targets",
        "use: coopetition/trust-target",
        [":4:", "experiment.use", "unknown experiment", "did you mean 'coopetition/trust-targets'"],
    ),
    "experiment without use": (
        "  use: coopetition/trust-targets\n",
        "",
        [":3:", "experiment.use", "must say what it uses"],
    ),
    "text for the experiment": (
        "experiment:\n  use: coopetition/trust-targets\n  forget: 0.03\n",
        "experiment: coopetition/trust-targets\n",
        [":3:", "experiment", "must be a mapping"],
    ),
    "unknown shared parameter": (
        "forget: 0.03\nstudy",
        "forgett: 0.03\nstudy",
        [":5:", "experiment.forgett", "unknown key", "did you mean 'forget'?"],
    ),
    "shared value out of range": (
        "forget: 0.03\nstudy",
        "forget: 1.5\nstudy",
        [":5:", "experiment.forget", "out of range", "given: 1.5"],
    ),
    "unknown varied parameter": (
        "erode: [",
        "erod: [",
        [":9:", "study.vary.erod", "no such parameter", "did you mean 'erode'?"],
    ),
    "varied value out of range": (
        "erode: [0.2, 0.3]",
        "erode: [0.2, 3]",
        [":9:", "study.vary.erode.1", "out of range", "given: 3", "at most 1"],
    ),
    "varied value of the wrong type": (
        "erode: [0.2, 0.3]",
        "erode: [0.2, high]",
        [":9:", "study.vary.erode.1", "wrong type", 'given: "high"'],
    ),
    "varied value on a line of its own": (
        "erode: [0.2, 0.3]",
        "erode:\n      - 0.2\n      - 0.3\n      - -1",
        [":12:", "study.vary.erode.2", "given: -1"],
    ),
    "choice that is none": (
        "[building, always]",
        "[building, allways]",
        [":10:", "study.vary.ceiling.1", "given: allways", "did you mean 'always'?"],
    ),
    "nothing varied": (
        "erode: [0.2, 0.3]",
        "erode: []",
        [":9:", "study.vary.erode", "given: []", "at least 1 item"],
    ),
    "no list": ("erode: [0.2, 0.3]", "erode: 0.2", [":9:", "study.vary.erode", "a list"]),
    "value twice": (
        "erode: [0.2, 0.3]",
        "erode: [0.2, 0.2]",
        [":9:", "study.vary.erode.1", "there twice"],
    ),
    "list for a value": (
        "erode: [0.2, 0.3]",
        "erode: [[0.2], [0.3]]",
        [":9:", "study.vary.erode.0", "cannot be varied"],
    ),
    "no trials": ("block: 5", "trials: 0", [":11:", "study.trials", "at least 1"]),
    "trials where nothing is drawn": (
        "block: 5",
        "trials: 3",
        [":11:", "study.trials", "draws nothing"],
    ),
    "empty block": ("block: 5", "block: 0", [":11:", "study.block", "from 1 to"]),
    "unknown key of the study": (
        "block: 5",
        "blok: 5",
        [":11:", "study.blok", "unknown key", "did you mean 'block'?"],
    ),
    "unknown section": (
        "targets:",
        "target:",
        [":12:", "target", "unknown key", "did you mean 'targets'?"],
    ),
    "unknown measure": (
        "measure: negativity_ratio",
        "measure: negativity",
        [":14:", "targets.0.measure", "unknown measure", "did you mean 'negativity_ratio'?"],
    ),
    "unknown statistic": (
        "statistic: max",
        "statistic: maxx",
        [":21:", "targets.1.statistic", "did you mean 'max'?"],
    ),
    "unknown parameter to choose by": (
        "{ceiling: always",
        "{ceilin: always",
        [":20:", "targets.1.where.ceilin", "did you mean 'ceiling'?"],
    ),
    "value that no configuration has": (
        "{ceiling: always",
        "{erode: 0.25",
        [":20:", "targets.1.where.erode: no configuration has this", "given: 0.25", "0.2, 0.3"],
    ),
    "value that is not the shared one": (
        "forget: 0.03}",
        "forget: 0.04}",
        [":20:", "targets.1.where.forget: no configuration has this", "given: 0.04"],
    ),
    "one of several values that no configuration has": (
        "{ceiling: always",
        "{erode: [0.2, 0.25]",
        [":20:", "targets.1.where.erode.1: no configuration has this", "given: 0.25"],
    ),
    "empty text where numbers vary": (
        "{ceiling: always",
        '{erode: ""',
        [":20:", "targets.1.where.erode: no configuration has this", "allowed: 0.2, 0.3"],
    ),
    "true where numbers vary": (
        "{ceiling: always",
        "{erode: true",
        [":20:", "targets.1.where.erode: no configuration has this", "given: true"],
    ),
    "null to choose by": (
        "{ceiling: always",
        "{negativity_ratio: null",
        [":20:", "targets.1.where.negativity_ratio", "given: null"],
    ),
    "no value to choose by": (
        "{ceiling: always",
        "{erode: []",
        [":20:", "targets.1.where.erode: picks no configuration"],
    ),
    "misspelt use": (
        "use: coopetition/trust-targets",
        "uses: coopetition/trust-targets",
        ["experiment.uses", "must say what it uses", "did you mean 'use'?"],
    ),
    "misspelt experiment": ("experiment:", "eperiment:", ["did you mean 'experiment'?"]),
    "misspelt measure": (
        "measure: negativity_ratio",
        "measures: negativity_ratio",
        [":14:", "targets.0.measures", "unknown key", "did you mean 'measure'?"],
    ),
    "crossed thresholds": (
        "at_least: 2",
        "at_least: 2\n    at_most: 1",
        [":16:", "targets.0.at_most", "below at_least"],
    ),
    "text for the targets": (
        SWEEP[SWEEP.index("targets:") :],
        "targets: all\n",
        [":12:", "targets", "must be a list"],
    ),
    "other format": ("coopsim: 1", "coopsim: 2", [":1:", "coopsim", "given: 2"]),
    "number as title": ("title: A small sweep", "title: 7", [":2:", "title", "must be text"]),
    "too large": (
        "[0.05, 0.1, 0.15]",
        "[0.1]\n    amplify: " + str([i / 8 for i in range(2000)]) + "\n    damage: "
        + str([i / 4000 for i in range(3000)]),
        ["study.vary", "too many configurations", "24000000"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_is_said_with_its_place(cli: Cli, sweep: Path, change: str) -> None:
    old, new, expected = CHANGES[change]
    assert SWEEP.count(old) == 1
    sweep.write_text(SWEEP.replace(old, new))
    for verb in ("study", "check"):
        said = cli(verb, "small.yaml")
        assert said.code == 2
        assert said.err.count("\n") == 1
        assert said.err.startswith("small.yaml")
        for text in expected:
            assert text in said.err, said.err
    assert sorted(path.name for path in Path().iterdir()) == ["small.yaml"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("study.vary.erode=[2]", "--set: study.vary.erode.0: out of range"),
        ("study.vary.erod=[0.2]", "--set: study.vary.erod: coopetition/trust-targets has no such"),
        ("study.blok=3", "--set: study.blok: no such key in study"),
        ("experiment.forget=2", "--set: experiment.forget: out of range"),
        ("experiment.forgt=0.1", "--set: experiment.forgt: unknown key"),
        ("targets.0.measure=x", "--set: targets.0.measure: unknown measure"),
    ],
)
def test_what_is_wrong_with_set_is_said(cli: Cli, sweep: Path, given: str, said: str) -> None:
    done = cli("study", "small.yaml", "--set", given)
    assert done.code == 2
    assert done.err.startswith(said), done.err


def test_set_changes_what_is_measured(cli: Cli, sweep: Path) -> None:
    changed: list[Any] = ["--set", "study.vary.build=[0.2]", "--set", "experiment.damage=0.1"]
    changed += ["--set", "targets.0.at_least=100"]
    said = json.loads(cli("study", "small.yaml", "--out", "here", "--json", *changed).out)
    assert said["configurations"] == 4
    assert said["targets"][0]["met"] is False


def test_a_failing_block_is_named(cli: Cli, sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from coopsim.measure.targets.tr2 import TrustTargets

    whole = TrustTargets.measure

    def broken(self: Any, columns: Any) -> Any:
        if columns["build"].max() > 0.1:
            raise ZeroDivisionError("by the test")
        return whole(self, columns)

    monkeypatch.setattr(TrustTargets, "measure", broken)
    said = cli("study", "small.yaml", "--out", "here", "--workers", "1", "-q")
    assert said.code == 70  # nobody foresaw it
    assert "block (configurations 6 to 10) failed: ZeroDivisionError: by the test" in said.err
    assert "1 of 3 blocks done" in said.err
    assert len(list(Path("here/cells").iterdir())) == 1
