"""Multilinear payoffs of finite games: deviation payoffs, their derivatives, and Newton's method.

What methods for n-player normal forms share. A profile is one vector `[m]` here, the
players' distributions one after another; `m` is the sum of the numbers of actions.
Certificates use none of this.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import dense

Mask = npt.NDArray[np.bool_]

_ROUNDS = 60  # Newton steps of one polish; it settles in 5 or does not settle
_SETTLED = 1e-11  # a regret, over the range of payoffs, that needs no further polish
WIDE = (1.0, 30.0, 0.03)
"""Weights of lost payoffs for `polish` where a profile is known to be near an equilibrium."""


class Multilinear:
    """The payoffs of a normal form, scaled so that the largest spread of a player's is 1.

    Args:
        form: the game.

    Attributes:
        scale: payoff units a unit here; 1 where all payoffs of each player are equal.
        shape: the numbers of actions.
        m: their sum.
        parts: where each player's actions lie in a profile.
        owner: the player of each action, `[m]`.
    """

    def __init__(self, form: NormalForm) -> None:
        flat = form.payoffs.reshape(form.n, -1)
        low = flat.min(axis=1)
        spread = float((flat.max(axis=1) - low).max())
        self.scale = spread if spread > 0 else 1.0
        shift = low.reshape((-1,) + (1,) * form.n)
        self.payoffs: Float = (form.payoffs - shift) / self.scale
        self.shape = form.shape
        self.n, self.m = form.n, sum(form.shape)
        ends = np.cumsum((0, *form.shape)).tolist()
        self.parts = [slice(a, b) for a, b in itertools.pairwise(ends)]
        self.starts = np.array(ends[:-1])
        self.owner = np.repeat(np.arange(form.n), form.shape)
        # each player's payoffs with the own actions first, then the others in order
        self._own = [np.ascontiguousarray(np.moveaxis(p, i, 0)) for i, p in enumerate(self.payoffs)]
        self._others = [[j for j in range(form.n) if j != i] for i in range(form.n)]

    def split(self, x: Float) -> tuple[Float, ...]:
        """One distribution a player, copies."""
        return tuple(np.array(x[part]) for part in self.parts)

    def uniform(self) -> Float:
        """All actions of a player equally likely, `[m]`."""
        return np.repeat(1.0 / np.array(self.shape), self.shape)

    def pure(self, actions: Sequence[int]) -> Float:
        """One action a player, `[m]`."""
        x = np.zeros(self.m)
        x[self.starts + np.asarray(actions)] = 1.0
        return x

    def deviations(self, x: Float) -> Float:
        """What each action pays its player against the others' part of `x`, `[m]`."""
        values = np.empty(self.m)
        for i, part in enumerate(self.parts):
            rest = self._own[i]
            for j in reversed(self._others[i]):
                rest = rest.reshape(-1, self.shape[j]) @ x[self.parts[j]]
            values[part] = rest.reshape(-1)
        return values

    def derivatives(self, x: Float) -> tuple[Float, Float]:
        """Deviation payoffs `[m]` and their derivatives `[m, m]`.

        Entry (a, b) is what action a pays its player when b's player takes b and the rest
        play `x`; blocks of one player are 0. Payoffs are linear in every other player's
        distribution, so block (i, j) times `x_j` is the deviation payoff of i.

        Cost: n contractions of the payoff tensor, and n(n - 1) of smaller ones.

        Raises:
            OutOfTime: the kept clock is over between two of them.
        """
        values, slopes = np.zeros(self.m), np.zeros((self.m, self.m))
        for i, part in enumerate(self.parts):
            look()
            rest, size, others = self._own[i], self.shape[i], self._others[i]
            for place, j in reversed(list(enumerate(others))):
                block = rest
                for k in others[:place]:
                    block = x[self.parts[k]] @ block.reshape(size, self.shape[k], -1)
                slopes[part, self.parts[j]] = block.reshape(size, self.shape[j])
                rest = rest.reshape(-1, self.shape[j]) @ x[self.parts[j]]
            values[part] = rest.reshape(-1)
        return values, slopes

    def gaps(self, values: Float) -> Float:
        """How far each action is from its player's best one, `[m]`, 0 or more."""
        best = np.maximum.reduceat(values, self.starts)
        return np.asarray(best[self.owner] - values)

    def regret(self, x: Float) -> float:
        """The most that a player gains by deviating from `x`, in payoff units."""
        lost = np.add.reduceat(x * self.gaps(self.deviations(x)), self.starts)
        return float(lost.max()) * self.scale

    def normalised(self, x: Float) -> Float:
        """`x` without negative entries, scaled to distributions."""
        x = np.maximum(x, 0.0)
        total = np.add.reduceat(x, self.starts)
        even = 1.0 / np.array(self.shape)
        safe = np.where(total > 0, total, 1.0)
        return np.where(total[self.owner] > 0, x / safe[self.owner], even[self.owner])


