"""OpenSpiel games as game trees, and game trees as OpenSpiel games."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from coopsim import budget
from coopsim.errors import CoopsimError, NoSuchForm, UnknownName, UserError
from coopsim.extras import require
from coopsim.games.formats import efgwriter
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE, Tree

LIMIT = 2_000_000
"""How many nodes are built unless more are asked for; about 100 bytes a node are kept."""

_LARGEST = 10**9
_NODE = 600  # bytes of a node while the tree is walked and compiled
_LOOK = 50_000  # nodes between two looks at the memory


def from_openspiel(game: Any, limit: int = LIMIT) -> ExtensiveForm:
    """Any OpenSpiel game that can be written out as a tree.

    Simultaneous moves become moves in turn whose players do not see one another's. The
    information sets are OpenSpiel's information states, and their labels too.

    Args:
        game: a name with or without parameters ("leduc_poker", "kuhn_poker(players=3)"),
            or a `pyspiel.Game`.
        limit: the largest number of nodes to build.

    Raises:
        UnknownName: OpenSpiel has no game of that name.
        UserError: OpenSpiel refuses the parameters, or the tree has more than `limit` nodes.
        NoSuchForm: the game has no tree: a mean-field game, one whose chance can only be
            sampled, or one that does not say what players know.
        MissingExtra: OpenSpiel is not installed.

    Example:
        >>> from_openspiel("kuhn_poker").infosets.labels[0]
        '0'
    """
    return walk(game, limit).form()


def walk(game: Any, limit: int = LIMIT) -> Walk:
    """The nodes of a game; arguments and errors as in `from_openspiel`."""
    spiel = require("pyspiel", extra="openspiel")
    made = loaded(game)
    _check(spiel, made)
    try:
        if made.get_type().dynamics == spiel.GameType.Dynamics.SIMULTANEOUS:
            made = spiel.convert_to_turn_based(made)
        comment = f"{made.get_type().long_name}, from OpenSpiel."
        found = Walk(made.num_players(), limit, str(game), comment)
        found.run(made.new_initial_state(), _tells(spiel, made))
    except UserError:
        raise
    except (spiel.SpielError, ValueError, MemoryError, RuntimeError) as error:
        raise _refused(error, game) from None
    return found


def loaded(game: Any) -> Any:
    """The `pyspiel.Game` of a text, or the game itself; errors as in `from_openspiel`."""
    if not isinstance(game, str):
        return game
    spiel = require("pyspiel", extra="openspiel")
    known = spiel.registered_names()
    name = game.partition("(")[0].strip()
    if name not in known:
        raise UnknownName("OpenSpiel game", name, known)
    try:
        return spiel.load_game(game)
    except (spiel.SpielError, ValueError, MemoryError, RuntimeError) as error:
        raise _refused(error, game) from None


def to_openspiel(form: ExtensiveForm) -> Any:
    """A `pyspiel.Game` that plays a tree, by way of OpenSpiel's reader of .efg text.

    OpenSpiel numbers actions by their labels and sorts them, so where labels do not come in
    one order everywhere they are replaced by "0", "1" and so on. Rationals whose parts have
    more than nine digits are rounded to floats.

    Raises:
        UserError: the form has variants.
        CoopsimError: OpenSpiel cannot read the tree.
        MissingExtra: OpenSpiel is not installed.
    """
    spiel = require("pyspiel", extra="openspiel")
    plain = _plain(form)
    try:
        return spiel.load_efg_game(efgwriter.dump(plain))
    except spiel.SpielError as error:
        raise CoopsimError(f"OpenSpiel cannot read this tree: {_first_line(error)}") from None


@dataclass
class Walk:
    """A depth-first walk that collects one entry a node; no recursion, so trees may be deep."""

    n: int
    limit: int
    name: str
    comment: str
    parent: list[int] = field(default_factory=list)
    player: list[int] = field(default_factory=list)
    infoset: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    payoffs: list[list[float]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    actions: list[tuple[str, ...]] = field(default_factory=list)
    chance: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def run(self, root: Any, tells: bool) -> None:
        """Walk the tree below `root`; `tells` says that the game names information states."""
        known: dict[tuple[int, str], int] = {}
        stack: list[tuple[Any, int, float]] = [(root, -1, 1.0)]
        while stack:
            state, parent, probability = stack.pop()
            node = len(self.parent)
            if node >= self.limit:
                raise self._too_large()
            if not node % _LOOK:
                # the nodes that are still to come are states of OpenSpiel's
                nodes = node + _LOOK + len(stack)
                fits = f"at most {budget.fitting(_NODE):,} nodes"
                budget.require(nodes * _NODE, f"{self.name}, a tree of {nodes:,} nodes", fits=fits)
            self.parent.append(parent)
            self.probability.append(probability)
            player = state.current_player()
            if player >= 0:
                legal = state.legal_actions()
                key = (player, state.information_state_string(player) if tells else f"node {node}")
                number = known.setdefault(key, len(known))
                if number == len(self.labels):
                    self.labels.append(key[1])
                    self.actions.append(
                        tuple([state.action_to_string(player, action) for action in legal])
                    )
                self.player.append(player)
                self.infoset.append(number)
                stack.extend([(state.child(action), node, 1.0) for action in reversed(legal)])
            elif state.is_terminal():
                self.player.append(self.n)
                self.infoset.append(-1)
                self.payoffs.append(state.returns())
            else:
                outcomes = state.chance_outcomes()
                self.player.append(CHANCE)
                self.infoset.append(-1)
                self.chance[node] = tuple([state.action_to_string(-1, a) for a, _ in outcomes])
                stack.extend([(state.child(a), node, p) for a, p in reversed(outcomes)])

    def form(self) -> ExtensiveForm:
        """The tree that was walked."""
        return ExtensiveForm.from_arrays(
            [f"player {i + 1}" for i in range(self.n)],
            self.parent,
            self.player,
            self.infoset,
            np.array(self.payoffs),
            self.probability,
            infoset_labels=self.labels,
            action_labels=self.actions,
            chance_labels=self.chance,
            title=self.name,
            comment=self.comment,
        )

    def _too_large(self) -> UserError:
        return UserError(
            f"{self.name} has more than {self.limit:,} nodes",
            allowed="smaller parameters, or a larger limit where there is memory for it",
        )


def _refused(error: Exception, game: Any) -> UserError:
    """What C++ raised as an error: its own, or of containers and of memory."""
    said = _first_line(error) or type(error).__name__
    return UserError(f"OpenSpiel refuses this game: {said}", given=str(game))


def _check(spiel: Any, game: Any) -> None:
    """Refuse what has no tree."""
    kind = game.get_type()
    problem = None
    if kind.dynamics == spiel.GameType.Dynamics.MEAN_FIELD:
        problem = "a mean-field game"
    elif kind.chance_mode == spiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        problem = "its chance can be sampled and not enumerated"
    elif not _tells(spiel, game) and not _open(spiel, kind):
        problem = "it names no information states"
    if problem:
        raise NoSuchForm(f"{kind.short_name} has no game tree: {problem}")


def _open(spiel: Any, kind: Any) -> bool:
    """Whether everybody always knows everything, so that each node is an information set."""
    perfect = kind.information == spiel.GameType.Information.PERFECT_INFORMATION
    return bool(perfect and kind.dynamics == spiel.GameType.Dynamics.SEQUENTIAL)


def _tells(spiel: Any, game: Any) -> bool:
    return bool(game.get_type().provides_information_state_string)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def _plain(form: ExtensiveForm) -> ExtensiveForm:
    """The form in the part of the .efg format that OpenSpiel reads rightly."""
    tree, sets = form.tree, form.infosets
    keep, keep_chance = _in_order(tree)
    actions = sets.action_labels if keep else tuple(_numbers(len(x)) for x in sets.action_labels)
    plain_sets = replace(
        sets,
        labels=tuple(map(_unquoted, sets.labels)),
        action_labels=tuple(tuple(map(_unquoted, labels)) for labels in actions),
    )
    chance = {node: tuple(map(_unquoted, labels)) for node, labels in tree.chance_labels.items()}
    plain_tree = replace(
        tree,
        players=tuple(map(_unquoted, tree.players)),
        infosets=plain_sets,
        chance_labels=MappingProxyType(chance if keep_chance else {}),
        exact_probability=tree.exact_probability if _short(tree.exact_probability) else None,
    )
    return replace(
        form,
        tree=plain_tree,
        exact=form.exact if _short(form.exact) else None,
        title=_unquoted(form.title),
        comment=_unquoted(form.comment),
    )


def _in_order(tree: Tree) -> tuple[bool, bool]:
    """Whether numbering labels by first appearance keeps players' and chance's actions sorted."""
    numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
    sorted_ = [True, True]
    for node in tree.preorder().tolist():
        by_chance = int(tree.player[node] == CHANCE)
        if by_chance or tree.infoset[node] >= 0:
            seen = numbers[by_chance]
            found = [seen.setdefault(_unquoted(x), len(seen)) for x in tree.action_labels(node)]
            sorted_[by_chance] &= all(a < b for a, b in itertools.pairwise(found))
    return sorted_[0], sorted_[1]


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))


def _unquoted(label: str) -> str:
    return label.replace('"', "'")


def _short(values: Exact | None) -> bool:
    """Whether fractions fit the 32-bit integers that OpenSpiel reads."""
    if values is None:
        return False
    parts = (v for v in values.ravel() if v is not None)
    return all(max(abs(v.numerator), v.denominator) <= _LARGEST for v in parts)
