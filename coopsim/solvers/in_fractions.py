"""A profile in fractions near one in floats, so that its certificate can be free of rounding.

Methods work in floats, and what they find is right up to rounding. Where an equilibrium has
rational probabilities, these follow from its support: of two players who mix against each
other, each makes the other indifferent, a linear system that is solved in whole numbers. Else
probabilities are rounded to fractions with small denominators, which is a guess. Nothing here is
believed: the certificate checks every deviation in fractions, and where it finds a gain the
profile in floats stays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Profile

_NEAR = 1e-6  # how far fractions may lie from the floats they are to stand for
_SEEN = 1e-9  # a smaller share is one of rounding, at first
_DENOMINATOR = 10_000  # of a guess
_DIGITS = 1024  # bits of the largest denominator that is written out
_SYSTEM = 2e8  # products of bits that one system may take: a tenth of a second
_LARGE = 20_000  # entries of a profile that are guessed at
_BITS = 10_000  # of a system's payoffs over one denominator


def in_fractions(
    problem: str, form: Any, profile: Profile, details: Mapping[str, Any]
) -> tuple[Profile, Mapping[str, Any]] | None:
    """The profile that a certificate may find exact, and its fractions as evidence.

    Args:
        problem: "nash"; others have no profiles in fractions.
        form: normal, extensive or bayesian.
        profile: in floats, near an equilibrium.
        details: what the method found; "exact_profile" is added to it.

    Returns:
        The floats nearest to the fractions, and details; None where there is nothing to try.
    """
    if problem != "nash" or form.kind not in ("normal", "extensive", "bayesian"):
        return None
    if "exact_profile" in details:
        return None
    found = None
    if form.kind == "normal":
        found = _indifferent(form, profile, _SEEN) or _indifferent(form, profile, 0.0)
    found = found or _guessed(form, profile)
    if found is None or not _stands_for(found, profile):
        return None
    rounded = tuple(np.array([float(share) for share in own]) for own in found)
    texts = [[str(share) for share in own] for own in found]
    return rounded, {**details, "exact_profile": texts}


def _indifferent(form: NormalForm, profile: Profile, least: float) -> list[list[Fraction]] | None:
    """The mixtures of two players on their supports, all others playing one action."""
    used = [np.flatnonzero(own > least).tolist() for own in profile]
    mixing = [i for i, own in enumerate(used) if len(own) > 1]
    if len(mixing) != 2 or not all(used):
        return None
    tensor: Any = form.payoffs if form.exact is None else form.exact
    one, two = mixing
    block = tensor[np.ix_(mixing, *used)].reshape(2, len(used[one]), len(used[two]))
    found = [[Fraction(0)] * len(own) for own in profile]
    for i, own in enumerate(used):
        if i not in mixing:
            found[i][own[0]] = Fraction(1)
    for who, table in ((two, block[0]), (one, block[1].T)):
        mixture = _equalising(table, profile[who][used[who]])
        if mixture is None:
            return None
        for action, share in zip(used[who], mixture, strict=True):
            found[who][action] = share
    return found


def _equalising(table: Any, near: Float) -> list[Fraction] | None:
    """Shares of columns at which all rows pay the same; of several, one close to `near`."""
    rows, columns = table.shape
    ratios = [value.as_integer_ratio() for value in table.ravel().tolist()]
    scale = math.lcm(*{below for _, below in ratios})
    bits = max(abs(above) * scale // below for above, below in ratios).bit_length() + 1
    if bits > _BITS or max(rows, columns) ** 3 * min(rows, columns) * bits > _SYSTEM:
        return None
    system = np.zeros((rows, columns + 1), dtype=object)
    paid = np.array([above * (scale // below) for above, below in ratios], dtype=object)
    paid = paid.reshape(rows, columns)
    system[: rows - 1, :columns] = paid[1:] - paid[0]
    system[rows - 1] = 1
    return _solved(system, near)


def _solved(system: Any, near: Float) -> list[Fraction] | None:
    """A solution of `system[:, :-1] @ x = system[:, -1]`, whole numbers; None where none is.

    Elimination in whole numbers, where every division comes out even (Bareiss 1968). What the
    system leaves free is taken from `near`.
    """
    rows, columns = system.shape[0], system.shape[1] - 1
    pivots: list[int] = []
    before, row = 1, 0
    for column in range(columns):
        at = next((r for r in range(row, rows) if system[r, column]), None)
        if at is None:
            continue
        system[[row, at]] = system[[at, row]]
        pivot = system[row, column]
        rest = np.arange(rows) != row
        changed = system[rest] * pivot - np.outer(system[rest, column], system[row])
        system[rest] = changed // before
        before, row = pivot, row + 1
        pivots.append(column)
        if row == rows:
            break
    if any(system[row:, -1]):
        return None
    found = [Fraction(0)] * columns
    free = [k for k in range(columns) if k not in pivots]
    for k in free:
        found[k] = Fraction(float(near[k])).limit_denominator(_DENOMINATOR)
    for r, column in enumerate(pivots):
        known = system[r, -1] - sum((system[r, k] * found[k] for k in free), Fraction(0))
        found[column] = Fraction(known) / before
    return found


def _guessed(form: Any, profile: Profile) -> list[list[Fraction]] | None:
    """Every probability as the nearest fraction with a small denominator."""
    if sum(part.size for part in profile) > _LARGE:
        return None
    found = []
    for player, part in enumerate(profile):
        own = [Fraction(share).limit_denominator(_DENOMINATOR) for share in part.tolist()]
        begins = _starts(form, player)
        for low, high in zip(begins, [*begins[1:], len(own)] if begins else [], strict=True):
            # what rounding left over goes to the largest share
            largest = max(range(low, high), key=own.__getitem__)
            own[largest] += 1 - sum(own[low:high])
        found.append(own)
    return found


def _starts(form: Any, player: int) -> list[int]:
    """Where a player's distributions begin in its part of a profile."""
    if form.kind == "normal":
        return [0]
    if form.kind == "bayesian":
        return [t * form.shape[player] for t in range(form.type_counts[player])]
    sets = form.infosets
    return [int(sets.offset[k] - sets.part(player).start) for k in sets.of(player)]


def _stands_for(found: list[list[Fraction]], profile: Profile) -> bool:
    """Whether fractions are distributions near the profile, short enough to be written out."""
    return all(
        share >= 0
        and share.denominator.bit_length() <= _DIGITS
        and abs(float(share) - value) <= _NEAR
        for own, part in zip(found, profile, strict=True)
        for share, value in zip(own, part.tolist(), strict=True)
    )
