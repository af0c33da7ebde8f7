"""The behavioural audit: who gains by contributing less, or otherwise, than everybody else.

Sources: the released audit (github.com/vikpant/strategic-coopetition,
coopetition_gym/experiments/audit.py), which plays fixed levels and asks whether a player who
halves its contribution, or stops contributing, gains while the others lose. Stopping is
dominated in most of these games, since the first units of a contribution are worth more than
they cost, so that test cannot find exploitation. Beside it stand the best constant deviation
and the best single switch, which can.

All strategies of a question are played as one batch of episodes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim import seeding
from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.coopetition.repeated import Repeated
from coopsim.tolerance import exceeds, falls_short, first_best, reaches

SWITCHES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Shares of an episode after which the published audit stops contributing,"""
LAST = (5, 3, 1)
"""and rounds before its end."""
EARLY = (0.1, 0.2, 0.3)
"""Shares of an episode for which it contributes nothing at first."""
RAMP = 0.2
"""The last share of an episode over which it lets its contribution fall to nothing."""
LEVELS = np.round(np.linspace(0, 1, 51), 10)
"""Levels among which the best deviation is looked for."""


@dataclass(frozen=True, slots=True)
class Played:
    """What fixed levels earned.

    Args:
        returns: sum of payoffs over the episode, `[B, n]`.
        lengths: rounds played, `[B]`.
        trust: mean trust between different players at the end, `[B]`.
    """

    returns: Float
    lengths: Float
    trust: Float


@dataclass(frozen=True, slots=True)
class Change:
    """What a deviation changes against everybody playing the common level.

    Args:
        gain: in the deviator's return, `[...]`.
        others: in the mean of the others' returns, `[...]`.
        size: of the largest return that these are differences of, `[...]`.
    """

    gain: Float
    others: Float
    size: Float

    @property
    def exploitative(self) -> Any:
        """Whether the deviator gains and the others lose, `[...]`."""
        gains = exceeds(self.gain, 0.0, scale=self.size)
        return gains & falls_short(self.others, 0.0, scale=self.size)


@dataclass(frozen=True, slots=True)
class Temporal:
    """The published temporal audit at one level.

    Args:
        switches: rounds from which the player stops contributing.
        late: what each changes.
        always, early, ramp: the same for never contributing, for stopping at first, and for
            letting the contribution fall.
        length: rounds of an episode where nobody deviates.
    """

    switches: tuple[int, ...]
    late: Change
    always: Change
    early: Change
    ramp: Change
    length: int

    @property
    def onset(self) -> float | None:
        """The first exploitative switch as a share of the episode; None where there is none."""
        found = np.flatnonzero(self.late.exploitative)
        return round(self.switches[found[0]] / self.length, 3) if found.size else None

    @property
    def vulnerability(self) -> str:
        """immune, terminal_only, late, broadly or partially, as published."""
        count = int(self.late.exploitative.sum())
        if self.onset is None:
            return "immune"
        if reaches(self.onset, 0.9):
            return "terminal_only"
        if reaches(self.onset, 0.7):
            return "late"
        return "broadly" if count >= len(self.switches) / 2 else "partially"


@dataclass(frozen=True, slots=True)
class Deviation:
    """The best deviation of its kind.

    Args:
        player: who deviates, from 0.
        start: the round from which, from 0.
        level: to what share of the own endowment.
        gain: how much the deviator's return rises; below 0 where every deviation costs.
        others: what it changes in the mean of the others' returns.
    """

    player: int
    start: int
    level: float
    gain: float
    others: float


@dataclass(frozen=True, slots=True)
class _Midway:
    """Episodes before some round: the game's state and what was earned so far, `[B, ...]`."""

    state: Any
    returns: Float
    lengths: Float
    trust: Float
    alive: npt.NDArray[np.bool_]
    turn: int

    def taken(self, rows: npt.NDArray[np.int64]) -> _Midway:
        """These episodes, as often as `rows` names them."""
        return _Midway(
            _taken(self.state, rows),
            self.returns[rows],
            self.lengths[rows],
            self.trust[rows],
            self.alive[rows],
            self.turn,
        )


