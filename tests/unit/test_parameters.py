"""Parameter classes: built from plain data, explained in words, described for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from annotated_types import Ge, Gt, Le, Lt, MinLen

from coopsim import parameters, wording
from coopsim.errors import UnknownName, UserError
from coopsim.parameters import Names, Parameters


@dataclass(frozen=True, slots=True)
class Inner(Parameters):
    """Something inside."""

    rate: Annotated[float, Gt(0), Le(1)] = 0.5
    """how fast"""
    kind: Literal["slow", "fast"] = "slow"
    """how"""

    def __post_init__(self) -> None:
        """What ranges cannot say."""
        if self.kind == "fast" and self.rate < 0.1:
            raise UserError("too slow for fast", key="rate", given=self.rate)


@dataclass(frozen=True)
class Base(Parameters):
    """Has a parameter to inherit."""

    count: Annotated[int, Ge(1)] = 1
    """how many"""


@dataclass(frozen=True)
class Outer(Base):
    """Something with everything."""

    inner: Inner | None = Inner()
    """what is inside"""
    many: Annotated[tuple[Annotated[float, Ge(0), Lt(10)], ...], MinLen(1)] = (1.0,)
    """several"""
    either: Annotated[float, Ge(0)] | tuple[Inner, ...] = 0.0
    """one thing or the other"""
    concept: Annotated[str, Names("concept", ("auto",))] = "nash"
    """a registered name"""
    table: dict[str, float] = field(default_factory=dict)
    """numbers by name"""


def problem(data: dict[str, Any]) -> UserError:
    with pytest.raises(UserError) as caught:
        parameters.build(Outer, data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "path", "said"),
    [
        ({"inner": {"rate": 0}}, ("inner", "rate"), ["out of range", "above 0 and at most 1"]),
        ({"inner": {"rat": 1}}, ("inner", "rat"), ["unknown key", "did you mean 'rate'?"]),
        ({"inner": {"kind": "fats"}}, ("inner", "kind"), ["no such choice", "mean 'fast'?"]),
        ({"inner": 3}, ("inner",), ["wrong type", "a mapping or null"]),
        (
            {"inner": {"kind": "fast", "rate": 0.05}},
            ("inner", "rate"),
            ["too slow for fast", "given: 0.05"],
        ),
        ({"many": []}, ("many",), ["out of range", "at least 1 item"]),
        ({"many": [1, -1]}, ("many", 1), ["out of range", "a number of at least 0 and below 10"]),
        ({"many": [1, "x"]}, ("many", 1), ["wrong type", 'given: "x"']),
        ({"many": 1}, ("many",), ["wrong type", "given: 1", "a list of numbers"]),
        ({"either": -1}, ("either",), ["out of range", "a number of at least 0"]),
        ({"either": [{"rate": 5}]}, ("either", 0, "rate"), ["out of range", "given: 5"]),
        ({"either": "x"}, ("either",), ["wrong type", "or a list of mappings"]),
        ({"count": True}, ("count",), ["wrong type", "given: true", "a whole number"]),
        ({"count": 1.5}, ("count",), ["given: 1.5", "a whole number of at least 1"]),
        ({"count": None}, ("count",), ["wrong type", "given: null"]),
        ({"count": float("nan")}, ("count",), ["a whole number"]),
        ({"inner": {"rate": float("inf")}}, ("inner", "rate"), ["finite"]),
        ({"concept": "nsh"}, ("concept",), ["unknown concept", "did you mean 'nash'?"]),
        ({"concept": 3}, ("concept",), ["wrong type", "given: 3", "one of agent qre, "]),
        ({"table": {"a.b": "x"}}, ("table", "a.b"), ["wrong type", "a number"]),
        ({"cuont": 1}, ("cuont",), ["unknown key", "did you mean 'count'?"]),
        ({"table": {"a": {1, 2}}}, (), ["not plain data"]),
    ],
)
def test_what_is_wrong_is_said(
    data: dict[str, Any], path: tuple[Any, ...], said: list[str]
) -> None:
    error = problem(data)
    assert getattr(error, "path", ()) == path
    assert (error.key or "") == ".".join(map(str, path))
    assert [part for part in said if part not in str(error)] == []


def test_right_data_is_taken() -> None:
    made = parameters.build(
        Outer, {"inner": {"rate": 1}, "many": [1, 2.5], "concept": "auto", "table": {"a": 1}}
    )
    assert made == Outer(inner=Inner(1.0), many=(1.0, 2.5), concept="auto", table={"a": 1.0})
    assert parameters.build(Outer, parameters.dump(made)) == made
    assert parameters.build(Outer, {"many": np.array([1.0, 2.0])}).many == (1.0, 2.0)


def test_unknown_names_keep_their_kind() -> None:
    assert isinstance(problem({"concept": "nsh"}), UnknownName)


def test_inherited_parameters_and_factories_are_described() -> None:
    rows = {row["name"]: row for row in parameters.summary(Outer)}
    assert rows["count"] == {
        "name": "count",
        "type": "whole number",
        "range": "at least 1",
        "required": False,
        "default": 1,
        "description": "how many",
    }
    assert rows["table"]["default"] == {}
    assert rows["inner"]["description"] == "what is inside"


SCHEMA = parameters.json_schema(Outer)


@pytest.mark.parametrize(
    ("name", "kind", "span", "sentence"),
    [
        ("count", "whole number", "at least 1", "a whole number of at least 1"),
        ("inner", "mapping or null", "", "a mapping or null"),
        (
            "many",
            "list of numbers",
            "at least 1 item, each at least 0 and below 10",
            "a list of numbers, at least 1 item, each at least 0 and below 10",
        ),
        (
            "either",
            "number or list of mappings",
            "at least 0",
            "a number of at least 0 or a list of mappings",
        ),
        ("table", "mapping", "", "a mapping"),
    ],
)
def test_schemas_in_words(name: str, kind: str, span: str, sentence: str) -> None:
    node = SCHEMA["properties"][name]
    assert wording.kind(node, SCHEMA) == kind
    assert wording.span(node, SCHEMA) == span
    assert wording.sentence(node, SCHEMA) == sentence


def test_the_way_into_a_schema() -> None:
    assert wording.keys(SCHEMA, ("inner",)) == ["rate", "kind"]
    assert wording.keys(SCHEMA, ("either", 0)) == ["rate", "kind"]
    assert wording.keys(SCHEMA, ("count",)) == []
    assert wording.find(SCHEMA, ("nowhere", 3)) == {}
    assert wording.sentence(wording.find(SCHEMA, ("many", 0)), SCHEMA).startswith("a number")
