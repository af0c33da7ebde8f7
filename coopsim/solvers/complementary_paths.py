"""Paths of complementary pivoting, in floats and in whole numbers, and what is at their ends.

A path starts at the vertex pair (0, 0) of the two best-response polytopes and may miss one label.
Floats are renewed from the first tableaux every hundred pivots, and the end of a path is solved
for again, so that rounding does not pile up; what fails there is left to whole numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.bimatrix import (
    as_fractions,
    exact_details,
    fractions_of_form,
    regret,
    standard,
    standard_integers,
)
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Profile
from coopsim.solvers.tableau import IntegerTableau

_GOOD = 1e-11  # of the payoff range: a regret below this needs no better arithmetic
_SAME = 1e-7  # profiles closer than this in every probability are one
_BLOCK = 100  # pivots between two looks at the clock, after which tableaux are computed anew
_LEAST, _TIED = 1e-9, 1e-12  # smallest pivot; ratios that are equal


@dataclass
class Search:
    """What is known of the paths walked so far."""

    form: NormalForm
    clock: Clock
    found: list[Profile] = field(default_factory=list)
    labels: list[list[int]] = field(default_factory=list)  # those that lead to each profile
    details: list[dict[str, Any]] = field(default_factory=list)
    pivots: int = 0
    unfinished: list[int] = field(default_factory=list)  # labels whose path was too long
    spoiled: list[int] = field(default_factory=list)  # labels whose path was lost by rounding

    @functools.cached_property
    def payoffs(self) -> Exact:
        """The payoffs as fractions, `[2, m, k]`."""
        return fractions_of_form(self.form)[0]

    @functools.cached_property
    def tableaux(self) -> tuple[IntegerTableau, IntegerTableau]:
        """The two tableaux at (0, 0) in whole numbers; to be copied."""
        m, k = self.form.shape
        rows, columns = range(m), range(m, m + k)
        first = IntegerTableau(standard_integers(self.payoffs[1].T), rows, columns)
        return first, IntegerTableau(standard_integers(self.payoffs[0]), columns, rows)

    def add(self, label: int, profile: Profile, detail: dict[str, Any]) -> None:
        """Keep a profile, once."""
        for place, other in enumerate(self.found):
            if all(np.abs(a - b).max() < _SAME for a, b in zip(profile, other, strict=True)):
                self.labels[place].append(label)
                return
        self.found.append(profile)
        self.labels.append([label])
        self.details.append(detail)


def walk_floats(search: Search, dropped: int, limit: int) -> None:
    """Walk the path of one label in floats, and add the equilibrium at its end."""
    from coopsim.solvers.kernels.complementary import DONE, RUNNING, STUCK, follow

    m = search.form.shape[0]
    started = _tableaux(search.form)
    (first, second), bases = (part.copy() for part in started), _slack(search.form)
    entering, in_first, state = dropped, dropped < m, RUNNING
    while state == RUNNING and limit > 0 and not search.clock.over:
        state, made, entering, in_first = follow(
            first, second, *bases, m, dropped, entering, in_first, min(limit, _BLOCK), _LEAST, _TIED
        )
        search.pivots += made
        limit -= made
        if state == RUNNING and not all(
            _renewed(tableau, start, basis)
            for tableau, start, basis in zip((first, second), started, bases, strict=True)
        ):
            state = STUCK
    if state == DONE:
        for profile in _refined(search, started, bases):
            if regret(search.form, profile) <= _GOOD:
                search.add(dropped, profile, {})
                return
    (search.unfinished if state == RUNNING else search.spoiled).append(dropped)


def _tableaux(form: NormalForm) -> tuple[Float, Float]:
    """The tableaux at (0, 0): `[k, m + k + 1]` of `B'x <= 1`, `[m, m + k + 1]` of `Ay <= 1`."""
    (m, k), (a, b) = form.shape, form.payoffs
    first = np.hstack([standard(b.T), np.eye(k), np.ones((k, 1))])
    second = np.hstack([np.eye(m), standard(a), np.ones((m, 1))])
    return first, second


def _slack(form: NormalForm) -> tuple[Any, Any]:
    """The labels that are basic at (0, 0)."""
    m, k = form.shape
    return np.arange(m, m + k), np.arange(m)


def _renewed(tableau: Float, start: Float, basis: Any) -> bool:
    """Compute the tableau of a basis anew, so that rounding does not pile up along a path."""
    try:
        tableau[:] = np.linalg.solve(start[:, basis], start)
    except np.linalg.LinAlgError:
        return False
    tableau[:, basis] = np.eye(len(basis))
    return bool((tableau[:, -1] > -1e-6).all())


def _refined(
    search: Search, started: tuple[Float, Float], bases: tuple[Any, Any]
) -> Iterator[Profile]:
    """The profile of a pair of bases, in ever more careful arithmetic."""
    m, k = search.form.shape
    own = np.arange(m), np.arange(m, m + k)
    parts = []
    for start, basis, labels in zip(started, bases, own, strict=True):
        weights = np.zeros(m + k)
        weights[basis] = _solved(start[:, basis], start[:, -1])
        parts.append(np.maximum(weights[labels], 0.0))
    if all(part.sum() > 0 for part in parts):
        x, y = (np.where(part > 1e-13 * part.max(), part, 0.0) for part in parts)
        yield x / x.sum(), y / y.sum()
        yield _equalised(search.form, x > 1e-10 * x.max(), y > 1e-10 * y.max())
    yield from _rational(search, bases)


def _solved(basis: Float, right: Float) -> Float:
    """The solution of a system, by least squares where it is not square or singular."""
    if basis.shape[0] == basis.shape[1]:
        try:
            return np.asarray(np.linalg.solve(basis, right))
        except np.linalg.LinAlgError:
            pass
    solution = np.linalg.lstsq(basis, right, rcond=None)[0]
    # one step of refinement
    return np.asarray(solution + np.linalg.lstsq(basis, right - basis @ solution, rcond=None)[0])


def _equalised(form: NormalForm, of_first: Any, of_second: Any) -> Profile:
    """Distributions on the supports that make the other player indifferent, by least squares."""
    parts = []
    for payoffs, own, other in (
        (form.payoffs[1].T, of_first, of_second),
        (form.payoffs[0], of_second, of_first),
    ):
        inside = standard(payoffs)[np.ix_(other, own)]
        rows, columns = inside.shape
        system = np.block(
            [[inside, -np.ones((rows, 1))], [np.ones((1, columns)), np.zeros((1, 1))]]
        )
        right = np.concatenate([np.zeros(rows), [1.0]])
        part = np.zeros(len(own))
        part[own] = np.maximum(_solved(system, right)[:columns], 0.0)
        parts.append(part / max(part.sum(), 1e-300))
    return parts[0], parts[1]


def _rational(search: Search, bases: tuple[Any, Any]) -> Iterator[Profile]:
    """The profile of a pair of bases in whole numbers; none where it is no vertex pair."""
    tableaux = [tableau.copy() for tableau in search.tableaux]
    for tableau, basis in zip(tableaux, bases, strict=True):
        for label in sorted(set(basis.tolist()) - set(tableau.basis)):
            rows = [
                row
                for row, inside in enumerate(tableau.basis)
                if inside not in basis and tableau.entries[row, label]
            ]
            if not rows:
                return
            tableau.pivot(rows[0], label)
    if all(_feasible(tableau) for tableau in tableaux):
        x, y = (as_fractions(tableau.weights()) for tableau in tableaux)
        yield x.astype(float), y.astype(float)


def _feasible(tableau: IntegerTableau) -> bool:
    sign = 1 if tableau.denominator > 0 else -1
    weights = tableau.weights()
    return all(sign * value >= 0 for value in tableau.entries[:, -1]) and any(weights)


def walk_exact(search: Search, dropped: int, limit: int) -> None:
    """Walk the path of one label in whole numbers, and add the equilibrium at its end."""
    tableaux = [tableau.copy() for tableau in search.tableaux]
    entering, turn = dropped, 0 if dropped < search.form.shape[0] else 1
    for _ in range(limit):
        if search.clock.over:
            break
        tableau = tableaux[turn]
        entering = tableau.pivot(tableau.leaving(entering), entering)
        search.pivots += 1
        turn = 1 - turn
        if entering == dropped:
            x, y = (as_fractions(end.weights()) for end in tableaux)
            profile = x.astype(float), y.astype(float)
            search.add(dropped, profile, exact_details(search.payoffs, x, y))
            return
    search.unfinished.append(dropped)
