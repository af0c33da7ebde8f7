"""coopetition/repeated: the coopetition game over time, with trust and reputation.

Sources: TR-1 (arXiv:2510.18802) for the round, TR-2 (arXiv:2510.24909) for trust, TR-3
(arXiv:2601.16237) for teams and loyalty, TR-4 (arXiv:2604.01240) for reciprocity. Everything
beyond value and trust is a part that a game has or has not.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, cast

import numpy as np
from annotated_types import Ge, Gt, Le

from coopsim import budget
from coopsim.arrays import NUMPY, Array, Backend, Float, PerBackend
from coopsim.errors import UserError
from coopsim.games.card import GameCard
from coopsim.games.classic.cards import FoundCard
from coopsim.games.coopetition.overtime import fits_trust, marks, trust_form
from coopsim.games.coopetition.parts.agreement import Agreement
from coopsim.games.coopetition.parts.coalition import Coalition
from coopsim.games.coopetition.parts.ending import Ending
from coopsim.games.coopetition.parts.hidden import Hidden
from coopsim.games.coopetition.parts.loyalty import Loyalty
from coopsim.games.coopetition.parts.part import Part
from coopsim.games.coopetition.parts.reciprocity import Reciprocity
from coopsim.games.coopetition.parts.standing import Standing
from coopsim.games.coopetition.parts.team import Team
from coopsim.games.coopetition.parts.timeline import Phase, Shock, check_phases, check_shocks
from coopsim.games.coopetition.payoffs import Coopetition, per_player, private_payoffs
from coopsim.games.coopetition.round import (
    Constants,
    RepeatedState,
    make_constants,
    play_round,
    start_state,
)
from coopsim.games.coopetition.sight import Sight, look, told
from coopsim.games.coopetition.trust import TrustRule
from coopsim.games.forms.dynamic import dynamic_form
from coopsim.games.game import Step

_CARD = GameCard(
    title="Repeated coopetition",
    summary=(
        "Every round players choose how much of an endowment to contribute. Each keeps the "
        "value of its own contribution; joint effort creates a synergy that is shared by "
        "bargaining power. Contributing more than the baseline builds trust, contributing "
        "less destroys it and damages reputation; trust gates how much partners' payoffs "
        "count."
    ),
    repeated=True,
    forms=("continuous", "normal", "constant", "dynamic"),
    references=(
        "arXiv:2510.18802 (TR-1), equations 1, 5-8, 11, 13",
        "arXiv:2510.24909 (TR-2), equations 6-9",
    ),
    notes=(
        "Formulas were taken from the released code that cites these equations.",
        "In action units of 0 to 100 the released trust signal is close to a sign test: a "
        "deviation of 3 already gives 99.5 % of it. formulation: report grades it.",
        "Reward mode cooperative pays everybody the mean of trust-gated utilities, as the "
        "released code does; its documentation says the sum of private payoffs.",
    ),
)


@dataclass(frozen=True)
class Repeated(Coopetition):
    """Contributions round after round: meeting the baseline builds trust, missing it costs it."""

    trust: TrustRule | None = TrustRule()
    """how trust and reputation move; null switches them off (full trust, no gate)"""
    baseline: Annotated[float, Ge(0)] | tuple[Annotated[float, Ge(0)], ...] | None = None
    """b, the contribution that partners expect; 35 % of the endowment where not given"""
    horizon: Annotated[int, Ge(1), Le(1_000_000)] = 100
    """the number of rounds"""
    end_below: Annotated[float, Gt(0), Le(1)] | None = None
    """play ends early when mean trust falls below this; null: never"""
    formulation: Literal["report", "gym-v1"] = "report"
    """report: the mechanisms of the technical reports, deviations as shares of the endowment;
    gym-v1: as in the released environments, deviations in action units (in practice a sign)"""
    team: Team | None = None
    """team production in place of own value and synergy (report only, as in TR-3)"""
    loyalty: Loyalty | None = None
    """commitment that grows with effort (TR-3)"""
    coalition: Coalition | None = None
    """exclusion of the disloyal; needs loyalty"""
    reciprocity: Reciprocity | None = None
    """answers to changes in what others do (TR-4)"""
    agreement: Agreement | None = None
    """actions that come close bind, and leaving them is punished"""
    standing: Standing | None = None
    """a public score of contributions, and what it is paid by"""
    hidden: Hidden | None = None
    """a complementarity that is drawn and not told; it takes the place of gamma"""
    endings: tuple[Ending, ...] = ()
    """further levels of trust that end an episode"""
    phases: tuple[Phase, ...] = ()
    """parameters that change on the way"""
    shocks: tuple[Shock, ...] = ()
    """what happens to actions in single rounds"""
    sight: Sight = "full"
    """full: everybody sees all actions, trust and reputation; realistic: all actions, own trust,
    own and average reputation; minimal: the own action and own trust"""
    clip: bool = True
    """whether actions outside 0 to the endowment are brought to the nearest bound"""

    card: ClassVar[GameCard] = cast(GameCard, FoundCard(_CARD))

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        super().__post_init__()
        self._check_parts()
        if isinstance(self.baseline, tuple) and len(self.baseline) != self.n:
            raise UserError(
                f"needs one entry a player, that is {self.n}",
                key="baseline",
                given=list(self.baseline),
            )
        if self.end_below is not None and self.trust is None:
            raise UserError("needs trust, which is switched off", key="end_below")

    @property
    def rounds(self) -> int:
        """The horizon."""
        return self.horizon

    @property
    def common_view(self) -> bool:
        """Everybody sees the same where everybody sees everything."""
        return self.sight == "full"

    @property
    def noun(self) -> str:
        """What players choose besides their contribution, in a word; nothing here."""
        return ""

    def about(self, value: float) -> str:
        """Such a choice, as words that follow a player's name."""
        return ""

    def rule(self) -> str:
        """What such a choice does, in a sentence."""
        return ""

    @functools.cached_property
    def expected(self) -> Float:
        """b as an array `[n]`."""
        return 0.35 * self.endowment if self.baseline is None else per_player(self.baseline, self.n)

    def initial_trust(self) -> float:
        """Effective trust before the first round: min(T, 1 - R)."""
        if self.trust is None:
            return 1.0
        return min(self.trust.initial, 1 - self.trust.initial_damage)

    @property
    def graded(self) -> bool:
        """Whether mechanisms are those of the reports."""
        return self.formulation == "report"

    @property
    def joint(self) -> bool:
        """Whether value is made as in TR-1, and not by a team."""
        return self.team is None or not self.graded

    @property
    def complementarity(self) -> float:
        """gamma, or its mean where it is hidden."""
        return self.gamma if self.hidden is None else self.hidden.mean

    @functools.cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts that carry something from round to round, in the order of play."""
        every = (self.loyalty, self.coalition, self.reciprocity, self.agreement, self.standing)
        return tuple(part for part in every if part is not None)

    def private(self, a: Array, surplus: Array, endowment: Array, xp: Any) -> Array:
        """Private payoffs `[n, ...]`: TR-1's, or what the team pays."""
        if self.team is not None and self.graded:
            return self.team.private(a, endowment)
        return private_payoffs(a, endowment, surplus, self.value, xp)

    def beyond(self, a: Array, private: Array) -> Array | None:
        """The utility of loyalty at its start, `[n, ...]`, for the stage game."""
        if self.team is None or self.loyalty is None or not self.graded:
            return None
        rule = self.loyalty
        return self.team.loyal(
            a, private, min(rule.initial, rule.cap), rule.benefit, rule.tolerance
        )

    def form(self, kind: str, **options: Any) -> Any:
        """As `Coopetition.form`, and the game as it is played over its horizon.

        Args:
            kind: also "dynamic": whole sequences of actions (`discount`, 1 where not said);
                and "trust": strategies that look at trust and reputation (two players whose
                state is no more than that; `discount`, and `endless=True` for play without a
                last round).
            options: of the form.

        A hidden complementarity counts by its mean, which is exact for actions that do not
        depend on it: payoffs are linear in gamma, and trust does not depend on it.
        """
        if self.hidden is not None and kind in ("constant", "dynamic"):
            known = replace(self, hidden=None, gamma=self.complementarity)
            return known.form(kind, **options)
        if kind == "dynamic" and set(options) <= {"discount"}:
            low, high = np.zeros(self.n), np.array(self.endowment)
            return dynamic_form(self, low, high, marks=marks(self), **options)
        if kind == "trust" and set(options) <= {"discount", "endless"}:
            return trust_form(self, **options)
        return super().form(kind, **options)

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> RepeatedState:
        """Everybody stands at the baseline. Only a hidden complementarity is random."""
        return start_state(self, batch, rng, backend)

    def observe(self, state: RepeatedState, player: int) -> Mapping[str, Array]:
        """What `sight` lets a player see."""
        return look(self, state, player)

    def step(self, state: RepeatedState, actions: Array) -> Step:
        """Play one round; see `coopsim.games.coopetition.round` for the order of events."""
        return play_round(self, self._constants(state.trust), state, actions)

    def expose(self, state: RepeatedState) -> Mapping[str, Array]:
        """Trust, reputation damage, the private payoffs behind what was paid, and parts' state."""
        shown = {
            "trust": state.trust,
            "reputation_damage": state.damage,
            "private_payoff": state.private,
        }
        if not state.more:
            return shown
        kept = {name: value for name, value in state.more.items() if not name.startswith("past_")}
        return {**shown, **kept}

    def narrate(self, view: Any) -> str:
        """The rules, and what the player sees in the first episode of the view."""
        return told(self, view)

    @staticmethod
    def batch(state: RepeatedState) -> int:
        """The number of episodes."""
        return int(state.actions.shape[0])

    @functools.cached_property
    def own_card(self) -> GameCard:
        """The family's card; a hidden complementarity is chance, and partial sight hides."""
        return replace(
            _CARD,
            forms=(*_CARD.forms, "trust") if not fits_trust(self) else _CARD.forms,
            chance=self.hidden is not None,
            information="perfect"
            if self.sight == "full" and self.hidden is None
            else "incomplete"
            if self.hidden is not None
            else "imperfect",
        )

    @functools.cached_property
    def _constants(self) -> PerBackend[Constants]:
        return PerBackend(functools.partial(make_constants, self))

    def _check_parts(self) -> None:
        """Parts that need one another, and timelines that do not fit."""
        if self.coalition is not None and self.loyalty is None:
            raise UserError("needs loyalty, which is not given", key="coalition")
        if self.endings and self.trust is None:
            raise UserError("needs trust, which is switched off", key="endings")
        if self.hidden is not None and self.phases:
            raise UserError("goes with no phases", key="hidden")
        check_phases(self.phases, self.horizon)
        check_shocks(self.shocks, self.labels, self.horizon)
        need = 8 * 4 * (len(self.phases) + 1) * self.n**2
        budget.require(need, f"{len(self.phases):,} phases of {self.n:,} players", key="phases")
        for place, phase in enumerate(self.phases):
            if phase.interdependence is not None:
                self.matrix(phase.interdependence, f"phases.{place}.interdependence")
            for name in ("trust", "damage"):
                if getattr(phase, name) is not None and self.trust is None:
                    raise UserError(
                        "needs trust, which is switched off", key=f"phases.{place}.{name}"
                    )
            if isinstance(phase.baseline, tuple) and len(phase.baseline) != self.n:
                raise UserError(
                    f"needs one entry a player, that is {self.n}",
                    key=f"phases.{place}.baseline",
                    given=list(phase.baseline),
                )
        for place, ending in enumerate(self.endings):
            ending.pairs(self.labels, f"endings.{place}")
