"""Reciprocity: players answer changes in what others do, more where they depend and trust.

Source: TR-4 (arXiv:2604.01240), equations 19 to 23 and 44. The response to j is
phi(s_j) = tanh(kappa s_j), where s_j is how far j's action lies from its recent mean. The
reports add lambda sum_j T_ij (1 + omega D_ij) rho_ij phi(s_j) to utility, with
rho_ij = rho_0 D_ij^eta and a memory of the rounds before. The released code multiplies
payoffs by 1 + that over the mean endowment, and lets the memory hold the current action.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from coopsim.arrays import Array, Float, at_least, between
from coopsim.games.coopetition.parts.part import (
    Held,
    Now,
    Part,
    Setting,
    blank,
    over_others,
    remember,
    remembered,
)

_PAST = "past_actions"
_LEAST = 0.01  # the released code's lowest factor


@dataclass(frozen=True, slots=True)
class Reciprocity(Part):
    """How strongly players answer one another, and how long they remember."""

    strength: Annotated[float, Ge(0)] = 1.0
    """rho_0, the base strength of reciprocity"""
    elasticity: Annotated[float, Gt(0)] = 1.0
    """eta, how reciprocity rises with dependence"""
    sensitivity: Annotated[float, Gt(0)] = 1.0
    """kappa, how steeply the response rises"""
    memory: Annotated[int, Ge(1)] = 5
    """k, how many rounds are remembered"""
    weight: Annotated[float, Ge(0)] = 1.0
    """lambda_R, the weight in utility, in payoff units"""
    amplify: Annotated[float, Ge(0)] = 0.6
    """omega, how much dependence amplifies the response"""

    def start(self, setting: Setting) -> dict[str, Float]:
        """The remembered actions; zeros where there are none yet."""
        return blank(_PAST, self.memory, len(setting.endowment))

    def constants(self, setting: Setting) -> dict[str, Float]:
        """The weights of answers, and the scale of what is answered."""
        return {
            "reciprocity": np.asarray(self.weights(setting.dependence)),
            "reciprocity_scale": setting.endowment,
        }

    def felt(self, setting: Setting, now: Now, held: Held) -> Array | None:
        """The reports' utility from others' changes, `[n, B]`."""
        if not setting.graded:
            return None
        xp, known = now.xp, between(now.turn - 1, 1.0, float(self.memory))
        mean = remembered(held, _PAST, self.memory) / known
        # nothing to compare the first round with
        away = (now.a - mean) * xp.astype(now.turn > 1, now.a.dtype)
        signal = xp.tanh(self.sensitivity * (away / now.known["reciprocity_scale"]))
        return self._response(now, signal)

    def play(self, setting: Setting, now: Now, payoffs: Array, held: Held) -> tuple[Array, Held]:
        """Remembers the round; in the released code payoffs are multiplied."""
        if setting.graded:
            return payoffs, remember(held, _PAST, self.memory, now.a)
        # the first action is not remembered, and the current one is among the remembered
        xp = now.xp
        newest = now.a * xp.astype(now.turn > 1, now.a.dtype)
        after = remember(held, _PAST, self.memory, newest)
        mean = remembered(after, _PAST, self.memory) / between(now.turn - 1, 1.0, self.memory)
        felt = self._response(now, xp.tanh(self.sensitivity * (now.a - mean)))
        factor = 1.0 + felt / float(setting.endowment.mean())
        return payoffs * at_least(factor, _LEAST), after

    def weights(self, dependence: Array) -> Array:
        """lambda (1 + omega D_ij) rho_ij, shaped as D; zero where D is."""
        rho = self.strength * dependence**self.elasticity
        return self.weight * (1 + self.amplify * dependence) * rho

    def _response(self, now: Now, phi: Array) -> Array:
        """lambda sum_j T_ij (1 + omega D_ij) rho_ij phi_j, `[n, B]`, from phi `[n, B]`."""
        weight = now.known["reciprocity"]
        if now.dependence is not None:
            weight = self.weights(now.dependence)
        if now.trust is not None and now.trust.shape[0] == 1:
            weight = weight[:1, 1:2]  # all depend on all alike
        if now.trust is not None:
            weight = weight * now.trust
        return over_others(weight, phi)
