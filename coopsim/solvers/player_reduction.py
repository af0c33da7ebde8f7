"""Symmetric games of many players by counts, and smaller games that stand for them.

A symmetric game of n players with k strategies has `C(n + k - 1, k - 1)` profiles of counts
in place of `k^n`. Deviation-preserving reduction keeps fewer still.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float, positive_part
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.numeric import require_count

Counts = npt.NDArray[np.int64]
Payoff = Callable[[tuple[int, ...]], npt.ArrayLike]
"""How many players use each strategy to what each strategy is paid, `[k]`; what an unused
strategy is paid is not read."""

_MOST = 5_000_000  # entries of a table written out


def symmetric_profiles(players: int, actions: int) -> Counts:
    """All profiles of counts `[C(n + k - 1, k - 1), k]`, each summing to n.

    Raises:
        UserError: fewer than 0 players or 1 action.
    """
    require_count("players", players, 0)
    require_count("actions", actions)
    bars = itertools.combinations(range(players + actions - 1), actions - 1)
    count = math.comb(players + actions - 1, actions - 1)
    cuts = np.array(list(bars), dtype=np.int64).reshape(count, actions - 1)
    first, last = np.full((count, 1), -1), np.full((count, 1), players + actions - 1)
    bars_at = np.concatenate([first, cuts, last], axis=1)
    return np.asarray(np.diff(bars_at, axis=1) - 1, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SymmetricTable:
    """A symmetric game by counts.

    Args:
        players: how many there are, n.
        actions: labels of the strategies, k.
        profiles: how many players use each strategy, `[M, k]`, all of them.
        payoffs: what each strategy is paid, `[M, k]`; not a number where nobody uses it.
    """

    players: int
    actions: tuple[str, ...]
    profiles: Counts
    payoffs: Float

    @classmethod
    def of(cls, players: int, actions: Sequence[str], payoff: Payoff) -> SymmetricTable:
        """From a function of counts, called once a profile."""
        profiles = symmetric_profiles(players, len(actions))
        paid = np.array([np.asarray(payoff(_plain(counts)), float) for counts in profiles])
        return cls(players, tuple(actions), profiles, np.where(profiles > 0, paid, np.nan))

    @classmethod
    def of_form(cls, form: NormalForm, tol: float = 1e-9) -> SymmetricTable:
        """From a symmetric form: means over players and orders, which must agree.

        Args:
            form: n players with the same number of actions.
            tol: how far payoffs that symmetry makes equal may lie apart, in payoff units.
                `inf` averages whatever the game is, as for payoffs from samples.

        Raises:
            NoSuchForm: the game is not symmetric.
        """
        if len(set(form.shape)) != 1:
            raise NoSuchForm("a symmetric game has the same number of actions for each player")
        n, k = form.n, form.shape[0]
        choices = np.indices(form.shape).reshape(n, -1)
        counts = (choices[None] == np.arange(k)[:, None, None]).sum(1)
        profiles = symmetric_profiles(n, k)
        order = {_plain(row): place for place, row in enumerate(profiles)}
        place = np.array([order[_plain(column)] for column in counts.T])
        flat = form.payoffs.reshape(n, -1)
        total, often = np.zeros((len(profiles), k)), np.zeros((len(profiles), k))
        for i in range(n):
            np.add.at(total, (place, choices[i]), flat[i])
            np.add.at(often, (place, choices[i]), 1.0)
        with np.errstate(invalid="ignore"):
            mean = total / often
        apart = max(float(np.abs(flat[i] - mean[place, choices[i]]).max()) for i in range(n))
        if apart > tol:
            raise NoSuchForm(f"the game is not symmetric: equal positions differ by {apart:.3g}")
        return cls(n, form.actions[0], profiles, mean)

    def form(self) -> NormalForm:
        """The game with every profile written out, `[n, k, ..., k]`.

        Raises:
            NoSuchForm: more than 5,000,000 payoffs.
        """
        n, k = self.players, len(self.actions)
        if n * k**n > _MOST:
            raise NoSuchForm(
                f"{n} players with {k} strategies have {n * k**n:,} payoffs; reduce the players "
                f"first (deviation_preserving)"
            )
        order = {_plain(row): place for place, row in enumerate(self.profiles)}
        tensor = np.empty((n, *(k,) * n))
        for choice in np.ndindex(*(k,) * n):
            row = order[_plain(np.bincount(choice, minlength=k))]
            tensor[(slice(None), *choice)] = self.payoffs[row, list(choice)]
        return NormalForm(tensor, actions=[self.actions] * n)

    def gains(self, mixture: npt.ArrayLike) -> Float:
        """What each strategy is paid where all others draw from a mixture, `[k]`.

        Cost: one pass over the profiles of the n - 1 others, in place of `k^(n-1)`.
        """
        shares = np.asarray(mixture, dtype=float)
        k = len(self.actions)
        if shares.shape != (k,) or shares.min() < 0 or abs(shares.sum() - 1) > 1e-9:
            raise UserError("no distribution", key="mixture", given=mixture, allowed=f"[{k}]")
        order = {_plain(row): place for place, row in enumerate(self.profiles)}
        paid = np.zeros(k)
        for others in (
            symmetric_profiles(self.players - 1, k) if self.players > 1 else [np.zeros(k)]
        ):
            chance = _multinomial(others, shares)
            for a in range(k) if chance > 0 else ():
                counts = others + (np.arange(k) == a)
                paid[a] += chance * self.payoffs[order[_plain(counts)], a]
        return paid

    def regret(self, mixture: npt.ArrayLike) -> float:
        """What a player gains at most where all draw from a mixture, in payoff units."""
        shares, paid = np.asarray(mixture, dtype=float), self.gains(mixture)
        return positive_part(float(paid.max() - shares @ paid))


def deviation_preserving(
    players: int, reduced: int, actions: Sequence[str], payoff: Payoff
) -> SymmetricTable:
    """A game of fewer players in which a single deviation means what it means in the full one.

    In the reduced game each of the `reduced - 1` others stands for `(n - 1) / (p - 1)` players
    of the full game, and the one whose payoff is read stands for itself (Wiedenbeck and
    Wellman 2012, section 3.2).

    Args:
        players: of the full game, n.
        reduced: players of the reduced game, p, 2 or more; p - 1 must divide n - 1.
        actions: labels of the strategies.
        payoff: of the full game; called for the full profiles that are needed only.

    Raises:
        UserError: p - 1 does not divide n - 1.
    """
    require_count("reduced", reduced, 2)
    if (players - 1) % (reduced - 1):
        fitting = [p for p in range(2, players + 1) if (players - 1) % (p - 1) == 0]
        raise UserError(
            "each other player must stand for a whole number of players",
            key="reduced",
            given=reduced,
            allowed=", ".join(map(str, fitting)),
        )
    each = (players - 1) // (reduced - 1)
    profiles = symmetric_profiles(reduced, len(actions))
    table = np.full(profiles.shape, np.nan)
    known: dict[tuple[int, ...], Float] = {}
    for row, a in np.argwhere(profiles > 0):
        full = profiles[row] * each
        full[a] += 1 - each
        counts = _plain(full)
        if counts not in known:
            known[counts] = np.asarray(payoff(counts), dtype=float)
        table[row, a] = known[counts][a]
    return SymmetricTable(reduced, tuple(actions), profiles, table)


def _plain(counts: npt.ArrayLike) -> tuple[int, ...]:
    return tuple(int(c) for c in np.asarray(counts))


def _multinomial(counts: npt.NDArray[Any], shares: Float) -> float:
    """The probability of counts of independent draws."""
    if (counts[shares == 0] > 0).any():
        return 0.0
    used = shares > 0
    log = math.lgamma(int(counts.sum()) + 1) + float(counts[used] @ np.log(shares[used]))
    return math.exp(log - sum(math.lgamma(int(count) + 1) for count in counts))
