"""The indifference equations of supports, with a start system whose solutions are known.

For supports of one size: the same equations, random forms and start solutions serve every
support of that size; only the payoffs differ. `coopsim.solvers.kernels.homotopy` follows the
paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.solvers.supports import assignments, equations_of

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class System:
    """The equations of supports of one size; see `coopsim.solvers.kernels.homotopy.track`."""

    sizes: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]
    rows: Float
    factors: npt.NDArray[np.bool_]
    forms: Complex
    linear: Complex
    right: Complex
    begins: Complex


def indifference_system(counts: tuple[int, ...], heavy: int, seed: int) -> System:
    """The equations for supports of these sizes, with a random start system and its solutions.

    Args:
        counts: actions used, a player.
        heavy: -1, or a player whose equations outnumber the unknowns: then these are taken
            alone, in as many random combinations as there are unknowns.
        seed: of the random constants.
    """
    rng = np.random.default_rng((seed, *counts, heavy + 1))
    n, total = len(counts), sum(counts)
    starts = np.cumsum((0, *counts[:-1]))
    unknowns = [0 if j == heavy else k - 1 for j, k in enumerate(counts)]
    players = equations_of(counts) if heavy < 0 else (heavy,) * sum(unknowns)
    rows = np.zeros((len(players), total))
    place = dict.fromkeys(range(n), 0)
    for e, i in enumerate(players):
        place[i] += 1
        if heavy < 0:
            rows[e, starts[i] + place[i]], rows[e, starts[i]] = 1.0, -1.0
        else:
            weights = rng.normal(size=counts[i])
            rows[e, starts[i] : starts[i] + counts[i]] = weights - weights.mean()
    factors = np.array([[j != i and unknowns[j] > 0 for j in range(n)] for i in players])
    forms = _complex(rng, (len(players), total))
    linear, right = [], []
    for j, k in enumerate(counts):
        own = np.arange(starts[j], starts[j] + k)
        if j == heavy or k == 1:
            linear += list(np.eye(total)[own])
            right += [1.0 / k] * k
        else:
            row = np.zeros(total, dtype=complex)
            row[own] = _complex(rng, (k,))
            linear.append(row)
            right.append(1.0)
    begins = [
        _start(chosen, unknowns, counts, starts, forms, np.array(linear))
        for chosen in assignments(unknowns, players)
    ]
    return System(
        np.array(counts),
        starts,
        np.array(players, dtype=np.int64),
        rows,
        factors.reshape(len(players), n),
        forms,
        np.array(linear, dtype=complex),
        np.array(right, dtype=complex),
        np.array(begins, dtype=complex).reshape(-1, total),
    )


def _start(
    chosen: Sequence[int],
    unknowns: Sequence[int],
    counts: Sequence[int],
    starts: npt.NDArray[np.int64],
    forms: Complex,
    linear: Complex,
) -> Complex:
    """The solution of the start system where each equation's form of the chosen player is 0."""
    x = np.zeros(sum(counts), dtype=complex)
    for j, k in enumerate(counts):
        own = slice(int(starts[j]), int(starts[j]) + k)
        if not unknowns[j]:
            x[own] = 1.0 / k
            continue
        mine = [forms[e, own] for e, to in enumerate(chosen) if to == j]
        patch = next(row for row in linear if row[own].any())[own]
        x[own] = np.linalg.solve(np.array([*mine, patch]), np.eye(k)[-1])
    return x


def _complex(rng: np.random.Generator, shape: tuple[int, ...]) -> Complex:
    return np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape))
