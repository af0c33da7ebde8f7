"""Commitment with signals in a game tree: one linear program over joint plans."""

from __future__ import annotations

import numpy as np

from coopsim.clock import keeping
from coopsim.errors import NoSuchForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE
from coopsim.games.forms.tree.correlation import joint_plans
from coopsim.highs import linprog
from coopsim.solvers.numeric import Clock, OutOfTime, unit_of
from coopsim.solvers.programs import PRECISE
from coopsim.solvers.solution import Found
from coopsim.solvers.tree_commitment import require_two

_LARGEST = 200_000  # pairs of sequences
_SETS = 20_000  # rows of obedience: a sequence of the follower beside a set after it


def solve(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
) -> Found:
    """The Stackelberg extensive-form correlated equilibrium (SEFCE).

    The leader commits to a joint plan; the follower is told each move when it comes to it, and
    obeys where no plan of its own from there on pays more. The value is an upper bound of what
    commitment without signals pays ('stackelberg').

    Args:
        form: a tree of two players with perfect recall.
        tol: not needed; the program is solved to 1e-10 of the payoff ranges.
        deadline: seconds for the program.
        leader: who commits, by number or name.

    Returns:
        the probabilities of pairs of sequences `[S_1, S_2]`, 0 where they are irrelevant.
        Details: `leader`, `value`; `bound_only`, whether chance moves, when the plan need not
        be one that can be drawn and its value is an upper bound only; multipliers.

    Cost: a linear program with one variable a relevant pair of sequences; polynomial.

    Source: Bosansky, Branzei, Hansen, Lund and Miltersen 2017, section 4.2; Cermak and others
    2016, equations 4 to 10.

    Raises:
        NoSuchForm: there are not two players, one of them forgets own moves, the payoffs have
            variants, or the tree is too large.
        UserError: there is no such leader.
    """
    seat = require_two(form, leader, "strong", "mixed")
    one, two = (own.size for own in form.sequences)
    if one * two > _LARGEST:
        raise NoSuchForm(
            f"{one:,} and {two:,} sequences have {one * two:,} pairs, and at most {_LARGEST:,} "
            "are taken"
        )
    clock = Clock(deadline)
    try:
        with keeping(clock):
            program = joint_plans(form.tree, form.payoffs, seat)
    except OutOfTime:
        return Found((), "the time was up before the program was written down", finished=False)
    unit = unit_of(form.payoffs[:, seat])
    found = linprog(
        -program.gain / unit,
        A_ub=program.obey if program.obey.shape[0] else None,
        b_ub=np.zeros(program.obey.shape[0]) if program.obey.shape[0] else None,
        A_eq=program.equal,
        b_eq=program.to,
        bounds=np.stack([np.zeros(len(program.most)), np.full(len(program.most), np.inf)], 1),
        options={"primal_feasibility_tolerance": PRECISE, "dual_feasibility_tolerance": PRECISE},
        clock=clock,
    )
    if found.status != 0 or found.x is None:
        return Found((), f"the program stopped: {found.message}", {}, finished=False)
    kept = program.number >= 0
    plan = np.zeros(program.number.shape)
    plan[kept] = np.maximum(found.x[program.number[kept]], 0)
    obey = found.ineqlin.marginals if program.obey.shape[0] else np.zeros(0)
    chance = bool((form.tree.player == CHANCE).any())
    return Found(
        profiles=((plan if seat == 0 else plan.T,),),
        sentence=f"one linear program over {int(kept.sum()):,} relevant pairs of sequences"
        + ("; with chance its value is an upper bound" if chance else ""),
        stats={"pairs": int(kept.sum())},
        details=(
            {
                "leader": seat,
                "value": float(program.gain @ found.x),
                "bound_only": chance,
                "equal": (-unit * np.asarray(found.eqlin.marginals)).tolist(),
                "obey": np.maximum(-unit * np.asarray(obey), 0).tolist(),
            },
        ),
    )


def suits(form: ExtensiveForm, everything: bool) -> str:
    """Trees of two players; what is refused is refused there, with the reason."""
    return f"{form.n} players, {len(form.tree.terminals):,} ends: a linear program"
