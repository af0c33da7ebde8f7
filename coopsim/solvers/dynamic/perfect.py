"""Markov perfect equilibrium on trust and reputation, and cooperative control of them.

Maskin and Tirole (2001): strategies look at the state only. Values are kept on a grid of
states and interpolated; in each round, from the last one backwards, players answer one
another in every state until nobody moves. Without a last round this goes on until values
settle.

Exact answers chase gains that interpolation makes up, and jumps grow with every round back.
So players may be inert: they keep to what the next round does unless more than so much is to
be gained, which makes an epsilon-equilibrium. How inert is found by trying.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.trust import TrustForm
from coopsim.solvers.dynamic.temptation import one_round, temptation
from coopsim.solvers.dynamic.trust_table import Table
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.solution import Found

_INERTIA = (0.0, 0.005, 0.02, 0.2, 2.0)  # of the range of one round's payoffs
_LATER = (0.4, 0.6, 0.75, 0.85)  # of the horizon: up to where rounds may be played alike
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
    inertia: float | None = None,
) -> Found:
    """A Markov perfect equilibrium of two players by backward induction or value iteration.

    Args:
        form: two players.
        tol: payoff units: endless play is iterated until values move less than `tol (1 - d)`.
        deadline: seconds; on expiry earlier rounds are played as the last one that was solved.
        trust_points, damage_points: of the grid, for each player's trust and damage.
        inertia: payoff units a round: a player keeps to what it does in the next round unless
            it gains more. None: several are tried, and what deviations gain least against is
            returned; early rounds may then be played as a later one.

    Cost: a round takes up to 8 answers of (trust_points damage_points)^2 x 61 transitions,
    and that up to 5 times.

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
    if inertia is not None and not (np.isfinite(inertia) and inertia >= 0):
        raise UserError("no inertia", key="inertia", given=inertia, allowed="0 or more")
    clock, used = Clock(deadline), 0
    tries: list[tuple[float, float, tuple[Float, ...], str, bool]] = []
    span = one_round(form)
    for lag in [share * span for share in _INERTIA] if inertia is None else [inertia]:
        if clock.over and tries:
            break
        table = Table(form, shape, form.symmetric, lag)
        # exact answers take longest: what is left goes to players who are more inert
        turn = Clock(None if clock.left is None else clock.left * (0.5 if inertia is None else 1))
        rounds, left, finished = _iterate(table, form, tol, turn)
        used += table.used
        shaped = [np.stack([r[:, i].reshape(shape) for r in rounds]) for i in range(form.n)]
        for profile in _begun_later(tuple(shaped)):
            gap = np.inf
            with contextlib.suppress(OutOfTime), keeping(clock):
                gap = temptation(form, profile)
            tries.append((gap, lag, profile, left, finished))
            if tries[-1][0] <= tol or clock.over:
                break
        if tries[-1][0] <= tol:
            break
    gap, lag, profile, left, finished = min(tries, key=lambda each: each[0])
    return Found(
        profiles=(profile,),
        sentence=f"{len(table.states)} states, {used} rounds of answers; {left}; inertia of "
        f"{lag:.3g} a round",
        stats={"states": len(table.states), "rounds": used},
        finished=finished,
        details=({"inertia": lag, "gain": gap},),
    )


def _begun_later(profile: tuple[Float, ...]) -> Iterator[tuple[Float, ...]]:
    """The profile, and those that play early rounds as a later one: far from the end it is far."""
    stages = len(profile[0])
    yield profile
    for first in sorted({int(share * stages) for share in _LATER} - {0}):
        yield tuple(np.concatenate([part[first:][:1]] * first + [part[first:]]) for part in profile)


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
    table = Table(form, shape, True)
    rounds, left, finished = _iterate(table, form, tol, Clock(deadline))
    policy = np.stack([each[:, 0].reshape(shape) for each in rounds])
    return Found(
        profiles=((policy,) * form.n,),
        sentence=f"{len(table.states)} states; {left}",
        stats={"states": len(table.states)},
        finished=finished,
    )


def _iterate(
    table: Table, form: TrustForm, tol: float, clock: Clock
) -> tuple[list[Float], str, bool]:
    """Policies round by round (one where play is endless), and how it ended."""
    policy = np.tile(form.marks[0, : table.columns], (len(table.states), 1))
    later: Float | None = None
    if form.horizon is None:
        return _endless(table, form, policy, tol, clock)
    rounds: list[Float] = []
    for _ in range(form.horizon):
        try:
            with keeping(clock):
                policy = table.settle(policy, later)
                later = table.values(policy, later)
        except OutOfTime:
            missing = form.horizon - len(rounds)
            first = rounds[0] if rounds else policy
            return [first] * missing + rounds, f"{missing} rounds not solved in time", False
        rounds.insert(0, policy)
    return rounds, f"{form.horizon} rounds backwards", True


def _endless(
    table: Table, form: TrustForm, policy: Float, tol: float, clock: Clock
) -> tuple[list[Float], str, bool]:
    later = table.values(policy, None)
    for count in range(_ENDLESS):
        try:
            with keeping(clock):
                policy = table.settle(policy, later)
                before = later
                for _ in range(_SWEEPS):
                    later = table.values(policy, later)
        except OutOfTime:
            return [policy], "stopped by the deadline", False
        change = float(np.abs(later - before).max())
        if change <= max(tol, 1e-9 * float(np.abs(later).max())) * (1 - form.discount):
            return [policy], f"values settled after {count + 1} improvements", True
    return [policy], f"values still moved by {change:.3g}", False
