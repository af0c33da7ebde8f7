"""One round of the repeated coopetition game, as array operations.

The order is that of the released environments: shocks, actions, trust and reputation,
payoffs gated by the *new* trust and reputation, then the other parts in their order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coopsim.arrays import (
    Array,
    Backend,
    Float,
    add_up,
    at_least,
    batch_first,
    batch_last,
    namespace,
)
from coopsim.games.coopetition.parts.part import Now, Setting
from coopsim.games.coopetition.parts.timeline import shock_table
from coopsim.games.coopetition.payoffs import paid, per_player
from coopsim.games.coopetition.trust import TrustRates
from coopsim.games.game import Step
from coopsim.tolerance import RELATIVE, keeps_to, least

if TYPE_CHECKING:
    from coopsim.games.coopetition.repeated import Repeated

COMPACT = 8
"""From this many players on, trust that is alike for all is kept once: `[1, n]`, not `[n, n]`."""


@dataclass(frozen=True, slots=True)
class RepeatedState:
    """What is carried from round to round.

    Args:
        actions: the last contributions, `[B, n]` (the baselines before the first round).
        trust: `T[i, j]`, i's trust in j, `[B, n, n]`; `[B, 1, n]` where all trust alike.
        damage: `R[i, j]`, damage to j's reputation with i, shaped as trust.
        private: private payoffs of the last round, `[B, n]`.
        turn: rounds played, `[B]`.
        more: what the game's parts carry, by name, the batch axis first.
    """

    actions: Array
    trust: Array
    damage: Array
    private: Array
    turn: Array
    more: Mapping[str, Array] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Constants:
    """The game's parameters as arrays of a backend, players first; `surplus` is alpha gamma."""

    endowment: Array
    surplus: Array
    dependence: Array
    expected: Array
    rates: TrustRates | None
    least_trust: Array | None
    horizon: Array
    zero: Array
    one: Array
    setting: Setting
    parts: Mapping[str, Array]
    share: Array
    phases: Phases | None
    shocks: tuple[Array, Array, Array] | None
    endings: tuple[tuple[Array | None, float | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class Phases:
    """What holds in each phase, the time before the first one at place 0.

    Args:
        starts: when each phase begins, `[P]`.
        gamma, dependence, expected: `[P + 1]`, `[P + 1, n, n]`, `[P + 1, n]`.
        trust, damage: what is set where a phase begins, `[P + 1]`, and whether it is.
        erode: the trust rule's erosion under each phase's dependence, `[P + 1, n, n]`.
        own: 1 where a player looks at itself, `[n, n]` (`[1, n]` of zeros where all trust alike).
    """

    starts: Array
    gamma: Array
    dependence: Array
    expected: Array
    trust: Array
    sets_trust: Array
    damage: Array
    sets_damage: Array
    erode: Array
    own: Array


def compact(game: Repeated) -> bool:
    """Whether everybody trusts and depends alike, so that one row of trust stands for all."""
    d = game.dependence[~np.eye(game.n, dtype=bool)]
    special = any(end.truster or end.trusted for end in game.endings)
    by_phase = any(phase.interdependence is not None for phase in game.phases)
    alike = bool(keeps_to(np.ptp(d), 0.0, scale=1.0))
    return game.n >= COMPACT and alike and not special and not by_phase


def play_round(
    game: Repeated,
    known: Constants,
    state: RepeatedState,
    actions: Array,
    earned: Callable[[Array, Array, Array, Any], Array] | None = None,
) -> Step:
    """The next state and what is paid; see the module's docstring for the order of events.

    Args:
        game: the game.
        known: its parameters as arrays.
        state: before the round.
        actions: contributions, `[B, n]`.
        earned: private payoffs in place of the game's own, where they depend on more.
    """
    xp = namespace(actions)
    # players first and batch last from here to the end of the round
    a = batch_last(actions)
    if known.shocks is not None:
        fixed, level, shift = (part[_round(state, known, xp)].T for part in known.shocks)
        a = xp.where(fixed > 0, level, a) + shift
    if game.clip or known.shocks is not None:
        a = xp.minimum(at_least(a, known.zero), known.endowment)
    trust, damage, gate = state.trust, state.damage, known.dependence
    surplus, expected, rates = known.surplus, known.expected, known.rates
    turn = state.turn + known.one
    done = turn >= known.horizon
    if known.phases is not None:
        place = xp.searchsorted(known.phases.starts, state.turn, side="right")
        surplus, expected, gate, rates, trust, damage = _phase(known, state, place, xp)
    depends = None if known.phases is None else gate
    if "gamma" in state.more:
        surplus = known.share * state.more["gamma"][:, 0]
    after = None
    if rates is not None:
        new_trust, new_damage = rates.update(
            batch_last(trust), batch_last(damage), a - expected, xp
        )
        gate = xp.minimum(new_trust, known.one - new_damage) * gate
        if known.least_trust is not None:
            done = done | (add_up(add_up(new_trust, 0), 0) < known.least_trust)
        for pairs, below, reaches in known.endings:
            done = done | _ended(new_trust, pairs, below, reaches)
        trust, damage = batch_first(new_trust), batch_first(new_damage)
        after = new_trust
    private = (earned or game.private)(a, surplus, known.endowment, xp)
    if not game.parts:
        payoffs = paid(private, gate, game.reward, xp)
        return Step(RepeatedState(a.T, trust, damage, private.T, turn, state.more), payoffs.T, done)
    now = Now(xp, a, a / known.endowment, after, turn, private, known.parts, depends)
    held = {name: batch_last(values) for name, values in state.more.items()}
    payoffs = paid(private, gate, game.reward, xp, _beyond(game, known.setting, now, held))
    for part in game.parts:
        payoffs, changed = part.play(known.setting, now, payoffs, held)
        held = {**held, **changed}
    more = {name: batch_first(values) for name, values in held.items()}
    return Step(RepeatedState(a.T, trust, damage, private.T, turn, more), payoffs.T, done)


def _beyond(game: Repeated, setting: Setting, now: Now, held: dict[str, Array]) -> Array | None:
    """The utility that parts add, from what they held before the round."""
    terms = [part.felt(setting, now, held) for part in game.parts]
    if game.team is not None and game.loyalty is not None and setting.graded:
        rule = game.loyalty
        terms.append(
            game.team.loyal(now.a, now.private, held["loyalty"], rule.benefit, rule.tolerance)
        )
    found = None
    for term in terms:
        if term is not None:
            found = term if found is None else found + term
    return found


def _round(state: RepeatedState, known: Constants, xp: Any) -> Array:
    """The number of the round to come, as an index."""
    last = known.horizon - 1
    return xp.astype(xp.minimum(state.turn, last + state.turn * 0), xp.int64)


def _phase(known: Constants, state: RepeatedState, place: Array, xp: Any) -> tuple[Any, ...]:
    """What holds in each episode's phase, players first; trust and damage as they begin it."""
    phases = known.phases
    assert phases is not None
    rates, trust, damage = known.rates, state.trust, state.damage
    if rates is not None:
        rates = dataclasses.replace(rates, erode=batch_last(phases.erode[place]))
        first = (state.turn == phases.starts[xp.maximum(place - 1, place * 0)]) & (place > 0)
        own = phases.own
        sets = first & phases.sets_trust[place]
        trust = _reset(xp, trust, sets, phases.trust[place], own, 1.0)
        sets = first & phases.sets_damage[place]
        damage = _reset(xp, damage, sets, phases.damage[place], own, 0.0)
    return (
        known.share * phases.gamma[place],
        phases.expected[place].T,
        batch_last(phases.dependence[place]),
        rates,
        trust,
        damage,
    )


def _reset(xp: Any, values: Array, where: Array, level: Array, own: Array, self_: float) -> Array:
    """Trust or damage `[B, k, n]` set to a level in some episodes; the diagonal stays."""
    new = level[:, None, None] * (1 - own) + self_ * own
    return xp.where(where[:, None, None], new, values)


def _ended(trust: Array, pairs: Array | None, below: float | None, reaches: float | None) -> Array:
    mean = trust[0].mean(0) if pairs is None else (trust * pairs).sum(0).sum(0)
    return mean < below if below is not None else mean >= reaches


def make_constants(game: Repeated, backend: Backend) -> Constants:
    """The parameters of a game for a backend."""

    def column(values: Float) -> Array:
        return backend.asarray(values[..., None])

    n, rates, least_trust, alike = game.n, None, None, compact(game)
    d = game.dependence[:1, 1:2] * np.ones((1, n)) if alike else game.dependence
    off = np.ones((1, n)) if alike else 1 - np.eye(n)
    if game.end_below is not None:
        # the mean between different players, as a sum that has the ones of the diagonal in it
        total = game.end_below * n if alike else game.end_below * n * (n - 1) + n
        least_trust = backend.asarray(least(total))
    if game.trust is not None:
        rule = game.trust
        scale = game.endowment if game.graded else np.ones(n)
        erode = rule.erode * (1 + rule.amplify * d) * off
        rates = TrustRates(
            gain=column(rule.sensitivity / scale),
            build=backend.asarray(rule.build),
            erode=column(erode),
            damage=column(rule.damage * off),
            stay=backend.asarray(1 - rule.forget),
            zero=backend.asarray(0),
            overshoots=bool(erode.max() > 1 or game.phases),
            pairs=column(np.ones(off.shape)),
            one=backend.asarray(1),
            nothing=backend.asarray(RELATIVE) if game.graded else None,
        )
    setting = Setting(game.endowment, game.expected, game.dependence, game.graded, game.horizon)
    shocks = None
    if game.shocks:
        table = shock_table(game.shocks, game.labels, game.horizon)
        shocks = (backend.asarray(table[0]), backend.asarray(table[1]), backend.asarray(table[2]))
    return Constants(
        endowment=column(game.endowment),
        surplus=column(game.share * game.complementarity),
        dependence=column(d),
        expected=column(game.expected),
        rates=rates,
        least_trust=least_trust,
        horizon=backend.asarray(game.horizon),
        zero=backend.asarray(0),
        one=backend.asarray(1),
        setting=setting,
        parts={
            name: column(values)
            for part in game.parts
            for name, values in part.constants(setting).items()
        },
        share=column(game.share),
        phases=_phases(game, backend) if game.phases else None,
        shocks=shocks,
        endings=tuple(
            (
                None if alike else column(end.pairs(game.labels)),
                None if end.below is None else least(end.below),
                None if end.reaches is None else least(end.reaches),
            )
            for end in game.endings
        ),
    )


def _phases(game: Repeated, backend: Backend) -> Phases:
    """The parameters of each phase; what a phase does not say is as before it."""
    gamma, d, b = [game.complementarity], [game.dependence], [game.expected]
    trust, damage = [float("nan")], [float("nan")]
    for phase in game.phases:
        gamma.append(gamma[-1] if phase.gamma is None else phase.gamma)
        d.append(d[-1] if phase.interdependence is None else game.matrix(phase.interdependence))
        b.append(b[-1] if phase.baseline is None else per_player(phase.baseline, game.n))
        trust.append(float("nan") if phase.trust is None else phase.trust)
        damage.append(float("nan") if phase.damage is None else phase.damage)
    levels = {"trust": np.array(trust), "damage": np.array(damage)}
    rule = game.trust
    off = 1 - np.eye(game.n)
    stacked = np.stack(d)
    alike = compact(game)
    if alike:
        stacked = stacked[:, :1, 1:2] * np.ones((1, 1, game.n))
        off = np.ones((1, game.n))
    erode = (rule.erode * (1 + rule.amplify * stacked) if rule else stacked) * off
    return Phases(
        starts=backend.asarray(np.array([phase.start for phase in game.phases], dtype=float)),
        gamma=backend.asarray(np.array(gamma)),
        dependence=backend.asarray(stacked),
        expected=backend.asarray(np.stack(b)),
        trust=backend.asarray(np.nan_to_num(levels["trust"])),
        sets_trust=backend.asarray(np.isfinite(levels["trust"]).astype(float)) > 0,
        damage=backend.asarray(np.nan_to_num(levels["damage"])),
        sets_damage=backend.asarray(np.isfinite(levels["damage"]).astype(float)) > 0,
        erode=backend.asarray(erode),
        own=backend.asarray(1 - off),
    )


def start_state(
    game: Repeated, batch: int, rng: np.random.Generator | None, backend: Backend
) -> RepeatedState:
    """Everybody stands at the baseline; a hidden complementarity is drawn."""
    n, rule = game.n, game.trust

    def repeat(values: Float) -> Array:
        """`values` repeated: `[B, ...]` in shape, batch last in memory."""
        return batch_first(backend.asarray(np.repeat(values[..., None], batch, axis=-1)))

    level, harm = (1.0, 0.0) if rule is None else (rule.initial, rule.initial_damage)
    if compact(game):
        trust, damage = np.full((1, n), level), np.full((1, n), harm)
    else:
        off = 1 - np.eye(n)
        trust, damage = level * off + np.eye(n), harm * off
    zero = repeat(np.zeros(n))
    setting = Setting(game.endowment, game.expected, game.dependence, game.graded, game.horizon)
    more: dict[str, Array] = {}
    for part in game.parts:
        more |= {name: repeat(values) for name, values in part.start(setting).items()}
    if game.hidden is not None:
        drawn = (rng or np.random.default_rng(0)).uniform(game.hidden.low, game.hidden.high, batch)
        more["gamma"] = batch_first(backend.asarray(drawn[None]))
    return RepeatedState(
        actions=repeat(game.expected),
        trust=repeat(trust),
        damage=repeat(damage),
        private=zero,
        turn=zero[:, 0],
        more=more,
    )
