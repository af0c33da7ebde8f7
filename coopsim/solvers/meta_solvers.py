"""Meta-solvers: how the populations of a table of responses are mixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.numeric import Clock

Shares = tuple[Float, ...]
Meta = Callable[[NormalForm, Clock], Shares]

_STEPS = 2000
_FLOOR = 1e-3  # of an even share: what projected replicator dynamics leaves to each strategy


def nash(form: NormalForm, clock: Clock) -> Shares:
    """An equilibrium of the table by the method that suits it; the closest where none is proved."""
    from coopsim.solvers.select import solve

    answer = solve(form, "nash", deadline=clock.left)
    return answer.profile or uniform(form, clock)


def uniform(form: NormalForm, clock: Clock) -> Shares:
    """Equal shares: responses to it are those of fictitious play."""
    return tuple(np.full(size, 1 / size) for size in form.shape)


def replicator(form: NormalForm, clock: Clock) -> Shares:
    """The time average of projected replicator dynamics (Lanctot et al. 2017, appendix)."""
    shares = list(uniform(form, clock))
    mean = [np.zeros(size) for size in form.shape]
    span = max(float(np.ptp(form.payoffs)), 1e-300)
    for _ in range(_STEPS):
        paid = [form.deviations(tuple(shares), i) / span for i in range(form.n)]
        for i, share in enumerate(shares):
            moved = share * np.exp(0.5 * (paid[i] - share @ paid[i]))
            moved = np.maximum(moved / moved.sum(), _FLOOR / len(share))
            shares[i] = moved / moved.sum()
            mean[i] += shares[i] / _STEPS
        if clock.over:
            break
    return tuple(part / part.sum() for part in mean)


def alpha_rank(form: NormalForm, clock: Clock) -> Shares:
    """Each strategy's share of time under alpha-rank (Omidshafiei et al. 2019)."""
    from coopsim.solvers.select import solve

    answer = solve(form, "alpha-rank", deadline=clock.left)
    if not answer.profile:
        return uniform(form, clock)
    joint = answer.profile[0]
    axes = range(form.n)
    return tuple(joint.sum(tuple(k for k in axes if k != i)) for i in axes)


META: dict[str, Meta] = {
    "nash": nash,
    "uniform": uniform,
    "replicator": replicator,
    "alpha-rank": alpha_rank,
}
"""The meta-solvers by name."""
