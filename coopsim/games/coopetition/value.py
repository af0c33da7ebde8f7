"""Value creation: what players make alone and what only their joint effort makes.

Source: TR-1, arXiv:2510.18802, equations 5 to 8 (read through the released code that
cites them). Arrays have the players on the *first* axis here, `[n, ...]`: kernels keep
the batch axis last in memory.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt, Le

from coopsim.arrays import Array, at_least
from coopsim.parameters import Parameters

# actions below this have the power form's value and slope at this; its slope at 0 is infinite
_NEAR_ZERO = 1e-10
# below this a product of actions counts as zero; it keeps the root differentiable at 0
_TINY = 1e-37
# from this many players on, the product of actions could overflow float32
_SMALL = 4


@dataclass(frozen=True, slots=True)
class Value(Parameters):
    """How much a player's own action is worth to itself: f(a)."""

    form: Literal["logarithmic", "power"] = "logarithmic"
    """logarithmic: theta ln(1 + a); power: a^beta"""
    theta: Annotated[float, Gt(0)] = 20.0
    """scale of the logarithmic form; the reports use 15 to 30"""
    beta: Annotated[float, Gt(0), Le(1)] = 0.75
    """exponent of the power form; the reports use 0.65 to 0.85"""

    def of(self, a: Array, xp: Any) -> Array:
        """f(a), elementwise."""
        if self.form == "logarithmic":
            return self.theta * xp.log1p(a)
        return at_least(a, _NEAR_ZERO) ** self.beta

    def marginal(self, a: Array, xp: Any) -> Array:
        """f'(a), elementwise."""
        if self.form == "logarithmic":
            return self.theta / (1 + a)
        return self.beta * at_least(a, _NEAR_ZERO) ** (self.beta - 1)


def synergy(a: Array, xp: Any) -> Array:
    """g(a), the geometric mean of the actions `[n, ...]`, `[...]`; 0 where one is 0."""
    n = a.shape[0]
    if n > _SMALL:
        return xp.exp(xp.mean(xp.log(at_least(a, _TINY)), axis=0)) * (xp.min(a, axis=0) > 0)
    product = a[0] * a[1] if n == 2 else functools.reduce(operator.mul, a)
    if xp is not np:  # a root has no derivative at 0; numpy takes none
        product = at_least(product, _TINY)
    return xp.sqrt(product) if n == 2 else product ** (1.0 / n)


def total_value(value: Value, gamma: float, a: Array, xp: Any) -> Array:
    """V(a) = sum of f(a_i) + gamma g(a), `[...]`."""
    return value.of(a, xp).sum(0) + gamma * synergy(a, xp)
