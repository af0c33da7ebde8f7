"""Methods that solve a batch of two-player games at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Backend, Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.variants import NormalVariants
from coopsim.solvers.constant_sum import constant_sums, scaled
from coopsim.solvers.crossover import crossover
from coopsim.solvers.numeric import Clock
from coopsim.solvers.zero_sum import LARGEST

SMALL = 4
"""The most actions of a player where all equilibria are found in closed form."""

TIE = 1e-9
"""Of the range of a player's payoffs: closer ones are tied, and the game is degenerate."""

_WORK = 5e7  # multiplications between two looks at the clock, in some 50 ms
_SHARE = 10  # one in so many games has to have arrived before the others go on without it
_CHECK = 8  # rounds of regret matching between two looks at gaps and clock


@dataclass(frozen=True)
class Batch:
    """What a batched method hands back, without any claim.

    Args:
        profiles: `[V, K, A_i]` a player; 0 from `count` on.
        count: solutions of each game, `[V]`.
        complete: whether they are all, `[V]`.
        sentence: what was done.
        finished: False where the deadline cut it short.
        left: the games that another method has to solve, places in the batch.
        method: the method's name, where games were solved one by one.
    """

    profiles: tuple[Float, ...]
    count: npt.NDArray[np.int64]
    complete: npt.NDArray[np.bool_]
    sentence: str
    finished: bool
    left: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    method: str = ""


def small_bimatrix(form: NormalVariants, *, tol: float, clock: Clock, everything: bool) -> Batch:
    """All equilibria of games of up to 4 x 4 actions, by closed-form support enumeration.

    Degenerate games are left to other methods. Cost: about half a microsecond a 3 x 3 game.

    Raises:
        NoSuchForm: other than two players, or more than four actions.
    """
    from coopsim.solvers.kernels.bimatrix import all_equilibria

    if form.n != 2 or max(form.shape) > SMALL:
        raise NoSuchForm(
            f"small-bimatrix takes two players with up to {SMALL} actions, and these have "
            f"{form.n} players with {' x '.join(map(str, form.shape))} actions"
        )
    (m, n), games = form.shape, len(form)
    x, y = (np.zeros((games, most_equilibria(m, n), size)) for size in (m, n))
    count, done = np.zeros(games, dtype=np.int64), 0
    block = int(_WORK / (8 * (m * n) ** 2)) + 1
    while done < games and not clock.over:
        part = slice(done, done + block)
        all_equilibria(form.payoffs[part], TIE, x[part], y[part], count[part])
        done = min(games, done + block)
    left = np.flatnonzero(count < 0)
    x[left], y[left], count[left] = 0.0, 0.0, 0
    complete = np.arange(games) < done
    complete[left] = False
    if not everything:
        x, y = _best(form, x, y)
        count = np.minimum(count, 1)
    places = max(1, int(count.max(initial=0)))
    return Batch(
        (x[:, :places], y[:, :places]),
        count,
        complete,
        f"closed-form supports of {done} games, {len(left)} of them degenerate",
        done == games,
        left,
    )


def most_equilibria(m: int, n: int) -> int:
    """How many equilibria a nondegenerate game can have, m and n at most 4.

    Their number is odd, and below the vertices of either polytope (McMullen 1970); 15 is
    the most of a 4 x 4 game (Keiding 1997; McLennan and Park 1999).
    """
    vertices = {1: 1 + min(m, n), 2: m + n, 3: 2 * (m + n) - 4}
    most = min(vertices.get(m, 16), vertices.get(n, 16)) - 1
    return max(1, most - (most % 2 == 0))


def zero_sum(form: NormalVariants, *, tol: float, clock: Clock, everything: bool) -> Batch:
    """One equilibrium of each constant-sum game, by a compiled parametric simplex.

    Games that the deadline leaves out get uniform mixtures. Cost: half a microsecond a pivot
    of a 3 x 3 game, two to six pivots.

    Raises:
        NoSuchForm: not two players, or payoffs that do not add up to a constant.
    """
    from coopsim.solvers.kernels.simplex import solve_batch

    _need_constant_sum(form, "zero-sum-lp")
    (m, n), games = form.shape, len(form)
    rng = np.random.default_rng(0)  # small differences that keep ties apart
    right, cost = 0.01 * rng.uniform(0.5, 1.0, m), -rng.uniform(0.5, 1.0, n)
    x, y = np.zeros((games, m)), np.zeros((games, n))
    taken, done = np.zeros(games, dtype=np.int64), 0
    block = int(_WORK / (m * n * (m + n))) + 2  # a game for each of two threads
    while done < games and not clock.over:
        part = slice(done, done + block)
        own = np.ascontiguousarray(form.payoffs[part, 0])
        solve_batch(own, right, cost, x[part], y[part], taken[part], 50 * (m + n))
        done = min(games, done + block)
    x[done:], y[done:] = 1 / m, 1 / n
    return Batch(
        (x[:, None], y[:, None]),
        np.ones(games, dtype=np.int64),
        np.zeros(games, dtype=bool),
        f"{done} linear programmes, {int(np.maximum(taken, 0).sum())} pivots",
        done == games,
        np.flatnonzero(taken < 0),
    )


