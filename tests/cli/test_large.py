"""Files that ask for too much, and games at the edge of what there is: a sentence or an answer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

CASES = Path(__file__).resolve().parents[1] / "cases"


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("n1-65-players.nfg", 1, ["65 players", "at most 62"]),
        ("y1b-seeds.yaml", 5, ["study.seeds", "300,000,000 cells", "at most"]),
        ("y5-horizon.yaml", 2, ["1,000,000 rounds x 1,000 players", "of memory"]),
        ("y6-resamples.yaml", 7, ["compare.resamples", "would take", "at most"]),
    ],
)
@pytest.mark.parametrize("verb", ["check", "run", "solve"])
def test_files_that_ask_for_too_much(
    cli: Cli, verb: str, name: str, line: int, words: list[str]
) -> None:
    if verb == "run" and name.endswith(".nfg"):
        pytest.skip("no scenario")
    path = str(CASES / name)
    said = cli(verb, path, "--memory", "4GB")
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"{path}:{line}:")
    for word in words:
        assert word in said.err
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize(
    ("name", "values"),
    [("root.efg", "1, 4"), ("nomove.efg", "2, 2"), ("own_numbers2.efg", "2, 5")],
)
def test_small_trees_are_solved(cli: Cli, name: str, values: str) -> None:
    said = cli("solve", str(CASES / name), "--concept", "nash")
    assert said.code == 0
    assert values in said.out


@pytest.mark.parametrize("name", ["root.efg", "nomove.efg", "own_numbers2.efg", "own_deep20.efg"])
def test_every_concept_has_an_answer_or_a_sentence(cli: Cli, name: str) -> None:
    from coopsim import registry

    path = shutil.copy(CASES / name, ".")
    for concept in registry.registrations("concept"):
        said = cli("solve", path, "--concept", concept, "--deadline", "1")
        assert said.code in (0, 1, 2), (concept, said.err)
        if said.code == 1:
            assert "is not proved: " in said.out or said.err.count("\n") == 1, (concept, said)


def test_the_limit_on_memory_is_the_users(cli: Cli) -> None:
    Path("small.yaml").write_text(
        "coopsim: 1\ngame: {use: coopetition/repeated}\nagents: {a: {use: random}}\n"
        "seats: {1-: a}\nstudy: {episodes: 1000}\n"
    )
    assert cli("check", "small.yaml", "--memory", "4GB").code == 0
    said = cli("check", "small.yaml", "--memory", "3MB")
    assert said.code == 2
    assert "for about 3 MB of memory (--memory says how much)" in said.err
    assert cli("check", "small.yaml").code == 0  # it holds for one command
    said = cli("run", "small.yaml", "--memory", "much")
    assert said.code == 2
    assert said.err.startswith("--memory: no amount of memory; given: much")


def test_workers_share_the_memory(cli: Cli) -> None:
    Path("small.yaml").write_text(
        "coopsim: 1\ngame: {use: coopetition/repeated, horizon: 10}\nagents: {a: {use: random}}\n"
        "seats: {1-: a}\nstudy: {episodes: 1000, seeds: 4}\nsolve: {concepts: [nash]}\n"
        "compare: {measure: [welfare]}\n"
    )
    one = ("run", "small.yaml", "--no-report", "-q", "--memory", "7MB")
    said = cli(*one, "--workers", "8")
    assert said.code == 2
    assert not Path("runs").exists()
    assert cli(*one, "--workers", "1").code == 0
    assert cli("run", "small.yaml", "--workers", "100000").code == 2


def test_many_points_are_looked_at_in_part(cli: Cli) -> None:
    values = ", ".join(str(k / 10_000) for k in range(1500))
    Path("many.yaml").write_text(
        "coopsim: 1\ngame: {use: coopetition/stage}\n"
        f"study: {{vary: {{game.gamma: [{values}]}}}}\n"
    )
    said = cli("check", "many.yaml")
    assert said.code == 0
    assert "# 1,000 of 1,500 points were looked at; a run looks at all first" in said.out
    assert "1500 cells" in said.out
