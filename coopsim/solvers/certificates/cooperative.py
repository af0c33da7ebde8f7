"""Certificates of cooperative games, each by another route than the methods take."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.proof import Certificate, spread

Profile = tuple[Float, ...]

_ORDERS = 7  # players up to which every order of arrival is gone through
_TABLE = 24  # players up to which dividends are computed
_DRAWN = 20_000  # orders drawn where there is no table
_NORMAL = 3.89  # standard errors that cover 99.99 percent


def shapley(
    form: CoalitionForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """How far the payoffs are from the Shapley value, computed again another way.

    Up to 7 players by all orders of arrival; up to 24 by Harsanyi's dividends (each
    coalition's surplus, divided equally in it); above that by an independent sample of orders,
    where the residual counts the sampling error as well.
    """
    if form.values is not None and form.n <= _ORDERS:
        truth, how = _by_orders(form), f"all {math.factorial(form.n)} orders of arrival"
        return _apart(form, profile[0], truth, np.zeros(form.n), how, exact=True)
    if form.values is not None and form.n <= _TABLE:
        truth = _shared(form, lambda size: 1.0 / size)
        how = "Harsanyi dividends of all coalitions"
        return _apart(form, profile[0], truth, np.zeros(form.n), how, exact=True)
    truth, error = _by_sample(form)
    how = f"{_DRAWN} other random orders of arrival, with their 99.99 percent sampling error"
    return _apart(form, profile[0], truth, _NORMAL * error, how, exact=False)


def banzhaf(
    form: CoalitionForm, profile: Profile, details: Mapping[str, Any], normalised: bool = False
) -> tuple[Certificate, Float]:
    """How far the payoffs are from the Banzhaf value, by Harsanyi's dividends."""
    truth = _shared(form, lambda size: 0.5 ** (size - 1.0))
    if normalised and truth.sum() != 0:
        truth = truth * form.total / truth.sum()
    how = "Harsanyi dividends of all coalitions"
    return _apart(form, profile[0], truth, np.zeros(form.n), how, exact=True)


