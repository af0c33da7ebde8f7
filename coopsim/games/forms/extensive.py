"""ExtensiveForm: a finite game tree with chance, information sets and payoffs."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.exact import Exact, fractions_of
from coopsim.games.forms.payoffs import as_floats, check_payoffs
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.arrays import Infosets, Tree
from coopsim.games.forms.tree.builder import TreeBuilder
from coopsim.games.forms.tree.compiling import compile_tree
from coopsim.games.forms.tree.sequences import SequencePayoffs, Sequences, sequence_payoffs

__all__ = ["ExtensiveForm", "TreeBuilder"]


@dataclass(frozen=True, eq=False)
class ExtensiveForm:
    """A game tree and what its ends pay.

    Made by `TreeBuilder`, `ExtensiveForm.from_arrays`, `coopsim.read` or
    `coopsim.from_openspiel`. A profile is a tuple with one behaviour strategy a player:
    an array `[..., S_i]` of the distributions at the player's information sets, one after
    another in the order of `infosets`. Leading axes are batches; they broadcast against
    the leading axis of `payoffs` where that has variants.

    Args:
        tree: nodes, information sets and chance.
        payoffs: `[Z, n]` in payoff units, in the order of `tree.terminals`; `[V, Z, n]`
            for V variants of the game on one tree.
        exact: `payoffs` in fractions, same shape, where they were given so.
        title: the game's name in plain words.
        comment: where it comes from, what it models.

    Raises:
        ValueError: the payoffs do not fit the tree.
        UserError: a payoff is not finite or out of range (`coopsim.games.forms.payoffs`).
    """

    tree: Tree
    payoffs: Float
    exact: Exact | None = None
    title: str = ""
    comment: str = ""
    kind: str = field(default="extensive", init=False)

    def __post_init__(self) -> None:
        """Check the payoffs and keep a copy that cannot be written to."""
        payoffs = as_floats(self.payoffs)
        wanted = (len(self.tree.terminals), self.tree.n)
        if payoffs.ndim not in (2, 3) or payoffs.shape[-2:] != wanted or not payoffs.size:
            raise ValueError(
                f"payoffs must have shape {list(wanted)}, or [V, {wanted[0]}, {wanted[1]}] "
                f"for variants, not {list(payoffs.shape)}"
            )
        if self.exact is not None and self.exact.shape != payoffs.shape:
            raise ValueError("exact payoffs must have the shape of the payoffs")
        exact = None if self.exact is None else self.exact.swapaxes(-1, -2)
        check_payoffs(payoffs.swapaxes(-1, -2), self.players, exact)
        payoffs.setflags(write=False)
        object.__setattr__(self, "payoffs", payoffs)

    @classmethod
    def from_arrays(
        cls,
        players: Sequence[str],
        parent: npt.ArrayLike,
        player: npt.ArrayLike,
        infoset: npt.ArrayLike,
        payoffs: npt.ArrayLike,
        probability: npt.ArrayLike | None = None,
        *,
        infoset_labels: Sequence[str] = (),
        action_labels: Sequence[Sequence[str]] = (),
        chance_labels: Mapping[int, Sequence[str]] = MappingProxyType({}),
        exact_probability: Mapping[int, Fraction] | None = None,
        title: str = "",
        comment: str = "",
    ) -> ExtensiveForm:
        """A form from one entry a node, in any order that has parents before children.

        Args:
            payoffs: `[Z, n]` or `[V, Z, n]`, in the order in which terminal nodes appear.
            others: see `coopsim.games.forms.tree.compiling.compile_tree`.

        Raises:
            ValueError: what is given is no tree, or contradicts itself; the message says where.
        """
        tree, order = compile_tree(
            players,
            parent,
            player,
            infoset,
            probability,
            infoset_labels=infoset_labels,
            action_labels=action_labels,
            chance_labels=chance_labels,
            exact_probability=exact_probability,
        )
        # terminals are given in the order of the lists and kept in the order of the levels
        place = np.argsort(np.argsort(order[tree.terminals]))
        given = np.asarray(payoffs)
        if given.ndim not in (2, 3) or given.shape[-2] != len(place):
            raise ValueError(f"{len(place)} terminal nodes need payoffs, not {list(given.shape)}")
        given = np.take(given, place, axis=-2)
        exact = fractions_of(given) if given.dtype == object else None
        return cls(tree, as_floats(given), exact, title, comment)

    @property
    def players(self) -> tuple[str, ...]:
        """The players' names, in order."""
        return self.tree.players

    @property
    def n(self) -> int:
        """The number of players."""
        return self.tree.n

    @property
    def infosets(self) -> Infosets:
        """The information sets of all players."""
        return self.tree.infosets

    @property
    def sequences(self) -> tuple[Sequences, ...]:
        """The sequences of each player. Raises `NoSuchForm` without perfect recall."""
        return self.tree.sequences

    @functools.cached_property
    def sequence_payoffs(self) -> SequencePayoffs:
        """The payoffs over pairs of sequences, as a sparse matrix.

        Raises:
            ValueError: there are not two players.
            NoSuchForm: a player forgets own moves.
        """
        return sequence_payoffs(self.tree, self.payoffs)

    @property
    def perfect_recall(self) -> bool:
        """Whether every player always remembers the own moves."""
        return self.tree.perfect_recall

    @property
    def recall_problem(self) -> str:
        """Who forgets what, in a sentence; empty where nobody does."""
        return self.tree.recall_problem

    @property
    def variants(self) -> int | None:
        """How many variants of the payoffs there are; None for a single game."""
        return len(self.payoffs) if self.payoffs.ndim == 3 else None

    def variant(self, index: int) -> ExtensiveForm:
        """One of the variants as a game of its own. Raises `ValueError` where there are none."""
        if self.variants is None:
            raise ValueError("this form has no variants")
        exact = None if self.exact is None else self.exact[index]
        return replace(self, payoffs=self.payoffs[index], exact=exact)

    def with_payoffs(self, payoffs: npt.ArrayLike) -> ExtensiveForm:
        """The same tree with other payoffs, `[Z, n]` or `[V, Z, n]`, in terminal order."""
        given = np.asarray(payoffs)
        exact = fractions_of(given) if given.dtype == object else None
        return replace(self, payoffs=as_floats(given), exact=exact)

    def uniform(self) -> tuple[Float, ...]:
        """The profile that takes every action of an information set with equal probability."""
        return passes.uniform(self.tree)

    def expected(self, profile: Sequence[Float]) -> Float:
        """The expected payoffs of a profile, `[..., n]`."""
        return passes.expected(self.tree, self.payoffs, profile)

    def best_response(self, player: int, profile: Sequence[Float]) -> tuple[Float, Float]:
        """What a best response of `player` earns, `[...]`, and one that is pure, `[..., S_i]`.

        Raises:
            NoSuchForm: a player forgets own moves.
        """
        return passes.best_response(self.tree, self.payoffs, profile, player)

    def nash_conv(self, profile: Sequence[Float]) -> Float:
        """The sum of all players' gains from best responses, `[...]`; 0 at an equilibrium.

        Raises:
            NoSuchForm: a player forgets own moves.
        """
        return passes.nash_conv(self.tree, self.payoffs, profile)

    def named(self, profile: Sequence[Float]) -> dict[str, dict[str, dict[str, Any]]]:
        """A profile by names: player, information set, action, probability.

        Information sets of one player that share a label are told apart by a number.
        """
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for player, strategy in enumerate(profile):
            own: dict[str, dict[str, Any]] = {}
            begin = int(self.infosets.offset[self.infosets.first[player]])
            for infoset in self.infosets.of(player):
                low, high = (int(self.infosets.offset[infoset + k]) - begin for k in (0, 1))
                label = self.infosets.called(infoset)
                label = f"{label} [{infoset}]" if label in own else label
                shares = np.moveaxis(strategy[..., low:high], -1, 0).tolist()
                own[label] = dict(zip(self.infosets.action_labels[infoset], shares, strict=True))
            found[self.players[player]] = own
        return found

    def __repr__(self) -> str:
        """Sizes, not arrays."""
        tree = self.tree
        variants = f", {self.variants} variants" if self.variants else ""
        return (
            f"ExtensiveForm({self.title or ', '.join(self.players)}: {tree.size} nodes, "
            f"{len(tree.infosets)} information sets, {len(tree.terminals)} ends{variants})"
        )
