"""Nash equilibria of continuous games: global best responses, then Newton.

Best responses are taken globally on a shrinking grid, for many starts side by side, so
that neither concavity nor a good first guess is needed; Newton's method on the
first-order conditions (bounds handled as active sets) then gives all digits. An end point
of Newton counts only if no best response pays more, so a stationary point that is a
player's worst choice is not taken for an equilibrium; where payoffs have kinks, closer
best responses take its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.numeric import (
    Clock,
    OutOfTime,
    distinct,
    newton,
    require_count,
    require_starts,
    slopes,
    widths,
)
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

Mask = npt.NDArray[np.bool_]

_GRID = 65  # points of one look at a coordinate
_LOOKS = 4  # looks of a round; each is 16 times closer than the one before
_CLOSE_LOOKS = 9  # looks of the last rounds, down to 1e-11 of the range
_CLOSE_ROUNDS = 40
_NEAR = 1e-4  # of the range: moves below this are worth an attempt by Newton
_SETTLED = 2e-5  # about the resolution of a round's looks
_REACH = 0.05  # of the range: Newton from further away may have gone to another equilibrium
_SAME = 1e-6  # of the range: end points closer than this are one equilibrium


def suits(form: ContinuousForm, everything: bool) -> str:
    """Why `auto` may choose this method: it takes every game of this form."""
    return "continuous actions: global best responses from many starts"


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts | None = None,
    rounds: int = 500,
    seed: Seed = 0,
) -> Found:
    """Nash equilibria reached from many starts.

    Args:
        form: the game.
        tol: tolerance in payoff units: the most that a best response may gain at an end point.
        deadline: seconds after which what has been found so far is returned.
        starts: starting profiles: the lowest, the highest and the middle one, then random; 16,
            or fewer (at least 5) where there are more than 16 coordinates.
        rounds: most rounds of best responses.
        seed: of the random starts.

    Cost: rounds x starts x m x 260 payoff evaluations at most, in batched calls; five to
    fifteen rounds where best responses settle.
    """
    starts = max(5, min(16, 256 // form.m)) if starts is None else starts
    require_starts(starts, form.n, form.m)
    require_count("rounds", rounds)
    clock = Clock(deadline)
    search = _Search(form.watched(clock), tol, clock)
    here = after = _starts(form, starts, seed)
    damping = _Damping(len(here), form.m)
    used = 0
    try:
        while len(here) and used < rounds:
            clock.look()
            used += 1
            after = here.copy()
            search.sweep(after, damping.step)
            gap = damping.update((after - here) / search.width)
            going = ~search.ended(after, gap, damping)
            here = after = after[going]
            damping.keep(going)
    except OutOfTime:
        here = after  # the moves of a round that was not finished are moves all the same
    finished = len(here) == 0
    ends = search.ends or [here[0]]
    return Found(
        profiles=tuple(form.split(x) for x in ends),
        sentence=f"{starts} starts, {used} rounds of best responses, Newton to the end; "
        f"{len(search.ends)} distinct end point{'s' if len(search.ends) != 1 else ''}"
        + ("" if finished else "; stopped before every start had settled"),
        stats={"rounds": used, "starts": starts},
        finished=finished,
    )


def best_response(form: ContinuousForm, profiles: Float, k: int, looks: int = _LOOKS) -> Float:
    """The best value of coordinate `k` for its owner, for each profile `[S, m]`: `[S]`.

    Where nothing found pays more than the value a profile has, it keeps that value, so
    that an indifferent player stays.
    """
    player = int(form.owner[k])
    low, high = float(form.low[k]), float(form.high[k])
    centre = np.full(len(profiles), 0.5 * (low + high))
    half = 0.5 * (high - low)
    row = np.arange(len(profiles))
    best = _payoff(form, profiles, player)
    slack = np.where(np.isfinite(best), 1e-15 * np.abs(best), 0.0)
    response = profiles[:, k].copy()
    for _ in range(looks):
        points = np.clip(centre[:, None] + np.linspace(-half, half, _GRID), low, high)
        trial = np.repeat(profiles[:, None, :], _GRID, axis=1)
        trial[..., k] = points
        paid = _payoff(form, trial, player)
        top = paid.argmax(1)
        centre = points[row, top]
        better = paid[row, top] > best + slack
        response = np.where(better, centre, response)
        best = np.where(better, paid[row, top], best)
        half *= 4 / (_GRID - 1)
    return response


def first_order(form: ContinuousForm, points: Float) -> Float:
    """The derivative of each owner's payoff in its own coordinate, `[..., m]`."""
    if form.gradient is not None:
        return np.asarray(form.gradient(points))
    return slopes(lambda x: form.payoffs(x)[..., form.owner], points, form.low, form.high)


