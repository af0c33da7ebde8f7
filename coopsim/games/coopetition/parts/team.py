"""Team production: output by total effort, shared equally, whatever each contributed.

Source: TR-3 (arXiv:2601.16237), as the released suite and documentation state it:
Q = omega (sum a)^beta, p_i = Q / n - c a_i, and with loyalty
U_i = p_i + theta_i (phi_B mean_{j != i} p_j + phi_C c a_i). With a cost that is linear in
effort only total effort is determined; `cost: convex` (c a^2 / 2) determines everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Gt, Le

from coopsim.arrays import Array, at_least
from coopsim.parameters import Parameters

_NEAR_ZERO = 1e-12  # the slope of the output has no finite value at 0


@dataclass(frozen=True, slots=True)
class Team(Parameters):
    """What a team makes and what effort costs."""

    output: Annotated[float, Gt(0)] = 25.0
    """omega, the scale of the team's output"""
    beta: Annotated[float, Gt(0), Le(1)] = 0.7
    """returns to scale of total effort"""
    unit_cost: Annotated[float, Gt(0)] = 1.0
    """c"""
    cost: Literal["linear", "convex"] = "linear"
    """linear: c a; convex: c a^2 / 2"""
    keep: bool = False
    """whether players also keep what they do not contribute, as in a public good game"""

    def made(self, a: Array) -> Array:
        """Q, `[...]`, from efforts `[n, ...]`."""
        total = a.sum(0)
        if self.beta == 1.0:
            return self.output * total
        # a power of 0 has no finite slope, which would make a gradient NaN
        return self.output * at_least(total, _NEAR_ZERO) ** self.beta * (total > 0)

    def spent(self, a: Array) -> Array:
        """The cost of effort, `[n, ...]`."""
        grown = a if self.cost == "linear" else a * a / 2
        return grown if self.unit_cost == 1.0 else self.unit_cost * grown

    def private(self, a: Array, endowment: Array) -> Array:
        """p_i, `[n, ...]`, from efforts `[n, ...]`; endowments `[n, 1 ...]`."""
        paid = self.made(a) / a.shape[0] - self.spent(a)
        return paid + endowment if self.keep else paid

    def loyal(
        self, a: Array, private: Array, theta: Array, benefit: float, tolerance: float
    ) -> Array:
        """theta_i (phi_B pbar_{-i} + phi_C c(a_i)), `[n, ...]`."""
        n = a.shape[0]
        others = (private.sum(0) - private) / (n - 1)
        return theta * (benefit * others + tolerance * self.spent(a))

    def slope(self, a: Array, theta: Any, benefit: float, tolerance: float) -> Array:
        """The derivative of p_i + loyalty in a_i, `[n, ...]`; Q' / n reaches all alike."""
        n = a.shape[0]
        total = a.sum(0) + _NEAR_ZERO
        each = self.output * self.beta * total ** (self.beta - 1) / n
        cost = self.unit_cost * (1.0 if self.cost == "linear" else a)
        return each * (1 + theta * benefit) - cost * (1 - theta * tolerance)
