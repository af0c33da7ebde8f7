"""Certificates of sequences of actions: searches of other sequences, apart from the methods.

Every search holds constants, segments of time at other levels (last rounds among them),
random sequences, and random changes of the sequence at hand; the best of them is followed
uphill by one-sided differences. That is no proof that nothing better exists: `exact` is
false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.errors import CoopsimError
from coopsim.games.forms.dynamic import DynamicForm
from coopsim.solvers.proof import Certificate, spreads

_CONSTANTS = 41
_LEVELS = 9
_RANDOM = 64
_CLIMBS = 12
_PARTS = 8  # pieces of a random sequence
_SLOPE = 1e-4  # of the range: the distance of the one-sided differences that are reported
_MANY = 2000  # sequences in one search of single rounds
_SEED = 20


def shortfall(
    form: DynamicForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How much more in sum a search of other sequences finds; payoffs `[n]`.

    Cost: a few thousand episodes, and 12 times 2 T n of them on the way up.

    Raises:
        CoopsimError: a payoff is not a number.
    """
    here = _checked(form, profile)
    paid = _paid(form, here)
    everybody = list(range(form.n))
    gain, slope = _search(form, here, np.ones(form.n), [everybody, *([i] for i in everybody)])
    span = max(_ranges(form))  # a sum rounds where its largest payoffs do
    return _certificate("shortfall", [gain], [span], slope), paid


