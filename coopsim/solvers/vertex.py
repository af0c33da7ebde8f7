"""Vertex enumeration: every extreme equilibrium of a two-player game, and what they span.

Mangasarian 1964; labels and tableaux as in von Stengel 2002, section 2; maximal Nash subsets as
in Avis, Rosenberg, Savani and von Stengel 2010, "Enumeration of Nash equilibria for two-player
games", Economic Theory 42. Whole numbers, decimals and fractions are treated exactly,
degenerate games included. Other floats are treated as floats where every number is clearly
zero or clearly not, and otherwise bit by bit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coopsim.errors import NoSuchForm
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.bimatrix import (
    as_fractions,
    exact_details,
    fractions_of_form,
    matrices,
    standard,
    standard_integers,
)
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found, Profile
from coopsim.solvers.vertices.match import Pair, complementary, connected, maximal_subsets
from coopsim.solvers.vertices.polytope import (
    MOST_LABELS,
    Vertices,
    by_floats,
    by_integers,
    by_long_integers,
)

_AUTO = 200_000  # vertices that a polytope may have where `auto` chooses this method
_AUTO_LONG = 5_000  # ... with more labels than fit a mask, which takes a hundred times as long
_MOST = 10_000_000  # ... where it is asked for by name


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    exact: bool = False,
    max_equilibria: int = 10_000,
) -> Found:
    """All extreme equilibria; every equilibrium is a mixture of some that share a subset.

    Args:
        form: a game of two players with m and k actions.
        tol: not needed; equilibria are found by their labels.
        deadline: seconds. When it is over, the equilibria among the vertices seen so far.
        exact: `details` has each profile and its values as fractions, and nothing is done in
            floats. Floats that are whole numbers or decimals of at most 9 digits after the
            point are read as written, others bit by bit, which is slow and hardly ever meant.
        max_equilibria: no more are handed back.

    Returns:
        `details` of each equilibrium: `components`, the numbers of the maximal Nash subsets it
        belongs to (in each, any mixture of first strategies with any mixture of second ones is
        an equilibrium), and `connected`, the number of its connected component. `exhaustive`
        says that these are all extreme equilibria, and, where none share a subset, all there
        are.

    Raises:
        NoSuchForm: not two players, or polytopes that may have over ten million vertices.
        UserError: fewer than one equilibrium is asked for.

    Cost: a pass over m * (m + k) or k * (m + k) numbers for each vertex, and a comparison for
    each pair of vertices. Random games of 12 x 12 actions have some thousand vertices.
    """
    matrices(form, "vertex-enumeration")
    require_count("max_equilibria", max_equilibria)
    _check_size(form)
    # the first polytope gets half of the time, so that some pairs are found in any case
    half, clock = Clock(None if deadline is None else deadline / 2), Clock(deadline)
    payoffs, short = fractions_of_form(form)
    first, second = _polytopes(form, payoffs, not short and not exact, (half, clock))
    everything = (1 << sum(form.shape)) - 1
    pairs, looked = complementary(first.labels, second.labels, everything, clock)
    whole = looked and first.complete and second.complete
    if whole and first.simple and second.simple and len(pairs) % 2 == 0:
        # nondegenerate games have an odd number: rounding misled the walk
        first, second = _polytopes(form, payoffs, False, (half, clock))
        pairs, looked = complementary(first.labels, second.labels, everything, clock)
        whole = looked and first.complete and second.complete
    finished = whole and len(pairs) <= max_equilibria
    kept = pairs[:max_equilibria]
    subsets = maximal_subsets(kept, clock, max_equilibria)
    return Found(
        profiles=tuple(_profile(first, second, pair) for pair in kept),
        sentence=_sentence(first, second, pairs, len(kept), subsets, finished),
        stats={
            "vertices": len(first.labels) + len(second.labels),
            "bases": first.bases + second.bases,
        },
        finished=finished,
        exhaustive=finished,
        details=_details(first, second, kept, subsets, payoffs if exact else None),
    )


def suits(form: NormalForm, everything: bool) -> str:
    """Why `auto` takes this method: all equilibria of two players, up to 14 x 14 or narrow."""
    if form.n != 2 or not everything:
        return ""
    m, k = form.shape
    if max(_bounds(form)) > (_AUTO if m + k <= MOST_LABELS else _AUTO_LONG):
        return ""
    return f"all equilibria of two players, {m} x {k}: vertices of the best-response polytopes"


def _bounds(form: NormalForm) -> tuple[int, int]:
    """The most vertices that each polytope can have (McMullen 1970, the upper bound theorem)."""
    labels = sum(form.shape)
    first, second = (
        math.comb(labels - (d + 1) // 2, d // 2) + math.comb(labels - 1 - d // 2, (d - 1) // 2)
        for d in form.shape
    )
    return first, second


def _check_size(form: NormalForm) -> None:
    bound = max(_bounds(form))
    if bound > _MOST:
        m, k = form.shape
        number = f"{bound:.2g}" if bound < 10**300 else "over 1e+300"  # no float beyond
        raise NoSuchForm(
            f"vertex-enumeration looks at every vertex of the best-response polytopes, of which "
            f"a {m} x {k} game can have {number} (the limit is {_MOST:.0g}); lemke-howson "
            f"finds single equilibria of games of this size"
        )


def _polytopes(
    form: NormalForm, payoffs: Exact, floats: bool, clocks: tuple[Clock, Clock]
) -> tuple[Vertices, Vertices]:
    """The vertices of both best-response polytopes, in the quickest arithmetic that is safe."""
    m, k = form.shape
    rows, columns = range(m), range(m, m + k)
    small = m + k <= MOST_LABELS
    if floats and small:
        first = by_floats(standard(form.payoffs[1].T), rows, columns, clocks[0])
        if first:
            second = by_floats(standard(form.payoffs[0]), columns, rows, clocks[1])
            if second:
                return first, second
    found = []
    for own, own_labels, other_labels, clock in (
        (payoffs[1].T, rows, columns, clocks[0]),
        (payoffs[0], columns, rows, clocks[1]),
    ):
        matrix = standard_integers(own)
        quick = by_integers(matrix, own_labels, other_labels, clock) if small else None
        found.append(quick or by_long_integers(matrix, own_labels, other_labels, clock))
    return found[0], found[1]


def _profile(first: Vertices, second: Vertices, pair: Pair) -> Profile:
    x, y = (side.weights[at] for side, at in zip((first, second), pair, strict=True))
    return _distribution(x), _distribution(y)


def _distribution(weights: Any) -> Any:
    """Weights as a distribution; those with more digits than a float are divided first."""
    if weights.dtype == object or weights.dtype == np.int64:
        return as_fractions(weights).astype(np.float64)
    return weights / weights.sum()


def _details(
    first: Vertices,
    second: Vertices,
    pairs: list[Pair],
    subsets: list[list[int]] | None,
    payoffs: Exact | None,
) -> tuple[dict[str, Any], ...]:
    details: list[dict[str, Any]] = [{"connected": number} for number in connected(pairs)]
    for place, (x, y) in enumerate(pairs):
        if subsets is not None:
            details[place]["components"] = subsets[place]
        if payoffs is not None:
            strategies = as_fractions(first.weights[x]), as_fractions(second.weights[y])
            details[place] |= exact_details(payoffs, *strategies)
    return tuple(details)


def _sentence(
    first: Vertices,
    second: Vertices,
    pairs: list[Pair],
    kept: int,
    subsets: list[list[int]] | None,
    finished: bool,
) -> str:
    """What was looked at, and what the equilibria found stand for."""
    count = len(pairs)
    seen = (
        f"{len(first.labels)} and {len(second.labels)} vertices of the best-response polytopes "
        f"looked at, {count} extreme equilibri{'um' if count == 1 else 'a'}"
    )
    if not finished:
        return seen + (
            f" (the first {kept} are given)" if kept < count else "; the search was cut short"
        )
    if subsets is None:
        return seen + "; their convex hulls were not worked out, there are too many"
    if len(set(connected(pairs))) == count:
        return seen + f", {'' if count == 1 else 'each '}isolated: there are no others"
    numbers = {number for part in subsets for number in part}
    return seen + (
        f" in {len(numbers)} components: within one, all mixtures of its first strategies with "
        f"all mixtures of its second ones are equilibria too (details: components)"
    )
