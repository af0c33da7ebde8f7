"""Pure profiles of a payoff tensor: all Nash equilibria, and the best sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.proof import within
from coopsim.solvers.solution import Found

_MOST = 1000  # profiles handed back; each is certified
_WORK = 20_000_000  # payoffs that may be read to certify them all


def solve_nash(form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """Every pure Nash equilibrium, best sum of payoffs first.

    Args:
        form: the game.
        tol: a player may be this far from its best response, in payoff units; see `within`,
            which is asked for each player's own range of payoffs.
        deadline: not needed; the work is one pass.

    Cost: n passes over the tensor. At most 1,000 equilibria are handed back.
    """
    stable = _stable(form, tol)
    welfare = form.payoffs.sum(0)[stable]
    profiles = np.argwhere(stable)[np.argsort(-welfare, kind="stable")]
    return Found(
        profiles=_mixed(form, profiles[: _most(form)]),
        sentence=f"{stable.size} pure profiles looked at, {len(profiles)} of them stable"
        f"{_cut(form, profiles)}; mixed equilibria were not searched",
        stats={"profiles": stable.size},
        finished=len(profiles) <= _most(form),
    )


def suits_nash(form: NormalForm, everything: bool) -> str:
    """One player; or three or more with a pure equilibrium, where not all are wanted.

    Where all are wanted and the game is too large for its supports to be enumerated, all pure
    equilibria are the best that is to be had.
    """
    if form.n == 1:
        return "one player: the best actions"
    if form.n == 2 or not _stable(form, 0.0).any():
        return ""
    if everything:
        from coopsim.solvers.polynomial import suits

        if suits(form, True):
            return ""
        return f"{form.n} players, too many supports to enumerate: all pure equilibria"
    return f"{form.n} players: there is a pure equilibrium"


def suits_optimum(form: NormalForm, everything: bool) -> str:
    """Why `auto` may choose this method: it takes every game of this form."""
    return "a payoff tensor: every pure profile can be looked at"


def solve_optimum(form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """Every pure profile with the largest sum of payoffs.

    Args:
        form: the game.
        tol: sums this close to the largest count as equal, in payoff units.
        deadline: not needed; the work is one pass.

    Cost: one pass over the tensor. At most 1,000 profiles are handed back. They are all there
    are unless two of them differ in one player's action: then mixtures of the two are
    optimal as well.
    """
    welfare = form.payoffs.sum(0)
    tied = welfare >= welfare.max() - tol
    profiles = np.argwhere(tied)
    profiles = profiles[np.argsort(-welfare[tied], kind="stable")]
    alone = all(int(tied.sum(axis).max()) == 1 for axis in range(form.n))
    return Found(
        profiles=_mixed(form, profiles[: _most(form)]),
        sentence=f"{welfare.size} pure profiles looked at; {len(profiles)} with this sum"
        f"{_cut(form, profiles)}",
        stats={"profiles": welfare.size},
        finished=len(profiles) <= _most(form),
        exhaustive=alone and len(profiles) <= _most(form),
    )


def _stable(form: NormalForm, tol: float) -> npt.NDArray[np.bool_]:
    """Which pure profiles leave nobody more than `tol` to gain, `[A1, ..., An]`."""
    stable = np.ones(form.shape, dtype=bool)
    for i, own in enumerate(form.payoffs):
        slack = within(tol, float(own.max() / 2 - own.min() / 2) * 2)
        stable &= own >= own.max(axis=i, keepdims=True) - slack
    return stable


def _mixed(
    form: NormalForm, profiles: npt.NDArray[np.int64]
) -> tuple[tuple[npt.NDArray[np.float64], ...], ...]:
    """Pure profiles `[S, n]` as one distribution a player."""
    eyes = [np.eye(size) for size in form.shape]
    return tuple(
        tuple(eye[a] for eye, a in zip(eyes, profile, strict=True)) for profile in profiles
    )


def _most(form: NormalForm) -> int:
    """How many profiles are handed back: each is certified by a pass over the payoffs."""
    return max(1, min(_MOST, _WORK // form.payoffs.size))


def _cut(form: NormalForm, profiles: npt.NDArray[np.int64]) -> str:
    most = _most(form)
    return f" (the first {most} are given)" if len(profiles) > most else ""