@dataclass
class _Search:
    """The equilibria found so far, and how end points are tried.

    Args:
        form: the game, watched: what takes long raises `OutOfTime`.
        tol: the most that a best response may gain at an end point, in payoff units.
        clock: when to stop.
        ends: end points, distinct, in the order in which they were found.
    """

    form: ContinuousForm
    tol: float
    clock: Clock
    ends: list[Float] = field(default_factory=list)

    @property
    def width(self) -> Float:
        """The width of the box, `[m]`."""
        return widths(self.form.low, self.form.high)

    def sweep(self, here: Float, step: Float, looks: int = _LOOKS) -> None:
        """One round, in place: each coordinate in turn moves by `step` `[S]` to its best."""
        for k in range(self.form.m):
            best = best_response(self.form, here, k, looks)
            here[:, k] += step * (best - here[:, k])

    def ended(self, here: Float, gap: Float, damping: _Damping) -> Mask:
        """Which of the starts `[S]` are done: an end point was found for them, or none can be."""
        done = np.zeros(len(here), dtype=bool)
        for row in np.flatnonzero((gap < _NEAR) & (~damping.tried | (gap < _SETTLED))):
            damping.tried[row] = True
            end = newton(
                lambda x: first_order(self.form, x),
                here[row],
                self.form.low,
                self.form.high,
                self.clock,
            )
            near = (np.abs(end - here[row]) / self.width).max() <= _REACH
            if self._known(end) or self._gain(end) <= self.tol:
                self._add(end)
                done[row] = near
            if not done[row] and gap[row] < _SETTLED:
                self._add(self._closer(here[row]))
                done[row] = True
        return done

    def _closer(self, x: Float) -> Float:
        """A point whose rounds have settled, moved on by closer best responses."""
        for _ in range(_CLOSE_ROUNDS):
            before, x = x, x.copy()
            self.sweep(x[None], np.ones(1), _CLOSE_LOOKS)
            if (np.abs(x - before) / self.width).max() < 1e-12:
                break
        return x

    def _gain(self, x: Float) -> float:
        """The most that one coordinate gains by a best response at `x`."""
        paid = self.form.payoffs(x)
        most = 0.0
        for k, player in enumerate(self.form.owner):
            trial = x.copy()
            trial[k] = best_response(self.form, x[None], k)[0]
            most = max(most, float(self.form.payoffs(trial)[player] - paid[player]))
        return most

    def _known(self, x: Float) -> bool:
        return len(distinct([*self.ends, x], self.width, _SAME)) == len(self.ends)

    def _add(self, x: Float) -> None:
        self.ends = distinct([*self.ends, x], self.width, _SAME)


class _Damping:
    """How far each start moves towards its best responses; less where they turn in circles."""

    def __init__(self, starts: int, m: int) -> None:
        self.step = np.ones(starts)
        self.tried = np.zeros(starts, dtype=bool)
        self._last = np.zeros((starts, m))

    def update(self, moved: Float) -> Float:
        """Take note of a round's moves `[S, m]`, shares of the range; the gaps behind them `[S]`.

        Best responses can cycle (Cournot with four firms): a start that turns without
        coming closer takes half the step, one that goes straight on takes longer ones again.
        """
        size, before = (np.linalg.norm(x, axis=1) for x in (moved, self._last))
        along = (moved * self._last).sum(1) / np.maximum(size * before, 1e-300)
        gap = np.asarray(np.abs(moved).max(1) / self.step)
        turning = (along < 0.5) & (size > 0.9 * before) & (before > 0)
        straight = along > 0.9
        self.step = np.where(turning, np.maximum(0.5 * self.step, 0.05), self.step)
        self.step = np.where(straight, np.minimum(1.5 * self.step, 1.0), self.step)
        self._last = moved
        return gap

    def keep(self, going: Mask) -> None:
        """Forget the starts that are done."""
        self.step, self.tried = self.step[going], self.tried[going]
        self._last = self._last[going]


def _starts(form: ContinuousForm, count: int, seed: int) -> Float:
    corners = np.stack([form.low, form.high, 0.5 * (form.low + form.high)]).astype(float)
    rng = np.random.default_rng(seed)
    random = form.low + rng.random((max(count - 3, 0), form.m)) * (form.high - form.low)
    return np.concatenate([corners, random])[:count]


def _payoff(form: ContinuousForm, profiles: Float, player: int) -> Float:
    """What `player` gets, `[...]`; what is not a number is never best."""
    paid = form.payoffs(profiles)[..., player]
    return np.asarray(np.where(np.isnan(paid), -np.inf, paid))
