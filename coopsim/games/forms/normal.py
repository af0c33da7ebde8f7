"""NormalForm: a finite game as a payoff tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.exact import Exact, fractions_of
from coopsim.games.forms.grid import Grid
from coopsim.games.forms.payoffs import as_floats, check_payoffs

if TYPE_CHECKING:
    from coopsim.games.forms.variants import NormalVariants

MOST_PLAYERS = 62
"""The most players of a payoff table: an array has 64 axes at most, and one is for the player
who is paid, one for variants of the game."""


@dataclass(frozen=True, eq=False)
class NormalForm:
    """A finite simultaneous game.

    Args:
        payoffs: `[n, A1, ..., An]`; `payoffs[i, a1, ..., an]` is what player i is paid.
            Where all are whole numbers and `fractions.Fraction`, and at least one is a
            `Fraction`, they are kept exactly as `exact`.
        players: names; numbered where not given.
        actions: labels of each player's actions; numbered where not given.
        title: the game's name in plain words.
        comment: where it comes from, what it models.
        grid: what the actions are a grid of, where the game has more than these.

    Raises:
        ValueError: the tensor has the wrong number of axes or is empty, or the labels do
            not fit it.
        UserError: a payoff is not finite or out of range (`coopsim.games.forms.payoffs`).
    """

    payoffs: Float
    players: tuple[str, ...] = ()
    actions: tuple[tuple[str, ...], ...] = ()
    title: str = ""
    comment: str = ""
    grid: Grid | None = None
    exact: Exact | None = field(default=None, init=False)
    kind: str = field(default="normal", init=False)

    def __init__(
        self,
        payoffs: npt.ArrayLike,
        players: Sequence[str] = (),
        actions: Sequence[Sequence[str]] = (),
        title: str = "",
        comment: str = "",
        grid: Grid | None = None,
    ) -> None:
        """Copy and check the tensor."""
        tensor, exact = checked_tensor(payoffs)
        n = tensor.ndim - 1
        if n < 1 or tensor.shape[0] != n:
            raise ValueError(
                f"payoffs must have shape [n, A1, ..., An]; "
                f"{tensor.shape} has {n} action axes for {tensor.shape[:1]} players"
            )
        players, actions = checked_names(tensor.shape[1:], players, actions)
        check_payoffs(tensor.reshape(n, -1), players, _rows(exact, n))
        object.__setattr__(self, "payoffs", tensor)
        object.__setattr__(self, "players", players)
        object.__setattr__(self, "actions", actions)
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "comment", comment)
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "exact", exact)
        object.__setattr__(self, "kind", "normal")

    @staticmethod
    def variants(
        payoffs: npt.ArrayLike,
        players: Sequence[str] = (),
        actions: Sequence[Sequence[str]] = (),
        title: str = "",
        comment: str = "",
    ) -> NormalVariants:
        """Many games of one shape: `payoffs` is `[V, n, A1, ..., An]`, the rest as for one."""
        from coopsim.games.forms.variants import NormalVariants

        return NormalVariants(payoffs, players, actions, title, comment)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return self.payoffs.shape[1:]

    def expected(self, profile: tuple[Float, ...]) -> Float:
        """The expected payoffs `[n]` of a mixed profile (one distribution a player)."""
        value = self.payoffs
        for distribution in reversed(profile):
            value = value @ distribution
        return np.asarray(value)

    def deviations(self, profile: tuple[Float, ...], player: int) -> Float:
        """The expected payoff of `player` for each own pure action, `[A_player]`."""
        value = self.payoffs[player]
        # contract the last axis first, so that the remaining axes keep their numbers
        for other in reversed(range(self.n)):
            if other != player:
                value = np.tensordot(value, profile[other], axes=(other, 0))
        return np.asarray(value)

    def restrict(self, actions: Sequence[Sequence[int | str]]) -> NormalForm:
        """The game with some of the actions, in the order given.

        Args:
            actions: for each player the actions that stay, by number or label. All of them
                in another order gives the same game with its actions reordered.

        Raises:
            ValueError: an action does not exist or stands twice, a player is left with none
                or is missing.
        """
        if len(actions) != self.n:
            raise ValueError(f"actions of {self.n} players are needed, not of {len(actions)}")
        kept = [self._places(player, own) for player, own in enumerate(actions)]
        tensor: Any = self.payoffs if self.exact is None else self.exact
        return NormalForm(
            tensor[np.ix_(range(self.n), *kept)],
            self.players,
            [[self.actions[i][a] for a in own] for i, own in enumerate(kept)],
            self.title,
            self.comment,
        )

    def relabel(
        self,
        players: Sequence[str] = (),
        actions: Sequence[Sequence[str]] = (),
        title: str | None = None,
        comment: str | None = None,
    ) -> NormalForm:
        """The same game under other names; what is not given stays.

        Raises:
            ValueError: the names do not fit the game.
        """
        return NormalForm(
            self.payoffs if self.exact is None else self.exact,
            players or self.players,
            actions or self.actions,
            self.title if title is None else title,
            self.comment if comment is None else comment,
            self.grid,
        )

    def __repr__(self) -> str:
        """Sizes, not the tensor."""
        return f"NormalForm({self.title or ', '.join(self.players)}: {sizes(self.shape)})"

    def _places(self, player: int, chosen: Sequence[int | str]) -> list[int]:
        labels, count = self.actions[player], self.shape[player]
        places = []
        for action in chosen:
            there = action in labels if isinstance(action, str) else 0 <= action < count
            if not there:
                known = ", ".join(labels)
                raise ValueError(
                    f"{self.players[player]} has no action {action!r}; it has: {known}"
                )
            places.append(labels.index(action) if isinstance(action, str) else int(action))
        if not places or len(set(places)) != len(places):
            raise ValueError(f"{self.players[player]} needs at least one action, each only once")
        return places


def _rows(exact: Exact | None, n: int) -> Exact | None:
    return None if exact is None else exact.reshape(n, -1)


def checked_tensor(payoffs: npt.ArrayLike) -> tuple[Float, Exact | None]:
    """A read-only copy of the payoffs as floats, and as fractions where they were given so."""
    given = np.asarray(payoffs)
    exact = fractions_of(given) if given.dtype == object else None
    tensor = as_floats(given)
    if tensor.size == 0:
        raise ValueError("payoffs must have at least one action a player")
    tensor.setflags(write=False)
    if exact is not None:
        exact.setflags(write=False)
    return tensor, exact


def checked_names(
    shape: tuple[int, ...], players: Sequence[str], actions: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Names of players and actions, numbered where not given. Raises `ValueError`."""
    named = tuple(players) or tuple(f"player {i + 1}" for i in range(len(shape)))
    labels = tuple(map(tuple, actions)) or tuple(tuple(map(str, range(size))) for size in shape)
    if len(named) != len(shape) or tuple(map(len, labels)) != shape:
        raise ValueError("player names or action labels do not fit the payoff tensor")
    return named, labels


def sizes(shape: tuple[int, ...]) -> str:
    """The numbers of actions in words."""
    return " x ".join(map(str, shape)) + " actions"
