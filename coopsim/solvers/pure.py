"""Pure profiles of a payoff tensor: all Nash equilibria, and the best sum."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Found


def solve_nash(form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """Every pure Nash equilibrium, best sum of payoffs first.

    Args:
        form: the game.
        tol: a player may be this far from its best response.
        deadline: not needed; the work is one pass.

    Cost: n passes over the tensor.
    """
    stable = np.ones(form.shape, dtype=bool)
    for i in range(form.n):
        own = form.payoffs[i]
        stable &= own >= own.max(axis=i, keepdims=True) - tol
    profiles = np.argwhere(stable)
    welfare = form.payoffs.sum(0)[stable]
    ordered = profiles[np.argsort(-welfare, kind="stable")]
    return Found(
        profiles=tuple(_mixed(form, profile) for profile in ordered),
        sentence=f"{stable.size} pure profiles looked at, {len(ordered)} of them stable; "
        "mixed equilibria were not searched",
        stats={"profiles": stable.size},
    )


def solve_optimum(form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """The pure profile with the largest sum of payoffs (the first of several)."""
    welfare = form.payoffs.sum(0)
    best = np.unravel_index(int(welfare.argmax()), welfare.shape)
    ties = int((welfare >= welfare.max() - tol).sum())
    return Found(
        profiles=(_mixed(form, np.asarray(best)),),
        sentence=f"{welfare.size} pure profiles looked at; {ties} with this sum",
        stats={"profiles": welfare.size},
        exhaustive=ties == 1,
    )


def _mixed(form: NormalForm, profile: Float) -> tuple[Float, ...]:
    return tuple(np.eye(size)[a] for size, a in zip(form.shape, profile, strict=True))
