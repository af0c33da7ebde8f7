"""Best responses by sequential quadratic programming, player by player.

Each player's coordinates are chosen together, so that players with several actions which
depend on each other are answered where single-coordinate searches stall. Source: Kraft (1988), A
software package for sequential quadratic programming (scipy's SLSQP).
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers import endpoints
from coopsim.solvers.numeric import Clock, OutOfTime, require_count, widths
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_SETTLED = 2e-8  # of the range: SLSQP does not come closer
_SAMPLE = 64
_STEP = 1e-6  # of the range: of difference quotients


def suits(form: ContinuousForm, everything: bool) -> str:
    """Players with several coordinates, which single-coordinate searches may leave stuck."""
    return "players with several actions each: joint best responses" if form.m > form.n else ""


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 3,
    rounds: int = 200,
    seed: Seed = 0,
) -> Found:
    """Profiles at which no player's joint best response moves, one start after another.

    Args:
        form: the game.
        tol: the most that a coordinate may gain at an end point, in payoff units.
        deadline: seconds after which the best profile so far is returned.
        starts: starting profiles.
        rounds: most rounds of best responses from a start.
        seed: of the random starts and of the sampled responses.

    Cost: two SLSQP runs and 64 payoff evaluations a player and round.
    """
    require_count("rounds", rounds)
    clock = Clock(deadline)
    rng = np.random.default_rng(seed)
    settled: list[Float] = []
    stuck: list[Float] = []
    used = 0
    for start in endpoints.starting_points(form, starts, seed):
        here, ended, taken = _settle(form, start, rounds, rng, clock)
        used += taken
        (settled if ended else stuck).append(here)
        if clock.over:
            break
    return endpoints.found(
        form,
        np.array(settled).reshape(-1, form.m),
        np.array(stuck).reshape(-1, form.m),
        f"{starts} starts, {used} rounds of joint best responses by SLSQP",
        tol,
        clock,
        {"rounds": used, "starts": starts},
    )


def _settle(
    form: ContinuousForm, here: Float, rounds: int, rng: np.random.Generator, clock: Clock
) -> tuple[Float, bool, int]:
    """Rounds of damped best responses: where they end, whether at rest, and how many."""
    width = widths(form.low, form.high)
    step, last = 1.0, np.zeros(form.m)
    watched = form.watched(clock)
    for taken in range(1, rounds + 1):
        before = here.copy()
        for player in range(form.n):
            own = form.coordinates(player)
            try:
                best = respond(watched, here, player, rng)
            except OutOfTime:
                return here, False, taken
            here = here.copy()
            here[own] += step * (best - here[own])
        move = (here - before) / width / step
        if np.abs(move).max() <= _SETTLED:
            return here, True, taken
        turning = (move * last).sum() < 0.5 * np.linalg.norm(move) * np.linalg.norm(last)
        if last.any() and turning and np.linalg.norm(move) > 0.9 * np.linalg.norm(last):
            step = max(0.5 * step, 1 / 64)
        last = move
    return here, False, rounds


def respond(form: ContinuousForm, point: Float, player: int, rng: np.random.Generator) -> Float:
    """A best response of one player, all its coordinates together, `[d]`.

    SLSQP runs from where the player stands and from the best of 64 random points; what the
    player has is kept where nothing found pays more.
    """
    from scipy.optimize import minimize

    own = form.coordinates(player)
    low, width = form.low[own], widths(form.low[own], form.high[own])
    room = np.where(form.high[own] > form.low[own], 1.0, 0.0)

    def paid(unit: Float) -> Float:
        profiles = np.broadcast_to(point, (*unit.shape[:-1], form.m)).copy()
        profiles[..., own] = np.clip(low + unit * width, form.low[own], form.high[own])
        values = form.payoffs(profiles)[..., player]
        return np.asarray(np.where(np.isnan(values), -np.inf, values))

    here = (point[own] - low) / width
    sample = rng.random((_SAMPLE, len(own))) * room
    values = paid(sample)
    seen = values[np.isfinite(values)]
    scale = float(np.ptp(seen)) if len(seen) else 0.0
    if scale == 0:
        return np.asarray(point[own])

    def loss(unit: Float) -> tuple[float, Float]:
        shift = _STEP * np.eye(len(unit))
        up, down = np.minimum(unit + shift, room), np.maximum(unit - shift, 0)
        at = paid(np.concatenate([unit[None], up, down]))
        span = np.diagonal(up - down)
        change = at[1 : len(unit) + 1] - at[len(unit) + 1 :]
        slope = np.divide(change, span, out=np.zeros(len(unit)), where=span > 0)
        slope = np.where(np.isfinite(slope), slope, 0.0)
        value = at[0] if np.isfinite(at[0]) else seen.min() - scale
        return -float(value) / scale, -slope / scale

    best, most = here, float(paid(here))
    for start in (here, sample[int(values.argmax())]):
        end = minimize(
            loss,
            start,
            jac=True,
            bounds=[(0, top) for top in room],
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 200},
        )
        reached = np.clip(end.x, 0, room)
        value = float(paid(reached))
        if value > most:
            best, most = reached, value
    return np.asarray(low + best * width)
