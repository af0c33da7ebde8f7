"""The coopetition family's shared part: who plays, what is created, how it is shared.

Source: TR-1, arXiv:2510.18802: private payoff (equation 11), integrated utility
(equation 13), coopetitive equilibrium (definition 3).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt, Interval, MinLen

from coopsim import budget
from coopsim.arrays import Array, Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.coopetition.dependence import Denominator, Dependency, interdependence
from coopsim.games.coopetition.parts.part import over_others
from coopsim.games.coopetition.value import Value, synergy
from coopsim.games.forms.constant import constant_form
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.game import Game

Mode = Literal["private", "integrated", "cooperative"]
Positive = Annotated[float, Gt(0)]
Matrix = tuple[tuple[float, ...], ...]
_PAIRS = 8  # arrays with an entry for every pair of players, held at once
UTILITIES = ("private", "integrated", "independent")


@dataclass(frozen=True)
class Coopetition(Game):
    """Fields and payoffs common to the games of the family. Abstract."""

    players: Annotated[int, Interval(ge=2, le=1000)] | Annotated[tuple[str, ...], MinLen(2)] = 2
    """how many players, or their names"""
    endowments: Positive | tuple[Positive, ...] = 100.0
    """e, the most a player can contribute (one number for all, or one each)"""
    shares: tuple[Annotated[float, Ge(0)], ...] | None = None
    """alpha, bargaining shares of the synergy surplus; they sum to 1; equal where not given"""
    value: Value = Value()
    """f, what a player's own contribution is worth to itself"""
    gamma: Annotated[float, Ge(0)] = 0.65
    """complementarity, the weight of the synergy that only joint effort creates"""
    interdependence: Annotated[float, Interval(ge=0, le=1)] | Matrix | tuple[Dependency, ...] = 0.5
    """D, how much each player depends on each other: one number, a matrix, or i* dependencies"""
    denominator: Denominator = "partner"
    """how i* dependencies average: over those on the partner, or over all of the depender's"""
    reward: Mode | tuple[Mode, ...] = "integrated"
    """what a player is paid: its private payoff, its integrated utility, or the group's mean"""

    def __post_init__(self) -> None:
        """Check what ranges cannot say. Raises `UserError` naming the key."""
        for name in ("endowments", "shares", "reward"):
            given = getattr(self, name)
            if isinstance(given, tuple) and len(given) != self.n:
                raise UserError(
                    f"needs one entry a player, that is {self.n}", key=name, given=list(given)
                )
        budget.require(
            _PAIRS * 8 * self.n**2,
            f"what {self.n:,} players depend on one another",
            fits=f"at most {math.isqrt(budget.fitting(_PAIRS * 8)):,} players",
            key="players",
        )
        if len(set(self.labels)) != self.n:
            raise UserError("two players have one name", key="players", given=list(self.labels))
        if self.shares is not None and abs(sum(self.shares) - 1) > 1e-9:
            raise UserError(
                f"shares must sum to 1; these sum to {sum(self.shares):.6g}",
                key="shares",
                given=list(self.shares),
            )
        _ = self.dependence

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The players' names."""
        if isinstance(self.players, int):
            return tuple(f"player {i + 1}" for i in range(self.players))
        return self.players

    @functools.cached_property
    def endowment(self) -> Float:
        """e as an array `[n]`."""
        return np.broadcast_to(np.asarray(self.endowments, dtype=float), (self.n,))

    @functools.cached_property
    def share(self) -> Float:
        """alpha as an array `[n]`."""
        return np.full(self.n, 1 / self.n) if self.shares is None else np.asarray(self.shares)

    @functools.cached_property
    def dependence(self) -> Float:
        """D as an array `[n, n]` with zero diagonal."""
        return self.matrix(self.interdependence)

    @property
    def common_view(self) -> bool:
        """All see all contributions."""
        return True

    def matrix(self, given: Any, key: str = "interdependence") -> Float:
        """D `[n, n]` from a number, rows, or dependencies. Raises `UserError` naming `key`."""
        return _matrix(given, self.labels, self.denominator, key)

    def action_space(self, player: int) -> Any:
        """One number from 0 to the player's endowment."""
        from gymnasium.spaces import Box

        return Box(0.0, float(self.endowment[player]), (1,), np.float64)

    def form(self, kind: str, **options: Any) -> ContinuousForm | NormalForm:
        """The stage game as a form.

        Args:
            kind: "continuous", "normal" (a grid of `points` actions, 21 where not said), or
                "constant" (whole episodes of constant actions, as paid; no options).
            options: `utility`: "private" (what Nash is taken of), "integrated" (partners'
                payoffs count, weighted by D), "independent" (no synergy, no
                interdependence: the baseline that cooperation is measured against);
                `trust`: None (D alone), "initial" (D gated by initial trust and
                reputation), or a number in [0, 1].
        """
        if kind == "constant" and not options:
            return constant_form(self, np.zeros(self.n), np.array(self.endowment))
        points = options.pop("points", 21)
        utility, trust = options.pop("utility", "private"), options.pop("trust", None)
        if kind not in ("continuous", "normal") or options or utility not in UTILITIES:
            asked = ", ".join([kind, f"utility {utility}", *options])
            raise NoSuchForm(
                f"{self.card.title} has no form ({asked}); it has: continuous, normal, constant; "
                f"options: utility ({', '.join(UTILITIES)}), trust (None, initial, a number)"
            )
        gamma = 0.0 if utility == "independent" else self.complementarity
        weight = self.gated(trust) if utility == "integrated" else np.zeros((self.n, self.n))
        form = ContinuousForm(
            players=self.labels,
            low=np.zeros(self.n),
            high=np.array(self.endowment),
            owner=np.arange(self.n),
            payoffs=functools.partial(_stage_payoffs, self, gamma, weight, utility),
            gradient=functools.partial(_stage_gradient, self, gamma, weight)
            if self.joint
            else None,
            # own values are separable and the geometric mean has positive cross partials
            supermodular=self.joint,
        )
        return form if kind == "continuous" else form.discretise(points)

    @property
    def joint(self) -> bool:
        """Whether value is made as in TR-1: own value and a synergy of all contributions."""
        return True

    @property
    def complementarity(self) -> float:
        """gamma, or its mean where players do not know it."""
        return self.gamma

    def private(self, a: Array, surplus: Array, endowment: Array, xp: Any) -> Array:
        """Private payoffs `[n, ...]`, from contributions, alpha gamma and e, `[n, ...]` each."""
        return private_payoffs(a, endowment, surplus, self.value, xp)

    def beyond(self, a: Array, private: Array) -> Array | None:
        """What utility holds beside private payoffs and dependence, `[n, ...]`; None: nothing."""
        return None

    def gated(self, trust: Any) -> Float:
        """The weights `[n, n]` of partners' payoffs: D, or D times effective trust."""
        if trust is None:
            return self.dependence
        if trust == "initial":
            return np.asarray(self.initial_trust() * self.dependence)
        if not isinstance(trust, float | int) or isinstance(trust, bool) or not 0 <= trust <= 1:
            raise UserError(
                "no level of trust", key="trust", given=trust, allowed="null, initial, or 0 to 1"
            )
        return np.asarray(trust * self.dependence)

    def initial_trust(self) -> Float | float:
        """Effective trust before the first round: min(T, 1 - R)."""
        return 1.0


