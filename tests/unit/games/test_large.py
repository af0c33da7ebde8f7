"""Games whose parameters ask for more than there is, and games at the edge of what there is."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coopsim import budget
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.catalogue import make_game
from coopsim.games.classic.blotto import _divisions
from coopsim.games.coopetition import network
from coopsim.games.formats import parse, read
from coopsim.games.forms.convert import to_normal
from coopsim.games.forms.dynamic import dynamic_form
from coopsim.games.forms.normal import MOST_PLAYERS, NormalForm
from coopsim.solvers.select import solve

CASES = Path(__file__).resolve().parents[2] / "cases"


def trivial(players: int) -> str:
    names = " ".join(f'"p{k}"' for k in range(players))
    ones = " ".join(["1"] * players)
    return f'NFG 1 R "t" {{ {names} }} {{ {ones} }}\n{ones}'


def test_as_many_players_as_an_array_has_axes() -> None:
    form = parse(trivial(MOST_PLAYERS))
    assert solve(form, "nash").values.tolist() == [1.0] * MOST_PLAYERS
    with pytest.raises(UserError, match="63 players; allowed: at most 62"):
        parse(trivial(MOST_PLAYERS + 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('NFG 1 R "t" { "a" "b" } { 100000 100000 }\n1 2 3', "too short for 10,000,000,000"),
        ('NFG 1 R "t" { "a" "b" } { 1000000000 1000000000 }\n1', "about 10^18"),
        ('NFG 1 R "t" { "a" "b" } { 1000 3 }\n' + "1 " * 4000, "too short for 3,000"),
        ('NFG 1 R "t" { "a" } { 1 }\n1e999999999', "too long or too large"),
        ('NFG 1 R "t" { "a" } { 1 }\n' + "1" * 500, "too large for a float"),
        ('NFG 1 R "t" { "a" } { 1 }\n' + "1" * 5000 + "/3", "too long or too large"),
    ],
)
def test_headers_and_numbers_that_ask_for_too_much(text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, "game.nfg")
    assert words in str(caught.value)
    assert caught.value.line is not None


def test_a_table_by_memory() -> None:
    text = 'NFG 1 R "t" { "a" "b" } { 20 20 }\n' + "1 " * 800
    parse(text)
    with budget.limited(100_000), pytest.raises(UserError, match="400 profiles for 2 players"):
        parse(text)


def test_a_tree_by_memory() -> None:
    text = 'EFG 2 R "t" { "a" }\np "" 1 1 "" { "x" "y" } 0\nt "" 1 "" { 1 }\nt "" 2 "" { 2 }'
    parse(text)
    with budget.limited(1_000_000), pytest.raises(UserError, match="a tree of 50,000 nodes"):
        parse(text, "game.efg")


def test_denominators_that_multiply() -> None:
    bottoms = [10**300 + 2 * k + 1 for k in range(40)]
    lines = [
        f'p "" 1 {k + 1} "" {{ "x" "y" }} {2 * k + 1} "" {{ 1/{bottom} }}\n'
        f't "" {2 * k + 2} "" {{ 1 }}'
        for k, bottom in enumerate(bottoms)
    ]
    text = 'EFG 2 R "t" { "a" }\n' + "\n".join(lines) + '\nt "" 1000 "" { 1 }'
    with pytest.raises(UserError, match="no common denominator of a usable length") as caught:
        parse(text, "game.efg")
    assert caught.value.line
    events = " ".join(f'"{k}" 1/{bottom}' for k, bottom in enumerate(bottoms))
    with pytest.raises(UserError, match="no common denominator"):
        parse(f'EFG 2 R "t" {{ "a" }}\nc "" 1 "" {{ {events} }} 0')


def test_ends_without_a_common_denominator_are_summed_as_floats() -> None:
    ends = [Fraction(1, 10**300 + 2 * k + 1) + k for k in range(12)]
    events = " ".join(f'"{k}" 1/12' for k in range(12))
    body = "\n".join(f't "" {k + 1} "" {{ {end} }}' for k, end in enumerate(ends))
    form = to_normal(parse(f'EFG 2 R "t" {{ "a" }}\nc "" 1 "" {{ {events} }} 0\n{body}'))
    assert form.exact is None
    assert form.payoffs.ravel() == pytest.approx([float(sum(ends)) / 12], rel=1e-15)


def test_deep_trees() -> None:
    depth = 3000
    body = "\n".join(f'p "" {k % 2 + 1} {k + 1} "" {{ "x" }} 0' for k in range(depth))
    form = parse(f'EFG 2 R "t" {{ "a" "b" }}\n{body}\nt "" 1 "" {{ 1, 2 }}')
    assert form.tree.depth == depth
    assert solve(form, "nash").values.tolist() == [1.0, 2.0]


def test_rows_of_a_program_are_counted_before_they_are_made() -> None:
    depth = 10_000
    body = "\n".join(f'p "" 1 {k + 1} "" {{ "x" }} 0' for k in range(depth))
    form = parse(f'EFG 2 R "t" {{ "a" }}\n{body}\nt "" 1 "" {{ 1 }}')
    found = solve(form, "extensive-form correlated")
    assert found.status == "refused"
    assert "50,005,000 rows" in found.sentence


def test_trees_with_more_players_than_a_table_has() -> None:
    names = " ".join(f'"p{k}"' for k in range(100))
    body = "\n".join(f'p "" {k + 1} 1 "" {{ "x" }} 0' for k in range(100))
    form = parse(f'EFG 2 R "t" {{ {names} }}\n{body}\nt "" 1 "" {{ {", ".join(["1"] * 100)} }}')
    with pytest.raises(NoSuchForm, match="at most 62 players"):
        to_normal(form)
    assert solve(form, "extensive-form correlated").status == "refused"


@pytest.mark.parametrize(
    "concept", ["extensive-form correlated", "extensive-form coarse correlated"]
)
def test_a_tree_in_which_all_pay_the_same(concept: str) -> None:
    found = solve(read(CASES / "nomove.efg"), concept)
    assert found.proved
    assert found.values.tolist() == [2.0, 2.0]


def test_nobody_has_anything_to_choose() -> None:
    found = solve(read(CASES / "root.efg"), "agent quantal response")
    assert found.status == "refused"
    assert "nobody has anything to choose" in found.sentence


@pytest.mark.parametrize("value", [10**400, Fraction(10**400, 3)])
def test_payoffs_that_no_float_holds(value: Any) -> None:
    table = np.empty((1, 1), dtype=object)
    table[0, 0] = value
    with pytest.raises(ValueError, match="too large"):
        NormalForm(table)
    with pytest.raises(UserError):
        make_game("matrix", players=["a"], actions=["x"], payoffs=[[value]])


def test_a_table_keeps_the_numbers_of_the_longest_file() -> None:
    number = "0." + "0" * 500 + "1" * 400 + "e-90"
    form = parse(f'NFG 1 R "t" {{ "a" }} {{ 1 }}\n{number}')
    from coopsim.games.classic.matrix import MatrixGame

    assert MatrixGame.of(form).matrix.exact[0, 0] == Fraction(number)


@pytest.mark.parametrize(
    ("use", "given", "key", "words"),
    [
        ("blotto", {"coins": [2**62, 2**62], "values": [1.0] * 5000}, "coins", "10^"),
        ("blotto", {"coins": [60, 60], "values": [1.0] * 6}, "coins", "8,259,888 x 8,259,888"),
        ("routing", {"drivers": 2**62}, "drivers", "2^4611686018427387904"),
        (
            "routing",
            {"drivers": 10**6, "roads": {"a": [1.0, 1.0]}, "routes": {"a": ["a"]}},
            "drivers",
            "at most 62 drivers",
        ),
        (
            "matrix",
            {"players": [f"p{k}" for k in range(60)], "actions": ["a", "b"], "payoffs": []},
            "payoffs",
            "does not fit",
        ),
        (
            "matrix",
            {"players": [f"p{k}" for k in range(63)], "actions": ["a"], "payoffs": []},
            "players",
            "at most 62",
        ),
    ],
)
def test_families_by_their_products(use: str, given: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        make_game(use, **given)
    assert caught.value.key == key
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("use", "given"),
    [
        ("blotto", {"coins": [1, 1], "values": [1.0] * 300}),
        ("coopetition/stage", {"players": [f"p{k}" for k in range(1200)]}),
        ("coopetition/repeated", {"horizon": 10**6, "shocks": [{"round": 1, "shift": 1.0}]}),
        (
            "coopetition/repeated",
            {"players": 200, "horizon": 10**6, "phases": [{"start": k} for k in range(100)]},
        ),
    ],
)
def test_families_by_memory(use: str, given: dict[str, Any]) -> None:
    with budget.limited(20_000_000), pytest.raises(UserError, match="would take about"):
        make_game(use, **given)


def test_sequences_of_many_rounds() -> None:
    game = make_game("coopetition/repeated", horizon=10**6, players=1000)
    with budget.limited(10**9), pytest.raises(UserError, match="1,000,000 rounds for 1,000"):
        dynamic_form(game, np.zeros(1000), np.ones(1000))


def test_divisions_are_all_there_are() -> None:
    for coins, fields in [(0, 1), (5, 1), (0, 3), (5, 3), (4, 4)]:
        wanted = [
            list(map(float, row))
            for row in itertools.product(range(coins + 1), repeat=fields)
            if sum(row) == coins
        ]
        assert _divisions(coins, fields).tolist() == wanted


def test_fields_without_end_but_one_division() -> None:
    assert make_game("blotto", coins=[0, 0], values=[1.0] * 3000).matrix.shape == (1, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("utd-8", "utf-8", 1), ""),
        (lambda text: text, "unknown encoding"),
        (
            lambda text: text.replace("utd-8", "utf-8").replace('"directed"', '"undirected"'),
            "no dir",
        ),
        (lambda text: text.replace("utd-8", "utf-8").replace("double", "int"), "not GraphML"),
        (
            lambda text: text.replace("utd-8", "utf-8").replace("<edge ", "<edge><", 1),
            "not GraphML",
        ),
        (lambda text: "", "not GraphML"),
        (lambda text: "x" * 20_000_001, "too large for a network file"),
    ],
)
def test_network_files(tmp_path: Path, change: Any, words: str) -> None:
    path = tmp_path / "g.graphml"
    path.write_text(change((CASES / "g0.graphml").read_text()))
    if not words:
        assert len(network.read(path).dependencies) == 3
        return
    with pytest.raises(UserError) as caught:
        network.read(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)


def test_network_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "folder.graphml").mkdir()
    (tmp_path / "loop.graphml").symlink_to("loop.graphml")
    for name, words in [
        ("folder.graphml", "this is no file"),
        ("loop.graphml", "symbolic links"),
        ("none.graphml", "no such file"),
    ]:
        with pytest.raises(UserError, match=words):
            network.read(tmp_path / name)


def test_entities_that_expand_without_end(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 12))
    path = tmp_path / "g.graphml"
    path.write_text(f'<!DOCTYPE g [<!ENTITY e0 "x">{levels}]><g>&e11;</g>')
    with pytest.raises(UserError, match="not GraphML"):
        network.read(path)


def test_ten_thousand_actors_are_told_apart_at_once() -> None:
    names = [f"a{k}" for k in range(10_000)]
    items = [{"depender": one, "dependee": other} for one, other in itertools.pairwise(names)]
    made = network.parameters.build(network.Network, {"dependencies": items, "actors": names})
    with budget.limited(10**8), pytest.raises(UserError, match="10,000 actors"):
        made.matrix()
    with pytest.raises(UserError, match="is there twice"):
        network.parameters.build(
            network.Network, {"dependencies": items[:1], "actors": ["a0", "a1", "a1"]}
        )
