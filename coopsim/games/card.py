"""GameCard: what kind of game this is, for people, for `coopsim list` and for solvers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coopsim.parameters import Parameters


@dataclass(frozen=True, slots=True)
class GameCard(Parameters):
    """Facts about a game, in the manner of a catalogue card.

    Solvers decide by `forms` and `actions` whether they apply; the rest is for readers.
    """

    title: str = ""
    """the game's name in plain words"""
    summary: str = ""
    """what is decided and what it is worth, in one or two sentences"""
    moves: Literal["simultaneous", "sequential"] = "simultaneous"
    """whether players move at once or in turn"""
    information: Literal["perfect", "imperfect", "incomplete"] = "perfect"
    """what players know when they move"""
    chance: bool = False
    """whether anything is random besides the players' own choices"""
    payoffs: Literal["zero-sum", "general-sum", "common"] = "general-sum"
    """how the players' payoffs relate"""
    actions: Literal["continuous", "discrete"] = "continuous"
    """the kind of action a player chooses"""
    repeated: bool = False
    """whether play goes on for several rounds with a state carried between them"""
    forms: tuple[str, ...] = ()
    """the forms that solvers can ask the game for"""
    references: tuple[str, ...] = ()
    """papers and data that the rules and the numbers come from"""
    notes: tuple[str, ...] = ()
    """what a careful user should know: where published sources differ, what was reconstructed"""
