"""Repeated games and alternating offers: thresholds and shares by one-shot deviations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.dynamic.grim import discounts
from coopsim.solvers.matrix_game import solve_matrix

Utility = Callable[[float], float]

_STABLE = 1e-9  # payoff units: a deviation gains nothing where it gains less


@dataclass(frozen=True)
class Threshold:
    """The discount factors that sustain an action profile by a threat for ever.

    Args:
        discount: the smallest discount factor; `inf` where none below 1 does.
        players: the smallest one of each player, `[n]`.
        profile: the action profile that is sustained.
        payoffs: what it pays a stage, `[n]`.
        temptation: the most each player could get by deviating once, `[n]`.
        threat: what each player gets a stage for ever after, `[n]`.
    """

    discount: float
    players: tuple[float, ...]
    profile: tuple[int, ...]
    payoffs: tuple[float, ...]
    temptation: tuple[float, ...]
    threat: tuple[float, ...]


def grim_threshold(
    form: NormalForm, profile: Sequence[int] | None = None, threat: str = "nash"
) -> Threshold:
    """The smallest discount factor at which a grim trigger sustains an action profile.

    Friedman (1971): deviating once pays `d`, the threat `p` a stage for ever after, the
    profile `u`; no player deviates where discount >= (d - u) / (d - p).

    Args:
        form: the stage game.
        profile: the actions to sustain; the largest sum of payoffs where not given.
        threat: "nash": for each player the stage equilibrium that is worst for it (pure ones,
            and one more by `coopsim.solve` where there is none), so that the threat is carried
            out in a subgame-perfect equilibrium. "minmax": the least that the others can hold
            a player to, by independent mixtures for two players and by correlated ones for more;
            a Nash equilibrium of the repeated game need not be subgame-perfect then.

    Raises:
        UserError: the profile does not exist, or no such threat.
    """
    if profile is None:
        flat = int(form.payoffs.sum(0).argmax())
        profile = [int(a) for a in np.unravel_index(flat, form.shape)]
    at = tuple(int(a) for a in profile)
    if len(at) != form.n or any(not 0 <= a < k for a, k in zip(at, form.shape, strict=False)):
        raise UserError(
            "no such actions", key="profile", given=list(at), allowed=f"below {form.shape}"
        )
    pure = tuple(np.eye(size)[a] for size, a in zip(form.shape, at, strict=True))
    paid = form.expected(pure)
    tempted = np.array([form.deviations(pure, i).max() for i in range(form.n)])
    punished = _threat(form, threat)
    needed = discounts(paid, np.where(tempted - paid > _STABLE, tempted, paid), punished)
    as_floats = (tuple(map(float, values)) for values in (paid, tempted, punished))
    return Threshold(float(needed.max()), tuple(map(float, needed)), at, *as_floats)


def _threat(form: NormalForm, threat: str) -> Float:
    if threat == "minmax":
        return np.array([_held_to(form, i) for i in range(form.n)])
    if threat != "nash":
        raise UserError("no such threat", key="threat", given=threat, allowed=["nash", "minmax"])
    stable = np.ones(form.shape, dtype=bool)
    for i in range(form.n):
        stable &= form.payoffs[i] >= form.payoffs[i].max(i, keepdims=True) - _STABLE
    if stable.any():
        return np.asarray(form.payoffs[:, stable].min(1))
    from coopsim.solvers.select import solve

    return solve(form, "nash").values


def _held_to(form: NormalForm, player: int) -> float:
    own = np.moveaxis(form.payoffs[player], player, 0)
    return solve_matrix(own.reshape(form.shape[player], -1))[0]


@dataclass(frozen=True)
class Offers:
    """The equilibrium of alternating offers.

    Args:
        first: what player 1 keeps where it offers (and opens), player 2 gets the rest.
        second: what player 1 gets where player 2 offers.
        residual: how far the two indifferences are from holding, in utility.
    """

    first: float
    second: float
    residual: float


def alternating_offers(
    discounts: Sequence[float],
    utilities: tuple[Utility, Utility] | None = None,
    pie: float = 1.0,
) -> Offers:
    """The subgame-perfect division of Rubinstein (1982), player 1 offering first.

    Each offers what leaves the other indifferent to offering one period later:
    u2(pie - x) = d2 u2(pie - y) and u1(y) = d1 u1(x).

    Args:
        discounts: d1 and d2, from 0 to below 1.
        utilities: of shares, rising and concave with u(0) = 0; shares themselves where not given.
        pie: what is divided, above 0.

    Raises:
        UserError: discounts do not fit.

    With utilities linear in shares x = pie (1 - d2) / (1 - d1 d2); others by bisection.
    """
    if len(discounts) != 2 or not all(0 <= d < 1 for d in discounts):
        raise UserError("no discounts", key="discounts", given=list(discounts), allowed="[0, 1)")
    d1, d2 = map(float, discounts)
    one, two = utilities or (float, float)
    if utilities is None:
        x = pie * (1 - d2) / (1 - d1 * d2)
        y = d1 * x
    else:
        x = _root(
            lambda share: two(pie - share) - d2 * two(pie - _share(one, d1 * one(share), pie)), pie
        )
        y = _share(one, d1 * one(x), pie)
    residual = max(abs(two(pie - x) - d2 * two(pie - y)), abs(one(y) - d1 * one(x)))
    return Offers(x, y, residual)


def _share(utility: Utility, level: float, pie: float) -> float:
    """The share that is worth `level`."""
    return _root(lambda share: level - utility(share), pie)


def _root(falling: Utility, high: float) -> float:
    """Where a falling function of a share crosses 0, by bisection."""
    low = 0.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
