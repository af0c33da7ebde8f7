"""The nucleolus: a sequence of linear programmes, each fixing coalitions that cannot gain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.solvers.cooperative.core import Masks, incidence
from coopsim.solvers.cooperative.units import in_units
from coopsim.solvers.numeric import Clock
from coopsim.solvers.programs import Optimum, minimise
from coopsim.solvers.proof import ROUNDING, spread
from coopsim.solvers.solution import Found

_MOST = 14  # players: programmes have up to 2^n rows
_ACTIVE = 1e-9  # a dual weight above this belongs to a coalition that is tight everywhere


@dataclass
class _Fixed:
    """What is settled so far: equations `rows @ (x, e_1, ..., e_k) = targets`, and their span."""

    n: int
    coalitions: list[int] = field(default_factory=list)  # bit masks, at most n, independent
    levels: list[float] = field(default_factory=list)  # what their members get in sum
    equations: list[tuple[int, int]] = field(default_factory=list)  # (bit mask, round)
    alone: list[int] = field(default_factory=list)  # players that get what they get alone

    @property
    def rank(self) -> int:
        """How many directions are settled."""
        return len(self.coalitions)

    def add(self, mask: int, paid: float) -> None:
        """Fix what a coalition gets, unless that is settled already."""
        trial = incidence(np.array([*self.coalitions, mask]), self.n)
        if np.linalg.matrix_rank(trial) > self.rank:
            self.coalitions.append(mask)
            self.levels.append(paid)

    def outside(self, masks: Masks) -> Masks:
        """The coalitions whose payoff is not settled."""
        basis, _ = np.linalg.qr(incidence(np.array(self.coalitions), self.n).T)
        rows = incidence(masks, self.n)
        left = rows - rows @ basis @ basis.T
        return np.asarray(masks[np.abs(left).max(1) > 1e-8])


def solve(form: CoalitionForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """The nucleolus `[n]`: the imputation with the lexicographically smallest excesses.

    Schmeidler (1969), by the sequence of linear programmes of Kopelowitz (1967): the largest
    excess is minimised, coalitions with a positive dual weight have it in every optimum and are
    fixed, and so on. Each programme settles at least one more direction, so there are n at
    most. In the end the payoffs solve the equations of all fixed coalitions, to rounding.

    Args:
        form: the game, with a table of values, 14 players at most.
        tol: not needed.
        deadline: seconds.

    Returns:
        One profile with the payoffs; details: `excesses`, the level of each round. No
        profile, with the reason, where players get more alone than all get together.

    Raises:
        NoSuchForm: too many players.

    Cost: up to n programmes of 2^n rows: 0.02 s with 6 players, 1 to 3 s with 12.
    """
    return _solve(form, Clock(deadline), imputations=True)


def solve_prenucleolus(
    form: CoalitionForm, *, tol: float = 1e-8, deadline: float | None = None
) -> Found:
    """As `solve`, where players may get less than alone: Sobolev's (1975) prenucleolus."""
    return _solve(form, Clock(deadline), imputations=False)


def suits(form: CoalitionForm, everything: bool) -> str:
    """Why `auto` chooses this: few enough players."""
    if form.values is None or form.n > _MOST:
        return ""
    return f"{form.n} players: at most {form.n} linear programmes"


def _solve(form: CoalitionForm, clock: Clock, imputations: bool) -> Found:
    if form.values is None or form.n > _MOST:
        raise NoSuchForm(
            f"the nucleolus of {form.n} players needs programmes of 2^{form.n} rows; at most "
            f"{_MOST} players fit"
        )
    alone = form.values[1 << np.arange(form.n)]
    more = sum(map(Fraction, alone.tolist())) - Fraction(form.total)
    if imputations and more > ROUNDING * spread(form.values):
        return Found(
            (),
            f"players get {alone.sum():.6g} alone and {form.total:.6g} together, so there is "
            "no imputation; the concept prenucleolus does not need one",
            exhaustive=True,
        )
    scaled, unit = in_units(form)
    found = _in_rounds(scaled, clock, imputations)
    excesses = [level * unit for level in found.details[0]["excesses"]]
    return replace(
        found, profiles=((found.profiles[0][0] * unit,),), details=({"excesses": excesses},)
    )


