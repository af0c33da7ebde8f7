"""Certificate of evolutionary stability: the first-order condition, and invasion by subdivision.

A best response y other than x invades unless `(y - x).A (y - x) < 0`. From x, which is inside
its support, every direction towards other best responses ends on a face where one action of
the support has no weight. On each of these faces the condition is that a matrix is strictly
copositive, which is decided by halving simplices (Bundfuss and Duer 2008).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.proof import Certificate, spread

_SUPPORT = 1e-9  # a smaller share is none
_EQUAL = 1e-9  # of the range of payoffs: a smaller loss leaves a best response
_STRICT = 1e-10  # of the range of payoffs: the least that an invader must lose
_SPLITS = 20_000


def stable(
    form: NormalForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What the best mutant gains against residents, and whether any best response invades.

    Args:
        form: two players, symmetric.
        profile: the same distribution twice.
        details: not needed.

    Returns:
        the certificate and the payoffs `[2]`. The residual is the regret in payoff units; it is
        the whole range of payoffs where a best response invades or may invade.

    Cost: one linear pass, then up to 20,000 halvings a face where the matter is close.
    """
    x, other = profile
    matrix = form.payoffs[0]
    values = form.expected(profile)
    span = max(spread(matrix), 1e-300)
    paid = matrix @ x
    unlike = float(np.abs(x - other).max()) * span
    regret = positive_part(float(paid.max() - x @ paid), unlike)
    support = np.flatnonzero(x > _SUPPORT)
    best = np.flatnonzero((paid >= paid.max() - _EQUAL * span) | (x > _SUPPORT))
    # how much a best response y loses against itself: a quadratic form in y on the simplex
    away = np.eye(len(x)) - np.outer(x, np.ones(len(x)))
    loss = -(away.T @ matrix @ away) / span
    loss = (loss + loss.T) / 2
    verdicts = [_positive(loss, np.setdiff1d(best, [j])) for j in support]
    worst = "yes" if all(v == "yes" for v in verdicts) else "no" if "no" in verdicts else "open"
    residual = regret if worst == "yes" else positive_part(regret, span)
    found = {
        "yes": "none of them invades",
        "no": "one of them invades, or drifts in",
        "open": "whether one invades is too close to tell",
    }[worst]
    return Certificate.of(
        "invasion",
        (residual, residual),
        span,
        exact=worst != "open",
        checked_by=f"every action as a mutant; {len(best)} best responses and their mixtures: "
        f"{found}",
    ), values


def _positive(form: Float, face: Any) -> str:
    """Whether `y.M y > 0` on the simplex of `face`: "yes", "no", or "open" after many halvings."""
    if not len(face):
        return "yes"
    inside = form[np.ix_(face, face)]
    stack, splits = [np.eye(len(face))], 0
    while stack:
        look()
        corners = stack.pop()
        values = corners @ inside @ corners.T
        if not values.diagonal().min() > _STRICT:
            return "no"
        if values.min() >= 0:
            continue
        splits += 1
        if splits > _SPLITS:
            return "open"
        lengths = ((corners[:, None] - corners[None]) ** 2).sum(-1)
        i, j = np.unravel_index(int(lengths.argmax()), lengths.shape)
        middle = (corners[i] + corners[j]) / 2
        for replaced in (i, j):
            half = corners.copy()
            half[replaced] = middle
            stack.append(half)
    return "yes"
