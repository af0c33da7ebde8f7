"""Small games for correlated play, elimination and evolution, with solutions in closed form."""

from __future__ import annotations

import dataclasses

import numpy as np

from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.conformance import tables
from coopsim.solvers.conformance.trial import Trial


def agreed(rng: np.random.Generator) -> Trial:
    """Dominant actions that are best for everybody: the only correlated equilibrium."""
    shape = tuple(rng.integers(2, 4, size=rng.integers(2, 4)).tolist())
    best = tuple(int(rng.integers(size)) for size in shape)
    payoffs = rng.uniform(0, 1, (len(shape), *shape))
    for player, action in enumerate(best):
        # everybody gains from each dominant action, so that it is best for the sum too
        np.moveaxis(payoffs, player + 1, 0)[action] += 1.5
    joint = np.zeros(shape)
    joint[best] = 1.0
    return Trial("dominant actions", NormalForm(payoffs), ((joint,),), True)


def opposed(rng: np.random.Generator) -> Trial:
    """Two players with opposed interests and no pure equilibrium: only independent play is left.

    With diagonal a, d above the rest b, c the mixtures are `(d - c, a - b)` and `(d - b, a - c)`
    over `a + d - b - c`.
    """
    (b, c), (a, d) = rng.uniform(0, 1, 2), rng.uniform(2, 3, 2)
    row = np.array([[a, b], [c, d]])
    total = a + d - b - c
    mixtures = np.array([d - c, a - b]) / total, np.array([d - b, a - c]) / total
    return Trial("opposed interests", NormalForm([row, -row]), ((np.outer(*mixtures),),), True)


def eliminated(rng: np.random.Generator) -> Trial:
    """One action of each player is better than all others: it alone survives."""
    # the evidence for what is left out is part of the proof, which other units are tried without
    return dataclasses.replace(tables.dominant(rng), by_unit=False)


def selected(rng: np.random.Generator) -> Trial:
    """The same under strong selection: all weight is on the dominant profile."""
    trial = tables.dominant(rng)
    joint = np.ones(())
    for part in trial.known[0]:
        joint = np.multiply.outer(joint, part)
    # another unit of payoff is another intensity of selection
    return dataclasses.replace(trial, known=((joint,),), by_unit=False)


def contested(rng: np.random.Generator) -> Trial:
    """Hawks and doves over V at a cost C above it: a share V / C of hawks (Maynard Smith 1982)."""
    value = float(rng.uniform(0.5, 2))
    cost = value + float(rng.uniform(0.5, 3))
    row = np.array([[(value - cost) / 2, value], [0.0, value / 2]])
    mix = np.array([value / cost, 1 - value / cost])
    # payoffs that grow for one player only would break the symmetry
    form = NormalForm([row, row.T])
    return Trial("hawks and doves", form, ((mix, mix),), True, by_unit=False)