def regret_matching(
    form: NormalVariants,
    *,
    tol: float,
    clock: Clock,
    everything: bool,
    gap: float = 1e-4,
    polish: bool = True,
    rounds: int = 100_000,
    device: str | None = None,
) -> Batch:
    """One equilibrium of each constant-sum game, by regret matching+ on all at once.

    Args:
        form: the games.
        tol: the duality gap that is enough, in payoff units.
        clock: looked at every eight rounds.
        everything: not needed; one equilibrium is found.
        gap: the duality gap, over the range of payoffs, at which a game needs no more rounds.
        polish: then pivot to the optimum of each game whose gap is above `tol`.
        rounds: the most rounds.
        device: a torch device ("cpu", "cuda"); None computes with numpy.

    Raises:
        NoSuchForm: not two players, or payoffs that do not add up to a constant.
        UserError: a gap or a number of rounds that is not above 0.
    """
    if not gap > 0 or rounds < 1:
        key, given = ("rounds", rounds) if rounds < 1 else ("gap", gap)
        raise UserError("must be above 0", key=key, given=given, allowed="a number above 0")
    _need_constant_sum(form, "regret-matching-plus")
    low = form.payoffs[:, 0].min(axis=(1, 2), keepdims=True)
    span = form.payoffs[:, 0].max(axis=(1, 2), keepdims=True) - low
    unit = (form.payoffs[:, 0] - low) / np.where(span > 0, span, 1.0)
    x, y, gaps, played = _matched(unit, gap, rounds, device, clock)
    finished = bool((gaps <= gap).all())
    pivots = 0
    for v in np.flatnonzero(gaps * span[:, 0, 0] > tol) if polish else ():
        if clock.over:
            finished = False
            break
        x[v], y[v], taken, _ = crossover(scaled(form.payoffs[v, 0]), x[v], y[v], clock)
        pivots += taken
    return Batch(
        (x[:, None], y[:, None]),
        np.ones(len(form), dtype=np.int64),
        np.zeros(len(form), dtype=bool),
        f"{played} rounds of regret matching+ on {len(form)} games, {pivots} pivots",
        finished,
    )


def _matched(
    unit: Float, gap: float, rounds: int, device: str | None, clock: Clock
) -> tuple[Float, Float, Float, int]:
    """Average mixtures `[V, m]` and `[V, n]` and their gaps `[V]`; the rounds played."""
    from coopsim.solvers.kernels.matching import Matching

    backend = Backend() if device is None else Backend("torch", "float64", device)
    games, m, n = unit.shape
    x, y, gaps = np.full((games, m), 1 / m), np.full((games, n), 1 / n), np.full(games, np.inf)
    state, here = Matching(backend.asarray(unit)), np.arange(games)
    while len(here) and state.rounds < rounds and not clock.over:
        reached = _to_numpy(state.play(min(_CHECK, rounds - state.rounds)))
        over = state.rounds >= rounds or clock.over
        done = (reached <= gap) | over
        # games that have arrived are taken out once they are a tenth of what is left
        if over or done.sum() * _SHARE >= len(here):
            pair = [_to_numpy(part) for part in state.pair()]
            x[here[done]], y[here[done]] = (_normalised(part[done]) for part in pair)
            gaps[here[done]], here = reached[done], here[~done]
            if len(here):
                state.keep(np.flatnonzero(~done))
    return x, y, gaps, state.rounds


def _to_numpy(array: Any) -> Float:
    """A numpy array of a numpy array or a tensor on any device."""
    return np.asarray(array if isinstance(array, np.ndarray) else array.cpu())


def _normalised(weights: Float) -> Float:
    clipped = np.maximum(weights, 0.0)
    return np.asarray(clipped / clipped.sum(axis=-1, keepdims=True))


def _best(form: NormalVariants, x: Float, y: Float) -> tuple[Float, Float]:
    """Of each game's equilibria the one with the largest sum of payoffs, `[V, 1, A_i]`."""
    from coopsim.solvers.certificates.pairs import regrets_of_pairs

    values, _ = regrets_of_pairs(form.payoffs, x, y)
    # over the number of players, so that no sum is beyond all floats
    sums = np.where((x != 0).any(-1), (values / form.n).sum(-1), -np.inf)
    sums = np.where(np.isnan(sums), -np.inf, sums)
    chosen = sums.argmax(1)[:, None, None]
    return np.take_along_axis(x, chosen, 1), np.take_along_axis(y, chosen, 1)


def _opposed(form: NormalVariants) -> bool:
    """Whether in every game two players' payoffs add up to a constant, up to rounding."""
    return form.n == 2 and bool(constant_sums(form.payoffs).all())


def _need_constant_sum(form: NormalVariants, method: str) -> None:
    if not _opposed(form):
        raise NoSuchForm(
            f"{method} needs two players whose payoffs add up to a constant in every game"
        )


@dataclass(frozen=True)
class Method:
    """A batched method: what it does, and whether `auto` takes it."""

    run: Callable[..., Batch]
    suits: Callable[[NormalVariants, bool], bool]


BATCHED: Mapping[str, Method] = MappingProxyType(
    {
        "zero-sum-lp": Method(
            zero_sum,
            lambda form, everything: (
                not everything and _opposed(form) and min(form.shape) <= LARGEST
            ),
        ),
        "regret-matching-plus": Method(
            regret_matching, lambda form, everything: not everything and _opposed(form)
        ),
        "small-bimatrix": Method(
            small_bimatrix, lambda form, everything: form.n == 2 and max(form.shape) <= SMALL
        ),
    }
)
"""The methods by name, in the order of preference."""
