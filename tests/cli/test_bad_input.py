"""Whatever a user gets wrong: one message that can be acted on, exit code 2, nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCENARIO = """\
coopsim: 1
title: A test
game:
  use: coopetition/samsung-sony
  gamma: 0.65
  trust:
    build: 0.1
agents:
  nash: {use: equilibrium, concept: nash}
  level:
    use: constant
    level: 0.4
seats:
  - 1-2: nash
  - Samsung: nash
    Sony: level
policies:
  status quo: {}
  more:
    game.gamma: 0.8
study:
  episodes: 2
  seeds: 2
  vary:
    game.horizon: [5, 6]
solve:
  concepts: [nash]
compare:
  measure: [welfare]
"""

# what is in the file, what is there instead, and what the message must say
CHANGES: dict[str, tuple[str, str, list[str]]] = {
    "syntax": ("gamma: 0.65", "gamma: [0.65", [":5:", "bracket is not closed"]),
    "tab": ("  gamma", "\tgamma", [":5:", "tab", "spaces"]),
    "duplicate key": (
        "  gamma: 0.65\n",
        "  gamma: 0.65\n  gamma: 0.7\n",
        [":6:", "game.gamma", "duplicate key, already on line 5"],
    ),
    "duplicate agent": (
        "  level:\n    use",
        "  nash:\n    use",
        [":10:", "agents.nash", "duplicate"],
    ),
    "no format": ("coopsim: 1\n", "", ["coopsim", "missing", "coopsim: 1"]),
    "other format": ("coopsim: 1", "coopsim: 2", [":1:", "given: 2", "coopsim: 1"]),
    "unknown top-level key": (
        "study:",
        "studdy:",
        [":21:", "unknown key", "given: studdy", "did you mean 'study'?"],
    ),
    "unknown key of the game": (
        "gamma: 0.65",
        "gama: 0.65",
        [":5:", "game.gama", "unknown key", "given: gama", "did you mean 'gamma'?"],
    ),
    "unknown key inside the game": (
        "build: 0.1",
        "bild: 0.1",
        [":7:", "game.trust.bild", "unknown key", "erode", "did you mean 'build'?"],
    ),
    "unknown key of an agent": (
        "level: 0.4",
        "levl: 0.4",
        [":12:", "agents.level.levl", "unknown key", "action, level", "did you mean 'level'?"],
    ),
    "unknown key of the study": (
        "episodes: 2",
        "episode: 2",
        [":22:", "study.episode", "unknown key", "did you mean 'episodes'?"],
    ),
    "unknown key of solve": (
        "concepts: [nash]",
        "concept: [nash]",
        [":27:", "solve.concept", "unknown key", "did you mean 'concepts'?"],
    ),
    "unknown key of compare": (
        "measure: [welfare]",
        "measures: [welfare]",
        [":29:", "compare.measures", "unknown key", "did you mean 'measure'?"],
    ),
    "text for a number": (
        "gamma: 0.65",
        "gamma: high",
        [":5:", "game.gamma", "wrong type", 'given: "high"', "a number of at least 0"],
    ),
    "quoted number": ("seeds: 2", "seeds: '2'", [":23:", "study.seeds", 'given: "2"', "whole"]),
    "boolean for a number": ("gamma: 0.65", "gamma: true", [":5:", "given: true", "a number"]),
    "fraction of episodes": (
        "episodes: 2",
        "episodes: 2.5",
        [":22:", "study.episodes", "given: 2.5", "a whole number of at least 1"],
    ),
    "number for a text": ("title: A test", "title: 7", [":2:", "title", "given: 7", "text"]),
    "text for a list": ("concepts: [nash]", "concepts: nash", [":27:", "solve.concepts", "a list"]),
    "text for a mapping": (
        "  trust:\n    build: 0.1\n",
        "  trust: 5\n",
        [":6:", "game.trust", "given: 5", "a mapping or null"],
    ),
    "text for a section": (
        "compare:\n  measure: [welfare]",
        "compare: welfare",
        [":28:", "compare", "must be a mapping", "given: welfare"],
    ),
    "nothing for a section": (
        "solve:\n  concepts: [nash]",
        "solve:",
        [":26:", "solve", "must be a mapping", "given: nothing"],
    ),
    "text for the game": (
        "game:\n  use: coopetition/samsung-sony\n  gamma: 0.65\n  trust:\n    build: 0.1\n",
        "game: coopetition/samsung-sony\n",
        [":3:", "game", "must be a mapping", "{use: NAME, ...}"],
    ),
    "game without use": (
        "  use: coopetition/samsung-sony\n",
        "",
        [":3:", "game.use", "must say what it uses"],
    ),
    "number below its range": (
        "gamma: 0.65",
        "gamma: -1",
        [":5:", "game.gamma", "out of range", "given: -1", "a number of at least 0"],
    ),
    "number above its range": (
        "build: 0.1",
        "build: 1.5",
        [":7:", "game.trust.build", "out of range", "given: 1.5", "above 0 and at most 1"],
    ),
    "no episodes": ("episodes: 2", "episodes: 0", [":22:", "study.episodes", "at least 1"]),
    "no seeds": ("seeds: 2", "seeds: []", [":23:", "study.seeds", "at least 1 item"]),
    "negative seed": ("seeds: 2", "seeds: [0, -1]", [":23:", "study.seeds.1", "given: -1"]),
    "one seed twice": ("seeds: 2", "seeds: [4, 4]", [":23:", "study.seeds.1", "twice"]),
    "not a number": ("gamma: 0.65", "gamma: .nan", [":5:", "game.gamma", "not a finite number"]),
    "infinity": ("gamma: 0.65", "gamma: .inf", [":5:", "game.gamma", "given: .inf", "finite"]),
    "minus infinity": ("gamma: 0.65", "gamma: -.Inf", [":5:", "game.gamma", "not a finite"]),
    "nan as text": ("gamma: 0.65", "gamma: nan", [":5:", "game.gamma", 'given: "nan"']),
    "too large for a float": ("gamma: 0.65", "gamma: 1e999", [":5:", "game.gamma", "too large"]),
    "no for text": ("title: A test", "title: no", [":2:", "title", "given: no", "in quotes"]),
    "on for text": (
        "Sony: level",
        "Sony: on",
        [":16:", "seats.1.Sony", "given: on", "'on' in quotes"],
    ),
    "yes as a key": ("  more:", "  yes:", [":19:", "policies.yes", "given: yes", "quotes"]),
    "choice that is none": (
        "gamma: 0.65",
        "reward: integratd",
        [":5:", "game.reward", "given: integratd", "private", "did you mean 'integrated'?"],
    ),
    "unknown game": (
        "use: coopetition/samsung-sony",
        "use: coopetition/samsung-sonny",
        [":4:", "game.use", "unknown game", "did you mean 'coopetition/samsung-sony'?"],
    ),
    "unknown agent": (
        "use: constant",
        "use: konstant",
        [":11:", "agents.level.use", "unknown agent", "did you mean 'constant'?"],
    ),
    "unknown concept of an agent": (
        "concept: nash}",
        "concept: nahs}",
        [":9:", "agents.nash.concept", "unknown concept", "did you mean 'nash'?"],
    ),
    "unknown concept": (
        "concepts: [nash]",
        "concepts: [nash, social optimun]",
        [":27:", "solve.concepts.1", "unknown concept", "did you mean 'social optimum'?"],
    ),
    "unknown concept to compare with": (
        "measure: [welfare]",
        "to: [nsh]",
        [":29:", "compare.to.0", "unknown concept", "did you mean 'nash'?"],
    ),
    "unknown solver": (
        "concepts: [nash]",
        "methods: {nash: best-response-newtn}",
        [":27:", "solve.methods.nash", "unknown solver", "did you mean 'best-response-newton'?"],
    ),
    "solver of an unknown concept": (
        "concepts: [nash]",
        "methods: {nahs: auto}",
        [":27:", "solve.methods.nahs", "unknown concept", "did you mean 'nash'?"],
    ),
    "unknown measure": (
        "measure: [welfare]",
        "measure: [wellfare]",
        [":29:", "compare.measure.0", "unknown measure", "did you mean 'welfare'?"],
    ),
    "unknown policy path": (
        "game.gamma: 0.8",
        "game.gama: 0.8",
        [":20:", "policies.more.game.gama", "no such key in game", "did you mean 'game.gamma'?"],
    ),
    "unknown path inside": (
        "game.gamma: 0.8",
        "game.trust.biuld: 0.8",
        [":20:", "policies.more", "no such key in game.trust", "did you mean 'game.trust.build'?"],
    ),
    "policy path without its root": (
        "game.gamma: 0.8",
        "gamma: 0.8",
        [":20:", "policies.more.gamma", "begin with game, agents", "did you mean 'game.gamma'?"],
    ),
    "policy on the study": (
        "game.gamma: 0.8",
        "study.seeds: 3",
        [":20:", "policies.more.study.seeds", "begin with game, agents"],
    ),
    "policy below a number": (
        "game.gamma: 0.8",
        "game.gamma.low: 0.8",
        [":20:", "policies.more.game.gamma.low", "game.gamma has no keys below it"],
    ),
    "policy value out of range": (
        "game.gamma: 0.8",
        "game.gamma: -2",
        [":20:", "policies.more.game.gamma", "out of range", "given: -2", "at least 0"],
    ),
    "policy that breaks another key": (
        "game.gamma: 0.8",
        "game.players: [A, B, C]",
        [":20:", "policies.more.game.players", "makes game.shares wrong", "one entry a player"],
    ),
    "policy that is no mapping": (
        "  more:\n    game.gamma: 0.8\n",
        "  more: 3\n",
        [":19:", "policies.more", "must be a mapping", "given: 3"],
    ),
    "empty policies": (
        "policies:\n  status quo: {}\n  more:\n    game.gamma: 0.8\n",
        "policies: {}\n",
        [":17:", "policies", "names no policy", "status quo: {}"],
    ),
    "policies left blank": (
        "policies:\n  status quo: {}\n  more:\n    game.gamma: 0.8\n",
        "policies:\n",
        [":17:", "policies", "must be a mapping", "given: nothing"],
    ),
    "sweep over a missing key": (
        "game.horizon: [5, 6]",
        "game.horizont: [5, 6]",
        [":25:", "study.vary.game.horizont", "no such key", "did you mean 'game.horizon'?"],
    ),
    "sweep over one value": (
        "game.horizon: [5, 6]",
        "game.horizon: 5",
        [":25:", "study.vary.game.horizon", "given: 5", "a list"],
    ),
    "sweep over nothing": ("[5, 6]", "[]", [":25:", "study.vary.game.horizon", "at least 1 item"]),
    "sweep value out of range": (
        "game.horizon: [5, 6]",
        "game.horizon:\n      - 5\n      - 0",
        [":27:", "study.vary.game.horizon.1", "out of range", "given: 0", "1 to 1000000"],
    ),
    "sweep value twice": ("[5, 6]", "[5, 5]", [":25:", "study.vary.game.horizon.1", "twice"]),
    "seats that miss a player": (
        "  - 1-2: nash\n",
        "  - Sony: nash\n",
        [":14:", "seats.0", "no agent for Samsung", "given: Sony: nash", "Samsung, Sony"],
    ),
    "seats that repeat a player": (
        "    Sony: level\n",
        "    1-2: level\n",
        [":16:", "seats.1.1-2", "Samsung is seated twice, already by Samsung: nash"],
    ),
    "seat of nobody": (
        "    Sony: level\n",
        "    Soni: level\n",
        [":16:", "seats.1.Soni", "no such player", "given: Soni", "did you mean 'Sony'?"],
    ),
    "seat beyond the players": ("1-2: nash", "1-3: nash", [":14:", "seats.0.1-3", "1 to 2"]),
    "unknown agent in a seat": (
        "Sony: level",
        "Sony: levels",
        [":16:", "seats.1.Sony", "no such agent", "nash, level", "did you mean 'level'?"],
    ),
    "list in a seat": ("Sony: level", "Sony: [level]", [":16:", "seats.1.Sony", "name an agent"]),
    "line-up twice": (
        "  - Samsung: nash\n    Sony: level\n",
        "  - {1: nash, 2: nash}\n",
        [":15:", "seats.1", "this line-up is there twice", "given: nash"],
    ),
    "misspelt use of an agent": (
        "    use: constant\n    level: 0.4\n",
        "    uses: constant\n    level: 0.4\n",
        ["agents.level.uses: must say what it uses", "did you mean 'use'?"],
    ),
    "misspelt format": ("coopsim: 1", "coopsims: 1", ["coopsims: missing", "'coopsim'?"]),
    "seats without agents": (
        "agents:\n  nash: {use: equilibrium, concept: nash}\n"
        "  level:\n    use: constant\n    level: 0.4\n",
        "",
        [":8:", "seats", "seats need agents", "an agents section"],
    ),
    "agents without seats": (
        "seats:\n  - 1-2: nash\n  - Samsung: nash\n    Sony: level\n",
        "",
        ["seats", "agents are declared but nobody is seated"],
    ),
    "agent of contradictions": (
        "    level: 0.4\n",
        "    level: 0.4\n    action: 3\n",
        [":13:", "agents.level.action", "either action or level"],
    ),
    "best response to nobody": (
        "    use: constant\n    level: 0.4\n",
        "    use: best-response\n    to: nsh\n",
        [":12:", "agents.level.to", "unknown agent", "given: nsh", "did you mean 'nash'?"],
    ),
    "equilibrium of a joint distribution": (
        "concept: nash}",
        "concept: correlated}",
        [":9:", "agents.nash.concept", "cannot be played", "given: correlated"],
    ),
    "tag": ("gamma: 0.65", "gamma: !!python/name:os.system", [":5:", "game.gamma", "tags"]),
    "alias": ("gamma: 0.65", "gamma: &a 0.65", [":5:", "game.gamma", "anchors and aliases"]),
}


def only_message(err: str, *parts: str) -> None:
    """Assert that `err` is one message that holds all parts, and no traceback."""
    assert "Traceback" not in err
    assert err.count("\n") == 1, err
    missing = [part for part in parts if part not in err]
    assert not missing, (missing, err)


@pytest.mark.parametrize("case", CHANGES)
def test_a_wrong_file(case: str, cli, tmp_path: Path) -> None:
    old, new, parts = CHANGES[case]
    assert SCENARIO.count(old) == 1, "the case does not change what it means to"
    (tmp_path / "study.yaml").write_text(SCENARIO.replace(old, new))
    said = cli("run", "study.yaml")
    assert said.code == 2, said.err
    assert said.out == ""
    only_message(said.err, "study.yaml", *parts)
    assert os.listdir(tmp_path) == ["study.yaml"]


def test_the_unchanged_file_is_right(cli, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(SCENARIO)
    assert cli("check", "study.yaml").code == 0


SETS: dict[str, tuple[str, list[str]]] = {
    "nan": ("game.gamma=.nan", ["game.gamma", "not a finite number", "given: .nan"]),
    "nan as text": ("game.gamma=nan", ["game.gamma", "wrong type", "a number of at least 0"]),
    "infinity": ("game.gamma=.inf", ["game.gamma", "not a finite number"]),
    "out of range": ("game.gamma=-1", ["game.gamma", "out of range", "given: -1"]),
    "wrong type": ("study.seeds=many", ["study.seeds", "wrong type", 'given: "many"']),
    "unknown key": ("game.gama=1", ["game.gama", "no such key", "did you mean 'game.gamma'?"]),
    "without its root": ("gamma=1", ["gamma", "begin with", "did you mean 'game.gamma'?"]),
    "no assignment": ("game.gamma", ["no assignment", "given: game.gamma", "PATH=VALUE"]),
    "broken list": ("game.shares=[0.5, 0.5", ["game.shares", "bracket is not closed"]),
    "yes": ("title=yes", ["title", "given: yes", "quotes"]),
    "empty policies": ("policies={}", ["policies", "names no policy"]),
    "unknown game": (
        "game.use=coopetition/stge",
        ["game.use", "unknown game", "did you mean 'coopetition/stage'?"],
    ),
    "policy value": ("policies.more.game.gamma=-1", ["policies.more.game.gamma", "out of range"]),
    "format": ("coopsim=2", ["coopsim", "begin with title"]),
}


@pytest.mark.parametrize("case", SETS)
def test_a_wrong_set(case: str, cli, tmp_path: Path) -> None:
    assignment, parts = SETS[case]
    (tmp_path / "study.yaml").write_text(SCENARIO)
    said = cli("run", "study.yaml", "--set", assignment)
    assert said.code == 2, said.err
    only_message(said.err, "--set: ", *parts)
    assert os.listdir(tmp_path) == ["study.yaml"]


def test_one_path_set_twice(cli, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(SCENARIO)
    said = cli("check", "study.yaml", "--set", "game.gamma=1", "--set", "game.gamma=2")
    assert said.code == 2
    only_message(said.err, "game.gamma", "twice")


def test_no_such_file(cli, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(SCENARIO)
    said = cli("run", "studdy.yaml")
    assert said.code == 2
    only_message(said.err, "studdy.yaml", "no such file", "did you mean 'study.yaml'?")


def test_no_such_name(cli) -> None:
    said = cli("run", "coopetition/samsung-sonny")
    assert said.code == 2
    only_message(said.err, "unknown scenario", "did you mean 'coopetition/samsung-sony'?")


def test_a_folder_is_no_scenario(cli, tmp_path: Path) -> None:
    (tmp_path / "trade").mkdir()
    said = cli("run", "trade")
    assert said.code == 2
    only_message(said.err, "trade", "this is a folder, not a file")


def test_a_binary_file_is_no_scenario(cli, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_bytes(b"coopsim: 1\n\x89PNG\xff\xfe\x00")
    said = cli("run", "study.yaml")
    assert said.code == 2
    only_message(said.err, "study.yaml:2", "not UTF-8", "byte 0x89")


def test_an_empty_file_is_no_scenario(cli, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("# nothing yet\n")
    said = cli("run", "study.yaml")
    assert said.code == 2
    only_message(said.err, "study.yaml", "the file is empty")


def test_a_game_is_no_scenario(cli, tmp_path: Path) -> None:
    (tmp_path / "port.yaml").write_text("coopsim: 1\nuse: coopetition/stage\n")
    said = cli("run", "port.yaml")
    assert said.code == 2
    only_message(said.err, "port.yaml:2", "use", "not a scenario")


GAME_FILES: dict[str, tuple[str, list[str]]] = {
    "uses itself": ("coopsim: 1\nuse: port\n", ["port.yaml:2", "use", "uses itself"]),
    "unknown family": (
        "coopsim: 1\nuse: coopetition/stge\n",
        ["port.yaml:2", "use", "unknown game", "did you mean 'coopetition/stage'?"],
    ),
    "unknown key": (
        "coopsim: 1\nuse: coopetition/stage\ngama: 1\n",
        ["port.yaml:3", "gama", "unknown key", "did you mean 'gamma'?"],
    ),
    "out of range": (
        "coopsim: 1\nuse: coopetition/stage\ngamma: -1\n",
        ["port.yaml:3", "gamma", "out of range", "given: -1"],
    ),
    "unknown key of the card": (
        "coopsim: 1\nuse: coopetition/stage\ncard:\n  titel: Port\n",
        ["port.yaml:4", "card.titel", "unknown key", "did you mean 'title'?"],
    ),
    "syntax": ("coopsim: 1\nuse: [port\n", ["port.yaml:2", "bracket"]),
    "no use": ("coopsim: 1\ngamma: 1\n", ["port.yaml", "use", "must name"]),
}


@pytest.mark.parametrize("case", GAME_FILES)
def test_a_wrong_game_file(case: str, cli, tmp_path: Path) -> None:
    content, parts = GAME_FILES[case]
    (tmp_path / "games").mkdir()
    (tmp_path / "games/port.yaml").write_text(content)
    (tmp_path / "study.yaml").write_text("coopsim: 1\ngame: {use: port}\n")
    said = cli("run", "study.yaml")
    assert said.code == 2
    only_message(said.err, *parts)
    assert sorted(os.listdir(tmp_path)) == ["games", "study.yaml"]


@pytest.mark.parametrize("out", ["/proc/coopsim-run", "taken", "taken/below"])
def test_an_output_folder_that_cannot_be_written(out: str, cli, tmp_path: Path) -> None:
    if out.startswith("/proc") and not os.path.isdir("/proc"):
        pytest.skip("no /proc here")
    (tmp_path / "study.yaml").write_text(SCENARIO)
    (tmp_path / "taken").write_text("mine")
    said = cli("run", "study.yaml", "--out", out)
    assert said.code == 2, said.err
    only_message(said.err, "taken" if "taken" in out else "/proc")
    assert sorted(os.listdir(tmp_path)) == ["study.yaml", "taken"]
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_output_folder_without_permission(cli, tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("permissions do not bind this user")
    (tmp_path / "study.yaml").write_text(SCENARIO)
    (tmp_path / "closed").mkdir(mode=0o500)
    said = cli("run", "study.yaml", "--out", "closed/run")
    assert said.code == 2
    only_message(said.err, "closed")


def test_a_measure_that_does_not_fit_is_refused(cli, tmp_path: Path) -> None:
    text = "coopsim: 1\ngame: {use: coopetition/market}\ncompare:\n  measure: [payoff, regret]\n"
    (tmp_path / "market.yaml").write_text(text)
    for verb in ("check", "run"):
        said = cli(verb, "market.yaml")
        assert said.code == 2
        only_message(said.err, "market.yaml:4: compare.measure:", "given: regret", "payoff")


def test_the_standard_measures_written_out_are_what_fits_of_them(cli, tmp_path: Path) -> None:
    (tmp_path / "market.yaml").write_text("coopsim: 1\ngame: {use: coopetition/market}\n")
    said = cli("check", "market.yaml")
    assert said.code == 0
    assert "regret" in said.out
    (tmp_path / "again.yaml").write_text(said.out)
    assert cli("check", "again.yaml").code == 0


def test_seats_in_a_game_that_agents_cannot_play(cli, tmp_path: Path) -> None:
    text = "coopsim: 1\ngame: {use: classic/kuhn}\nagents: {r: {use: random}}\nseats: {1-2: r}\n"
    (tmp_path / "kuhn.yaml").write_text(text)
    said = cli("check", "kuhn.yaml")
    assert said.code == 2
    only_message(said.err, "kuhn.yaml:4: seats:", "given: Discrete(2)")


def test_the_text_of_a_tree_is_named_by_its_key(cli, tmp_path: Path) -> None:
    (tmp_path / "tree.yaml").write_text('coopsim: 1\ngame:\n  use: tree\n  efg: "no"\n')
    said = cli("check", "tree.yaml")
    assert said.code == 2
    only_message(said.err, "tree.yaml:4: game.efg: line 1 of the text:")
    assert "<text>" not in said.err


def test_the_item_at_fault_is_named(cli, tmp_path: Path) -> None:
    (tmp_path / "stage.yaml").write_text(
        "coopsim: 1\ngame:\n  use: coopetition/stage\n  interdependence:\n"
        "    - {depender: player 1, dependee: player 2, importance: 0.5}\n    - 100000000\n"
    )
    said = cli("check", "stage.yaml")
    assert said.code == 2
    only_message(said.err, "game.interdependence.1", "given: 100000000")


def test_messages_cut_long_lists_of_players(cli, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(
        "coopsim: 1\ngame: {use: commons/public-goods, players: 900}\n"
        "agents: {r: {use: random}}\nseats: {1-2: r}\n"
    )
    said = cli("check", "study.yaml")
    assert said.code == 2
    only_message(said.err, "study.yaml:4: seats: no agent for player 3", "and 890 more")
    assert len(said.err) < 500


def test_messages_cut_long_paths(cli, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(SCENARIO)
    said = cli("run", "study.yaml", "--out", "x/" * 900)
    assert said.code == 2
    only_message(said.err, "there is no folder")
    assert len(said.err) < 1000


VERBS: dict[str, tuple[list[str], list[str]]] = {
    "solve nothing": (
        ["solve", "coopetition/stge"],
        ["unknown scenario or game", "coopetition/stage"],
    ),
    "solve for nothing": (
        ["solve", "coopetition/stage", "--concept", "nsh"],
        ["--concept: unknown concept", "did you mean 'nash'?"],
    ),
    "plan nothing": (
        ["check", "coopetition/stage", "--concept", "nsh"],
        ["--concept: unknown concept", "did you mean 'nash'?"],
    ),
    "solve by nothing": (
        ["solve", "coopetition/stage", "--concept", "nash", "--method", "slsq"],
        ["--method: unknown solver", "did you mean 'slsqp'?"],
    ),
    "solve with no such option": (
        ["solve", "classic/shapley", "--concept", "nash", "--option", "x=1"],
        ["--option: x: ", "takes no such option"],
    ),
    "no number of workers": (
        ["run", "study.yaml", "--workers", "abc"],
        ["--workers: ", "given: abc", "a whole number from 1"],
    ),
    "no workers": (["run", "study.yaml", "--workers", "0"], ["--workers: ", "given: 0"]),
    "no number of seconds": (
        ["solve", "study.yaml", "--deadline", "soon"],
        ["--deadline: ", "given: soon", "a number"],
    ),
    "solve under no policy": (
        ["solve", "study.yaml", "--policy", "mor"],
        ["--policy: unknown policy", "did you mean 'more'?"],
    ),
    "list what is not": (["list", "gamse"], ["unknown kind", "did you mean 'games'?"]),
    "list games for a game": (
        ["list", "games", "--for", "coopetition/stage"],
        ["cannot be listed", "concepts"],
    ),
    "describe what is not": (["describe", "nsah"], ["unknown name", "did you mean 'nash'?"]),
    "new over old": (["new", "scenario", "study"], ["study.yaml", "is there already"]),
    "new for no game": (
        ["new", "scenario", "other", "--game", "coopetition/stge"],
        ["unknown game", "did you mean 'coopetition/stage'?"],
    ),
    "schema into a file in the way": (
        ["schema", "--out", "study.yaml/schema.json"],
        ["study.yaml"],
    ),
}


@pytest.mark.parametrize("case", VERBS)
def test_a_wrong_argument(case: str, cli, tmp_path: Path) -> None:
    arguments, parts = VERBS[case]
    (tmp_path / "study.yaml").write_text(SCENARIO)
    said = cli(*arguments)
    assert said.code == 2, said.err
    assert said.out == ""
    only_message(said.err, *parts)
    assert os.listdir(tmp_path) == ["study.yaml"]
    assert (tmp_path / "study.yaml").read_text() == SCENARIO


def test_the_wrong_verb_and_option(cli) -> None:
    said = cli("rnu", "study.yaml")
    assert said.code == 2
    assert "Did you mean 'run'" in said.err
    said = cli("run", "study.yaml", "--wokers", "2")
    assert said.code == 2
    assert "--workers" in said.err
    assert cli("run", "study.yaml", "--workers", "0").code == 2


def test_a_process_shows_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("gamma: 0.65", "gamma: -1"))
    done = subprocess.run(
        [sys.executable, "-m", "coopsim", "run", "study.yaml", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    only_message(done.stderr, "study.yaml:5: game.gamma: out of range; given: -1")
