"""From a nearly optimal pair of mixtures of a matrix game to an optimal one.

The support of the pair is taken for a basis, and a parametric simplex walks from there. Only
actions that come near a best response take part; those left out that turn out to be better
responses are added, and it starts again (row and column generation, or double oracle:
McMahan, Gordon and Blum 2003).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.solvers.constant_sum import MatrixGame, distribution, refined
from coopsim.solvers.numeric import Clock

Places = npt.NDArray[np.integer[Any]]

_SUPPORT = 0.02  # of the mean weight in the support: less is what averaging has not yet removed
_NEAR = 30.0  # duality gaps: actions this close to a best response take part from the start
_LEAST = 1e-9  # the smallest pivot of a basis, payoffs being from 1 to 2
_ILL = 1e8  # the condition number from which a smaller basis is looked for
_ADDED = 200  # actions added to a side in one round
_BLOCK = 2e8  # entries updated between two looks at the clock
_ENOUGH = 1e-13  # of the range of payoffs: a gap of rounding


def crossover(
    game: MatrixGame, x: Float, y: Float, clock: Clock, seed: int = 0
) -> tuple[Float, Float, int, bool]:
    """An optimal pair from a nearly optimal one.

    Args:
        game: the matrix.
        x, y: mixtures of rows `[m]` and columns `[n]`; the better, the fewer pivots.
        clock: looked at between blocks of pivots.
        seed: of the small changes that keep ties apart.

    Returns:
        The pair with the smallest gap seen, the pivots taken, and whether it is optimal to
        rounding. Cost: one update of the dense tableau of the actions that take part a pivot;
        for 1000 x 1000 normal payoffs and a gap of 1e-4 a few hundred pivots.
    """
    from coopsim.solvers.kernels.simplex import OPTIMAL

    A, rng, taken = game.payoffs, np.random.default_rng(seed), 0
    best = start = (x, y)
    rows, columns = _taking_part(game, x, y)
    while not clock.over:
        part = A[np.ix_(rows, columns)]
        *pair, pivots, state = _solved(part, start[0][rows], start[1][columns], clock, rng)
        taken += pivots
        x, y = _spread(pair[0], rows, len(A)), _spread(pair[1], columns, A.shape[1])
        best = game.best(best, (x, y))
        # what the rows and columns left out would gain, best first
        paid, pays = A @ y, x @ A
        value = float(x @ paid)
        more = _better(paid - value, rows), _better(value - pays, columns)
        if state != OPTIMAL or not (len(more[0]) or len(more[1])):
            break
        rows, columns = np.union1d(rows, more[0]), np.union1d(columns, more[1])
        start = x, y  # the next basis is where this one ended
    best = refined(game, *best)
    return *best, taken, game.gap(*best) <= max(_ENOUGH * len(A), 1e-12)


def _taking_part(game: MatrixGame, x: Float, y: Float) -> tuple[Places, Places]:
    """The rows and columns that are played or near a best response."""
    paid, pays = game.payoffs @ y, x @ game.payoffs
    near = _NEAR * game.gap(x, y)
    rows = np.flatnonzero((paid >= paid.max() - near) | (x > _SUPPORT * _mean(x)))
    columns = np.flatnonzero((pays <= pays.min() + near) | (y > _SUPPORT * _mean(y)))
    return rows, columns


def _solved(
    part: Float, x: Float, y: Float, clock: Clock, rng: np.random.Generator
) -> tuple[Float, Float, int, int]:
    """Mixtures of the actions that take part, the pivots taken, and the state at the end."""
    from coopsim.solvers.kernels.simplex import RUNNING, follow, read

    T, right, cost, basic, nonbasic = _dictionary(part + 1.0, x, y, rng)
    state, taken, most = RUNNING, 0, 50 * sum(part.shape)
    block = max(1, int(_BLOCK / part.size))
    while state == RUNNING and taken < most and not clock.over:
        state, pivots = follow(T, right, cost, basic, nonbasic, block)
        taken += pivots
    x, y = np.zeros(part.shape[0]), np.zeros(part.shape[1])
    read(right, cost, basic, nonbasic, x, y)
    return x, y, taken, state


def _dictionary(
    A: Float, x: Float, y: Float, rng: np.random.Generator
) -> tuple[Float, Float, Float, Places, Places]:
    """The dictionary with the support of the mixtures as its basis."""
    m, n = A.shape
    rows, columns, inverse = _basis(A, x, y)
    others, rest = np.setdiff1d(np.arange(m), rows), np.setdiff1d(np.arange(n), columns)
    k = len(rows)
    beside, below = inverse @ A[np.ix_(rows, rest)], A[np.ix_(others, columns)]
    T = np.empty((m, n))
    T[:k, :k], T[:k, k:] = inverse, beside
    T[k:, :k], T[k:, k:] = -below @ inverse, A[np.ix_(others, rest)] - below @ beside
    at = inverse.sum(1)
    first = np.concatenate([at, 1.0 - below @ at])
    cost = np.concatenate([-inverse.sum(0), 1.0 - beside.sum(0)])
    # entries of the wrong sign turn at mu = 1 or below, the others are moved a little
    small = 0.01 / max(k, 1)
    right2 = np.maximum(-first, 0) + small * rng.uniform(0.5, 1.0, m)
    cost2 = -np.maximum(cost, 0) - small * rng.uniform(0.5, 1.0, n)
    return (
        T,
        np.stack([first, right2]),
        np.stack([cost, cost2]),
        np.concatenate([columns, n + others]),
        np.concatenate([n + rows, rest]),
    )


def _basis(A: Float, x: Float, y: Float) -> tuple[Places, Places, Float]:
    """Rows and columns of equal number that are played most, and the inverse of their block."""
    count = min(int((x > _SUPPORT * _mean(x)).sum()), int((y > _SUPPORT * _mean(y)).sum()))
    rows, columns = np.argsort(-x, kind="stable")[:count], np.argsort(-y, kind="stable")[:count]
    block = A[np.ix_(rows, columns)]
    try:
        inverse = np.asarray(np.linalg.inv(block), dtype=float)
        if np.linalg.norm(block, 1) * np.linalg.norm(inverse, 1) < _ILL:
            return rows, columns, inverse
    except np.linalg.LinAlgError:
        pass  # a singular block is treated like an ill-conditioned one
    chosen = _independent(block)
    rows, columns = rows[chosen[0]], columns[chosen[1]]
    return rows, columns, np.asarray(np.linalg.inv(A[np.ix_(rows, columns)]), dtype=float)


def _independent(block: Float) -> tuple[Places, Places]:
    """Rows and columns with an invertible block between them, as many as there are.

    Gauss elimination with complete pivoting. Cost: O(k^3) for k rows and columns.
    """
    work, k = block.copy(), len(block)
    rows, columns = np.arange(k), np.arange(k)
    for rank in range(k):
        left = np.abs(work[rank:, rank:])
        r, s = (int(place) + rank for place in np.unravel_index(left.argmax(), left.shape))
        if left.max() <= _LEAST:
            return rows[:rank], columns[:rank]
        work[[rank, r]], rows[[rank, r]] = work[[r, rank]], rows[[r, rank]]
        work[:, [rank, s]], columns[[rank, s]] = work[:, [s, rank]], columns[[s, rank]]
        factors = work[rank + 1 :, rank] / work[rank, rank]
        work[rank + 1 :, rank:] -= np.outer(factors, work[rank, rank:])
    return rows, columns


def _better(gain: Float, inside: Places) -> Places:
    """The actions outside that gain most, at most `_ADDED` of them."""
    gain = gain.copy()
    gain[inside] = 0.0
    order = np.argsort(-gain, kind="stable")[:_ADDED]
    return order[gain[order] > _ENOUGH * len(gain)]


def _mean(weights: Float) -> float:
    """The mean weight of a support of effective size 1 / sum of squares."""
    return float(weights @ weights)


def _spread(part: Float, places: Places, size: int) -> Float:
    whole = np.zeros(size)
    whole[places] = part
    return distribution(whole)
