"""What a mediator wants: objectives of correlated play in trees, as parts of a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.solvers.incentives import weights_of


@dataclass(frozen=True, eq=False)
class Goal:
    """A linear objective, or the smallest payoff.

    Args:
        weights: of the players' payoffs, `[n]`; zeros where the smallest one is maximised.
        max_min: whether the smallest payoff is maximised.
    """

    weights: Float
    max_min: bool

    def program(self, payoffs: Float, extra: int) -> tuple[Float, Any]:
        """Costs, and further rows (at most 0) or None, for profiles that pay `[n, P]`.

        Args:
            payoffs: `[n, P]`.
            extra: further variables after the profiles.
        """
        n, count = payoffs.shape
        scale = max(float(np.ptp(payoffs)), 1e-300)
        if not self.max_min:
            # where all profiles pay the same, none is better: costs of 1e300 help no program
            paid = payoffs if np.ptp(payoffs) > 0 else np.zeros_like(payoffs)
            cost = -(self.weights @ paid) / scale
            return np.concatenate([cost, np.zeros(extra)]), None
        from scipy.sparse import csr_array

        lacking = -(payoffs - payoffs.min()) / scale
        lines = np.hstack([lacking, np.zeros((n, extra)), np.ones((n, 1))])
        cost = np.zeros(count + extra + 1)
        cost[-1] = -1.0
        return cost, csr_array(lines)


def goal_of(form: Any, objective: Any) -> Goal:
    """The goal that an objective's name, a player or weights stand for.

    Raises:
        UserError: no such objective.
    """
    if isinstance(objective, str) and objective == "max-min":
        return Goal(np.zeros(form.n), True)
    return Goal(np.asarray(weights_of(form, objective), dtype=np.float64), False)
