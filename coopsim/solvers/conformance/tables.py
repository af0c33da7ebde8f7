"""Small finite games whose solutions are known by construction or by trying every profile."""

from __future__ import annotations

import numpy as np

from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificate import Profile
from coopsim.solvers.conformance.trial import Trial


def dominant(rng: np.random.Generator) -> Trial:
    """One action of each player is better than all others whatever the others do."""
    shape = _shape(rng)
    payoffs = rng.uniform(0, 1, (len(shape), *shape))
    best = tuple(int(rng.integers(size)) for size in shape)
    for player, action in enumerate(best):
        np.moveaxis(payoffs[player], player, 0)[action] += 1.5
    return Trial("dominant actions", NormalForm(payoffs), (_pure(shape, best),), True)


def small_integers(rng: np.random.Generator) -> Trial:
    """Payoffs from 0 to 3, with many ties; its pure equilibria by trying every profile."""
    shape = _shape(rng)
    form = NormalForm(rng.integers(0, 4, (len(shape), *shape)))
    known = tuple(_pure(shape, at) for at in np.ndindex(shape) if _stable(form, at))
    return Trial("integers with ties", form, known, False)


def coordination(rng: np.random.Generator) -> Trial:
    """Two players who want to do the same: two pure equilibria, and a mixed one."""
    same = np.diag(rng.integers(1, 10, 2))
    known = tuple(_pure((2, 2), (a, a)) for a in range(2))
    return Trial("coordination", NormalForm([same, same]), known, False)


def largest_sum(rng: np.random.Generator) -> Trial:
    """Integer payoffs; the profiles with the largest sum by trying each."""
    shape = _shape(rng)
    form = NormalForm(rng.integers(0, 6, (len(shape), *shape)))
    sums = {at: sum(float(own[at]) for own in form.payoffs) for at in np.ndindex(shape)}
    best = [at for at, total in sums.items() if total == max(sums.values())]
    return Trial("sums of integers", form, tuple(_pure(shape, at) for at in best), len(best) == 1)


def _stable(form: NormalForm, at: tuple[int, ...]) -> bool:
    """Whether no player gains by another action: one deviation at a time."""
    return all(
        form.payoffs[(i, *at[:i], other, *at[i + 1 :])] <= form.payoffs[(i, *at)]
        for i in range(form.n)
        for other in range(form.shape[i])
    )


def _shape(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(rng.integers(2, 5, size=rng.integers(2, 4)).tolist())


def _pure(shape: tuple[int, ...], at: tuple[int, ...]) -> Profile:
    return tuple(np.eye(size)[a] for size, a in zip(shape, at, strict=True))
