"""Commitment in a game tree: one mixed-integer program over sequences."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.seats import seat_of
from coopsim.games.forms.tree.pairs import Pairs, pairs_of
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.highs import milp
from coopsim.solvers.numeric import Clock
from coopsim.solvers.programs import maximise
from coopsim.solvers.solution import Found

_LARGEST = 20_000  # pairs of sequences
_LAST = 0.5  # seconds for the plan beside an answer, beyond the deadline that found it
_USED = 1e-12  # plans below are 0


def solve(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
) -> Found:
    """The leader's best behaviour strategy when the follower answers with a pure one.

    Args:
        form: a tree of two players with perfect recall; chance and hidden moves are allowed.
        tol: not needed; the program is solved to no gap, and the leader's plan computed again
            with the follower's fixed.
        deadline: seconds; the best commitment so far comes back.
        leader: who commits, by number or name.
        ties: only "strong" (ties for the leader).
        commitment: only "mixed".

    Returns:
        one behaviour strategy a player. Details: `leader`, `value`, and `answer`, the
        follower's sequences that are played, by number.

    With realisation plans x (leader) and y (follower, 0 or 1), values v of the follower's
    information sets and slacks s: maximise the leader's payoff over the pairs of sequences
    whose probability p is at most x and at most y, where `v[I] = s[I, a] + what follows`, and
    `s[I, a] <= M (1 - y[I, a])`. NP-hard; tens of follower sequences are solved at once.

    Source: Bosansky and Cermak 2015, equations 1 to 10.

    Raises:
        NoSuchForm: there are not two players, one of them forgets own moves, the payoffs have
            variants, the tree is too large, or ties are against the leader.
        UserError: there is no such leader.
    """
    program = _Program(form, require_two(form, leader, ties, commitment))
    clock = Clock(deadline)
    answer, finished, nodes = (None, False, 0) if clock.over else program.branch(clock)
    plan = None if answer is None else program.plan(answer, clock.later(_LAST))
    if plan is None or answer is None:
        strategy = form.uniform()[program.seat]
        profile = program.profile(strategy, None)
        finished = False
    else:
        profile = program.profile(behaviour(program.own, plan), answer)
    value = float(form.expected(profile)[program.seat])
    played = [] if answer is None else np.flatnonzero(answer).tolist()
    return Found(
        profiles=(profile,),
        sentence=f"mixed-integer program over {len(program.pairs.first)} pairs of sequences, "
        f"{nodes} nodes" + ("" if finished else "; stopped before the search was done"),
        stats={"nodes": nodes},
        finished=finished,
        details=({"leader": program.seat, "value": value, "answer": played},),
    )


def suits(form: ExtensiveForm, everything: bool) -> str:
    """Trees of two players; what is refused is refused there, with the reason."""
    return f"{form.n} players, {len(form.tree.terminals):,} ends: a mixed-integer program"


def require_two(form: ExtensiveForm, leader: int | str, ties: str, commitment: str) -> int:
    """The leader's number. Raises `NoSuchForm` for trees and questions that are not solved."""
    if form.n != 2:
        raise NoSuchForm(f"commitment in trees is solved for two players, not for {form.n}")
    if form.variants is not None:
        raise NoSuchForm("commitment is solved for one variant of the payoffs; take variant(i)")
    if not form.perfect_recall:
        raise NoSuchForm(
            "without perfect recall a plan over sequences cannot be played: " + form.recall_problem
        )
    if ties != "strong" or commitment != "mixed":
        raise NoSuchForm(
            f"ties={ties!r} with commitment={commitment!r} is solved for matrices only; "
            "to_normal() makes one of a small tree"
        )
    if len(form.tree.terminals) > _LARGEST:
        raise NoSuchForm(
            f"the tree has {len(form.tree.terminals):,} ends, and at most {_LARGEST:,} are taken"
        )
    return seat_of(form.players, leader, "leader")


def behaviour(own: Sequences, plan: Float) -> Float:
    """A behaviour strategy `[S]` that plays a realisation plan; even where it never comes."""
    strategy = np.zeros(own.size - 1)
    for first, actions in zip(own.first, own.actions, strict=True):
        here = np.where(plan[first : first + actions] > _USED, plan[first : first + actions], 0.0)
        even = np.full(int(actions), 1 / actions)
        strategy[first - 1 : first - 1 + actions] = here / here.sum() if here.sum() else even
    return strategy


