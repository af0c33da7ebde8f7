from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from coopsim.report.facts import Facts, Who
from coopsim.report.readings import Reading, pairs, read

NASH, LOW, ANY = Who("theory", "nash"), Who("agents", "low"), Who("agents", "any")
AT, STATUS_QUO, CHANGED = "{}", "status quo", "more synergy"
RATE = "cooperation rate"


def test_levels_are_means_over_seeds_with_their_ends(make: Callable[..., Any]) -> None:
    facts = Facts(make())
    found = facts.levels[STATUS_QUO, AT, ANY, RATE]
    assert found.mean == pytest.approx(0.501)
    assert (found.low, found.high) == pytest.approx((0.5, 0.502))
    assert facts.player_levels[(STATUS_QUO, AT, NASH, "payoff"), "Bob"].mean == pytest.approx(30)


def test_a_measure_of_single_players_gets_a_mean_and_its_effect(make: Callable[..., Any]) -> None:
    facts = Facts(make())
    assert facts.levels[CHANGED, AT, NASH, "payoff"].mean == pytest.approx(40)
    effect = facts.effects[CHANGED, AT, ANY, "payoff"]
    assert effect.effect == pytest.approx(-5.1)
    assert effect.low is not None
    assert effect.low < -5.1 < effect.high


def test_order(make: Callable[..., Any]) -> None:
    facts = Facts(make())
    assert facts.policies == (STATUS_QUO, CHANGED)
    assert facts.measures == (RATE, "payoff")
    assert [who.name for who in (*facts.concepts, *facts.lineups)] == [
        "nash", "social optimum", "low", "any",
    ]  # fmt: skip
    assert facts.players == ("Ann", "Bob")


def test_readings(make: Callable[..., Any]) -> None:
    facts = Facts(make())
    assert read(facts, CHANGED, AT, RATE, LOW) is Reading.NONE
    assert read(facts, CHANGED, AT, RATE, ANY) is Reading.OPPOSITE
    found = {(pair.concept.name, pair.lineup.name): pair for pair in pairs(facts, AT, RATE)}
    assert len(found) == 4
    assert [key for key, pair in found.items() if pair.opposite] == [
        ("nash", "any"), ("social optimum", "any"),
    ]  # fmt: skip
    assert found["nash", "any"].gap == pytest.approx(0.151)


@pytest.mark.parametrize(
    ("effects", "reading"),
    [
        ({"nash": 0.1, "social optimum": 0.0, "low": 0.05}, Reading.SAME),
        ({"nash": 0.1, "social optimum": -0.1, "low": 0.05}, Reading.DIVIDED),
        ({"nash": 0.1, "social optimum": 0.1, "low": -0.05}, Reading.OPPOSITE),
        ({"nash": 0.0, "social optimum": 0.0, "low": 0.05}, Reading.UNPREDICTED),
        ({"nash": 0.1, "social optimum": 0.1, "low": 0.0}, Reading.NONE),
        # rounding and the solver's own accuracy are no effect
        ({"nash": 1e-7, "social optimum": -1e-7, "low": 1e-7}, Reading.NONE),
    ],
)
def test_reading(make: Callable[..., Any], effects: dict[str, float], reading: Reading) -> None:
    facts = Facts(make(level=lambda p, _, n, __: 0.5 + effects.get(n, 0.0) * (p != STATUS_QUO)))
    assert read(facts, CHANGED, AT, RATE, LOW) is reading


def test_an_interval_that_holds_zero_is_no_effect(make: Callable[..., Any]) -> None:
    def level(policy: str, _: Any, name: str, seed: int | None) -> float:
        changed = policy != STATUS_QUO
        return 0.5 + changed * (0.1 if seed is None else 0.01 * (seed - 1) + 0.001)

    facts = Facts(make(level=level))
    assert facts.effects[CHANGED, AT, LOW, RATE].effect == pytest.approx(0.001)
    assert read(facts, CHANGED, AT, RATE, LOW) is Reading.NONE