def _in_rounds(form: CoalitionForm, clock: Clock, imputations: bool) -> Found:
    """The sequence of programmes for a game whose values have a plain range."""
    assert form.values is not None
    alone = form.values[1 << np.arange(form.n)]
    fixed = _Fixed(form.n)
    everybody = (1 << form.n) - 1
    fixed.add(everybody, form.total)
    open_, point = np.arange(1, everybody), np.full(form.n, form.total / form.n)
    excesses: list[float] = []
    low = alone if imputations else None
    while fixed.rank < form.n:
        open_ = fixed.outside(open_)
        program = _round(form, fixed, open_, low, clock)
        if not program.found:
            return Found(
                ((point,),),
                f"stopped after {len(excesses)} rounds ({program.status})",
                finished=False,
                details=({"excesses": excesses},),
            )
        point, level = program.x[: form.n], program.value
        _settle(form, fixed, open_, program, low, len(excesses))
        excesses.append(level)
    point, excesses = _polished(form, fixed, point, excesses)
    return Found(
        ((point,),),
        f"{len(excesses)} linear programmes settle all payoffs",
        stats={"rounds": len(excesses)},
        exhaustive=True,
        details=({"excesses": excesses},),
    )


def _round(
    form: CoalitionForm, fixed: _Fixed, masks: Masks, low: Float | None, clock: Clock
) -> Optimum:
    """The smallest largest excess of the open coalitions, with what is settled as it is."""
    assert form.values is not None
    n = form.n
    box = [(None if low is None else float(low[i]), None) for i in range(n)] + [(None, None)]
    settled = incidence(np.array(fixed.coalitions), n)
    return minimise(
        np.append(np.zeros(n), 1.0),
        -np.column_stack([incidence(masks, n), np.ones(len(masks))]),
        -form.values[masks],
        np.column_stack([settled, np.zeros(len(settled))]),
        np.array(fixed.levels),
        box,
        clock,
    )


def _settle(
    form: CoalitionForm,
    fixed: _Fixed,
    masks: Masks,
    program: Optimum,
    low: Float | None,
    round_: int,
) -> None:
    """Fix the coalitions with a positive dual weight: they are tight in every optimum."""
    assert form.values is not None
    weights = -program.upper
    # the weights add up to 1, so one of them is always large enough
    tight = masks[weights > min(_ACTIVE, 0.5 / len(masks))]
    for mask in tight[np.argsort(-weights[np.searchsorted(masks, tight)], kind="stable")]:
        fixed.equations.append((int(mask), round_))
        fixed.add(int(mask), float(form.values[mask] - program.value))
    if low is not None:
        at_low = np.flatnonzero(program.x[: form.n] <= low + 1e-9 * max(1.0, np.abs(low).max()))
        fixed.alone = [int(i) for i in at_low]


def _polished(
    form: CoalitionForm, fixed: _Fixed, point: Float, excesses: list[float]
) -> tuple[Float, list[float]]:
    """Payoffs and levels from the equations of all fixed coalitions, by least squares.

    The programmes leave errors of about 1e-10, and the equations determine everything.
    """
    assert form.values is not None
    n, rounds = form.n, len(excesses)
    rows = [np.concatenate([np.ones(n), np.zeros(rounds)])]
    targets = [form.total]
    for mask, round_ in fixed.equations:
        rows.append(np.concatenate([incidence(np.array([mask]), n)[0], np.eye(rounds)[round_]]))
        targets.append(float(form.values[mask]))
    for i in fixed.alone:
        rows.append(np.concatenate([np.eye(n)[i], np.zeros(rounds)]))
        targets.append(float(form.values[1 << i]))
    matrix, right = np.array(rows), np.array(targets)
    answer, _, rank, _ = np.linalg.lstsq(matrix, right, rcond=None)
    scale = max(1.0, float(np.abs(form.values).max()))
    near = np.abs(answer[:n] - point).max() <= 1e-6 * scale
    solved = np.abs(matrix @ answer - right).max() <= 1e-11 * scale
    if rank < n + rounds or not (near and solved):
        return point, excesses
    return answer[:n], [float(level) for level in answer[n:]]