def regret(
    form: DynamicForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains by the best other sequence that a search finds; payoffs `[n]`.

    Players who can be swapped and who play alike are searched once.

    Cost: for each of the others some 1,000 episodes, and 12 times 2 T on the way up.

    Raises:
        CoopsimError: a payoff is not a number.
    """
    here = _checked(form, profile)
    paid = _paid(form, here)
    gains, slopes, known = np.zeros(form.n), [0.0], {}
    for i in range(form.n):
        key = (form.alike[i], here[:, i].tobytes())
        if key not in known:
            weights = np.zeros(form.n)
            weights[i] = 1.0
            known[key] = _search(form, here, weights, [[i]])
        gains[i] = known[key][0]
        slopes.append(known[key][1])
    return _certificate("regret", gains.tolist(), _ranges(form), max(slopes)), paid


def _certificate(kind: str, gains: list[float], spans: list[float], slope: float) -> Certificate:
    return Certificate.of(
        kind,
        gains,
        [max(pair) for pair in zip(spans, gains, strict=True)],
        exact=False,
        checked_by="a search of constants, segments, random sequences and changes, followed "
        f"uphill; the largest one-sided slope of one round's action is {slope:.3g} payoff units "
        "a unit of action",
    )


def _search(
    form: DynamicForm, here: Float, weights: Float, movers: Sequence[Sequence[int]]
) -> tuple[float, float]:
    """The gain of the best sequence found, and the largest slope inwards at `here`.

    Args:
        form: the game.
        here: the sequence, `[T, n]`.
        weights: of the payoffs whose sum counts, `[n]`.
        movers: players who change together; the first entry holds all who may move.
    """
    free = list(movers[0])
    worth = float(_worth(form, here[None], weights)[0])
    candidates = _candidates(form, here, free, movers)
    found = _worth(form, candidates, weights)
    best = candidates[int(found.argmax())] if found.max() > worth else here
    top = max(worth, float(found.max()))
    slope = 0.0
    coordinates = _coordinates(form, free)
    reach = _SLOPE
    for turn in range(_CLIMBS):
        at = here if turn == 0 else best
        value = worth if turn == 0 else top
        step, rise = _one_sided(form, at, value, weights, coordinates, reach)
        if turn == 0:
            width = form.high[coordinates[:, 1]] - form.low[coordinates[:, 1]]
            slope = float((rise / np.maximum(_SLOPE * width, 1e-300)).max(initial=0.0))
        moved = _uphill(form, at, step, rise, coordinates)
        values = _worth(form, moved, weights)
        if values.max() > top:
            best, top = moved[int(values.argmax())], float(values.max())
        else:
            reach = reach * 10 if turn < 2 else reach * 0.2
    rounding = 1e-13 * form.horizon * max(1.0, abs(worth))
    return (0.0 if top - worth <= rounding else top - worth), slope


def _candidates(
    form: DynamicForm, here: Float, free: list[int], movers: Sequence[Sequence[int]]
) -> Float:
    """Sequences to try in place of `here`, `[C, T, n]`."""
    rng = np.random.default_rng(_SEED)
    low, width = form.low[free], (form.high - form.low)[free]
    horizon, made = form.horizon, []

    def put(columns: Float) -> None:
        changed = here.copy()
        changed[:, free] = np.clip(columns, form.low[free], form.high[free])
        made.append(changed)

    for share in np.linspace(0, 1, _CONSTANTS):
        put(np.tile(low + share * width, (horizon, 1)))
    own = here[:, free]
    for _ in range(_RANDOM):
        levels = rng.random((_PARTS, len(free)))
        pieces = np.sort(rng.integers(0, _PARTS, horizon))
        put(low + levels[pieces] * width)
        size = 10 ** rng.uniform(-4, -0.7)
        put(own + size * width * rng.standard_normal(own.shape))
        put(own + size * width * rng.standard_normal((_PARTS, len(free)))[pieces])
    made += _segments(form, here, movers[:5])
    return np.stack(made)


def _segments(form: DynamicForm, here: Float, movers: Sequence[Sequence[int]]) -> list[Float]:
    """The sequence with one stretch of time at another level."""
    horizon, made = form.horizon, []
    lengths = sorted({1, 2, 4, 7, 12, horizon // 4, horizon // 2} - {0})
    spans = [(horizon - k, horizon) for k in lengths if k < horizon]
    spans += [(0, k) for k in lengths if k < horizon] + [(0, horizon)]
    spans += [(horizon // 3, 2 * horizon // 3)]
    marks = np.zeros((0, form.n)) if form.marks is None else form.marks
    for mover in movers:
        own = list(mover)
        width = (form.high - form.low)[own]
        shares = np.linspace(0, 1, _LEVELS)[:, None] * width + form.low[own]
        for first, last in spans:
            for level in (*shares, *marks[:, own]):
                changed = here.copy()
                changed[first:last, own] = level
                made.append(changed)
            for lift in (-0.03, 0.03):
                changed = here.copy()
                changed[first:last, own] += lift * width
                made.append(np.clip(changed, form.low, form.high))
    return made


def _coordinates(form: DynamicForm, free: list[int]) -> np.ndarray:
    """Rounds and players `[C, 2]` that are moved alone; a sample where there are many."""
    every = np.array([(t, i) for t in range(form.horizon) for i in free])
    if len(every) <= _MANY:
        return every
    rng = np.random.default_rng(_SEED)
    return every[np.sort(rng.choice(len(every), _MANY, replace=False))]


def _one_sided(
    form: DynamicForm,
    here: Float,
    worth: float,
    weights: Float,
    coordinates: np.ndarray,
    reach: float,
) -> tuple[Float, Float]:
    """For each coordinate the better of a step up and a step down, and what it gains."""
    t, i = coordinates.T
    row = np.arange(len(coordinates))
    steps, rises = [], []
    for sign in (1.0, -1.0):
        trial = np.repeat(here[None], len(coordinates), axis=0)
        old = trial[row, t, i]
        new = np.clip(old + sign * reach * (form.high - form.low)[i], form.low[i], form.high[i])
        trial[row, t, i] = new
        steps.append(new - old)
        rises.append(_worth(form, trial, weights) - worth)
    up = rises[0] >= rises[1]
    return np.where(up, steps[0], steps[1]), np.maximum(np.where(up, *rises), 0.0)


def _uphill(
    form: DynamicForm, here: Float, step: Float, rise: Float, coordinates: np.ndarray
) -> Float:
    """Joint moves along what gains: all alike, in proportion, and the best one alone."""
    t, i = coordinates.T
    most = rise.max(initial=0.0)
    share = rise / most if most > 0 else rise
    moves = [step * (rise > 0), step * share, step * (share > 0.3), step * (share >= 1.0)]
    made = []
    for move in moves:
        for scale in (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0):
            changed = here.copy()
            changed[t, i] += scale * move
            made.append(np.clip(changed, form.low, form.high))
    return np.stack(made)


def _worth(form: DynamicForm, sequences: Float, weights: Float) -> Float:
    look()
    values = form.payoffs(sequences) @ weights
    if np.isnan(values).any():
        raise CoopsimError("a payoff is not a number at a sequence that was tried")
    return np.asarray(values)


def _paid(form: DynamicForm, here: Float) -> Float:
    paid = form.payoffs(here)
    if not np.isfinite(paid).all():
        raise CoopsimError("a payoff is not a finite number at this profile")
    return paid


def _checked(form: DynamicForm, profile: tuple[Float, ...]) -> Float:
    """The sequence `[T, n]`. Raises `CoopsimError` unless it is one of the form."""
    here = form.join(profile)
    if here.shape != (form.horizon, form.n):
        raise CoopsimError(f"a profile of {form.n} sequences of {form.horizon} actions is needed")
    slack = 1e-9 * (form.high - form.low)
    if not ((here >= form.low - slack) & (here <= form.high + slack)).all():
        raise CoopsimError("an action of the profile lies outside its bounds")
    return np.clip(here, form.low, form.high)


def _ranges(form: DynamicForm) -> list[float]:
    """The range of each player's payoffs over constants and random sequences."""
    rng = np.random.default_rng(_SEED)
    shares = np.concatenate(
        [
            np.repeat(np.linspace(0, 1, 17)[:, None, None], form.horizon, axis=1)
            * np.ones((1, 1, form.n)),
            rng.random((48, form.horizon, form.n)),
        ]
    )
    paid = form.payoffs(form.low + shares * (form.high - form.low))
    return spreads(paid, -1)
