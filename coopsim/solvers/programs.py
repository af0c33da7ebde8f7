"""Linear programmes by HiGHS, with the accuracy and the clock that methods here need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.solvers.numeric import Clock

_SHARP = 1e-10  # the tightest feasibility that HiGHS offers


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
        clock: no programme is started once it is over.
    """
    from scipy.optimize import linprog

    if clock is not None and clock.over:
        return Optimum("unfinished", np.zeros(0), np.nan, np.zeros(0), np.zeros(0))
    options = {
        "primal_feasibility_tolerance": _SHARP,
        "dual_feasibility_tolerance": _SHARP,
    }
    answer = linprog(
        cost, rows, bounds, fixed, targets, bounds=box, method="highs", options=options
    )
    if answer.x is None or answer.status != 0:
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
