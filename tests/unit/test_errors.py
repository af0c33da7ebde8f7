"""Errors carry their parts, and survive the way back from a worker process."""

from __future__ import annotations

import pickle

import pytest

from coopsim.errors import (
    CheckFailed,
    CoopsimError,
    Interrupted,
    InvalidAction,
    MissingExtra,
    NoSuchForm,
    RunFolderBusy,
    ScenarioError,
    Unexpected,
    UnknownName,
    UserError,
    nearest,
)

ERRORS = [
    CoopsimError("plain"),
    UserError("must be above 0", file="a.yaml", line=3, key="game.gamma", given=-1, allowed="> 0"),
    ScenarioError("unknown key", key="gmae", nearest="game"),
    UnknownName("agent", "tit-for-tt", ["tit-for-tat", "random"], key="to"),
    RunFolderBusy("in use", given="runs/a"),
    CheckFailed("MySolver", "two runs differ", "seed the generator"),
    MissingExtra("install coopsim[learn]"),
    NoSuchForm("no normal form"),
    InvalidAction("nan"),
    Unexpected("failed", "Traceback ..."),
    Interrupted("stopped"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_comes_back_from_another_process_as_it_was(error: CoopsimError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__
    assert again.exit_code == error.exit_code


def test_every_error_of_the_tree_is_tried() -> None:
    def below(cls: type[CoopsimError]) -> set[type[CoopsimError]]:
        return {cls}.union(*(below(child) for child in cls.__subclasses__()))

    own = {cls for cls in below(CoopsimError) if cls.__module__ == "coopsim.errors"}
    assert own == {type(error) for error in ERRORS}


def test_a_message_is_one_to_read_however_long_its_parts_are() -> None:
    long = "x" * 100_000
    error = UserError(long, file="f", key=long, given=long, allowed=[long] * 1000, nearest="y")
    assert len(str(error)) < 5000
    assert str(error).endswith("did you mean 'y'?")
    assert len(str(UserError("wrong", allowed=long))) < 3000


def test_the_nearest_of_names_without_end() -> None:
    # each pair takes the product of its lengths
    assert nearest("ab" * 50_000, ["ab" * 50_000 + "c", "ba" * 50_000]) is None
    assert nearest("name", ["ab" * 50_000, "names"]) == "names"
