"""A scenario that is right, as plain data, to be changed by each test."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def plain() -> dict[str, Any]:
    """Two firms, two agents, two policies."""
    return {
        "coopsim": 1,
        "title": "A test",
        "game": {"use": "coopetition/samsung-sony"},
        "agents": {
            "nash": {"use": "equilibrium"},
            "give": {"use": "constant", "level": 0.4},
            "v1.2": {"use": "tit-for-tat"},
        },
        "seats": [{"1-2": "nash"}, {"Samsung": "give", "Sony": "v1.2"}],
        "policies": {"status quo": {}, "more": {"game.gamma": 0.8}},
        "study": {"vary": {"game.horizon": [5, 6], "game.gamma": [0.1, 0.2]}, "seeds": 2},
    }