class Audit:
    """Fixed levels in one game, and deviations from them.

    Args:
        game: a repeated coopetition game. Where its synergy is hidden, the mean counts, which
            is exact since payoffs are linear in it.
        common: what a common level is a share of. first: the first player's endowment, for
            everybody, as in the released audit; own: each player's own.

    Levels are shares from 0 to 1; contributions above an endowment are cut down to it.
    """

    def __init__(self, game: Repeated, common: str = "first") -> None:
        if game.hidden is not None:
            game = replace(game, hidden=None, gamma=game.complementarity)
        self.game = game
        endowment = game.endowment
        self.scale = np.full_like(endowment, endowment[0]) if common == "first" else endowment

    @functools.cached_property
    def distinct(self) -> tuple[int, ...]:
        """One player of every set of players that can be exchanged with no change to the game."""
        found: list[int] = []
        for player in range(self.game.n):
            if not any(self._alike(player, other) for other in found):
                found.append(player)
        return tuple(found)

    def surface(self, levels: Float) -> Played:
        """Everybody at each of `levels` `[C]`: the response surface."""
        return self._play(levels)

    def halve(self, levels: Float, player: int = 0) -> Change:
        """The static audit: `player` at half of each of `levels` `[C]`, the others at it."""
        base = self._play(levels)
        own = levels * self.scale[player] / 2
        plan = np.broadcast_to(own, (self.game.rounds, len(levels)))
        return _change(base.returns, self._play(levels, player, plan).returns, player)

    def temporal(self, levels: Float, player: int = 0) -> list[Temporal]:
        """The temporal audit at each of `levels`: `player` stops late, at first, always or by
        and by. All of them are one batch."""
        base = self._play(levels)
        lengths = [int(length) for length in base.lengths]
        plans = [
            _plans(self.game.rounds, length, level * self.scale[player])
            for length, level in zip(lengths, levels, strict=True)
        ]
        counts = [plan.shape[1] for plan in plans]
        played = self._play(np.repeat(levels, counts), player, np.concatenate(plans, axis=1))
        change = _change(np.repeat(base.returns, counts, axis=0), played.returns, player)
        ends = np.cumsum(counts)
        return [
            _temporal(_part(change, end - count, end), n)
            for end, count, n in zip(ends, counts, lengths, strict=True)
        ]

    def best(self, levels: Float, player: int = 0) -> list[tuple[Deviation, Deviation]]:
        """The best constant deviation of `player` from each of `levels` `[C]`, and the best
        switch to another level, at the start or in any of the published rounds.

        Cost: an episode for every level and every one of `LEVELS`, and for every switch one
        from its round on; what comes before a switch is played once.
        """
        starts = (0, *_switches(self.game.rounds))
        base, states = self._play_through(levels, starts)
        gains, others = [], []
        for start in starts:
            tail = self._tails(levels, player, states[start])
            change = _change(base[:, None], tail, player)
            gains.append(change.gain)
            others.append(change.others)
        sizes = np.abs(base).max(-1).tolist()
        return [
            (
                _deviation(
                    player, starts[:1], [gain[row] for gain in gains[:1]], others, row, sizes[row]
                ),
                _deviation(player, starts, [gain[row] for gain in gains], others, row, sizes[row]),
            )
            for row in range(len(levels))
        ]

    def _play_through(
        self, levels: Float, stops: tuple[int, ...]
    ) -> tuple[Float, dict[int, _Midway]]:
        """Returns `[C, n]` of everybody at `levels`, and how things stand before each stop."""
        now = self._begin(len(levels))
        common, states = self._common(levels), {}
        for t in range(self.game.rounds):
            if t in stops:
                states[t] = now
            now = self._on(now, common)
        return now.returns, states

    def _tails(self, levels: Float, player: int, now: _Midway) -> Float:
        """Returns `[C, len(LEVELS), n]` where `player` goes on with each of `LEVELS`."""
        count, choices = len(levels), len(LEVELS)
        rows = np.repeat(np.arange(count), choices)
        actions = self._common(levels)[rows]
        actions[:, player] = np.tile(LEVELS * self.game.endowment[player], count)
        now = now.taken(rows)
        while now.turn < self.game.rounds and now.alive.any():
            now = self._on(now, actions)
        return now.returns.reshape(count, choices, -1)

    def _play(self, levels: Float, player: int = 0, plan: Float | None = None) -> Played:
        """Everybody at `levels` `[B]`, but `player`, who contributes `plan` `[T, B]`."""
        now, actions = self._begin(len(levels)), self._common(levels)
        while now.turn < self.game.rounds and now.alive.any():
            if plan is not None:
                actions = actions.copy()
                actions[:, player] = np.minimum(plan[now.turn], self.game.endowment[player])
            now = self._on(now, actions)
        return Played(now.returns, now.lengths, now.trust)

    def _common(self, levels: Float) -> Float:
        """Everybody's contribution at each level, `[B, n]`."""
        return np.minimum(levels[:, None] * self.scale, self.game.endowment)

    def _begin(self, batch: int) -> _Midway:
        state = self.game.start(batch, seeding.generator(0, "audit"))
        zeros, n = np.zeros(batch), self.game.n
        return _Midway(state, np.zeros((batch, n)), zeros, zeros, np.ones(batch, dtype=bool), 0)

    def _on(self, now: _Midway, actions: Float) -> _Midway:
        """One round further."""
        step = self.game.step(now.state, actions)
        done = np.asarray(step.done, dtype=bool)
        trust, ends = now.trust, now.alive & done
        if ends.any():
            held = mean_trust(np.asarray(self.game.expose(step.state)["trust"]))
            trust = np.where(ends, held, trust)
        return _Midway(
            step.state,
            now.returns + np.where(now.alive[:, None], step.payoffs, 0.0),
            now.lengths + now.alive,
            trust,
            now.alive & ~done,
            now.turn + 1,
        )

    def _alike(self, one: int, other: int) -> bool:
        """Whether exchanging two players changes nothing."""
        game, order = self.game, np.arange(self.game.n)
        order[[one, other]] = other, one
        same = [game.endowment, game.share, game.expected, self.scale]
        d = game.dependence
        # phases, shocks and endings may name players; then everybody counts
        named = game.phases or game.shocks or game.endings
        return (
            not named
            and all(values[one] == values[other] for values in same)
            and bool((d[np.ix_(order, order)] == d).all())
        )


