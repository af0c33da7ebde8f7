"""Certificate of a leader's action in a continuous game.

The followers' part is searched for deviations as in a Nash equilibrium. The leader's part is
compared with a dense grid of other actions, each with answers that are computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import kept
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.seats import seat_of
from coopsim.solvers.deviations import best_of_box, best_of_coordinate, payoffs_at
from coopsim.solvers.proof import Certificate, spread

Values = Callable[[Float], Float]
"""Values of one coordinate `[S, V]` to what its owner is paid, `[S, V]`."""

_GRID, _LATTICE = 513, 600  # the leader's actions: along one coordinate, and in a box
_KEPT, _LOOKS, _FINE = 3, 7, 17  # the best of them, closer looks, points of each
_ANSWERS, _CLOSER = 129, 7  # the followers' actions of a first look, and closer looks
_SOON = 2  # closer looks while followers with several coordinates still move
_ROUNDS = 100  # of answers in turn, where followers have several coordinates
_STEP = 1e-3  # of the range: differences of fourth order


def stackelberg(
    form: ContinuousForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
    epsilon: float = 0.0,
) -> tuple[Certificate, Float]:
    """The followers' regrets, and how much more another action would pay the leader.

    Args:
        form: the game.
        profile: one array of coordinates a player.
        details: not needed.
        leader: who commits.
        ties, commitment, epsilon: only commitment to an action with ties for the leader is
            checked.

    Returns:
        The certificate and the payoffs `[n]` at the profile. It is not exact: actions between
        those that were looked at may pay more.

    Cost: some 1,000 actions of the leader with 500 evaluations each, for one follower with
    one coordinate.
    """
    seat = seat_of(form.players, leader, "leader")
    form, point = form.watched(kept()), form.join(profile)
    values = np.asarray(form.payoffs(point))
    gains = [0.0] * form.n
    for player in range(form.n):
        if player != seat:
            own = form.coordinates(player)
            one = len(own) == 1
            best = (
                best_of_coordinate(form, point, int(own[0]))[1]
                if one
                else best_of_box(form, point, player)
            )
            gains[player] = positive_part(best - float(payoffs_at(form, point, player)))
    outside = np.maximum(form.low - point, point - form.high).max()
    gains[seat] = positive_part(_most(form, seat, point) - float(values[seat]))
    spans = _spans(form)
    if not outside <= 1e-9:
        gains = [gain + span for gain, span in zip(gains, spans, strict=True)]
    proof = Certificate.of(
        "regret",
        gains,
        [max(pair) for pair in zip(spans, gains, strict=True)],
        exact=False,
        checked_by="a dense search of every follower's actions, and of the leader's with "
        "answers computed again",
    )
    return proof, values


def _most(form: ContinuousForm, seat: int, point: Float) -> float:
    """The most that the leader gets by any action looked at, the followers answering."""
    own = form.coordinates(seat)
    low, width = form.low[own], form.high[own] - form.low[own]
    d = len(own)
    here = (point[own] - low) / np.where(width > 0, width, 1.0)
    # lines through the action in every coordinate, and points all over the box
    unit = np.repeat(here[None], d * _GRID, axis=0)
    for k in range(d):
        unit[k * _GRID : (k + 1) * _GRID, k] = np.linspace(0, 1, _GRID)
    if d > 1:
        unit = np.concatenate([unit[:: max(1, d - 1)], _lattice(_LATTICE, d)])
    paid = _led(form, seat, point, low + unit * width)
    best, half = float(paid.max()), 1.0 / (_GRID - 1)
    centres = unit[np.argsort(-paid, kind="stable")[:_KEPT]]
    rng = np.random.default_rng(1)
    for _ in range(_LOOKS):
        spread = np.linspace(-half, half, _FINE)[:, None]
        if d > 1:
            spread = half * rng.uniform(-1, 1, (4 * _FINE, d))
        fine = np.clip(centres[:, None] + spread, 0, 1)
        paid = _led(form, seat, point, low + fine.reshape(-1, d) * width).reshape(fine.shape[:2])
        top = paid.argmax(1)
        centres = fine[np.arange(len(fine)), top]
        best, half = max(best, float(paid.max())), half / (4 if d == 1 else 2)
    return best


def _led(form: ContinuousForm, seat: int, point: Float, actions: Float) -> Float:
    """What the leader gets by each of its actions `[S, d]`."""
    points = np.repeat(point[None], len(actions), axis=0)
    points[:, form.coordinates(seat)] = actions
    others = [k for k in np.flatnonzero(form.owner != seat) if form.high[k] > form.low[k]]
    single = len(others) == 1
    closer = _CLOSER if single else _SOON
    for _ in range(1 if single else _ROUNDS):
        before = points.copy()
        for k in others:
            points[:, k] = _reply(form, points, int(k), closer)
        moved = np.abs(points - before).max() / max(1.0, float(np.abs(points).max()))
        if moved <= 1e-11:
            break
        # answers are found closely once they move little
        closer = _CLOSER if moved <= 1e-5 else _SOON
    paid = form.payoffs(points)[:, seat]
    return np.asarray(np.where(np.isnan(paid), -np.inf, paid))


def _reply(form: ContinuousForm, points: Float, k: int, closer: int) -> Float:
    """The best value of coordinate k for its owner at each point `[S]`.

    A grid, closer looks, and last the top of the parabola through wide differences: closer
    looks alone stop where payoffs are flat within rounding.
    """
    low, high, player = float(form.low[k]), float(form.high[k]), int(form.owner[k])
    row = np.arange(len(points))

    def paid(values: Float) -> Float:
        trial = np.repeat(points[:, None, :], values.shape[1], axis=1)
        trial[..., k] = values
        out = form.payoffs(trial)[..., player]
        return np.asarray(np.where(np.isnan(out), -np.inf, out))

    values = np.broadcast_to(np.linspace(low, high, _ANSWERS), (len(points), _ANSWERS))
    first, half = paid(values), (high - low) / (_ANSWERS - 1)
    padded = np.pad(first, ((0, 0), (1, 1)), constant_values=-np.inf)
    peak = (first >= padded[:, :-2]) & (first >= padded[:, 2:])
    # a high peak may hide between grid points: the three highest are followed to their tops
    order = np.argsort(np.where(peak, -first, np.inf), axis=1, kind="stable")[:, :3]
    tops = np.stack(
        [_top(paid, values[row, order[:, j]], low, high, half, closer) for j in range(3)], 1
    )
    return np.asarray(tops[row, paid(tops).argmax(1)])


def _top(paid: Values, at: Float, low: float, high: float, half: float, closer: int) -> Float:
    """The top of the payoff around each value `[S]`, within `half`."""
    row = np.arange(len(at))
    for _ in range(closer):
        values = np.clip(at[:, None] + np.linspace(-half, half, _FINE), low, high)
        at = values[row, paid(values).argmax(1)]
        half /= 8
    step = np.minimum(_STEP * (high - low), 0.5 * np.minimum(at - low, high - at))
    inside = step > 1e-9 * (high - low)
    step = np.where(inside, step, _STEP * (high - low))
    sampled = np.clip(at[:, None] + step[:, None] * np.arange(-2, 3), low, high)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        around = paid(sampled)
        slope = (around @ [1.0, -8, 0, 8, -1]) / 12
        bend = (around @ [-1.0, 16, -30, 16, -1]) / 12
        move = -slope / bend
        usable = inside & (bend < 0) & (np.abs(move) <= 0.1)
    moved = np.where(usable, at + np.where(usable, move, 0.0) * step, at)
    both = np.stack([at, np.clip(moved, low, high)], axis=1)
    reached = paid(both)
    keep = reached[:, 1] >= reached[:, 0] - 1e-13 * np.abs(reached[:, 0])
    return np.where(keep, both[:, 1], at)


def _lattice(count: int, d: int) -> Float:
    """Points that fill the unit box evenly, `[count, d]`."""
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (d + 1))
    return np.asarray((0.5 + np.arange(1, count + 1)[:, None] * root ** -np.arange(1.0, d + 1)) % 1)


def _spans(form: ContinuousForm) -> list[float]:
    """The range of each player's payoffs over a sample of the box."""
    unit = np.random.default_rng(0).random((256, form.m))
    paid = form.payoffs(form.low + unit * (form.high - form.low))
    # what is forbidden has no payoff, and no part in the range
    return [spread(own[np.isfinite(own)]) for own in paid.T]
