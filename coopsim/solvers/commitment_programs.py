"""Linear programs that are maximised by HiGHS to tight tolerances, within what is left of a time.

Callers scale payoffs to about 1, so that tolerances mean the same in every game.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float

PRECISE = 1e-10
"""The feasibility that HiGHS is asked for: the tightest it takes."""


class Timer:
    """Seconds that are left of a deadline.

    Args:
        deadline: seconds from now; None never ends.
    """

    def __init__(self, deadline: float | None) -> None:
        self._until = np.inf if deadline is None else time.monotonic() + deadline

    @property
    def left(self) -> float:
        """Seconds, at least 0; infinite without a deadline."""
        return max(0.0, self._until - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether none are left."""
        return self.left <= 0

    def limits(self) -> dict[str, float]:
        """The option of scipy's HiGHS interface that keeps to the time."""
        return {} if self._until == np.inf else {"time_limit": max(self.left, 1e-3)}


@dataclass(frozen=True, slots=True)
class Optimum:
    """The end of a linear program.

    Args:
        state: "optimal", "infeasible" or "stopped" (out of time, or numerical trouble).
        x: the variables; empty unless optimal.
        value: the objective; minus infinity unless optimal.
        upper: multipliers of the rows `<=`, at least 0; empty unless optimal.
    """

    state: str
    x: Float
    value: float
    upper: Float


def maximise(
    gain: Any,
    rows: Any = None,
    most: Any = None,
    equal: Any = None,
    to: Any = None,
    bounds: Any = (0, None),
    timer: Timer | None = None,
) -> Optimum:
    """The largest `gain @ x` where `rows @ x <= most`, `equal @ x = to`, x within bounds.

    Args:
        gain: `[N]`.
        rows, most: `[R, N]` (dense or sparse) and `[R]`; None for no rows.
        equal, to: `[E, N]` and `[E]`; None for no rows.
        bounds: as for `scipy.optimize.linprog`.
        timer: what is left of the deadline; None for no limit.

    Cost: one call of HiGHS. An unbounded program counts as stopped.
    """
    from scipy.optimize import linprog

    answer = linprog(
        -np.asarray(gain, dtype=float),
        A_ub=rows,
        b_ub=most,
        A_eq=equal,
        b_eq=to,
        bounds=bounds,
        method="highs",
        options={
            "primal_feasibility_tolerance": PRECISE,
            "dual_feasibility_tolerance": PRECISE,
            **(timer.limits() if timer is not None else {}),
        },
    )
    nothing = np.zeros(0)
    if answer.status == 2:
        return Optimum("infeasible", nothing, -np.inf, nothing)
    if answer.status != 0 or answer.x is None:
        return Optimum("stopped", nothing, -np.inf, nothing)
    upper = nothing if rows is None else np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0)
    return Optimum("optimal", np.asarray(answer.x), -float(answer.fun), upper)
