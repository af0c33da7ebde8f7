"""Bargaining solutions of a polytope that are linear programmes."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.programs import minimise
from coopsim.solvers.proof import ROUNDING
from coopsim.solvers.solution import Found

_STOPPED = Found((), "stopped before the linear programmes were solved", finished=False)


def solve_kalai_smorodinsky(
    form: BargainingForm, *, tol: float = 1e-8, deadline: float | None = None
) -> Found:
    """Gains in proportion to each player's largest possible gain, as large as can be.

    Kalai and Smorodinsky (1975). A player's largest gain is sought among the lotteries that
    leave nobody worse than disagreement. Payoffs can be thrown away: where the point itself
    lies outside the polytope, a lottery is given that pays everybody at least as much.

    Args:
        form: a polytope.
        tol: not needed; n + 2 linear programmes.
        deadline: seconds; what is cut short has no lottery to hand back.

    Raises:
        NoSuchForm: a frontier, or a player cannot gain.
    """
    gains = _gains(form)
    try:
        with keeping(Clock(deadline)):
            ideal = ideal_gains(gains)
            if (ideal <= ROUNDING * sizes(gains)).any():
                raise NoSuchForm(
                    "a player cannot gain over disagreement, so gains have no proportion"
                )
            share, lottery = best_share(gains, ideal)
    except OutOfTime:
        return _STOPPED
    return _found(form, lottery, {"ideal": (form.disagreement + ideal).tolist(), "share": share})


def solve_egalitarian(
    form: BargainingForm, *, tol: float = 1e-8, deadline: float | None = None
) -> Found:
    """Equal gains, as large as can be. Kalai (1977). Otherwise as for Kalai and Smorodinsky."""
    try:
        with keeping(Clock(deadline)):
            share, lottery = best_share(_gains(form), np.ones(form.n))
    except OutOfTime:
        return _STOPPED
    return _found(form, lottery, {"share": share})


def solve_utilitarian(
    form: BargainingForm, *, tol: float = 1e-8, deadline: float | None = None
) -> Found:
    """The largest sum of payoffs among lotteries that leave nobody worse than disagreement.

    Raises:
        NoSuchForm: a frontier, or every lottery leaves someone worse off.
    """
    gains = _gains(form)
    try:
        with keeping(Clock(deadline)):
            lottery = _at_least(gains, np.zeros(form.n), -gains.sum(1))
    except OutOfTime:
        return _STOPPED
    if lottery is None:
        raise NoSuchForm("every agreement leaves someone worse off than disagreement")
    return _found(form, lottery, {})


def suits(form: BargainingForm, everything: bool) -> str:
    """Why `auto` chooses this: a polytope."""
    return f"{len(form.vertices)} vertices" if form.vertices is not None else ""


def ideal_gains(gains: Float) -> Float:
    """Each player's largest gain among the lotteries that leave nobody worse, `[n]`.

    Raises:
        NoSuchForm: every lottery leaves someone worse off.
    """
    n = gains.shape[1]
    best = []
    for i in range(n):
        lottery = _at_least(gains, np.zeros(n), -gains[:, i])
        if lottery is None:
            raise NoSuchForm("every agreement leaves someone worse off than disagreement")
        best.append(float(lottery @ gains[:, i]))
    return np.array(best)


def best_share(gains: Float, direction: Float) -> tuple[float, Float]:
    """The largest t for which a lottery gains t * direction or more, and such a lottery.

    Of these lotteries the one with the smallest sum of gains, in units of `direction`, is taken:
    it is the point t * direction itself where that is feasible. What a player gains is compared
    in units of that player's own gains.

    Raises:
        NoSuchForm: the linear programme cannot be solved in floats.
    """
    count, n = gains.shape
    shares = gains / direction
    each = sizes(shares)
    unit = float(each.min())
    program = minimise(
        np.append(np.zeros(count), -1.0),
        np.column_stack([-(shares / each).T, unit / each]),
        np.zeros(n),
        np.append(np.ones(count), 0.0)[None],
        np.ones(1),
        [(0, None)] * count + [(None, None)],
    )
    if not program.found:
        raise NoSuchForm("gains differ by too many orders of magnitude for a linear programme")
    first = np.maximum(program.x[:count], 0)
    first /= first.sum()
    share = float((first @ shares).min())
    least = _at_least(shares, np.full(n, share), shares.sum(1))
    if least is None or (least @ shares < share - 1e-14 * each).any():
        return share, first
    return share, least


def sizes(gains: Float) -> Float:
    """The size of each player's largest gain or loss, `[n]`; 1 for one who has none."""
    largest = np.abs(gains).max(0)
    return np.asarray(np.where(largest > 0, largest, 1.0))


def _at_least(gains: Float, floor: Float, cost: Float) -> Float | None:
    """The cheapest lottery that gains `floor` or more; None where there is none.

    What a player gains is compared in units of that player's own gains.
    """
    each = sizes(gains)
    program = minimise(
        cost / max(float(np.abs(cost).max()), 1e-300),
        -(gains / each).T,
        -floor / each,
        np.ones((1, len(gains))),
        np.ones(1),
    )
    if not program.found:
        return None
    lottery = np.maximum(program.x, 0)
    return np.asarray(lottery / lottery.sum())


def _gains(form: BargainingForm) -> Float:
    if form.vertices is None:
        raise NoSuchForm("a frontier has no vertices; the methods for frontiers solve it")
    return form.vertices - form.disagreement


def _found(form: BargainingForm, lottery: Float, details: dict[str, object]) -> Found:
    return Found(
        ((lottery,),),
        "linear programmes over lotteries",
        details=({"payoffs": form.payoffs(lottery).tolist(), **details},),
    )
