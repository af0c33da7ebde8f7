"""Gambit's .efg files: game trees, one entry a node, each node before its subtrees.

    EFG 2 R "title" { "player" ... }
    "comment"
    c "node" 1 "event" { "action" 1/2 "action" 1/2 } 0              chance
    p "node" 1 2 "information set" { "action" "action" } 0          player 1, set 2
    t "node" 1 "outcome" { 10, 2 }                                  an end

The last number is an outcome; 0 is none. Outcomes at inner nodes are added up along the
path. What describes a set, event or outcome may be left out once it has been given.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from coopsim import budget
from coopsim.errors import UserError
from coopsim.games.formats.lexer import END, TEXT, Lexer, distinct
from coopsim.games.formats.nfg import payoffs
from coopsim.games.forms.exact import MOST_BITS
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE

_Payoffs = tuple[Fraction, ...]
_NODE = 600  # bytes of a node while it is read and compiled
_LOOK = 50_000  # nodes between two looks at the memory


def parse(text: str, file: str = "<text>") -> ExtensiveForm:
    """The game in `text`; payoffs and the probabilities of chance are kept exactly.

    Raises:
        UserError: with file, line and what was expected.
    """
    lexer = Lexer(text, file)
    lexer.word("EFG", what="EFG")
    lexer.word("2", what="version 2")
    lexer.word("R", "D", what="the letter R")
    title = lexer.expect(TEXT, "the title in quotes")
    players = distinct(lexer.texts("a player's name"))
    comment = lexer.take() if lexer.at(TEXT) else ""
    reader = _Reader(lexer, len(players))
    reader.read()
    try:
        return ExtensiveForm.from_arrays(
            players,
            reader.parent,
            reader.player,
            reader.infoset,
            np.array(reader.paid, dtype=object).reshape(len(reader.paid), len(players)),
            [float(value) for value in reader.probability],
            infoset_labels=[known.label for known in reader.sets],
            action_labels=[distinct(known.actions) for known in reader.sets],
            chance_labels=reader.chance,
            exact_probability={
                node: reader.probability[node]
                for node in range(1, len(reader.parent))
                if reader.player[reader.parent[node]] == CHANCE
            },
            title=title,
            comment=comment,
        )
    except ValueError as error:  # a tree, as far as its syntax goes, that contradicts itself
        if isinstance(error, UserError):
            raise
        raise UserError(f"no game tree: {error}", file=file) from None
    except OverflowError:  # each number fits, and a sum along a path does not
        raise UserError("payoffs add up to more than a float can hold", file=file) from None


@dataclass
class _Set:
    """What is known of an information set or event."""

    number: int
    label: str
    actions: tuple[str, ...]
    probabilities: tuple[Fraction, ...] = ()


@dataclass
class _Reader:
    """Reads the nodes into lists with one entry a node."""

    lexer: Lexer
    n: int
    parent: list[int] = field(default_factory=list)
    player: list[int] = field(default_factory=list)
    infoset: list[int] = field(default_factory=list)
    probability: list[Fraction] = field(default_factory=list)
    paid: list[_Payoffs] = field(default_factory=list)
    chance: dict[int, tuple[str, ...]] = field(default_factory=dict)
    sets: list[_Set] = field(default_factory=list)
    known: dict[tuple[int, int], _Set] = field(default_factory=dict)
    outcomes: dict[int, _Payoffs] = field(default_factory=dict)

    def read(self) -> None:
        """Read the whole body: a stack of what is still to come below each open node."""
        nothing = (Fraction(0),) * self.n
        open_: list[tuple[int, Fraction, _Payoffs]] = [(-1, Fraction(1), nothing)]
        while open_:
            parent, probability, above = open_.pop()
            node = len(self.parent)
            if not node % _LOOK:
                self._require(node + _LOOK)
            kind = self.lexer.word("c", "p", "t", what=self._wanted(parent))
            self.lexer.expect(TEXT, "the node's name in quotes")
            self.parent.append(parent)
            self.probability.append(probability)
            shares: tuple[Fraction, ...] = ()
            if kind == "t":
                self.player.append(self.n)
                self.infoset.append(-1)
            else:
                here = self._event(node) if kind == "c" else self._decision()
                shares = here.probabilities or (Fraction(1),) * len(here.actions)
            outcome = self._outcome()
            total = above if outcome is None else self._sum(above, outcome)
            if kind == "t":
                self.paid.append(total)
            open_.extend((node, share, total) for share in reversed(shares))
        self.lexer.expect(END, "the end of the file after the last node")

    def _require(self, nodes: int) -> None:
        """Refuse a tree that would not fit. Raises `UserError` with the line."""
        try:
            budget.require(
                nodes * (_NODE + 4 * self.n) + len(self.paid) * 32 * self.n,
                f"a tree of {nodes:,} nodes and more for {self.n:,} players",
            )
        except UserError as error:
            raise error.at(file=self.lexer.file, line=self.lexer.line) from None

    def _wanted(self, parent: int) -> str:
        return f"a node (c, p or t){'' if parent < 0 else f' below node {parent + 1}'}"

    def _sum(self, one: _Payoffs, other: _Payoffs) -> _Payoffs:
        return tuple(self._added(a, b) for a, b in zip(one, other, strict=True))

    def _added(self, one: Fraction, other: Fraction) -> Fraction:
        """The sum, as long as its denominator does not get out of hand."""
        total = one + other if one and other else one or other
        if total.denominator.bit_length() > MOST_BITS:
            raise self.lexer.error(
                "numbers that have no common denominator of a usable length",
                allowed="decimals, or ratios with denominators in common",
            )
        return total

    def _event(self, node: int) -> _Set:
        self.player.append(CHANCE)
        self.infoset.append(-1)
        event = self.lexer.whole("the number of an event", low=1)
        here = self._described(CHANCE, event)
        self.chance[node] = here.actions
        return here

    def _decision(self) -> _Set:
        player = self.lexer.whole("the number of a player", low=1, high=self.n) - 1
        infoset = self.lexer.whole("the number of an information set", low=1)
        here = self._described(player, infoset)
        self.player.append(player)
        self.infoset.append(here.number)
        return here

    def _described(self, player: int, number: int) -> _Set:
        """The set or event with this number, with its description where it stands here."""
        held = self.known.get((player, number))
        label = self.lexer.take() if self.lexer.at(TEXT) else ""
        if not self.lexer.at("{"):
            if held is None:
                raise self.lexer.expected("{ before the actions, which are not yet known,")
            return held
        actions, probabilities = self._actions(player == CHANCE)
        if held is None:
            held = _Set(len(self.sets), label, actions, probabilities)
            self.known[player, number] = held
            if player != CHANCE:
                self.sets.append(held)
        elif (held.actions, held.probabilities) != (actions, probabilities):
            raise self.lexer.error(
                "other actions or probabilities than when this number was first used",
                given=_listed(actions, probabilities),
                allowed=_listed(held.actions, held.probabilities),
            )
        return held

    def _actions(self, chance: bool) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
        if not chance:
            return self.lexer.texts("an action's name"), ()
        self.lexer.expect("{", "{ before the actions")
        actions: list[str] = []
        probabilities: list[Fraction] = []
        while not actions or not self.lexer.at("}"):
            actions.append(self.lexer.expect(TEXT, "an action's name in quotes"))
            probabilities.append(self.lexer.number("the probability of an action"))
            if not 0 <= probabilities[-1] <= 1:
                raise self.lexer.error(
                    "a probability out of range", given=str(probabilities[-1]), allowed="0 to 1"
                )
        self.lexer.take()
        off = functools.reduce(self._added, probabilities, Fraction(-1))
        if abs(off) > Fraction(1, 10**9):
            raise self.lexer.error(
                "the probabilities do not sum to 1", given=_listed((), tuple(probabilities))
            )
        return tuple(actions), tuple(probabilities)

    def _outcome(self) -> _Payoffs | None:
        outcome = self.lexer.whole("the number of an outcome (0 for none)")
        named = self.lexer.at(TEXT)
        if named:
            self.lexer.take()
        if not named and not self.lexer.at("{"):
            if outcome and outcome not in self.outcomes:
                raise self.lexer.expected(f"the payoffs of outcome {outcome}, not yet known,")
            return self.outcomes.get(outcome)
        if not outcome:
            raise self.lexer.error("outcome 0 stands for none and can have no name or payoffs")
        self.lexer.expect("{", "{ before the payoffs")
        paid = tuple(payoffs(self.lexer, self.n))
        if self.outcomes.setdefault(outcome, paid) != paid:
            raise self.lexer.error(
                f"other payoffs than when outcome {outcome} was first used",
                given=_listed((), paid),
                allowed=_listed((), self.outcomes[outcome]),
            )
        return paid


def _listed(actions: tuple[str, ...], numbers: tuple[Fraction, ...]) -> str:
    return ", ".join([*actions, *map(str, numbers)])