def private_payoffs(a: Array, endowment: Array, surplus: Array, value: Value, xp: Any) -> Array:
    """pi_i = e_i - a_i + f(a_i) + alpha_i gamma g(a); `[n, ...]` from actions `[n, ...]`.

    Args:
        a: actions, `[n, ...]`.
        endowment: e, and
        surplus: alpha gamma, the weight of the synergy; both `[n, 1 ...]`.
        value: f.
        xp: the array namespace.
    """
    return endowment - a + value.of(a, xp) + surplus * synergy(a, xp)


def paid(
    private: Array,
    weight: Array,
    reward: Mode | tuple[Mode, ...],
    xp: Any,
    beyond: Array | None = None,
) -> Array:
    """Payoffs `[n, B]` by reward mode.

    Args:
        private: private payoffs, `[n, B]`.
        weight: of partners' payoffs, `[n, n, B]`; `[1, n, B]` where all weigh alike.
        reward: the mode.
        xp: the array namespace.
        beyond: what utility holds besides, `[n, B]`.
    """
    if reward == "private":
        return private
    integrated = private + over_others(weight, private)
    if beyond is not None:
        integrated = integrated + beyond
    if reward == "integrated":
        return integrated
    # the released code pays everybody the mean of integrated utilities, not the sum of
    # private payoffs that its documentation describes
    mean = integrated.mean(0) + private * 0
    table = {"private": private, "integrated": integrated, "cooperative": mean}
    if isinstance(reward, str):
        return table[reward]
    return xp.stack([table[mode][i] for i, mode in enumerate(reward)])


def per_player(value: float | tuple[float, ...], n: int) -> Float:
    """One number for all, or one each, as an array `[n]`."""
    return np.broadcast_to(np.asarray(value, dtype=float), (n,))


def _columns(values: Float, like: Float) -> Float:
    """`values` `[n]` shaped to stand beside a player-first array."""
    return values.reshape((-1,) + (1,) * (like.ndim - 1))


def _stage_payoffs(
    game: Coopetition, gamma: float, weight: Float, utility: str, profiles: Float
) -> Float:
    # a step of -1e-12 outside the box is rounding, and a root of it would be NaN
    a = np.moveaxis(np.maximum(profiles, 0.0), -1, 0)
    columns: Callable[[Float], Float] = functools.partial(_columns, like=a)
    private = game.private(a, columns(game.share * gamma), columns(game.endowment), np)
    # many players make the product the larger part of the work, and Nash has no weights
    total = private + np.tensordot(weight, private, 1) if weight.any() else private
    beyond = game.beyond(a, private) if utility == "integrated" else None
    if beyond is not None:
        total = total + beyond
    return np.moveaxis(total, 0, -1)


def _stage_gradient(game: Coopetition, gamma: float, weight: Float, profiles: Float) -> Float:
    # a step of -1e-12 outside the box is rounding, and a root of it would be NaN
    a = np.moveaxis(np.maximum(profiles, 0.0), -1, 0)
    pull = _columns((game.share + weight @ game.share) * gamma / game.n, a)
    # dg/da_i = g / (n a_i), which has no finite value at 0
    slope = synergy(a, np) / np.maximum(a, 1e-12)
    return np.moveaxis(game.value.marginal(a, np) - 1 + pull * slope, 0, -1)


def _matrix(given: Any, labels: tuple[str, ...], denominator: Denominator, key: str) -> Float:
    n = len(labels)
    if isinstance(given, float | int):
        return float(given) * (1 - np.eye(n))
    if not given or isinstance(given[0], Dependency):
        return interdependence(given, labels, denominator)
    if len(given) != n or any(len(row) != n for row in given):
        raise UserError(f"needs {n} rows of {n} numbers", key=key, given=given)
    matrix = np.asarray(given, dtype=float)
    if ((matrix < 0) | (matrix > 1)).any():
        raise UserError("every entry must lie between 0 and 1", key=key, given=given)
    if np.diagonal(matrix).any():
        raise UserError(
            "a player does not depend on itself: the diagonal is 0", key=key, given=given
        )
    return matrix
