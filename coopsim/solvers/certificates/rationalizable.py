"""Certificate of iterated elimination: every elimination and every survivor is looked at again.

An eliminated action needs a mixture that pays more against everything that was left when it
went. A surviving action needs a belief over what is left to which it is a best response. Both
come from the method and are checked here, in fractions where the game has them.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificates.rational import exactly
from coopsim.solvers.proof import Certificate, spread, spreads

_MOST = 10_000  # payoffs of a game that is looked at in fractions
_DENOMINATOR = 10**6  # of fractions that a mixture in floating point may stand for
_LOSS = 1e-12  # of the range of payoffs: rounding in a comparison of payoffs
_WEAK_LOSS = 1e-9  # of the range: what a mixture from a linear program may lose by rounding

Elimination: TypeAlias = tuple[int, int, Float]
"""A player, its action that goes, and the mixture that dominates it."""


def surviving(
    form: NormalForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    weak: bool = False,
) -> tuple[Certificate, Float]:
    """How much a surviving action could gain under its belief; eliminations must hold.

    Args:
        form: the game.
        profile: uniform distributions over the actions that are claimed to survive.
        details: `rounds`, `beliefs` as `coopsim.solvers.rationalizable.solve` hands them over.
        weak: whether weakly dominated actions were to go as well; a belief must then have
            full support.

    Returns:
        the certificate and the expected payoffs `[n]` of the uniform distributions. The
        residual of a player is the largest gain that an action of its own has over a survivor
        under that survivor's belief. It is the player's whole range of payoffs where an
        elimination does not hold, or the rounds do not lead to what is claimed; it is infinite
        where rounds or beliefs are not of the shape that is handed over.
    """
    evidence = _evidence(form, details)
    if evidence is None:
        how = "rounds and beliefs that cannot be read"
        endless = [np.inf] * form.n
        return Certificate.of(
            "best response", endless, spreads(form.payoffs), exact=True, checked_by=how
        ), form.expected(profile)
    rounds, given = evidence
    kept = [list(range(size)) for size in form.shape]
    spans = [max(span, 1e-300) for span in spreads(form.payoffs)]
    bad, whole = [False] * form.n, True
    for gone in rounds:
        for i, a, mixture in gone:
            look()
            better, exact = _dominates(form, kept, i, a, mixture, weak)
            bad[i] |= not better or a not in kept[i]
            whole &= exact
        for i, gone_action, _ in gone:
            kept[i] = [a for a in kept[i] if a != gone_action]
    gains = [0.0 if given is not None else span for span in spans]
    for i, part in enumerate(profile):
        uniform = np.isin(np.arange(len(part)), kept[i]) / max(len(kept[i]), 1)
        bad[i] |= not np.allclose(part, uniform, rtol=0, atol=1e-12)
        for a, belief in zip(kept[i], given[i] if given is not None else (), strict=False):
            look()
            gain, exact = _gain(form, kept, i, a, belief, weak)
            gains[i], whole = max(gains[i], gain), whole and exact
        if given is not None and len(given[i]) != len(kept[i]):
            bad[i] = True
    gains = [span if wrong else gain for gain, wrong, span in zip(gains, bad, spans, strict=True)]
    return Certificate.of(
        "best response",
        gains,
        spans,
        exact=True,
        complete=not any(bad) and given is not None,
        checked_by="a dominating mixture for every action eliminated and a belief for every one "
        "left" + (", in exact fractions" if whole else ""),
        rational=whole,
    ), form.expected(profile)


def _evidence(
    form: NormalForm, details: Mapping[str, Any]
) -> tuple[list[list[Elimination]], list[list[Float]] | None] | None:
    """Rounds of eliminations and, if there are any, beliefs; None where they are neither.

    Every player keeps an action through all rounds, and all numbers are finite.
    """
    left = [set(range(size)) for size in form.shape]
    rounds: list[list[Elimination]] = []
    try:
        for gone in details.get("rounds") or ():
            rounds.append([])
            for item in gone:
                i, a = operator.index(item["player"]), operator.index(item["action"])
                if not (0 <= i < form.n and 0 <= a < form.shape[i]):
                    return None
                left[i].discard(a)
                rounds[-1].append((i, a, _numbers(item["mixture"])))
        given = details.get("beliefs")
        beliefs = None if given is None else [[_numbers(one) for one in own] for own in given]
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        return None
    if not all(left) or (beliefs is not None and len(beliefs) != form.n):
        return None
    return rounds, beliefs


def _numbers(values: Any) -> Float:
    """A vector of finite numbers. Raises `TypeError` or `ValueError` for anything else."""
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise ValueError("no vector of finite numbers")
    return numbers


def _differences(form: NormalForm, kept: list[list[int]], i: int, a: int, exact: bool) -> Any:
    """What each own action pays more than `a`, `[A_i, profiles of the others that are left]`."""
    payoffs: Any = form.payoffs
    if exact:
        payoffs = exactly(form.payoffs) if form.exact is None else form.exact
    left = [list(range(form.shape[j])) if j == i else own for j, own in enumerate(kept)]
    own = np.moveaxis(payoffs[i][np.ix_(*left)], i, 0).reshape(form.shape[i], -1)
    return own - own[a]


def _dominates(
    form: NormalForm, kept: list[list[int]], i: int, a: int, mixture: Float, weak: bool
) -> tuple[bool, bool]:
    """Whether a mixture of actions still there dominates `a`; and whether exactly."""
    size = form.shape[i]
    if mixture.shape != (size,) or mixture.min() < 0 or abs(mixture.sum() - 1) > 1e-9:
        return False, True
    if np.delete(mixture, kept[i]).any():
        return False, True
    if form.payoffs.size <= _MOST:
        shares = _fractions(mixture)
        paid = shares @ _differences(form, kept, i, a, True)
        if (paid >= 0).all() and (paid.sum() > 0 if weak else (paid > 0).all()):
            return True, True
    paid = mixture @ _differences(form, kept, i, a, False)
    span = spread(form.payoffs[i])
    if weak:
        return bool(paid.min() >= -_WEAK_LOSS * span and paid.sum() > _WEAK_LOSS * span), False
    return bool(paid.min() > _LOSS * span), False


def _gain(
    form: NormalForm, kept: list[list[int]], i: int, a: int, belief: Float, weak: bool
) -> tuple[float, bool]:
    """What another action still there pays more than `a` under the belief; whether exactly."""
    span = spread(form.payoffs[i])
    more = _differences(form, kept, i, a, False)[kept[i]]
    fits = belief.shape == (more.shape[1],) and bool((belief >= 0).all())
    if not fits or abs(belief.sum() - 1) > 1e-9 or (weak and belief.min() <= 0):
        return span, True
    if form.payoffs.size <= _MOST:
        shares = _fractions(belief)
        if (_differences(form, kept, i, a, True)[kept[i]] @ shares).max() <= 0:
            return 0.0, not weak or min(shares) > 0
    return positive_part(float((more @ belief).max())), False


def _fractions(weights: Float) -> Any:
    """The fractions of small denominator nearest to the weights, made to sum to 1."""
    shares = [Fraction(float(w)).limit_denominator(_DENOMINATOR) for w in weights]
    total = sum(shares)
    return np.array([share / total for share in shares], dtype=object)