def mean_trust(trust: Float) -> Float:
    """Mean trust between different players `[B]`, from `[B, n, n]`, or `[B, 1, n]` where all
    trust alike."""
    if trust.shape[1] == 1:
        return np.asarray(trust[:, 0].mean(-1))
    n = trust.shape[1]
    return np.asarray((trust.sum((1, 2)) - np.trace(trust, axis1=1, axis2=2)) / (n * (n - 1)))


def require_repeated(game: Any, name: str) -> Repeated:
    """The game itself. Raises `UserError` where it is no repeated coopetition game."""
    if not isinstance(game, Repeated) or game.trust is None:
        raise UserError("is no repeated coopetition game with trust", key="environment", given=name)
    return game


def _switches(length: int) -> tuple[int, ...]:
    """The published switches in an episode of so many rounds."""
    shares = [max(1, int(share * length)) for share in SWITCHES]
    return tuple(sorted({*shares, *(length - last for last in LAST if length > last)}))


def _change(base: Float, played: Float, player: int) -> Change:
    """What a deviation changes, from returns `[..., n]`."""
    change = played - base
    rest = np.delete(change, player, axis=-1)
    return Change(change[..., player], rest.mean(-1), np.abs(base).max(-1))


def _part(change: Change, start: int, stop: int) -> Change:
    """Some of the changes, in the order of the last axis."""
    return Change(change.gain[start:stop], change.others[start:stop], change.size[start:stop])


def _plans(rounds: int, length: int, given: float) -> Float:
    """What the deviator of the temporal audit contributes, `[T, K]`: never anything, nothing
    after each switch, nothing at first, and less and less at the end."""
    late = [range(switch, length) for switch in _switches(length)]
    early = [range(max(1, int(share * length))) for share in EARLY]
    spans = [range(length), *late, *early]
    plan = np.full((rounds, len(spans) + 1), given)
    for column, span in enumerate(spans):
        plan[span.start : span.stop, column] = 0.0
    begin = max(1, int((1 - RAMP) * length))
    plan[begin:length, -1] *= 1 - np.arange(length - begin) / max(1, length - begin)
    return plan


def _temporal(change: Change, length: int) -> Temporal:
    """The changes that `_plans` brings, by name."""
    late, count = len(_switches(length)), change.gain.size
    return Temporal(
        _switches(length),
        _part(change, 1, 1 + late),
        _part(change, 0, 1),
        _part(change, 1 + late, count - 1),
        _part(change, count - 1, count),
        length,
    )


def _deviation(
    player: int,
    starts: tuple[int, ...],
    gains: list[Float],
    others: list[Float],
    row: int,
    size: float,
) -> Deviation:
    """The best of the deviations from one level, gains `[len(LEVELS)]` a start; of equals the
    earliest, and of those the lowest level."""
    table = np.stack(gains)
    start, level = np.unravel_index(first_best(table.ravel(), scale=size), table.shape)
    return Deviation(
        player,
        starts[start],
        float(LEVELS[level]),
        float(table[start, level]),
        float(others[start][row, level]),
    )


def _taken(state: Any, rows: npt.NDArray[np.int64]) -> Any:
    """Some episodes of a state; the batch axis stays the last in memory, as kernels have it."""
    if isinstance(state, Mapping):
        return {name: _taken(value, rows) for name, value in state.items()}
    if is_dataclass(state) and not isinstance(state, type):
        held = {field.name: getattr(state, field.name) for field in fields(state)}
        return replace(state, **{name: _taken(value, rows) for name, value in held.items()})
    if not isinstance(state, np.ndarray):
        return state
    return np.moveaxis(np.moveaxis(state, 0, -1)[..., rows], -1, 0)
