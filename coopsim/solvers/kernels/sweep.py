"""What kernels for trees share: payoffs of sequences, and plans from strategies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]

ONE = np.uint64(1)  # places are unsigned, and numba makes a float of unsigned plus signed


@njit(cache=True, fastmath={"contract", "nnan", "nsz"})
def pay(
    groups: Array, rows: Array, column: Array, value: Array, other: Array, worth: Array
) -> None:
    """Write into `worth` `[S]` what each own sequence earns against the plan `other`.

    Args:
        groups, rows, column, value: as in `flat.Side`.
        other: the other player's realisation plan, in block order.
        worth: changed; the payoffs at the ends of each sequence, those below left out.
    """
    entry = np.uint64(0)
    for g in range(len(groups)):
        length = np.uint64(groups[g, 0])
        own = rows[groups[g, 1] : groups[g, 2]]
        for r in range(len(own)):
            earned = 0.0
            for _ in range(length):
                earned += value[entry] * other[column[entry]]
                entry += ONE
            worth[own[r]] = earned


@njit(cache=True, fastmath={"contract", "nnan", "nsz"})
def realise(table: Array, parent: Array, strategy: Array, plan: Array, space: Array) -> None:
    """Write into `plan` `[S]` the realisation plan of `strategy` `[S]`.

    Args:
        table, parent: as in `flat.Blocks`.
        space: working space, `[widest]`.
    """
    plan[0] = 1.0
    for b in range(len(table)):
        begin, actions, sets, first = table[b, 0], table[b, 1], table[b, 2], table[b, 3]
        before, above = parent[first : first + sets], space[:sets]
        for k in range(sets):
            above[k] = plan[before[k]]
        for a in range(actions):
            here = plan[begin + a * sets : begin + (a + 1) * sets]
            move = strategy[begin + a * sets : begin + (a + 1) * sets]
            for k in range(sets):
                here[k] = above[k] * move[k]
