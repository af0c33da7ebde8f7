"""What methods for two-player games share: the two matrices, exact and rescaled, and regrets.

Everywhere below `m` and `k` are the numbers of actions of the first and of the second player,
`A[m, k]` and `B[m, k]` what they are paid. Actions are numbered through as labels: 0 to m - 1
are those of the first player, m to m + k - 1 those of the second.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Profile

_DIGITS = 9  # decimals after the point that floats are read with, where that loses nothing
_LARGEST = 2.0**52  # whole numbers up to here are exact as floats


def matrices(form: NormalForm, method: str) -> tuple[Float, Float]:
    """The payoffs of the two players, each `[m, k]`.

    Raises:
        NoSuchForm: the game does not have two players.
    """
    if form.n != 2:
        raise NoSuchForm(f"{method} solves games of two players, and this one has {form.n}")
    return form.payoffs[0], form.payoffs[1]


def standard(payoffs: Float) -> Float:
    """Payoffs `[own, other]` between 1 and 2, with the same best responses.

    A constant for each action of the other player, and a positive factor for all, change no
    comparison of own actions.
    """
    moved = payoffs - payoffs.min(axis=0)
    width = moved.max()
    return np.asarray(1.0 + (moved / width if width > 0 else moved))


def standard_integers(payoffs: Exact) -> Exact:
    """Fractions `[own, other]` as small positive whole numbers with the same best responses."""
    moved = payoffs - payoffs.min(axis=0)
    scale = math.lcm(*(entry.denominator for entry in moved.flat))
    whole = [int(entry * scale) for entry in moved.flat]
    common = max(math.gcd(*whole), 1)
    flat = np.empty(len(whole), dtype=object)
    flat[:] = [entry // common for entry in whole]
    result: Exact = flat.reshape(payoffs.shape)
    # a column without a positive entry would leave the best-response polytope unbounded
    result[:, (result == 0).all(axis=0)] = 1
    return result


def fractions_of_form(form: NormalForm) -> tuple[Exact, bool]:
    """The payoffs `[2, m, k]` as fractions, and whether they are short enough to work with.

    Fractions given with the form are kept. Floats that are whole numbers or decimals of at most
    9 digits after the point are read as written (0.1 is 1/10). All others are converted bit by
    bit, which gives denominators up to a power of 2 with hundreds of digits; the second result
    is then False.
    """
    if form.exact is not None:
        return form.exact, True
    payoffs = form.payoffs
    for digits in range(_DIGITS + 1):
        scaled = payoffs * 10.0**digits
        whole = np.rint(scaled)
        if np.abs(whole).max() > _LARGEST:
            break
        # a decimal is the float nearest to it
        if (whole / 10.0**digits == payoffs).all():
            return _each(whole) / Fraction(10**digits), True
    return _each(payoffs), False


def regret(form: NormalForm, profile: Profile) -> float:
    """The most that a player gains by deviating, over the range of that player's payoffs."""
    worst = 0.0
    for player, (own, other) in enumerate(((0, 1), (1, 0))):
        payoffs = form.payoffs[player] if player == 0 else form.payoffs[player].T
        # only differences matter; large payoffs far from 0 would bury them in rounding
        each = (payoffs - payoffs.min(axis=0)) @ profile[other]
        width = float(np.ptp(payoffs))
        if width > 0:
            worst = max(worst, float(each.max() - profile[own] @ each) / width)
    return worst


def exact_details(payoffs: Exact, x: Exact, y: Exact) -> dict[str, Any]:
    """An exact profile and its exact values as text, for `Found.details`.

    Args:
        payoffs: `[2, m, k]`.
        x, y: the strategies as fractions, `[m]` and `[k]`.
    """
    return {
        "exact_profile": [[str(entry) for entry in part] for part in (x, y)],
        "exact_values": [str(Fraction(x @ own @ y)) for own in payoffs],
    }


def as_fractions(weights: Any) -> Exact:
    """Whole weights as a distribution of fractions, `[a]`."""
    total = sum(int(weight) for weight in weights)
    result = np.empty(len(weights), dtype=object)
    result[:] = [Fraction(int(weight), total) for weight in weights]
    return result


def _each(values: Float) -> Exact:
    result = np.empty(values.size, dtype=object)
    result[:] = [Fraction(float(value)) for value in values.flat]
    return result.reshape(values.shape)
