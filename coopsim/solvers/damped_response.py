"""Damped best responses: all players move part of the way to their best responses at once.

Plain simultaneous best responses diverge where the slopes of best responses are large (linear
Cournot with four or more firms); with a damping below 2 / (1 + spectral radius) they settle. The
damping is found as play goes on, for each start on its own: it is halved where moves grow and
lengthened where they go straight on. Source: Uryas'ev and Rubinstein (1994), On relaxation
algorithms in computation of noncooperative equilibria, IEEE Trans. Automatic Control 39(6).
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers import endpoints
from coopsim.solvers.continuous import best_response
from coopsim.solvers.numeric import Clock, OutOfTime, require_count, widths
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_CLOSE = 1e-4  # of the range: below this, moves are computed to the last digit
_SETTLED = 2e-8  # of the range: the maximum of a smooth payoff is flat to about 1e-8
_FAR_LOOKS, _CLOSE_LOOKS = 4, 9
_LEAST = 1 / 64


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 8,
    rounds: int = 1000,
    damping: float = 1.0,
    seed: Seed = 0,
) -> Found:
    """Nash equilibria at which simultaneous damped best responses stand still.

    Args:
        form: the game.
        tol: the most that a coordinate may gain at an end point, in payoff units.
        deadline: seconds after which the best profile so far is returned.
        starts: starting profiles, moved side by side.
        rounds: most rounds.
        damping: the first share of the way to the best response, above 0 and at most 1.
        seed: of the random starts.

    Raises:
        UserError: an option out of range.

    Cost: rounds x starts x m x 260 payoff evaluations (600 in the last rounds), in batches.
    """
    require_count("rounds", rounds)
    if not 0 < damping <= 1:
        raise UserError("no share of the way", key="damping", given=damping, allowed="0 to 1")
    clock = Clock(deadline)
    watched = form.watched(clock)
    here = endpoints.starting_points(form, starts, seed)
    step, last = np.full(len(here), damping), np.zeros_like(here)
    settled: list[Float] = []
    used = 0
    while len(here) and used < rounds:
        try:
            move = _moves(watched, here, last)
        except OutOfTime:  # moves not all computed must not look like standing still
            break
        used += 1
        size = np.abs(move).max(1)
        if used > 1:
            step = _adapted(step, move, last)
        here = np.clip(here + step[:, None] * move * _width(form), form.low, form.high)
        still = size <= _SETTLED
        settled.extend(here[still])
        here, step, last = here[~still], step[~still], move[~still]
    return endpoints.found(
        form,
        np.array(settled).reshape(-1, form.m),
        here,
        f"{starts} starts, {used} rounds of simultaneous damped best responses",
        tol,
        clock,
        {"rounds": used, "starts": starts},
    )


def _moves(form: ContinuousForm, here: Float, last: Float) -> Float:
    """From each profile to the best responses, as shares of the range, `[S, m]`."""
    move = np.zeros_like(here)
    close = (np.abs(last).max(1) < _CLOSE) & (last != 0).any(1)
    for chosen, looks in ((~close, _FAR_LOOKS), (close, _CLOSE_LOOKS)):
        rows = np.flatnonzero(chosen)
        for k in range(form.m if len(rows) else 0):
            move[rows, k] = best_response(form, here[rows], k, looks) - here[rows, k]
    return move / _width(form)


def _adapted(step: Float, move: Float, last: Float) -> Float:
    """Shorter steps where moves turn round or grow, longer ones where they go straight on."""
    size, before = np.linalg.norm(move, axis=1), np.linalg.norm(last, axis=1)
    along = (move * last).sum(1) / np.maximum(size * before, 1e-300)
    turning = (along < 0) & (size > 0.5 * before)
    straight = along > 0.9
    step = np.where(turning, np.maximum(0.5 * step, _LEAST), step)
    return np.asarray(np.where(straight, np.minimum(1.2 * step, 1.0), step))


def _width(form: ContinuousForm) -> Float:
    return widths(form.low, form.high)
