"""Laws: three ways to write a value are one, and a hash is of what is meant."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from coopsim import yamlfile
from coopsim.cli.options import overrides
from coopsim.scenario.load import Scenario, load

share = st.floats(0, 1, allow_subnormal=False)
rate = st.floats(0.01, 1)
pair = st.floats(0, 1).map(lambda first: [first, 1 - first])

# paths that can be changed on their own, with values that are right
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "game.gamma": st.floats(0, 5, allow_subnormal=False),
    "game.shares": pair,
    "game.endowments": st.floats(1, 1000),
    "game.value.theta": st.floats(1, 50),
    "game.value.form": st.sampled_from(["logarithmic", "power"]),
    "game.interdependence": share,
    "game.reward": st.sampled_from(["private", "integrated", "cooperative"]),
    "game.trust.build": rate,
    "game.trust.initial": share,
    "game.horizon": st.integers(1, 50),
    "game.clip": st.booleans(),
    "game.end_below": st.none() | rate,
    "agents.reply.generosity": share,
    "agents.reply.patience": st.integers(1, 5),
    "agents.theory.concept": st.sampled_from(["nash", "coopetitive", "social optimum"]),
}
changes = st.fixed_dictionaries({}, optional=CHANGES).filter(bool)

BASE: dict[str, Any] = {
    "coopsim": 1,
    "title": "A test",
    "game": {"use": "coopetition/samsung-sony", "trust": {"build": 0.1}},
    "agents": {"theory": {"use": "equilibrium"}, "reply": {"use": "tit-for-tat", "first": 0.3}},
    "seats": {"1": "theory", "2": "reply"},
    "policies": {"status quo": {}},
}


def edited(patch: dict[str, Any]) -> dict[str, Any]:
    """`BASE` as somebody would write it who changes the file by hand."""
    data = copy.deepcopy(BASE)
    for path, value in patch.items():
        node = data
        *above, last = path.split(".")
        for key in above:
            node = node.setdefault(key, {})
        node[last] = value
    return data


def situation(scenario: Scenario, policy: str | None = None) -> tuple[Any, Any, Any]:
    point = scenario.point(policy)
    return point.game, dict(point.agents), point.lineups


@settings(deadline=None, max_examples=40)
@given(changes)
def test_a_policy_is_the_file_written_by_hand(patch: dict[str, Any]) -> None:
    patched = load({**BASE, "policies": {"status quo": {}, "new": patch}})
    assert situation(patched, "new") == situation(load(edited(patch)))
    assert patched.point("new").game.hash == load(edited(patch)).point().game.hash


@settings(deadline=None, max_examples=40)
@given(changes)
def test_a_sweep_is_the_file_written_by_hand(patch: dict[str, Any]) -> None:
    swept = load({**BASE, "study": {"vary": {path: [value] for path, value in patch.items()}}})
    (point,) = swept.points()
    assert (point.game, dict(point.agents), point.lineups) == situation(load(edited(patch)))


@settings(deadline=None, max_examples=40)
@given(changes)
def test_set_is_the_file_written_by_hand(patch: dict[str, Any]) -> None:
    by_hand = load(edited(patch))
    assert load(BASE, patch).hash == by_hand.hash
    # and as it is typed on the command line
    typed = [f"{path}={written(value)}" for path, value in patch.items()]
    assert load(BASE, overrides(typed)).resolved == by_hand.resolved


def written(value: Any) -> str:
    return yamlfile.dump({"x": value}).removeprefix("x:").strip()


def shuffled(value: Any, draw: Any, top: bool = True) -> Any:
    """The same mapping with its keys in another order."""
    if not isinstance(value, dict):
        return value
    keys = draw(st.permutations(list(value)))
    return {key: shuffled(value[key], draw, False) for key in keys}


@settings(deadline=None, max_examples=40)
@given(changes, st.data())
def test_the_hash_does_not_depend_on_the_order_of_keys(
    patch: dict[str, Any], data: st.DataObject
) -> None:
    plain = edited(patch)
    assert load(shuffled(plain, data.draw)).hash == load(plain).hash


@settings(deadline=None, max_examples=40)
@given(changes)
def test_the_hash_does_not_depend_on_defaults_being_written_out(patch: dict[str, Any]) -> None:
    scenario = load(edited(patch))
    assert load(scenario.resolved).hash == scenario.hash
    some = edited(patch) | {"study": {"episodes": 1}, "description": "", "compare": {}}
    assert load(some).hash == scenario.hash


@settings(deadline=None, max_examples=40)
@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=20))
def test_the_hash_does_not_depend_on_the_title(title: str) -> None:
    assert load({**BASE, "title": title, "description": title}).hash == load(BASE).hash


def test_the_hash_does_not_depend_on_where_the_file_is(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("# a comment\n" * (name == "b.yaml") + yamlfile.dump(BASE))
    assert load(tmp_path / "a.yaml").hash == load(tmp_path / "b.yaml").hash == load(BASE).hash


@settings(deadline=None, max_examples=25)
@given(changes, changes)
def test_scenarios_that_differ_have_different_hashes(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = load(edited(one)), load(edited(other))
    same = {**first.resolved, "title": ""} == {**second.resolved, "title": ""}
    assert (first.hash == second.hash) is same
