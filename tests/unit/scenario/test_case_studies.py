"""The four case studies as scenarios: they load, run, and name their rubric."""

from __future__ import annotations

from pathlib import Path

import pytest

from coopsim import registry
from coopsim.scenario.load import load
from coopsim.study.run import run

CASES = {
    "samsung-sony": "samsung-sony",
    "renault-nissan": "renault-nissan",
    "apache-project": "apache",
    "apple-app-store": "app-store",
}


@pytest.mark.parametrize(("name", "rubric"), CASES.items())
def test_every_policy_can_be_played(name: str, rubric: str) -> None:
    scenario = load(f"coopetition/{name}")
    assert scenario.compare.rubric == (rubric,)
    assert registry.lookup("rubric", rubric).load().name == rubric
    points = list(scenario.points())
    assert [point.policy for point in points] == list(scenario.policies)
    for point in points:
        assert point.game.rounds == scenario.point().game.rounds
        assert point.lineups


def test_phases_are_the_case_studies_quarters() -> None:
    """Source: section 4.2 and 4.4 of the case descriptions: periods of the phases."""
    alliance = load("coopetition/renault-nissan").point().game
    assert ([phase.start for phase in alliance.phases], alliance.horizon) == ([12, 52, 56], 79)
    store = load("coopetition/apple-app-store").point().game
    assert ([phase.start for phase in store.phases], store.horizon) == ([16, 36, 48, 54], 66)
    teams = [point.game.n for point in load("coopetition/apache-project").points()]
    assert teams == [8, 15, 40, 35]


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_short_run_proves_its_solutions(name: str, tmp_path: Path) -> None:
    """Law: every solution of the scenario is proved; one episode from one seed, no rubric."""
    done = run(
        f"coopetition/{name}",
        tmp_path / "run",
        report=False,
        overrides={"study.episodes": 1, "study.seeds": 1, "compare.rubric": []},
    )
    assert done.solutions["status"].is_in(["exact", "converged"]).all()
    assert done.measures.height
