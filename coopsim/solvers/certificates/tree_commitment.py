"""Certificate of commitment in a game tree, by a dual bound for every plan of the follower.

For a plan y of the follower, any other (mixed) plan q and any weight w >= 0, no commitment to
which y is a best answer pays the leader more than

    max_x  L(x, y) - w (F(x, q) - F(x, y))

which is the value of a best response in the leader's own tree, found by one backward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.convert import reduced_strategies, strategy_count
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.seats import seat_of
from coopsim.games.forms.tree.correlation import joint_plans
from coopsim.games.forms.tree.pairs import Pairs, pairs_of
from coopsim.games.forms.tree.passes import behave, realise, respond
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.certificates.tree_signals import bound, multipliers
from coopsim.solvers.proof import Certificate, spreads

_MOST = 20_000  # plans of the follower that are looked at
_CLOSE = 1e-10  # of the leader's range: bounds this near to the value are good enough


def stackelberg(
    form: ExtensiveForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
    epsilon: float = 0.0,
) -> tuple[Certificate, Float]:
    """The follower's regret, and how much more another commitment could pay the leader.

    Args:
        form: a tree of two players with perfect recall.
        profile: one behaviour strategy a player.
        details: not needed.
        leader: who commits.
        ties, commitment, epsilon: only the default question is checked.

    Returns:
        The certificate and the expected payoffs `[2]`. Where the follower has more than 20,000
        reduced plans, the leader is compared with a bound of what commitment with signals pays,
        which may lie above what commitment alone can reach.

    Cost: a backward pass over the leader's sequences for each plan of the follower, and a
    linear program for those that this does not rule out.
    """
    seat = seat_of(form.players, leader, "leader")
    values = form.expected(profile)
    other = 1 - seat
    regret = positive_part(float(form.best_response(other, profile)[0] - values[other]))
    plans = strategy_count(form.sequences[other])
    if plans <= _MOST:
        top = _bound(form, seat, float(values[seat]))
        how = f"a dual bound for each of the follower's {plans:,} plans"
    else:
        # signals can only help the leader, so that their bound holds here too
        program = joint_plans(form.tree, form.payoffs, seat)
        top = min(float(form.payoffs[:, seat].max()), bound(program, multipliers(program)))
        how = f"a dual bound with signals, as {plans:,} plans of the follower are too many"
    gap, off = positive_part(top - float(values[seat])), _off(form, profile)
    spans = spreads(form.payoffs, -1)
    gains = (gap, regret) if seat == 0 else (regret, gap)
    proof = Certificate.of(
        "regret",
        [gain + off * span for gain, span in zip(gains, spans, strict=True)],
        spans,
        exact=True,
        checked_by=f"a best response of the follower, and {how}",
    )
    return proof, values


def _bound(form: ExtensiveForm, seat: int, value: float) -> float:
    """An upper bound of what any commitment pays."""
    own, other = form.sequences[seat], form.sequences[1 - seat]
    pairs = pairs_of(form.tree, form.payoffs, seat)
    unit = max(float(np.ptp(form.payoffs[:, seat])), 1e-300)
    top = -np.inf
    for plan in reduced_strategies(other).astype(float):
        look()
        met = pairs.own * plan[pairs.second]
        paid = np.bincount(pairs.first, met, own.size).astype(np.float64)
        most = float(respond(own, paid)[0])
        if most > value + _CLOSE * unit:
            most = min(most, _closer(own, other, pairs, plan, paid, unit))
        top = float(np.maximum(top, most))  # which keeps what is not a number
    return top


def _closer(
    own: Sequences, other: Sequences, pairs: Pairs, plan: Float, paid: Float, unit: float
) -> float:
    """The bound for one plan with the follower's deviation that makes it low."""
    stake = max(float(np.abs(pairs.other).max()), 1e-300)
    weights = _weights(own, other, pairs, plan, paid / unit, stake) * unit / stake
    if weights[0] <= 0:
        return np.inf
    # as a plan of the follower, whatever the linear program's rounding
    deviation = weights[0] * realise(other, behave(other, weights))
    change = deviation[pairs.second] - weights[0] * plan[pairs.second]
    lost = np.bincount(pairs.first, pairs.other * change, own.size).astype(np.float64)
    return float(respond(own, paid - lost)[0])


def _weights(
    own: Sequences, other: Sequences, pairs: Pairs, plan: Float, paid: Float, stake: float
) -> Float:
    """Multipliers of the rows that make `plan` a best answer: a plan times a weight, `[S]`.

    Rows: the value of an information set is at least that of each move there, and what the
    plan pays at least the value of the tree, up to a slack that costs much.
    """
    from scipy.sparse import csr_array, lil_array

    sets, size = len(other.parent), own.size
    rows = lil_array((other.size, size + sets + 1))
    worth = csr_array((pairs.other / stake, (pairs.second, pairs.first)), (other.size, size))
    rows[:, :size] = worth
    follows = np.bincount(pairs.first, pairs.other / stake * plan[pairs.second], size)
    rows[[0], :size] = worth[[0]].toarray() - follows
    rows[0, size + sets] = -1.0
    for k in range(sets):
        rows[int(other.parent[k]), size + k] = 1.0
    for k in range(1, other.size):
        rows[k, size + int(other.owner[k])] = -1.0
    equal = lil_array((len(own.parent) + 1, size + sets + 1))
    equal[0, 0] = 1.0
    for k in range(len(own.parent)):
        equal[k + 1, int(own.parent[k])] = -1.0
        for move in range(int(own.first[k]), int(own.first[k] + own.actions[k])):
            equal[k + 1, move] = 1.0
    found = linear_program(
        np.concatenate([-paid, np.zeros(sets), [1e5]]),
        A_ub=rows.tocsr(),
        b_ub=np.zeros(other.size),
        A_eq=equal.tocsr(),
        b_eq=np.eye(len(own.parent) + 1)[0],
        bounds=[(0, None)] * size + [(None, None)] * sets + [(0, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is None:
        return np.zeros(other.size)
    return np.asarray(np.maximum(-found.ineqlin.marginals, 0))


def _off(form: ExtensiveForm, profile: tuple[Float, ...]) -> float:
    """How far a profile is from behaviour strategies, beyond rounding."""
    worst = 0.0
    for own, part in zip(form.sequences, profile, strict=True):
        if own.size > 1:
            sums = np.add.reduceat(part, own.first - 1)
            worst = positive_part(worst, float(np.abs(sums - 1).max()), float(-part.min()))
    return 0.0 if worst <= 1e-12 else worst
