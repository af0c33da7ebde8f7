"""Values and answers on a grid of trust and reputation, for one round of backward induction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.games.forms.trust import TrustForm, at, grid

_COARSE, _FINE, _LOOKS = 25, 9, 4  # actions of the first look, of closer ones, and how many
_ANSWERS, _LAST = 8, 12  # rounds of answers in one round of play; in the last one
_SETTLED, _STILL = 5e-4, 1e-7  # of the range of actions: what settled answers move; in the last


class Table:
    """Values and answers on a grid of states.

    Args:
        form: the game.
        shape: of the grid; two axes stand for common states and common actions.
        alike: whether one player's table serves all.
        inertia: what an answer must gain to be given.
    """

    def __init__(
        self, form: TrustForm, shape: tuple[int, ...], alike: bool, inertia: float = 0.0
    ) -> None:
        self.form, self.shape, self.alike, self.inertia = form, shape, alike, inertia
        self.joint = len(shape) == 2 < 2 * form.n
        self.states = grid(shape)
        self.columns = 1 if self.joint else form.n
        self.used = 0

    def paid(self, states: Float, actions: Float, later: Float | None, player: int) -> Float:
        """Payoff now and after, `[B]`, of one player; of all in sum where they act alike."""
        if self.joint:
            states, actions = np.tile(states, self.form.n), np.tile(actions, self.form.n)
        after, paid, goes_on = self.form.step(states, actions)
        now = paid.sum(1) if self.joint else paid[:, player]
        if later is None:
            return np.asarray(now)
        seen = after[:, :2] if self.joint else after
        ahead = at(later[:, player].reshape(self.shape), seen)
        return np.asarray(now + self.form.discount * goes_on * ahead)

    def values(self, policy: Float, later: Float | None) -> Float:
        """The values `[S, columns]` of playing `policy` `[S, columns]` and then `later`."""
        columns = [self.paid(self.states, policy, later, i) for i in range(self.columns)]
        return np.stack(columns, -1)

    def settle(self, policy: Float, later: Float | None) -> Float:
        """Actions `[S, columns]` that answer one another in every state, `later` being next."""
        width = float((self.form.high - self.form.low).max())
        step, before = 1.0, np.inf
        # only the last round is smooth enough to gain by more: later values are interpolated
        most, least = (_LAST, _STILL) if later is None else (_ANSWERS, _SETTLED)
        for _ in range(1 if self.joint else most):
            self.used += 1
            moved = policy.copy()
            if self.alike and not self.joint:
                best = self.answer(policy, later, 0)
                other = best.reshape(self.shape).transpose(2, 3, 0, 1).ravel()
                moved = policy + step * (np.stack([best, other], -1) - policy)
            else:
                for i in range(self.columns):
                    moved[:, i] += step * (self.answer(moved, later, i) - moved[:, i])
            change = float(np.abs(moved - policy).max())
            step = max(0.2, 0.6 * step) if change > 0.9 * before else step
            policy, before = moved, change
            if change <= least * width:
                break
        return policy

    def answer(self, policy: Float, later: Float | None, player: int) -> Float:
        """The best action `[S]` of a player in every state against the others' `policy`.

        Where it gains no more than the inertia, the action of `policy` stays.
        """
        low, high = float(self.form.low[player]), float(self.form.high[player])
        count = len(self.states)
        centre, half, best = (
            np.full(count, 0.5 * (low + high)),
            0.5 * (high - low),
            np.full(count, -np.inf),
        )
        marks = self.form.marks[:, player]
        for turn in range(1 + _LOOKS):
            size = _FINE if turn else _COARSE
            tried = np.clip(centre[:, None] + np.linspace(-half, half, size), low, high)
            if not turn:
                tried = np.concatenate([tried, np.tile(marks, (count, 1))], axis=1)
            value = self._tried(policy, tried, later, player)
            place = value.argmax(1)
            row = np.arange(count)
            found, level = value[row, place], tried[row, place]
            # a mark that was best before stays best unless a closer look is better
            better = found > best
            best, centre = np.where(better, found, best), np.where(better, level, centre)
            half *= 2.5 / (size - 1)
        top = np.clip(_vertex(tried, value, place), low, high)
        value = self._tried(policy, top[:, None], later, player)[:, 0]
        best, centre = np.maximum(best, value), np.where(value > best, top, centre)
        if not self.inertia:
            return centre
        own = self._tried(policy, policy[:, [player]], later, player)[:, 0]
        return np.where(best > own + self.inertia, centre, policy[:, player])

    def _tried(self, policy: Float, tried: Float, later: Float | None, player: int) -> Float:
        look()
        size = tried.shape[1]
        actions = np.repeat(policy, size, axis=0)
        actions[:, player] = tried.ravel()
        states = np.repeat(self.states, size, axis=0)
        return self.paid(states, actions, later, player).reshape(tried.shape)


def _vertex(tried: Float, value: Float, place: npt.NDArray[np.int64]) -> Float:
    """The tops `[S]` of parabolas through the best of equally distant actions and its neighbours.

    Args:
        tried, value: actions and what they pay, `[S, A]`.
        place: of the best one, `[S]`; at either end it is the answer itself.
    """
    row, inside = np.arange(len(tried)), np.clip(place, 1, tried.shape[1] - 2)
    left, here, right = (value[row, inside + k] for k in (-1, 0, 1))
    bend = left - 2 * here + right
    apart = 0.5 * (tried[row, inside + 1] - tried[row, inside - 1])
    with np.errstate(all="ignore"):
        share = 0.5 * (left - right) / bend
    good = (place == inside) & (np.abs(share) <= 1)
    return np.asarray(tried[row, place] + np.where(good, share * apart, 0.0))
