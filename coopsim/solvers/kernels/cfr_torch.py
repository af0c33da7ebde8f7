"""Counterfactual regret minimisation of many variants of a tree at once, in torch.

The twin of `cfr.iterate` for payoffs that differ between variants. Arrays are `[S, V]`, the
variants last, so that every step is one operation over neighbours: payoffs by rows of equal
length, regrets block by block. Meant for GPUs and many variants; for a few on a CPU the
compiled kernel is faster.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from coopsim.arrays import Float
from coopsim.solvers.kernels.flat import Side


class Player:
    """One player's arrays and state on a device.

    Args:
        side: the layout.
        values: chance's probability times the own payoff, `[V, E]`, in the order of
            `SequencePayoffs.values`.
        device: where.
    """

    def __init__(self, side: Side, values: Float, device: str) -> None:
        def placed(array: Any) -> torch.Tensor:
            return torch.as_tensor(np.ascontiguousarray(array), device=device)

        blocks, variants = side.blocks, len(values)
        self.groups = [tuple(row) for row in side.groups.tolist()]
        self.table = [tuple(row) for row in blocks.table.tolist()]
        self.parent = placed(blocks.parent.astype(np.int64))
        self.row = placed(np.argsort(side.rows))
        self.column = placed(side.column.astype(np.int64))
        self.value = placed(values[:, side.entry].T)
        even = np.repeat(blocks.even()[:, None], variants, axis=1)
        plan = np.repeat(blocks.realised(blocks.even())[:, None], variants, axis=1)
        self.strategy, self.plan = placed(even), placed(plan)
        self.regret, self.total = torch.zeros_like(self.plan), torch.zeros_like(self.plan)

    def pay(self, other: torch.Tensor) -> torch.Tensor:
        """What each own sequence earns against a plan `[S, V]` at its ends, `[S, V]`."""
        earned = self.value * other[self.column]
        sums, entry = [], 0
        for length, begin, end in self.groups:
            count = (end - begin) * length
            part = earned[entry : entry + count]
            sums.append(part.view(end - begin, length, earned.shape[1]).sum(1))
            entry += count
        return torch.cat(sums)[self.row]

    def step(
        self, other: torch.Tensor, weight: float, mode: str, up: float, down: float
    ) -> torch.Tensor:
        """One update against the plan of the other; see `cfr.step`. Returns the new plan."""
        worth = self.pay(other)
        for begin, actions, sets, first in reversed(self.table):
            here = slice(begin, begin + actions * sets)
            shape = (actions, sets, worth.shape[1])
            mean = (self.strategy[here].view(shape) * worth[here].view(shape)).sum(0)
            instant = worth[here].view(shape) - mean
            held = self.regret[here].view(shape) + instant
            if mode == "discounted":
                held = torch.where(held > 0, held * up, held * down)
            else:
                held = held.clamp(min=0)
            self.regret[here] = held.view(actions * sets, -1)
            if mode == "predictive":
                held = held + instant
            share = held.clamp(min=0)
            norm = share.sum(0)
            some = norm > 0
            strategy = torch.where(some, share / torch.where(some, norm, 1.0), 1.0 / actions)
            self.strategy[here] = strategy.view(actions * sets, -1)
            worth.index_add_(0, self.parent[first : first + sets], mean)
        self.total += weight * self.plan
        return self._realise()

    def _realise(self) -> torch.Tensor:
        for begin, actions, sets, first in self.table:
            here = slice(begin, begin + actions * sets)
            above = self.plan[self.parent[first : first + sets]]
            moves = self.strategy[here].view(actions, sets, -1)
            self.plan[here] = (above * moves).view(actions * sets, -1)
        return self.plan


def iterate(
    one: Player,
    two: Player,
    begin: int,
    end: int,
    mode: str,
    alpha: float,
    beta: float,
    gamma: float,
) -> None:
    """Iterations `begin` to `end` (left out), as `cfr.iterate`; the players' states change.

    Args:
        mode: "plus", "predictive" or "discounted".
        alpha, beta, gamma: as for `cfr.iterate`.
    """
    for t in range(begin, end):
        up, down = (1.0 if math.isinf(p) else 1 / (1 + float(t) ** -p) for p in (alpha, beta))
        one.step(two.plan, float(t) ** gamma, mode, up, down)
        two.step(one.plan, float(t) ** gamma, mode, up, down)
