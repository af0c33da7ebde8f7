"""Certificates of strategies on trust and reputation: deviations played out, state by state.

Nothing of a method's values is used. From states that lie off the grid, at several rounds, a
deviation is played against the profile and the profile is followed afterwards. Where no
deviation of one round gains from any state, no strategy does (one-shot deviation principle,
Blackwell 1965); here states are a sample, so `exact` is false.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.errors import CoopsimError
from coopsim.games.forms.trust import TrustForm, chosen
from coopsim.solvers.proof import Certificate, spreads

_STATES = 10  # held out, beside the first state
_TIMES = 4
_ACTIONS = 33
_CLOSER = np.array([-3, -2, -1, 1, 2, 3]) / 4  # what a closer look adds between known actions
_LOOKS = 7  # closer looks, each four times as close: to some millionths of the range
_LENGTHS = (1, 5)  # rounds that a deviation lasts; and to the end
_ROUNDING = 1e-12  # of the values: gains below this are none
_NOTHING = 1e-7  # discounted weight of what is left out of endless play
_SEED = 11


def regret(
    form: TrustForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """The most a player gains by deviating for one round, for five, or to the end.

    Payoffs `[n]` are those of the episode from the first state on.

    Cost: some 9,000 episodes a player.

    Raises:
        CoopsimError: the profile does not fit the form.
    """
    _check(form, profile, 2 * form.n)
    gains = [_gain(form, profile, [i], np.eye(form.n)[i]) for i in range(form.n)]
    return _certificate("regret", gains, _spans(form)), _values(form, profile)


def shortfall(
    form: TrustForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much the sum of payoffs rises when all deviate alike, as in `regret`; payoffs `[n]`."""
    _check(form, profile, 2)
    gain = _gain(form, profile, list(range(form.n)), np.ones(form.n))
    span = max(_spans(form))  # a sum rounds where its largest payoffs do
    return _certificate("shortfall", [gain], [span]), _values(form, profile)


def _spans(form: TrustForm) -> list[float]:
    """The range of each player's payoffs over constant actions: bounds, marks and middles."""
    corners = np.stack([form.low, form.high, *form.marks, 0.5 * (form.low + form.high)])
    starts = np.tile(form.start, (len(corners), 1))
    return spreads(_played(form, starts, 0, lambda s, t: corners), -1)


def _certificate(kind: str, gains: list[float], spans: list[float]) -> Certificate:
    return Certificate.of(
        kind,
        gains,
        [max(pair) for pair in zip(spans, gains, strict=True)],
        exact=False,
        checked_by=f"deviations to {_ACTIONS} actions and closer around the best for one round "
        f"(the Bellman residual), five, and to the end, from {_STATES + 1} states at {_TIMES} "
        "rounds, played out",
    )


def _gain(form: TrustForm, profile: tuple[Float, ...], movers: list[int], weights: Float) -> float:
    """The most that a deviation of some players gains in a weighted sum of payoffs."""
    states, most = _held_out(form, profile), 0.0
    low, high = float(form.low[movers[0]]), float(form.high[movers[0]])
    levels = np.concatenate([np.linspace(low, high, _ACTIONS), form.marks[:, movers[0]]])
    count = 1 if form.horizon is None else _TIMES
    last = form.stages - 1
    for begin in sorted(
        {round(last * k / max(1, count - 1)) for k in range(count)} if last else {0}
    ):
        plain = _follow(form, profile, states, begin)
        worth = _played(form, states, begin, plain) @ weights
        left = 10_000 if form.horizon is None else form.horizon - begin
        lengths = np.array(sorted({min(each, left) for each in (*_LENGTHS, left)}))
        state, length = (x.ravel() for x in np.meshgrid(np.arange(len(states)), lengths))
        paid = functools.partial(_deviated, form, profile, states, begin, movers, weights)
        value = paid(state, length, np.tile(levels, (len(state), 1)))
        rise, centre = value.max(1) - worth[state], levels[value.argmax(1)]
        kept = np.flatnonzero(rise + _between(value[:, :_ACTIONS]) >= max(most, rise.max()))
        own = _actions(form, profile, states, begin)[:, movers[0]]
        around = np.concatenate([kept, np.flatnonzero(length == 1)])
        near = functools.partial(paid, state[around], length[around])
        closer = _closer(near, np.concatenate([centre[kept], own]), low, high)
        size = max(float(np.abs(closer).max()), float(np.abs(worth).max()))
        gain = float(np.maximum(rise.max(), (closer - worth[state[around]]).max()))
        most = positive_part(most, 0.0 if gain <= _ROUNDING * size else gain)
    return most


