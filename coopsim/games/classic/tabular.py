"""Games that are one simultaneous choice from finite lists, paid by a table."""

from __future__ import annotations

import functools
import itertools
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from coopsim.arrays import NUMPY, Array, Backend, backend_of, namespace
from coopsim.errors import InvalidAction, NoSuchForm
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard, payoff_relation
from coopsim.games.forms.convert import to_extensive
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.game import Game, Step

if TYPE_CHECKING:
    import gymnasium

FAMILY = GameCard(
    title="Matrix game",
    summary="All players choose an action at once, and the table says what each is paid.",
    actions="discrete",
    forms=("normal", "extensive"),
)

_SHOWN = 100  # lines of a table that are told in words


@dataclass(frozen=True, slots=True)
class MatrixState:
    """The actions taken, `[B, n]`, -1 before the round; `kept` carries the number type, `[B]`."""

    actions: Array
    kept: Array


class TabularGame(Game):
    """One simultaneous choice from finite lists of actions; subclasses say the table."""

    card: ClassVar[GameCard] = cast(GameCard, FoundCard(FAMILY))
    rounds: ClassVar[int] = 1

    @property
    @abstractmethod
    def matrix(self) -> NormalForm:
        """The payoffs as a form; a cached property, for it is read every round."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The players' names."""
        return self.matrix.players

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """The names of each player's actions."""
        return self.matrix.actions

    @functools.cached_property
    def own_card(self) -> GameCard:
        """The family's card with what the table shows."""
        relation: Any = payoff_relation(np.moveaxis(self.matrix.payoffs, 0, -1))
        return replace(type(self).card, payoffs=relation)

    def action_space(self, player: int) -> gymnasium.Space[Any]:
        """The number of an action."""
        from gymnasium.spaces import Discrete

        return Discrete(len(self.options[player]))

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> MatrixState:
        """Nobody has chosen. Nothing is random."""
        kept = backend.asarray(np.zeros(batch))
        return MatrixState(backend.xp.astype(_columns(kept, self.n) - 1, backend.xp.int64), kept)

    def observe(self, state: MatrixState, player: int) -> Mapping[str, Array]:
        """Everybody's actions once they are taken; -1 before."""
        return {"actions": state.actions}

    def legal(self, state: MatrixState, player: int) -> Array:
        """Every action, always."""
        xp = namespace(state.kept)
        return xp.astype(_columns(state.kept, len(self.options[player])) + 1, xp.bool)

    def step(self, state: MatrixState, actions: Array) -> Step:
        """Look the payoffs up.

        Raises:
            InvalidAction: an action has no number in the table.
        """
        xp, table = namespace(state.kept), self._tables(backend_of(state.kept))
        taken = xp.astype(actions, xp.int64)
        bad = (taken != actions) | (taken < 0) | (taken >= table.counts)
        if bool(xp.any(bad)):
            self._refuse(actions, bad)
        payoffs = table.payoffs[(taken * table.strides).sum(-1)]
        # an episode that is over pays nothing more and keeps what was played
        fresh = state.actions < 0
        after = MatrixState(xp.where(fresh, taken, state.actions), state.kept)
        return Step(after, payoffs * xp.astype(fresh[:, :1], payoffs.dtype), state.kept == 0)

    def form(self, kind: str, **options: Any) -> NormalForm | ExtensiveForm:
        """ "normal": the table itself. "extensive": players move in turn and see nothing."""
        if options or kind not in self.card.forms:
            asked = ", ".join([kind, *options])
            raise NoSuchForm(f"a matrix game has no form ({asked}); it has: normal, extensive")
        return self.matrix if kind == "normal" else to_extensive(self.matrix)

    def narrate(self, view: Any) -> str:
        """The player's table in words."""
        me = view.player
        mine = ", ".join(f"{k} = {label}" for k, label in enumerate(self.options[me]))
        lines = [
            f"You are {self.labels[me]}. {self.card.summary} Your actions: {mine}.",
            *itertools.islice(self._outcomes(me), _SHOWN),
        ]
        taken = np.asarray(view.observation["actions"])[0].astype(int)
        if (taken >= 0).all():
            lines.append(f"What was played: {self._profile(taken)}.")
        return "\n".join(lines)

    @staticmethod
    def batch(state: MatrixState) -> int:
        """The number of episodes."""
        return int(state.actions.shape[0])

    def _outcomes(self, player: int) -> Any:
        """What a player is paid at each profile, a line each."""
        for place in itertools.product(*(range(len(own)) for own in self.options)):
            paid = self.matrix.payoffs[(player, *place)]
            yield f"{self._profile(place)}: you get {paid:g}."

    def _profile(self, place: Any) -> str:
        named = zip(self.labels, self.options, place, strict=True)
        return ", ".join(f"{name} {own[int(action)]}" for name, own, action in named)

    def _refuse(self, actions: Array, bad: Array) -> None:
        episode, player = np.argwhere(np.asarray(bad))[0]
        raise InvalidAction(
            f"action {float(actions[int(episode), int(player)]):g} of {self.labels[player]} does "
            f"not exist; allowed: 0 to {len(self.options[player]) - 1}"
        )

    @functools.cached_property
    def _tables(self) -> Any:
        return functools.lru_cache(maxsize=8)(functools.partial(_tables, self.matrix))


@dataclass(frozen=True)
class _Tables:
    """The payoffs by number of the profile, and how that number is made of the actions."""

    payoffs: Array
    strides: Array
    counts: Array


def _tables(form: NormalForm, backend: Backend) -> _Tables:
    rows = np.moveaxis(form.payoffs, 0, -1).reshape(-1, form.n)
    strides = np.array([int(np.prod(form.shape[i + 1 :])) for i in range(form.n)], dtype=np.int64)
    xp, device = backend.xp, {} if backend.library == "numpy" else {"device": backend.device}
    return _Tables(
        payoffs=backend.asarray(rows.copy()),
        strides=xp.asarray(strides, **device),
        counts=xp.asarray(np.array(form.shape, dtype=np.int64), **device),
    )


def _columns(kept: Array, count: int) -> Array:
    """Zeros `[B, count]` where `kept` `[B]` lives."""
    xp = namespace(kept)
    return xp.zeros((kept.shape[0], count), dtype=kept.dtype, device=kept.device)
