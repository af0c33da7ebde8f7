"""How followers answer a leader's point: global best responses, polished by Newton's method."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.numeric import widths

Ints = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]

_GRID = 129  # points of the first look at a follower's coordinate
_ZOOM = 17  # points of each closer look
_LOOKS = 6
_PEAKS = 3  # local maxima of the first look that are followed
_ROUNDS = 80  # of best responses, for several coordinates
_STEP = 1e-3  # of the range: differences of fourth order balance rounding and truncation
_EDGE = 1e-9  # of the range: closer to a bound counts as at it
_SOON = 3  # closer looks where followers have several coordinates, whose answers move on
_SETTLED = 1e-3  # of the range: from here on Newton's method
_NEWTON = 7  # its steps, each at most `_REACH` of the range
_REACH = 1e-2
_TIE = 1e-12  # relative: answers that pay as much are equally good


class Followers:
    """All players but the leader.

    Args:
        form: the game; where it is watched, what takes too long raises `OutOfTime`.
        seat: the leader's number.
    """

    def __init__(self, form: ContinuousForm, seat: int) -> None:
        self.form, self.seat = form, seat
        self.coordinates = np.flatnonzero(form.owner != seat)
        self.free = self.coordinates[form.high[self.coordinates] > form.low[self.coordinates]]
        self.width = widths(form.low, form.high)

    def answer(self, points: Float) -> Float:
        """The points `[S, m]` with the followers' coordinates at their answers.

        Best responses in turn, each found on a grid and ever closer around its best cells,
        until they settle; then Newton's method on the first-order conditions, whose end is
        kept where no follower loses by it.
        """
        here = points.copy()
        alone = len(self.free) == 1
        for _ in range(1 if alone else _ROUNDS):
            before = here.copy()
            for k in self.free:
                here[:, k] = self._best(here, int(k), _LOOKS if alone else _SOON)
            moved = np.abs(here - before) / self.width
            if moved.max(initial=0.0) < _SETTLED:
                break
        return self._polished(here)

    def slopes(self, points: Float, k: int, player: int) -> Float:
        """The derivative of a player's payoff in coordinate k, `[S]`, of fourth order inside."""
        low, high, width = self.form.low[k], self.form.high[k], self.width[k]
        x = points[:, k]
        room = np.minimum(x - low, high - x)
        inside = room > _EDGE * width
        step = np.where(inside, np.minimum(_STEP * width, 0.5 * room), _STEP * width)
        # at a bound: one-sided, of second order
        side = np.where(x - low <= high - x, 1.0, -1.0)
        offsets = np.where(inside[:, None], [-2.0, -1.0, 1.0, 2.0], side[:, None] * [0.0, 1, 2, 0])
        inner = np.array([1.0, -8, 8, -1]) / 12
        outer = side[:, None] * np.array([-1.5, 2, -0.5, 0])
        weights = np.where(inside[:, None], inner, outer)
        trial = np.repeat(points[:, None, :], 4, axis=1)
        trial[..., k] = np.clip(x[:, None] + offsets * step[:, None], low, high)
        paid = self.form.payoffs(trial)[..., player]
        return np.asarray((paid * weights).sum(1) / step)

    def conditions(self, points: Float) -> Float:
        """The derivative of each free follower coordinate's owner in it, `[S, f]`."""
        if self.form.gradient is not None:
            return np.asarray(self.form.gradient(points)[:, self.free])
        columns = [self.slopes(points, int(k), int(self.form.owner[k])) for k in self.free]
        return np.stack(columns, axis=1) if columns else np.zeros((len(points), 0))

    def changes(self, points: Float, coordinates: Ints) -> Float:
        """How the conditions `[f]` change with some coordinates, `[S, f, c]`."""
        low, high = self.form.low[coordinates], self.form.high[coordinates]
        step = np.minimum(_STEP * self.width[coordinates], 0.25 * (high - low))
        centre = np.clip(points[:, coordinates], low + 2 * step, high - 2 * step)
        place, count = np.arange(len(coordinates)), len(points)
        total = np.zeros((count, len(coordinates), len(self.free)))
        for offset, weight in zip((-2, -1, 1, 2), (1, -8, 8, -1), strict=True):
            trial = np.repeat(points[:, None], len(coordinates), axis=1)
            trial[:, place, coordinates] = centre + offset * step
            found = self.conditions(trial.reshape(-1, self.form.m))
            total += weight / 12 * found.reshape(total.shape)
        return np.asarray(np.swapaxes(total / np.where(step > 0, step, 1.0)[:, None], 1, 2))

    def sensitivity(self, point: Float) -> Float | None:
        """dy/dx of all followers' coordinates, `[f', d]`, 0 at bounds; None if not defined."""
        own = self.form.coordinates(self.seat)
        result = np.zeros((len(self.coordinates), len(own)))
        inner = self._inner(point[None])[0]
        if inner.any():
            moving = self.free[inner]
            curvature = self.changes(point[None], moving)[0, inner]
            cross = self.changes(point[None], own)[0, inner]
            try:
                found = -np.linalg.solve(curvature, cross)
            except np.linalg.LinAlgError:
                return None
            if not np.isfinite(found).all():
                return None
            result[np.searchsorted(self.coordinates, moving)] = found
        return result

    def total(self, point: Float, own: Ints) -> Float | None:
        """The leader's total derivative L_x + L_y dy/dx at an answered point, `[d]`, or None."""
        moved = self.sensitivity(point)
        if moved is None:
            return None
        direct = [self.slopes(point[None], int(k), self.seat)[0] for k in own]
        through = [self.slopes(point[None], int(k), self.seat)[0] for k in self.coordinates]
        result = np.array(direct) + np.array(through) @ moved
        return result if np.isfinite(result).all() else None

    def _inner(self, points: Float) -> Mask:
        """Which free coordinates stand off their bounds, `[S, f]`."""
        x, edge = points[:, self.free], _EDGE * self.width[self.free]
        low, high = self.form.low[self.free], self.form.high[self.free]
        return np.asarray((x > low + edge) & (x < high - edge))

    def _paid(self, points: Float, player: int) -> Float:
        """What a player gets; what is no number is never best."""
        paid = self.form.payoffs(points)[..., player]
        return np.asarray(np.where(np.isnan(paid), -np.inf, paid))

    def _best(self, points: Float, k: int, looks: int) -> Float:
        """The owner's best values of coordinate k, `[S]`; of ties the one best for the leader."""
        low, high = float(self.form.low[k]), float(self.form.high[k])
        player = int(self.form.owner[k])
        row = np.arange(len(points))
        values = np.broadcast_to(np.linspace(low, high, _GRID), (len(points), _GRID))
        paid = self._along(points, k, values, player)
        padded = np.pad(paid, ((0, 0), (1, 1)), constant_values=-np.inf)
        peak = (paid >= padded[:, :-2]) & (paid >= padded[:, 2:])
        order = np.argsort(np.where(peak, -paid, np.inf), axis=1, kind="stable")[:, :_PEAKS]
        centres = np.take_along_axis(values, order, axis=1)
        best = np.take_along_axis(paid, order, axis=1)
        half = (high - low) / (_GRID - 1)
        for _ in range(looks):
            fine = centres[..., None] + np.linspace(-half, half, _ZOOM)
            fine = np.clip(fine, low, high)
            seen = self._along(points, k, fine.reshape(len(points), -1), player).reshape(fine.shape)
            top = seen.argmax(2)
            reached = np.take_along_axis(seen, top[..., None], 2)[..., 0]
            at = np.take_along_axis(fine, top[..., None], 2)[..., 0]
            centres = np.where(reached > best, at, centres)
            best = np.maximum(reached, best)
            half *= 2 / (_ZOOM - 1)
        slack = _TIE * np.maximum(1e-300, np.abs(best).max(1, keepdims=True))
        tied = best >= best.max(1, keepdims=True) - slack
        liked = np.where(tied, self._along(points, k, centres, self.seat), -np.inf)
        return np.asarray(centres[row, liked.argmax(1)])

    def _along(self, points: Float, k: int, values: Float, player: int) -> Float:
        """What a player gets with coordinate k at each of `values` `[S, V]`."""
        trial = np.repeat(points[:, None, :], values.shape[1], axis=1)
        trial[..., k] = values
        return self._paid(trial, player)

    def _polished(self, points: Float) -> Float:
        """The points after Newton's method in all free coordinates off their bounds."""
        if not len(self.free):
            return points
        here, width = points.copy(), self.width[self.free]
        for _ in range(_NEWTON):
            step = self._step(here)
            small = (np.abs(step) <= _REACH * width).all(axis=1, keepdims=True)
            step = np.where(small, step, 0.0)
            here[:, self.free] += step
            here = np.clip(here, self.form.low, self.form.high)
            if bool((np.abs(step) < 1e-13 * width).all()):
                break
        lost = np.zeros(len(points), dtype=bool)
        for player in np.unique(self.form.owner[self.free]):
            before = self._paid(points, int(player))
            slack = 1e-11 * np.maximum(1e-300, np.abs(before))
            # with one follower a worse end is no answer; with several all have moved
            if self.form.n == 2:
                lost |= self._paid(here, int(player)) < before - slack
        return np.where(lost[:, None], points, here)

    def _step(self, points: Float) -> Float:
        """Newton's step in the coordinates off their bounds, `[S, f]`; 0 where there is none."""
        slope, inner = self.conditions(points), self._inner(points)
        inner &= np.isfinite(slope)
        bend = self.changes(points, self.free)
        # a coordinate at its bound stays: its row and column are those of the identity
        both = inner[:, :, None] & inner[:, None, :]
        bend = np.where(both, bend, np.eye(len(self.free)))
        bend = np.where(np.isfinite(bend), bend, 0.0)
        regular = np.abs(np.linalg.det(bend)) > 1e-300
        if len(self.free) == 1:  # a valley is no place to go to
            regular &= (bend[:, 0, 0] < 0) | ~inner[:, 0]
        bend = np.where(regular[:, None, None], bend, np.eye(len(self.free)))
        wanted = np.where(inner & regular[:, None], -slope, 0.0)
        found = np.linalg.solve(bend, wanted[..., None])[..., 0]
        return np.asarray(np.where(np.isfinite(found), found, 0.0))
