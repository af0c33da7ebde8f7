"""The benchmark's own check still holds: what it compares with pays the same."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_the_game_by_hand_pays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    simulate = importlib.import_module("simulate")
    assert simulate.check_pay() < 1e-9
