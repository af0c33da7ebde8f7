"""The profiles with the largest sum of payoffs: sampling, line searches, Newton.

Neither smoothness nor concavity is assumed until the end: Newton's result is taken only
where it is better, and line searches go on where it is not.
"""

from __future__ import annotations

import contextlib

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.numeric import (
    Clock,
    OutOfTime,
    distinct,
    newton,
    require_count,
    slopes,
    widths,
)
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_LEVELS = 101  # common levels of all coordinates, as fractions of their ranges
_SAMPLE = 1024
_PIECE = 512  # profiles between two looks at the clock
_DENSE, _TEETH = 2001, 16  # common levels of a dense look, and how many are looked at closely
_APART = 0.05  # of the range: how far the points that are improved lie from each other
_GRID = 33  # points of one line search
_EXTRA = 1  # random directions searched in each round beside the coordinates
_COARSE, _FINE = 1e-3, 1e-9  # of the range: how near line searches come, before Newton and alone
_MERGED = 1e-2  # of the range: ends of line searches closer than this are one
_CLOSE = 1e-2  # of the range of sums: line searches this close to the best are followed up
_SAME = 1e-4  # of the range: optima closer than this are one


def suits(form: ContinuousForm, everything: bool) -> str:
    """Why `auto` may choose this method: it takes every game of this form."""
    return "continuous actions: a sample of the box, then ascent"


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 8,
    rounds: int = 200,
    seed: Seed = 0,
) -> Found:
    """The best profiles found from the best of a sample of the box.

    Args:
        form: the game.
        tol: tolerance in payoff units: sums this close to the largest are optima too.
        deadline: seconds after which the best so far is returned.
        starts: how many points of the sample are improved.
        rounds: most rounds of line searches.
        seed: of the sample.

    Cost: 3,100 profiles, then rounds x starts x (m + 1) x 33, in batched calls; about 6 rounds
    where sums are smooth.
    """
    require_count("starts", starts)
    require_count("rounds", rounds)
    climb = _Climb(form, Clock(deadline), rounds, np.random.default_rng(seed))
    start, spread = _best_of_sample(form, starts, seed, climb.clock)
    here = distinct(climb.lines(start, 0.05, _COARSE), climb.width, _MERGED)
    here.append(climb.together())
    top = max(climb.value(x) for x in here)
    close = [x for x in here if climb.value(x) >= top - _CLOSE * spread]
    ends = sorted((climb.polished(x) for x in close), key=lambda x: -climb.value(x))
    best = climb.value(ends[0])
    tied = distinct((x for x in ends if climb.value(x) >= best - tol), climb.width, _SAME)
    return Found(
        profiles=tuple(form.split(x) for x in tied),
        sentence=f"{_LEVELS + _SAMPLE} profiles sampled, {len(start)} improved in {climb.used} "
        f"rounds; {len(tied)} distinct best profile{'s' if len(tied) != 1 else ''}"
        + ("" if climb.finished else "; stopped before all had settled"),
        stats={"rounds": climb.used, "starts": len(start)},
        finished=climb.finished,
    )


