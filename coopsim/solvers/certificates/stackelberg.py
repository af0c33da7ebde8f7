"""Certificates of commitment in matrix games.

The follower's part is checked against every answer. The leader's part is checked by weak
duality: for each answer b of the follower and any weights w >= 0, no mixture to which b is a
best answer pays the leader more than

    max_a  L(a, b) - sum_k w_k (F(a, k) - F(a, b))

so the weights that a method hands over can be wrong, but cannot make a bound too low. Where
they are missing or too weak, others are computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.seats import seat_of
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.proof import Certificate, spreads

_TIE = 1e-13  # of the follower's range: answers closer than this are equally good
_FLAT = 1e-9  # of the follower's range: an answer never better by more has no inside
_CLOSE = 1e-10  # of the leader's range: bounds this near to the value need no better weights


def stackelberg(
    form: NormalForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
    epsilon: float = 0.0,
) -> tuple[Certificate, Float]:
    """The follower's regret and how much more another commitment could pay the leader.

    Args:
        form: a game of two players.
        profile: the leader's mixture and the follower's answer, in the order of the players.
        details: `multipliers`, for each answer pairs of another answer and its weight.
        leader, ties, commitment, epsilon: the question, as for the method.

    Returns:
        The certificate, with the leader's gap and the follower's regret in the order of the
        players, and the expected payoffs `[2]`. With weak ties the gap is measured from what
        the leader gets at worst, less `epsilon`.

    Cost: one pass over the matrix with good multipliers; else a linear program an answer.
    """
    seat = seat_of(form.players, leader, "leader")
    gain, answers = _sides(form, seat)
    x, reply = profile[seat], profile[1 - seat]
    values = form.expected(profile)
    worth = x @ answers
    regret = positive_part(float(worth.max() - worth @ reply))
    own = float(x @ gain @ reply)
    if ties == "weak":
        good = worth >= worth.max() - _TIE * np.ptp(answers)
        own = min(own, float((x @ gain)[good].min()))
    if commitment == "pure":
        top, how = _pure(gain, answers, ties), "every action of the leader"
        impure = float(np.minimum(x, 1 - x).max()) * float(np.ptp(gain))
    elif ties == "weak":
        top, how = _supremum(gain, answers, own), "a dual bound for every answer with an inside"
        impure = 0.0
    else:
        given = details.get("multipliers")
        top, how = _bound(gain, answers, own, given), "a dual bound for every answer"
        impure = 0.0
    gap = positive_part(top - own - (epsilon if ties == "weak" else 0.0), impure)
    off = positive_part(_off_simplex(x), _off_simplex(reply))
    spans = spreads(form.payoffs)
    gains = (gap, regret) if seat == 0 else (regret, gap)
    proof = Certificate.of(
        "regret",
        [gain + off * span for gain, span in zip(gains, spans, strict=True)],
        spans,
        exact=True,
        checked_by=f"every answer of the follower, and {how} for the leader",
    )
    return proof, values


def _sides(form: NormalForm, seat: int) -> tuple[Float, Float]:
    """Payoffs of leader and follower above their lowest, the leader's actions in rows.

    What they get in any case would only cost digits.
    """
    first, second = (form.payoffs[i] - form.payoffs[i].min() for i in (seat, 1 - seat))
    return (first, second) if seat == 0 else (first.T, second.T)


def _off_simplex(part: Float) -> float:
    """How far a vector is from a distribution, beyond rounding."""
    away = positive_part(float(-part.min()), abs(float(part.sum()) - 1))
    return 0.0 if away <= 1e-12 else away


def _pure(gain: Float, answers: Float, ties: str) -> float:
    """What the best announced action pays."""
    values = []
    for paid, worth in zip(gain, answers, strict=True):
        good = paid[worth >= worth.max() - _TIE * np.ptp(answers)]
        values.append(good.max() if ties == "strong" else good.min())
    return float(max(values))


def _bound(gain: Float, answers: Float, value: float, given: Any) -> float:
    """An upper bound of what any commitment pays with ties for the leader."""
    small, tops = _CLOSE * float(np.ptp(gain)), []
    for b in range(gain.shape[1]):
        look()
        weights = _weights(given, b, gain.shape[1])
        top = float((gain[:, b] - (answers - answers[:, [b]]) @ weights).max())
        if top > value + small:
            weights = _dual(gain[:, [b]], answers - answers[:, [b]], value)[0]
            top = min(top, float((gain[:, b] - (answers - answers[:, [b]]) @ weights).max()))
        tops.append(top)
    return float(np.max(tops))


def _supremum(gain: Float, answers: Float, value: float) -> float:
    """An upper bound of what commitment pays with ties against the leader.

    Answers with equal payoffs to the follower are taken together: a mixture among them is
    chosen to the leader's worst. Those whose best mixtures have no inside do not count.
    """
    tops = [-np.inf]
    for b in range(gain.shape[1]):
        look()
        ahead = answers - answers[:, [b]]
        twins = (np.abs(ahead) <= _TIE * max(float(np.ptp(answers)), 1e-300)).all(0)
        if gain[:, twins].max(0).min() <= value:
            continue
        weights, mix = _dual(gain[:, twins], ahead, value)
        top = float((gain[:, twins] @ mix - ahead @ weights).max())
        if not top <= value and _has_inside(ahead[:, ~twins]):
            tops.append(top)
    return float(np.max([*tops, value]))


def _dual(gain: Float, ahead: Float, value: float) -> tuple[Float, Float]:
    """Weights of the follower's other answers `[B]`, and of twins `[E]`, that bound the leader.

    They minimise `max_a gain[a] @ mix - ahead[a] @ weights`; the bound need not go below the
    value that is claimed by more than the range of payoffs.
    """
    size, count, twins = len(gain), ahead.shape[1], gain.shape[1]
    unit = max(float(np.abs(gain - value).max()), 1e-300)
    stake = max(float(np.abs(ahead).max()), 1e-300)
    rows = np.hstack([-ahead / stake, (gain - value) / unit, -np.ones((size, 1))])
    found = linear_program(
        np.append(np.zeros(count + twins), 1.0),
        A_ub=rows,
        b_ub=np.zeros(size),
        A_eq=np.concatenate([np.zeros(count), np.ones(twins), [0.0]])[None],
        b_eq=[1.0],
        bounds=[(0, None)] * (count + twins) + [(-1.0, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is None:
        return np.zeros(count), np.eye(twins)[0]
    mix = np.maximum(found.x[count:-1], 0)
    return np.maximum(found.x[:count], 0) * unit / stake, mix / mix.sum()


def _has_inside(ahead: Float) -> bool:
    """Whether some mixture makes one answer strictly better than all others.

    Args:
        ahead: what each other answer pays the follower more, `[A, K]`.
    """
    if not ahead.shape[1]:
        return True
    stake = max(float(np.abs(ahead).max()), 1e-300)
    # the others' mixture that loses least against the answer at the leader's worst action
    found = linear_program(
        np.append(np.zeros(ahead.shape[1]), -1.0),
        A_ub=np.hstack([-ahead / stake, np.ones((len(ahead), 1))]),
        b_ub=np.zeros(len(ahead)),
        A_eq=np.append(np.ones(ahead.shape[1]), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * ahead.shape[1] + [(None, None)],
    )
    if found.x is None:
        return True
    mix = np.maximum(found.x[:-1], 0)
    mix /= mix.sum()
    return bool(float((ahead @ mix).min()) < -_FLAT * stake)


def _weights(given: Any, b: int, count: int) -> Float:
    """The weights handed over for an answer `[B]`; 0 where they cannot be read."""
    weights = np.zeros(count)
    try:
        for other, weight in given[b]:
            if np.isfinite(weight) and 0 <= int(other) < count:
                weights[int(other)] = max(0.0, float(weight))
    except (TypeError, ValueError, IndexError, KeyError):
        return np.zeros(count)
    return weights
