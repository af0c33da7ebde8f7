"""Extensive-form correlated equilibria: a linear program over profiles of reduced plans.

A mediator draws a plan for everybody and tells a player, whenever it comes to an
information set, the action that its plan has there. In an extensive-form correlated
equilibrium (von Stengel and Forges 2008) nobody gains by leaving a recommendation and acting
alone from there on; in the coarse version (Farina, Bianchi and Sandholm 2020) nobody gains by
leaving before the recommendation is heard. Whoever leaves is told nothing more. The program
has a variable for every profile of reduced plans, so it takes small trees, but any number of
players, and chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping, look
from coopsim.errors import NoSuchForm
from coopsim.games.forms.convert import Plans, reduced_strategies, strategy_count
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import MOST_PLAYERS
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.highs import linprog
from coopsim.solvers.numeric import Clock, OutOfTime, unit_of
from coopsim.solvers.objectives import goal_of
from coopsim.solvers.solution import Found

MOST_PROFILES = 20_000
MOST_ENTRIES = 10_000_000
"""Profiles of reduced plans, and entries of the constraints, that one program may have."""


def solve_correlated(
    form: ExtensiveForm, *, tol: float = 1e-8, deadline: float | None = None, objective: Any = None
) -> Found:
    """The extensive-form correlated equilibrium that is best by an objective.

    Args:
        form: a tree with perfect recall and few reduced plans, any number of players.
        tol: not needed; the program is solved to 1e-10 of the payoff ranges.
        deadline: seconds for the linear program.
        objective: None or "welfare", "min welfare", "max-min", a player's name or number, or
            weights `[n]`; see `coopsim.solvers.objectives`.

    Returns:
        One profile, the joint distribution over reduced plans `[K1..Kn]`, in the order of
        `coopsim.games.forms.convert.to_normal`.

    Raises:
        NoSuchForm: a player forgets own moves, or there are too many plans.
        UserError: no such objective.

    Cost: one variable a profile of plans; one row for every recommendation and every sequence
    that follows its information set.
    """
    return _solve(form, objective, Clock(deadline), coarse=False)


def solve_coarse(
    form: ExtensiveForm, *, tol: float = 1e-8, deadline: float | None = None, objective: Any = None
) -> Found:
    """The same where a player leaves at an information set before hearing what to do there."""
    return _solve(form, objective, Clock(deadline), coarse=True)


def suits(form: ExtensiveForm, everything: bool) -> str:
    """Trees whose reduced plans can be listed."""
    if form.recall_problem:
        raise NoSuchForm(f"plans need perfect recall: {form.recall_problem}")
    count = math.prod(strategy_count(own) for own in form.sequences)
    _check_size(form)
    return f"{count:,} profiles of reduced plans: one linear program"


def _solve(form: ExtensiveForm, objective: Any, clock: Clock, coarse: bool) -> Found:
    from scipy.sparse import csr_array, hstack, vstack

    _check_size(form)
    goal = goal_of(form, objective)
    blocks, extra = [], 0
    try:
        with keeping(clock):
            table = _Table(form)
            for player in range(form.n):
                rows, count = _rows(table, player, coarse)
                blocks.append((rows, extra, count))
                extra += count
    except OutOfTime:
        return Found((), "stopped before the program was built", finished=False)
    size = table.size
    stacked = []
    for (left, right), begin, count in blocks:
        before, after = (
            csr_array((left.shape[0], width)) for width in (begin, extra - begin - count)
        )
        stacked.append(hstack([left, before, right, after], format="csr"))
    rows = vstack(stacked, format="csr") if stacked else csr_array((0, size + extra))
    cost, lines = goal.program(table.payoffs.reshape(form.n, -1), extra)
    if lines is not None:
        rows = vstack([hstack([rows, csr_array((rows.shape[0], 1))]), lines], format="csr")
    total = np.zeros((1, len(cost)))
    total[0, :size] = 1
    bounds = [(0, None)] * size + [(None, None)] * (len(cost) - size)
    answer = linprog(
        cost,
        A_ub=rows if rows.shape[0] else None,
        b_ub=np.zeros(rows.shape[0]) if rows.shape[0] else None,
        A_eq=total,
        b_eq=[1.0],
        bounds=bounds,
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        clock=clock,
    )
    if answer.x is None or not np.maximum(answer.x[:size], 0.0).any():
        return Found((), f"the linear program stopped: {answer.message}", finished=False)
    joint = np.maximum(answer.x[:size], 0.0)
    joint = (joint / joint.sum()).reshape(table.shape)
    return Found(
        ((joint,),),
        f"one linear program over {size:,} profiles of reduced plans with {rows.shape[0]:,} rows",
        {"profiles": float(size), "rows": float(rows.shape[0])},
        finished=answer.status == 0,
    )


def _check_size(form: ExtensiveForm) -> None:
    if form.variants is not None:
        raise NoSuchForm(f"one game is solved, and this form has {form.variants} variants")
    if form.n > MOST_PLAYERS:
        raise NoSuchForm(f"profiles of at most {MOST_PLAYERS} players are listed, not of {form.n}")
    counts = [strategy_count(own) for own in form.sequences]
    profiles = math.prod(counts)
    entries = sum(profiles * len(own.first) * max(own.size, 1) for own in form.sequences)
    if profiles > MOST_PROFILES or entries > 40 * MOST_ENTRIES:
        sizes = " x ".join(f"{count:,}" for count in counts)
        raise NoSuchForm(
            f"there are {sizes} reduced plans, and the program takes at most {MOST_PROFILES:,} "
            "profiles of them"
        )
    rows = sum(map(_row_count, form.sequences))
    if rows > MOST_ENTRIES:
        raise NoSuchForm(f"the program would have {rows:,} rows, and at most {MOST_ENTRIES:,} fit")


def _row_count(own: Sequences) -> int:
    """How many rows one player's constraints have: an action at and after each trigger's set."""
    after = own.actions.astype(np.int64)  # actions at an information set and at all that follow
    for j in reversed(range(len(own.first))):
        before = int(own.owner[own.parent[j]])
        if before >= 0:
            after[before] += after[j]
    return int((own.actions * after).sum())


@dataclass(frozen=True, eq=False)
class _Table:
    """The reduced plans of a tree and what their profiles pay, `[n, K1..Kn]`."""

    form: ExtensiveForm
    plans: tuple[Plans, ...]
    payoffs: Float

    def __init__(self, form: ExtensiveForm) -> None:
        plans = tuple(reduced_strategies(own) for own in form.sequences)
        object.__setattr__(self, "form", form)
        object.__setattr__(self, "plans", plans)
        weighted = form.payoffs * form.tree.chance_reach[:, None]
        paid = np.stack([self.meet(range(form.n), weighted[:, i]) for i in range(form.n)])
        object.__setattr__(self, "payoffs", paid)

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of plans."""
        return tuple(map(len, self.plans))

    @property
    def size(self) -> int:
        """The number of profiles of plans."""
        return math.prod(self.shape)

    def meet(self, players: Any, weights: Float) -> Float:
        """The sum of `weights` `[Z]` over the ends that plans of `players` lead to, `[K..]`."""
        found = weights[None, :]
        shape = []
        for i in players:
            look()
            comes = self.plans[i][:, self.form.sequences[i].terminal].astype(float)
            found = (found[:, None, :] * comes).reshape(-1, found.shape[-1])
            shape.append(len(comes))
        return np.asarray(found.sum(-1).reshape(shape))