def flow(own: Sequences) -> tuple[Any, Float]:
    """Rows `E x = e` of a player's realisation plans (von Stengel 1996), sparse `[I + 1, S]`."""
    from scipy.sparse import csr_array

    count = len(own.parent)
    rows = np.concatenate([[0], own.owner[1:] + 1, np.arange(count) + 1])
    columns = np.concatenate([[0], np.arange(1, own.size), own.parent])
    values = np.concatenate([np.ones(own.size), -np.ones(count)])
    return csr_array((values, (rows, columns)), shape=(count + 1, own.size)), np.eye(count + 1)[0]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Where the variables stand: pairs, both plans, values, slacks."""

    pair: slice
    own: slice
    other: slice
    value: slice
    slack: slice
    size: int


class _Program:
    """The program of one tree and one leader, with payoffs from 0 to 1."""

    def __init__(self, form: ExtensiveForm, seat: int) -> None:
        self.form, self.seat = form, seat
        self.own, self.other = form.sequences[seat], form.sequences[1 - seat]
        low, spread = form.payoffs.min(0), np.ptp(form.payoffs, axis=0)
        unit = (form.payoffs - low) / np.where(spread > 0, spread, 1.0)
        self.pairs: Pairs = pairs_of(form.tree, unit, seat)
        sizes = [len(self.pairs.first), self.own.size, self.other.size]
        sizes += [len(self.other.parent), self.other.size]
        ends = np.cumsum([0, *sizes]).tolist()
        pair, own, other, value, slack = (slice(*edge) for edge in itertools.pairwise(ends))
        self.at = _Parts(pair, own, other, value, slack, ends[-1])

    def branch(self, clock: Clock) -> tuple[Float | None, bool, int]:
        """The follower's plan at the optimum, whether it is one, and the nodes it took."""
        rows, low, high = self._rows()
        gain, whole = np.zeros(self.at.size), np.zeros(self.at.size)
        gain[self.at.pair] = self.pairs.own
        whole[self.at.other] = 1
        found = milp(
            -gain,
            rows=rows,
            low=low,
            high=high,
            whole=whole,
            bounds=(0, 1),
            options={"mip_rel_gap": 0.0},
            clock=clock,
        )
        nodes = int(found.mip_node_count or 0)
        if found.x is None:
            return None, False, nodes
        return np.round(found.x[self.at.other]), found.status == 0, nodes

    def plan(self, answer: Float, clock: Clock) -> Float | None:
        """The leader's best plan to which the follower's plan `answer` is a best answer.

        None where there is none, or no time to find it.
        """
        from scipy.sparse import csr_array, hstack, vstack

        pairs, size = self.pairs, self.own.size
        gain = np.bincount(pairs.first, pairs.own * answer[pairs.second], size)
        values = self._values()
        fixed = np.flatnonzero(answer[1:] > 0.5)
        equal, to = flow(self.own)
        none = csr_array((equal.shape[0], values.shape[1] - size))
        loose = np.setdiff1d(np.arange(values.shape[0]), fixed)
        found = maximise(
            np.concatenate([gain, np.zeros(values.shape[1] - size)]),
            -values[loose] if len(loose) else None,
            np.zeros(len(loose)) if len(loose) else None,
            vstack([hstack([equal, none]), values[fixed]], format="csr"),
            np.concatenate([to, np.zeros(len(fixed))]),
            clock=clock,
        )
        return np.maximum(found.x[:size], 0) if found.status == "optimal" else None

    def profile(self, strategy: Float, answer: Float | None) -> tuple[Float, ...]:
        """The profile of the leader's strategy and an answer; without one, a best response."""
        both = [strategy, strategy]
        if answer is None:
            even = list(self.form.uniform())
            even[self.seat] = strategy
            both[1 - self.seat] = self.form.best_response(1 - self.seat, even)[1]
        else:
            both[1 - self.seat] = behaviour(self.other, answer)
        return tuple(both)

    def _values(self) -> Any:
        """Slacks of the follower's moves as rows over the leader's plan and the values.

        Row k stands for sequence k + 1: the value of its information set, less those that
        follow it and less what it pays at once.
        """
        from scipy.sparse import csr_array, hstack

        other, pairs = self.other, self.pairs
        moves = other.size - 1
        kept = pairs.second > 0
        paid = csr_array(
            (pairs.other[kept], (pairs.second[kept] - 1, pairs.first[kept])),
            shape=(moves, self.own.size),
        )
        sets = np.arange(len(other.parent))
        after = other.parent > 0
        value = csr_array(
            (
                np.concatenate([np.ones(moves), -np.ones(after.sum())]),
                (
                    np.concatenate([np.arange(moves), other.parent[after] - 1]),
                    np.concatenate([other.owner[1:], sets[after]]),
                ),
            ),
            shape=(moves, len(sets)),
        )
        return hstack([-paid, value], format="csr")

    def _rows(self) -> tuple[Any, Float, Float]:
        """The constraints `low <= rows @ variables <= high`."""
        from scipy.sparse import block_array, csr_array, eye_array

        pairs, count, moves = self.pairs, len(self.pairs.first), self.other.size - 1
        values = self._values()
        place = np.arange(count)
        by_own = csr_array((np.ones(count), (place, pairs.first)), (count, self.own.size))
        by_other = csr_array((np.ones(count), (place, pairs.second)), (count, self.other.size))
        played = eye_array(self.other.size, format="csr")[1:]
        sets = len(self.other.parent)
        (own, to_own), (other, to_other) = flow(self.own), flow(self.other)
        rows = block_array(
            [
                [pairs.chance[None], None, None, None, None],
                [None, own, None, csr_array((own.shape[0], sets)), None],
                [None, None, other, None, csr_array((other.shape[0], self.other.size))],
                [eye_array(count), -by_own, None, None, None],
                [eye_array(count), None, -by_other, None, None],
                [None, values[:, : self.own.size], None, values[:, self.own.size :], -played],
                [None, None, played, None, played],
            ],
            format="csr",
        )
        fixed = np.concatenate([[1.0], to_own, to_other])
        low = [fixed, np.full(2 * count, -np.inf), np.zeros(moves), np.full(moves, -np.inf)]
        high = [fixed, np.zeros(2 * count), np.zeros(moves), np.ones(moves)]
        return rows, np.concatenate(low), np.concatenate(high)
