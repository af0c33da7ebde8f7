"""Certificate of the value with information on one side: bounds from both sides."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.proof import Certificate, spread

Profile = tuple[Float, ...]

_CELLS, _FEWER = 4000, 1500  # simplices that are looked at, up to two states and above
_ENOUGH = 1e-9  # of the range of payoffs: how closely the highest excess is bounded


def bounds(
    form: RepeatedInformationForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """The gap between what the split secures and what the hyperplane concedes; values `[2]`.

    The informed player gets at least the mean of the stage values at its posteriors. The
    uninformed player concedes at most the hyperplane at the prior plus the most that the
    stage value lies above it anywhere, which is bounded over a partition of the simplex: in
    each cell by what mixtures of the columns that are optimal at its corners concede.

    Cost: one linear programme a cell, 1 to 4,000 cells.
    """
    split, plane = profile
    weights, posteriors = split[:, 0], split[:, 1:]
    span = spread(form.matrices)
    mistake = float(np.abs(weights @ posteriors - form.prior).sum())
    bad = not ((weights >= -1e-12).all() and (posteriors >= -1e-12).all())
    lower = sum(w * _stage(form.mean(q))[0] for w, q in zip(weights, posteriors, strict=True))
    # a split that does not average to the prior is worth less by as much as payoffs can differ
    lower = float(lower) - mistake * float(np.abs(form.matrices).max())
    above, cells = _highest(form, plane, _ENOUGH * span)
    upper = float(plane @ form.prior) + above
    gap = np.inf if bad else positive_part(upper - lower)
    proof = Certificate.of(
        "bounds",
        (gap, gap),
        span,
        exact=True,
        checked_by=f"a split that secures {lower:.9g} and a hyperplane that concedes "
        f"{upper:.9g}, over {cells} cells of the simplex of beliefs",
    )
    return proof, np.array([lower, -lower])


def _highest(form: RepeatedInformationForm, plane: Float, enough: float) -> tuple[float, int]:
    """An upper bound of u(q) - plane . q over all beliefs q, by best-first subdivision."""
    stage = _Stages(form)
    corners = np.eye(form.states)
    heap = [(-_over(stage, corners, plane), 0, corners)]
    count, most = 1, _CELLS if form.states <= 2 else _FEWER
    while -heap[0][0] > max(0.0, stage.top) + enough and count < most:
        look()
        _, _, cell = heapq.heappop(heap)
        for part in _cut(cell):
            heapq.heappush(heap, (-_over(stage, part, plane), count, part))
            count += 1
    return positive_part(-heap[0][0]), count


class _Stages:
    """Stage games at beliefs, each solved once."""

    def __init__(self, form: RepeatedInformationForm) -> None:
        self.form = form
        self.solved: dict[bytes, tuple[float, Float]] = {}
        self.top = -np.inf  # how far u lies above the hyperplane where it was looked at

    def columns(self, belief: Float, plane: Float) -> Float:
        """An optimal mixture of the columns."""
        key = belief.tobytes()
        if key not in self.solved:
            self.solved[key] = _stage(self.form.mean(belief))
            self.top = max(self.top, self.solved[key][0] - float(plane @ belief))
        return self.solved[key][1]


def _over(stage: _Stages, cell: Float, plane: Float) -> float:
    """How far u may lie above the hyperplane in one simplex `[K, K]` of beliefs.

    The columns may hold on to the mixture that is optimal at one corner: they concede a largest
    of linear functions. Or they mix the corners' mixtures as the belief mixes the corners:
    a largest of quadratic functions, each below the largest of its Bernstein coefficients.
    """
    level = cell @ plane
    mixtures = np.array([stage.columns(corner, plane) for corner in cell])
    stages = np.tensordot(cell, stage.form.matrices, 1)
    conceded = np.array([stages @ mixture for mixture in mixtures])  # [mixture, belief, row]
    fixed = (conceded.max(2) - level).max(1).min()
    pairs = (conceded + conceded.transpose(1, 0, 2)).max(2) / 2
    moving = (pairs - (level[:, None] + level) / 2).max()
    return float(min(fixed, moving))


def _cut(cell: Float) -> list[Float]:
    """A simplex cut through the middle of its longest edge."""
    apart = np.abs(cell[:, None] - cell[None]).sum(-1)
    i, j = divmod(int(apart.argmax()), len(cell))
    first, second = cell.copy(), cell.copy()
    first[i] = second[j] = 0.5 * (cell[i] + cell[j])
    return [first, second]


def _stage(matrix: Float) -> tuple[float, Float]:
    """The value of a matrix game for the rows, and an optimal mixture of the columns.

    The columns' own programme. The value is what the mixture found concedes to the best row
    less what the rows' dual mixture falls short of it, so that it is a lower bound.
    """
    rows, columns = matrix.shape
    unit = max(float(np.abs(matrix).max()), 1e-300)
    answer = linear_program(
        np.append(np.zeros(columns), 1.0),
        np.column_stack([matrix / unit, -np.ones(rows)]),
        np.zeros(rows),
        np.append(np.ones(columns), 0.0)[None],
        [1.0],
        bounds=[(0, None)] * columns + [(None, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.x is None:  # no number of the programme is known: bounds that hold in any case
        return float(matrix.min()), np.full(columns, 1.0 / columns)
    mixture = np.maximum(answer.x[:-1], 0)
    own = np.maximum(-answer.ineqlin.marginals, 0)
    secured = float((own / own.sum() @ matrix).min())
    return secured, mixture / mixture.sum()
