"""Certificate of commitment in security games, by dual bounds for every target.

Whatever the weights w >= 0, no coverage under which target t is attacked pays the defender
more than the largest value, over all allocations, of

    D_t(c) + sum_k w_k (A_t(c) - A_k(c))

which is linear in the coverage c, D and A being what an attack pays defender and attacker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.security import SecurityForm
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.proof import Certificate, spread

_CLOSE = 1e-10  # of the range of payoffs: bounds this near to the value are good enough
_OFF = 1e-9  # how far allocations may miss the coverage that they are to make up


def stackelberg(
    form: SecurityForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
    epsilon: float = 0.0,
) -> tuple[Certificate, Float]:
    """The attacker's regret, the defender's gap, and whether the coverage can be implemented.

    Args:
        form: the game.
        profile: the coverage `[K]` and the attacker's distribution over targets `[K]`.
        details: `allocations`: targets covered together, and their probabilities.
        leader, ties, commitment, epsilon: only the default question is checked.

    Returns:
        The certificate, with the defender's gap and the attacker's regret, and the expected
        payoffs `[2]`. Coverage that cannot be implemented counts by how far it is off.

    Cost: at most one linear program a target.
    """
    coverage, attack = profile
    values = form.expected(profile)
    stakes = form.paid(coverage)[1]
    regret = positive_part(float(stakes.max() - values[1]))
    spans = [spread(pair) for pair in _pairs(form)]
    value, unit = float(values[0]), max(spans[0], 1e-300)
    gap = positive_part(*(_bound(form, t, coverage, value, unit) - value for t in range(form.size)))
    off = _missed(form, coverage, details) + _off_simplex(attack)
    proof = Certificate.of(
        "regret",
        [gain + off * span for gain, span in zip((gap, regret), spans, strict=True)],
        spans,
        exact=True,
        checked_by="every target, a dual bound for each, and the allocations behind the coverage",
    )
    return proof, values


def _pairs(form: SecurityForm) -> tuple[Float, Float]:
    """All payoffs of defender and attacker."""
    return (
        np.stack([form.defender_covered, form.defender_uncovered]),
        np.stack([form.attacker_covered, form.attacker_uncovered]),
    )


def _bound(form: SecurityForm, target: int, coverage: Float, value: float, span: float) -> float:
    """An upper bound of what the defender gets where `target` is attacked."""
    look()
    top = np.inf
    for weights in _guesses(form, target, coverage):
        top = min(top, _at(form, target, weights))
        if top <= value + _CLOSE * span:
            return top
    return min(top, _at(form, target, _weights(form, target, value)))


def _guesses(form: SecurityForm, target: int, coverage: Float) -> Iterator[Float]:
    """Weights that are right in the usual cases: no program is needed there.

    Nothing binds; all covered targets bind and use up the resources; one target that is
    covered fully binds alone.
    """
    yield np.zeros(form.size)
    fall = form.attacker_uncovered - form.attacker_covered
    gain = form.defender_covered[target] - form.defender_uncovered[target]
    if not form.single or fall.min() <= 0 or gain <= 0:
        return
    binding = np.where(coverage > _OFF, 1 / fall, 0.0)
    binding[target] = 0.0
    yield binding * gain / (1 + fall[target] * binding.sum())
    highest = np.arange(form.size) == form.attacker_covered.argmax()
    yield np.where(highest, gain / fall[target], 0.0)


def _at(form: SecurityForm, target: int, weights: Float) -> float:
    """The bound for given weights, at least 0: the best corner of what can be covered."""
    slope = form.attacker_covered - form.attacker_uncovered
    linear = -weights * slope
    linear[target] += weights.sum() * slope[target]
    linear[target] += form.defender_covered[target] - form.defender_uncovered[target]
    base = form.attacker_uncovered[target] - form.attacker_uncovered
    return float(form.defender_uncovered[target] + weights @ base) + form.most(linear)


def _weights(form: SecurityForm, target: int, value: float) -> Float:
    """Weights that make the bound small, from the dual of a program over coverage.

    Slack is allowed at a price, so that there are weights where the target never is attacked.
    """
    means = np.eye(form.size) if form.single else form.allocations().astype(float)
    pairs = _pairs(form)
    unit, stake = (max(float(np.ptp(pair)), 1e-300) for pair in pairs)
    slope = form.attacker_covered - form.attacker_uncovered
    rows = np.diag(slope)
    rows[:, target] -= slope[target]
    limits = (form.attacker_uncovered[target] - form.attacker_uncovered) / stake
    gain = (form.defender_covered - form.defender_uncovered)[target] * means[:, target] / unit
    size = len(means)
    found = linear_program(
        np.append(-gain, np.full(form.size, 1e5)),
        A_ub=np.vstack(
            [
                np.hstack([rows @ means.T / stake, -np.eye(form.size)]),
                np.append(np.ones(size), np.zeros(form.size))[None],
            ]
        ),
        b_ub=np.append(limits, form.resources if form.single else 1.0),
        bounds=[(0, 1)] * size + [(0, None)] * form.size,
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is None:
        return np.zeros(form.size)
    return np.asarray(np.maximum(-found.ineqlin.marginals[:-1], 0) * unit / stake)


def _missed(form: SecurityForm, coverage: Float, details: Mapping[str, Any]) -> float:
    """How far the coverage is from what allocations can make up; 0 where they do."""
    outside = positive_part(float(-coverage.min()), float(coverage.max()) - 1)
    if form.single:
        more = float(coverage.sum()) - form.resources * (1 + 1e-12)
        return positive_part(outside, more)
    try:
        off = _from_allocations(form, coverage, details["allocations"])
    except (KeyError, TypeError, ValueError, IndexError):
        off = np.inf
    if not off <= _OFF:
        mixture = form.mixture(coverage)
        off = 1.0 if mixture is None else float(np.abs(mixture[1] @ mixture[0] - coverage).max())
    return positive_part(outside, 0.0 if off <= _OFF else off)


def _from_allocations(form: SecurityForm, coverage: Float, given: Any) -> float:
    """How far a coverage is from a mixture of allocations; infinite where one is not possible."""
    listed = {tuple(row) for row in form.allocations().tolist()}
    total, mass = np.zeros(form.size), 0.0
    for item in given:
        row = np.zeros(form.size, dtype=int)
        row[[int(k) for k in item["targets"]]] = 1
        share = float(item["probability"])
        if tuple(row.tolist()) not in listed or not share >= 0:
            return np.inf
        total, mass = total + share * row, mass + share
    return max(abs(mass - 1), float(np.abs(total - coverage).max()))


def _off_simplex(part: Float) -> float:
    """How far a vector is from a distribution, beyond rounding."""
    away = positive_part(float(-part.min()), abs(float(part.sum()) - 1))
    return 0.0 if away <= 1e-12 else away
