"""Experiment: measures of many configurations at once, as columns.

A game is played cell by cell, with a file for each. A parameter sweep of a closed rule is
another thing: thousands of configurations that one call measures in a few array operations.
An experiment is a parameter class with such a call. `coopsim study` runs it over a grid.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from coopsim.parameters import Parameters

Columns: TypeAlias = dict[str, npt.NDArray[Any]]
"""Name -> one entry a configuration, `[C]`; all of the same length."""

TRIAL = "trial"
"""The parameter that counts repetitions with other draws."""


@dataclass(frozen=True, slots=True)
class ExperimentCard(Parameters):
    """Facts about an experiment, for readers."""

    title: str = ""
    """its name in plain words"""
    summary: str = ""
    """what is done in each configuration and what is measured"""
    references: tuple[str, ...] = ()
    """papers and data that the rules and the numbers come from"""
    notes: tuple[str, ...] = ()
    """what a careful user should know: where published sources differ, what was reconstructed"""


class Experiment(Parameters, ABC):
    """Something that can be measured at every configuration of its parameters.

    A frozen dataclass whose fields are the parameters of one configuration. Those that hold
    numbers can differ from row to row of one call; those that hold text or true and false are
    the same in all rows of a call, and are read from `self`.

    Subclasses say `card`, `measures` and `measure`.
    """

    card: ClassVar[ExperimentCard]
    measures: ClassVar[Mapping[str, str]]
    """Each measure with its meaning and unit, in the order of the table's columns."""

    @abstractmethod
    def measure(self, columns: Columns) -> Columns:
        """Every one of `measures` for each configuration.

        Args:
            columns: every numeric parameter by name, `[C]`.

        A row must not depend on the other rows: rows are computed in blocks.
        """

    def run(self, columns: Columns) -> Columns:
        """`measure` for rows that may differ in anything.

        Args:
            columns: some of the parameters, `[C]`; the others are as in `self`.

        Returns:
            The measures, `[C]` each. Cost: one call of `measure` for each combination of
            parameters that are not numbers.
        """
        count = len(next(iter(columns.values())))
        found: dict[str, npt.NDArray[Any]] = {}
        for one, rows in self._alike(columns, count):
            given = {
                name: columns[name][rows] if name in columns else np.full(rows.size, value)
                for name, value in one.numbers()
            }
            for name, values in one.measure(given).items():
                # texts of one call may be longer than those of another
                kind = object if values.dtype.kind == "U" else values.dtype
                found.setdefault(name, np.empty(count, dtype=kind))[rows] = values
        return {name: found[name] for name in self.measures}

    def numbers(self) -> Iterator[tuple[str, float]]:
        """The parameters that hold a number, with this configuration's value."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield field.name, value

    def _alike(
        self, columns: Columns, count: int
    ) -> Iterator[tuple[Experiment, npt.NDArray[np.int64]]]:
        """Rows that agree in all that is no number, with an experiment that has those values."""
        numeric = {name for name, _ in self.numbers()}
        fixed = [name for name in columns if name not in numeric]
        groups: dict[tuple[Any, ...], list[int]] = {}
        for row, key in enumerate(zip(*(columns[name] for name in fixed), strict=True)):
            groups.setdefault(key, []).append(row)
        if not fixed:
            groups[()] = list(range(count))
        for key, rows in groups.items():
            given = {
                name: value.item() if hasattr(value, "item") else value
                for name, value in zip(fixed, key, strict=True)
            }
            yield dataclasses.replace(self, **given), np.array(rows)  # type: ignore[type-var]
