"""Evolutionarily stable strategies of symmetric two-player games: all of them, by support."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.numeric import Clock
from coopsim.solvers.one_population import is_symmetric, symmetric_matrix
from coopsim.solvers.solution import Found

MOST = 18
"""Actions that the enumeration of supports takes."""

_NEAR = 1e-7  # of the range of payoffs: candidates are screened this loosely, decided exactly
_ILL = 1e-9  # smallest pivot ratio of a system that floating point is trusted with
_BATCH = 4096

Matrix = list[list[Fraction]]


def solve(form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """Every evolutionarily stable strategy of a symmetric two-player game.

    x is stable where it is a best response to itself and does better against every other best
    response y than y does itself (Maynard Smith and Price 1973). On each support there is at
    most one. It must be a Nash equilibrium, and `z.A z < 0` for every direction z that leads
    to other best responses (Haigh 1975, Abakuks 1980), which is strict copositivity of a
    matrix, tested by determinants (Hadeler 1983).

    Args:
        form: two players with the same actions and transposed payoffs.
        tol: not needed; candidates are screened in floating point and decided in fractions.
        deadline: seconds; those found so far are handed back.

    Returns:
        one profile `(x, x)` each; none with `exhaustive` where there is no such strategy.
        `details` hold the `support`, the `best` responses and x as fractions.

    Cost: one linear system for each of `2^A` supports, in batches. Supports that contain, or
    are best responses to, a stable one are skipped (Bishop and Cannings 1976).

    Raises:
        NoSuchForm: not symmetric, or more than 18 actions.
    """
    matrix = symmetric_matrix(form)
    size = len(matrix)
    if size > MOST:
        raise NoSuchForm(
            f"{size} actions have {2**size:,} supports; the enumeration takes {MOST} actions. "
            f"coopsim.solvers.replicator integrates the dynamics of larger games"
        )
    exact = _exact(form)
    clock = Clock(deadline)
    found: list[tuple[tuple[int, ...], tuple[int, ...], list[Fraction]]] = []
    looked = 0
    for supports in _supports(size):
        if clock.over:
            break
        looked += len(supports)
        for support in _candidates(matrix, supports):
            # two stable supports never nest inside each other's best responses
            if any(set(support) <= set(best) or set(own) <= set(support) for own, best, _ in found):
                continue
            stable = _stable(exact, support)
            if stable is not None:
                found.append((support, *stable))
    finished = looked == 2**size - 1
    points = [np.array([float(share) for share in x]) for _, _, x in found]
    return Found(
        profiles=tuple((x, x.copy()) for x in points),
        sentence=f"{looked:,} of {2**size - 1:,} supports looked at; {len(found)} stable",
        stats={"supports": float(looked)},
        finished=finished,
        exhaustive=finished,
        details=tuple(
            {
                "support": [form.actions[0][a] for a in own],
                "best": [form.actions[0][a] for a in best],
                "fractions": [str(share) for share in x],
            }
            for own, best, x in found
        ),
    )


def suits(form: NormalForm, everything: bool) -> str:
    """Any game: the method itself says which it refuses and why."""
    fits = is_symmetric(form) and form.shape[0] <= MOST
    return f"a symmetric game with {2 ** form.shape[0] - 1:,} supports" if fits else "the only one"


def _exact(form: NormalForm) -> Matrix:
    """The matrix in fractions: as given, or those that the floats are."""
    own = form.payoffs[0] if form.exact is None else form.exact[0]
    return [[Fraction(entry) for entry in row] for row in own.tolist()]


def _supports(size: int) -> Iterator[npt.NDArray[np.int64]]:
    """All supports, in batches of one size each, small ones first."""
    for count in range(1, size + 1):
        every = itertools.combinations(range(size), count)
        while batch := list(itertools.islice(every, _BATCH)):
            yield np.array(batch, dtype=np.int64)


def _candidates(matrix: Float, supports: npt.NDArray[np.int64]) -> Iterator[tuple[int, ...]]:
    """Supports `[S, k]` whose point of equal payoffs may be a Nash equilibrium."""
    count, size = supports.shape
    span = max(float(np.ptp(matrix)), 1e-300)
    scaled = (matrix - matrix.min()) / span
    systems = np.zeros((count, size + 1, size + 1))
    systems[:, :size, :size] = scaled[supports[:, :, None], supports[:, None, :]]
    systems[:, :size, size] = -1.0
    systems[:, size, :size] = 1.0
    sound = 1 / np.maximum(np.linalg.cond(systems), 1.0) > _ILL
    right = np.zeros((size + 1, 1))
    right[size] = 1.0
    solved = np.linalg.solve(systems[sound], right)[:, :, 0]
    points = np.zeros((len(solved), len(matrix)))
    np.put_along_axis(points, supports[sound], solved[:, :size], axis=1)
    paid = points @ scaled.T
    nash = (solved[:, :size].min(1) > -_NEAR) & (paid.max(1) <= solved[:, size] + _NEAR)
    likely = ~sound
    likely[sound] = nash
    for place in np.flatnonzero(likely):
        yield tuple(int(a) for a in supports[place])


def _stable(
    matrix: Matrix, support: tuple[int, ...]
) -> tuple[tuple[int, ...], list[Fraction]] | None:
    """The best responses and the point of a support where it is stable, exactly."""
    solved = _equal_payoffs(matrix, support)
    if solved is None:
        return None
    shares, value = solved
    if min(shares) <= 0:
        return None
    point = [Fraction(0)] * len(matrix)
    for a, share in zip(support, shares, strict=True):
        point[a] = share
    paid = [sum(row[a] * point[a] for a in support) for row in matrix]
    if max(paid) > value:
        return None
    best = tuple(a for a, one in enumerate(paid) if one == value)
    return (best, point) if _resists(matrix, support, best) else None


def _equal_payoffs(
    matrix: Matrix, support: tuple[int, ...]
) -> tuple[list[Fraction], Fraction] | None:
    """Shares at which all actions of the support are paid the same, and that; None if many."""
    rows = [[*(matrix[a][b] for b in support), Fraction(-1), Fraction(0)] for a in support]
    rows.append([*(Fraction(1) for _ in support), Fraction(0), Fraction(1)])
    size = len(rows)
    for column in range(size):
        pivot = next((r for r in range(column, size) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [entry / lead for entry in rows[column]]
        for r in range(size):
            factor = rows[r][column]
            if r != column and factor:
                pairs = zip(rows[r], rows[column], strict=True)
                rows[r] = [entry - factor * other for entry, other in pairs]
    return [row[-1] for row in rows[:-1]], rows[-1][-1]


def _resists(matrix: Matrix, support: tuple[int, ...], best: tuple[int, ...]) -> bool:
    """Whether `-z.A z > 0` for all z of sum 0 that are at least 0 outside the support."""
    base, *free = support
    others = [a for a in best if a not in support]
    order = [*free, *others]
    twice = [
        [
            matrix[base][j]
            + matrix[j][base]
            + matrix[i][base]
            + matrix[base][i]
            - matrix[i][j]
            - matrix[j][i]
            - 2 * matrix[base][base]
            for j in order
        ]
        for i in order
    ]
    # the free directions must be positive definite; what is left of the rest when the free
    # directions answer best is a Schur complement
    for _ in free:
        lead = twice[0][0]
        if lead <= 0:
            return False
        first = twice[0]
        twice = [
            [row[j] - row[0] * first[j] / lead for j in range(1, len(first))] for row in twice[1:]
        ]
    return _strictly_copositive(twice)


def _strictly_copositive(matrix: Matrix) -> bool:
    """Whether `y.M y > 0` for all y >= 0 but 0, by determinants of principal submatrices.

    A symmetric matrix is strictly copositive where every principal submatrix whose cofactors
    of the last row are all positive has a positive determinant (Hadeler 1983, theorem 2).
    """
    size = len(matrix)
    for count in range(1, size + 1):
        for chosen in itertools.combinations(range(size), count):
            part = [[matrix[i][j] for j in chosen] for i in chosen]
            cofactors = [
                (-1) ** (count - 1 + j)
                * _determinant([row[:j] + row[j + 1 :] for row in part[:-1]])
                for j in range(count)
            ]
            whole = sum(c * entry for c, entry in zip(cofactors, part[-1], strict=True))
            if all(c > 0 for c in cofactors) and whole <= 0:
                return False
    return True


def _determinant(matrix: Matrix) -> Fraction:
    """By elimination; 1 for the empty matrix."""
    rows, value = [list(row) for row in matrix], Fraction(1)
    for column in range(len(rows)):
        pivot = next((r for r in range(column, len(rows)) if rows[r][column]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != column:
            rows[column], rows[pivot] = rows[pivot], rows[column]
            value = -value
        value *= rows[column][column]
        for r in range(column + 1, len(rows)):
            factor = rows[r][column] / rows[column][column]
            pairs = zip(rows[r], rows[column], strict=True)
            rows[r] = [entry - factor * other for entry, other in pairs]
    return value
