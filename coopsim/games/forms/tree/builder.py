"""TreeBuilder: write a game tree move by move."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coopsim.games.forms.exact import fractions_of
from coopsim.games.forms.tree.arrays import CHANCE

if TYPE_CHECKING:
    from coopsim.games.forms.extensive import ExtensiveForm

_OPEN = -2


class TreeBuilder:
    """Builds an `ExtensiveForm` from the root down.

    Every method says what happens at one node and returns the nodes that follow, in the
    order of the actions. What is given as `Fraction` or whole number is kept exactly.

    Args:
        players: names, in order.
        title: the game's name in plain words.
        comment: where it comes from, what it models.

    Example:
        >>> game = TreeBuilder(["Ann", "Bob"], title="Matching pennies")
        >>> for i, node in enumerate(game.decision(game.root, "Ann", ["heads", "tails"])):
        ...     same, other = game.decision(node, "Bob", ["heads", "tails"], infoset="Bob's")
        ...     game.terminal(same, [1, -1] if i == 0 else [-1, 1])
        ...     game.terminal(other, [-1, 1] if i == 0 else [1, -1])
        >>> form = game.build()
        >>> form.expected(form.uniform()).tolist()
        [0.0, 0.0]
    """

    def __init__(self, players: Sequence[str], title: str = "", comment: str = "") -> None:
        self.players = tuple(players)
        self.title, self.comment = title, comment
        self._parent = [-1]
        self._player = [_OPEN]
        self._infoset = [-1]
        self._probability: list[Any] = [1]
        self._payoffs: dict[int, Any] = {}
        self._keys: dict[Hashable, int] = {}
        self._labels: list[str] = []
        self._actions: list[tuple[str, ...]] = []
        self._chance: dict[int, tuple[str, ...]] = {}

    @property
    def root(self) -> int:
        """The node where the game begins."""
        return 0

    def chance(
        self, node: int, probabilities: Mapping[str, Any] | Sequence[Any]
    ) -> tuple[int, ...]:
        """Let chance move at `node`.

        Args:
            node: a node at which nothing happens yet.
            probabilities: of each action, by name or in order; they sum to 1.

        Raises:
            ValueError: something happens at the node already, or there are no actions.
        """
        if isinstance(probabilities, Mapping):
            self._chance[node] = tuple(map(str, probabilities))
            probabilities = list(probabilities.values())
        return self._grow(node, CHANCE, -1, list(probabilities))

    def decision(
        self,
        node: int,
        player: int | str,
        actions: Sequence[str],
        infoset: Hashable = None,
    ) -> tuple[int, ...]:
        """Let `player` choose at `node`.

        Args:
            node: a node at which nothing happens yet.
            player: by name, or by number from 0.
            actions: their names.
            infoset: nodes of one player with the same value here look the same to that
                player; its text is the information set's label. None: the player knows
                that this node is reached.

        Raises:
            ValueError: something happens at the node already, there is no such player, or
                the information set has other actions.
        """
        who = self._index(player)
        labels = tuple(map(str, actions))
        key = (who, infoset) if infoset is not None else ("node", node)
        number = self._keys.setdefault(key, len(self._labels))
        if number == len(self._labels):
            self._labels.append(f"node {node}" if infoset is None else str(infoset))
            self._actions.append(labels)
        if self._actions[number] != labels:
            raise ValueError(
                f"information set {self._labels[number]!r} of {self.players[who]} has the actions "
                f"{', '.join(self._actions[number])}, not {', '.join(labels)}"
            )
        return self._grow(node, who, number, [1] * len(labels))

    def terminal(self, node: int, payoffs: npt.ArrayLike) -> None:
        """End the game at `node`.

        Args:
            node: a node at which nothing happens yet.
            payoffs: `[n]`, or `[V, n]` for V variants of the game.

        Raises:
            ValueError: something happens at the node already.
        """
        self._settle(node, len(self.players))
        self._payoffs[node] = payoffs

    def build(self) -> ExtensiveForm:
        """The finished form.

        Raises:
            ValueError: nothing happens at some node, probabilities do not sum to 1, or
                payoffs do not fit the players; the message says where.
        """
        from coopsim.games.forms.extensive import ExtensiveForm

        if _OPEN in self._player:
            raise ValueError(f"nothing happens at {self._named(self._player.index(_OPEN))}")
        after_chance = [
            i for i, p in enumerate(self._parent) if p >= 0 and self._player[p] == CHANCE
        ]
        exact = fractions_of([self._probability[i] for i in after_chance])
        return ExtensiveForm.from_arrays(
            self.players,
            self._parent,
            self._player,
            self._infoset,
            self._stacked(),
            [float(value) for value in self._probability],
            infoset_labels=self._labels,
            action_labels=self._actions,
            chance_labels=self._chance,
            exact_probability=None
            if exact is None
            else dict(zip(after_chance, exact, strict=True)),
            title=self.title,
            comment=self.comment,
        )

    def _stacked(self) -> npt.NDArray[Any]:
        """The payoffs of all terminals, `[Z, n]` or `[V, Z, n]`."""
        rows = [np.asarray(self._payoffs[node], dtype=object) for node in sorted(self._payoffs)]
        if len({row.shape for row in rows}) != 1 or rows[0].shape[-1:] != (len(self.players),):
            wrong = next(
                node
                for node, row in zip(sorted(self._payoffs), rows, strict=True)
                if row.shape != rows[0].shape or row.shape[-1:] != (len(self.players),)
            )
            raise ValueError(
                f"the payoffs at {self._named(wrong)} do not fit {len(self.players)} players"
            )
        return np.stack(rows, axis=-2)

    def _grow(
        self, node: int, player: int, infoset: int, probabilities: list[Fraction | float]
    ) -> tuple[int, ...]:
        if not probabilities:
            raise ValueError(f"there are no actions at {self._named(node)}")
        self._settle(node, player)
        self._infoset[node] = infoset
        first = len(self._parent)
        for probability in probabilities:
            self._parent.append(node)
            self._player.append(_OPEN)
            self._infoset.append(-1)
            self._probability.append(probability)
        return tuple(range(first, len(self._parent)))

    def _settle(self, node: int, player: int) -> None:
        if not 0 <= node < len(self._parent):
            raise ValueError(f"there is no node {node}")
        if self._player[node] != _OPEN:
            raise ValueError(f"{self._named(node)} is already settled")
        self._player[node] = player

    def _index(self, player: int | str) -> int:
        if isinstance(player, str):
            if player not in self.players:
                raise ValueError(f"no player {player!r}; there are: {', '.join(self.players)}")
            return self.players.index(player)
        if not 0 <= player < len(self.players):
            raise ValueError(f"no player {player}; players are 0 to {len(self.players) - 1}")
        return player

    def _named(self, node: int) -> str:
        """A node by the moves that lead to it."""
        moves: list[str] = []
        here = node
        while self._parent[here] >= 0:
            above = self._parent[here]
            action = here - self._parent.index(above)
            labels = self._chance.get(above) or (
                self._actions[self._infoset[above]] if self._infoset[above] >= 0 else ()
            )
            moves.append(labels[action] if labels else str(action))
            here = above
        return f"the node after {' / '.join(moves[::-1])}" if moves else "the root"
