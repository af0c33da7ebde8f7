"""Arithmetic of certificates that does not round: profiles in fractions, gains in whole numbers.

A profile is given in fractions as evidence (`details["exact_profile"]`), or its floats are
fractions themselves: those of a pure profile are, and halves and quarters. Payoffs are taken as
the form holds them, in fractions where it does and else bit by bit. The work is bounded by
counts, never by the clock; what is beyond is left to floating point.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.normal import NormalForm

Shares = list[list[Fraction]]
"""One list of fractions a player."""

MOST = 2e7
"""Products of digits (64 bits and more each) that one check may take: some tenths of a second."""

_MATCH = 1e-9  # how far a float profile may lie from the fractions that it stands for
_SHORT = 2**20  # entries of a profile beyond which it is not looked through
_POWER = 400  # of ten: a probability that rounds to a float is written with no larger one


def shares_of(
    profile: tuple[Float, ...], texts: Any, starts: Sequence[Sequence[int]] = ()
) -> Shares | None:
    """The profile in fractions: what `texts` hold if they round to it, or else its own floats.

    Args:
        profile: one array a player.
        texts: fractions as text, one list a player; anything else is not read.
        starts: where the distributions begin in each player's array; one each where not given.

    Returns:
        Distributions that sum to exactly 1, or None where neither is one.
    """
    if sum(part.size for part in profile) > _SHORT:
        return None
    starts = starts or [(0,)] * len(profile)
    given = _read(profile, texts)
    if given is not None and _proper(given, starts):
        return given
    if not all(bool((np.isfinite(part) & (part >= 0)).all()) for part in profile):
        return None
    own = [[Fraction(value) for value in part.tolist()] for part in profile]
    return own if _proper(own, starts) else None


def gains_in_fractions(form: NormalForm, profile: Shares) -> list[Fraction] | None:
    """What each player gains by its best action; None where that takes too many digits.

    Cost: the player's actions times the others' supports, a product of whole numbers each.
    """
    if not np.isfinite(form.payoffs).all():
        return None
    used = [[a for a, share in enumerate(own) if share] for own in profile]
    weights = [whole([own[a] for a in kept]) for own, kept in zip(profile, used, strict=True)]
    digits = sum(64 + scale.bit_length() for _, scale in weights)
    gains = []
    for i, size in enumerate(form.shape):
        left = [range(size) if j == i else kept for j, kept in enumerate(used)]
        cells = math.prod(map(len, left))
        if cells * digits > MOST:
            return None
        tensor: Any = form.payoffs if form.exact is None else form.exact
        table, unit = whole(tensor[i][np.ix_(*left)].ravel().tolist())
        if cells * (digits + unit.bit_length()) > MOST:
            return None
        paid: Any = np.array(table, dtype=object).reshape([len(kept) for kept in left])
        total = unit
        for j in reversed(range(form.n)):
            if j != i:
                shares, scale = weights[j]
                paid = np.tensordot(paid, np.array(shares, dtype=object), axes=(j, 0))
                total *= scale
        own, scale = weights[i]
        earned = sum(share * paid[a] for share, a in zip(own, used[i], strict=True))
        gains.append(Fraction(scale * max(paid) - earned, scale * total))
    return gains


def whole(values: Sequence[Any]) -> tuple[list[int], int]:
    """Floats or fractions as whole numbers over one denominator, which is returned as well."""
    ratios = [value.as_integer_ratio() for value in values]
    scale = math.lcm(*{below for _, below in ratios})
    return [above * (scale // below) for above, below in ratios], scale


def rounded_up(gain: Fraction) -> float:
    """A gain as a float, which is 0 only where the gain is, and infinite beyond all floats."""
    if gain <= 0:
        return 0.0
    try:
        return float(gain) or sys.float_info.min
    except OverflowError:
        return math.inf


def exactly(values: Float) -> Exact:
    """An array of floats as fractions, bit by bit."""
    flat = np.empty(values.size, dtype=object)
    flat[:] = [Fraction(value) for value in values.ravel().tolist()]
    return flat.reshape(values.shape)


def _read(profile: tuple[Float, ...], texts: Any) -> Shares | None:
    """The fractions that are written in `texts`, if they round to the profile."""
    try:
        found = [[_fraction(text) for text in part] for part in texts]
        fits = len(found) == len(profile) and all(
            abs(float(a) - b) <= _MATCH
            for own, part in zip(found, profile, strict=True)
            for a, b in zip(own, part.tolist(), strict=True)
        )
    except (TypeError, ValueError, ArithmeticError):
        return None
    return found if fits else None


def _fraction(text: Any) -> Fraction:
    """The fraction that is written. Raises `ValueError` or `TypeError` where none is.

    An exponent is looked at first: a few characters may stand for millions of digits.
    """
    if isinstance(text, str):
        _, _, power = text.lower().partition("e")
        if power and abs(int(power)) > _POWER:
            raise ValueError(f"{text[:20]!r} is no probability: its exponent is too large")
    elif not isinstance(text, int | float | Fraction):
        raise TypeError("a fraction is a text or a number")
    return Fraction(text)


def _proper(profile: Shares, starts: Sequence[Sequence[int]]) -> bool:
    """Whether all are distributions: none below 0, sums of exactly 1."""
    for own, begins in zip(profile, starts, strict=True):
        # a player without a choice has nothing to add up
        ends = [*list(begins)[1:], len(own)] if begins else []
        for low, high in zip(begins, ends, strict=True):
            part = own[low:high]
            if min(part) < 0:
                return False
            shares, scale = whole(part)
            if sum(shares) != scale:
                return False
    return True
