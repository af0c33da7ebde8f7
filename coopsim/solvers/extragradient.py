"""Projected extragradient on the pseudo-gradient: a variational inequality on the box.

Every player follows the slope of the own payoff. A plain step turns in circles where players
pull against each other; the extragradient looks one step ahead and then moves with the slopes
found there, which converges for every monotone game. Sources: Korpelevich (1976), The
extragradient method for finding saddle points; Khobotov (1987) for the adaptive step;
Facchinei and Pang (2003), Finite-Dimensional Variational Inequalities, section 12.1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers import endpoints
from coopsim.solvers.continuous import first_order
from coopsim.solvers.numeric import Clock, OutOfTime, require_count, widths
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_SETTLED = 2e-9  # of the range: difference quotients give slopes to about 1e-10
_RATIO = 0.9  # a step must stay below this share of 1 / (local Lipschitz constant)
_STEEPEST = 1e3  # slopes are cut here, so that an infinite one at a bound moves off the bound
_PATIENCE = 2000  # rounds without getting nearer after which a start counts as stuck


def suits(form: ContinuousForm, everything: bool) -> str:
    """A second attempt where best responses fail; it needs slopes that are cheap."""
    return "slopes are known: extragradient steps" if form.gradient is not None else ""


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 8,
    rounds: int = 20_000,
    seed: Seed = 0,
) -> Found:
    """Stationary profiles reached by projected extragradient steps, from many starts at once.

    Args:
        form: the game.
        tol: the most that a coordinate may gain at an end point, in payoff units.
        deadline: seconds after which the best profile so far is returned.
        starts: starting profiles, moved side by side.
        rounds: most rounds, two evaluations of all slopes each.
        seed: of the random starts.

    Cost: rounds x starts x 2 evaluations of the gradient (4 m of payoffs where it is unknown).
    """
    require_count("rounds", rounds)
    clock = Clock(deadline)
    width = widths(form.low, form.high)
    here = (endpoints.starting_points(form, starts, seed) - form.low) / width
    step = np.full(len(here), 0.5)
    best, since = np.full(len(here), np.inf), np.zeros(len(here))
    settled: list[Float] = []
    stuck: list[Float] = []
    used = 0
    top = np.where(form.high > form.low, 1.0, 0.0)
    with contextlib.suppress(OutOfTime):
        fall = _scaled_slopes(form.watched(clock), width)
        while len(here) and used < rounds:
            slope = fall(here)
            used += 1
            gap = np.abs(np.clip(here - slope, 0, top) - here).max(1)
            since = np.where(gap < 0.99 * best, 0, since + 1)
            best = np.minimum(best, gap)
            going = (gap > _SETTLED) & (since < _PATIENCE)
            settled.extend(here[gap <= _SETTLED])
            stuck.extend(here[(gap > _SETTLED) & ~going])
            here, slope, step, best, since = (x[going] for x in (here, slope, step, best, since))
            if len(here):
                here, step = _advance(fall, here, slope, step, top)
    return endpoints.found(
        form,
        form.low + np.array(settled).reshape(-1, form.m) * width,
        form.low + np.concatenate([here, np.array(stuck).reshape(-1, form.m)]) * width,
        f"{starts} starts, {used} rounds of projected extragradient",
        tol,
        clock,
        {"rounds": used, "starts": starts},
    )


def _scaled_slopes(form: ContinuousForm, width: Float) -> Callable[[Float], Float]:
    """The negative pseudo-gradient over the unit box, each player's payoffs of size about 1."""
    sample = np.random.default_rng(0).random((64, form.m))
    seen = np.abs(first_order(form, form.low + sample * width)) * width
    typical = np.nanmax(np.where(np.isfinite(seen), seen, np.nan), axis=0, initial=0.0)
    by_player = np.array([typical[form.owner == i].max() for i in range(form.n)])
    # a player whose payoff never changes has nothing to choose
    scale = np.where(by_player > 0, by_player, 1.0)[form.owner] / width

    def fall(unit: Float) -> Float:
        slope = first_order(form, form.low + unit * width) / scale
        return np.asarray(np.clip(np.nan_to_num(-slope, nan=0.0), -_STEEPEST, _STEEPEST))

    return fall


def _advance(
    fall: Callable[[Float], Float], here: Float, slope: Float, step: Float, top: Float
) -> tuple[Float, Float]:
    """One extragradient step of every start `[S, m]`, and the step sizes `[S]` for the next."""
    for _ in range(60):
        ahead = np.clip(here - step[:, None] * slope, 0, top)
        there = fall(ahead)
        moved = np.linalg.norm(here - ahead, axis=1)
        turned = step * np.linalg.norm(slope - there, axis=1)
        long = turned > _RATIO * moved + 1e-15
        if not long.any():
            break
        step = np.where(long, 0.5 * step, step)
    after = np.clip(here - step[:, None] * there, 0, top)
    return after, np.minimum(np.where(turned < 0.5 * _RATIO * moved, 1.5 * step, step), 1e6)
