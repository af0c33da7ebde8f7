"""tree: any game tree, played by table look-up."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from coopsim import parameters
from coopsim.arrays import NUMPY, Array, Backend, backend_of, namespace
from coopsim.errors import InvalidAction, NoSuchForm, UserError
from coopsim.games import formats
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard, card_of, payoff_relation
from coopsim.games.classic.lookup import Lookup, longest_draw, longest_play, make_lookup
from coopsim.games.formats import efgwriter
from coopsim.games.forms.convert import check_size, to_normal
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE
from coopsim.games.game import Game, Step

if TYPE_CHECKING:
    import gymnasium

_FAMILY = GameCard(
    title="Game tree",
    summary="Players move in turn, as a tree says, and are paid where it ends.",
    moves="sequential",
    information="imperfect",
    chance=True,
    actions="discrete",
    forms=("extensive", "normal"),
)


@dataclass(frozen=True, slots=True)
class TreeState:
    """Where play stands.

    Args:
        node: a decision node, or an end, `[B]`.
        draws: uniform numbers, one for each chance node that a path can have, `[B, C]`.
        over: whether the end has been paid, `[B]`.
    """

    node: Array
    draws: Array
    over: Array


class TableGame(Game):
    """A game tree as rules of play; subclasses say where the tree comes from.

    A round is one decision; players who are not to move have one action, 0. Chance moves
    between decisions, by numbers drawn at the start. Payoffs come with the last round.
    """

    card: ClassVar[GameCard] = cast(GameCard, FoundCard(_FAMILY))

    @property
    @abstractmethod
    def extensive(self) -> ExtensiveForm:
        """The tree with its payoffs."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The players' names."""
        return self.extensive.players

    @functools.cached_property
    def _rounds(self) -> int:
        return max(1, longest_play(self.extensive.tree))

    @property
    def rounds(self) -> int:
        """The largest number of decisions on a path."""
        return self._rounds

    @functools.cached_property
    def own_card(self) -> GameCard:
        """The family's card with what the tree shows."""
        told = {**_found(self.extensive), **card_of(self.extensive)}
        return parameters.build(GameCard, {**parameters.dump(_FAMILY), **told})

    def action_space(self, player: int) -> gymnasium.Space[Any]:
        """The number of an action, up to the largest choice that the player has anywhere."""
        from gymnasium.spaces import Discrete

        return Discrete(self._widths[player])

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> TreeState:
        """At the first decision. `rng` draws all that chance will need."""
        generator = rng or np.random.default_rng(0)
        draws = generator.random((batch, longest_draw(self.extensive.tree)))
        numbers = backend.asarray(draws)
        # adding to zeros of the batch keeps the node on the device
        zero = backend.asarray(np.zeros(batch))
        node = backend.xp.astype(zero, backend.xp.int64)
        return TreeState(self._past_chance(node, numbers), numbers, zero > 0)

    def observe(self, state: TreeState, player: int) -> Mapping[str, Array]:
        """The own information set, counted from 0, where the player is to move; -1 elsewhere.

        With perfect recall it stands for everything that the player has seen.
        """
        table, xp = self._lookup(state), namespace(state.node)
        own = table.decides[state.node] & (table.seat[state.node] == player)
        return {"infoset": xp.where(own, table.infoset[state.node], state.node * 0 - 1)}

    def legal(self, state: TreeState, player: int) -> Array:
        """The actions of the information set; 0 alone for players who are not to move."""
        table, xp = self._lookup(state), namespace(state.node)
        own = table.decides[state.node] & (table.seat[state.node] == player)
        count = xp.where(own, table.options[state.node], state.node * 0 + 1)
        numbers = xp.arange(self._widths[player], device=state.node.device)
        return numbers < count[:, None]

    def step(self, state: TreeState, actions: Array) -> Step:
        """Take the mover's action and let chance move on.

        Raises:
            InvalidAction: the mover has no such action; the message names the player.
        """
        table, xp = self._lookup(state), namespace(state.node)
        rows = xp.arange(state.node.shape[0], device=state.node.device)
        moves = table.decides[state.node]
        asked = xp.where(moves, actions[rows, table.seat[state.node]], actions[:, 0] * 0)
        taken = xp.astype(asked, xp.int64)
        fits = (taken == asked) & (taken >= 0) & (taken < table.options[state.node])
        if bool(xp.any(moves & ~fits)):
            self._refuse(state, asked, moves & ~fits)
        node = xp.where(moves, table.child[state.node] + taken, state.node)
        node = self._past_chance(node, state.draws)
        done = ~table.decides[node]
        paid = table.payoffs[table.end[node]] * xp.astype(~state.over, state.draws.dtype)[:, None]
        return Step(TreeState(node, state.draws, done), paid, done)

    def expose(self, state: TreeState) -> Mapping[str, Array]:
        """The node of the tree, counted in level order."""
        return {"node": state.node}

    def form(self, kind: str, **options: Any) -> Any:
        """ "extensive": the tree. "normal": its reduced normal form (`limit`: payoffs at most)."""
        if kind == "extensive" and not options:
            return self.extensive
        if kind == "normal" and not options.keys() - {"limit"}:
            return to_normal(self.extensive, **options)
        asked = ", ".join([kind, *options])
        forms = ", ".join(self.card.forms)
        raise NoSuchForm(f"{self.card.title} has no form ({asked}); it has: {forms}")

    def narrate(self, view: Any) -> str:
        """The information set and its actions in words."""
        form, own = self.extensive, int(np.asarray(view.observation["infoset"])[0])
        told = f"You are {self.labels[view.player]}. {self.card.title}: {self.card.summary}"
        if own < 0:
            return f"{told}\nYou are not to move; your only action is 0."
        infoset = form.infosets.of(view.player)[own]
        options = enumerate(form.infosets.action_labels[infoset])
        choices = ", ".join(f"{number} = {label}" for number, label in options)
        return f"{told}\nWhat you know: {form.infosets.called(infoset)}\nYour actions: {choices}."

    @staticmethod
    def batch(state: TreeState) -> int:
        """The number of episodes."""
        return int(state.node.shape[0])

    def _past_chance(self, node: Array, draws: Array) -> Array:
        """The node that chance moves on to, and the same node where it is not chance's turn."""
        table, xp = self._tables(backend_of(draws)), namespace(node)
        rows = xp.arange(node.shape[0], device=node.device)
        for _ in range(table.run):
            event = table.event[node]
            here = event >= 0
            known = xp.where(here, event, event * 0)
            drawn = xp.astype(draws[rows, xp.where(here, table.drawn[node], event * 0)], xp.float64)
            place = xp.searchsorted(table.bounds, known + drawn, side="right")
            # event number plus draw may round up to the next event
            place = xp.minimum(place, table.last[known])
            node = xp.where(here, table.outcome[place], node)
        return node

    def _refuse(self, state: TreeState, asked: Array, wrong: Array) -> None:
        episode = int(np.flatnonzero(np.asarray(wrong))[0])
        node = int(state.node[episode])
        tree = self.extensive.tree
        labels = tree.action_labels(node)
        raise InvalidAction(
            f"action {float(asked[episode]):g} of {self.labels[int(tree.player[node])]} does not "
            f"exist here; allowed: 0 to {len(labels) - 1} ({', '.join(labels)})"
        )

    def _lookup(self, state: TreeState) -> Lookup:
        lookup: Lookup = self._tables(backend_of(state.draws))
        return lookup

    @functools.cached_property
    def _tables(self) -> Any:
        return functools.lru_cache(maxsize=8)(functools.partial(make_lookup, self.extensive))

    @functools.cached_property
    def _widths(self) -> tuple[int, ...]:
        """The largest number of actions of each player."""
        sets = self.extensive.infosets
        return tuple(
            int(max(sets.actions[list(sets.of(i))], default=1)) for i in range(self.extensive.n)
        )


