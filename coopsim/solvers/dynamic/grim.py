"""Grim triggers: cooperation held up by the threat of the stage game's Nash equilibrium.

Friedman (1971): cooperation c is a subgame perfect equilibrium of endless play with discount
factor d where for every player (1 - d) u_i(best deviation) + d u_i(Nash) <= u_i(c), that is
d >= (dev_i - c_i) / (dev_i - nash_i).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers import continuous, optimum
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.solution import Found

_LOOKS = 12
_ROUNDING = 1e-12  # of payoffs: gains below this are none


def suits(form: ContinuousForm, everything: bool) -> str:
    """Why `auto` may choose this method: it takes games with one action a player."""
    return "one action a player: Nash reversion" if form.m == form.n else ""


def solve(
    form: ContinuousForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    target: Sequence[float] | None = None,
) -> Found:
    """The discount factor from which on a threat of Nash for ever sustains cooperation.

    Args:
        form: the stage game, one action a player.
        tol: payoff units, of the stage's Nash equilibrium.
        deadline: seconds.
        target: the actions to sustain, `[n]`; the largest sum of payoffs where not given.

    Returns:
        The profile is what is sustained. `details` say what is played after a deviation
        (`punishment`), each player's `discounts`, the smallest common `discount` (null where
        none below 1 does), and `finite`: the most a player gains in a finite number of rounds,
        where the threat has no force in the last one.

    Raises:
        UserError: the target is no joint action of this game.
    """
    clock = Clock(deadline)
    nash = continuous.solve(form, tol=tol, deadline=clock.left)
    # the harshest of the equilibria found is no less credible than another
    punish = min((form.join(p) for p in nash.profiles), key=lambda x: float(form.welfare(x)))
    if target is None:
        point = form.join(optimum.solve(form, tol=tol, deadline=clock.left).profiles[0])
    else:
        point = np.asarray(target, dtype=float)
        if point.shape != (form.n,) or not ((point >= form.low) & (point <= form.high)).all():
            raise UserError("no joint action", key="target", given=list(target),
                            allowed=f"{form.n} actions within their bounds")  # fmt: skip
    kept, threat = form.payoffs(point), form.payoffs(punish)
    watched = form.watched(clock)
    try:
        tempted = np.array([_temptation(watched, point, i) for i in range(form.n)])
    except OutOfTime:
        told = "stopped before everybody's best deviation was known"
        return Found((), told, finished=False)
    needed = discounts(kept, tempted, threat)
    common = float(needed.max())
    return Found(
        profiles=(form.split(point),),
        sentence="cooperation cannot be sustained by this threat" if common >= 1 else
        f"sustained from the discount factor {common:.6g} on",
        finished=not clock.over,
        details=(
            {
                "punishment": punish.tolist(),
                "discounts": [float(x) if x < 1 else None for x in needed],
                "discount": common if common < 1 else None,
                "finite": float(np.maximum(tempted - kept, 0).max()),
            },
        ),
    )  # fmt: skip


def discounts(kept: Float, tempted: Float, threat: Float) -> Float:
    """The smallest discount factor of each player, `[n]`; infinity where no threat deters it.

    Friedman (1971): where the gain of one deviation is below what is lost ever after. A gain
    within the rounding of payoffs is none.

    Args:
        kept, tempted, threat: what cooperation, the best deviation and punishment pay, `[n]`.
    """
    gain, loss = tempted - kept, tempted - threat
    gain = np.where(gain > _ROUNDING * np.maximum(np.abs(tempted), np.abs(kept)), gain, 0.0)
    with np.errstate(all="ignore"):
        needed = np.where(gain > 0, np.where(loss > 0, gain / loss, np.inf), 0.0)
    return np.where(needed < 1, needed, np.inf)


def _temptation(form: ContinuousForm, point: Float, player: int) -> float:
    trial = point.copy()
    k = int(form.coordinates(player)[0])
    trial[k] = continuous.best_response(form, point[None], k, _LOOKS)[0]
    return float(form.payoffs(trial)[player])
