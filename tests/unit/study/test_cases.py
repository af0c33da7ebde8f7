"""Published rubrics in run folders: kept, read, made anew where damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import coopsim
from coopsim.measure.rubrics import rubric
from coopsim.measure.rubrics.rubric import assess
from coopsim.scenario.load import load
from coopsim.study import files
from coopsim.study.run import open_run, run
from coopsim.study.store import RUBRICS

SCENARIO: dict[str, Any] = {
    "coopsim": 1,
    "game": {"use": "coopetition/stage"},
    "solve": {"concepts": ["nash"]},
    "compare": {"measure": ["payoff"], "rubric": ["samsung-sony"]},
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the rubrics assessed so far; few draws."""
    made: list[str] = []

    def counted(held: rubric.Rubric) -> Any:
        made.append(held.name)
        return assess(held, draws=50)

    monkeypatch.setattr(rubric, "assess", counted)
    return made


def test_a_run_keeps_the_rubric_and_does_not_assess_it_twice(
    tmp_path: Path, calls: list[str]
) -> None:
    done = run(SCENARIO, tmp_path / "run", report=False)
    (case,) = done.rubrics
    assert (case.name, case.cards[0].points, len(case.cards[0].items)) == ("samsung-sony", 58, 24)
    run(SCENARIO, tmp_path / "run", report=False)
    assert calls == ["samsung-sony"]
    assert open_run(tmp_path / "run").rubrics == (case,)


def test_a_damaged_file_is_made_anew(tmp_path: Path, calls: list[str]) -> None:
    out = tmp_path / "run"
    run(SCENARIO, out, report=False)
    before = (out / RUBRICS).read_bytes()
    (out / RUBRICS).write_bytes(before.replace(b"58", b"60"))
    with pytest.raises(files.Damaged):
        _ = open_run(out).rubrics
    run(SCENARIO, out, report=False)
    assert (out / RUBRICS).read_bytes() == before
    assert len(calls) == 2


def test_fresh_drops_it(tmp_path: Path, calls: list[str]) -> None:
    out = tmp_path / "run"
    run(SCENARIO, out, report=False)
    run(SCENARIO, out, report=False, fresh=True)
    assert len(calls) == 2
    without = {**SCENARIO, "compare": {"measure": ["payoff"]}}
    run(without, out, report=False, fresh=True)
    assert not (out / RUBRICS).exists()
    assert open_run(out).rubrics == ()


def test_an_unknown_rubric_is_refused() -> None:
    given = {**SCENARIO, "compare": {"rubric": ["samsung"]}}
    with pytest.raises(coopsim.errors.UserError, match="samsung-sony") as caught:
        load(given)
    assert caught.value.key == "compare.rubric.0"
