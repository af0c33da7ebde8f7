"""Gambit's .nfg files: matrix games, by payoffs or by outcomes.

    NFG 1 R "title" { "player" ... } { 3 2 }  or  { { "strategy" ... } ... }
    "comment"
    1 1  0 2  0 2  1 1  0 3  2 0              payoffs of all players at each profile, or
    { { "outcome" 1, 1 } ... } 1 2 2 1 3 4    outcomes, and which one stands at each profile

The first player's strategy changes fastest from profile to profile. Outcome 0 pays nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from coopsim import budget
from coopsim.games.formats.lexer import END, TEXT, Lexer, distinct, number, quoted
from coopsim.games.forms.normal import MOST_PLAYERS, NormalForm

_SMALL = 1000  # profiles
_ENTRY = 300  # bytes of a payoff while it is read: fractions, floats, text, a place in lists


def parse(text: str, file: str = "<text>") -> NormalForm:
    """The game in `text`; payoffs are kept exactly.

    Raises:
        UserError: with file, line and what was expected.
    """
    lexer = Lexer(text, file)
    lexer.word("NFG", what="NFG")
    lexer.word("1", what="version 1")
    lexer.word("R", "D", what="the letter R")
    title = lexer.expect(TEXT, "the title in quotes")
    players = distinct(lexer.texts("a player's name"))
    if len(players) > MOST_PLAYERS:
        raise lexer.error(
            "too many players for a payoff table",
            given=f"{len(players):,} players",
            allowed=f"at most {MOST_PLAYERS}; more can be written as a tree (.efg)",
        )
    actions = _strategies(lexer, players)
    comment = lexer.take() if lexer.at(TEXT) else ""
    cells = math.prod(map(len, actions))
    _check_size(lexer, list(map(len, actions)), 1 if lexer.at("{") else len(players))
    budget.require(
        _ENTRY * cells * len(players),
        f"a table of {cells:,} profiles for {len(players)} players",
    )
    values = _outcomes(lexer, len(players), cells) if lexer.at("{") else None
    if values is None:
        values = [
            lexer.number(f"payoff {k + 1} of {cells * len(players)}")
            for k in range(cells * len(players))
        ]
    lexer.expect(END, f"the end of the file after {cells} profiles")
    return NormalForm(_tensor(values, tuple(map(len, actions))), players, actions, title, comment)


def dump(form: NormalForm) -> str:
    """The text of `form` in the payoff version, numbers exactly.

    `parse` reads it back to the same game. Texts that end in a backslash get a space after it.
    """
    strategies = "\n".join(
        f"{{ {' '.join(quoted(label) for label in labels)} }}" for labels in form.actions
    )
    values = form.payoffs if form.exact is None else form.exact
    # profiles with the first player's strategy changing fastest, all players' payoffs at each
    rows = np.transpose(values, range(values.ndim - 1, -1, -1)).reshape(-1, form.n).tolist()
    body = "\n".join(" ".join(map(number, row)) for row in rows)
    names = " ".join(quoted(name) for name in form.players)
    return (
        f"NFG 1 R {quoted(form.title)} {{ {names} }}\n\n{{\n{strategies}\n}}\n"
        f"{quoted(form.comment)}\n\n{body}\n"
    )


def _strategies(lexer: Lexer, players: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The players' strategies, by name or by number."""
    lexer.expect("{", "{ before the strategies")
    if lexer.at("{"):
        named = tuple(distinct(lexer.texts("a strategy's name")) for _ in players)
        lexer.expect("}", f"}} after the strategies of {len(players)} players")
        return named
    counts = [lexer.whole("a number of strategies", low=1) for _ in players]
    lexer.expect("}", f"}} after the numbers of strategies of {len(players)} players")
    _check_size(lexer, counts, 1)
    return tuple(tuple(str(k + 1) for k in range(count)) for count in counts)


def _check_size(lexer: Lexer, counts: list[int], each: int) -> None:
    """Refuse a table that the rest of the file cannot hold, before room is made for it.

    Args:
        lexer: at the first number of the table.
        counts: how many strategies each player has.
        each: how many numbers the file has for a profile.
    """
    cells = math.prod(counts)
    # a number takes a character, and one between it and the next; of a small table the reader
    # can say where it ends
    if cells > _SMALL and 2 * cells * each - 1 > lexer.left:
        raise lexer.error(
            f"the file is too short for {_count(cells)} strategy profiles",
            given=" x ".join(map(str, counts)),
        )


def _count(number: int) -> str:
    """A whole number of any size; a very large one by its power of ten."""
    return f"{number:,}" if number < 10**15 else f"about 10^{math.log10(number):.0f}"


def _outcomes(lexer: Lexer, n: int, cells: int) -> list[Fraction]:
    """The payoffs of all profiles from a list of outcomes and their numbers."""
    lexer.take()
    outcomes = [[Fraction(0)] * n]
    while not lexer.at("}"):
        lexer.expect("{", "{ before an outcome, or }")
        lexer.expect(TEXT, "an outcome's name in quotes")
        outcomes.append(payoffs(lexer, n))
    lexer.take()
    found: list[Fraction] = []
    for k in range(cells):
        found += outcomes[lexer.whole(f"outcome {k + 1} of {cells}", high=len(outcomes) - 1)]
    return found


def payoffs(lexer: Lexer, n: int) -> list[Fraction]:
    """Take the payoffs of n players, with or without commas, and the brace behind them."""
    found = []
    for player in range(n):
        found.append(lexer.number(f"the payoff of player {player + 1}"))
        if lexer.at(","):
            lexer.take()
    lexer.expect("}", f"}} after the payoffs of {n} players")
    return found


def _tensor(values: list[Fraction], shape: tuple[int, ...]) -> np.ndarray:
    flat = np.empty(len(values), dtype=object)
    flat[:] = values
    # the first player's strategy changes fastest, the player paid faster still
    return flat.reshape((*shape[::-1], len(shape))).transpose(range(len(shape), -1, -1))