@dataclass(frozen=True)
class TreeGame(TableGame):
    """A game tree written in Gambit's .efg format."""

    efg: str
    """the tree, as in a .efg file (a file in the games folder is a game by its name, too)"""

    def __post_init__(self) -> None:
        """Read the tree. Raises `UserError` with the line and what was expected there."""
        try:
            _ = self.extensive
        except UserError as error:
            where = "" if error.line is None else f"line {error.line} of the text: "
            raise UserError(
                f"{where}{error.problem}",
                key="efg",
                given=error.given,
                allowed=error.allowed,
                nearest=error.nearest,
            ) from None

    @classmethod
    def of(cls, form: ExtensiveForm) -> TreeGame:
        """The game of an extensive form.

        Raises:
            UserError: the form has variants.
        """
        return cls(efgwriter.dump(form))

    @classmethod
    def from_file(cls, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parameters and the card in a .efg file.

        Raises:
            UserError: it cannot be read as a game tree.
        """
        text = formats.text_of(path, plain=True)
        try:
            form = _parsed(text)
        except UserError as error:
            error.file = str(path)
            raise
        return {"efg": text}, {**_found(form), **card_of(form)}

    @property
    def extensive(self) -> ExtensiveForm:
        """The tree with its payoffs."""
        return _parsed(self.efg)


@functools.lru_cache(maxsize=32)
def _parsed(text: str) -> ExtensiveForm:
    form = formats.parse(text)
    if not isinstance(form, ExtensiveForm):
        raise UserError(
            "a matrix game where a tree was expected", file="<text>", allowed="EFG 2 R, or .nfg"
        )
    return form


def _found(form: ExtensiveForm) -> dict[str, Any]:
    """What the tree itself shows, by keys of a card."""
    alone = len(form.infosets.nodes) == len(form.infosets)
    try:
        check_size(form)
        forms = ["extensive", "normal"]
    except NoSuchForm:
        forms = ["extensive"]
    return {
        "information": "perfect" if alone else "imperfect",
        "chance": bool((form.tree.player == CHANCE).any()),
        "payoffs": payoff_relation(form.payoffs),
        "forms": forms,
        "notes": [form.recall_problem] if form.recall_problem else [],
    }