def polish(
    game: Multilinear, x: Float, costs: Sequence[float] = (1.0,), rounds: int = _ROUNDS
) -> tuple[Float, float]:
    """An equilibrium near `x` by Newton's method with an active set, and its regret.

    Solves for the probabilities and the payoff of each player on a support where all its
    actions pay the same; an action leaves when its probability turns negative and enters
    when it would pay more (a semismooth Newton method on the complementarity problem;
    Hintermüller, Ito and Kunisch 2002). Where equilibria are not isolated, the step is the
    shortest one.

    Args:
        game: the game.
        x: where to start, `[m]`.
        costs: how an action's lost payoff, over the range of payoffs, weighs against its
            probability in telling whether it belongs to the support; tried in turn until an
            equilibrium is met.
        rounds: most steps, for each of `costs`.

    Returns:
        The best profile met, `[m]`, and its regret in payoff units. Nothing is promised.

    Raises:
        OutOfTime: the kept clock is over.
    """
    best, least = game.normalised(x), np.inf
    for cost in costs:
        found, regret = _polished(game, x, cost, rounds)
        if regret < least:
            best, least = found, regret
        if least <= _SETTLED * game.scale:
            break
    return best, least


def _polished(game: Multilinear, x: Float, cost: float, rounds: int) -> tuple[Float, float]:
    """`polish` with one weight of lost payoffs."""
    best, least = game.normalised(x), np.inf
    values, slopes = game.derivatives(x)
    payoff = np.maximum.reduceat(values, game.starts)
    for _ in range(rounds):
        support = _support(game, x, cost * (payoff[game.owner] - values))
        found = support_step(game, x, values, slopes, support)
        if found is None:
            break
        moved = float(np.abs(found[0] - x).max())
        x, payoff = found
        clean = game.normalised(x)
        regret = game.regret(clean)
        if regret < least:
            best, least = clean, regret
        if moved < 1e-14 or not np.abs(x).max() < 1e6:
            break
        values, slopes = game.derivatives(x)
    if not least < np.inf:
        least = game.regret(best)
    return best, least


def _support(game: Multilinear, x: Float, gap: Float) -> Mask:
    """The actions whose probability outweighs what they cost, at least one a player."""
    margin = x - gap
    top = np.maximum.reduceat(margin, game.starts)
    return np.asarray((margin > 0) | (margin >= top[game.owner]))


def support_step(
    game: Multilinear, x: Float, values: Float, slopes: Float, support: Mask
) -> tuple[Float, Float] | None:
    """The next profile `[m]` and payoffs `[n]`: one Newton step of equal payoffs on a support."""
    s = np.flatnonzero(support)
    k, n = len(s), game.n
    member = (game.owner[s][:, None] == np.arange(n)).astype(float)
    system = np.zeros((k + n, k + n))
    system[:k, :k] = slopes[np.ix_(s, s)]
    system[:k, k:] = -member
    system[k:, :k] = member.T
    # actions outside the support go to 0 in this step: their effect is linear, too
    out = np.where(support, 0.0, -x)
    right = np.concatenate([-(values[s] + slopes[s] @ out), 1.0 - member.T @ x[s]])
    try:
        change = dense.solved(system, right)
    except np.linalg.LinAlgError:
        change = dense.shortest(system, right, 1e-11)
    if not np.isfinite(change).all() or np.abs(change[:k]).max(initial=0.0) > 1e4:
        change = dense.shortest(system, right, 1e-9)
        if not np.isfinite(change).all():
            return None
    moved = np.zeros(game.m)
    moved[s] = x[s] + change[:k]
    return moved, change[k:]
