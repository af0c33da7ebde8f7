"""The core and the least core: one linear programme, its coalitions found as they are needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.solvers.cooperative.units import in_units
from coopsim.solvers.numeric import Clock
from coopsim.solvers.programs import minimise
from coopsim.solvers.proof import ROUNDING, spread, within
from coopsim.solvers.solution import Found

Masks = npt.NDArray[np.int64]

_MOST = 20  # players: each round looks at 2^n excesses
_ADDED = 64  # coalitions that enter the programme in one round
_SLACK = 1e-11  # of the range of values: an excess this close to the largest is no larger
_DENOMINATOR = 10**6  # of fractions that a weight in floating point may stand for


@dataclass(frozen=True)
class LeastCore:
    """An allocation whose largest excess is smallest.

    Args:
        allocation: `[n]`; None where there was no time for one.
        excess: the largest worth of a proper coalition beyond what its members get.
        weights: coalitions (bit masks) and weights that add up to 1 and cover every player
            equally: they prove that no allocation does better.
        rounds: linear programmes solved.
        finished: whether the largest excess is known to be smallest.
    """

    allocation: Float | None
    excess: float
    weights: tuple[tuple[int, float], ...]
    rounds: int
    finished: bool


def solve_core(form: CoalitionForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """An allocation in the core that is as far inside as can be, or the proof that there is none.

    Where the core is empty, the sentence names a balanced collection of coalitions: with its
    weights every player is covered exactly once, and together they are worth more than
    everybody (Bondareva 1963, Shapley 1967). That is said only where it is so in fractions,
    and by more than the rounding of the values; else there is an allocation to be checked.
    `balanced_collection` gives the collection as numbers.

    Args:
        form: the game, with a table of values, 20 players at most.
        tol: a coalition may be worth this much more than its members get.
        deadline: seconds.

    Raises:
        NoSuchForm: too many players.

    Cost: one linear programme of n + 1 variables, its rows added by need: 0.05 s with 12
    players, about 1 s with 20.
    """
    least = least_core(form, Clock(deadline))
    if least.allocation is None:
        return Found((), "stopped before an allocation was found", finished=False)
    span = spread(form.values)  # type: ignore[arg-type]
    allowed = max(within(tol, span), ROUNDING * span) if tol > 0 else 0.0
    if least.excess > allowed and not least.finished:
        return Found((), "stopped before an allocation was found", finished=False)
    if least.excess > allowed and _worth_more(form, least):
        shown = ", ".join(
            f"{form.name(mask)} x {weight:.4g}" for mask, weight in _balanced(form, least)
        )
        total = sum(form.values[mask] * weight for mask, weight in _balanced(form, least))  # type: ignore[index]
        return Found(
            (),
            f"the core is empty: the balanced collection {shown} is worth {total:.6g}, and "
            f"everybody together {form.total:.6g}",
            stats={"rounds": least.rounds},
            exhaustive=True,
        )
    return Found(
        ((least.allocation,),),
        f"one linear programme in {least.rounds} rounds",
        stats={"rounds": least.rounds},
        finished=least.finished,
        details=({"largest_excess": least.excess},),
    )


def solve_least_core(
    form: CoalitionForm, *, tol: float = 1e-8, deadline: float | None = None
) -> Found:
    """An allocation whose largest excess of a proper coalition is smallest.

    Maschler, Peleg and Shapley (1979). Arguments, errors and cost as for `solve_core`. The
    details have the `excess` and the `weights` of coalitions that prove it.
    """
    least = least_core(form, Clock(deadline))
    if least.allocation is None:
        return Found((), "stopped before an allocation was found", finished=False)
    weights = [[mask, weight] for mask, weight in least.weights]
    return Found(
        ((least.allocation,),),
        f"one linear programme in {least.rounds} rounds",
        stats={"rounds": least.rounds},
        finished=least.finished,
        details=({"excess": least.excess, "weights": weights},),
    )


def balanced_collection(form: CoalitionForm) -> dict[tuple[int, ...], float]:
    """Coalitions with weights that cover every player once and are worth the most in sum.

    Where that sum is above what everybody is worth, the core is empty; else it is not.

    Returns:
        The weight of each coalition, by its members' numbers.

    Raises:
        NoSuchForm: too many players.
    """
    from coopsim.games.forms.coalition import members

    least = least_core(form, Clock(None))
    return {tuple(members(mask)): weight for mask, weight in _balanced(form, least)}


def suits(form: CoalitionForm, everything: bool) -> str:
    """Why `auto` chooses this: few enough players."""
    if form.values is None or form.n > _MOST:
        return ""
    return f"{form.n} players: a linear programme"


def least_core(form: CoalitionForm, clock: Clock) -> LeastCore:
    """The least core by a linear programme whose most violated coalitions are added by rounds."""
    if form.values is None or form.n > _MOST:
        raise NoSuchForm(
            f"{form.n} players have {1 << form.n} coalitions; at most {_MOST} players fit"
        )
    n = form.n
    if n == 1:
        return LeastCore(np.array([form.total]), 0.0, (), 0, True)
    form, unit = in_units(form)
    least = _in_rounds(form, clock)
    allocation = None if least.allocation is None else least.allocation * unit
    return replace(least, allocation=allocation, excess=least.excess * unit)


def _in_rounds(form: CoalitionForm, clock: Clock) -> LeastCore:
    """The least core of a game of two players or more whose values have a plain range."""
    assert form.values is not None
    n = form.n
    everybody = (1 << n) - 1
    rows = np.unique(np.concatenate([1 << np.arange(n), everybody ^ (1 << np.arange(n))]))
    span = max(float(np.ptp(form.values)), 1e-300)
    best: tuple[Float, float] | None = None
    rounds = 0
    while True:
        point, level, dual = _restricted(form, rows, clock)
        if point is None:
            return LeastCore(
                None if best is None else best[0], np.inf if best is None else best[1], (), rounds,
                False,
            )  # fmt: skip
        rounds += 1
        excess = form.excesses(point)
        excess[[0, everybody]] = -np.inf
        largest = float(excess.max())
        if best is None or largest < best[1]:
            best = (point, largest)
        worst = np.argsort(-excess, kind="stable")[:_ADDED]
        fresh = np.setdiff1d(worst[excess[worst] > level + _SLACK * span], rows)
        if not len(fresh):
            pairs = zip(rows, dual, strict=True)
            weights = tuple((int(mask), float(weight)) for mask, weight in pairs if weight > 1e-12)
            return LeastCore(best[0], best[1], weights, rounds, True)
        rows = np.union1d(rows, fresh)


def _restricted(
    form: CoalitionForm, rows: Masks, clock: Clock
) -> tuple[Float | None, float, Float]:
    """The allocation with the smallest largest excess of the coalitions `rows`, and the dual."""
    assert form.values is not None
    n, inside = form.n, incidence(rows, form.n)
    program = minimise(
        np.append(np.zeros(n), 1.0),
        -np.column_stack([inside, np.ones(len(rows))]),
        -form.values[rows],
        np.append(np.ones(n), 0.0)[None],
        np.array([form.total]),
        (None, None),
        clock,
    )
    if not program.found:
        return None, np.nan, np.zeros(0)
    point = program.x[:n]
    # what everybody shares is shared to the last digit
    return point + (form.total - point.sum()) / n, program.value, -program.upper


def incidence(masks: Masks, n: int) -> Float:
    """Who is in each coalition, `[len(masks), n]`, as 0 and 1."""
    return np.asarray((masks[:, None] >> np.arange(n)) & 1, dtype=float)


def _balanced(form: CoalitionForm, least: LeastCore) -> list[tuple[int, float]]:
    """The dual weights scaled so that they cover every player once."""
    cover = sum(weight * (mask & 1) for mask, weight in least.weights)
    return [(mask, weight / cover) for mask, weight in least.weights] if cover else []


def _worth_more(form: CoalitionForm, least: LeastCore) -> bool:
    """Whether a balanced collection is worth more than everybody, in fractions.

    The weights are scaled so that nobody is covered more than once, and what a player then
    lacks is made up by the player alone: that covers everybody exactly once, whatever the
    weights were.
    """
    table = form.values
    assert table is not None
    total = Fraction(float(table[-1]))
    for near in (True, False):
        weights = {mask: _fraction(weight, near) for mask, weight in least.weights}
        cover = [sum(w for mask, w in weights.items() if mask >> i & 1) for i in range(form.n)]
        most = max(cover)
        if most <= 0:
            continue
        worth = sum((w * Fraction(float(table[mask])) for mask, w in weights.items()), Fraction(0))
        for i, covered in enumerate(cover):
            worth += (most - covered) * Fraction(float(table[1 << i]))
        if worth > most * total:
            return True
    return False


def _fraction(weight: float, near: bool) -> Fraction:
    """A weight bit by bit, or the fraction of small denominator next to it."""
    exact = Fraction(weight)
    return exact.limit_denominator(_DENOMINATOR) if near else exact