def core(
    form: CoalitionForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What the most deprived coalition could gain on its own, over all coalitions."""
    (payoffs,) = profile
    deficit = np.maximum(form.excesses(payoffs), 0.0)
    waste = abs(form.total - float(payoffs.sum()))
    everybody = np.arange(1 << form.n)
    worst = tuple(
        positive_part(waste, float(deficit[(everybody >> i & 1) == 1].max())) for i in range(form.n)
    )
    proof = _proof(form, "deficit", worst, True, False, f"all {1 << form.n} coalitions")
    return proof, payoffs


def least_core(
    form: CoalitionForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """The largest excess less a lower bound for all allocations, from weights of coalitions.

    Weights that add up to 1 and cover all players equally bound the largest excess from below:
    it is at least their mean of v(S) - x(S), which is the same for every allocation. They
    come from the details where those hold, else from the dual linear programme.
    """
    (payoffs,) = profile
    excess = form.excesses(payoffs)[1:-1]
    largest = float(excess.max()) if form.n > 1 else 0.0
    bound = _lower_bound(form, details.get("weights"))
    waste = abs(form.total - float(payoffs.sum()))
    gap = positive_part(largest - bound, waste)
    how = "weights of coalitions that bound the largest excess of every allocation from below"
    return _proof(form, "shortfall", (gap,), True, False, how), payoffs


def nucleolus(
    form: CoalitionForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """Kohlberg's (1971) criterion: coalitions with an excess above any level are balanced.

    The residual is the smallest tolerance, in payoff units, within which excesses must count
    as equal for this to hold at every level. Levels at which the coalitions span no more
    than before need no look.
    """
    alone = form.values[1 << np.arange(form.n)]  # type: ignore[index]
    return _kohlberg(form, profile[0], alone)


def prenucleolus(
    form: CoalitionForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """As `nucleolus`, without the players' payoffs alone (Sobolev 1975)."""
    return _kohlberg(form, profile[0], None)


def _kohlberg(
    form: CoalitionForm, payoffs: Float, alone: Float | None
) -> tuple[Certificate, Float]:
    scale = max(float(np.ptp(form.values)), 1e-300)  # type: ignore[arg-type]
    broken = abs(form.total - float(payoffs.sum()))
    if alone is not None:
        broken = positive_part(broken, float((alone - payoffs).max()))
    excess = form.excesses(payoffs)[1:-1]
    slack = next(
        (unit * scale for unit in 10.0 ** np.arange(-15, 1) if _holds(excess, form.n, payoffs,
         alone, unit * scale)),
        scale,
    )  # fmt: skip
    # a tolerance of rounding size is no error
    residual = positive_part(broken, 0.0 if slack <= 1e-14 * scale else slack)
    how = "balancedness of all coalitions above every level of excess (Kohlberg)"
    return _proof(form, "balance", (residual,), True, True, how), payoffs


def _holds(excess: Float, n: int, payoffs: Float, alone: Float | None, slack: float) -> bool:
    """Whether every level set is balanced when excesses within `slack` count as equal."""
    masks = np.arange(1, (1 << n) - 1)
    inside = ((masks[:, None] >> np.arange(n)) & 1).astype(float)
    free = np.zeros((0, n))
    if alone is not None:
        free = np.eye(n)[payoffs <= alone + slack]
    order = np.argsort(-excess, kind="stable")
    kept, spanned = 0, np.ones((1, n))  # everybody is always in
    while kept < len(order) and np.linalg.matrix_rank(spanned) < n:
        look()
        kept = _level_end(excess[order], kept, slack)
        rows = inside[order[:kept]]
        wider = np.concatenate([np.ones((1, n)), rows])
        if np.linalg.matrix_rank(wider) > np.linalg.matrix_rank(spanned):
            if not _balanced(rows, free):
                return False
            spanned = wider
    return True


def _level_end(falling: Float, start: int, slack: float) -> int:
    """How many excesses belong to the levels down to the next clear drop."""
    if start >= len(falling):
        return start
    return int(np.searchsorted(-falling, -(falling[start] - slack), side="right"))


def _balanced(rows: Float, free: Float) -> bool:
    """Whether weights, all positive on `rows` and 0 or more on `free`, cover everybody once.

    With a positive weight on each coalition of `rows` that can have one, on average, all have.
    The largest smallest weight is found by a linear programme.
    """
    both = np.concatenate([rows, free])
    # variables: weights, the common lower bound of those on rows, and a scale of the cover
    need = np.column_stack([-np.eye(len(rows), len(both)), np.ones(len(rows))])
    answer = linear_program(
        np.append(np.zeros(len(both)), -1.0),
        need,
        np.zeros(len(rows)),
        np.column_stack([both.T, np.zeros(both.shape[1])]),
        np.ones(both.shape[1]),
        bounds=(0, None),
    )
    return answer.status == 0 and -float(answer.fun) > 1e-9


def _lower_bound(form: CoalitionForm, given: Any) -> float:
    """A lower bound of the largest excess of every allocation; from `given` where that holds."""
    n, values = form.n, form.values
    assert values is not None
    if n == 1:
        return 0.0
    masks = np.arange(1, (1 << n) - 1)
    try:
        weights = np.zeros(1 << n)
        for mask, weight in given:
            weights[int(mask)] += float(weight)
        found = _bound(values, weights[1:-1], masks, n)
    except (TypeError, ValueError, IndexError):
        found = None
    return found if found is not None else _bound_by_program(values, masks, n)


def _bound(values: Float, weights: Float, masks: np.ndarray, n: int) -> float | None:
    """What weights prove; None where they do not add up to 1 or do not cover players equally."""
    cover = weights @ ((masks[:, None] >> np.arange(n)) & 1)
    if (weights < 0).any() or abs(weights.sum() - 1) > 1e-9 or np.ptp(cover) > 1e-9:
        return None
    # made exact: players that are covered less than others are added alone
    most = float(cover.max())
    worth = weights @ values[masks] + (most - cover) @ values[1 << np.arange(n)]
    return float((worth - most * values[-1]) / (weights.sum() + (most - cover).sum()))


def _bound_by_program(values: Float, masks: np.ndarray, n: int) -> float:
    inside = ((masks[:, None] >> np.arange(n)) & 1).astype(float)
    unit = max(spread(values), 1e-300)
    answer = linear_program(
        np.append(-values[masks], values[-1]) / unit,
        A_eq=np.vstack(
            [np.column_stack([inside.T, -np.ones(n)]), np.append(np.ones(len(masks)), 0.0)]
        ),
        b_eq=np.append(np.zeros(n), 1.0),
        bounds=[(0, None)] * len(masks) + [(None, None)],
    )
    if answer.status != 0:
        return -math.inf
    weights = np.maximum(answer.x[:-1], 0)
    found = _bound(values, weights / weights.sum(), masks, n)
    return -math.inf if found is None else found


def _by_orders(form: CoalitionForm) -> Float:
    """The mean contribution over every order of arrival."""
    orders = np.array(list(itertools.permutations(range(form.n))))
    before = np.concatenate(
        [np.zeros((len(orders), 1), dtype=int), np.cumsum(1 << orders, axis=1)], axis=1
    )
    added = np.diff(form.values[before], axis=1)  # type: ignore[index]
    total = np.zeros(form.n)
    np.add.at(total, orders, added)
    return total / len(orders)


def _shared(form: CoalitionForm, part: Any) -> Float:
    """Dividends of all coalitions, each member getting `part(size)` of its coalition's."""
    dividends = np.array(form.values)
    for i in range(form.n):
        split = dividends.reshape(-1, 2, 1 << i)
        split[:, 1] -= split[:, 0]
    sizes = np.bitwise_count(np.arange(1 << form.n))
    dividends[1:] *= np.array([0.0, *(part(k) for k in range(1, form.n + 1))])[sizes[1:]]
    return np.array(
        [dividends.reshape(-1, 2, 1 << i)[:, 1].sum() for i in range(form.n)], dtype=float
    )


def _by_sample(form: CoalitionForm) -> tuple[Float, Float]:
    """Mean contributions over random orders, and their standard errors."""
    rng = np.random.default_rng(0x5EED)
    batch = max(1, (1 << 21) // form.n**2)
    drawn = []
    for first in range(0, _DRAWN, batch):
        count = min(batch, _DRAWN - first)
        place = rng.random((count, form.n))
        added = np.empty_like(place)
        for i in range(form.n):
            look()
            before = place < place[:, [i]]
            after = before.copy()
            after[:, i] = True
            added[:, i] = form.of(after) - form.of(before)
        drawn.append(added)
    sample = np.concatenate(drawn)
    return sample.mean(0), sample.std(0, ddof=1) / math.sqrt(len(sample))


def _apart(
    form: CoalitionForm, payoffs: Float, truth: Float, error: Float, how: str, exact: bool
) -> tuple[Certificate, Float]:
    far = tuple(float(gap) for gap in np.abs(payoffs - truth) + error)
    return _proof(form, "distance", far, exact, exact, how), payoffs


def _proof(
    form: CoalitionForm, kind: str, each: tuple[float, ...], exact: bool, alone: bool, how: str
) -> Certificate:
    # what coalitions are worth is in one unit: utility is transferable
    span = spread(form.values) if form.values is not None else abs(form.total)
    return Certificate.of(kind, each, span, exact=exact, complete=alone, checked_by=how)
