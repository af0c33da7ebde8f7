"""Files that are no games end in one message with file, line and what was expected."""

from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path

import pytest

import coopsim
from coopsim import NormalForm, TreeBuilder
from coopsim.errors import UserError
from coopsim.games.formats import parse

NFG = 'NFG 1 R "t" { "a" "b" } { { "x" "y" } { "u" "v" } }\n"c"\n1 2  3 4/5  .5 6  7 8\n'
OUTCOMES = 'NFG 1 R "t" { "a" "b" } { 2 1 }\n"c"\n{ { "o" 1, 2 } { "" 3 4 } }\n1 2\n'
EFG = """EFG 2 R "t" { "a" "b" }
"c"
c "" 1 "e" { "l" 1/3 "r" 2/3 } 0
p "n" 1 1 "i" { "x" "y" } 1 "o" { 1, 2 }
t "" 2 "p" { 3 4 }
t "" 1
p "n" 2 1 "j" { "u" } 0
t "" 0
"""


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the file is empty"),
        ("#AGG", 1, "not a game in Gambit's formats; given: #AGG"),
        ('NFG 2 R "t"', 1, "expected version 1; given: 2"),
        ('NFG 1 X "t"', 1, "expected the letter R"),
        ("NFG 1 R t", 1, "expected the title in quotes; given: t"),
        ('NFG 1 R "t', 1, "a quote is not closed"),
        ('NFG 1 R "t" { }', 1, "expected a player's name in quotes"),
        ('NFG 1 R "t" { "a" } { 0 }', 1, "a number of strategies is out of range"),
        ('NFG 1 R "t" { "a" } { 2 } 1', 1, "the file ends where payoff 2 of 2 was expected"),
        ('NFG 1 R "t" { "a" } { 1 }\n1 2', 2, "expected the end of the file after 1 profiles"),
        ('NFG 1 R "t" { "a" } { 1 }\n\n1..2', 3, "expected payoff 1 of 1; given: 1..2"),
        ('NFG 1 R "t" { "a" } { 1 } 1/0', 1, "divided by zero"),
        ('NFG 1 R "t" { "a" } { 1 } 1e999', 1, "too long or too large"),
        ('NFG 1 R "t" { "a" } { 1 } 1e400', 1, "too large for a float"),
        ('NFG 1 R "t" { "a" } { 1 } nan', 1, "expected payoff 1 of 1; given: nan"),
        ('NFG 1 R "t" { "a" "b" } { 999999999 999999999 }', 1, "too short for"),
        ('NFG 1 R "t" { "a" } { 1 } { { "o" 1 2 } } 1', 1, "expected } after the payoffs of 1"),
        ('NFG 1 R "t" { "a" } { 1 } { { "o" 1 } } 2', 1, "out of range; given: 2; allowed: 0 to 1"),
        ('EFG 2 R "t" { "a" }\nx', 2, "expected a node (c, p or t); given: x"),
        ('EFG 2 R "t" { "a" }\np "" 2', 2, "the number of a player is out of range"),
        ('EFG 2 R "t" { "a" }\np "" 1 1 0', 2, "which are not yet known"),
        ('EFG 2 R "t" { "a" }\np "" 1 1 "" { } 0', 2, "expected an action's name in quotes"),
        ('EFG 2 R "t" { "a" }\nt "" 4', 2, "ends where the payoffs of outcome 4"),
        ('EFG 2 R "t" { "a" }\nt "" 0 "o" { 1 }', 2, "outcome 0 stands for none"),
        ('EFG 2 R "t" { "a" }\nt "" 0\nt "" 0', 3, "end of the file after the last node"),
        (
            'EFG 2 R "t" { "a" }\np "" 1 1 "" { "x" "y" } 0\nt "" 0',
            3,
            "the file ends where a node (c, p or t) below node 1 was expected",
        ),
        ('EFG 2 R "t" { "a" }\nc "" 1 "" { "x" 0.5 "y" 0.4 } 0', 2, "do not sum to 1"),
        ('EFG 2 R "t" { "a" }\nc "" 1 "" { "x" 2 "y" -1 } 0', 2, "a probability out of range"),
        (
            'EFG 2 R "t" { "a" }\np "" 1 1 "" { "x" } 0\np "" 1 1 "" { "z" } 0',
            3,
            "other actions or probabilities than when this number was first used; given: z",
        ),
        (
            'EFG 2 R "t" { "a" }\np "" 1 1 "" { "x" } 1 "" { 1 }\nt "" 1 "" { 2 }',
            3,
            "other payoffs than when outcome 1 was first used; given: 2; allowed: 1",
        ),
        (
            'EFG 2 R "t" { "a" }\np "" 1 1 "" { "x" } 1 "" { 1e308 }\nt "" 1',
            None,
            "a payoff is too large: count in a larger unit; given: 1e308 or so",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int | None, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, "game.efg")
    assert message in str(caught.value)
    assert caught.value.line == line
    assert caught.value.file == "game.efg"


