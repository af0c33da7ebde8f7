"""A parameter that a game cannot have gets one message: key, value, what is allowed, nearest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from coopsim.errors import UnknownName, UserError
from coopsim.games.catalogue import make_game

REPEATED = "coopetition/repeated"
NAMED = {"players": ["Ann", "Bob"]}


def refusal(name: str = REPEATED, **parameters: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        make_game(name, **parameters)
    assert caught.value.exit_code == 2
    return caught.value


def dependency(**changed: Any) -> dict[str, Any]:
    return {**NAMED, "interdependence": [{"depender": "Ann", "dependee": "Bob", **changed}]}


@pytest.mark.parametrize(
    ("parameters", "key", "given", "allowed"),
    [
        # numbers out of range, each end of the range on its own
        ({"gamma": -0.1}, "gamma", "-0.1", "at least 0"),
        ({"gamma": math.nan}, "gamma", "NaN", "a number"),
        ({"gamma": math.inf}, "gamma", "Infinity", "a number"),
        ({"horizon": 0}, "horizon", "0", "whole number from 1"),
        ({"horizon": 1_000_001}, "horizon", "1000001", "whole number from 1"),
        ({"players": 1}, "players", "1", "from 2 to 1000"),
        ({"players": 1001}, "players", "1001", "from 2 to 1000"),
        ({"players": ["Ann"]}, "players", "Ann", "at least 2 items"),
        ({"endowments": 0}, "endowments", "0", "above 0"),
        ({"endowments": [100, -1]}, "endowments.1", "-1", "above 0"),
        ({"shares": [1.2, -0.2]}, "shares.1", "-0.2", "at least 0"),
        ({"interdependence": 1.2}, "interdependence", "1.2", "from 0 to 1"),
        ({"interdependence": -0.2}, "interdependence", "-0.2", "from 0 to 1"),
        ({"trust": {"build": 0}}, "trust.build", "0", "above 0 and at most 1"),
        ({"trust": {"erode": 1.1}}, "trust.erode", "1.1", "above 0 and at most 1"),
        ({"trust": {"initial": 2}}, "trust.initial", "2", "from 0 to 1"),
        ({"value": {"beta": 1.5}}, "value.beta", "1.5", "above 0 and at most 1"),
        ({"value": {"theta": 0}}, "value.theta", "0", "above 0"),
        ({"baseline": -1}, "baseline", "-1", "at least 0"),
        ({"end_below": 0}, "end_below", "0", "above 0 and at most 1"),
        (dependency(importance=2), "interdependence.0.importance", "2", "from 0 to 1"),
        # wrong types: nothing is guessed
        ({"gamma": "0.5"}, "gamma", "0.5", "a number"),
        ({"gamma": True}, "gamma", "true", "a number"),
        ({"horizon": 2.5}, "horizon", "2.5", "a whole number"),
        ({"clip": "no"}, "clip", "no", "true or false"),
        ({"trust": {"build": [0.1]}}, "trust.build", "0.1", "a number"),
        # what only the whole set of parameters can say
        ({"shares": [0.5, 0.6]}, "shares", "[0.5, 0.6]", "sum to 1"),
        ({"shares": [1.0]}, "shares", "[1]", "one entry a player, that is 2"),
        ({"endowments": [100.0] * 3}, "endowments", "[100, 100, 100]", "that is 2"),
        ({"baseline": [30.0]}, "baseline", "[30]", "that is 2"),
        ({"reward": ["private"]}, "reward", "private", "that is 2"),
        ({"players": ["Ann", "Ann"]}, "players", "Ann", "two players have one name"),
        ({"end_below": 0.1, "trust": None}, "end_below", "", "needs trust"),
        # the interdependence matrix
        ({"interdependence": [[0, 1.5], [0.5, 0]]}, "interdependence", "1.5", "between 0 and 1"),
        ({"interdependence": [[0, -1], [0.5, 0]]}, "interdependence", "-1", "between 0 and 1"),
        ({"interdependence": [[0.1, 0.5], [0.5, 0]]}, "interdependence", "0.1", "diagonal is 0"),
        ({"interdependence": [[0, 0.5]]}, "interdependence", "0.5", "2 rows of 2 numbers"),
        ({"interdependence": [[0, 1], [1]]}, "interdependence", "[1]", "2 rows of 2 numbers"),
        ({"interdependence": np.zeros((2, 3))}, "interdependence", "0, 0, 0", "2 rows of 2"),
        ({"interdependence": [[0, math.nan], [1, 0]]}, "interdependence.0.1", "NaN", "a number"),
        (dependency(dependee="Ann"), "interdependence.0.dependee", "Ann", "depend on itself"),
    ],
)
def test_a_value_that_cannot_be_used(
    parameters: dict[str, Any], key: str, given: str, allowed: str
) -> None:
    error = refusal(**parameters)
    assert error.key == key
    for part in (key, given, allowed):
        assert part in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("parameters", "key", "given", "nearest"),
    [
        ({"gama": 0.5}, "gama", "gama", "gamma"),
        ({"trust": {"bild": 0.1}}, "trust.bild", "bild", "build"),
        ({"reward": "privat"}, "reward", "privat", "private"),
        ({"value": {"form": "powr"}}, "value.form", "powr", "power"),
        ({"formulation": "reports"}, "formulation", "reports", "report"),
        (dependency(dependee="Bop"), "interdependence.0.dependee", "Bop", "Bob"),
        (dependency(depender="An"), "interdependence.0.depender", "An", "Ann"),
        (dependency(type="gaol"), "interdependence.0.type", "gaol", "goal"),
        (dependency(weight=1), "interdependence.0.weight", "weight", None),
    ],
)
def test_a_name_that_is_not_known(
    parameters: dict[str, Any], key: str, given: str, nearest: str | None
) -> None:
    error = refusal(**parameters)
    assert error.key == key
    assert error.nearest == nearest
    assert given in str(error)
    assert error.allowed
    assert nearest is None or f"did you mean {nearest!r}?" in str(error)


def test_an_unknown_key_lists_those_there_are() -> None:
    assert set(refusal("coopetition/stage", gama=0.5).as_dict()["allowed"]) == {
        "players",
        "endowments",
        "shares",
        "value",
        "gamma",
        "interdependence",
        "denominator",
        "reward",
        "trust",
    }


def test_parameters_given_on_top_of_a_file_are_checked_with_it() -> None:
    # the file names two players and gives two shares
    error = refusal("coopetition/samsung-sony", players=["Samsung", "Sony", "LG"])
    assert error.key == "shares"
    assert "that is 3" in str(error)


def test_a_game_that_is_not_known() -> None:
    with pytest.raises(UnknownName) as caught:
        make_game("coopetition/samsung_sony")
    assert caught.value.nearest == "coopetition/samsung-sony"
    assert "coopetition/repeated" in caught.value.allowed


def test_every_form_of_interdependence_gives_its_matrix() -> None:
    network = dependency(criticality=0.4)
    matrix = {**NAMED, "interdependence": [[0, 0.4], [0, 0]]}
    for parameters in (network, matrix):
        game: Any = make_game(REPEATED, **parameters)
        assert game.dependence.tolist() == [[0, 0.4], [0, 0]]
    number: Any = make_game(REPEATED, interdependence=0.4)
    assert number.dependence.tolist() == [[0, 0.4], [0.4, 0]]


def test_numpy_numbers_and_arrays_are_taken_as_plain_ones() -> None:
    given: Any = make_game(
        REPEATED, gamma=np.float64(0.5), players=np.int64(3), interdependence=np.zeros((3, 3))
    )
    plain = make_game(REPEATED, gamma=0.5, players=3, interdependence=[[0.0] * 3] * 3)
    assert given == plain
    assert given.hash == plain.hash
