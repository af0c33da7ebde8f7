"""Certificate of alpha-rank: flows into and out of every state and of every cluster of states.

A distribution may balance each state to rounding and still weigh two groups of states wrongly
that hardly ever meet. So flows are balanced for groups too: all states that flows above some
level connect, at every level where flows fall by a large factor. What is reported is weight:
how much more or less a state or group would have if its flows were to balance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Certificate

_AT_ONCE = 1_000_000  # flows that are added between two looks at the clock
_LEVELS = 64  # levels of flow at which groups are formed
_FALL = 1.0  # nats between two flows that separate two levels

Places = npt.NDArray[np.int64]


def stationary(
    form: NormalForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    alpha: float = 100.0,
    population: int = 50,
) -> tuple[Certificate, Float]:
    """How much weight is out of balance in the chain of alpha-rank.

    Args:
        form: the game.
        profile: one part, the joint distribution `[A1..An]`.
        details: `log_weights`, logarithms of the same where weights underflow (optional).
        alpha, population: of the chain.

    Returns:
        the certificate and the expected payoffs `[n]`. The residual is a weight between 0 and
        1, not a payoff: the largest imbalance of a state or of a group of states.

    Cost: 64 passes over the transitions at most.
    """
    (joint,) = profile
    if joint.shape != form.shape or not (joint.min() >= 0 and abs(joint.sum() - 1) <= 1e-9):
        raise ValueError(f"no joint distribution of shape {form.shape}")
    logs = _log_weights(joint, details)
    values = np.array([float((own * joint).sum()) for own in form.payoffs])
    if logs is None:
        how = "logarithms of weights that are not one number a profile"
        return Certificate.of(
            "balance", (np.inf,) * form.n, 1.0, exact=False, checked_by=how
        ), values
    start, end, rate = _transitions(form, alpha, population)
    flow = logs[start] + rate
    residual = _imbalance(np.arange(joint.size), logs, start, end, flow)
    levels = _levels(flow)
    for level in levels:
        look()
        group = _groups(joint.size, start, end, flow >= level)
        residual = positive_part(residual, _imbalance(group, logs, start, end, flow))
    apart = float(np.abs(np.exp(logs) - joint.ravel()).max())
    residual = positive_part(residual, apart)
    return Certificate.of(
        "balance",
        (residual,) * form.n,
        1.0,  # weights, not payoffs
        exact=False,
        checked_by=f"flows of every state and of the groups at {len(levels)} levels of flow",
    ), values


def _log_weights(joint: Float, details: Mapping[str, Any]) -> Float | None:
    """Logarithms of the weights `[P]`, those handed over if any are; None where they are none."""
    if details.get("log_weights") is None:
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(joint.ravel()), -1e6)
    try:
        given = np.asarray(details["log_weights"], dtype=float)
    except (TypeError, ValueError, OverflowError):
        return None
    return given if given.shape == (joint.size,) and np.isfinite(given).all() else None


def _transitions(form: NormalForm, alpha: float, population: int) -> tuple[Places, Places, Float]:
    """Every transition: from, to, and the logarithm of its rate, without the constant eta."""
    index = np.indices(form.shape).reshape(form.n, -1)
    starts, ends, rates = [], [], []
    for i, size in enumerate(form.shape):
        for step in range(1, size):
            look()
            other = index.copy()
            other[i] = (other[i] + step) % size
            gain = form.payoffs[i][tuple(other)] - form.payoffs[i].ravel()
            starts.append(np.arange(index.shape[1]))
            ends.append(np.ravel_multi_index(tuple(other), form.shape))
            rates.append(_log_rate(alpha * gain, population))
    if not starts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(rates)


def _log_rate(gain: Float, population: int) -> Float:
    """`log((1 - e^-g) / (1 - e^-mg))`, from `log sinh` of half the arguments."""
    half = np.maximum(np.abs(gain) / 2, 1e-290)
    ratio = _log_sinh(half) - _log_sinh(population * half)
    # (1 - e^-g) = 2 e^(-g/2) sinh(g/2), for both signs of g
    return np.asarray(ratio + (population - 1) * gain / 2)


def _log_sinh(x: Float) -> Float:
    small = x < 1e-4
    series = np.log(np.where(small, x, 1.0)) + np.where(small, x, 0.0) ** 2 / 6
    with np.errstate(divide="ignore"):
        return np.where(
            small, series, x + np.log1p(-np.exp(-2 * np.where(small, 1, x))) - np.log(2)
        )


def _levels(flow: Float) -> Float:
    """Flows above which there is a fall, the largest falls, at most 64."""
    steps = np.sort(flow[np.isfinite(flow)])
    falls = np.diff(steps)
    chosen = np.argsort(-falls, kind="stable")[:_LEVELS]
    return np.asarray(steps[1:][chosen[falls[chosen] > _FALL]])


def _groups(count: int, start: Places, end: Places, strong: npt.NDArray[np.bool_]) -> Places:
    """A number for each state: of the group that strong flows connect in both directions."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(strong.sum()), (start[strong], end[strong])), (count, count))
    label = connected_components(graph.tocsr(), directed=True, connection="strong")[1]
    return np.asarray(label, dtype=np.int64)


def _imbalance(group: Places, logs: Float, start: Places, end: Places, flow: Float) -> float:
    """The largest weight that a group has too much or too little of."""
    look()
    count = int(group.max()) + 1
    across = group[start] != group[end]
    if count == 1 or not across.any():
        return 0.0
    mass = _sums(group, logs, count)
    out = _sums(group[start[across]], flow[across], count)
    into = _sums(group[end[across]], flow[across], count)
    # the weight at which what leaves would equal what comes in, the rates out being as they are
    implied = np.minimum(mass + into - out, 0.0)
    return float(np.abs(np.exp(implied) - np.exp(mass)).max())


def _sums(place: Places, logs: Float, count: int) -> Float:
    """Logarithms of the sums of exponentials by place, `[count]`."""
    total = np.full(count, -np.inf)
    for first in range(0, len(place), _AT_ONCE):
        look()
        here = slice(first, first + _AT_ONCE)
        np.logaddexp.at(total, place[here], logs[here])
    return total
