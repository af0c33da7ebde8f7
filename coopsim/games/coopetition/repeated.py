"""coopetition/repeated: the coopetition game over time, with trust and reputation.

Sources: TR-1 (arXiv:2510.18802) for the round, TR-2 (arXiv:2510.24909) for trust. The
order of a round is that of the released environments: actions, then trust and
reputation, then payoffs gated by the *new* trust and reputation.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from coopsim.arrays import (
    NUMPY,
    Array,
    Backend,
    Float,
    PerBackend,
    add_up,
    batch_first,
    batch_last,
    namespace,
)
from coopsim.errors import UserError
from coopsim.games.card import GameCard
from coopsim.games.coopetition.payoffs import Coopetition, paid, per_player, private_payoffs
from coopsim.games.coopetition.trust import TrustRates, TrustRule
from coopsim.games.game import Step


@dataclass(frozen=True, slots=True)
class RepeatedState:
    """What is carried from round to round.

    Args:
        actions: the last contributions, `[B, n]` (the baselines before the first round).
        trust: `T[i, j]`, i's trust in j, `[B, n, n]`.
        damage: `R[i, j]`, damage to j's reputation with i, `[B, n, n]`.
        private: private payoffs of the last round, `[B, n]`.
        turn: rounds played, `[B]`.
    """

    actions: Array
    trust: Array
    damage: Array
    private: Array
    turn: Array


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
    formulation: Literal["gym-v1", "report"] = "gym-v1"
    """gym-v1: the trust signal takes deviations in action units, as released (in practice the
    sign of the deviation); report: deviations as a share of the endowment (graded)"""
    clip: bool = True
    """whether actions outside 0 to the endowment are brought to the nearest bound"""

    card: ClassVar[GameCard] = GameCard(
        title="Repeated coopetition",
        summary=(
            "Every round players choose how much of an endowment to contribute. Each keeps the "
            "value of its own contribution; joint effort creates a synergy that is shared by "
            "bargaining power. Contributing more than the baseline builds trust, contributing "
            "less destroys it and damages reputation; trust gates how much partners' payoffs "
            "count."
        ),
        repeated=True,
        forms=("continuous", "normal", "constant"),
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

    def __post_init__(self) -> None:
        """Check what ranges cannot say."""
        super().__post_init__()
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

    @functools.cached_property
    def expected(self) -> Float:
        """b as an array `[n]`."""
        return 0.35 * self.endowment if self.baseline is None else per_player(self.baseline, self.n)

    def initial_trust(self) -> float:
        """Effective trust before the first round: min(T, 1 - R)."""
        if self.trust is None:
            return 1.0
        return min(self.trust.initial, 1 - self.trust.initial_damage)

    def start(
        self, batch: int, rng: np.random.Generator | None = None, backend: Backend = NUMPY
    ) -> RepeatedState:
        """Everybody stands at the baseline. Nothing is random."""
        n, rule = self.n, self.trust or TrustRule(initial=1.0, initial_damage=0.0)
        off = 1 - np.eye(n)
        trust = rule.initial * off + np.eye(n)
        repeat = functools.partial(_batched, batch=batch, backend=backend)
        zero = repeat(np.zeros(n))
        return RepeatedState(
            actions=repeat(self.expected),
            trust=repeat(trust),
            damage=repeat(rule.initial_damage * off),
            private=zero,
            turn=zero[:, 0],
        )

    def observe(self, state: RepeatedState, player: int) -> Mapping[str, Array]:
        """Full visibility: last actions, trust, reputation damage, and the share of time gone."""
        return {
            "actions": state.actions,
            "trust": state.trust,
            "reputation_damage": state.damage,
            "time": state.turn[:, None] / float(self.horizon),
        }

    def step(self, state: RepeatedState, actions: Array) -> Step:
        """Play one round; see the module's docstring for the order of events."""
        xp, known = namespace(actions), self._constants(state.trust)
        # players first and batch last from here to the end of the round
        a = batch_last(actions)
        if self.clip:
            a = xp.minimum(xp.maximum(a, known.zero), known.endowment)
        trust, damage, gate = state.trust, state.damage, known.dependence
        turn = state.turn + known.one
        done = turn >= known.horizon
        if known.rates is not None:
            new_trust, new_damage = known.rates.update(
                batch_last(trust), batch_last(damage), a - known.expected, xp
            )
            gate = xp.minimum(new_trust, known.one - new_damage) * gate
            if known.least_trust is not None:
                done = done | (add_up(add_up(new_trust, 0), 0) < known.least_trust)
            trust, damage = batch_first(new_trust), batch_first(new_damage)
        private = private_payoffs(a, known.endowment, known.surplus, self.value, xp)
        payoffs = paid(private, gate, self.reward, xp)
        return Step(RepeatedState(a.T, trust, damage, private.T, turn), payoffs.T, done)

    def expose(self, state: RepeatedState) -> Mapping[str, Array]:
        """Trust, reputation damage and the private payoffs behind what was paid."""
        return {
            "trust": state.trust,
            "reputation_damage": state.damage,
            "private_payoff": state.private,
        }

    def narrate(self, view: Any) -> str:
        """The rules, and what the player sees in the first episode of the view."""
        me = view.player
        actions, trust = view.observation["actions"][0], view.observation["trust"][0]
        gone = round(float(view.observation["time"][0, 0]) * self.horizon)
        lines = [
            f"You are {self.labels[me]}. {self.card.summary}",
            f"You have {self.endowment[me]:g} to contribute each round; {self.expected[me]:g} is "
            f"expected of you. You receive {self.share[me]:.0%} of the synergy. "
            f"Round {gone + 1} of {self.horizon}.",
        ]
        for j, name in enumerate(self.labels):
            if j != me:
                did = f"contributed {float(actions[j]):.4g} last round" if gone else "has not moved"
                lines.append(
                    f"{name} {did}; {self.expected[j]:g} is expected. You trust {name} "
                    f"{float(trust[me, j]):.0%}; {name} trusts you {float(trust[j, me]):.0%}."
                )
        return "\n".join(lines)

    @staticmethod
    def batch(state: RepeatedState) -> int:
        """The number of episodes."""
        return int(state.actions.shape[0])

    @functools.cached_property
    def _constants(self) -> PerBackend[_Constants]:
        return PerBackend(functools.partial(_make_constants, self))


