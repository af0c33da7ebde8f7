"""Distributions of private values and signals: what auctions need to know of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float

Curve = Callable[[Float], Float]
"""A function of one variable, vectorised."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """A distribution without atoms on a closed interval.

    Args:
        low, high: the support.
        cdf: F; 0 below the support and 1 above.
        density: f = F', on the support.
        quantile: the inverse of F on [0, 1].
        name: in words.
        knots: inner points at which f jumps; bid functions have kinks there.

    Raises:
        ValueError: the support is empty or not finite.
    """

    low: float
    high: float
    cdf: Curve
    density: Curve
    quantile: Curve
    name: str = "a distribution"
    knots: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check the support."""
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"no interval: {self.low} to {self.high}")

    def __repr__(self) -> str:
        """Its name."""
        return self.name

    def expected(self, function: Curve, points: int = 2048) -> float:
        """The mean of a function of the value: Gauss and Legendre in `points` cells of [0, 1]."""
        nodes, weights = np.polynomial.legendre.leggauss(4)
        edges = np.linspace(0, 1, points + 1)[:-1]
        q = edges[:, None] + (nodes + 1) / (2 * points)
        return float((function(self.quantile(q)) * weights).sum() / (2 * points))


def uniform(low: float = 0.0, high: float = 1.0) -> Distribution:
    """All values from `low` to `high` equally likely."""
    width = high - low
    return Distribution(
        float(low),
        float(high),
        lambda v: np.clip((np.asarray(v, float) - low) / width, 0, 1),
        lambda v: np.full(np.shape(v), 1 / width),
        lambda q: low + width * np.asarray(q, float),
        f"uniform on [{low:g}, {high:g}]",
    )


def power(exponent: float, high: float = 1.0) -> Distribution:
    """F(v) = (v / high) ** exponent on [0, high]; exponent above 0.

    Raises:
        ValueError: the exponent is not positive.
    """
    if not exponent > 0:
        raise ValueError(f"the exponent must be positive, not {exponent}")

    def density(v: Float) -> Float:
        share = np.maximum(np.asarray(v, float) / high, 1e-300)
        return np.asarray(exponent / high * share ** (exponent - 1))

    return Distribution(
        0.0,
        float(high),
        lambda v: np.clip(np.asarray(v, float) / high, 0, 1) ** exponent,
        density,
        lambda q: high * np.asarray(q, float) ** (1 / exponent),
        f"F(v) = (v / {high:g})^{exponent:g}",
    )


def tabulated(points: npt.ArrayLike, cdf: npt.ArrayLike) -> Distribution:
    """F linear between given points.

    Args:
        points: values, increasing, `[K]`.
        cdf: F there, strictly increasing from 0 to 1, `[K]`.

    Raises:
        ValueError: one of the two does not increase, or F does not go from 0 to 1.
    """
    x, y = np.array(points, dtype=np.float64), np.array(cdf, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2 or (np.diff(x) <= 0).any():
        raise ValueError("points must increase, and F must have one number a point")
    if (np.diff(y) <= 0).any() or abs(y[0]) > 1e-12 or abs(y[-1] - 1) > 1e-12:
        raise ValueError("F must increase strictly from 0 to 1")
    slope = np.diff(y) / np.diff(x)

    def density(v: Float) -> Float:
        cell = np.clip(np.searchsorted(x, v, side="right") - 1, 0, len(slope) - 1)
        return np.asarray(slope[cell])

    return Distribution(
        float(x[0]),
        float(x[-1]),
        lambda v: np.interp(v, x, y),
        density,
        lambda q: np.interp(q, y, x),
        f"a table of {len(x)} points on [{x[0]:g}, {x[-1]:g}]",
        tuple(x[1:-1].tolist()),
    )