@pytest.mark.parametrize("text", [NFG, OUTCOMES, EFG])
def test_a_truncated_file_is_refused_wherever_it_is_cut(text: str) -> None:
    whole = parse(text)
    for length in range(len(text.rstrip()) - 1):
        try:
            cut = parse(text[:length])
        except UserError:
            continue
        # what is left can be a whole number of its own, and nothing else
        assert isinstance(whole, NormalForm)
        assert isinstance(cut, NormalForm)


@pytest.mark.parametrize("text", [NFG, OUTCOMES, EFG])
def test_damaged_files_end_in_a_game_or_a_user_error(text: str) -> None:
    """Characters deleted, doubled, swapped or replaced; a thousand files of each kind."""
    draw = random.Random(0)
    began = time.monotonic()
    for _ in range(1000):
        damaged = list(text)
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(damaged))
            damaged[place : place + draw.randint(0, 2)] = draw.choice(
                ["", " ", '"', "{", "}", ",", "\\", "9" * 30, "-", "/0", "e", "\0", "p", "t", "é"]
            )
        with contextlib.suppress(UserError):  # and no other error
            parse("".join(damaged), "damaged")
    assert time.monotonic() - began < 30


def test_nesting_and_repetition_cost_no_stack_and_little_time() -> None:
    deep = 'EFG 2 R "" { "a" }\n' + 'p "" 1 1 "" { "x" } 0\n' * 20_000 + 't "" 0'
    form = parse(deep)
    assert form.kind == "extensive"
    with pytest.raises(UserError, match="expected a player's name"):
        parse('EFG 2 R "" ' + "{" * 100_000)
    many = parse('EFG 2 R "" { ' + '"" ' * 2000 + '} t "" 0')
    assert len(set(many.players)) == 2000


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        coopsim.read(tmp_path / "none.nfg")
    with pytest.raises(UserError, match="a folder"):
        coopsim.read(tmp_path)
    (tmp_path / "latin.nfg").write_bytes(b'NFG 1 R\n"\xe9"')
    with pytest.raises(UserError, match="not UTF-8") as caught:
        coopsim.read(tmp_path / "latin.nfg")
    assert caught.value.line == 2
    form = NormalForm([[1.0]])
    with pytest.raises(UserError, match="goes into a"):
        coopsim.write(form, tmp_path / "game.efg")
    with pytest.raises(UserError, match="cannot be written"):
        coopsim.write(form, tmp_path / "none" / "game.nfg")
    tree = TreeBuilder(["a"])
    tree.terminal(tree.root, [[1.0], [2.0]])
    with pytest.raises(UserError, match="variants"):
        coopsim.write(tree.build(), tmp_path / "game.efg")
    with pytest.raises(UserError, match="goes into a"):
        coopsim.write(tree.build(), tmp_path / "game.txt")
    with pytest.raises(UserError, match="NormalVariants"):
        coopsim.write(NormalForm.variants([[[1.0]]]), tmp_path / "game.nfg")  # type: ignore[arg-type]
    assert not list(tmp_path.glob("game.*"))
