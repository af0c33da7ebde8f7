"""The profile with the largest sum of payoffs: sampling, coordinate ascent, Newton.

Neither smoothness nor concavity is assumed until the end: Newton's result is taken only
where it is better.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.stats import qmc

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.continuous import distinct, newton
from coopsim.solvers.solution import Found

_LEVELS = 101  # common levels of all coordinates, as fractions of their ranges
_SAMPLE = 1024
_GRID = 33


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: int = 8,
    rounds: int = 200,
    seed: int = 0,
) -> Found:
    """The best profile found from the best of a sample of the box.

    Args:
        form: the game.
        tol: tolerance in payoff units.
        deadline: seconds after which the best so far is returned.
        starts: how many points of the sample are improved.
        rounds: most rounds of coordinate ascent.
        seed: of the sample.

    Cost: 1,100 profiles, then rounds x starts x m x 33, in batched calls.
    """
    until = time.monotonic() + (deadline if deadline is not None else np.inf)
    here = _best_of_sample(form, starts, seed)
    value = form.welfare(here)
    half = np.full(len(here), 0.05)
    used = 0
    while used < rounds and time.monotonic() < until and (half > 1e-9).any():
        used += 1
        before = value.copy()
        for k in range(form.m):
            here, value = _improve(form, here, value, k, half)
        # a round that gains little calls for a closer look
        half = np.where(value - before > 1e-3 * np.abs(before) * half, half, half * 0.25)
    scale = np.maximum(form.high - form.low, 1e-300)
    best = here[int(value.argmax())]
    polished = newton(lambda x: _slope(form, x), best, form)
    if form.welfare(polished) >= form.welfare(best):
        best = polished
    ties = [x for x in here if form.welfare(x) > form.welfare(best) - tol]
    # coordinate ascent leaves ends of one optimum a little apart
    count = len(distinct(np.array([best, *ties]), scale, tol=1e-3))
    finished = bool((half <= 1e-9).all())
    order = np.argsort(form.owner, kind="stable")
    counts = np.bincount(form.owner, minlength=form.n).cumsum()[:-1]
    return Found(
        profiles=(tuple(np.split(best[order], counts)),),
        sentence=f"{_LEVELS + _SAMPLE} profiles sampled, {len(here)} improved in {used} rounds; "
        f"{count} distinct best profile{'s' if count != 1 else ''}",
        stats={"rounds": used, "starts": len(here)},
        finished=finished,
    )


def _best_of_sample(form: ContinuousForm, starts: int, seed: int) -> Float:
    levels = np.linspace(0, 1, _LEVELS)[:, None]
    sobol = qmc.Sobol(form.m, seed=seed).random(_SAMPLE)
    unit = np.concatenate([np.broadcast_to(levels, (_LEVELS, form.m)), sobol])
    sample = form.low + unit * (form.high - form.low)
    return sample[np.argsort(-form.welfare(sample), kind="stable")[:starts]]


def _improve(
    form: ContinuousForm, here: Float, value: Float, k: int, half: Float
) -> tuple[Float, Float]:
    """One line search along coordinate `k` for every start."""
    reach = half[:, None] * (form.high[k] - form.low[k])
    points = np.clip(
        here[:, k, None] + reach * np.linspace(-1, 1, _GRID), form.low[k], form.high[k]
    )
    trial = np.repeat(here[:, None, :], _GRID, axis=1)
    trial[..., k] = points
    values = form.welfare(trial)
    best = values.argmax(1)
    row = np.arange(len(here))
    better = values[row, best] > value
    here = here.copy()
    here[better, k] = points[row, best][better]
    return here, np.where(better, values[row, best], value)


def _slope(form: ContinuousForm, x: Float) -> Float:
    """The gradient of the sum of payoffs by central differences, `[m]`."""
    steps = np.maximum(np.abs(x), 1e-2 * (form.high - form.low)) * 6e-6 + 1e-300
    eye = np.eye(form.m)
    up = np.minimum(x + eye * steps, form.high)
    down = np.maximum(x - eye * steps, form.low)
    change = form.welfare(up) - form.welfare(down)
    return np.asarray(change / (np.diagonal(up) - np.diagonal(down)))
