"""Target: what a statistic of a sweep should be, and what was published of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from annotated_types import Ge

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.measure.experiment import Columns
from coopsim.parameters import Parameters
from coopsim.tolerance import exceeds, keeps_to, reaches, same

_STATISTICS: dict[str, Callable[[Float], Any]] = {
    "median": np.median,
    "mean": np.mean,
    "sd": np.std,
    "min": np.min,
    "max": np.max,
}

Statistic = Literal["median", "mean", "sd", "min", "max", "percent", "effect size"]


@dataclass(frozen=True, slots=True)
class Target(Parameters):
    """A statistic over configurations, a threshold for it and a published value of it."""

    name: str
    """what is asked for, in a few words"""
    measure: str
    """the measure that it is a statistic of"""
    statistic: Statistic = "median"
    """percent: the share of configurations where a true-or-false measure is true, in percent;
    effect size: the mean distance from `against` over the standard deviation (Cohen's d)"""
    where: dict[str, Any] = field(default_factory=dict)
    """only configurations with these values: parameter -> value or list of values"""
    against: float = 0.0
    """what an effect size is measured from"""
    at_least: float | None = None
    """the target is met from here on"""
    at_most: float | None = None
    """the target is met up to here"""
    published: float | None = None
    """what the report or its released code says"""
    within: Annotated[float, Ge(0)] = 0.0
    """how far from `published` counts as the same, for rounding in print"""
    source: str = ""
    """where it was published"""

    def __post_init__(self) -> None:
        """Refuse bounds that nothing can lie between."""
        low, high = self.at_least, self.at_most
        if low is not None and high is not None and low > high:
            raise UserError("is below at_least", key="at_most", given=high)


@dataclass(frozen=True, slots=True)
class Finding:
    """A target beside what was measured.

    Args:
        target: the target.
        count: how many configurations it was taken over.
        measured: the statistic; NaN where there is no configuration to take it over.
    """

    target: Target
    count: int
    measured: float

    @property
    def met(self) -> bool | None:
        """Whether the threshold is reached; None where there is none, or nothing was measured."""
        low, high = self.target.at_least, self.target.at_most
        if (low is None and high is None) or self.count == 0:
            return None
        above = low is None or bool(reaches(self.measured, low))
        return above and (high is None or bool(keeps_to(self.measured, high)))

    @property
    def follows(self) -> bool | None:
        """Whether the published figure comes out; None where there is none, as with `met`."""
        if self.target.published is None or self.count == 0:
            return None
        # a figure printed to two digits may lie exactly half a digit away
        away, size = abs(self.measured - self.target.published), abs(self.target.published)
        return bool(keeps_to(away, self.target.within, scale=size))


def judge(target: Target, columns: Columns) -> Finding:
    """A target over the configurations of a sweep.

    Args:
        target: what to look for.
        columns: parameters and measures by name, `[C]`.
    """
    values = np.asarray(columns[target.measure], dtype=float)[chosen(target.where, columns)]
    known = values[~np.isnan(values)]
    return Finding(target, known.size, statistic(target, known))


def chosen(where: Mapping[str, Any], columns: Columns) -> npt.NDArray[np.bool_]:
    """The configurations that have the values asked for, `[C]`."""
    keep = np.ones(len(next(iter(columns.values()))), dtype=bool)
    for name, wanted in where.items():
        values = wanted if isinstance(wanted, list | tuple) else [wanted]
        keep &= np.any([_has(columns[name], value) for value in values], axis=0)
    return keep


def has(values: Sequence[Any], wanted: Any) -> bool:
    """Whether one of the values of a parameter is `wanted`, which true and false are by name."""
    alike = [value for value in values if isinstance(value, bool) == isinstance(wanted, bool)]
    alike = [value for value in alike if isinstance(value, str) == isinstance(wanted, str)]
    return bool(alike) and bool(_has(np.array(alike), wanted).any())


def _has(column: npt.NDArray[Any], value: Any) -> npt.NDArray[np.bool_]:
    """Where a parameter has a value; numbers that rounding tells apart are one."""
    number = isinstance(value, float) and column.dtype.kind in "fiu"
    return np.asarray(same(column, value) if number else column == value)


def statistic(target: Target, values: Float) -> float:
    """The statistic of a target over `values` `[C]`; NaN over none. Deviations are of a
    population (divided by C), as in the released suites."""
    if values.size == 0:
        return float("nan")
    if target.statistic == "effect size":
        spread, away = values.std(), values.mean() - target.against
        size = float(np.abs(values).max())
        if exceeds(spread, 0.0, scale=size):
            return float(away / spread)
        return 0.0 if same(away, 0.0, scale=size) else float(np.sign(away) * np.inf)
    if target.statistic == "percent":
        return float(100 * values.mean())
    return float(_STATISTICS[target.statistic](values))