@dataclass(frozen=True, slots=True)
class _Constants:
    endowment: Array
    surplus: Array
    dependence: Array
    expected: Array
    rates: TrustRates | None
    least_trust: Array | None
    horizon: Array
    zero: Array
    one: Array


def _make_constants(game: Repeated, backend: Backend) -> _Constants:
    """The game's parameters as arrays of a backend, players first; `surplus` is alpha gamma."""

    def column(values: Float) -> Array:
        return backend.asarray(values[..., None])

    n, rates, least_trust = game.n, None, None
    if game.end_below is not None:
        # the mean between different players, as a sum that has the ones of the diagonal in it
        least_trust = backend.asarray(game.end_below * n * (n - 1) + n)
    if game.trust is not None:
        rule, off = game.trust, 1 - np.eye(n)
        scale = game.endowment if game.formulation == "report" else np.ones(n)
        erode = rule.erode * (1 + rule.amplify * game.dependence) * off
        rates = TrustRates(
            gain=column(rule.sensitivity / scale),
            build=column(rule.build * off),
            erode=column(erode),
            damage=column(rule.damage * off),
            stay=backend.asarray(1 - rule.forget),
            overshoots=bool(erode.max() > 1),
            pairs=column(np.ones((n, n))),
            zero=backend.asarray(0),
            one=backend.asarray(1),
        )
    return _Constants(
        column(game.endowment),
        column(game.share * game.gamma),
        column(game.dependence),
        column(game.expected),
        rates,
        least_trust,
        *(backend.asarray(number) for number in (game.horizon, 0, 1)),
    )


def _batched(values: Float, batch: int, backend: Backend) -> Array:
    """`values` repeated `batch` times: `[B, ...]` in shape, batch last in memory."""
    return batch_first(backend.asarray(np.repeat(values[..., None], batch, axis=-1)))
