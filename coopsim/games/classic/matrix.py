"""matrix: a one-shot game given by its payoff table."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

from annotated_types import MinLen

from coopsim.errors import UserError
from coopsim.games import formats
from coopsim.games.classic.cards import card_of
from coopsim.games.classic.cells import read_cells, write_cells
from coopsim.games.classic.tabular import TabularGame
from coopsim.games.forms.normal import NormalForm


@dataclass(frozen=True)
class MatrixGame(TabularGame):
    """One simultaneous choice from finite lists of actions."""

    players: Annotated[tuple[str, ...], MinLen(1)]
    """the players' names"""
    actions: tuple[str, ...] | tuple[tuple[str, ...], ...]
    """the names of the actions: one list for all players, or a list of lists, one a player"""
    payoffs: tuple[Any, ...]
    """the table, nested as deep as there are players: payoffs[a1][a2] is [first player's
    payoff, second player's]. Numbers, or ratios in quotes ("1/3"), kept exactly"""

    def __post_init__(self) -> None:
        """Check names and table. Raises `UserError` with the key and the place at fault."""
        if len(set(self.players)) < len(self.players) or "" in self.players:
            raise UserError("players need different names", key="players", given=list(self.players))
        if len(self.options) != len(self.players):
            raise UserError(
                "must be one list for all, or one a player", key="actions", given=self.actions
            )
        for player, own in enumerate(self.options):
            if not own or len(set(own)) < len(own):
                raise UserError(
                    f"{self.players[player]} needs at least one action, each with its own name",
                    key="actions",
                    given=list(own),
                )
        # tuples all through, so that equal games are equal however they were written
        object.__setattr__(self, "payoffs", _tuples(self.payoffs))
        _ = self.matrix

    @classmethod
    def of(cls, form: NormalForm) -> MatrixGame:
        """The game of a normal form."""
        return cls(**_given(form))

    @classmethod
    def from_file(cls, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parameters and the card in a .nfg file.

        Raises:
            UserError: it cannot be read as a matrix game.
        """
        form = formats.parse(formats.text_of(path, plain=True), str(path))
        if not isinstance(form, NormalForm):
            raise UserError(
                "a game tree in a .nfg file", file=str(path), allowed="NFG 1 R, or the suffix .efg"
            )
        given = _given(form)
        return given, {"payoffs": cls(**given).card.payoffs, **card_of(form)}

    @property
    def labels(self) -> tuple[str, ...]:
        """The players' names."""
        return self.players

    @functools.cached_property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """The names of each player's actions."""
        if all(isinstance(action, str) for action in self.actions):
            return (cast("tuple[str, ...]", self.actions),) * len(self.players)
        return cast("tuple[tuple[str, ...], ...]", self.actions)

    @functools.cached_property
    def matrix(self) -> NormalForm:
        """The payoffs as a form."""
        exact = read_cells(self.payoffs, tuple(map(len, self.options)))
        return NormalForm(exact, self.players, self.options)


def _given(form: NormalForm) -> dict[str, Any]:
    values = form.payoffs if form.exact is None else form.exact
    return {
        "players": form.players,
        "actions": form.actions,
        "payoffs": write_cells(values),
    }


def _tuples(node: Any) -> Any:
    return tuple(map(_tuples, node)) if isinstance(node, list | tuple) else node
