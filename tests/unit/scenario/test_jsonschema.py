"""The JSON Schema: right files pass it, wrong ones do not, and it knows what can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from coopsim import catalogue, content, registry, yamlfile
from coopsim.scenario.jsonschema import scenario_schema
from coopsim.scenario.load import load
from coopsim.scenario.schema import KEYS
from coopsim.scenario.sweepfile import is_sweep
from coopsim.scenario.template import template


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = scenario_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(validator: Draft202012Validator, data: Any) -> list[str]:
    return [error.message for error in validator.iter_errors(data)]


def test_every_shipped_scenario_passes_as_written_and_resolved(
    validator: Draft202012Validator,
) -> None:
    for name, path in content.names("scenarios").items():
        if is_sweep(yamlfile.read(path).data):
            continue  # a file of another shape
        assert problems(validator, yamlfile.read(path).data) == [], name
        assert problems(validator, load(name).resolved) == [], name


def test_a_new_scenario_passes(validator: Draft202012Validator) -> None:
    for game in catalogue.known("game"):
        if catalogue.entry("game", game).cls.card.actions == "continuous":
            assert problems(validator, yamlfile.parse(template(game, "new")).data) == []


def test_what_the_loader_takes_passes(
    validator: Draft202012Validator, plain: dict[str, Any]
) -> None:
    load(plain)
    assert problems(validator, plain) == []
    plain["game"] = {"use": "games/coopetition/samsung-sony.yaml", "gamma": 0.5}
    assert problems(validator, plain) == []
    plain["game"] = {"use": "samsung-sony", "gamma": 0.5}
    assert problems(validator, plain) == []


WRONG: dict[str, Any] = {
    "no format": ("coopsim", None),
    "other format": ("coopsim", 2),
    "no game": ("game", None),
    "unknown section": ("studdy", {}),
    "number as a title": ("title", 3),
    "text as the game": ("game", "coopetition/stage"),
    "unknown game": ("game", {"use": "coopetition/stge"}),
    "unknown key of the game": ("game", {"use": "coopetition/stage", "gama": 1}),
    "key of another game": ("game", {"use": "coopetition/stage", "horizon": 3}),
    "out of range": ("game", {"use": "coopetition/samsung-sony", "gamma": -1}),
    "wrong type": ("game", {"use": "samsung-sony", "gamma": "high"}),
    "unknown key inside": ("game", {"use": "samsung-sony", "trust": {"bild": 0.1}}),
    "unknown agent": ("agents", {"a": {"use": "konstant"}}),
    "agent without use": ("agents", {"a": {"level": 1}}),
    "unknown key of an agent": ("agents", {"a": {"use": "constant", "levl": 1}}),
    "unknown concept of an agent": ("agents", {"a": {"use": "equilibrium", "concept": "nsh"}}),
    "number in a seat": ("seats", {"1-2": 3}),
    "empty seats": ("seats", []),
    "no seats": ("seats", None),
    "empty policies": ("policies", {}),
    "policy without its root": ("policies", {"a": {"gamma": 1}}),
    "policy on the study": ("policies", {"a": {"study.seeds": 1}}),
    "sweep without its root": ("study", {"vary": {"gamma": [1]}}),
    "sweep over nothing": ("study", {"vary": {"game.gamma": []}}),
    "unknown key of the study": ("study", {"episode": 1}),
    "no episodes": ("study", {"episodes": 0}),
    "unknown concept": ("solve", {"concepts": ["nsh"]}),
    "unknown solver": ("solve", {"methods": {"nash": "newtn"}}),
    "unknown measure": ("compare", {"measure": ["wellfare"]}),
    "confidence of one": ("compare", {"confidence": 1}),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_does_not_pass(
    case: str, validator: Draft202012Validator, plain: dict[str, Any]
) -> None:
    key, value = WRONG[case]
    wrong = {**plain, key: value} if value is not None else {k: plain[k] for k in plain if k != key}
    assert problems(validator, wrong)


def test_every_key_says_what_it_means(validator: Draft202012Validator) -> None:
    properties = validator.schema["properties"]
    assert {key: node["description"] for key, node in properties.items()} == KEYS
    for section in ("study", "solve", "compare"):
        for name, node in properties[section]["properties"].items():
            assert node.get("description"), (section, name)
    for kind in ("game", "agents"):
        cases = properties[kind].get("allOf") or properties[kind]["additionalProperties"]["allOf"]
        for case in cases:
            for name, node in case["then"]["properties"].items():
                assert name == "use" or node.get("description") or "$ref" in node, (case, name)


def test_a_content_file_shows_its_own_defaults(validator: Draft202012Validator) -> None:
    for case in validator.schema["properties"]["game"]["allOf"]:
        if "coopetition/trust-dilemma" in case["if"]["properties"]["use"]["enum"]:
            assert case["then"]["properties"]["gamma"]["default"] == 0.70
            assert case["if"]["properties"]["use"]["enum"] == [
                "coopetition/trust-dilemma",
                "trust-dilemma",
            ]


def test_everything_registered_is_in_it(validator: Draft202012Validator) -> None:
    text = str(validator.schema)
    for kind in ("game", "agent", "concept", "solver", "measure"):
        for name in registry.registrations(kind):
            assert f"'{name}'" in text


def test_games_of_the_project_are_in_it_and_broken_ones_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    (tmp_path / "games/port.yaml").write_text("coopsim: 1\nuse: coopetition/stage\ngamma: 0.1\n")
    (tmp_path / "games/bad.yaml").write_text("coopsim: 1\nuse: [\n")
    validator = Draft202012Validator(scenario_schema(tmp_path))
    assert not problems(validator, {"coopsim": 1, "game": {"use": "port", "gamma": 1}})
    assert problems(validator, {"coopsim": 1, "game": {"use": "port", "gama": 1}})
    assert problems(validator, {"coopsim": 1, "game": {"use": "bad"}})
