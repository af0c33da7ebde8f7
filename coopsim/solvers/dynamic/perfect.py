"""Markov perfect equilibrium on trust and reputation, and cooperative control of them.

Maskin and Tirole (2001): strategies look at the state only. Values are kept on a grid of
states and interpolated; in each round, from the last one backwards, players answer one
another in every state until nobody moves. Without a last round this goes on until values
settle.
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.trust import TrustForm, at, grid
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

_COARSE, _FINE, _LOOKS = 25, 9, 4  # actions of the first look, of closer ones, and how many
_ANSWERS = 8  # rounds of answers in one round of play
_SETTLED = 5e-4  # of the range of actions: answers that move less have settled
_SWEEPS = 15  # evaluations of a policy between two improvements
_ENDLESS = 40  # improvements without a last round


def suits(form: TrustForm, everything: bool) -> str:
    """Why `auto` may choose equilibrium by value iteration: two players, four state variables."""
    return "" if form.n > 2 else "two players: trust and reputation of each are four numbers"


def suits_control(form: TrustForm, everything: bool) -> str:
    """Why `auto` may choose control by value iteration: players are alike, two state variables."""
    return "players are alike: their common trust and reputation" if form.symmetric else ""


def solve(
    form: TrustForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    trust_points: int = 7,
    damage_points: int = 4,
) -> Found:
    """A Markov perfect equilibrium of two players by backward induction or value iteration.

    Args:
        form: two players.
        tol: payoff units: endless play is iterated until values move less than `tol (1 - d)`.
        deadline: seconds; on expiry earlier rounds are played as the last one that was solved.
        trust_points, damage_points: of the grid, for each player's trust and damage.

    Cost: a round takes up to 8 answers of (trust_points damage_points)^2 x 61 transitions.

    Answers need not settle where a round has no equilibrium in pure actions; the certificate
    says what is left to gain.

    Raises:
        NoSuchForm: more than two players: a deviator's trust, the others', and their view of
            one another are 2 n state variables.
        UserError: too few points.
    """
    if form.n > 2:
        raise NoSuchForm(
            f"{form.n} players have {2 * form.n} state variables once one deviates; value "
            "iteration takes two players. 'open-loop nash' takes any number, 'dynamic optimum' "
            "bounds what any equilibrium earns in sum from above, as far as it is found"
        )
    require_count("trust_points", trust_points, 2)
    require_count("damage_points", damage_points, 2)
    shape = (trust_points, damage_points) * 2
    table = _Table(form, shape, form.symmetric)
    rounds, left, finished = _iterate(table, form, tol, Clock(deadline))
    shaped = [np.stack([r[:, i].reshape(shape) for r in rounds]) for i in range(form.n)]
    return Found(
        profiles=(tuple(shaped),),
        sentence=f"{len(table.states)} states, {table.used} rounds of answers; {left}",
        stats={"states": len(table.states), "rounds": table.used},
        finished=finished,
    )


def solve_control(
    form: TrustForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    trust_points: int = 33,
    damage_points: int = 17,
) -> Found:
    """The common action, by common trust and reputation, with the largest sum of payoffs.

    Args: as `solve`; any number of players, who must be alike and act alike.

    Raises:
        NoSuchForm: players are not alike.
    """
    if not form.symmetric:
        raise NoSuchForm(
            "players are not alike, so their joint control has more than one action and state; "
            "'dynamic optimum' takes this game"
        )
    require_count("trust_points", trust_points, 2)
    require_count("damage_points", damage_points, 2)
    shape = (trust_points, damage_points)
    table = _Table(form, shape, True)
    rounds, left, finished = _iterate(table, form, tol, Clock(deadline))
    policy = np.stack([each[:, 0].reshape(shape) for each in rounds])
    return Found(
        profiles=((policy,) * form.n,),
        sentence=f"{len(table.states)} states; {left}",
        stats={"states": len(table.states)},
        finished=finished,
    )


class _Table:
    """Values and answers on a grid of states.

    Args:
        form: the game.
        shape: of the grid; two axes stand for common states and common actions.
        alike: whether one player's table serves all.
    """

    def __init__(self, form: TrustForm, shape: tuple[int, ...], alike: bool) -> None:
        self.form, self.shape, self.alike = form, shape, alike
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
        for _ in range(1 if self.joint else _ANSWERS):
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
            if change <= _SETTLED * width:
                break
        return policy

    def answer(self, policy: Float, later: Float | None, player: int) -> Float:
        """The best action `[S]` of a player in every state against the others' `policy`."""
        low, high = float(self.form.low[player]), float(self.form.high[player])
        count = len(self.states)
        centre, half, best = np.full(count, 0.5 * (low + high)), 0.5 * (high - low), None
        marks = self.form.marks[:, player]
        for look in range(1 + _LOOKS):
            size = _FINE if look else _COARSE
            tried = np.clip(centre[:, None] + np.linspace(-half, half, size), low, high)
            if not look:
                tried = np.concatenate([tried, np.tile(marks, (count, 1))], axis=1)
            value = self._tried(policy, tried, later, player)
            place = value.argmax(1)
            row = np.arange(count)
            found, level = value[row, place], tried[row, place]
            # a mark that was best before stays best unless a closer look is better
            if best is None:
                best, centre = found, level
            else:
                better = found > best
                best, centre = np.where(better, found, best), np.where(better, level, centre)
            half *= 2.5 / (size - 1)
        return centre

    def _tried(self, policy: Float, tried: Float, later: Float | None, player: int) -> Float:
        size = tried.shape[1]
        actions = np.repeat(policy, size, axis=0)
        actions[:, player] = tried.ravel()
        states = np.repeat(self.states, size, axis=0)
        return self.paid(states, actions, later, player).reshape(tried.shape)


def _iterate(
    table: _Table, form: TrustForm, tol: float, clock: Clock
) -> tuple[list[Float], str, bool]:
    """Policies round by round (one where play is endless), and how it ended."""
    policy = np.tile(form.marks[0, : table.columns], (len(table.states), 1))
    later: Float | None = None
    if form.horizon is None:
        return _endless(table, form, policy, tol, clock)
    rounds: list[Float] = []
    for _ in range(form.horizon):
        if clock.over and rounds:
            missing = form.horizon - len(rounds)
            return [rounds[0]] * missing + rounds, f"{missing} rounds not solved in time", False
        policy = table.settle(policy, later)
        later = table.values(policy, later)
        rounds.insert(0, policy)
    return rounds, f"{form.horizon} rounds backwards", True


def _endless(
    table: _Table, form: TrustForm, policy: Float, tol: float, clock: Clock
) -> tuple[list[Float], str, bool]:
    later = table.values(policy, None)
    for count in range(_ENDLESS):
        if clock.over:
            return [policy], "stopped by the deadline", False
        policy = table.settle(policy, later)
        before = later
        for _ in range(_SWEEPS):
            later = table.values(policy, later)
        change = float(np.abs(later - before).max())
        if change <= max(tol, 1e-9 * float(np.abs(later).max())) * (1 - form.discount):
            return [policy], f"values settled after {count + 1} improvements", True
    return [policy], f"values still moved by {change:.3g}", False
