"""Linear programmes by HiGHS, with the accuracy and the clock that methods here need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import kept
from coopsim.highs import linprog
from coopsim.solvers.numeric import Clock

PRECISE = 1e-10
"""The feasibility that HiGHS is asked for: the tightest it takes."""


@dataclass(frozen=True)
class Optimum:
    """The answer of a linear programme.

    Args:
        status: "optimal", "infeasible", "unbounded" or "unfinished".
        x: the point, `[k]`; empty where there is none.
        value: the objective there.
        upper: the dual of `rows @ x <= bounds`, 0 or less where it minimises, `[m]`.
        equal: the dual of `fixed @ x == targets`, `[e]`.
    """

    status: str
    x: Float
    value: float
    upper: Float
    equal: Float

    @property
    def found(self) -> bool:
        """Whether an optimum was reached."""
        return self.status == "optimal"


def minimise(
    cost: Float,
    rows: Any = None,
    bounds: Float | None = None,
    fixed: Any = None,
    targets: Float | None = None,
    box: Any = (0, None),
    clock: Clock | None = None,
) -> Optimum:
    """Minimise `cost @ x` with `rows @ x <= bounds`, `fixed @ x == targets` and `x` in `box`.

    Args:
        cost: `[k]`.
        rows, bounds: `[m, k]` (dense or sparse) and `[m]`.
        fixed, targets: `[e, k]` and `[e]`.
        box: one (low, high) for all, or one a variable; None is unbounded.
        clock: no programme is started once it is over, or goes on for longer. Without one the
            clock that `coopsim.clock.keeping` holds ends it.

    Cost: one call of HiGHS.

    Raises:
        OutOfTime: the kept clock was over before there was an answer.
    """
    options = {"primal_feasibility_tolerance": PRECISE, "dual_feasibility_tolerance": PRECISE}
    answer = linprog(
        cost, rows, bounds, fixed, targets, bounds=box, options=options, clock=clock or kept()
    )
    if answer.x is None or answer.status != 0:
        if clock is None:
            kept().look()
        status = {2: "infeasible", 3: "unbounded"}.get(int(answer.status), "unfinished")
        return Optimum(status, np.zeros(0), np.nan, np.zeros(0), np.zeros(0))
    upper, equal = answer.ineqlin.marginals, answer.eqlin.marginals
    return Optimum(
        "optimal",
        np.asarray(answer.x, dtype=float),
        float(answer.fun),
        np.zeros(0) if upper is None else np.asarray(upper, dtype=float),
        np.zeros(0) if equal is None else np.asarray(equal, dtype=float),
    )


def maximise(
    gain: Any,
    rows: Any = None,
    most: Any = None,
    equal: Any = None,
    to: Any = None,
    bounds: Any = (0, None),
    clock: Clock | None = None,
) -> Optimum:
    """Maximise `gain @ x` with `rows @ x <= most`, `equal @ x == to` and `x` in `bounds`.

    Arguments as for `minimise`. The value is minus infinity where there is no optimum, and
    `upper` holds multipliers of at least 0.
    """
    found = minimise(-np.asarray(gain, dtype=float), rows, most, equal, to, bounds, clock)
    value = -found.value if found.found else -np.inf
    return replace(found, value=value, upper=np.maximum(-found.upper, 0.0), equal=-found.equal)
