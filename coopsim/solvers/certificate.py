"""Certificates, recomputed from a form and a profile alone.

This module imports no solver and shares no code with one. For finite forms every
deviation is looked at. For continuous forms every player's action set is searched
globally: a dense grid on each coordinate, then zooming in on its best cells, so a
residual of 1e-9 means that a search of that resolution found nothing better.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import differential_evolution, minimize
from scipy.stats import qmc

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Certificate

Form = ContinuousForm | NormalForm
Profile = tuple[Float, ...]

_GRID = 2049  # points of the first look at a coordinate
_KEPT = 6  # cells of the grid that are searched further
_ZOOM = 33  # points of each closer look; ten looks divide a cell by 16 ** 10
_LOOKS = 10
_MONOTONE_ROUNDS = 1000
_NEAR = 1e-4  # of the range of actions: how close to one point all equilibria must lie
_CLOUDS, _CLOUD = 60, 64  # samples around a point: each cloud without a better point shrinks


def certify(problem: str, form: Form, profile: Profile) -> Certificate:
    """The certificate of `profile` for `problem` ("nash" or "optimum") on `form`.

    Cost: for a continuous form about 3,000 evaluations a coordinate (one batched call a
    look); for a normal form one contraction of the payoff tensor a player.
    """
    if isinstance(form, NormalForm):
        return _regret_normal(form, profile) if problem == "nash" else _shortfall_normal(form, profile)
    point = np.concatenate([np.atleast_1d(part) for part in profile])
    flat = np.empty(form.m)
    flat[np.argsort(form.owner, kind="stable")] = point
    if problem == "nash":
        return _regret_continuous(form, flat)
    return _shortfall_continuous(form, flat)


def _regret_continuous(form: ContinuousForm, point: Float) -> Certificate:
    at = form.payoffs(point)
    gains = []
    for player in range(form.n):
        best = _best_response_value(form, point, player)
        gains.append(max(0.0, best - float(at[player])))
    alone = form.supermodular and form.m == form.n and _only_equilibrium(form, point)
    looked = "a dense grid and ten closer looks at every player's action"
    unique = (
        f"; best responses from the lowest and from the highest profile both end here, so all "
        f"equilibria lie within {_NEAR:g} of the range of actions"
    )
    return Certificate(
        kind="regret",
        residual=max(gains),
        players=tuple(gains),
        relative=max(gains) / _payoff_range(form),
        exact=False,
        complete=alone,
        checked_by=looked + (unique if alone else ""),
    )


def _best_response_value(form: ContinuousForm, point: Float, player: int) -> float:
    """The most that `player` gets against the rest of `point`, by global search."""
    own = form.coordinates(player)
    if len(own) == 1:
        _, value = _line_search(form, point, int(own[0]), player)
        return value
    low, high = form.low[own], form.high[own]
    sample = qmc.scale(qmc.Sobol(len(own), seed=0).random(4096), low, np.maximum(high, low + 1e-300))
    profiles = np.broadcast_to(point, (len(sample), form.m)).copy()
    profiles[:, own] = sample
    values = form.payoffs(profiles)[:, player]
    starts = [*sample[np.argsort(-values)[:_KEPT]], point[own]]

    def loss(x: Float) -> float:
        trial = point.copy()
        trial[own] = x
        return -float(form.payoffs(trial)[player])

    bounds = list(zip(low, high, strict=True))
    best = [minimize(loss, x, bounds=bounds, method="L-BFGS-B").fun for x in starts]
    return max(float(values.max()), -min(best))


def _line_search(form: ContinuousForm, point: Float, k: int, player: int) -> tuple[float, float]:
    """The best value of coordinate `k` for `player` and what it pays: grid, then zoom."""

    def values(points: Float) -> Float:
        profiles = np.broadcast_to(point, (*points.shape, form.m)).copy()
        profiles[..., k] = points
        return form.payoffs(profiles)[..., player]

    grid = np.linspace(form.low[k], form.high[k], _GRID)
    paid = values(grid)
    # the grid's local maxima, best first: each may hide the global one between its neighbours
    padded = np.concatenate([[-np.inf], paid, [-np.inf]])
    peaks = np.flatnonzero((paid >= padded[:-2]) & (paid >= padded[2:]))
    centres = grid[peaks[np.argsort(-paid[peaks], kind="stable")[:_KEPT]]]
    half = grid[1] - grid[0]
    top, where = float(paid.max()), float(grid[int(paid.argmax())])
    for _ in range(_LOOKS):
        fine = np.clip(
            centres[:, None] + np.linspace(-half, half, _ZOOM), form.low[k], form.high[k]
        )
        paid = values(fine)
        best = paid.argmax(1)
        centres = fine[np.arange(len(fine)), best]
        if paid.max() > top:
            row = int(paid.max(1).argmax())
            top, where = float(paid.max()), float(centres[row])
        half /= (_ZOOM - 1) / 2
    return where, top


def _only_equilibrium(form: ContinuousForm, point: Float) -> bool:
    """Whether all equilibria of a supermodular form lie within `_NEAR` of `point`.

    Best responses repeated from the lowest profile stay below the smallest equilibrium,
    those from the highest above the largest, and all others lie between (Milgrom and
    Roberts 1990, theorem 5). So once both have come near `point`, all equilibria are near
    it, whether or not the responses have settled.
    """
    scale = np.maximum(form.high - form.low, 1e-300)
    for corner in (form.low, form.high):
        here = np.array(corner, dtype=float)
        for _ in range(_MONOTONE_ROUNDS):
            before = here.copy()
            for k in range(form.m):
                here[k], _ = _line_search(form, here, k, int(form.owner[k]))
            if (np.abs(here - point) <= _NEAR * scale).all():
                break
            # the maximum of a smooth payoff is flat to about 1e-8 of the range
            if (np.abs(here - before) <= 1e-7 * scale).all():
                return False
        else:
            return False
    return True


def _shortfall_continuous(form: ContinuousForm, point: Float) -> Certificate:
    at = float(form.welfare(point))
    bounds = list(zip(form.low, form.high, strict=True))

    def loss(columns: Float) -> Float:
        return -form.welfare(np.asarray(columns).T)

    free = form.high > form.low
    best = at
    if free.any():
        search = differential_evolution(
            loss,
            bounds,
            vectorized=True,
            updating="deferred",
            polish=False,
            rng=np.random.default_rng(0),
            popsize=max(5, 60 // form.m),
            maxiter=150,
            tol=1e-10,
        )
        best = max(best, -float(search.fun), *(_climb(form, x) for x in (search.x, point)))
    gap = best - at
    return Certificate(
        kind="shortfall",
        residual=gap,
        players=(gap,),
        relative=gap / _payoff_range(form),
        exact=False,
        complete=False,
        checked_by="differential evolution over the whole box and shrinking samples at two points",
    )


def _climb(form: ContinuousForm, start: Float) -> float:
    """The best sum of payoffs in ever smaller random clouds around the best point so far."""
    rng = np.random.default_rng(1)
    width = 0.05 * (form.high - form.low)
    here, best = start, float(form.welfare(start))
    for _ in range(_CLOUDS):
        cloud = here + rng.standard_normal((_CLOUD, form.m)) * width
        cloud = np.clip(cloud, form.low, form.high)
        welfare = form.welfare(cloud)
        top = int(welfare.argmax())
        if welfare[top] > best:
            here, best = cloud[top], float(welfare[top])
        else:
            width = width * 0.6
    return best


def _regret_normal(form: NormalForm, profile: Profile) -> Certificate:
    at = form.expected(profile)
    gains = tuple(
        max(0.0, float(form.deviations(profile, i).max() - at[i])) for i in range(form.n)
    )
    return Certificate(
        kind="regret",
        residual=max(gains),
        players=gains,
        relative=max(gains) / max(float(np.ptp(form.payoffs)), 1e-300),
        exact=True,
        complete=False,
        checked_by="every action of every player",
    )


def _shortfall_normal(form: NormalForm, profile: Profile) -> Certificate:
    gap = max(0.0, float(form.payoffs.sum(0).max() - form.expected(profile).sum()))
    return Certificate(
        kind="shortfall",
        residual=gap,
        players=(gap,),
        relative=gap / max(float(np.ptp(form.payoffs)), 1e-300),
        exact=True,
        complete=False,
        checked_by="every pure profile",
    )


def _payoff_range(form: ContinuousForm) -> float:
    """The spread of payoffs over a sample of the box, to make residuals relative."""
    sample = qmc.Sobol(form.m, seed=0).random(256) if form.m <= 1000 else np.zeros((1, form.m))
    profiles = form.low + sample * (form.high - form.low)
    payoffs = form.payoffs(profiles)
    return max(float(np.ptp(payoffs, axis=0).max()), 1e-300)