def _rows(table: _Table, player: int, coarse: bool) -> tuple[tuple[Any, Any], int]:
    """The constraints of one player: coefficients of profiles and of its value variables.

    For every trigger and every information set from there on there is a variable, at least
    the worth of each action there: what it ends in, plus the variables of the sets after it.
    The trigger's own variable is at most what following pays.
    """
    from scipy.sparse import coo_array, csr_array

    form, own = table.form, table.form.sequences[player]
    worth = _worths(table, player)
    left: list[tuple[Float, Float, Float]] = []
    right: list[tuple[int, int, float]] = []
    count = row = 0
    below = _descendants(own)
    for trigger, infoset in _triggers(own, coarse):
        active = np.flatnonzero(table.plans[player][:, trigger])
        number = {j: count + k for k, j in enumerate(below[infoset])}
        count += len(number)
        for j in below[infoset]:
            look()
            for sequence in range(own.first[j], own.first[j] + own.actions[j]):
                left.append(_spread(table, player, active, worth[sequence], row))
                right.append((row, number[j], -1.0))
                right += [(row, number[k], 1.0) for k in _next(own, sequence)]
                row += 1
        # following pays at least the value of leaving
        follow = _following(table, player, active, below[infoset], worth)
        left.append((np.full(follow[0].shape, float(row)), *follow))
        right.append((row, number[infoset], 1.0))
        row += 1
    if not row:
        return (csr_array((0, table.size)), csr_array((0, 0))), 0
    places, columns, values = (np.concatenate([part[k] for part in left]) for k in range(3))
    if len(values) > MOST_ENTRIES:
        raise NoSuchForm(f"the program would have more than {MOST_ENTRIES:,} entries")
    scale = 1 / unit_of(form.payoffs[:, player])
    over_profiles = coo_array(
        (values * scale, (places.astype(np.int64), columns.astype(np.int64))), (row, table.size)
    )
    r, c, v = (np.array(part) for part in zip(*right, strict=True))
    over_values = coo_array((v, (r, c)), (row, count))
    return (over_profiles.tocsr(), over_values.tocsr()), count


