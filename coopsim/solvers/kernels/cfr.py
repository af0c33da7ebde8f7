"""Counterfactual regret minimisation on flat arrays, compiled.

Everything is indexed by sequences in block order (see `flat`). One update of a player adds up
the payoffs of its sequences, passes from the last block to the first to update regrets and
to take the next strategy, and passes back to realise it. Players update in turn: the second
one answers the first one's new strategy, as in OpenSpiel's solvers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from coopsim.solvers.kernels.sweep import Array, pay, realise

PLUS, PREDICTIVE, DISCOUNTED = 0, 1, 2
"""Regrets never below 0; the same, with the last regrets expected once more; discounted."""


@njit(cache=True, fastmath={"contract", "nnan", "nsz"})
def learn(
    table: Array,
    parent: Array,
    worth: Array,
    regret: Array,
    strategy: Array,
    means: Array,
    norms: Array,
    mode: int,
    up: float,
    down: float,
) -> None:
    """Update regrets from the worth of sequences and take the next strategy.

    Args:
        table, parent: as in `flat.Blocks`.
        worth: from `sweep.pay`, `[S]`; changed.
        regret, strategy: cumulative regrets and the current strategy, `[S]`; changed.
        means, norms: working space, `[widest]`.
        mode: how regrets are kept: PLUS, PREDICTIVE or DISCOUNTED.
        up, down: what DISCOUNTED multiplies positive and negative regrets with.
    """
    for b in range(len(table) - 1, -1, -1):
        begin, actions, sets, first = table[b, 0], table[b, 1], table[b, 2], table[b, 3]
        mean, norm = means[:sets], norms[:sets]
        for k in range(sets):
            mean[k] = 0.0
            norm[k] = 0.0
        for a in range(actions):
            low, high = begin + a * sets, begin + (a + 1) * sets
            move, here = strategy[low:high], worth[low:high]
            for k in range(sets):
                mean[k] += move[k] * here[k]
        for a in range(actions):
            low, high = begin + a * sets, begin + (a + 1) * sets
            held, move, here = regret[low:high], strategy[low:high], worth[low:high]
            if mode == PLUS:
                for k in range(sets):
                    total = held[k] + (here[k] - mean[k])
                    total = total if total > 0.0 else 0.0
                    held[k] = total
                    move[k] = total
                    norm[k] += total
            elif mode == PREDICTIVE:
                for k in range(sets):
                    instant = here[k] - mean[k]
                    total = held[k] + instant
                    total = total if total > 0.0 else 0.0
                    held[k] = total
                    total += instant
                    total = total if total > 0.0 else 0.0
                    move[k] = total
                    norm[k] += total
            else:
                for k in range(sets):
                    total = held[k] + (here[k] - mean[k])
                    total *= up if total > 0.0 else down
                    held[k] = total
                    total = total if total > 0.0 else 0.0
                    move[k] = total
                    norm[k] += total
        even = 1.0 / actions
        for a in range(actions):
            move = strategy[begin + a * sets : begin + (a + 1) * sets]
            for k in range(sets):
                move[k] = move[k] / norm[k] if norm[k] > 0.0 else even
        before = parent[first : first + sets]
        for k in range(sets):
            worth[before[k]] += mean[k]


@njit(cache=True, fastmath={"contract", "nnan", "nsz"})
def add(total: Array, plan: Array, weight: float) -> None:
    """Let the plan enter the total with a weight."""
    for s in range(len(plan)):
        total[s] += weight * plan[s]


@njit(cache=True)
def discount(t: int, power: float) -> float:
    """t^power / (t^power + 1); 1 for an infinite power, which discounts nothing."""
    return 1.0 if np.isinf(power) else 1.0 / (1.0 + float(t) ** -power)


@njit(cache=True, nogil=True)
def iterate(
    one: tuple[Any, ...],
    two: tuple[Any, ...],
    state_one: tuple[Array, ...],
    state_two: tuple[Array, ...],
    begin: int,
    end: int,
    mode: int,
    alpha: float,
    beta: float,
    gamma: float,
) -> None:
    """Iterations `begin` to `end` (counted from 1; `end` is left out) of a two-player tree.

    Args:
        one, two: `flat.Side.arrays` of the players.
        state_one, state_two: regret, strategy, plan, total of weighted plans and worth (all
            `[S]`), and two arrays of working space `[widest]`, of each; changed.
        mode: PLUS, PREDICTIVE or DISCOUNTED.
        alpha, beta: exponents by which positive and negative regrets are discounted.
        gamma: the plan of iteration t has weight t ** gamma in the total.
    """
    # taken apart once: handing tuples on costs more than a small game's iteration
    table_one, parent_one, _, groups_one, rows_one, column_one, value_one = one
    table_two, parent_two, _, groups_two, rows_two, column_two, value_two = two
    regret_one, strategy_one, plan_one, total_one, worth_one, means_one, norms_one = state_one
    regret_two, strategy_two, plan_two, total_two, worth_two, means_two, norms_two = state_two
    for t in range(begin, end):
        weight = float(t) ** gamma
        up, down = discount(t, alpha), discount(t, beta)
        pay(groups_one, rows_one, column_one, value_one, plan_two, worth_one)
        learn(
            table_one, parent_one, worth_one, regret_one, strategy_one, means_one, norms_one,
            mode, up, down,
        )  # fmt: skip
        add(total_one, plan_one, weight)
        realise(table_one, parent_one, strategy_one, plan_one, means_one)
        pay(groups_two, rows_two, column_two, value_two, plan_one, worth_two)
        learn(
            table_two, parent_two, worth_two, regret_two, strategy_two, means_two, norms_two,
            mode, up, down,
        )  # fmt: skip
        add(total_two, plan_two, weight)
        realise(table_two, parent_two, strategy_two, plan_two, means_two)


@njit(cache=True)
def iterate_many(
    tables: tuple[Array, ...],
    parents: tuple[Array, ...],
    bounds: Array,
    ends: Array,
    paid: Array,
    states: Array,
    spaces: Array,
    begin: int,
    end: int,
    mode: int,
    alpha: float,
    beta: float,
    gamma: float,
) -> None:
    """The same for any number of players, by a pass over the terminal nodes.

    Args:
        tables, parents: of each player, as in `flat.Blocks`.
        bounds: where each player's sequences begin in `states`, `[n + 1]`.
        ends: the place of each player's sequence at each terminal node, `[n, Z]`.
        paid: chance's probability times payoffs, `[n, Z]`.
        states: regret, strategy, plan, total and worth, `[5, sum of S]`; changed.
        spaces: working space, `[2, widest]`.
        begin, end, mode, alpha, beta, gamma: as for `iterate`.
    """
    n = len(ends)
    for t in range(begin, end):
        weight = float(t) ** gamma
        up, down = discount(t, alpha), discount(t, beta)
        for i in range(n):
            worth = states[4, bounds[i] : bounds[i + 1]]
            worth[:] = 0.0
            for z in range(ends.shape[1]):
                reach = paid[i, z]
                for j in range(n):
                    if j != i:
                        reach *= states[2, bounds[j] + ends[j, z]]
                worth[ends[i, z]] += reach
            own = slice(bounds[i], bounds[i + 1])
            learn(
                tables[i], parents[i], worth, states[0, own], states[1, own], spaces[0], spaces[1],
                mode, up, down,
            )  # fmt: skip
            # the plan that was played enters the average before it changes
            add(states[3, own], states[2, own], weight)
            realise(tables[i], parents[i], states[1, own], states[2, own], spaces[0])
