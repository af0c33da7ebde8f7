"""Global searches behind the certificates of continuous forms. No solver uses them.

Coordinates are searched on a dense grid and then ever closer around its best cells; whole
boxes by a sample, clouds of points that shrink where they find nothing better, and
scipy's L-BFGS-B. A search finds a better point or it does not: nothing here proves that
there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import CoopsimError
from coopsim.games.forms.continuous import ContinuousForm

Value = Callable[[Float], Float]
"""Points of the unit box `[..., d]` to what they pay, `[...]`."""

_KEPT = 6  # cells of a grid that are searched further
_ZOOM = 33  # points of each closer look, which divides a cell by 16
_SAMPLE, _LEAST = 8192, 256  # points all over a box: over its dimensions, at least
_CLIMBED = 4  # points of the sample that are climbed from
_CLOUD, _CLOUDS = 48, 30  # points of a cloud; clouds a climb, each without success half as wide
_WIDE = 0.05  # of the range: the first cloud


@dataclass(frozen=True, slots=True)
class Look:
    """How closely a coordinate is searched.

    Args:
        grid: points of the first look.
        looks: closer looks.
    """

    grid: int
    looks: int


DENSE = Look(2049, 10)
"""Ten looks divide a cell of the grid by 16 ** 10."""
QUICK = Look(513, 4)


def best_of_coordinate(
    form: ContinuousForm, point: Float, k: int, look: Look = DENSE, prefer: int = -1
) -> tuple[float, float]:
    """The best value of coordinate `k` for its owner, the rest of `point` as it is; what it pays.

    Args:
        form: the game.
        point: the others' and the owner's other coordinates, `[m]`.
        k: the coordinate.
        look: how closely it is searched.
        prefer: where several values pay the same: -1 takes the lowest, 1 the highest.

    Raises:
        CoopsimError: a payoff on the way is not a number.
    """
    player, low, high = int(form.owner[k]), form.low[k], form.high[k]

    def paid_at(values: Float) -> Float:
        profiles = np.broadcast_to(point, (*values.shape, form.m)).copy()
        profiles[..., k] = values
        return payoffs_at(form, profiles, player)

    # searched from the preferred end, so that the first of equals is the one wanted
    values = np.linspace(low, high, look.grid)[::-prefer]
    paid = paid_at(values)
    where, top = values[paid.argmax()], paid.max()
    centres, half = values[_peaks(paid)], (high - low) / (look.grid - 1)
    for _ in range(look.looks):
        fine = np.clip(centres[:, None] - prefer * np.linspace(-half, half, _ZOOM), low, high)
        paid = paid_at(fine)
        best = paid.argmax(1)
        row = np.arange(len(fine))
        centres, reached = fine[row, best], paid[row, best]
        half /= (_ZOOM - 1) / 2
        # equal up to rounding, and further towards the preferred end, is better
        slack = 1e-12 * np.abs(top)
        towards = (centres - where) * prefer > 0
        if (gained := (reached > top) | ((reached >= top - slack) & towards)).any():
            chosen = np.flatnonzero(gained)[reached[gained].argmax()]
            where, top = centres[chosen], max(top, reached[chosen])
    return float(where), float(top)


def best_of_box(form: ContinuousForm, point: Float, player: int | None) -> float:
    """The most that a player (or, for None, all together) gets by moving its coordinates.

    Args:
        form: the game.
        point: where everybody stands, `[m]`.
        player: whose coordinates move and whose payoff counts; None for all and their sum.

    Raises:
        CoopsimError: a payoff on the way is not a number.

    Cost: 8,000 profiles for one dimension, fewer for more (down to 800), then about 60 calls
    with some hundred profiles each.
    """
    own = np.arange(form.m) if player is None else form.coordinates(player)
    free = own[form.high[own] > form.low[own]]
    low, width = form.low[free], form.high[free] - form.low[free]

    def value(unit: Float) -> Float:
        """What points of the unit box `[..., d]` pay."""
        profiles = np.broadcast_to(point, (*unit.shape[:-1], form.m)).copy()
        profiles[..., free] = low + unit * width
        return payoffs_at(form, profiles, player)

    best = float(payoffs_at(form, point, player))
    if not len(free):
        return best
    here = (point[free] - low) / width
    sample = _sample(here)
    values = value(sample)
    order = np.argsort(-values, kind="stable")[:_CLIMBED]
    ends = [_descend(value, here), _descend(value, sample[order[0]])]
    climbed = _climb(value, np.concatenate([here[None], sample[order]]))
    return max(best, float(values.max()), climbed, *ends)


def payoffs_at(form: ContinuousForm, profiles: Float, player: int | None) -> Float:
    """What a player gets, or the sum for None, `[...]`; below any number where it is forbidden.

    Raises:
        CoopsimError: a payoff is no number, or infinitely high.
    """
    paid = form.payoffs(profiles)
    values = np.asarray(paid.sum(-1) if player is None else paid[..., player])
    if np.isnan(values).any() or (values == np.inf).any():
        who = "the sum of payoffs" if player is None else f"the payoff of {form.players[player]}"
        raise CoopsimError(f"{who} is not a number somewhere in the box of actions")
    return values


def _peaks(paid: Float) -> npt.NDArray[np.int64]:
    """The local maxima of a grid, best first: each may hide the global one beside it.

    A plateau counts once, so that it cannot crowd out the rest.
    """
    padded = np.concatenate([[-np.inf], paid, [-np.inf]])
    peaks = np.flatnonzero((paid > padded[:-2]) & (paid >= padded[2:]))
    if not len(peaks):  # every value is forbidden
        return np.zeros(1, dtype=np.int64)
    return peaks[np.argsort(-paid[peaks], kind="stable")[:_KEPT]]


def _sample(here: Float) -> Float:
    """Points all over the unit box, on its diagonal, and on lines through `here`, `[S, d]`."""
    d = len(here)
    cloud = _lattice(max(_LEAST, _SAMPLE // d), d)
    diagonal = np.broadcast_to(np.linspace(0, 1, 257)[:, None], (257, d))
    levels = np.linspace(0, 1, max(9, 512 // d))
    lines = np.broadcast_to(here, (d, len(levels), d)).copy()
    lines[np.arange(d), :, np.arange(d)] = levels
    return np.concatenate([cloud, diagonal, lines.reshape(-1, d)])


def _lattice(count: int, d: int) -> Float:
    """Points that fill the unit box evenly, `[count, d]`, also seen along each axis.

    Multiples of powers of the root of x^(d + 1) = x + 1 (the golden ratio for d = 1), modulo 1.
    """
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (d + 1))
    steps = root ** -np.arange(1.0, d + 1)
    return np.asarray((0.5 + np.arange(1, count + 1)[:, None] * steps) % 1)


def _climb(value: Value, centres: Float) -> float:
    """The most found in clouds around centres `[C, d]` that move to better points or shrink."""
    rng = np.random.default_rng(1)
    best, width = value(centres), np.full(len(centres), _WIDE)
    for count in range(_CLOUDS):
        if count == _CLOUDS // 3:  # the two most promising go on
            kept = np.argsort(-best, kind="stable")[:2]
            centres, best, width = centres[kept], best[kept], width[kept]
        drawn = rng.standard_normal((len(centres), _CLOUD, centres.shape[1]))
        # half of each cloud moves along one coordinate, which matters where there are many
        alone = rng.integers(centres.shape[1], size=_CLOUD // 2)
        drawn[:, : _CLOUD // 2] *= np.eye(centres.shape[1])[alone]
        cloud = np.clip(centres[:, None] + drawn * width[:, None, None], 0, 1)
        paid = value(cloud)
        row, top = np.arange(len(centres)), paid.argmax(1)
        better = paid[row, top] > best
        centres = np.where(better[:, None], cloud[row, top], centres)
        best = np.where(better, paid[row, top], best)
        width = np.where(better, width, 0.5 * width)
    return float(best.max())


def _descend(value: Value, start: Float) -> float:
    """The value where L-BFGS-B ends, with central differences as its gradient."""
    from scipy.optimize import minimize

    step = 1e-6

    def loss(x: Float) -> tuple[float, Float]:
        shift = step * np.eye(len(x))
        up, down = np.minimum(x + shift, 1), np.maximum(x - shift, 0)
        paid = value(np.concatenate([x[None], up, down]))
        change = paid[1 : len(x) + 1] - paid[len(x) + 1 :]
        slope = change / np.diagonal(up - down)
        # next to a forbidden point there is no slope, and 0 lets the search end
        return -float(paid[0]), -np.where(np.isfinite(slope), slope, 0.0)

    end = minimize(loss, start, jac=True, bounds=[(0, 1)] * len(start), method="L-BFGS-B")
    return -float(end.fun)
