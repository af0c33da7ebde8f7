"""The sequences with the largest sum of payoffs, by ascent through the horizon.

Players who can be swapped start alike; at the end each may leave the others. The best
constant actions and what players do for themselves are among the starts, so that the result
is never below them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import ENDLESS
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.dynamic import DynamicForm
from coopsim.solvers import optimum
from coopsim.solvers.dynamic import nash
from coopsim.solvers.dynamic.objective import Objective, check_options, groups_of, objective
from coopsim.solvers.dynamic.search import climb, polish, segments, smooth
from coopsim.solvers.numeric import Clock, OutOfTime, distinct
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_LEVELS = 21
_PARTS = 5  # pieces of a random start
_RANDOM = 16
_APART = 0.02  # of the range: how far starts lie from each other
_TURNS = 12  # most rounds in which players who are alike move one by one
_FEW = 8  # players up to whom they do
_FULL = 200  # variables up to which players who are alike are followed one by one


def suits(form: DynamicForm, everything: bool) -> str:
    """Why `auto` may choose this method: it takes every game of this form."""
    return "sequences of actions: ascent through the horizon from many starts"


def solve(
    form: DynamicForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 3,
    rounds: int = 6,
    gradient: str = "auto",
    seed: Seed = 0,
) -> Found:
    """The best sequences found from several starts.

    Args:
        form: the game.
        tol: payoff units; a round of ascent that gains less is the last one.
        deadline: seconds after which the best so far is returned.
        starts: how many of the best candidates are improved. Candidates are constants on a
            grid, the best constants, what is best for the first round alone, and random steps;
            from 2 on, what players do for themselves is one start more.
        rounds: most rounds of ascent from one start.
        gradient: "torch" (through the horizon), "differences", or "auto": whichever is cheaper.
        seed: of the random candidates.

    Cost: some 100 gradients a start, each 2 T k episodes (k groups of players who are alike)
    or one differentiated episode.

    Raises:
        UserError: an option out of range.
    """
    check_options(starts, rounds, gradient)
    clock = Clock(deadline)
    goal = objective(form, np.ones(form.n), groups_of(form), gradient=gradient, clock=clock)
    constant = best_constant(goal, clock)
    try:
        begins = _starts(goal, constant, starts, np.random.default_rng(seed))
    except OutOfTime:
        begins = [constant]
    selfish = goal.expand(constant)
    if len(begins) > 1:
        selfish = _selfish(goal, tol, clock)
        begins.append(goal.collect(selfish))
    ends = [constant]
    for x in begins:
        ends.append(climb(goal, x, clock, tol, 1 if len(begins) > 1 else rounds))
    best = max(ends, key=goal.value)
    if len(begins) > 1:
        best = climb(goal, best, clock, tol, rounds)
    sequence = _apart(goal, best, clock, tol, np.random.default_rng(seed))
    worth = form.payoffs(np.stack([sequence, selfish])).sum(-1)
    if worth[1] > worth[0]:
        sequence = selfish
    return Found(
        profiles=(form.split(sequence),),
        sentence=f"{len(begins)} starts improved through {form.horizon} rounds"
        + ("; stopped by the deadline" if clock.over else ""),
        stats={"starts": len(begins)},
        finished=not clock.over,
        details=({"best constant": float(goal.value(constant)), "value": float(worth.max())},),
    )


def best_constant(goal: Objective, clock: Clock) -> Float:
    """The best constant actions as knots `[T, k]`, one number a group."""
    count, horizon = len(goal.groups), goal.form.horizon
    goal = replace(goal, clock=ENDLESS)  # the method below looks at the clock itself
    form = ContinuousForm(
        players=("all",),
        low=goal.low,
        high=goal.top,
        owner=np.zeros(count, dtype=int),
        payoffs=lambda x: goal.values(np.repeat(x[..., None, :], horizon, axis=-2))[..., None],
    )
    found = optimum.solve(form, deadline=clock.left, starts=4)
    return np.repeat(found.profiles[0][0][None], horizon, axis=0)


def _starts(goal: Objective, constant: Float, count: int, rng: np.random.Generator) -> list[Float]:
    """The best of many candidates that lie apart; the best constant first."""
    shape, span = constant.shape, goal.top - goal.low
    horizon, k = shape
    levels = goal.low + np.linspace(0, 1, _LEVELS)[:, None] * span
    marks = goal.form.marks
    assert marks is not None
    own = marks[:, [group[0] for group in goal.groups]]
    flat = np.repeat(np.concatenate([levels, own])[:, None], horizon, axis=1)
    # the constant, with what the first and the last rounds alone would have
    myopic = _myopic(goal, constant)
    spurts = []
    for length in {1, max(1, horizon // 20), max(1, horizon // 5), horizon}:
        late = constant.copy()
        late[horizon - length :] = myopic
        spurts.append(late)
    pieces = np.arange(horizon) * _PARTS // horizon
    drawn = goal.low + rng.random((_RANDOM, _PARTS, k))[:, pieces] * span
    near = np.clip(constant + 0.2 * span * (drawn / np.maximum(goal.top, 1e-12) - 0.5),
                   goal.low, goal.top)  # fmt: skip
    candidates = np.concatenate([flat, np.stack(spurts), drawn, near])
    order = np.argsort(-goal.values(candidates), kind="stable")
    ranked = [constant.ravel(), *(candidates[i].ravel() for i in order)]
    kept = distinct(ranked[:40], np.tile(goal.width, horizon), _APART)[:count]
    return [x.reshape(shape) for x in kept]


def _selfish(goal: Objective, tol: float, clock: Clock) -> Float:
    """Where players get `[T, n]` who each look after themselves: past thresholds all gain by.

    With it no equilibrium that the same answers find pays more than the optimum.
    """
    settled = nash.solve(goal.form, tol=tol, deadline=clock.left, gradient=goal.gradient)
    return goal.form.join(settled.profiles[0])


def _myopic(goal: Objective, constant: Float) -> Float:
    """The levels `[k]` that are best where they only hold in the last round."""
    best = constant[-1].copy()
    for place in range(best.size):
        grid = np.linspace(goal.low[place], goal.top[place], 65)
        trial = np.repeat(constant[None], len(grid), axis=0)
        trial[:, -1, :] = best
        trial[:, -1, place] = grid
        best[place] = grid[int(goal.values(trial).argmax())]
    return np.asarray(best)


def _apart(
    goal: Objective, best: Float, clock: Clock, tol: float, rng: np.random.Generator
) -> Float:
    """The sequence `[T, n]`, after a try at unlike actions of players who are alike."""
    form, sequence = goal.form, goal.expand(best)
    if all(len(group) == 1 for group in goal.groups) or form.n * form.horizon > _FULL * 5:
        return sequence
    each = objective(
        form, goal.weights, [(i,) for i in range(form.n)], gradient=goal.gradient, clock=clock
    )
    value = each.value(sequence)
    if form.n <= _FEW:
        sequence, value = _in_turn(goal, sequence, value, clock, tol)
    nudged = sequence + 0.02 * each.width * rng.standard_normal(sequence.shape)
    end = smooth(each, np.clip(nudged, each.low, each.top), clock, tol, 20)
    if form.n * form.horizon <= _FULL:
        sequence, value = segments(each, sequence, value, clock, 1)
        end, reached = polish(each, end, each.value(end), clock, tol, 20)
    else:
        reached = each.value(end)
    return end if reached > value else sequence


def _in_turn(
    goal: Objective, sequence: Float, value: float, clock: Clock, tol: float
) -> tuple[Float, float]:
    """`sequence` `[T, n]` after one player after another moved alone, and its value.

    Where one of those who are alike and act alike cannot raise the sum, none of them can.
    """
    form, alike = goal.form, np.array(goal.form.alike)
    for _ in range(_TURNS):
        before, tried = value, set[tuple[int, bytes]]()
        for i in range(form.n):
            key = (int(alike[i]), sequence[:, i].tobytes())
            if key in tried or clock.over:
                continue
            own = objective(form, goal.weights, [(i,)], sequence, goal.gradient, clock)
            x, reached = segments(own, sequence[:, [i]], value, clock, 3)
            x, reached = polish(own, x, reached, clock, tol, 20)
            if reached > value + tol:
                sequence, value = own.expand(x), reached
            else:
                tried.add(key)
        if value - before <= tol:
            break
    return sequence, value
