"""Perturbed parameters of Monte Carlo trials, drawn as the released suites draw them.

A trial's draws depend on the seed and the trial's number only, so that trials can be computed
in any order. The streams are those of NumPy's `RandomState`, which the suites use and NumPy
keeps frozen, so that a trial here is the trial there.
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.measure.experiment import Columns

MOST_SEED = 2**32 - 1
"""The largest seed that the suites' generator takes."""

MOST_TRIAL = 10_000_000
"""The last trial; all draws before it are made with it."""


def perturbations(columns: Columns, per_trial: int) -> Float:
    """Relative changes of parameters, uniform in plus or minus `noise`.

    Args:
        columns: `seed`, `trial` and `noise`, `[C]`.
        per_trial: how many numbers a trial draws.

    Returns:
        `[per_trial, C]`. Cost: the draws of all trials up to the last, per seed.
    """
    made = np.zeros((per_trial, len(columns["trial"])))
    for seed in np.unique(columns["seed"]):
        rows = columns["seed"] == seed
        trials = columns["trial"][rows].astype(int)
        # the suites' own generator: MT19937, seeded as numpy.random.seed does
        stream = np.random.RandomState(int(seed))
        drawn = stream.random_sample((int(trials.max()) + 1, per_trial))
        made[:, rows] = 2 * drawn[trials].T - 1
    return np.asarray(columns["noise"] * made)
