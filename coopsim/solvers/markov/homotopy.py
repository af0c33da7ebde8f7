"""Markov perfect equilibria of discounted games along the principal branch of logit equilibria."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import keeping, look
from coopsim.errors import NoSuchForm
from coopsim.games.forms.markov import MarkovForm
from coopsim.solvers import dense
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.solution import Found

Mixtures = list[list[Float]]
"""Distributions over actions, `[state][player]`."""

_DIFFERENCE = 1e-7
_CORRECTIONS = 8
_SUPPORTS = (1e-2, 1e-4, 3e-2)  # how likely an action must be to count as played
_CLOSE = 0.05  # of the range of values: regret below which supports are tried


def solve(
    form: MarkovForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    steps: int = 3000,
) -> Found:
    """A stationary Markov perfect equilibrium by following logit equilibria to precise play.

    Agents in each state choose with logit errors of precision lam; at lam = 0 they mix
    evenly. The branch from there is followed by predictor and corrector steps in arc length
    (McKelvey and Palfrey 1998; for stochastic games Eibelshäuser and Poensgen 2019). Once
    little is left to gain, the actions still played are made equally good by Newton's method,
    so that the answer is an equilibrium and not only near one.

    Args:
        form: a discounted game of any number of players.
        tol: it ends where no player gains half of this from any state on.
        deadline: seconds.
        steps: most steps along the branch.

    Raises:
        NoSuchForm: a game with a horizon.

    Cost: a step takes as many policy evaluations as there are actions in all states, of
    O(S^3 + cells); some 100 to 400 steps.
    """
    if form.horizon is not None:
        raise NoSuchForm("this is for discounted games; markov-backward-induction takes a horizon")
    require_count("steps", steps)
    branch = _Branch(form)
    clock = Clock(deadline)
    best, least, taken = branch.mixtures(branch.point[:-1]), np.inf, 0
    with contextlib.suppress(OutOfTime), keeping(clock):
        branch.begin()
        while taken < steps:
            here = branch.mixtures(branch.point[:-1])
            gap = branch.regret(here)
            if gap < least:
                best, least = here, gap
            for mixtures in branch.polished(here) if gap <= _CLOSE * branch.scale else ():
                left = branch.regret(mixtures)
                if left < least:
                    best, least = mixtures, left
            if least <= 0.5 * tol or not branch.advance():
                break
            taken += 1
    values, _ = branch.evaluate(best)
    profile = tuple(np.concatenate([best[s][i] for s in range(form.size)]) for i in range(form.n))
    return Found(
        (profile,),
        f"{taken} steps along the branch to precision {branch.point[-1] / branch.scale:.3g}",
        stats={"steps": taken},
        finished=least <= 0.5 * tol,
        details=({"state_values": values.tolist()},),
    )


def solve_coarse(
    form: MarkovForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    steps: int = 3000,
) -> Found:
    """A stationary coarse correlated equilibrium: the joint plan of the one that `solve` finds.

    Independent equilibrium strategies are one, whatever else may be better for some objective.
    Arguments, errors and cost as for `solve`.
    """
    found = solve(form, tol=tol, deadline=deadline, steps=steps)
    cut = [form.parts(own, i)[0] for i, own in enumerate(found.profiles[0])]
    plan = [_outer([own[s] for own in cut]) for s in range(form.size)]
    return dataclasses.replace(found, profiles=((np.concatenate(plan),),))


def suits(form: MarkovForm, everything: bool) -> str:
    """Why `auto` chooses this: a discounted game that is not zero-sum."""
    if form.horizon is not None:
        return ""
    return f"discounted, {form.n} players, {form.size} states"


@dataclass(frozen=True)
class _Slot:
    """Where a state's and player's logits stand: all actions but the first."""

    state: int
    player: int
    start: int
    size: int


class _Branch:
    """A point (logits, precision) on the branch, and the way on from there."""

    def __init__(self, form: MarkovForm) -> None:
        self.form = form
        self.slots: list[_Slot] = []
        start = 0
        for s in range(form.size):
            for i, size in enumerate(form.shape(s)):
                self.slots.append(_Slot(s, i, start, size - 1))
                start += size - 1
        self.point = np.zeros(start + 1)
        self.scale, self.way, self.length = 1.0, np.zeros(0), 0.1

    def begin(self) -> None:
        """The unit of worth and the direction at precision 0. Raises `OutOfTime`."""
        start = len(self.point) - 1
        _, worth = self.evaluate(self.mixtures(self.point[:-1]))
        spread = max(float(np.ptp(own)) for state in worth for own in state)
        self.scale = max(spread, 1e-3 * self.form.spread, 1e-300)
        ahead = np.append(np.zeros(start), 1.0)
        slope = _jacobian(self.residual, self.point, self.residual(self.point))
        self.way = _tangent(slope, ahead)

    def mixtures(self, logits: Float) -> Mixtures:
        """Distributions from logits relative to each first action."""
        made: Mixtures = [[] for _ in range(self.form.size)]
        for slot in self.slots:
            own = np.append(0.0, logits[slot.start : slot.start + slot.size])
            powers = np.exp(own - own.max())
            made[slot.state].append(powers / powers.sum())
        return made

    def evaluate(self, mixtures: Mixtures) -> tuple[Float, list[list[Float]]]:
        """Values `[n, S]`, and what each action is worth, `[state][player]`."""
        form = self.form
        paid, chain = np.empty((form.size, form.n)), np.empty((form.size, form.size))
        for s, own in enumerate(mixtures):
            joint = _outer(own)
            paid[s] = form.rewards[s].reshape(form.n, -1) @ joint
            chain[s] = joint @ form.transitions[s].reshape(len(joint), -1)
        values = np.asarray(
            np.linalg.solve(np.eye(form.size) - form.discount * chain, paid).T, dtype=np.float64
        )
        worth = []
        for s, own in enumerate(mixtures):
            tensor = form.continuation(s, values)
            worth.append([_against(tensor[i], own, i) for i in range(form.n)])
        return values, worth

    def regret(self, mixtures: Mixtures) -> float:
        """A bound of what a player can gain from any state on."""
        values, worth = self.evaluate(mixtures)
        gain = max(
            float(own.max() - values[i, s])
            for s, state in enumerate(worth)
            for i, own in enumerate(state)
        )
        return positive_part(gain) / (1 - self.form.discount)

    def residual(self, point: Float) -> Float:
        """Logits less precision times differences of worth: 0 on the branch."""
        _, worth = self.evaluate(self.mixtures(point[:-1]))
        out = np.empty(len(point) - 1)
        for slot in self.slots:
            own = worth[slot.state][slot.player] / self.scale
            out[slot.start : slot.start + slot.size] = own[1:] - own[0]
        return np.asarray(point[:-1] - point[-1] * out)

    def advance(self) -> bool:
        """One step along the branch; False where none was found. Raises `OutOfTime`."""
        while self.length > 1e-7:
            guess = self.point + self.length * self.way
            base = self.residual(guess)
            slope = _jacobian(self.residual, guess, base)
            end = self._corrected(guess, base, slope)
            if end is not None:
                way = _tangent(slope, self.way)
                # a sharp turn is a jump to another branch
                if way @ self.way > 0.5:
                    self.point, self.way = end, way
                    self.length = min(1.6 * self.length, 0.3 * (1 + np.abs(end).max()))
                    return True
            self.length *= 0.4
        return False

    def _corrected(self, point: Float, value: Float, slope: Float) -> Float | None:
        """The point on the branch across from a guess, by Newton steps with one slope."""
        system = np.vstack([slope, self.way])
        try:
            inverse = dense.solved(system, np.eye(len(system)))
        except np.linalg.LinAlgError:
            return None
        size = np.abs(value).max(initial=0.0)
        for _ in range(_CORRECTIONS):
            if size <= 1e-9 * (1 + np.abs(point).max()):
                return point
            point = point - inverse @ np.append(value, 0.0)
            value = self.residual(point)
            after = np.abs(value).max(initial=0.0)
            if not after < 0.7 * size:
                return None
            size = after
        return None

    def polished(self, mixtures: Mixtures) -> list[Mixtures]:
        """Mixtures whose actions in use are equally good, for several ideas of what is in use."""
        found = []
        for least in _SUPPORTS:
            used = [[own > least for own in state] for state in mixtures]
            end = self._levelled(mixtures, used)
            if end is not None:
                found.append(end)
        return found

    def _levelled(self, mixtures: Mixtures, used: list[list[np.ndarray]]) -> Mixtures | None:
        def placed(free: Float) -> Mixtures:
            made: Mixtures = []
            at = 0
            for state in used:
                made.append([])
                for mask in state:
                    own = np.zeros(len(mask))
                    count = int(mask.sum())
                    own[mask] = np.append(free[at : at + count - 1], 0.0)
                    own[np.flatnonzero(mask)[-1]] = 1 - own.sum()
                    at += count - 1
                    made[-1].append(own)
            return made

        def apart(free: Float) -> Float:
            _, worth = self.evaluate(placed(free))
            parts = [
                own[mask][:-1] - own[mask][-1]
                for state, masks in zip(worth, used, strict=True)
                for own, mask in zip(state, masks, strict=True)
            ]
            return np.concatenate(parts) / self.scale

        starts = [
            (own[mask] / own[mask].sum())[:-1]
            for state, masks in zip(mixtures, used, strict=True)
            for own, mask in zip(state, masks, strict=True)
        ]
        free = np.concatenate(starts)
        for _ in range(12 if len(free) else 0):
            value = apart(free)
            if np.abs(value).max() <= 1e-14:
                break
            step = dense.shortest(_jacobian(apart, free, value), -value, 1e-12)
            free = free + step
            if not np.abs(free).max() < 2:
                return None
        end = placed(free)
        if min(own.min() for state in end for own in state) < -1e-12:
            return None
        return [[np.maximum(own, 0) / np.maximum(own, 0).sum() for own in state] for state in end]


def _outer(mixtures: list[Float]) -> Float:
    joint = np.ones(1)
    for own in mixtures:
        joint = np.multiply.outer(joint, own).ravel()
    return joint


def _against(tensor: Float, mixtures: list[Float], player: int) -> Float:
    for j in reversed(range(len(mixtures))):
        if j != player:
            tensor = np.tensordot(tensor, mixtures[j], (j, 0))
    return np.asarray(tensor)


def _jacobian(function: Callable[[Float], Float], point: Float, base: Float) -> Float:
    columns = []
    for k in range(len(point)):
        look()
        moved = point.copy()
        step = _DIFFERENCE * max(1.0, abs(point[k]))
        moved[k] += step
        columns.append((function(moved) - base) / step)
    return np.array(columns).T.reshape(len(base), len(point))


def _tangent(slope: Float, before: Float) -> Float:
    """The direction in which nothing changes, on from `before`."""
    system = np.vstack([slope, before])
    way = dense.solved(system, np.append(np.zeros(len(slope)), 1.0))
    return np.asarray(way / np.linalg.norm(way))
