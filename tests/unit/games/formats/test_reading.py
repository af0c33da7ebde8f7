"""Gambit's files: what the manual's examples say, and what may be left out or written twice."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import coopsim
from coopsim import ExtensiveForm, NormalForm
from coopsim.games.formats import parse

# the sample games of the Gambit manual, sections on the .nfg and .efg formats
SELTEN = """NFG 1 R "Selten (IJGT, 75), Figure 2, normal form"
{ "Player 1" "Player 2" } { 3 2 }

1 1 0 2 0 2 1 1 0 3 2 0"""
SELTEN_OUTCOMES = """NFG 1 R "Selten (IJGT, 75), Figure 2, normal form" { "Player 1" "Player 2" }
{ { "1" "2" "3" } { "1" "2" } }
{ { "" 1, 1 } { "" 0, 2 } { "" 0, 2 } { "" 1, 1 } { "" 0, 3 } { "" 2, 0 } }
1 2 3 4 5 6
"""
BAYES = """EFG 2 R "General Bayes game, one stage" { "Player 1" "Player 2" }
c "ROOT" 1 "(0,1)" { "1G" 0.500000 "1B" 0.500000 } 0
c "" 2 "(0,2)" { "2g" 0.500000 "2b" 0.500000 } 0
p "" 1 1 "(1,1)" { "H" "L" } 0
p "" 2 1 "(2,1)" { "h" "l" } 0
t "" 1 "Outcome 1" { 10.000000 2.000000 }
t "" 2 "Outcome 2" { 0.000000 10.000000 }
p "" 2 1 "(2,1)" { "h" "l" } 0
t "" 3 "Outcome 3" { 2.000000 4.000000 }
t "" 4 "Outcome 4" { 4.000000 0.000000 }
p "" 1 1 "(1,1)" { "H" "L" } 0
p "" 2 2 "(2,2)" { "h" "l" } 0
t "" 5 "Outcome 5" { 10.000000 2.000000 }
t "" 6 "Outcome 6" { 0.000000 10.000000 }
p "" 2 2 "(2,2)" { "h" "l" } 0
t "" 7 "Outcome 7" { 2.000000 4.000000 }
t "" 8 "Outcome 8" { 4.000000 0.000000 }
c "" 3 "(0,3)" { "2g" 0.500000 "2b" 0.500000 } 0
p "" 1 2 "(1,2)" { "H" "L" } 0
p "" 2 1 "(2,1)" { "h" "l" } 0
t "" 9 "Outcome 9" { 4.000000 2.000000 }
t "" 10 "Outcome 10" { 2.000000 10.000000 }
p "" 2 1 "(2,1)" { "h" "l" } 0
t "" 11 "Outcome 11" { 0.000000 4.000000 }
t "" 12 "Outcome 12" { 10.000000 2.000000 }
p "" 1 2 "(1,2)" { "H" "L" } 0
p "" 2 2 "(2,2)" { "h" "l" } 0
t "" 13 "Outcome 13" { 4.000000 2.000000 }
t "" 14 "Outcome 14" { 2.000000 10.000000 }
p "" 2 2 "(2,2)" { "h" "l" } 0
t "" 15 "Outcome 15" { 0.000000 4.000000 }
t "" 16 "Outcome 16" { 10.000000 0.000000 }
"""
# stages: outcomes at inner nodes, an outcome used twice, descriptions left out the second time
STAGES = """EFG 2 R "stages" { "A" "B" } "a comment
over two lines"
p "first" 1 7 "choice" { "in" "out" } 3 "bonus" { 1/3, -1 }
c "" 9 "coin" { "heads" 1/3 "tails" 2/3 } 2 "step" { 10 .5 }
p "" 2 4 "guess" { "h" "t" } 0
t "" 3
t "" 0
p "" 2 4 0
t "" 2
t "" 5 "last" { 1e2, -2.5E-1 }
c "" 9 0
t "" 5
t "" 0
"""


def matrix(text: str) -> NormalForm:
    form = parse(text)
    assert isinstance(form, NormalForm)
    return form


def tree(text: str) -> ExtensiveForm:
    form = parse(text)
    assert isinstance(form, ExtensiveForm)
    return form


def test_payoffs_change_fastest_with_the_first_players_strategy() -> None:
    form = matrix(SELTEN)
    assert form.players == ("Player 1", "Player 2")
    assert form.actions == (("1", "2", "3"), ("1", "2"))
    assert form.title.startswith("Selten")
    assert form.payoffs.tolist() == [[[1, 1], [0, 0], [0, 2]], [[1, 1], [2, 3], [2, 0]]]


def test_the_outcome_version_of_a_file_is_the_same_game() -> None:
    assert np.array_equal(matrix(SELTEN).payoffs, matrix(SELTEN_OUTCOMES).payoffs)


def test_outcomes_are_shared_and_outcome_zero_pays_nothing() -> None:
    form = matrix('NFG 1 R "" { "a" "b" } { { "x" "y" } { "u" "v" } } "c" { { "o" 7 8 } } 1 0 0 1')
    assert form.payoffs[0].tolist() == [[7, 0], [0, 7]]
    assert form.payoffs[1].tolist() == [[8, 0], [0, 8]]
    assert form.comment == "c"


def test_the_bayes_game_of_the_manual() -> None:
    form = tree(BAYES)
    assert (form.tree.size, len(form.infosets), len(form.tree.terminals)) == (31, 4, 16)
    assert form.perfect_recall
    assert form.infosets.labels == ("(1,1)", "(1,2)", "(2,1)", "(2,2)")
    # the sums over 16 ends, each reached with 1/16 under even mixing
    assert form.expected(form.uniform()).tolist() == [64 / 16, 66 / 16]


def test_outcomes_on_the_way_add_up_and_descriptions_are_remembered() -> None:
    form = tree(STAGES)
    assert form.comment == "a comment\nover two lines"
    assert form.exact is not None
    third, bonus = Fraction(1, 3), (Fraction(1, 3), Fraction(-1))
    step, last = (Fraction(10), Fraction(1, 2)), (Fraction(100), Fraction(-1, 4))
    paths = {
        ("in", "heads", "h"): (bonus, step, bonus),
        ("in", "heads", "t"): (bonus, step),
        ("in", "tails", "h"): (bonus, step, step),
        ("in", "tails", "t"): (bonus, step, last),
        ("out", "heads"): (bonus, last),
        ("out", "tails"): (bonus,),
    }
    chance = form.tree.exact_chance_reach
    assert chance is not None
    for z, node in enumerate(form.tree.terminals.tolist()):
        moves = tuple(form.tree.action_labels(k)[a] for k, a in form.tree.path(node))
        assert tuple(form.exact[z]) == tuple(map(sum, zip(*paths[moves], strict=True)))
        assert chance[z] == (third if "heads" in moves else 2 * third)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1/3", Fraction(1, 3)),
        ("-4/6", Fraction(-2, 3)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("2.", Fraction(2)),
        ("+3", Fraction(3)),
        ("1e-3", Fraction(1, 1000)),
        ("-1.25E+2", Fraction(-125)),
        ("123456789012345678901234567890", Fraction(123456789012345678901234567890)),
    ],
)
def test_numbers_are_kept_exactly(written: str, value: Fraction) -> None:
    form = matrix(f'NFG 1 R "" {{ "a" }} {{ 1 }} {written}')
    assert form.exact is not None
    assert form.exact[0, 0] == value


def test_texts_may_hold_quotes_backslashes_and_braces() -> None:
    form = matrix('NFG 1 D "say \\"hi\\" { , } \\n" { "a b" } { { "x\\"" "\\\\ y" } } 1 2')
    assert form.title == 'say "hi" { , } \\n'
    assert form.actions == (('x"', "\\\\ y"),)


def test_names_that_are_missing_or_doubled_get_numbers() -> None:
    form = tree('EFG 2 R "" { "" "x" "x" "x_1" } p "" 1 1 "" { "" "" } 0 t "" 0 t "" 0')
    assert form.players == ("_1", "x_2", "x_3", "x_1")
    assert form.infosets.action_labels == (("_1", "_2"),)


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    path.write_bytes(b"\xef\xbb\xbf" + SELTEN.replace("\n", "\r\n").encode())
    form = coopsim.read(path)
    assert isinstance(form, NormalForm)
    assert np.array_equal(form.payoffs, matrix(SELTEN).payoffs)
