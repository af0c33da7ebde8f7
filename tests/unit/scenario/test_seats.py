"""Seats: every player once, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coopsim.errors import UserError
from coopsim.scenario.place import path_of
from coopsim.scenario.seats import assign, lineup_name

PLAYERS = ("North", "South", "East", "West")


@pytest.mark.parametrize(
    ("seats", "assigned"),
    [
        ({"1-4": "a"}, "aaaa"),
        ({"1-": "a"}, "aaaa"),
        ({"1": "a", "2-3": "b", "4": "a"}, "abba"),
        ({"West": "b", "1-3": "a"}, "aaab"),
        ({"1-4": "a", "5-": "b"}, "aaaa"),
        ({"3-": "b", "1-2": "a"}, "aabb"),
    ],
)
def test_seats_are_filled(seats: dict[str, str], assigned: str) -> None:
    assert assign(seats, PLAYERS, ["a", "b"]) == tuple(assigned)


def test_a_name_that_looks_like_a_number_is_a_name() -> None:
    assert assign({"2": "a", "1": "b"}, ("2", "1"), ["a", "b"]) == ("a", "b")


@pytest.mark.parametrize(
    ("seats", "key", "problem"),
    [
        ({"1-3": "a"}, None, "no agent for West"),
        ({}, None, "no agent for North, South, East, West"),
        ({"1-4": "a", "2": "b"}, "2", "South is seated twice, already by 1-4: a"),
        ({"1-": "a", "North": "b"}, "North", "North is seated twice"),
        ({"0-4": "a"}, "0-4", "no such player"),
        ({"1-5": "a"}, "1-5", "no such player"),
        ({"4-1": "a"}, "4-1", "runs backwards"),
        ({"1 - 4": "a"}, "1 - 4", "no such player"),
        ({"-1": "a"}, "-1", "no such player"),
        ({"Nort": "a"}, "Nort", "no such player"),
        ({"١": "a"}, "١", "no such player"),  # another script's digit
        ({"1" * 5000: "a"}, "1" * 5000, "no such player"),
        ({"1-4": "c"}, "1-4", "no such agent"),
    ],
)
def test_seats_that_cannot_be_filled(seats: dict[str, str], key: str | None, problem: str) -> None:
    with pytest.raises(UserError) as caught:
        assign(seats, PLAYERS, ["a", "b"])
    assert path_of(caught.value) == (() if key is None else (key,))
    assert caught.value.problem.startswith(problem)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=9), st.data())
def test_names_numbers_and_ranges_say_the_same(agents: list[str], data: st.DataObject) -> None:
    players = [f"p{i}" for i in range(len(agents))]
    seats: dict[str, str] = {}
    start = 0
    while start < len(agents):
        end = start
        while end + 1 < len(agents) and agents[end + 1] == agents[start]:
            end += 1
        if end > start and data.draw(st.booleans()):
            last = "" if end == len(agents) - 1 and data.draw(st.booleans()) else str(end + 1)
            seats[f"{start + 1}-{last}"] = agents[start]
            start = end + 1
        else:
            name = players[start] if data.draw(st.booleans()) else str(start + 1)
            seats[name] = agents[start]
            start += 1
    assert assign(seats, players, ["a", "b", "c"]) == tuple(agents)


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=6))
def test_different_line_ups_have_different_names(agents: list[str]) -> None:
    name = lineup_name(agents)
    runs = [part.rsplit(" x", 1) for part in name.split(" / ")]
    if len(runs) == 1:
        assert set(agents) == {name}
    else:
        spelled = [run[0] for run in runs for _ in range(int(run[1]) if len(run) > 1 else 1)]
        assert spelled == agents
