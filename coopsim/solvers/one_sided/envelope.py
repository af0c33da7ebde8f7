"""The concave envelope of the non-revealing value, between a split and a hyperplane."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float, positive_part
from coopsim.clock import ENDLESS, keeping, look
from coopsim.errors import NoSuchForm
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.solvers.matrix_game import solve_matrix
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.programs import minimise
from coopsim.solvers.solution import Found

_STATES = 8
_SMALL = 10_000  # payoffs of all states: up to here the first bounds take no time
_FIRST = 1.0  # seconds beyond the deadline for the first bounds of larger games
_CELLS = 16  # whose bounds are computed between two looks at the clock
_ROUND = 16  # cells that are halved between two looks at the hyperplane, at least

Cells = npt.NDArray[np.int64]
"""Simplices `[C, K]`: the numbers of their corners among the beliefs."""
Split = list[tuple[float, Float]]
"""Probabilities and posterior beliefs."""


@dataclass
class _Beliefs:
    """Beliefs at which the non-revealing value is known."""

    form: RepeatedInformationForm
    points: list[Float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    columns: list[Float] = field(default_factory=list)  # optimal mixtures of the columns
    places: dict[bytes, int] = field(default_factory=dict)

    def at(self, belief: Float) -> int:
        """The number of a belief, whose stage game is solved if it is new."""
        key = np.round(belief, 14).tobytes()
        if key not in self.places:
            value, _, columns = solve_matrix(self.form.mean(belief))
            self.places[key] = len(self.points)
            self.points.append(belief)
            self.values.append(value)
            self.columns.append(columns)
        return self.places[key]

    def value(self, belief: Float) -> float:
        """The non-revealing value at a belief."""
        return self.values[self.at(belief)]


def solve(
    form: RepeatedInformationForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    games: int = 4000,
) -> Found:
    """The value a stage, how the informed player splits the belief, and what holds it down.

    With u(q) the value of the mean matrix at belief q, the value of the repeated game is the
    concave envelope of u at the prior (Aumann and Maschler 1995, chapter 1). It is closed in
    from both sides: a linear programme over beliefs looked at gives the best split, and its
    dual a hyperplane; a branch and bound over simplices looks for beliefs where u lies above
    the hyperplane.

    Args:
        form: the game, 8 states at most.
        tol: both sides come this close, in payoff units.
        deadline: seconds.
        games: the most stage games that are solved.

    Returns:
        One profile. The informed player's part is the split, `[J, K + 1]`: in each row a
        probability and the posterior belief. The uninformed player's part is the hyperplane,
        `[K]`: state by state the payoff that it need not exceed (it approaches this vector,
        Blackwell 1956). Details: `value`, `non_revealing` (u at the prior), `split`.

    Raises:
        NoSuchForm: more than 8 states.

    Cost: some 50 to 1,000 stage games with two states; with three or more, 1e-8 is out of
    reach where u is flat against the hyperplane along a surface, and the bounds say so.
    """
    if form.states > _STATES:
        raise NoSuchForm(f"at most {_STATES} states fit, not {form.states}")
    require_count("games", games)
    clock, beliefs = Clock(deadline), _Beliefs(form)
    finished, best = False, None
    with contextlib.suppress(OutOfTime):
        # some bounds at all: of small games whatever the time
        with keeping(ENDLESS if form.matrices.size <= _SMALL else clock.later(_FIRST)):
            beliefs.at(form.prior)
            corners = [beliefs.at(corner) for corner in np.eye(form.states)]
            cells = np.array([corners])
            best = _bounds(form, beliefs, cells)
        with keeping(clock):
            look()
            cells = _grid(beliefs, corners)
            while not finished:
                best = _bounds(form, beliefs, cells)
                finished = best[2] <= tol / 2
                if finished or len(beliefs.points) >= games:
                    break
                look()
                cells = _refined(beliefs, cells, best[3], tol / 2)
    if best is None:
        return Found((), "stopped before there was a split and a hyperplane", finished=False)
    split, plane, bound, over = best
    solved = len(beliefs.points)
    with contextlib.suppress(OutOfTime), keeping(clock):
        split = _merged(beliefs, split)
    value = float(sum(weight * beliefs.value(q) for weight, q in split))
    rows = np.array([[weight, *q] for weight, q in split])
    details = {
        "value": value,
        "non_revealing": beliefs.values[0],
        "split": [[weight, q.tolist()] for weight, q in split],
        "stage_games": solved,
    }
    return Found(
        ((rows, plane),),
        f"{solved} stage games solved; the value lies between {value:.9g} and "
        f"{value + positive_part(bound):.9g}",
        stats={"games": solved, "cells": len(over)},
        finished=finished,
        details=(details,),
    )


def suits(form: RepeatedInformationForm, everything: bool) -> str:
    """Why `auto` chooses this: few enough states."""
    return f"{form.states} states" if form.states <= _STATES else ""


def one_stage_value(form: RepeatedInformationForm) -> float:
    """The value where the game is played once: a linear programme over the informed player's plan.

    The informed player may then use all that it knows, so this is at least the value of the
    repeated game.
    """
    k, a, b = form.matrices.shape
    # variables: how likely a state and an action are together, and the value
    given = np.zeros((k, k * a + 1))
    for state in range(k):
        given[state, state * a : (state + 1) * a] = 1.0
    program = minimise(
        np.append(np.zeros(k * a), -1.0),
        np.column_stack([-form.matrices.reshape(k * a, b).T, np.ones(b)]),
        np.zeros(b),
        given,
        form.prior,
        [(0, None)] * (k * a) + [(None, None)],
    )
    return -program.value


def _grid(beliefs: _Beliefs, corners: list[int]) -> Cells:
    """The first cells: the simplex of beliefs halved a few times."""
    cells = np.array([corners])
    for _ in range(3 * (len(corners) - 1)):
        cells = _halves(beliefs, cells)
    return cells


def _halves(beliefs: _Beliefs, cells: Cells) -> Cells:
    """Each simplex cut through the middle of its longest edge, `[2 C, K]`."""
    points = np.array(beliefs.points)[cells]
    apart = np.abs(points[:, :, None] - points[:, None]).sum(-1)
    parts = []
    for cell, flat in zip(cells, apart.reshape(len(cells), -1).argmax(1), strict=True):
        i, j = divmod(int(flat), len(cell))
        middle = beliefs.at(0.5 * (beliefs.points[cell[i]] + beliefs.points[cell[j]]))
        for end in (i, j):
            part = cell.copy()
            part[end] = middle
            parts.append(part)
    return np.array(parts)


def _refined(beliefs: _Beliefs, cells: Cells, over: Float, enough: float) -> Cells:
    """The cells with the loosest ones cut in half."""
    loose = np.argsort(-over, kind="stable")[: max(_ROUND, len(cells) // 4)]
    cut = np.zeros(len(cells), dtype=bool)
    cut[loose[over[loose] > enough]] = True
    return np.concatenate([cells[~cut], _halves(beliefs, cells[cut])])


def _over(beliefs: _Beliefs, cells: Cells, plane: Float) -> Float:
    """How far u may lie above the hyperplane in each simplex, `[C]`.

    What columns y concede at belief q is the largest of functions that are linear in q and in y.
    With one y for the whole simplex it is largest at a corner. With y moving linearly from one
    corner's optimum to another's it is the largest of quadratic functions, which are nowhere
    above their largest Bernstein coefficient. The lower of the two bounds counts.
    """
    if len(cells) > _CELLS:
        pieces = range(0, len(cells), _CELLS)
        return np.concatenate([_over(beliefs, cells[k : k + _CELLS], plane) for k in pieces])
    look()
    corners = np.array(beliefs.points)[cells]
    columns = np.array(beliefs.columns)[cells]
    conceded = np.einsum("cqk,kab,cjb->cqja", corners, beliefs.form.matrices, columns)
    level = corners @ plane
    fixed = (conceded.max(-1) - level[:, :, None]).max(1).min(1)
    crossed = 0.5 * (conceded + conceded.swapaxes(1, 2)).max(-1)
    moving = (crossed - 0.5 * (level[:, :, None] + level[:, None])).max((1, 2))
    return np.asarray(np.minimum(fixed, moving))


def _bounds(
    form: RepeatedInformationForm, beliefs: _Beliefs, cells: Cells
) -> tuple[Split, Float, float, Float]:
    """The best split, the hyperplane, and how far u may lie above it: at most, and in each cell."""
    split, plane = _split(form, beliefs)
    over = _over(beliefs, cells, plane)
    return split, plane, float(over.max()), over


def _split(form: RepeatedInformationForm, beliefs: _Beliefs) -> tuple[Split, Float]:
    """The best split of the prior over the beliefs looked at, and the hyperplane over them."""
    points, values = np.array(beliefs.points), np.array(beliefs.values)
    scale = max(float(np.abs(form.matrices).max()), 1e-300)
    program = minimise(-values / scale, fixed=points.T, targets=form.prior)
    weights = np.maximum(program.x, 0)
    split = [(float(weights[j]), points[j]) for j in np.flatnonzero(weights > 1e-13)]
    plane = -program.equal * scale
    return split, plane + positive_part(float((values - points @ plane).max()))


def _merged(beliefs: _Beliefs, split: Split) -> Split:
    """The split without revelation that gains nothing: posteriors are put together in pairs."""
    while len(split) > 1:
        for i, j in itertools.combinations(range(len(split)), 2):
            (p, first), (q, second) = split[i], split[j]
            both = (p * first + q * second) / (p + q)
            apart = (p * beliefs.value(first) + q * beliefs.value(second)) / (p + q)
            if beliefs.value(both) >= apart - 1e-15 * abs(apart):
                split = [part for k, part in enumerate(split) if k not in (i, j)]
                split.append((p + q, both))
                break
        else:
            break
    return split
