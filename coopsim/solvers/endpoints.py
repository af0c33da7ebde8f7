"""What the methods for continuous Nash problems share: starts, gains, and end points as `Found`."""

from __future__ import annotations

import contextlib

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.continuous import best_response
from coopsim.solvers.numeric import Clock, OutOfTime, distinct, require_starts, widths
from coopsim.solvers.solution import Found

_SAME = 1e-6  # of the range: end points closer than this are one
_SOME = 8  # ends that are compared where none has settled
_LOOKS = 6  # closer looks of a gain: down to 1e-7 of the range


def starting_points(form: ContinuousForm, count: int, seed: int) -> Float:
    """The middle, the lowest and the highest profile, then random ones, `[count, m]`.

    Raises:
        UserError: fewer than one, or more than fit into memory.
    """
    require_starts(count, form.n, form.m)
    fixed = np.stack([0.5 * (form.low + form.high), form.low, form.high]).astype(float)
    rng = np.random.default_rng(seed)
    drawn = form.low + rng.random((max(count - 3, 0), form.m)) * (form.high - form.low)
    return np.concatenate([fixed, drawn])[:count]


def gain(form: ContinuousForm, point: Float) -> float:
    """The most that a single coordinate of `point` `[m]` gains by its best response.

    Cost: about 400 payoff evaluations a coordinate.
    """
    paid = form.payoffs(point)
    most = 0.0
    for k, player in enumerate(form.owner):
        trial = point.copy()
        trial[k] = best_response(form, point[None], k, _LOOKS)[0]
        most = max(most, float(form.payoffs(trial)[player] - paid[player]))
    return most


def found(
    form: ContinuousForm,
    settled: Float,
    unsettled: Float,
    sentence: str,
    tol: float,
    clock: Clock,
    stats: dict[str, float],
) -> Found:
    """End points as `Found`: the settled ones, or else the unsettled one with the least gain.

    Args:
        form: the game.
        settled: end points of starts that met the method's own criterion, `[S, m]`.
        unsettled: where the other starts stand, `[R, m]`.
        sentence: what was done.
        tol: the most that a single coordinate may gain where the search counts as finished.
        clock: when it is over, gains are not computed any more.
        stats: counts.
    """
    ends = distinct(settled, widths(form.low, form.high), _SAME)
    watched, good, count = form.watched(clock), False, len(ends)
    with contextlib.suppress(OutOfTime):
        good = any(gain(watched, point) <= tol for point in ends)
    if not ends:
        some = distinct(unsettled, widths(form.low, form.high), _SAME, most=_SOME)
        gains = [np.inf] * len(some)
        with contextlib.suppress(OutOfTime):
            for k, point in enumerate(some):
                gains[k] = gain(watched, point)
        ends = [some[int(np.argmin(gains))]]
    told = f"{sentence}; {count} distinct end point{'s' if count != 1 else ''}"
    return Found(
        profiles=tuple(form.split(point) for point in ends),
        sentence=told + ("" if good else "; no start has settled at an equilibrium"),
        stats=stats,
        finished=good,
    )
