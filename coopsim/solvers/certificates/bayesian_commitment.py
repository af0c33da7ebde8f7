"""Certificate of commitment against a follower of unknown type, by branching on its answers.

For any weights w >= 0 no commitment pays the leader more than

    max_a sum_t max_b  p_t L(t, a, b) + sum_k w(t, b, k) (F(t, a, b) - F(t, a, k))

since at a commitment to which b is a best answer the added terms are not negative on average.
Where a type's answer is fixed, the inner maximum is over that answer alone. Fixing answers type
by type gives ever lower bounds; each bound holds whatever weights it was computed with.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.proof import Certificate, spread

_MOST = 400  # bounds computed before the best one so far is taken
_HEAVY = 1e5  # the most that a weight can be, in units of the payoff ranges
_CLOSE = 1e-10  # of the leader's range: bounds this near to the value are not followed


def stackelberg(
    form: StackelbergForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
    epsilon: float = 0.0,
) -> tuple[Certificate, Float]:
    """The types' regret and how much more another commitment could pay the leader.

    Args:
        form: the game.
        profile: the leader's mixture `[A]` and the types' answers `[T, B]`.
        details: not needed.
        leader, ties, commitment, epsilon: only the default question is checked.

    Returns:
        The certificate, with the leader's gap and the follower's regret (over all types, by
        their prior), and the expected payoffs `[2]`.

    Cost: at most 400 linear programs with one variable a type, action and answer.
    """
    mixture, reply = profile
    values = form.expected(profile)
    worth = np.einsum("a,tab->tb", mixture, form.follower)
    regret = positive_part(float(form.prior @ worth.max(1) - values[1]))
    top, seen = _bound(form, float(values[0]))
    spans = spread(form.leader), spread(form.follower)
    off = positive_part(_off_simplex(mixture), *(_off_simplex(row) for row in reply))
    gains = positive_part(top - float(values[0])), regret
    proof = Certificate.of(
        "regret",
        [gain + off * span for gain, span in zip(gains, spans, strict=True)],
        spans,
        exact=True,
        checked_by=f"every answer of every type, and {seen} dual bounds for the leader",
    )
    return proof, values


def _bound(form: StackelbergForm, value: float) -> tuple[float, int]:
    """An upper bound of what any commitment pays, and how many bounds that took."""
    types, _, answers = form.shape
    small = _CLOSE * max(float(np.ptp(form.leader)), 1e-300)
    free: tuple[int, ...] = (-1,) * types
    open_ends = [(-_relaxed(form, free), free)]
    seen = 1
    while -open_ends[0][0] > value + small and seen < _MOST:
        spread = [t for t in range(types) if open_ends[0][1][t] < 0]
        if not spread:  # every answer is fixed: nothing is left to branch on
            break
        _, fixed = heapq.heappop(open_ends)
        t = max(spread, key=lambda k: float(form.prior[k] * np.ptp(form.leader[k])))
        for b in range(answers):
            child = (*fixed[:t], b, *fixed[t + 1 :])
            seen += 1
            heapq.heappush(open_ends, (-_relaxed(form, child), child))
    return -open_ends[0][0], seen


def _relaxed(form: StackelbergForm, fixed: tuple[int, ...]) -> float:
    """The bound with some answers fixed (-1: free), from weights that make it low."""
    look()
    types, _, answers = form.shape
    unit = max(float(np.ptp(form.leader)), 1e-300)
    gain = form.prior[:, None, None] * form.leader
    ahead = form.follower[:, :, :, None] - form.follower[:, :, None, :]
    allowed = np.zeros(form.shape, dtype=bool)
    for t, b in enumerate(fixed):
        allowed[t, :, slice(None) if b < 0 else b] = True
    pairs = [(t, b, k) for t in range(types) for b in range(answers) for k in range(answers)]
    pairs = [(t, b, k) for t, b, k in pairs if b != k and fixed[t] in (-1, b)]
    stake = max(float(np.ptp(form.follower)), 1e-300)
    weights = np.zeros((types, answers, answers))
    found = _weights(gain / unit, ahead / stake, allowed, pairs)
    for (t, b, k), weight in zip(pairs, found, strict=True):
        weights[t, b, k] = weight * unit / stake
    inner = np.where(allowed, gain + np.einsum("tbk,tabk->tab", weights, ahead), -np.inf)
    return float(inner.max(2).sum(0).max())


def _weights(gain: Float, ahead: Float, allowed: Any, pairs: list[Any]) -> Float:
    """Multipliers of a linear program over z[t, a, b], the shares of actions beside answers.

    They are at most 1e5 in units of the payoff ranges, so that they exist where no mixture
    makes the fixed answers best.
    """
    from scipy.sparse import csr_array, eye_array, hstack

    if not pairs:
        return np.zeros(0)
    number = np.arange(gain.size).reshape(gain.shape)
    held = np.concatenate([number[t, :, b] for t, b, _ in pairs])
    worth = np.concatenate([-ahead[t, :, b, k] for t, b, k in pairs])
    place = np.repeat(np.arange(len(pairs)), gain.shape[1])
    rows = csr_array((worth, (place, held)), shape=(len(pairs), gain.size))
    equal, to = _one_mixture(number)
    slack = np.zeros((len(pairs), 2))
    slack[:, 1] = np.inf
    shares = np.stack([np.zeros(gain.size), np.where(allowed, np.inf, 0).ravel()], axis=1)
    found = linear_program(
        np.concatenate([-gain.ravel(), np.full(len(pairs), _HEAVY)]),
        A_ub=hstack([rows, -eye_array(len(pairs))]),
        b_ub=np.zeros(len(pairs)),
        A_eq=hstack([equal, csr_array((equal.shape[0], len(pairs)))]),
        b_eq=to,
        bounds=np.concatenate([shares, slack]),
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is None:
        return np.zeros(len(pairs))
    return np.asarray(np.maximum(-found.ineqlin.marginals, 0.0))


def _one_mixture(number: Any) -> tuple[Any, Float]:
    """Rows that let every type face one mixture."""
    from scipy.sparse import csr_array

    types, actions, _ = number.shape
    first = number[0]
    entries = [(0, int(i), 1.0) for i in first.ravel()]
    row = 1
    for t in range(1, types):
        for a in range(actions):
            entries += [(row, int(i), 1.0) for i in number[t, a]]
            entries += [(row, int(i), -1.0) for i in first[a]]
            row += 1
    where, place, values = zip(*entries, strict=True)
    return csr_array((values, (where, place)), shape=(row, number.size)), np.eye(row)[0]


def _off_simplex(part: Float) -> float:
    """How far a vector is from a distribution, beyond rounding."""
    away = positive_part(float(-part.min()), abs(float(part.sum()) - 1))
    return 0.0 if away <= 1e-12 else away
