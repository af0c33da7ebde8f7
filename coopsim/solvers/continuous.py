"""Nash equilibria of continuous games: global best responses, then Newton.

Best responses are taken globally on a shrinking grid, for many starts side by side, so
that neither concavity nor a good first guess is needed; Newton's method on the
first-order conditions (bounds handled as active sets) then gives all digits. Peers stop
at the best-response step with a tolerance on actions (1e-6); stationary points that are
no best responses are thrown away by the certificate, not here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.solution import Found

_GRID = 65
_LOOKS = 6


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: int = 16,
    rounds: int = 500,
    seed: int = 0,
) -> Found:
    """Nash equilibria reached from many starts.

    Args:
        form: the game.
        tol: tolerance in payoff units; the search stops moving well below it.
        deadline: seconds after which the best profiles so far are returned.
        starts: starting profiles: the lowest, the highest and the middle one, then random.
        rounds: most rounds of best responses.
        seed: of the random starts.

    Cost: rounds x starts x m x 400 payoff evaluations at most, in batched calls.
    """
    until = time.monotonic() + (deadline if deadline is not None else np.inf)
    here = _starts(form, starts, seed)
    scale = np.maximum(form.high - form.low, 1e-300)
    step = np.ones(len(here))
    last = np.full(len(here), np.inf)
    done, used = False, 0
    while used < rounds and time.monotonic() < until and not done:
        used += 1
        before = here.copy()
        for k in range(form.m):
            best = best_response(form, here, k)
            here[:, k] += step * (best - here[:, k])
        moved = (np.abs(here - before) / scale).max(1)
        # best responses can cycle (Cournot with four firms): damp the starts that do not settle
        step = np.where(moved > 0.9 * last, np.maximum(0.5 * step, 0.05), step)
        last = moved
        done = bool((moved < 1e-7).all())
    # best responses end close together where they reach the same equilibrium
    ends = distinct(here, scale, tol=1e-5)
    points = distinct([newton(lambda x: gradient(form, x), x, form) for x in ends], scale)
    sentence = (
        f"{len(here)} starts, {used} rounds of best responses, Newton to the end; "
        f"{len(points)} distinct end point{'s' if len(points) != 1 else ''}"
    )
    order = np.argsort(form.owner, kind="stable")
    counts = np.bincount(form.owner, minlength=form.n).cumsum()[:-1]
    return Found(
        profiles=tuple(tuple(np.split(x[order], counts)) for x in points),
        sentence=sentence if done else sentence + "; stopped before every start had settled",
        stats={"rounds": used, "starts": len(here)},
        finished=done,
    )


def best_response(form: ContinuousForm, profiles: Float, k: int) -> Float:
    """The best value of coordinate `k` for its owner, for each profile `[S, m]`: `[S]`."""
    player = int(form.owner[k])
    low, high = float(form.low[k]), float(form.high[k])
    centre = np.full(len(profiles), 0.5 * (low + high))
    half = 0.5 * (high - low)
    for _ in range(_LOOKS):
        points = np.clip(centre[:, None] + np.linspace(-half, half, _GRID), low, high)
        trial = np.repeat(profiles[:, None, :], _GRID, axis=1)
        trial[..., k] = points
        best = form.payoffs(trial)[..., player].argmax(1)
        centre = points[np.arange(len(points)), best]
        half *= 4 / (_GRID - 1)
    return centre


def gradient(form: ContinuousForm, x: Float) -> Float:
    """The derivative of each owner's payoff in its own coordinate, `[m]`."""
    if form.gradient is not None:
        return form.gradient(x)
    steps = _steps(form, x)
    up, down = _shifted(form, x, steps)
    own = form.payoffs(up) - form.payoffs(down)
    change = own[np.arange(form.m), form.owner]
    return np.asarray(change / (np.diagonal(up) - np.diagonal(down)))


def newton(slope: Callable[[Float], Float], x: Float, form: ContinuousForm, rounds: int = 30) -> Float:
    """A root of `slope` near `x` by Newton's method, coordinates held at bounds they push against.

    Args:
        slope: a function `[m] -> [m]` to bring to zero.
        x: where to start, `[m]`.
        form: gives the bounds.
        rounds: most steps.

    A step is kept only if it lowers the largest free slope; otherwise it is halved.
    """
    scale = np.maximum(form.high - form.low, 1e-300)
    edge = 1e-9 * scale
    value = slope(x)
    for _ in range(rounds):
        free = ~(
            ((x <= form.low + edge) & (value <= 0)) | ((x >= form.high - edge) & (value >= 0))
        )
        size = np.abs(value[free]).max(initial=0.0)
        if size < 1e-13:
            break
        jacobian = _jacobian(slope, x, form)[np.ix_(free, free)]
        try:
            direction = np.linalg.solve(jacobian, -value[free])
        except np.linalg.LinAlgError:
            break
        length = 1.0
        while length > 1e-4:
            trial = x.copy()
            trial[free] = np.clip(x[free] + length * direction, form.low[free], form.high[free])
            after = slope(trial)
            if np.abs(after[free]).max(initial=0.0) < size:
                break
            length *= 0.5
        else:
            break
        x, value = trial, after
    return x


def distinct(points: Iterable[Float], scale: Float, tol: float = 1e-6) -> list[Float]:
    """The points that differ by more than `tol` of the box, in order of appearance."""
    kept: list[Float] = []
    for x in points:
        if all((np.abs(x - other) / scale).max() > tol for other in kept):
            kept.append(x)
    return kept


def _starts(form: ContinuousForm, count: int, seed: int) -> Float:
    corners = np.stack([form.low, form.high, 0.5 * (form.low + form.high)]).astype(float)
    rng = np.random.default_rng(seed)
    random = form.low + rng.random((max(count - 3, 0), form.m)) * (form.high - form.low)
    return np.concatenate([corners, random])[:count]


def _jacobian(slope: Callable[[Float], Float], x: Float, form: ContinuousForm) -> Float:
    steps = _steps(form, x)
    up, down = _shifted(form, x, steps)
    rows = [
        (slope(u) - slope(d)) / (u[k] - d[k]) for k, (u, d) in enumerate(zip(up, down, strict=True))
    ]
    return np.stack(rows, axis=1)


def _steps(form: ContinuousForm, x: Float) -> Float:
    # cube root of the rounding error balances the error of a central difference
    return np.maximum(np.abs(x), 1e-2 * (form.high - form.low)) * 6e-6 + 1e-300


def _shifted(form: ContinuousForm, x: Float, steps: Float) -> tuple[Float, Float]:
    """`x` with one coordinate moved up, and down, kept inside the box: `[m, m]` each."""
    eye = np.eye(form.m)
    return np.minimum(x + eye * steps, form.high), np.maximum(x - eye * steps, form.low)
