"""Certificates of level-k and cognitive hierarchy: the recursion, run again.

Payoffs are summed over pure profiles one player after another, in another order than any
solver does. The residual is in units of probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.proof import Certificate, spread

Profile = tuple[Float, ...]

_TIE = 1e-9  # of the range of the own payoffs: the convention for "pays the same"


def level(
    form: NormalForm,
    profile: Profile,
    details: Mapping[str, Any],
    level: int = 1,
    level0: Any = None,
) -> tuple[Certificate, Float]:
    """How far the profile is from best responses repeated `level` times; payoffs `[n]`."""
    del details
    played = _start(form, level0)
    for _ in range(int(level)):
        played = [_answer(form, played, player) for player in range(form.n)]
    return _compared(form, profile, played, f"{level} steps of best responses from level 0")


def hierarchy(
    form: NormalForm,
    profile: Profile,
    details: Mapping[str, Any],
    tau: float = 1.5,
    level0: Any = None,
    levels: int | None = None,
) -> tuple[Certificate, Float]:
    """How far the profile is from the mixture over steps of thinking; payoffs `[n]`.

    Where `levels` is not given, steps are taken as far as floating point can add a share.
    """
    del details
    last = int(levels) if levels is not None else _last_step(tau)
    chances = [_poisson(tau, k) for k in range(last + 1)]
    steps = [_start(form, level0)]
    for k in range(1, last + 1):
        total = math.fsum(chances[:k])
        if not total > 0:
            raise ValueError(f"tau = {tau} is too large: too few take fewer than {k} steps")
        below = [
            np.asarray(sum(c / total * step[i] for c, step in zip(chances[:k], steps, strict=True)))
            for i in range(form.n)
        ]
        steps.append([_answer(form, below, player) for player in range(form.n)])
    total = math.fsum(chances)
    played = [
        np.asarray(sum(c / total * step[i] for c, step in zip(chances, steps, strict=True)))
        for i in range(form.n)
    ]
    return _compared(form, profile, played, f"a population of steps 0 to {last}, built again")


def _start(form: NormalForm, level0: Any) -> list[Float]:
    if level0 is None:
        return [np.ones(size) / size for size in form.shape]
    return [np.asarray(part, dtype=float) for part in level0]


def _answer(form: NormalForm, others: Sequence[Float], player: int) -> Float:
    look()
    weight = np.ones(())
    for i, part in enumerate(others):
        weight = np.multiply.outer(weight, np.ones(len(part)) if i == player else part)
    axes = tuple(i for i in range(form.n) if i != player)
    own = form.payoffs[player]
    # what all own actions share would only cost digits
    paid = ((own - own.min(axis=player, keepdims=True)) * weight).sum(axis=axes)
    best = paid >= paid.max() - _TIE * spread(own)
    return np.asarray(best / best.sum())


def _last_step(tau: float) -> int:
    """The first step beyond the mean with a share below 1e-18."""
    k = math.ceil(tau)
    while _poisson(tau, k) > 1e-18:
        k += 1
    return k


def _poisson(tau: float, k: int) -> float:
    if tau == 0:
        return float(k == 0)
    return math.exp(k * math.log(tau) - tau - math.lgamma(k + 1))


def _compared(
    form: NormalForm, profile: Profile, played: Sequence[Float], how: str
) -> tuple[Certificate, Float]:
    gaps = tuple(float(np.abs(a - b).max()) for a, b in zip(profile, played, strict=True))
    proof = Certificate.of(
        "recursion",
        gaps,
        1.0,  # probabilities
        exact=True,
        complete=True,
        checked_by=how + ", in units of probability",
    )
    return proof, form.expected(profile)
