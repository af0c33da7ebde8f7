"""coopetition/appropriation: rivals who build a joint surplus and grab parts of it.

Source: the two-dimensional S-LCD extension of Coopetition-Gym (`extensions/slcd_2d`, MIT
licence). Beside its contribution c every player chooses an appropriation p in [0, 1]:

    pi_i = e_i - c_i - kappa p_i + f(c_i) + alpha_i S (1 - beta pbar) + eta p_i S - xi p_i^2

with S = gamma g(c) the joint surplus and pbar the mean of all p. Without appropriation (p = 0)
this is `coopetition/repeated`. Trust looks at contributions only.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast

import numpy as np
from annotated_types import Ge, Le

from coopsim.arrays import Array, Float
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.coopetition.second import TwoChoices
from coopsim.games.coopetition.value import synergy
from coopsim.parameters import Parameters

Amount = Annotated[float, Ge(0)]

_CARD = GameCard(
    title="Coopetition with appropriation",
    summary=(
        "Every round players choose how much of an endowment to contribute, and how much of the "
        "joint surplus to grab, from 0 to 1. Joint effort creates the surplus; grabbing dilutes "
        "what is shared by bargaining power, brings the grabber a part of its own, and costs "
        "more the more is grabbed. Contributing more than the baseline builds trust."
    ),
    repeated=True,
    forms=("continuous", "constant"),
    references=(
        "arXiv:2510.18802 (TR-1), equations 1, 5-8, 11, 13",
        "Coopetition-Gym extensions/slcd_2d (MIT licence), payoffs and parameters as released",
    ),
    notes=("Dilution by appropriation does not feed trust, as in the released extension.",),
)


@dataclass(frozen=True, slots=True)
class Grabbing(Parameters):
    """What appropriation costs, brings and destroys."""

    unit_cost: Amount = 0.5
    """kappa, the cost of a unit of appropriation"""
    dilution: Annotated[float, Ge(0), Le(1)] = 0.6
    """beta, the share of the shared surplus that is lost where everybody grabs all they can"""
    gain: Amount = 0.4
    """eta, the part of the surplus that a full grab brings"""
    deterrent: Amount = 15.0
    """xi, the cost of appropriation that rises with its square"""


@dataclass(frozen=True)
class Appropriation(TwoChoices):
    """Contributing to a joint surplus and grabbing from it, round after round."""

    grabbing: Grabbing = Grabbing()
    """what appropriation costs, brings and destroys"""

    card: ClassVar[GameCard] = cast(GameCard, FoundCard(_CARD))

    @property
    def noun(self) -> str:
        """appropriation."""
        return "appropriation"

    @property
    def most(self) -> Float:
        """1 for everybody."""
        return np.ones(self.n)

    def earned(
        self, a: Array, second: Array, surplus: Array, endowment: Array, gamma: Any, xp: Any
    ) -> Array:
        """pi of both choices, `[n, ...]`; see the module for the formula."""
        rule, made = self.grabbing, synergy(a, xp)
        shared = surplus * (1 - rule.dilution * second.mean(0))
        taken = rule.gain * gamma * made - rule.unit_cost - rule.deterrent * second
        return endowment - a + self.value.of(a, xp) + shared * made + second * taken

    def about(self, value: float) -> str:
        """What a player did, in words."""
        return f"grabbed {value:.3f}"

    def rule(self) -> str:
        """What grabbing does, in words."""
        rule = self.grabbing
        return (
            f"Grabbing p of the joint surplus S brings {rule.gain:g} p S, costs {rule.unit_cost:g} "
            f"p + {rule.deterrent:g} p^2, and the mean grab of all shrinks what is shared by "
            f"{rule.dilution:g} times itself."
        )

    @functools.cached_property
    def own_card(self) -> GameCard:
        """The family's card, with chance and information as the parameters make them."""
        base = super().own_card
        return replace(_CARD, chance=base.chance, information=base.information)
