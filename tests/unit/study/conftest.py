"""A study that takes a second: two policies, two values, two seeds."""

from __future__ import annotations

from typing import Any

import pytest

from coopsim.scenario.load import Scenario, load


def study(**study: Any) -> dict[str, Any]:
    return {
        "coopsim": 1,
        "title": "A small study",
        "game": {"use": "coopetition/samsung-sony", "horizon": 5},
        "agents": {
            "tit for tat": {"use": "tit-for-tat"},
            "random": {"use": "random"},
            "constant": {"use": "constant", "action": 30},
        },
        "seats": [{"1-2": "tit for tat"}, {"Samsung": "random", "Sony": "constant"}],
        "policies": {"status quo": {}, "equal": {"game.shares": [0.5, 0.5]}},
        "study": {"episodes": 2, "seeds": 2, "vary": {"game.gamma": [0.5, 0.7]}, **study},
        "compare": {"to": ["nash"], "measure": ["payoff", "welfare"]},
    }


@pytest.fixture
def data() -> dict[str, Any]:
    return study()


@pytest.fixture
def scenario(data: dict[str, Any]) -> Scenario:
    return load(data)


@pytest.fixture
def other() -> Scenario:
    return load(study(episodes=3))
