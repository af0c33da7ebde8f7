"""BayesianForm: a finite game in which each player knows something that the others do not."""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.payoffs import as_floats, check_payoffs

_SUMS = 1e-9  # how far the prior may be from 1


@dataclass(frozen=True, eq=False)
class BayesianForm:
    """A finite simultaneous game with types.

    Chance draws a type for each player by `prior`, each sees the own type, all choose at
    once, and payoffs depend on types and actions. A profile is one behaviour strategy a
    player: an array `[T_i * A_i]` of the distributions at the own types, one after another,
    the same as in the tree that `bayesian_convert.to_extensive` makes.

    Args:
        payoffs: `[n, T1, ..., Tn, A1, ..., An]` in payoff units, or `[V, n, ...]` for V
            variants of the payoffs under one prior.
        prior: joint probabilities of types `[T1, ..., Tn]`, or a sequence of n marginals
            `[T_i]` for independent types.
        players: names; numbered where not given.
        types: labels of each player's types; numbered where not given.
        actions: labels of each player's actions; numbered where not given.
        title: the game's name in plain words.
        comment: where it comes from, what it models.

    Raises:
        ValueError: shapes or labels do not fit, the prior is no distribution, a type has
            probability 0.
        UserError: a payoff is not finite or out of range (`coopsim.games.forms.payoffs`).
    """

    payoffs: Float
    prior: Float
    players: tuple[str, ...] = ()
    types: tuple[tuple[str, ...], ...] = ()
    actions: tuple[tuple[str, ...], ...] = ()
    title: str = ""
    comment: str = ""
    kind: str = field(default="bayesian", init=False)

    def __init__(
        self,
        payoffs: npt.ArrayLike,
        prior: npt.ArrayLike | Sequence[npt.ArrayLike],
        players: Sequence[str] = (),
        types: Sequence[Sequence[str]] = (),
        actions: Sequence[Sequence[str]] = (),
        title: str = "",
        comment: str = "",
    ) -> None:
        """Copy and check."""
        tensor = as_floats(payoffs)
        joint = _joint(prior, (tensor.ndim - 1) // 2)
        n = joint.ndim
        if tensor.ndim not in (2 * n + 1, 2 * n + 2) or tensor.shape[tensor.ndim - 2 * n - 1] != n:
            raise ValueError(
                f"payoffs must have shape [n, T1, ..., Tn, A1, ..., An], or a leading axis of "
                f"variants; {tensor.shape} does not fit {n} players"
            )
        first = tensor.ndim - 2 * n
        if tensor.shape[first : first + n] != joint.shape:
            raise ValueError(
                f"payoffs have {tensor.shape[first : first + n]} types and the prior {joint.shape}"
            )
        if not tensor.size:
            raise ValueError("payoffs must have at least one action a player")
        for array in (tensor, joint):
            array.setflags(write=False)
        sizes = tensor.shape[first + n :]
        made = {
            "payoffs": tensor,
            "prior": joint,
            "players": tuple(players) or tuple(f"player {i + 1}" for i in range(n)),
            "types": _labels(types, joint.shape, "type "),
            "actions": _labels(actions, sizes, ""),
            "title": title,
            "comment": comment,
            "kind": "bayesian",
        }
        if len(made["players"]) != n:  # type: ignore[arg-type]
            raise ValueError(f"{n} players need {n} names, not {list(players)}")
        rows = tensor.reshape(*tensor.shape[: tensor.ndim - 2 * n], -1)
        check_payoffs(rows, made["players"])  # type: ignore[arg-type]
        for name, value in made.items():
            object.__setattr__(self, name, value)

    @property
    def n(self) -> int:
        """The number of players."""
        return self.prior.ndim

    @property
    def type_counts(self) -> tuple[int, ...]:
        """How many types each player has."""
        return self.prior.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return self.payoffs.shape[-self.n :]

    @property
    def variants(self) -> int | None:
        """How many variants of the payoffs there are; None for a single game."""
        return len(self.payoffs) if self.payoffs.ndim == 2 * self.n + 2 else None

    def variant(self, index: int) -> BayesianForm:
        """One of the variants as a game of its own. Raises `ValueError` where there are none."""
        if self.variants is None:
            raise ValueError("this form has no variants")
        return self.with_payoffs(self.payoffs[index])

    def with_payoffs(self, payoffs: npt.ArrayLike) -> BayesianForm:
        """The same types and prior with other payoffs."""
        return BayesianForm(
            payoffs, self.prior, self.players, self.types, self.actions, self.title, self.comment
        )

    def marginal(self, player: int) -> Float:
        """The probabilities of a player's types, `[T_i]`."""
        others = tuple(i for i in range(self.n) if i != player)
        return np.asarray(self.prior.sum(others))

    def uniform(self) -> tuple[Float, ...]:
        """The profile that takes every action with equal probability at every type."""
        sizes = zip(self.type_counts, self.shape, strict=True)
        return tuple(np.full(types * actions, 1 / actions) for types, actions in sizes)

    def matrices(self, profile: Sequence[Float]) -> tuple[Float, ...]:
        """Each player's strategy with a row for each type, `[T_i, A_i]`."""
        return tuple(
            np.asarray(part, dtype=np.float64).reshape(self.type_counts[i], self.shape[i])
            for i, part in enumerate(profile)
        )

    def expected(self, profile: Sequence[Float]) -> Float:
        """The expected payoffs before types are known, `[..., n]` (variants lead)."""
        own = [
            (self.deviations(profile, i) * matrix).sum((-2, -1))
            for i, matrix in enumerate(self.matrices(profile))
        ]
        return np.stack(own, axis=-1)

    def deviations(self, profile: Sequence[Float], player: int) -> Float:
        """What each own action earns at each own type, times the type's probability.

        `[..., T_i, A_i]`; divided by `marginal(player)` these are interim payoffs.

        Cost: one contraction of the player's payoff tensor.
        """
        axis = self.payoffs.ndim - 2 * self.n - 1
        operands: list[Any] = [np.take(self.payoffs, player, axis=axis)]
        terms = [f"...{self._types}{self._acts}", self._types]
        operands.append(self.prior)
        for other, matrix in enumerate(self.matrices(profile)):
            if other != player:
                terms.append(self._types[other] + self._acts[other])
                operands.append(matrix)
        out = f"...{self._types[player]}{self._acts[player]}"
        return np.asarray(np.einsum(f"{','.join(terms)}->{out}", *operands, optimize="greedy"))

    @functools.cached_property
    def size(self) -> int:
        """How many pure profiles of actions and types there are."""
        return math.prod(self.type_counts) * math.prod(self.shape)

    @property
    def _types(self) -> str:
        return string.ascii_lowercase[: self.n]

    @property
    def _acts(self) -> str:
        return string.ascii_uppercase[: self.n]

    def __repr__(self) -> str:
        """Sizes, not arrays."""
        sizes = ", ".join(
            f"{types} types with {actions} actions"
            for types, actions in zip(self.type_counts, self.shape, strict=True)
        )
        return f"BayesianForm({self.title or ', '.join(self.players)}: {sizes})"


def _joint(prior: npt.ArrayLike | Sequence[npt.ArrayLike], n: int) -> Float:
    """The joint distribution of types, from itself or from marginals."""
    given: list[npt.ArrayLike] = list(prior)  # type: ignore[arg-type]
    rows = [np.asarray(part, dtype=np.float64) for part in given]
    # n marginals of one axis each are a matrix for two players with equally many types: the
    # sum tells them from a joint distribution
    independent = len(rows) == n and all(row.ndim == 1 for row in rows)
    if independent and n == 2 and len({len(row) for row in rows}) == 1:
        independent = all(abs(row.sum() - 1) <= _SUMS for row in rows)
    if independent and n > 1:
        joint = functools.reduce(np.multiply.outer, rows)
    else:
        joint = np.array(prior, dtype=np.float64)
    if (joint < 0).any() or not abs(joint.sum() - 1) <= _SUMS:
        raise ValueError(f"the prior sums to {joint.sum():.6g}, or has a negative entry")
    for player in range(joint.ndim):
        others = tuple(i for i in range(joint.ndim) if i != player)
        if (joint.sum(others) <= 0).any():
            raise ValueError(f"a type of player {player + 1} has probability 0: leave it out")
    return np.array(joint)


def _labels(
    given: Sequence[Sequence[str]], sizes: tuple[int, ...], prefix: str
) -> tuple[tuple[str, ...], ...]:
    labels = tuple(map(tuple, given)) or tuple(
        tuple(f"{prefix}{k}" for k in range(size)) for size in sizes
    )
    if tuple(map(len, labels)) != sizes:
        raise ValueError(f"labels do not fit: {list(map(len, labels))} for {list(sizes)}")
    return labels
