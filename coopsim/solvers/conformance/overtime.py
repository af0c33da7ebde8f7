"""Games over time whose solutions are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float, backend_of
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.dynamic import DynamicForm
from coopsim.games.forms.trust import TrustForm
from coopsim.solvers.conformance.trial import Trial


def tracking(rng: np.random.Generator) -> Trial:
    """Everybody follows a path of its own: the same sequences are optimal and an equilibrium."""
    horizon, n = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    path, steep = rng.uniform(0.1, 0.9, (horizon, n)), rng.uniform(0.5, 3, n)

    def totals(sequences: Any) -> Any:
        away = sequences - _like(path, sequences)
        return -(away * away * _like(steep, sequences)).sum(1)

    names = tuple(f"player {i + 1}" for i in range(n))
    form = DynamicForm(names, np.zeros(n), np.ones(n), horizon, totals)
    return Trial("paths to follow", form, (form.split(path),), True)


def still(rng: np.random.Generator) -> Trial:
    """Nothing moves trust, and everybody has a best action, which is marked."""
    best = np.full(2, float(rng.uniform(1, 9)))

    def step(states: Float, actions: Float) -> tuple[Float, Float, Float]:
        return states, -((actions - best) ** 2), np.ones(len(states))

    horizon = int(rng.integers(1, 3))
    start = np.array([0.5, 0.0, 0.5, 0.0])
    form = TrustForm(
        ("a", "b"), np.zeros(2), np.full(2, 10.0), horizon, 1.0, start, step, best[None]
    )
    return Trial("trust that stays", form, (), False)


def gifts(rng: np.random.Generator) -> Trial:
    """A prisoner's dilemma on an interval: what one gives is worth more to the other."""
    worth = float(rng.uniform(1.5, 4))

    def payoffs(a: Float) -> Float:
        return np.asarray(worth * a[..., ::-1] - a)

    form = ContinuousForm(("a", "b"), np.zeros(2), np.ones(2), np.arange(2), payoffs)
    return Trial("gifts", form, ((np.ones(1), np.ones(1)),), True, by_unit=False)


FAMILIES = {
    ("dynamic optimum", "dynamic"): (tracking,),
    ("open-loop nash", "dynamic"): (tracking,),
    ("markov perfect over trust", "trust"): (still,),
    ("cooperative control", "trust"): (still,),
    ("grim trigger", "continuous"): (gifts,),
}
"""The problem and the kind of form, and the families of games."""


def _like(values: Float, array: Any) -> Any:
    return backend_of(array).asarray(values)
