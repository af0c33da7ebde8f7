"""The path from a prior to an equilibrium of a two-player tree, in one table.

What `coopsim.solvers.sequence_lcp` follows: equations and worths of information sets are
eliminated by way of the best plan against the prior, one basic sequence an information set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.solvers.numeric import Clock
from coopsim.solvers.sequence_form import behaviour, complete

PIVOTS = 200_000
"""The most on a path; paths are far shorter but for made-up games."""

_WORK = 2e8  # entries changed between two looks at the clock


@dataclass(frozen=True)
class Reduced:
    """A player's plans and worths in terms of those off the basic sequences.

    Args:
        basic: the empty sequence and the chosen one of each information set, `[I + 1]`.
        others: the other sequences, `[N]`.
        turn: how worths of basic slacks enter the others, `[N, I + 1]`; its transpose says
            how others' probabilities are taken from basic ones.
        plan: the pure plan of the basic sequences, `[S]`.
    """

    basic: Any
    others: Any
    turn: Float
    plan: Float


class Path:
    """Lemke's path from one prior; pairs (plan, slack) of both players in one table.

    Args:
        own: the players' sequences.
        pays: each player's payoffs `[own S, other S]`, in units of their size; sparse.
        prior: a behaviour strategy a player, where the path starts.
    """

    def __init__(
        self, own: tuple[Sequences, Sequences], pays: tuple[Any, Any], prior: tuple[Float, ...]
    ) -> None:
        from coopsim.solvers.kernels.lcp import dictionary, pivot

        plans = [passes.realise(seq, part) for seq, part in zip(own, prior, strict=True)]
        self.own = own
        self.sides = [_reduce(own[i], pays[i] @ plans[1 - i]) for i in range(2)]
        self.matrix, self.q, self.cover = _problem(self.sides, pays, plans)
        self._scale(pays)
        self.table, self.basic, self.nonbasic = dictionary(self.matrix, self.q, self.cover)
        self.k = len(self.q)
        # the last row says that the first player's empty sequence has weight 1 - z0: it drives
        pivot(self.table, self.basic, self.nonbasic, self.k - 1, self.k)
        self.entering, self.ended = self.k, False
        self.pivots, self.renewed = 0, 0

    def _scale(self, pays: tuple[Any, Any]) -> None:
        """Count slacks in units of the payoffs at stake there."""
        of_w, of_z = np.ones(len(self.q)), np.ones(len(self.q))
        for player, side in enumerate(self.sides):
            here, count = _rows(self.sides, player), len(side.basic)
            stake = _stakes(self.own[player], pays[player])
            of_w[here[count:]] = stake[side.others]
            of_z[here[:count]] = stake[side.basic]
        self.matrix *= of_z / of_w[:, None]
        self.q /= of_w
        self.cover /= of_w

    def follow(self, clock: Clock) -> None:
        """Pivot until z0 is 0, where the path has `ended`, or until time is up."""
        from coopsim.solvers.kernels.lcp import RAY, SOLVED, UNSURE, pivots

        block = max(1, int(_WORK / self.k**2))
        state, fresh = -1, False
        while state not in (SOLVED, RAY) and not clock.over and self.pivots < PIVOTS:
            state, self.entering, made = pivots(
                self.table, self.basic, self.nonbasic, self.entering, block, fresh
            )
            self.pivots += made
            fresh = state == UNSURE and self.solve_again()
            if state == UNSURE and not fresh:
                break
        self.ended = state == SOLVED

    def solve_again(self) -> bool:
        """Compute the table from the problem itself, without the pivots' rounding, if it goes."""
        from coopsim.solvers.kernels.lcp import afresh

        try:
            self.table = afresh(self.matrix, self.q, self.cover, self.basic, self.nonbasic)
        except np.linalg.LinAlgError:
            return False
        self.renewed += 1
        return True

    def profile(self, form: ExtensiveForm) -> tuple[Float, ...]:
        """The players' plans as behaviour, best responses where they do not come."""
        values = np.zeros(2 * self.k + 1)
        values[self.basic] = self.table[:, -1]
        parts = []
        for player, (own, side) in enumerate(zip(self.own, self.sides, strict=True)):
            plan, count = np.zeros(own.size), len(side.basic)
            here = _rows(self.sides, player)
            plan[side.basic] = values[here[:count]]
            plan[side.others] = values[self.k + here[count:]]
            parts.append(behaviour(own, plan))
        return complete(form, tuple(parts))


def _stakes(own: Sequences, pays: Any) -> Float:
    """The largest payoff, chance folded in, at the end of each sequence or below it, `[S]`."""
    stake = np.maximum(abs(pays).max(axis=1).toarray().ravel(), 0.0)
    for level in reversed(own.levels):
        best = np.maximum.reduceat(stake[level.sequences], level.starts)
        np.maximum.at(stake, own.parent[level.infosets], best)
    return np.where(stake > 0, stake, 1.0)


def _rows(sides: list[Reduced], player: int) -> Any:
    """The rows of a player's pairs: basic sequences, then others.

    Player 2's come first, and the first player's empty sequence is the very last, so that
    the perturbation by the lexicographic rule is smallest there.
    """
    sizes = [len(side.basic) + len(side.others) for side in sides]
    if player == 1:
        return np.arange(sizes[1])
    return sizes[1] + np.roll(np.arange(sizes[0]), 1)


def _reduce(own: Sequences, values: Float) -> Reduced:
    """Choose the best plan for given values of sequences, and eliminate by it."""
    best = passes.respond(own, values)[1]
    basic = np.concatenate([[0], 1 + np.flatnonzero(best)])
    others = 1 + np.flatnonzero(best == 0)
    # worth[I] = own basic slack + worths of the sets after the basic sequence of I
    worth = np.zeros((len(own.parent) + 1, len(basic)))
    after: list[list[int]] = [[] for _ in range(own.size)]
    for infoset, above in enumerate(own.parent.tolist()):
        after[above].append(infoset + 1)
    for row in range(len(own.parent), -1, -1):
        worth[row, row] = 1.0
        for below in after[basic[row]]:
            worth[row] += worth[below]
    turn = worth[own.owner[others] + 1]
    for place, sequence in enumerate(others.tolist()):
        for below in after[sequence]:
            turn[place] -= worth[below]
    plan = np.zeros(own.size)
    plan[basic] = worth[0]
    return Reduced(basic, others, turn, plan)


def _problem(
    sides: list[Reduced], pays: tuple[Any, Any], priors: list[Float]
) -> tuple[Float, Float, Float]:
    """The complementarity problem M, q and the starting vector d.

    Its w are basic probabilities and other slacks, its z basic slacks and other
    probabilities, pair by pair.
    """
    size = sum(len(side.basic) + len(side.others) for side in sides)
    matrix, q, cover = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    for player, side in enumerate(sides):
        here, count = _rows(sides, player), len(side.basic)
        basic, others = here[:count], here[count:]
        matrix[np.ix_(basic, others)] = -side.turn.T
        matrix[np.ix_(others, basic)] = side.turn
        q[basic] = side.plan[side.basic]
        cover[basic] = -q[basic]
        # what the others' slacks gain for each of the opponent's sequences, [N, S]
        gain = side.turn @ pays[player][side.basic] - pays[player][side.others]
        rival = sides[1 - player]
        theirs = _rows(sides, 1 - player)[len(rival.basic) :]
        moved = gain[:, rival.others] - gain[:, rival.basic] @ rival.turn.T
        matrix[np.ix_(others, theirs)] = moved
        q[others] = gain @ rival.plan
        cover[others] = gain @ (priors[1 - player] - rival.plan)
    return matrix, q, cover
