"""Constant-sum games with one equilibrium, known by construction."""

from __future__ import annotations

import numpy as np

from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.conformance.trial import Trial


def saddle(rng: np.random.Generator) -> Trial:
    """Two players with payoffs that add up to 3; one action of each is better than all others."""
    shape = tuple(rng.integers(2, 6, size=2).tolist())
    payoffs = rng.uniform(0, 1, shape)
    best = tuple(int(rng.integers(size)) for size in shape)
    payoffs[best[0]] += 1.5
    payoffs[:, best[1]] -= 1.5
    known = tuple(np.eye(size)[action] for size, action in zip(shape, best, strict=True))
    return Trial("a saddle point", NormalForm([payoffs, 3 - payoffs]), (known,), True)
