"""Small continuous games whose solutions are known in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coopsim.arrays import Float
from coopsim.games.coopetition.stage import Stage
from coopsim.games.coopetition.value import Value
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.conformance.trial import Trial


def quadratic(rng: np.random.Generator) -> Trial:
    """Linear best responses that pull less than the own action does: one interior equilibrium."""
    n = int(rng.integers(2, 5))
    low, width = rng.uniform(-5, 5, n), rng.uniform(1, 20, n)
    point = low + rng.uniform(0.2, 0.8, n) * width
    pull = rng.uniform(-1, 1, (n, n)) * (1 - np.eye(n)) * 0.6 / (n - 1)
    steep, spill = rng.uniform(0.5, 5, n), rng.uniform(-3, 3, (n, n)) * (1 - np.eye(n))
    start = point - pull @ point

    def payoffs(x: Float) -> Float:
        return np.asarray(-0.5 * steep * (x - start - x @ pull.T) ** 2 + x @ spill.T)

    return _continuous("quadratic payoffs", payoffs, low, low + width, [point])


def cournot(rng: np.random.Generator) -> Trial:
    """Firms that choose quantities, linear demand and costs; closed form."""
    n, size = int(rng.choice([2, 3, 5])), float(rng.uniform(10, 100))
    cost = rng.uniform(0, 0.1, n) * size
    quantity = (size - (n + 1) * cost + cost.sum()) / (n + 1)

    def payoffs(x: Float) -> Float:
        return np.asarray((size - x.sum(-1, keepdims=True) - cost) * x)

    return _continuous("Cournot", payoffs, np.zeros(n), np.full(n, size), [quantity])


def complements(rng: np.random.Generator) -> Trial:
    """The symmetric coopetition game, which is supermodular; closed form."""
    n, theta = int(rng.integers(2, 5)), float(rng.uniform(15, 30))
    gamma, depends = float(rng.uniform(0.2, 0.9)), float(rng.uniform(0, 1))
    game = Stage(players=n, value=Value(theta=theta), gamma=gamma, interdependence=depends)
    action = theta / (1 - gamma / n * (1 + (n - 1) * depends) / n) - 1
    form = game.form("continuous", utility="integrated")
    assert isinstance(form, ContinuousForm)
    return Trial("coopetition", form, (form.split(np.full(n, action)),), True)


def several(rng: np.random.Generator) -> Trial:
    """Two players drawn towards an S-shaped answer to each other: three equilibria."""
    size = float(rng.uniform(1, 50))

    def payoffs(x: Float) -> Float:
        other = x[..., ::-1] / size
        return -((x / size - other**2 * (3 - 2 * other)) ** 2)

    known = [np.full(2, level * size) for level in (0, 0.5, 1)]
    low, high = np.zeros(2), np.full(2, size)
    return _continuous("several equilibria", payoffs, low, high, known, supermodular=True)


def at_bounds(rng: np.random.Generator) -> Trial:
    """Everybody wants to go further than the box allows, some up and some down."""
    n = int(rng.integers(2, 5))
    up = rng.random(n) < 0.5
    target = np.where(up, 1 + rng.uniform(0.1, 2, n), -rng.uniform(0.1, 2, n))

    def payoffs(x: Float) -> Float:
        return np.asarray(-((x - target) ** 2) + 0.05 * x * (x.sum(-1, keepdims=True) - x) / n)

    return _continuous("bounds", payoffs, np.zeros(n), np.ones(n), [up.astype(float)])


def concave(rng: np.random.Generator) -> Trial:
    """A concave sum of payoffs with its top inside, divided at random between the players."""
    n = int(rng.integers(2, 5))
    low, width = rng.uniform(-5, 5, n), rng.uniform(1, 20, n)
    point = low + rng.uniform(0.2, 0.8, n) * width
    root = rng.standard_normal((n, n)) / width
    weight, transfer = rng.dirichlet(np.ones(n)), rng.standard_normal((n, n))
    transfer -= transfer.mean(0)

    def payoffs(x: Float) -> Float:
        away = (x - point) / width
        loss = (((x - point) @ root.T) ** 2).sum(-1, keepdims=True) + (away**2).sum(-1)[..., None]
        return np.asarray(-weight * loss + x @ transfer.T)

    return _continuous("concave sum", payoffs, low, low + width, [point])


def corner(rng: np.random.Generator) -> Trial:
    """The sum of payoffs grows towards a corner of the box."""
    n = int(rng.integers(2, 5))
    up = rng.random(n) < 0.5
    slope = rng.uniform(0.5, 2, n) * np.where(up, 1, -1)

    def payoffs(x: Float) -> Float:
        return slope * x - 0.1 * (x - up) ** 2

    return _continuous("corner", payoffs, np.zeros(n), np.ones(n), [up.astype(float)])


def two_tops(rng: np.random.Generator) -> Trial:
    """A sum of payoffs with two equal tops."""
    first = rng.uniform(0.1, 0.3, 2)
    second = rng.uniform(0.7, 0.9, 2)

    def payoffs(x: Float) -> Float:
        away = [((x - top) ** 2).sum(-1) for top in (first, second)]
        return np.repeat(-np.minimum(*away)[..., None], 2, axis=-1)

    return _continuous("two tops", payoffs, np.zeros(2), np.ones(2), [first, second])


def complements_optimum(rng: np.random.Generator) -> Trial:
    """The largest sum of private payoffs of the symmetric coopetition game; closed form."""
    n, theta = int(rng.integers(2, 5)), float(rng.uniform(15, 30))
    gamma = float(rng.uniform(0.2, 0.9))
    form = Stage(players=n, value=Value(theta=theta), gamma=gamma).form("continuous")
    assert isinstance(form, ContinuousForm)
    point = np.full(n, theta / (1 - gamma / n) - 1)
    return Trial("coopetition", form, (form.split(point),), True)


def _continuous(
    name: str,
    payoffs: Callable[[Float], Float],
    low: Float,
    high: Float,
    known: list[Float],
    supermodular: bool = False,
) -> Trial:
    n = len(low)
    form = ContinuousForm(
        players=tuple(f"player {i + 1}" for i in range(n)),
        low=low,
        high=high,
        owner=np.arange(n),
        payoffs=payoffs,
        supermodular=supermodular,
    )
    return Trial(name, form, tuple(form.split(point) for point in known), True)
