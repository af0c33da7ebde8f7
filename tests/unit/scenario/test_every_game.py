"""Every game there is, with its defaults: what `check` passes, a run completes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coopsim import catalogue
from coopsim.errors import CoopsimError, UserError
from coopsim.games.game import action_limits
from coopsim.scenario.load import load
from coopsim.study.run import run

SLOW = {
    "blotto",
    "classic/blotto",
    "classic/bach-or-stravinsky",
    "classic/centipede",
    "classic/common-pool",
    "classic/ultimatum",
}
"""Those that take seconds; so do the case studies, which have many rounds."""

GAMES = [
    pytest.param(
        name,
        marks=[pytest.mark.slow] if name in SLOW or name.startswith("coopetition/") else [],
    )
    for name in catalogue.known("game")
]


def scenario(name: str, **more: Any) -> dict[str, Any]:
    """A scenario of one game with its defaults."""
    return {
        "coopsim": 1,
        "game": {"use": name},
        "solve": {"concepts": ["nash"], "deadline": 2},
        **more,
    }


def completes(data: dict[str, Any], out: Path) -> bool:
    """Whether the file is in order; then its run must be complete."""
    try:
        loaded = load(data)
    except UserError:
        return False
    done = run(loaded, out, report=False)
    assert done.solutions.height
    return True


def chooses_numbers(name: str) -> bool:
    """Whether a game can be made of its defaults and its players choose numbers."""
    try:
        action_limits(load(scenario(name)).point().game)
    except CoopsimError:
        return False
    return True


@pytest.mark.parametrize("name", GAMES)
def test_what_a_check_passes_a_run_completes(name: str, tmp_path: Path) -> None:
    made = completes(scenario(name), tmp_path / "solved")
    assert made == (name not in ("matrix", "tree", "openspiel", "pettingzoo"))


@pytest.mark.parametrize("name", GAMES)
def test_what_a_check_passes_with_agents_a_run_completes(name: str, tmp_path: Path) -> None:
    seated = {
        "agents": {"r": {"use": "random"}},
        "seats": {"1-": "r"},
        "study": {"episodes": 2},
        "compare": {"to": ["nash"]},
    }
    assert completes(scenario(name, **seated), tmp_path / "played") == chooses_numbers(name)
