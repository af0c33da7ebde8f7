"""Least squares with profile-likelihood intervals, for models that run in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.measure.rubrics.assessment import Estimate, Fit

_GRID = 8  # values on each side at which the other parameters are fitted anew
_STEPS = 60  # of a search


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter to fit.

    Args:
        name: its name.
        published: its value in the case study, where the fit starts.
        low, high: the range searched.
    """

    name: str
    published: float
    low: float
    high: float


def fit(
    predict: Callable[[Float], Float],
    targets: Float,
    parameters: Sequence[Parameter],
    *,
    said: str,
    sigma: float | None = None,
    starts: int = 12,
    seed: int = 0,
) -> Fit:
    """Fit parameters to targets; intervals by profile likelihood.

    An interval holds the values of a parameter at which the others can still be chosen so
    that the sum of squares stays within the 95 % limit: chi-square with one degree of
    freedom where `sigma` is known, else F with the residual degrees of freedom.

    Args:
        predict: predictions `[B, m]` from parameters `[B, p]`.
        targets: `[m]`.
        parameters: what to fit.
        said: what was fitted, in words.
        sigma: standard error of a target; estimated from the residuals where not given.
        starts: starts of the search, the published values among them.
        seed: of the other starts.

    Cost: some 60 batches of `16 p (p + 1)` simulations.
    """
    low = np.array([item.low for item in parameters])
    high = np.array([item.high for item in parameters])
    given = np.array([item.published for item in parameters])
    problem = _Problem(predict, targets, low, high)
    others = low + (high - low) * np.random.default_rng(seed).random((starts - 1, len(given)))
    ends, losses = problem.search(np.concatenate([given[None], others]))
    best, loss = ends[losses.argmin()], float(losses.min())
    for _ in range(3):
        spans, lower = _profile(problem, best, _allowed(loss, len(targets) - len(given), sigma))
        ends, losses = problem.search(lower[None])
        if losses[0] >= loss * (1 - 1e-6):
            break
        # a profile came upon a better point than the search from many starts
        best, loss = ends[0], float(losses[0])
    estimates = tuple(
        Estimate(item.name, item.published, float(best[k]), *spans[k], item.low, item.high)
        for k, item in enumerate(parameters)
    )
    before = float(((predict(given[None])[0] - targets) ** 2).sum())
    count = len(targets)
    return Fit(count, float(np.sqrt(before / count)), float(np.sqrt(loss / count)), estimates, said)


def _allowed(loss: float, spare: int, sigma: float | None) -> float:
    """The largest sum of squares inside the 95 % limit."""
    from scipy.special import chdtri, fdtri

    if sigma is not None:
        return loss + sigma**2 * float(chdtri(1, 0.05))
    if spare < 1:
        raise ValueError("as many parameters as targets: give sigma")
    return loss * (1 + float(fdtri(1, spare, 0.95)) / spare)


