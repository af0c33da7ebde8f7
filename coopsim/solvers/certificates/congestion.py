"""Certificates of traffic: what travellers could save at the times that they cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.congestion import CongestionForm
from coopsim.solvers.proof import Certificate

Profile = tuple[Float, ...]


def wardrop(
    form: CongestionForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """The time each class spends beyond that of its fastest route; minus total times `[n]`.

    Flows are checked at every node; what does not add up counts as time on the whole network.
    """
    times = form.times(np.maximum(np.sum(profile, axis=0), 0))
    return _proof(form, profile, times, times, "regret", "Dijkstra's fastest route of every class")


def optimum(
    form: CongestionForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """A bound of how much total time can be saved; minus total times `[n]`.

    Total time is convex, so that it can fall by no more than its linear part does: the saving at
    marginal times, when all take the fastest routes by these.
    """
    flow = np.maximum(np.sum(profile, axis=0), 0)
    rising = form.coefficients * (1 + form.powers) * flow[:, None] ** form.powers
    return _proof(
        form, profile, form.times(flow), rising.sum(1), "shortfall",
        "fastest routes by marginal times, which bound a convex total from below",
    )  # fmt: skip


def _proof(
    form: CongestionForm, profile: Profile, times: Float, prices: Float, kind: str, how: str
) -> tuple[Certificate, Float]:
    values = np.array([-float(own @ times) for own in profile])
    saved = []
    for own, (origin, destination, amount) in zip(profile, form.demands, strict=True):
        look()
        wrong = _imbalance(form, own, origin, destination, amount)
        fast = _distance(form, prices, origin, destination)
        # rounding of flows is no saving; anything more is charged
        charge = 0.0 if wrong <= 1e-12 * amount else wrong * float(prices.sum())
        saved.append(positive_part(float(own @ prices) - amount * fast) + charge)
    sizes = np.abs(values).tolist()
    # a class saves time of its own, judged by what it spends; a total is one claim
    each, spans = (saved, sizes) if kind == "regret" else ([sum(saved)], [max(sizes)])
    proof = Certificate.of(kind, each, spans, exact=True, checked_by=how)
    return proof, values


def _imbalance(
    form: CongestionForm, own: Float, origin: int, destination: int, amount: float
) -> float:
    """By how much flow is negative or lost at a node."""
    net = np.zeros(form.nodes)
    np.add.at(net, form.tails, own)
    np.subtract.at(net, form.heads, own)
    net[origin] -= amount
    net[destination] += amount
    return positive_part(float(np.abs(net).max()), -float(own.min()))


def _distance(form: CongestionForm, prices: Float, origin: int, destination: int) -> float:
    """The length of a shortest route; of parallel links only the shortest counts."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    length = np.full((form.nodes, form.nodes), np.inf)
    np.minimum.at(length, (form.tails, form.heads), prices)
    there = np.isfinite(length)
    # a stored 0 is a link that takes no time
    graph = csr_array((length[there], np.nonzero(there)), shape=length.shape)
    return float(dijkstra(graph, indices=origin)[destination])
