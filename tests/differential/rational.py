"""Exact arithmetic for the oracles: linear systems and linear programs in fractions.

Shares no code with coopsim. Everything here is small and dense: games of a handful of actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

Row = list[Fraction]
ZERO, ONE = Fraction(0), Fraction(1)


def exact(values: Any) -> Any:
    """Numbers, or nested sequences and arrays of them, as nested lists of fractions."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list | tuple):
        return [exact(value) for value in values]
    return Fraction(values)


def dot(one: Iterable[Fraction], other: Iterable[Fraction]) -> Fraction:
    """The sum of products; terms that are 0 cost nothing."""
    return sum((a * b for a, b in zip(one, other, strict=True) if a and b), ZERO)


def solve(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> Row | None:
    """The only solution of a square system; None where there is none or several."""
    table = [[*row, value] for row, value in zip(rows, right, strict=True)]
    size = len(table)
    for k in range(size):
        pivot = next((i for i in range(k, size) if table[i][k]), None)
        if pivot is None:
            return None
        table[k], table[pivot] = table[pivot], table[k]
        inverse = 1 / table[k][k]
        table[k] = [value * inverse for value in table[k]]
        for i in range(size):
            if i != k and table[i][k]:
                factor = table[i][k]
                table[i] = [a - factor * b for a, b in zip(table[i], table[k], strict=True)]
    return [row[-1] for row in table]


def maximum(
    cost: Sequence[Fraction],
    below: Sequence[tuple[Sequence[Fraction], Fraction]] = (),
    equal: Sequence[tuple[Sequence[Fraction], Fraction]] = (),
) -> tuple[Fraction, Row] | None:
    """The largest `cost . x` over x >= 0 with `row . x <= b` and `row . x == b`.

    Two phases of the simplex method with Bland's rule, which ends always.

    Returns:
        the value and an x; None where nothing is feasible.

    Raises:
        ArithmeticError: there is no largest value.
    """
    size = len(cost)
    rows = [[*map(Fraction, row), *(ONE if k == j else ZERO for j in range(len(below)))]
            for k, (row, _) in enumerate(below)]  # fmt: skip
    rows += [[*map(Fraction, row), *[ZERO] * len(below)] for row, _ in equal]
    right = [Fraction(b) for _, b in (*below, *equal)]
    for k, b in enumerate(right):
        if b < 0:
            rows[k], right[k] = [-value for value in rows[k]], -b
    width, basis = size + len(below), []
    for k, row in enumerate(rows):
        slack = size + k
        if k < len(below) and row[slack] == 1:
            basis.append(slack)
        else:
            for j, other in enumerate(rows):
                other.append(ONE if j == k else ZERO)
            basis.append(len(row) - 1)
    total = max(map(len, rows), default=width)
    for row in rows:
        row += [ZERO] * (total - len(row))
    table = [[*row, b] for row, b in zip(rows, right, strict=True)]
    if total > width:
        _climb(table, basis, [ZERO] * width + [-ONE] * (total - width))
        if any(table[k][-1] for k, column in enumerate(basis) if column >= width):
            return None
        _drive_out(table, basis, width)
    table = [[*row[:width], row[-1]] for row in table]
    _climb(table, basis, [*map(Fraction, cost), *[ZERO] * (width - size)])
    found = [ZERO] * width
    for k, column in enumerate(basis):
        found[column] = table[k][-1]
    return dot(cost, found[:size]), found[:size]


def _climb(table: list[Row], basis: list[int], cost: Row) -> None:
    """Pivot until no column improves."""
    while True:
        paid = [cost[column] for column in basis]
        inside = set(basis)
        enter = next(
            (
                j
                for j in range(len(cost))
                if j not in inside
                and cost[j] > dot(paid, (row[j] for row in table))
            ),
            None,
        )  # fmt: skip
        if enter is None:
            return
        ratios = [
            (row[-1] / row[enter], basis[k], k) for k, row in enumerate(table) if row[enter] > 0
        ]
        if not ratios:
            raise ArithmeticError("unbounded")
        _pivot(table, basis, min(ratios)[2], enter)


def _drive_out(table: list[Row], basis: list[int], width: int) -> None:
    """Take artificial columns out of the basis, or their rows out of the table."""
    for k in reversed(range(len(basis))):
        if basis[k] >= width:
            enter = next((j for j in range(width) if table[k][j]), None)
            if enter is None:
                del table[k], basis[k]
            else:
                _pivot(table, basis, k, enter)


def _pivot(table: list[Row], basis: list[int], leave: int, enter: int) -> None:
    inverse = 1 / table[leave][enter]
    table[leave] = own = [value * inverse if value else value for value in table[leave]]
    for k, row in enumerate(table):
        if k != leave and row[enter]:
            factor = row[enter]
            table[k] = [a - factor * b if b else a for a, b in zip(row, own, strict=True)]
    basis[leave] = enter