@dataclass(frozen=True)
class _Problem:
    """A least-squares problem in a box; many searches of it run side by side."""

    predict: Callable[[Float], Float]
    targets: Float
    low: Float
    high: Float

    def residuals(self, unit: Float) -> Float:
        """`[S, m]` from places `[S, p]` in the unit box."""
        return np.asarray(self.predict(self.low + (self.high - self.low) * unit) - self.targets)

    def search(self, starts: Float, held: Float | None = None) -> tuple[Float, Float]:
        """Levenberg and Marquardt's steps from each start, clipped to the box.

        Args:
            starts: parameters `[S, p]`.
            held: which of them stay as they are, `[S, p]`.

        Returns:
            The parameters `[S, p]` and sums of squares `[S]` that were reached.
        """
        unit = (starts - self.low) / (self.high - self.low)
        fixed = np.zeros(unit.shape, dtype=bool) if held is None else np.asarray(held, dtype=bool)
        unit = np.where(fixed, unit, np.clip(unit, 1e-3, 1 - 1e-3))
        found = self.residuals(unit)
        loss = (found**2).sum(-1)
        damping = np.full(len(unit), 1e-2)
        idle = 0
        for _ in range(_STEPS):
            slopes = self._slopes(unit, found)
            pull = np.einsum("smp,sm->sp", slopes, found)
            # at a bound, what would lead outside is held for this step
            stuck = fixed | ((unit <= 0) & (pull > 0)) | ((unit >= 1) & (pull < 0))
            slopes = np.where(stuck[:, None, :], 0.0, slopes)
            square = np.einsum("smp,smq->spq", slopes, slopes)
            size = np.einsum("spp->sp", square)
            ridge = damping[:, None] * size + np.where(stuck, 1.0, 1e-12)
            square = square + ridge[:, :, None] * np.eye(unit.shape[1])
            step = -np.linalg.solve(square, np.where(stuck, 0.0, pull)[..., None])[..., 0]
            tried = np.clip(unit + step, 0.0, 1.0)
            there = self.residuals(tried)
            new = (there**2).sum(-1)
            good = new < loss
            gained = float(np.max(np.where(good, (loss - new) / np.maximum(loss, 1e-300), 0.0)))
            unit, found = (
                np.where(good[:, None], tried, unit),
                np.where(good[:, None], there, found),
            )
            loss = np.where(good, new, loss)
            damping = np.clip(np.where(good, damping / 4, damping * 4), 1e-9, 1e9)
            idle = 0 if gained > 1e-6 else idle + 1
            if idle > 4:
                break
        return self.low + (self.high - self.low) * unit, loss

    def _slopes(self, unit: Float, found: Float) -> Float:
        """One-sided differences `[S, m, p]`, stepped towards the inside, in one batch."""
        searches, count = unit.shape
        size = np.where(unit > 0.5, -1e-4, 1e-4)
        moved = unit[:, None, :] + size[:, :, None] * np.eye(count)
        there = self.residuals(moved.reshape(-1, count)).reshape(searches, count, -1)
        return np.asarray(((there - found[:, None, :]) / size[:, :, None]).swapaxes(1, 2))


def _profile(
    problem: _Problem, best: Float, limit: float
) -> tuple[list[tuple[float, float]], Float]:
    """Each parameter's interval (an end of its range where the limit is not met), and the
    lowest point that was come upon."""
    count = len(best)
    # from the best value to both ends of the range, closer together near the best
    parts = np.linspace(0, 1, _GRID + 1)[1:] ** 2
    ends = np.stack([problem.low, problem.high], axis=-1)
    values = best[:, None, None] + parts * (ends - best[:, None])[:, :, None]
    starts = np.broadcast_to(best, (*values.shape, count)).copy()
    held = np.zeros(starts.shape, dtype=bool)
    for k in range(count):
        starts[k, ..., k], held[k, ..., k] = values[k], True
    reached, losses = problem.search(starts.reshape(-1, count), held.reshape(-1, count))
    squares = losses.reshape(values.shape)
    start = float((problem.residuals((best - problem.low)[None] / (problem.high - problem.low))
                   ** 2).sum())  # fmt: skip
    spans = [
        (
            _crossing(float(best[k]), values[k, 0], start, squares[k, 0], limit),
            _crossing(float(best[k]), values[k, 1], start, squares[k, 1], limit),
        )
        for k in range(count)
    ]
    return spans, reached[losses.argmin()]


def _crossing(best: float, values: Float, start: float, squares: Float, limit: float) -> float:
    """Where squares first pass the limit, linear in their root's distance; else the end."""
    beyond = np.flatnonzero(squares > limit)
    if not beyond.size:
        return float(values[-1])
    place = int(beyond[0])
    inside, value = (start, best) if place == 0 else (squares[place - 1], values[place - 1])
    # near its lowest point a profile is a parabola, so distances go with the root of the rise
    near, far, edge = (np.sqrt(max(x - start, 0.0)) for x in (inside, squares[place], limit))
    return float(value + (values[place] - value) * (edge - near) / max(far - near, 1e-300))
