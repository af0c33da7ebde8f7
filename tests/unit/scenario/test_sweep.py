"""Paths: found, changed, blamed."""

from __future__ import annotations

from typing import Any

import pytest

from coopsim.errors import UserError
from coopsim.scenario import place, sweep
from coopsim.scenario.load import load

DATA = {
    "game": {"use": "g", "trust": {"build": 0.1}, "matrix": [[0, 1], [2, 3]], "players": 2},
    "agents": {"v1": {"use": "a"}, "v1.2": {"use": "b", "level": 1}},
}


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("game", ("game",)),
        ("game.trust.build", ("game", "trust", "build")),
        ("game.matrix.1.0", ("game", "matrix", 1, 0)),
        ("agents.v1.use", ("agents", "v1", "use")),
        ("agents.v1.2.level", ("agents", "v1.2", "level")),
    ],
)
def test_a_path_is_the_longest_keys_that_exist(path: str, keys: tuple[Any, ...]) -> None:
    assert sweep.keys(path, DATA) == keys
    assert sweep.exists(path, DATA)


@pytest.mark.parametrize(
    ("path", "problem", "close"),
    [
        ("game.trust.bild", "no such key in game.trust", "game.trust.build"),
        ("game.build", "no such key in game", "game.trust.build"),
        ("game.matrix.2.0", "no such key in game.matrix", "game.matrix"),
        ("game.matrix.x", "no such key in game.matrix", "game.matrix"),
        ("game.players.0", "game.players has no keys below it", None),
        ("agents.v2.use", "no such key in agents", "agents.v1.2"),
        ("", "no such key in the scenario", None),
        ("game..use", "no such key in game", "game.use"),
    ],
)
def test_a_path_that_is_none(path: str, problem: str, close: str | None) -> None:
    assert not sweep.exists(path, DATA)
    with pytest.raises(UserError) as caught:
        sweep.keys(path, DATA)
    assert caught.value.problem == problem
    assert caught.value.nearest == close


def same(data: Any) -> Any:
    """Resolves to what is written over `DATA`."""
    return {"game": {**DATA["game"], **data["game"]}, "agents": DATA["agents"]}


def test_applying_changes_a_copy() -> None:
    written: dict[str, Any] = {"game": {"use": "g"}}
    data, resolved = sweep.apply(written, DATA, {"game.trust.build": 0.2, "game.players": 3}, same)
    assert written == {"game": {"use": "g"}}
    assert data == {"game": {"use": "g", "trust": {"build": 0.2}, "players": 3}}
    assert resolved["game"]["players"] == 3


def test_an_item_of_a_list_brings_the_whole_list() -> None:
    data, _ = sweep.apply({"game": {"use": "g"}}, DATA, {"game.matrix.0.1": 9}, same)
    assert data["game"]["matrix"] == [[0, 9], [2, 3]]
    assert DATA["game"]["matrix"] == [[0, 1], [2, 3]]


def test_only_some_sections_may_be_changed() -> None:
    with pytest.raises(UserError, match=r"begin with game, agents; did you mean 'game\.players'"):
        sweep.apply(DATA, DATA, {"players": 3}, same)


def picky(data: Any) -> Any:
    """Refuses a matrix that has not as many rows as there are players."""
    made = same(data)
    if len(made["game"]["matrix"]) != made["game"]["players"]:
        raise place.at("needs a row a player", ("game", "matrix"), given=made["game"]["matrix"])
    return made


def test_changes_that_fit_together_pass_in_any_order() -> None:
    fits = {"game.players": 1, "game.matrix": [[0]]}
    for changes in (fits, dict(reversed(fits.items()))):
        data, _ = sweep.apply({"game": {}}, DATA, changes, picky)
        assert data["game"] == {"players": 1, "matrix": [[0]]}


def test_the_change_at_fault_is_named() -> None:
    with pytest.raises(UserError) as caught:
        sweep.apply({"game": {}}, DATA, {"game.use": "h", "game.matrix": []}, picky)
    assert place.path_of(caught.value) == ("game.matrix",)
    with pytest.raises(UserError) as caught:
        sweep.apply({"game": {}}, DATA, {"game.trust.build": 0.3, "game.players": 3}, picky)
    assert place.path_of(caught.value) == ("game.players",)
    assert caught.value.problem == "makes game.matrix wrong: needs a row a player"


def test_use_is_changed_first() -> None:
    seen = []

    def watch(data: Any) -> Any:
        seen.append(dict(data["game"]))
        return same(data)

    sweep.apply({"game": {}}, DATA, {"game.players": 3, "game.use": "h"}, watch)
    assert seen[0] == {"use": "h"}


def test_combinations_vary_the_last_path_fastest() -> None:
    assert list(sweep.combinations({"a": [1, 2], "b": [3, 4]})) == [
        {"a": 1, "b": 3},
        {"a": 1, "b": 4},
        {"a": 2, "b": 3},
        {"a": 2, "b": 4},
    ]
    assert list(sweep.combinations({})) == [{}]


def test_a_policy_can_change_what_an_agent_is_also_in_a_resolved_file() -> None:
    """Law: a resolved file, its defaults written out, means what the written file means.

    The old agent's defaults must not stand in the way of the new one's keys, and the new
    one's keys are looked up in the new one.
    """
    written = {
        "coopsim": 1,
        "game": {"use": "coopetition/samsung-sony", "horizon": 5},
        "agents": {"a": {"use": "tit-for-tat"}, "b": {"use": "constant", "level": 0.3}},
        "seats": {"1": "a", "2": "b"},
        "policies": {
            "now": {},
            "random": {"agents.a.use": "random"},
            "constant": {"agents.a.use": "constant", "agents.a.level": 0.2},
        },
    }
    scenario = load(written)
    again = load(scenario.resolved)
    for policy in written["policies"]:
        assert again.point(policy).agents == scenario.point(policy).agents
    assert again.point("constant").agents["a"].level == 0.2
