"""Every concept of a small matrix game and a small tree game can be run and reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim import registry
from coopsim.errors import UserError
from coopsim.report.html import write
from coopsim.study.run import open_run

TREE = (
    'EFG 2 R "t" { "A" "B" }\n'
    'p "" 1 1 "" { "l" "r" } 0\n'
    't "" 1 "" { 1, 2 }\n'
    'p "" 2 1 "" { "x" "y" } 0\n'
    't "" 2 "" { 3, 1 }\n'
    't "" 3 "" { 0, 0 }\n'
)
GAMES: dict[str, dict[str, Any]] = {
    "matrix": {
        "use": "matrix",
        "players": ["r", "c"],
        "actions": [["u", "d"], ["l", "m", "r"]],
        "payoffs": [[[3, 1], [1, 2], [0, 0]], [[1, 1], [2, 0.5], [1, 2]]],
    },
    "tree": {"use": "tree", "efg": TREE},
}
ANSWERED = {"matrix": {"correlated", "coarse correlated"}, "tree": {"efce", "correlated"}}


def solved(game: dict[str, Any]) -> list[str]:
    """The concepts that have a method for a game's form."""
    found = []
    for name in registry.registrations("concept"):
        try:
            coopsim.load({"coopsim": 1, "game": game, "solve": {"concepts": [name]}})
        except UserError:
            continue
        found.append(name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", GAMES)
def test_every_concept_is_run_and_reported(kind: str, tmp_path: Path) -> None:
    game, tried = GAMES[kind], []
    for name in solved(game):
        folder = tmp_path / name.replace(" ", "-")
        said = {"coopsim": 1, "game": game, "solve": {"concepts": [name], "deadline": 5.0}}
        try:
            coopsim.run(said, folder, report=False)
        except UserError:  # a concept that needs what this game does not have
            continue
        tried.append(name)
        page = write(folder).read_text(encoding="utf-8")
        assert f">{name}" in page, name
    assert ANSWERED[kind] <= set(tried)


def test_a_joint_distribution_is_shown_by_its_likeliest_profiles(tmp_path: Path) -> None:
    said = {"coopsim": 1, "game": GAMES["matrix"], "solve": {"concepts": ["correlated"]}}
    coopsim.run(said, tmp_path / "r", report=False)
    row = open_run(tmp_path / "r").solutions.to_dicts()[0]
    joint = np.asarray(json.loads(row["profile"]))
    likeliest = np.unravel_index(joint.argmax(), joint.shape)
    told = f"({likeliest[0] + 1}, {likeliest[1] + 1}): {joint.max():.3g}"
    assert told in write(tmp_path / "r").read_text(encoding="utf-8")


def test_correlated_play_of_a_tree_is_reported(tmp_path: Path) -> None:
    said = {"coopsim": 1, "game": GAMES["tree"], "solve": {"concepts": ["efce"]}}
    coopsim.run(said, tmp_path / "r")
    assert ">efce" in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