def _worths(table: _Table, player: int) -> Float:
    """What ends at each own sequence pay against every plan of the others, `[S_i + 1, K_-i]`."""
    form, own = table.form, table.form.sequences[player]
    weights = form.tree.chance_reach * form.payoffs[:, player]
    others = [i for i in range(form.n) if i != player]
    comes = np.ones((1, len(weights)))
    for i in others:
        step = table.plans[i][:, form.sequences[i].terminal].astype(float)
        comes = (comes[:, None, :] * step).reshape(-1, comes.shape[-1])
    found = np.zeros((own.size, len(comes)))
    np.add.at(found, own.terminal, (comes * weights).T)
    return found


def _triggers(own: Sequences, coarse: bool) -> list[tuple[int, int]]:
    """Pairs of a sequence that a plan must have, and the information set that is left at."""
    if coarse:
        return [(int(parent), j) for j, parent in enumerate(own.parent)]
    return [
        (int(first) + a, j)
        for j, (first, actions) in enumerate(zip(own.first, own.actions, strict=True))
        for a in range(actions)
    ]


def _descendants(own: Sequences) -> list[list[int]]:
    """Each information set with all that follow it."""
    found: list[list[int]] = [[j] for j in range(len(own.first))]
    for j in reversed(range(len(own.first))):
        before = int(own.owner[own.parent[j]])
        if before >= 0:
            found[before] += found[j]
    return [sorted(group) for group in found]


def _next(own: Sequences, sequence: int) -> list[int]:
    return np.flatnonzero(own.parent == sequence).tolist()


def _spread(
    table: _Table, player: int, active: Any, worth: Float, row: int
) -> tuple[Float, Float, Float]:
    """Entries of a row: for each profile with an active own plan the worth against the others."""
    others = np.flatnonzero(worth)
    columns = _column(table, player, np.repeat(active, len(others)), np.tile(others, len(active)))
    values = np.tile(worth[others], len(active))
    return np.full(len(columns), float(row)), columns, values


def _following(
    table: _Table, player: int, active: Any, sets: list[int], worth: Float
) -> tuple[Float, Float]:
    """What following pays at ends below the information sets, with a minus: columns, values."""
    own = table.form.sequences[player]
    after = np.isin(own.owner, sets)
    plans = table.plans[player][active].astype(float) * after
    paid = -(plans @ worth)  # [active, K_-i]
    mine, others = np.nonzero(paid)
    return _column(table, player, active[mine], others), paid[mine, others]


def _column(table: _Table, player: int, mine: Any, others: Any) -> Float:
    """The number of a profile from the own plan and the number of the others' plans."""
    shape = list(table.shape)
    own = shape.pop(player)
    places = list(np.unravel_index(others, shape)) if shape else []
    places.insert(player, mine)
    shape.insert(player, own)
    return np.asarray(np.ravel_multi_index(places, shape), dtype=np.float64)
