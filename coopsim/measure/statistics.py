"""Bootstrap intervals over seeds."""

from __future__ import annotations

import warnings

import numpy as np

from coopsim import seeding
from coopsim.arrays import Float

_BLOCK = 4_000_000  # numbers that are drawn at once


def interval(
    values: Float, *, confidence: float = 0.95, resamples: int = 2000, key: str = ""
) -> tuple[float, float] | None:
    """A percentile bootstrap interval of the mean, or None for fewer than two values.

    Args:
        values: one number a seed (differences, where two policies are paired).
        confidence: level of the interval.
        resamples: bootstrap resamples.
        key: names the random stream, so that an interval does not depend on what else is
            computed.
    """
    from scipy.stats import bootstrap

    if len(values) < 2:
        return None
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    # resamples are drawn in blocks where all at once would not fit; the draws are the same
    block = None if resamples * len(values) <= _BLOCK else max(1, _BLOCK // len(values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of too few values: the report says how many there are
        result = bootstrap(
            (values,),
            np.mean,
            confidence_level=confidence,
            n_resamples=resamples,
            method="percentile",
            vectorized=True,
            batch=block,
            rng=seeding.generator(0, "bootstrap", key),
        ).confidence_interval
    return float(result.low), float(result.high)
