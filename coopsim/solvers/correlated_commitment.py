"""Commitment with signals: a leader of any number of followers, by one linear program."""

from __future__ import annotations

import numpy as np

from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.seats import seat_of
from coopsim.solvers.incentives import check_size, evidence, incentive_rows, keys, ranges
from coopsim.solvers.numeric import Clock
from coopsim.solvers.programs import maximise
from coopsim.solvers.solution import Found


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
) -> Found:
    """The joint distribution that is best for the leader and that followers obey.

    The leader commits to a distribution over action profiles and tells each follower its own
    action; the leader itself is bound to its part. It is a correlated equilibrium without the
    leader's incentive constraints. With one follower it pays what 'stackelberg' pays.

    Args:
        form: the game, any number of players.
        tol: not needed; the program is solved to 1e-10 of the payoff ranges.
        deadline: seconds for the program.
        leader: who commits, by number or name.

    Returns:
        the joint distribution `[A1..An]`. Details: `leader`, `value`, and `incentives`, the
        multipliers of the followers' constraints, which bound the value.

    Cost: a linear program with one variable a pure profile.

    Source: Conitzer and Korzhyk 2011, equation 1.

    Raises:
        NoSuchForm: there is one player only, or too many pure profiles.
        UserError: there is no such leader.
    """
    seat = seat_of(form.players, leader, "leader")
    if form.n < 2:
        raise NoSuchForm("a leader needs a follower, and this game has one player")
    check_size(form, False)
    told = np.array([i != seat for i, _, _ in keys(form, False)], dtype=bool)
    rows = incentive_rows(form, False)
    unit, count = float(ranges(form)[seat]), int(np.prod(form.shape))
    kept = rows[told] if told.any() else None
    gain = (form.payoffs[seat] - form.payoffs[seat].min()).ravel() / unit
    found = maximise(
        gain,
        kept,
        np.zeros(int(told.sum())) if kept is not None else None,
        np.ones((1, count)),
        [1.0],
        clock=Clock(deadline),
    )
    if found.status != "optimal":
        return Found((), "the linear program ran out of time", {"profiles": count}, finished=False)
    joint = np.maximum(found.x, 0)
    joint = (joint / joint.sum()).reshape(form.shape)
    weights = np.zeros(len(told))
    # the rows are in units of each follower's range, the objective in the leader's
    owner = np.array([i for i, _, _ in keys(form, False)], dtype=int)
    if told.any():
        weights[told] = found.upper * unit / ranges(form)[owner[told]]
    value = float((form.payoffs[seat] * joint).sum())
    return Found(
        profiles=((joint,),),
        sentence=f"one linear program over {count:,} pure profiles",
        stats={"profiles": count},
        details=({"leader": seat, "value": value, "incentives": evidence(form, False, weights)},),
    )


def suits(form: NormalForm, everything: bool) -> str:
    """Any game with a follower."""
    if form.n < 2:
        return ""
    return f"{int(np.prod(form.shape)):,} pure profiles: one linear program"
