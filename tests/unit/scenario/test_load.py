"""Loading: what a scenario says once it is read, and where errors point."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coopsim import yamlfile
from coopsim.errors import UnknownName, UserError
from coopsim.scenario.load import Lineup, load

SHIPPED = "coopetition/samsung-sony"


def test_the_shipped_scenario() -> None:
    scenario = load(SHIPPED)
    assert scenario.name == "samsung-sony"
    assert next(iter(scenario.policies)) == "status quo"
    assert len(scenario.policies) >= 4
    assert len(scenario.resolved["agents"]) >= 5
    point = scenario.point()
    assert point.policy == "status quo"
    assert point.game.labels == ("Samsung", "Sony")
    assert point.data["game"]["gamma"] == 0.65
    assert point.lineups[0] == Lineup("nash", ("nash", "nash"))


def test_ways_to_name_a_file(
    plain: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "project/scenarios/trade/tariffs.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yamlfile.dump(plain))
    wanted = load(plain).hash
    monkeypatch.chdir(tmp_path / "project")
    for name in ("trade/tariffs", "tariffs", "scenarios/trade/tariffs.yaml", str(path), path):
        scenario = load(name)
        assert (scenario.name, scenario.hash) == ("tariffs", wanted)


def test_games_and_agents_beside_the_scenario_are_found(tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    (tmp_path / "games/port.yaml").write_text("coopsim: 1\nuse: coopetition/stage\ngamma: 0.1\n")
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/mild.yaml").write_text("coopsim: 1\nuse: constant\nlevel: 0.2\n")
    (tmp_path / "study.yaml").write_text(
        "coopsim: 1\ngame: {use: port}\nagents: {a: {use: mild}}\nseats: {1-: a}\n"
    )
    point = load(tmp_path / "study.yaml").point()
    assert point.data["game"]["gamma"] == 0.1
    assert point.data["agents"]["a"]["level"] == 0.2


def test_the_least_scenario() -> None:
    scenario = load({"coopsim": 1, "game": {"use": "coopetition/stage"}})
    assert scenario.title == "scenario"
    assert scenario.policies == {"status quo": {}}
    assert scenario.seeds() == (0,)
    assert scenario.solve.concepts == ("nash", "social optimum")
    assert scenario.compare.to == scenario.solve.concepts
    assert "welfare" in scenario.compare.measure
    (point,) = scenario.points()
    assert (point.agents, point.lineups) == ({}, ())


def test_concepts_to_compare_with_are_solved(plain: dict[str, Any]) -> None:
    plain["solve"], plain["compare"] = {"concepts": ["nash"]}, {"to": ["baseline", "nash"]}
    scenario = load(plain)
    assert scenario.solve.concepts == ("nash", "baseline")
    assert scenario.compare.to == ("baseline", "nash")


def test_points_cross_the_sweep_with_the_policies(plain: dict[str, Any]) -> None:
    points = list(load(plain).points())
    assert len(points) == 2 * 2 * 2
    assert [point.policy for point in points[:3]] == ["status quo", "more", "status quo"]
    assert points[0].at == {"game.horizon": 5, "game.gamma": 0.1}
    assert points[0].data["game"]["gamma"] == 0.1
    # a policy is imposed on the situation: it wins over the sweep
    assert points[1].data["game"] == {**points[0].data["game"], "gamma": 0.8}


def test_points_do_not_share_what_changes(plain: dict[str, Any]) -> None:
    scenario = load(plain)
    before = copy.deepcopy(scenario.resolved)
    list(scenario.points())
    assert scenario.resolved == before
    assert scenario.data["game"] == plain["game"]


def test_python_data_is_copied_and_made_plain(plain: dict[str, Any]) -> None:
    plain["game"]["shares"] = (np.float64(0.5), 0.5)
    plain["seats"] = {1: "nash", 2: "give"}
    scenario = load(plain)
    plain["game"]["shares"] = None
    assert scenario.resolved["game"]["shares"] == [0.5, 0.5]
    assert scenario.point().lineups == (Lineup("nash / give", ("nash", "give")),)


def test_seeds_are_counted_or_listed(plain: dict[str, Any]) -> None:
    assert load(plain).seeds() == (0, 1)
    plain["study"]["seeds"] = [7, 3]
    assert load(plain).seeds() == (7, 3)


def test_what_check_prints_is_the_same_scenario(plain: dict[str, Any]) -> None:
    for scenario in (load(plain), load(SHIPPED)):
        again = load(yamlfile.parse(yamlfile.dump(scenario.resolved)).data)
        assert again.resolved == scenario.resolved
        assert again.hash == scenario.hash


def test_the_reference_policy_counts(plain: dict[str, Any]) -> None:
    before = load(plain).hash
    plain["policies"] = dict(reversed(plain["policies"].items()))
    assert load(plain).hash != before


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("game", "gamma", 0.66),
        ("agents", "give", {"use": "constant", "level": 0.5}),
        ("policies", "more", {"game.gamma": 0.81}),
        ("study", "seeds", 3),
    ],
)
def test_what_decides_results_changes_the_hash(
    section: str, key: str, value: Any, plain: dict[str, Any]
) -> None:
    before = load(plain).hash
    plain[section][key] = value
    assert load(plain).hash != before


def test_a_policy_may_change_several_keys_that_depend_on_each_other(plain: dict[str, Any]) -> None:
    plain["seats"] = {"1-": "nash"}
    plain["policies"]["three"] = {
        "game.players": ["A", "B", "C"],
        "game.interdependence": 0.3,
        "game.shares": [0.2, 0.3, 0.5],
    }
    assert load(plain).point("three").game.labels == ("A", "B", "C")


def test_a_policy_may_change_who_plays_how(plain: dict[str, Any]) -> None:
    plain["policies"]["kinder"] = {"agents.give.level": 0.9, "agents.v1.2.generosity": 0.5}
    point = load(plain).point("kinder")
    assert point.data["agents"]["give"]["level"] == 0.9
    assert point.data["agents"]["v1.2"]["generosity"] == 0.5


def test_a_policy_may_take_another_game(plain: dict[str, Any]) -> None:
    plain["study"] = {}
    plain["policies"]["once"] = {"game.use": "coopetition/stage", "game.trust": 0.5}
    plain["seats"] = {"1-2": "nash"}
    assert load(plain).point("once").data["game"]["trust"] == 0.5


def test_an_unknown_policy(plain: dict[str, Any]) -> None:
    with pytest.raises(UnknownName, match="did you mean 'more'"):
        load(plain).point("mor")


def test_an_error_under_a_policy_says_so(plain: dict[str, Any]) -> None:
    plain["policies"]["three"] = {"game.use": "coopetition/stage", "game.players": 3}
    plain["study"] = {}
    with pytest.raises(UserError, match=r"no agent for .*\(under policy 'three'\)"):
        load(plain)


def test_an_action_outside_the_game_is_refused_before_play(plain: dict[str, Any]) -> None:
    plain["agents"]["give"] = {"use": "constant", "action": 500}
    assert load(plain)  # this game clips
    plain["game"] = {"use": "coopetition/stage", "players": ["Samsung", "Sony"]}
    plain["study"] = {}
    with pytest.raises(UserError) as caught:
        load(plain)
    assert caught.value.key == "agents.give.action"
    assert caught.value.allowed == "0 to 100"


def test_overrides_point_at_themselves_and_other_errors_at_the_file(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("coopsim: 1\ngame:\n  use: coopetition/stage\n  shares: [0.5, 0.5]\n")
    with pytest.raises(UserError) as caught:
        load(path, {"game.gamma": -1})
    assert (caught.value.file, caught.value.line) == ("--set", None)
    with pytest.raises(UserError) as caught:
        load(path, {"game.players": 3})
    assert (caught.value.file, caught.value.line, caught.value.key) == (str(path), 4, "game.shares")


def test_overrides_may_depend_on_each_other() -> None:
    scenario = load(
        SHIPPED, {"game.horizon": 7, "game.trust": None, "agents.nash.concept": "baseline"}
    )
    assert scenario.resolved["game"]["trust"] is None
    assert scenario.resolved["agents"]["nash"]["concept"] == "baseline"
    three = load(
        {"coopsim": 1, "game": {"use": "coopetition/stage", "shares": [0.5, 0.5]}},
        {"game.players": 3, "game.shares": [0.2, 0.3, 0.5]},
    )
    assert three.point().game.n == 3


def test_a_file_below_the_working_directory_is_shown_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/bad.yaml").write_text("coopsim: 1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^scenarios.bad.yaml:1: game: missing"):
        load("bad")
