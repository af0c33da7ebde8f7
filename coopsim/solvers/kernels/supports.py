"""Support enumeration over pairs of bit masks, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from coopsim.arrays import Float

Masks = npt.NDArray[np.int64]

NONE, CLEAR, CLOSE = 0, 1, 2
"""No such strategy; there is one, clearly so; too close to a boundary or to a tie to tell."""

_ZERO = 1e-13  # a pivot below this is 0
_CLOSE = 1e-8  # a probability or a difference of payoffs below this may be 0
_ROUNDING = 1e-14  # over the smallest pivot: the error of a solution


@njit(cache=True)
def subsets(count: int, size: int, masks: Masks) -> None:
    """Fill `masks` with all subsets of `size` of `count` elements, in increasing order.

    Gosper's method: the next larger number with as many bits.
    """
    mask = (1 << size) - 1
    for place in range(len(masks)):
        masks[place] = mask
        lowest = mask & -mask
        carried = mask + lowest
        mask = (((carried ^ mask) >> 2) // lowest) | carried


@njit(cache=True)
def worse(payoffs: Float, masks: Masks) -> None:
    """Where own action a pays less than b: a bit mask of the other's actions, `masks[a, b]`."""
    own, other = payoffs.shape
    for a in range(own):
        for b in range(own):
            masks[a, b] = 0
            for c in range(other):
                if payoffs[a, c] < payoffs[b, c]:
                    masks[a, b] |= 1 << c


@njit(cache=True)
def dominated(beaten: Masks, supports: Masks, masks: Masks) -> None:
    """The own actions that some other action beats on all of a support, for each support."""
    own = len(beaten)
    for place in range(len(supports)):
        support = supports[place]
        masks[place] = 0
        for a in range(own):
            for b in range(own):
                if beaten[a, b] & support == support:
                    masks[place] |= 1 << a
                    break


@njit(cache=True)
def indifferent(
    payoffs: Float, rows: int, columns: int, size: int, system: Float, weights: Float
) -> int:
    """The other's strategy on `columns` to which the actions `rows` are the best responses.

    Args:
        payoffs: `[own, other]`, between 1 and 2.
        rows: the own support, a mask.
        columns: the other's support, a mask of as many bits.
        size: how many.
        system: `[size, size + 1]` or larger, written over.
        weights: `[other]`; proportional to the strategy unless the answer is `NONE`.

    Returns:
        `NONE`, `CLEAR` or `CLOSE`.

    Cost: a linear system of `size` equations, and a product with the payoffs.
    """
    own, other = payoffs.shape
    at = 0
    for row in range(own):
        if (rows >> row) & 1:
            place = 0
            for column in range(other):
                if (columns >> column) & 1:
                    system[at, place] = payoffs[row, column]
                    place += 1
            system[at, size] = 1.0
            at += 1
    smallest = 1.0
    for step in range(size):
        best = step
        for row in range(step + 1, size):
            if abs(system[row, step]) > abs(system[best, step]):
                best = row
        if abs(system[best, step]) < _ZERO:
            return NONE  # a strategy that solves a singular system is no vertex
        smallest = min(smallest, abs(system[best, step]))
        if best != step:
            for column in range(step, size + 1):
                system[step, column], system[best, column] = (
                    system[best, column],
                    system[step, column],
                )
        for row in range(step + 1, size):
            factor = system[row, step] / system[step, step]
            if factor != 0.0:
                for column in range(step, size + 1):
                    system[row, column] -= factor * system[step, column]
    near, close = max(_CLOSE, _ROUNDING / smallest), False
    for step in range(size - 1, -1, -1):
        value = system[step, size]
        for column in range(step + 1, size):
            value -= system[step, column] * system[column, size]
        value /= system[step, step]
        system[step, size] = value
        if value < -near:
            return NONE
        close = close or value < near
    place = 0
    for column in range(other):
        weights[column] = 0.0
        if (columns >> column) & 1:
            weights[column] = system[place, size]
            place += 1
    for row in range(own):
        if not (rows >> row) & 1:
            value = 0.0
            for column in range(other):
                value += payoffs[row, column] * weights[column]
            if value > 1.0 + near:
                return NONE
            close = close or value > 1.0 - near
    return CLOSE if close else CLEAR


@njit(cache=True)
def search(
    first: Float,
    second: Float,
    size: int,
    rows: Masks,
    columns: Masks,
    rows_out: Masks,
    columns_out: Masks,
    start: int,
    stop: int,
    every: bool,
    found: Float,
) -> tuple[int, int, int, bool]:
    """Equilibria whose supports are some of `rows` and any of `columns`.

    Args:
        first: what the first player is paid, `[m, k]`, between 1 and 2.
        second: what the second player is paid, `[k, m]`, between 1 and 2.
        size: of both supports.
        rows, columns: all supports of that size, masks.
        rows_out: `[columns]`, the rows that are dominated on each support in `columns`.
        columns_out: `[rows]`, the columns that are dominated on each support in `rows`.
        start, stop: which of `rows` are looked at.
        every: also solve for one player's strategy where the other's cannot exist, which shows
            whether the game is degenerate.
        found: `[F, m + k]`, filled with weights of equilibria.

    Returns:
        The support to go on with (`found` must have room for one more row of supports); how
        many were found; systems solved; whether anything was too close to tell.
    """
    m, k = first.shape
    system = np.empty((size, size + 1))
    x, y = np.empty(m), np.empty(k)
    count, solved, close = 0, 0, False
    for at in range(start, stop):
        if count + len(columns) > len(found):
            return at, count, solved, close
        for other in range(len(columns)):
            may_y = rows_out[other] & rows[at] == 0
            may_x = columns_out[at] & columns[other] == 0
            if not (may_x and may_y) and not every:
                continue
            of_y = of_x = NONE
            if may_y:
                of_y = indifferent(first, rows[at], columns[other], size, system, y)
                solved += 1
            if may_x and (every or of_y != NONE):
                of_x = indifferent(second, columns[other], rows[at], size, system, x)
                solved += 1
            close = close or of_y == CLOSE or of_x == CLOSE
            if of_y != NONE and of_x != NONE:
                found[count, :m], found[count, m:] = x, y
                count += 1
    return stop, count, solved, close