class _Climb:
    """Ways up from a point, and whether there was time to go them to the end."""

    def __init__(
        self, form: ContinuousForm, clock: Clock, rounds: int, rng: np.random.Generator
    ) -> None:
        self.form, self.clock, self.rounds, self.rng = form, clock, rounds, rng
        self.watched = form.watched(clock)
        self.width = widths(form.low, form.high)
        self.used = 0
        self.finished = not clock.over

    def value(self, x: Float) -> float:
        """The sum of payoffs at one point."""
        return float(_welfare(self.form, x))

    def lines(self, here: Float, half: float, until: float) -> Float:
        """Points `[S, m]` after line searches that get shorter, from `half` to `until`."""
        reach = np.full(len(here), half)
        used = 0
        try:
            value = _welfare(self.watched, here)
            while (reach > until).any() and used < self.rounds:
                used += 1
                before = value
                for direction in self._directions():
                    here, value = _along(self.watched, here, value, direction * self.width, reach)
                # a round that gains little calls for a closer look
                gained = value - before > 1e-3 * np.abs(before) * reach
                reach = np.where(gained, reach, reach * 0.25)
        except OutOfTime:
            self.finished = False
        self.finished = self.finished and not (reach > until).any()
        self.used += used
        return here

    def together(self) -> Float:
        """The best point `[m]` at which all coordinates are one share of their ranges.

        Players who are alike pass thresholds together, which nobody gains by alone; between
        thresholds lie narrow teeth that only a dense look finds.
        """
        low, width = self.form.low, self.form.high - self.form.low
        shares = np.linspace(0, 1, _DENSE)
        value, step = np.full(_DENSE, -np.inf), 1 / (_DENSE - 1)
        with contextlib.suppress(OutOfTime):
            for first in range(0, _DENSE, _PIECE):
                piece = shares[first : first + _PIECE, None]
                value[first : first + _PIECE] = _welfare(self.watched, low + piece * width)
        tops = np.argsort(-value, kind="stable")[:_TEETH]
        here, value = low + shares[tops, None] * width, value[tops]
        with contextlib.suppress(OutOfTime):
            while step > _FINE:
                here, value = _along(self.watched, here, value, width, np.full(len(here), step))
                step *= 0.25
        return np.asarray(here[int(value.argmax())])

    def polished(self, x: Float) -> Float:
        """One point after Newton's method, or closer line searches where that is no better."""
        form = self.watched

        def slope(points: Float) -> Float:
            return slopes(
                lambda moved: np.broadcast_to(form.welfare(moved)[..., None], moved.shape),
                points,
                form.low,
                form.high,
            )

        try:
            end = newton(slope, x, form.low, form.high, self.clock)
        except OutOfTime:
            self.finished = False
            return x
        if self.value(end) > self.value(x):
            return end
        return np.asarray(self.lines(x[None], _COARSE, _FINE)[0])

    def _directions(self) -> Float:
        """Every coordinate, and random directions for ridges that run across them."""
        drawn = self.rng.standard_normal((_EXTRA, self.form.m))
        drawn /= np.abs(drawn).max(1, keepdims=True)
        return np.concatenate([np.eye(self.form.m), drawn])


def _best_of_sample(
    form: ContinuousForm, starts: int, seed: int, clock: Clock
) -> tuple[Float, float]:
    """The best points of a sample that lie apart, `[<= starts, m]`; the range of its sums."""
    levels = np.broadcast_to(np.linspace(0, 1, _LEVELS)[:, None], (_LEVELS, form.m))
    unit = np.concatenate([levels, _hypercube(_SAMPLE, form.m, np.random.default_rng(seed))])
    sample = form.low + unit * (form.high - form.low)
    values = np.full(len(sample), -np.inf)
    for first in range(0, len(sample), _PIECE):
        piece = slice(first, first + _PIECE)
        values[piece] = _welfare(form, sample[piece])
        if clock.over:
            break
    order = np.argsort(-values, kind="stable")
    # the best hundred are enough to choose from
    apart = distinct(sample[order[:100]], widths(form.low, form.high), _APART)
    seen = values[np.isfinite(values)]
    return np.stack(apart[:starts]), float(np.ptp(seen)) if len(seen) else 0.0


def _hypercube(count: int, m: int, rng: np.random.Generator) -> Float:
    """A Latin hypercube, `[count, m]`: each coordinate has one point in each of `count` parts."""
    places = rng.permuted(np.tile(np.arange(count), (m, 1)), axis=1).T
    return np.asarray((places + rng.random((count, m))) / count)


def _along(
    form: ContinuousForm, here: Float, value: Float, direction: Float, reach: Float
) -> tuple[Float, Float]:
    """One line search along `direction` for every start: the points and their sums."""
    length = reach[:, None] * np.linspace(-1, 1, _GRID)
    trial = np.clip(here[:, None, :] + length[..., None] * direction, form.low, form.high)
    values = _welfare(form, trial)
    best = values.argmax(1)
    row = np.arange(len(here))
    better = values[row, best] > value
    moved = np.where(better[:, None], trial[row, best], here)
    return np.asarray(moved), np.where(better, values[row, best], value)


def _welfare(form: ContinuousForm, profiles: Float) -> Float:
    """The sum of payoffs, `[...]`; what is not a number is never best."""
    total = form.welfare(profiles)
    return np.asarray(np.where(np.isnan(total), -np.inf, total))