def _between(value: Float) -> Float:
    """What may be gained `[D]` between the best of equally distant levels `[D, A]` and the next.

    The largest of the four steps around it: a concave top rises by no more than those do.
    """
    steps = np.pad(np.abs(np.diff(value)), ((0, 0), (2, 2)))
    around = value.argmax(1)[:, None] + np.arange(4)
    return np.asarray(np.take_along_axis(steps, around, axis=1).max(1))


def _closer(paid: Callable[[Float], Float], centre: Float, low: float, high: float) -> Float:
    """The most `[C]` that is paid near actions `[C]`, by ever closer looks around the best.

    Args:
        paid: actions to what they pay, both `[C, A]`.
        centre: actions that are looked around, as far as the fixed levels are apart.
        low, high: bounds of the actions.
    """
    half = (high - low) / (_ACTIONS - 1)
    best = paid(centre[:, None])[:, 0]
    row = np.arange(len(centre))
    for _ in range(_LOOKS):
        tried = np.clip(centre[:, None] + half * _CLOSER, low, high)
        value = paid(tried)
        place = value.argmax(1)
        better = value[row, place] > best
        centre = np.where(better, tried[row, place], centre)
        best = np.where(better, value[row, place], best)
        half /= 4
    return best


def _deviated(
    form: TrustForm,
    profile: tuple[Float, ...],
    states: Float,
    begin: int,
    movers: list[int],
    weights: Float,
    state: Any,
    length: Any,
    tried: Float,
) -> Float:
    """The weighted sum `[D, A]` that is paid where movers hold to actions for some rounds.

    Args:
        form, profile: what is played by all others, and by the movers afterwards.
        states, state: states, and for each deviation `[D]` in which one it begins.
        begin, length: the round in which deviations begin, and how many each `[D]` lasts.
        movers, weights: who deviates, and whose payoffs count.
        tried: actions `[D, A]`.
    """
    size = tried.shape[1]
    held = tried.ravel()
    until = begin + np.repeat(length, size)

    def joint(now: Float, t: int) -> Float:
        actions = _actions(form, profile, now, t)
        forced = (t < until)[:, None]
        actions[:, movers] = np.where(forced, held[:, None], actions[:, movers])
        return actions

    played = _played(form, np.repeat(states[state], size, axis=0), begin, joint)
    return np.asarray((played @ weights).reshape(tried.shape))


def _follow(form: TrustForm, profile: tuple[Float, ...], states: Float, begin: int) -> Any:
    return lambda now, t: _actions(form, profile, now, t)


def _actions(form: TrustForm, profile: tuple[Float, ...], states: Float, t: int) -> Float:
    """Joint actions `[B, n]` in round t."""
    return np.stack([chosen(part, t, states) for part in profile], -1)


def _played(form: TrustForm, states: Float, begin: int, policy: Any) -> Float:
    """Discounted payoffs `[B, n]` from `states` in round `begin` to the end."""
    rounds = form.horizon or begin + int(np.ceil(np.log(_NOTHING) / np.log(form.discount)))
    now, alive = np.array(states), np.ones(len(states))
    total, weight = np.zeros((len(states), form.n)), 1.0
    for t in range(begin, rounds):
        look()
        now, paid, goes_on = form.step(now, policy(now, t))
        total += weight * alive[:, None] * paid
        alive = alive * goes_on
        weight *= form.discount
    return total


def _values(form: TrustForm, profile: tuple[Float, ...]) -> Float:
    start = form.start[None]
    return np.asarray(_played(form, start, 0, _follow(form, profile, start, 0))[0])


def _held_out(form: TrustForm, profile: tuple[Float, ...]) -> Float:
    """The first state, and random ones in which trust is not above what reputation allows."""
    rng = np.random.default_rng(_SEED)
    common = profile[0].ndim - 1 == 2 < 2 * form.n
    drawn = rng.random((_STATES, 1 if common else form.n, 2))
    damage = 0.6 * drawn[..., 1]
    trust = (1 - damage) * (0.1 + 0.9 * drawn[..., 0])
    states = np.stack([trust, damage], -1) * np.ones((1, form.n, 1))
    return np.concatenate([form.start[None], states.reshape(_STATES, -1)])


def _check(form: TrustForm, profile: tuple[Float, ...], axes: int) -> None:
    """Raise `CoopsimError` unless the profile is one of tables of allowed actions."""
    shape = profile[0].shape
    if len(profile) != form.n or any(part.shape != shape for part in profile):
        raise CoopsimError(f"a profile of {form.n} tables of one shape is needed")
    if len(shape) != axes + 1 or shape[0] != form.stages:
        raise CoopsimError(
            f"tables must have {axes + 1} axes, the first one of {form.stages}, not {list(shape)}"
        )
    for i, part in enumerate(profile):
        if not ((part >= form.low[i] - 1e-9) & (part <= form.high[i] + 1e-9)).all():
            raise CoopsimError(f"an action of {form.players[i]} lies outside its bounds")
