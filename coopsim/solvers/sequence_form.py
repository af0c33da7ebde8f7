"""Exact equilibria of two-player constant-sum trees by the sequence-form linear programme.

Realisation plans x with E x = e are the mixed strategies of a tree with perfect recall, and
payoffs are bilinear in them, so that the maximin plan solves a linear programme with one
variable a sequence and one a set of information (Koller, Megiddo and von Stengel 1996):

    maximise f q   subject to   F' q <= A' x,   E x = e,   x >= 0.

The multipliers of its inequalities are the other player's plan.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.sequences import SequencePayoffs, Sequences
from coopsim.highs import linprog
from coopsim.solvers.numeric import Clock
from coopsim.solvers.proof import spreads
from coopsim.solvers.solution import Found

LARGEST = 200_000
"""Payoff pairs up to which `suits` takes the exact programme."""

_SMALL = 1e-3  # of the smaller range: sums that vary by more are no constant
_SUM_TOL = 1e-9  # relative to the largest payoff: how far sums of payoffs may differ
_NOTHING = 1e-11  # probabilities below this are rounding of the linear programme


def solve(form: ExtensiveForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """One equilibrium of a two-player constant-sum tree, from one linear programme.

    Where an information set is not reached by the own plan, play there is a best response to
    the other's plan; where the other's plan does not come there either, it is even.

    Args:
        form: a tree of two players with perfect recall whose payoffs have the same sum at
            every end.
        tol: not used: the programme is solved to 1e-10 relative to the payoffs.
        deadline: seconds; on expiry even play is handed back.

    Cost: a sparse programme with one column a sequence of player 1 and an information set of
    player 2 and one row a sequence of player 2 and an information set of player 1; Leduc
    poker takes below 0.1 s.

    Raises:
        NoSuchForm: not two players, not constant-sum, variants, or imperfect recall.
    """
    problem = reason(form)
    if problem:
        raise NoSuchForm(f"the sequence-form programme {problem}")
    clock = Clock(deadline)
    if clock.over:
        return _unsolved(form, "the deadline left no time for the linear programme", {})
    one, two = form.sequences
    # the other half of the sum of payoffs is the same at every end, so it moves no plan
    half = (form.payoffs[:, :1] - form.payoffs[:, 1:]) / 2
    pairs = in_units(form, np.hstack([half, -half])).sequence_payoffs
    answer = maximin(one, two, pairs, clock)
    stats = {"pivots": float(answer.nit), "rows": float(two.size), "columns": float(one.size)}
    if answer.x is None or answer.status != 0:
        return _unsolved(form, f"the linear programme stopped: {answer.message}", stats)
    plans = answer.x[: one.size], -answer.ineqlin.marginals
    parts = (behaviour(own, plan) for own, plan in zip((one, two), plans, strict=True))
    profile = complete(form, tuple(parts))
    size = f"{one.size:,} x {two.size:,} sequences, {len(pairs.indices):,} payoff pairs"
    return Found((profile,), f"an exact linear programme over {size}", stats)


def suits(form: ExtensiveForm, everything: bool) -> str:
    """Two players, constant sum, perfect recall, and at most `LARGEST` payoff pairs."""
    if everything or reason(form):
        return ""
    pairs = len(form.sequence_payoffs.indices)
    if pairs > LARGEST:
        return ""
    return f"two players, zero-sum, {pairs:,} payoff pairs: an exact linear programme"


def reason(form: ExtensiveForm) -> str:
    """Why a tree has no maximin programme, as the end of a sentence; empty where it has one."""
    if form.recall_problem:
        return f"needs perfect recall: {form.recall_problem}"
    if form.n != 2:
        return f"is for two players, and here are {form.n}"
    if form.variants is not None:
        return f"solves one game, and this form has {form.variants} variants"
    total = form.payoffs.sum(axis=-1)
    spread, size = float(np.ptp(total)), float(np.abs(form.payoffs).max())
    # what is rounding beside one player's payoffs may be all that another is paid
    least = _SMALL * min(spreads(form.payoffs, -1))
    if not spread <= min(_SUM_TOL * max(size, 1e-300), least):
        return (
            f"needs payoffs with the same sum at every end, and sums differ by {spread:.3g}; "
            '"sequence-form-lcp" takes other payoffs'
        )
    return ""


def constraints(own: Sequences) -> tuple[Any, Float]:
    """E and e such that E x = e says that x is a realisation plan; sparse `[I + 1, S]`."""
    from scipy.sparse import csr_array

    sets, actions = len(own.parent), own.size - 1
    row = np.concatenate([[0], np.arange(1, sets + 1), own.owner[1:] + 1])
    column = np.concatenate([[0], own.parent, np.arange(1, actions + 1)])
    value = np.concatenate([[1.0], -np.ones(sets), np.ones(actions)])
    right = np.zeros(sets + 1)
    right[0] = 1.0
    return csr_array((value, (row, column)), shape=(sets + 1, own.size)), right


def maximin(one: Sequences, two: Sequences, pairs: SequencePayoffs, clock: Clock) -> Any:
    """The programme of player 1 by HiGHS; its answer as scipy gives it.

    Args:
        one, two: the players' sequences.
        pairs: the payoffs, of which player 1's are read.
        clock: when to stop.
    """
    from scipy.sparse import csr_array, hstack

    pays = pairs.values[:, 0] / (np.abs(pairs.values).max(initial=0.0) or 1.0)
    matrix = csr_array((pays, (pairs.indices, pairs.rows)), (two.size, one.size))
    (own, right), (other, _) = constraints(one), constraints(two)
    values = other.shape[0]
    cost = np.zeros(one.size + values)
    cost[one.size] = -1.0
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    return linprog(
        cost,
        A_ub=hstack([-matrix, other.T], format="csr"),
        b_ub=np.zeros(two.size),
        A_eq=hstack([own, csr_array((own.shape[0], values))], format="csr"),
        b_eq=right,
        bounds=[(0, None)] * one.size + [(None, None)] * values,
        options=options,
        clock=clock,
    )


def behaviour(own: Sequences, plan: Float) -> Float:
    """A behaviour strategy `[S_i]` from a plan `[S_i + 1]` that carries rounding.

    Entries of almost nothing are taken as 0. Where the plan never comes, play is even.
    """
    shares = np.where(plan[1:] > _NOTHING, plan[1:], 0.0)
    total = np.repeat(np.add.reduceat(shares, own.first - 1), own.actions)
    even = np.repeat(1.0 / own.actions, own.actions)
    return np.where(total > 0, shares / np.where(total > 0, total, 1.0), even)


def complete(form: ExtensiveForm, profile: tuple[Float, ...]) -> tuple[Float, ...]:
    """The profile with a best response wherever the own plan never comes.

    No gain of anyone changes by that: what a player does where the own plan does not come is
    reached by no deviation of another.
    """
    filled = []
    for player, own in enumerate(form.sequences):
        values = passes.sequence_values(form.tree, form.payoffs, profile, player)
        strategy = passes.respond(own, values)[1]
        plan = passes.realise(own, profile[player])
        comes = plan[own.before[1:]] > 0
        met = _met(form, profile, player)
        filled.append(np.where(comes | ~met, profile[player], strategy))
    return tuple(filled)


def _met(form: ExtensiveForm, profile: tuple[Float, ...], player: int) -> Any:
    """Whether chance and the other ever come to the information set of each move, `[S]`."""
    even = passes.uniform(form.tree)
    mixed = tuple(even[i] if i == player else part for i, part in enumerate(profile))
    nodes = passes.reach(form.tree, mixed)
    sets = form.infosets
    comes = np.add.reduceat(nodes[sets.nodes], sets.start[:-1]) > 0
    part = sets.of(player)
    own = slice(part.start, part.stop)
    return np.repeat(comes[own], sets.actions[own])


def in_units(form: ExtensiveForm, payoffs: Float) -> ExtensiveForm:
    """The tree with each player's payoffs divided by their size, so that tolerances fit.

    Payoffs that all lie on one side of 0, far from it, are moved around 0 first: no plan gets
    better or worse by that. Otherwise zeros stay zeros, which keeps the programme sparse.

    Args:
        form: the tree.
        payoffs: `[Z, n]`.
    """
    low, high = payoffs.min(axis=0), payoffs.max(axis=0)
    far = np.minimum(np.abs(low), np.abs(high)) > (high - low)
    moved = payoffs - np.where(far, (low + high) / 2, 0.0)
    size = np.abs(moved).max(axis=0)
    return form.with_payoffs(moved / np.where(size > 0, size, 1.0))


def _unsolved(form: ExtensiveForm, sentence: str, stats: dict[str, float]) -> Found:
    return Found((form.uniform(),), sentence, stats, finished=False)
