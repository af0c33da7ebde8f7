"""A leader who commits to a point of a box, followers who answer with points of theirs.

The leader's payoff along the followers' answer y(x) is searched globally; then Newton's
method makes its total derivative L_x + L_y dy/dx zero, with dy/dx = -(F_yy)^-1 F_yx from
the followers' own first-order conditions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.seats import seat_of
from coopsim.solvers.followers import Followers
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

_GRID = 257  # points of the first look at a single coordinate
_SAMPLE = 512  # points of the first look at several
_LINE = 17  # points of one line search
_PIECE = 64  # of the leader's points that are answered side by side
_APART, _FINE = 0.02, 1e-7  # of the range: how far starts lie apart, how near lines come
_LAST = 1e-11  # of the range: how near lines come where Newton does not help
_WIDE = 1e-3  # of the range: the last lines, around the end


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
    ties: str = "strong",
    starts: Starts = 4,
    seed: Seed = 0,
) -> Found:
    """The leader's best action when all others answer it.

    Args:
        form: the game. One follower answers with a global best response; several with a Nash
            equilibrium among themselves, reached by best responses in turn.
        tol: not needed; the end is polished as far as payoffs are smooth.
        deadline: seconds; the best point so far comes back.
        leader: who commits, by number or name.
        ties: only "strong": of equally good answers the one best for the leader.
        starts: how many of the best points of the first look are improved.
        seed: of the first look at a leader with several coordinates.

    Returns:
        one point. Details: `commitment`, `response`, `value`, and `sensitivity`, dy/dx at the
        end (one row a follower's coordinate), empty where payoffs have no second derivatives.

    Cost: about 300 payoff evaluations for each of some 2,000 actions of the leader, in
    batches, for one follower with one coordinate.

    Source: implicit differentiation of the lower level as in Dempe 2002, chapter 4.

    Raises:
        NoSuchForm: there are no followers, or ties against the leader.
        UserError: no such leader, or no starts.
    """
    require_count("starts", starts)
    seat = seat_of(form.players, leader, "leader")
    if form.n < 2:
        raise NoSuchForm("a leader needs a follower, and this game has one player")
    if ties != "strong":
        raise NoSuchForm("ties against the leader are solved for matrices only; take a grid")
    climb = _Climb(form, seat, Clock(deadline))
    sensitivity, improved = None, 0
    try:
        here = climb.first(starts, seed)
        ends = [climb.lines(x, 4 / _GRID, _FINE) for x in here]
        improved = len(ends)
        best = max(ends, key=climb.value)
        best = climb.polished(best)
        point = climb.answered(best[None])[0]
        sensitivity = climb.followers.sensitivity(point)
    except OutOfTime:
        climb.finished, point = False, climb.top
    details: dict[str, Any] = {
        "leader": seat,
        "commitment": point[climb.own].tolist(),
        "response": point[climb.followers.coordinates].tolist(),
        "value": float(form.payoffs(point)[seat]),
        "sensitivity": [] if sensitivity is None else sensitivity.tolist(),
    }
    told = f"{climb.seen} actions of the leader with answers, {improved} of them improved"
    return Found(
        profiles=(form.split(point),),
        sentence=told + ("" if climb.finished else "; stopped before the search was done"),
        stats={"actions": climb.seen},
        finished=climb.finished,
        details=(details,),
    )


def suits(form: ContinuousForm, everything: bool) -> str:
    """A leader and at least one follower."""
    if form.n < 2:
        return ""
    return f"{form.n} players with {form.m} coordinates: a global search and implicit derivatives"


class _Climb:
    """Ways up in the leader's actions `[d]`, the followers answering each."""

    def __init__(self, form: ContinuousForm, seat: int, clock: Clock) -> None:
        self.form, self.seat, self.clock = form.watched(clock), seat, clock
        self.own = form.coordinates(seat)
        self.low, self.high = form.low[self.own], form.high[self.own]
        self.width = widths(self.low, self.high)
        self.followers = Followers(self.form, seat)
        self.seen, self.finished = 0, True
        self.top, self._most = 0.5 * (form.low + form.high), -np.inf

    def answered(self, actions: Float) -> Float:
        """Points `[S, m]` with the leader's actions `[S, d]` and the followers' answers."""
        points = np.empty((len(actions), self.form.m))
        points[:] = 0.5 * (self.form.low + self.form.high)
        points[:, self.own] = actions
        self.seen += len(actions)
        return self.followers.answer(points)

    def values(self, actions: Float) -> Float:
        """What the leader gets by each action, `[S]`; never best where that is no number."""
        points = self.answered(actions)
        paid = self.form.payoffs(points)[:, self.seat]
        paid = np.where(np.isnan(paid), -np.inf, paid)
        if len(paid) and paid.max() > self._most:
            self.top, self._most = points[paid.argmax()], float(paid.max())
        return np.asarray(paid)

    def value(self, action: Float) -> float:
        """What the leader gets by one action."""
        return float(self.values(action[None])[0])

    def first(self, starts: int, seed: int) -> list[Float]:
        """The best actions of a first look that lie apart."""
        d = len(self.own)
        unit = np.linspace(0, 1, _GRID)[:, None]
        if d > 1:
            unit = np.concatenate(
                [np.random.default_rng(seed).random((_SAMPLE, d)), unit * np.ones(d)]
            )
        actions = self.low + unit * (self.high - self.low)
        values = np.full(len(actions), -np.inf)
        for begin in range(0, len(actions), _PIECE):
            part = slice(begin, begin + _PIECE)
            values[part] = self.values(actions[part])
        order = np.argsort(-values, kind="stable")
        return distinct(actions[order[:100]], self.width, _APART)[:starts]

    def lines(self, x: Float, reach: float, until: float) -> Float:
        """Line searches along each coordinate, ever shorter, from `reach` to `until`."""
        value = self.value(x)
        while reach > until:
            moved = False
            for k in np.flatnonzero(self.high > self.low):
                trial = np.repeat(x[None], _LINE, axis=0)
                trial[:, k] += reach * self.width[k] * np.linspace(-1, 1, _LINE)
                trial = np.clip(trial, self.low, self.high)
                paid = self.values(trial)
                place = int(paid.argmax())
                if paid[place] > value:
                    moved = moved or 0 < place < _LINE - 1
                    x, value = trial[place], float(paid[place])
            reach *= 0.5 if moved and len(self.own) > 1 else 0.2
        return x

    def polished(self, x: Float) -> Float:
        """The action after Newton's method on the total derivative, or after closer lines."""
        end = newton(self._slope, x, self.low, self.high, self.clock)
        near = (np.abs(end - x) <= 1e-2 * self.width).all()
        # Newton's end counts as equal where payoffs are too flat to tell
        slack = 1e-11 * max(1.0, abs(self.value(x)))
        if near and self.value(end) >= self.value(x) - slack:
            settled = float(np.abs(self._free_slope(end)).max(initial=0.0) * self.width.max())
            if settled <= 1e-6 * max(1e-12, abs(self.value(end))):
                return end
            x = max((end, x), key=self.value)
        return self.lines(x, _WIDE, _LAST)

    def _slope(self, actions: Float) -> Float:
        """The total derivative of the leader's payoff, `[..., d]`."""
        flat = actions.reshape(-1, len(self.own))
        found = [self.followers.total(point, self.own) for point in self.answered(flat)]
        if any(row is None for row in found):
            # no second derivatives: differences of the payoff along the answers
            return np.asarray(
                slopes(
                    lambda x: np.repeat(
                        self.values(x.reshape(-1, x.shape[-1])).reshape(x.shape[:-1])[..., None],
                        x.shape[-1],
                        -1,
                    ),
                    actions,
                    self.low,
                    self.high,
                )
            )
        return np.asarray(found, dtype=float).reshape(actions.shape)

    def _free_slope(self, x: Float) -> Float:
        """The derivatives in the coordinates that are not held at a bound."""
        slope = self._slope(x)
        edge = 1e-9 * self.width
        held = ((x <= self.low + edge) & (slope <= 0)) | ((x >= self.high - edge) & (slope >= 0))
        return np.where(held, 0.0, slope)
