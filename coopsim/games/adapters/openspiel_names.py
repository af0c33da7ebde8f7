"""What a file may ask of OpenSpiel: a game with numbers, known texts and other such games.

OpenSpiel's games take texts that are names of files (`efg_game(filename=...)` reads one and
quotes it), also where they stand inside another game. So a text from a file is taken apart
here, and what is handed on is put together again from parts that were looked at.

    game      = NAME | NAME ( [parameter, ...] )
    parameter = NAME = (number | true | false | game ending in a bracket | text)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coopsim import permissions
from coopsim.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][-+]?\d{1,3})?", re.ASCII)
_LOGICAL = ("true", "false", "True", "False")
_TEXT = re.compile(r"[^(),=\x00-\x09\x0b-\x1f\x7f]{0,2000}")
_DEEPEST = 8
# the parameters whose texts are read as rules, boards or numbers, and never as names of files
_TEXTS = frozenset(
    """betting bettingAbstraction bidding_rule blind blind_schedule boardCards fen firstPlayer
    forbidden_states gameversion grid handReaches history initial_distribution
    initial_distribution_value maxRaises network numBoardCards observation_type obstype payoff
    payoffs pile_sizes points_order positional_reward positional_reward_value raiseSize
    returns_type scoring_type ship_sizes ship_values stack string_rep subgame""".split()
)


def checked(text: str) -> str:
    """The text of a game as OpenSpiel may read it.

    Raises:
        UserError: it is no game, or asks for more than a file may ask for and the user has not
            granted it.
    """
    if permissions.granted(text):
        return text
    reader = _Reader(text)
    made = reader.game(0)
    if reader.at < len(text):
        raise reader.error("text behind the game")
    return made


@dataclass
class _Reader:
    """Reads a game from front to back; `at` is the place reached."""

    text: str
    at: int = 0

    def game(self, depth: int) -> str:
        """A name with parameters."""
        if depth > _DEEPEST:
            raise self.error("games inside one another, too deep")
        name = self._match(_NAME, "the name of a game")
        return f"{name}({','.join(self._parameters(depth))})" if self._take("(") else name

    def error(self, problem: str, allowed: str = "NAME or NAME(parameter=value,...)") -> UserError:
        """An error (to be raised by the caller) about this text."""
        return UserError(problem, key="name", given=self.text, allowed=allowed)

    def _parameters(self, depth: int) -> list[str]:
        found: list[str] = []
        while not self._take(")"):
            if found and not self._take(","):
                raise self.error("a bracket is not closed, or a comma is missing")
            key = self._match(_NAME, "the name of a parameter")
            if not self._take("="):
                raise self.error(f"{key} has no value")
            found.append(f"{key}={self._value(key, depth)}")
        return found

    def _value(self, key: str, depth: int) -> str:
        self._spaces()
        match = _TEXT.match(self.text, self.at)
        plain = match[0].rstrip(" ") if match else ""
        if _NUMBER.fullmatch(plain) or plain in _LOGICAL:
            self.at += len(plain)
            self._spaces()
            return plain
        if self.text[self.at + len(plain) :].lstrip(" ")[:1] == "(":
            return self.game(depth + 1)
        if key not in _TEXTS:
            raise self.error(
                f"{key} cannot be given as a text in a file, since it may name a file itself",
                "numbers, true, false and games with brackets; others only with --trust and the "
                "whole text on the command line, or coopsim.from_openspiel in Python",
            )
        self.at += len(plain)
        self._spaces()
        return plain

    def _match(self, pattern: re.Pattern[str], what: str) -> str:
        self._spaces()
        match = pattern.match(self.text, self.at)
        if match is None:
            raise self.error(f"{what} is missing")
        self.at = match.end()
        self._spaces()
        return match[0]

    def _take(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += 1
        self._spaces()
        return True

    def _spaces(self) -> None:
        while self.text.startswith(" ", self.at):
            self.at += 1
