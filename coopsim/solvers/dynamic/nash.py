"""Nash equilibrium in whole sequences of actions, by best responses through the horizon.

Players who can be swapped play alike; one of them answers, and all move. Where answers
overshoot (a team whose members all close the same gap) steps get shorter.
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping, look
from coopsim.games.forms.dynamic import DynamicForm
from coopsim.solvers.dynamic.objective import Objective, check_options, groups_of, objective
from coopsim.solvers.dynamic.search import polish, segments, smooth, trade
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.option_types import Starts
from coopsim.solvers.solution import Found

_GRID = 41  # constant actions of one look
_PASSES = 25  # rounds of constant answers
_LEAST = 1e-3  # the shortest step
_PATIENCE = 5  # rounds without progress after which a start is given up
_FEW = 8  # players up to which those who are alike may end up unlike


def suits(form: DynamicForm, everything: bool) -> str:
    """Why `auto` may choose this method: it takes every game of this form."""
    return "sequences of actions: best responses through the horizon"


def solve(
    form: DynamicForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 2,
    rounds: int = 40,
    gradient: str = "auto",
) -> Found:
    """Where best responses in whole sequences settle.

    Args:
        form: the game.
        tol: payoff units over the episode: answers that gain less end the search.
        deadline: seconds after which the closest so far is returned.
        starts: 1: from constants that answer one another; 2: also from the first of the form's
            marks (the baseline of a coopetition game), or from the middle; a second start is
            only used where the first does not settle.
        rounds: most rounds of answers from one start.
        gradient: "torch", "differences", or "auto": whichever is cheaper.

    Cost: a round takes some 30 batches of 2 T episodes for each group of players who are alike.

    Nothing makes such an equilibrium exist where payoffs jump (thresholds, early ends); then
    the closest profile is returned and its certificate says what is left to gain.

    Raises:
        UserError: an option out of range.
    """
    check_options(starts, rounds, gradient)
    search = _Answers(form, tol, Clock(deadline), gradient)
    marks = form.marks
    assert marks is not None
    mark = marks[0] if len(marks) else 0.5 * (form.low + form.high)
    begins = [search.constants(mark), form.constants(mark)][:starts]
    found: list[tuple[float, Float]] = []
    for sequence in begins:
        found.append(search.settle(sequence, rounds))
        if found[-1][0] <= tol or search.clock.over:
            break
    if found[-1][0] > tol and any(len(group) > 1 for group in search.groups) and form.n <= _FEW:
        # players who are alike may have to play unlike: one keeps up what all live on
        search.groups = tuple((i,) for i in range(form.n))
        found.append(search.settle(form.constants(mark), rounds, in_turn=True))
    gap, best = min(found, key=lambda pair: pair[0])
    return Found(
        profiles=(form.split(best),),
        sentence=f"{search.used} rounds of answers from {len(found)} starts; "
        f"the last ones gained {gap:.3g}",
        stats={"rounds": search.used},
        finished=gap <= tol and not search.clock.over,
        details=({"gain": gap},),
    )


class _Answers:
    """Best responses of one player of each group of players who are alike."""

    def __init__(self, form: DynamicForm, tol: float, clock: Clock, gradient: str) -> None:
        self.form, self.tol, self.clock, self.gradient = form, tol, clock, gradient
        self.groups = groups_of(form)
        self.used = 0

    def settle(self, sequence: Float, rounds: int, in_turn: bool = False) -> tuple[float, Float]:
        """The sequence `[T, n]` at which answers gained least, and what they gained.

        `in_turn`: one group after another moves, not all at once.
        """
        best, last, step, since = (np.inf, sequence), np.inf, 1.0, 0
        for turn in range(rounds):
            if self.clock.over or since == _PATIENCE:
                break
            if in_turn:
                gap, sequence, before = self._in_turn(sequence, turn < 3 or last <= self.tol)
                since = 0 if gap < best[0] else since + 1
                best, last = min(best, (gap, before), key=lambda pair: pair[0]), gap
                if gap <= self.tol and turn >= 3:
                    break
                continue
            self.used += 1
            # a full search at first and where answers seem to have settled, else a short one
            answered = [self.answer(sequence, group[0], turn < 2) for group in self.groups]
            gap = max(gain for gain, _ in answered)
            if gap <= self.tol:
                answered = [self.answer(sequence, group[0], True) for group in self.groups]
                gap = max(gain for gain, _ in answered)
            since = 0 if gap < 0.98 * best[0] else since + 1
            if gap < best[0]:
                best = (gap, sequence)
            if gap <= self.tol:
                break
            step = max(_LEAST, 0.5 * step) if gap > 0.9 * last else min(1.0, 1.1 * step)
            last = gap
            moved = sequence.copy()
            for group, (_, column) in zip(self.groups, answered, strict=True):
                for i in group:
                    moved[:, i] += step * (column - sequence[:, i])
            sequence = moved
        return best

    def _in_turn(self, sequence: Float, wide: bool) -> tuple[float, Float, Float]:
        """One answer after another: the most one gained, the sequence after and before them."""
        self.used += 1
        here, most = sequence, 0.0
        for group in self.groups:
            gain, column = self.answer(here, group[0], wide)
            if gain > self.tol:
                here = here.copy()
                here[:, group[0]] = column
            most = max(most, gain)
        return most, here, sequence

    def answer(self, sequence: Float, player: int, wide: bool) -> tuple[float, Float]:
        """What a best response gains, and the actions `[T]` of it."""
        goal = self._goal(sequence, player)
        x = sequence[:, [player]]
        start = goal.value(x)
        x, best = polish(goal, x, start, self.clock, self.tol, 12)
        if wide:
            x, best = segments(goal, x, best, self.clock, 3)
            end = smooth(goal, x, self.clock, self.tol, 15)
            value = goal.value(end)
            if value > best:
                x, best = end, value
            x, best = polish(goal, x, best, self.clock, self.tol, 20)
            x, best = trade(goal, x, best, self.clock, self.tol)
        return best - start, x[:, 0]

    def constants(self, actions: Float) -> Float:
        """The sequence `[T, n]` of constants that answer one another, as far as they settle."""
        here, step = np.array(actions, dtype=float), 1.0
        before = np.inf
        for _ in range(_PASSES):
            moved = here.copy()
            try:
                for group in self.groups:
                    best = self._best_constant(here, group[0])
                    moved[list(group)] += step * (best - here[group[0]])
            except OutOfTime:
                break
            change = float(np.abs(moved - here).max())
            step = max(0.05, 0.5 * step) if change > 0.9 * before else step
            here, before = moved, change
            if change <= 1e-4 * float(np.max(self.form.high - self.form.low)) or self.clock.over:
                break
        return self.form.constants(here)

    def _best_constant(self, actions: Float, player: int) -> float:
        low, high = float(self.form.low[player]), float(self.form.high[player])
        centre, half = 0.5 * (low + high), 0.5 * (high - low)
        for _ in range(3):
            grid = np.clip(centre + np.linspace(-half, half, _GRID), low, high)
            trial = np.repeat(actions[None], len(grid), axis=0)
            trial[:, player] = grid
            with keeping(self.clock):
                look()
                paid = self.form.payoffs(self.form.constants(trial))[:, player]
            centre, half = float(grid[int(paid.argmax())]), half * 3 / (_GRID - 1)
        return centre

    def _goal(self, sequence: Float, player: int) -> Objective:
        weights = np.zeros(self.form.n)
        weights[player] = 1.0
        return objective(self.form, weights, [(player,)], sequence, self.gradient, self.clock)
