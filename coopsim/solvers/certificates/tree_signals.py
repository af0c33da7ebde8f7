"""Certificate of commitment with signals in a tree, by the dual of its linear program.

Whatever the multipliers y (of equations) and z >= 0 (of obedience), no joint plan pays the
leader more than `to @ y + sum_j most_j max(0, gain_j - (equal' y + obey' z)_j)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.seats import seat_of
from coopsim.games.forms.tree.correlation import JointPlans, joint_plans
from coopsim.games.forms.tree.pairs import Pairs, pairs_of
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.proof import Certificate, spreads

_PATIENCE = 10.0  # seconds for the program that makes a bound low
_CLOSE = 1e-10  # of the leader's range: bounds this near to the value need no better multipliers


def commitment(
    form: ExtensiveForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    leader: int | str = 0,
) -> tuple[Certificate, Float]:
    """How far a joint plan is from one, what disobeying gains, and the leader's gap.

    Args:
        form: a tree of two players with perfect recall.
        profile: the probabilities of pairs of sequences `[S_1, S_2]`, alone.
        details: `equal` and `obey`, the multipliers of `JointPlans`; where they are missing or
            too weak, others are computed here.
        leader: who commits.

    Returns:
        The certificate and the payoffs `[2]`. What the follower gains is the most that it can
        get beyond what it expects, over all moves it is told, found by a backward pass.

    Cost: a pass over the follower's information sets for each of its sequences.
    """
    seat = seat_of(form.players, leader, "leader")
    plan = profile[0] if seat == 0 else profile[0].T
    program = joint_plans(form.tree, form.payoffs, seat)
    pairs = pairs_of(form.tree, form.payoffs, seat)
    mass = plan[pairs.first, pairs.second]
    values = np.array([mass @ pairs.own, mass @ pairs.other])
    spans = spreads(form.payoffs, -1)
    off = _inconsistent(program, plan)
    gain = _disobedience(pairs, form.sequences[1 - seat], plan)
    top = bound(program, details)
    if top > values[0] + _CLOSE * spans[seat]:
        top = min(top, bound(program, multipliers(program)), float(form.payoffs[:, seat].max()))
    gap = positive_part(top - float(values[0]))
    gains = (gap, gain) if seat == 0 else (gain, gap)
    proof = Certificate.of(
        "regret",
        [gain + off * span for gain, span in zip(gains, spans, strict=True)],
        spans,
        exact=True,
        checked_by="every move that the follower is told, and a dual bound for the leader",
    )
    return proof, values if seat == 0 else values[::-1].copy()


def _inconsistent(program: JointPlans, plan: Float) -> float:
    """How far the probabilities of pairs miss the equations between them, beyond rounding."""
    kept = program.number >= 0
    x = np.zeros(int(kept.sum()))
    x[program.number[kept]] = plan[kept]
    # rows that hold the follower's expectations are left out: they define them
    rows = program.equal[:, : len(x)]
    among = np.asarray(abs(program.equal[:, len(x) :]).sum(1) == 0).ravel()
    away = np.abs(rows @ x - program.to)[among].max(initial=0.0)
    beyond = float(np.abs(plan[~kept]).max(initial=0.0))
    away = positive_part(float(away), float(-plan.min()), beyond)
    return 0.0 if away <= 1e-12 else away


def _disobedience(pairs: Pairs, other: Sequences, plan: Float) -> float:
    """The most that the follower gains by other moves from where it is told one, in sum.

    For each sequence told the best plan from its last information set on is found by a
    backward pass over `paid[move]`, what a move pays against the leader's part.
    """
    size, worst = other.size, 0.0
    moves = [
        np.arange(first, first + actions)
        for first, actions in zip(other.first, other.actions, strict=True)
    ]
    obeyed = np.bincount(pairs.second, pairs.other * plan[pairs.first, pairs.second], size)
    for infoset in reversed(range(len(moves))):
        if other.parent[infoset] > 0:
            obeyed[other.parent[infoset]] += obeyed[moves[infoset]].sum()
    for told in range(1, size):
        look()
        best = np.bincount(pairs.second, pairs.other * plan[pairs.first, told], size)
        here = int(other.owner[told])
        for infoset in reversed(range(here, len(moves))):
            top = float(best[moves[infoset]].max())
            if infoset == here:
                worst = positive_part(worst, top - float(obeyed[told]))
            elif other.parent[infoset] > 0:
                best[other.parent[infoset]] += top
    return worst


def multipliers(program: JointPlans) -> dict[str, Any]:
    """Multipliers that make the bound lowest, from the dual program."""
    from scipy.sparse import eye_array, hstack

    equations, obeyed = program.equal.shape[0], program.obey.shape[0]
    size = len(program.gain)
    unit = max(float(np.abs(program.gain).max()), 1e-300)
    found = linear_program(
        np.concatenate([program.to, np.zeros(obeyed), program.most]),
        A_ub=-hstack([program.equal.T, program.obey.T, eye_array(size)], format="csr"),
        b_ub=-program.gain / unit,
        bounds=[(None, None)] * equations + [(0, None)] * (obeyed + size),
        options={
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
            # without multipliers the bound is the leader's highest payoff: weak, and true
            "time_limit": _PATIENCE,
        },
    )
    if found.x is None:
        return {}
    y, z = np.split(unit * found.x[: equations + obeyed], [equations])
    return {"equal": y, "obey": z}


def bound(program: JointPlans, details: Mapping[str, Any]) -> float:
    """The leader's bound from the multipliers handed over; infinite where they do not fit."""
    try:
        y = np.array(details["equal"], dtype=float)
        z = np.maximum(np.array(details["obey"], dtype=float), 0)
        reduced = program.gain - program.equal.T @ y - program.obey.T @ z
    except (KeyError, TypeError, ValueError):
        return np.inf
    if not np.isfinite(reduced).all():
        return np.inf
    return float(program.to @ y + program.most @ np.maximum(reduced, 0))
