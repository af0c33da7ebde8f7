"""A profile to hand back where a method had no time to find any."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from coopsim.solvers.proof import spreads
from coopsim.solvers.solution import Found, Profile

_LARGEST = 2_000_000  # payoffs that are looked through for a good pure profile


def begun(problem: str, form: Any, found: Found) -> Found:
    """What was found; where a method was cut short without any, a profile to begin with."""
    if found.profiles or found.finished or found.exhaustive:
        return found
    first = first_profile(problem, form)
    if first is None:
        return found
    told = f"{found.sentence}; this is where a search would begin"
    return dataclasses.replace(found, profiles=(first,), details=(), sentence=told)


def first_profile(problem: str, form: Any) -> Profile | None:
    """Even play, or a pure profile where that is closer to an equilibrium; None: nothing to say.

    Args:
        problem: "nash", "correlated" or "coarse correlated"; others have no such profile.
        form: the game.

    Cost: one pass over the payoffs a player.
    """
    if problem == "nash" and form.kind == "extensive" and not form.recall_problem:
        uniform: Profile = form.uniform()
        return uniform if form.variants is None else None
    if problem == "nash" and form.kind == "continuous":
        middle: Profile = form.split((form.low + form.high) / 2)
        return middle
    if form.kind != "normal" or problem not in ("nash", "correlated", "coarse correlated"):
        return None
    shares = _closest(form)
    if problem == "nash":
        return shares
    joint = shares[0]
    for share in shares[1:]:
        joint = joint[..., None] * share
    return (joint,)


def _closest(form: Any) -> Profile:
    """The pure profile with the smallest regret, or even play where that has a smaller one."""
    even = tuple(np.full(size, 1 / size) for size in form.shape)
    if form.n * math.prod(form.shape) > _LARGEST:
        return even
    lack = np.zeros(form.shape)
    # in units of each player's own range: players may be paid in different ones
    spans = [max(span, 1e-300) for span in spreads(form.payoffs)]
    for i, span in enumerate(spans):
        own = form.payoffs[i] / span
        lack = np.maximum(lack, own.max(axis=i, keepdims=True) - own)
    at = np.unravel_index(int(lack.argmin()), form.shape)
    values = form.expected(even)
    regret = max(
        float(form.deviations(even, i).max() - values[i]) / span for i, span in enumerate(spans)
    )
    if regret <= lack[at]:
        return even
    return tuple(np.eye(size)[a] for size, a in zip(form.shape, at, strict=True))
