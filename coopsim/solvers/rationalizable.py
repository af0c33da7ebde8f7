"""Rationalizable actions: iterated elimination of actions that are never best responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm, sizes
from coopsim.highs import linprog
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.solution import Found

MOST = 2_000_000
"""Entries of the largest linear program: own actions times profiles of the others."""

_STRICT = 1e-9  # of the range of payoffs: a smaller advantage counts as none
_SHOWN = 1e-12  # of the range: what rounding adds to a difference of payoffs

Kept = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class _Verdict:
    """Whether an action goes, and the mixture or the belief that shows it."""

    dominated: bool
    weights: Float


def solve(
    form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None, weak: bool = False
) -> Found:
    """The actions that survive iterated elimination of dominated actions, all at once a round.

    An action goes where some mixture of own actions pays more against everything that the
    others have left. For two players what stays is exactly what is rationalizable (Bernheim
    1984, Pearce 1984). For three or more it is what is a best response to a *correlated* belief
    about the others; beliefs that are independent may rule out more.

    Args:
        form: the game, any number of players.
        tol: not needed; an advantage counts from 1e-9 of the player's range of payoffs.
        deadline: seconds; on expiry the actions not yet eliminated are handed back.
        weak: eliminate weakly dominated actions as well. What is left then depends on the order
            in general; here all of them go at once in each round.

    Returns:
        one profile: the uniform distribution over the surviving actions of each player. It
        marks the set and claims no play. `details` hold `surviving` (labels a player),
        `kept` (the same as numbers), `rounds` (each a list of eliminations with the dominating
        mixture over all own actions), and `beliefs` (for each survivor a distribution over the
        others' surviving profiles, row-major, to which it is a best response).

    Cost: at most one linear program an action and round, with one constraint a profile of the
    others. Pure domination and pure beliefs are looked at first.

    Raises:
        NoSuchForm: more than 2,000,000 entries in one program.
    """
    entries = int(np.prod(form.shape))
    if entries > MOST:
        raise NoSuchForm(
            f"{sizes(form.shape)} make linear programs of {entries:,} entries, and this method "
            f"takes {MOST:,}; remove actions by hand with form.restrict first"
        )
    clock = Clock(deadline)
    kept: Kept = tuple(tuple(range(size)) for size in form.shape)
    rounds: list[list[dict[str, Any]]] = []
    programs = 0
    while True:
        gone, beliefs, used = _round(form, kept, weak, clock)
        programs += used
        if not gone:
            break
        rounds.append(gone)
        out = {(item["player"], item["action"]) for item in gone}
        kept = tuple(tuple(a for a in own if (i, a) not in out) for i, own in enumerate(kept))
    labels = [[form.actions[i][a] for a in own] for i, own in enumerate(kept)]
    marks = [np.isin(np.arange(size), own) for size, own in zip(form.shape, kept, strict=True)]
    return Found(
        profiles=(tuple(mark / mark.sum() for mark in marks),),
        sentence=f"{len(rounds)} rounds and {programs} linear programs; left: "
        + ", ".join(f"{len(own)} of {size}" for own, size in zip(kept, form.shape, strict=True)),
        stats={"rounds": len(rounds), "programs": programs},
        finished=beliefs is not None,
        exhaustive=beliefs is not None,
        details=(
            {
                "surviving": labels,
                "kept": [list(own) for own in kept],
                "rounds": rounds,
                "beliefs": beliefs,
            },
        ),
    )


def suits(form: NormalForm, everything: bool) -> str:
    """Any game whose linear programs are of moderate size."""
    entries = int(np.prod(form.shape))
    return f"linear programs of up to {entries:,} entries" if entries <= MOST else ""


def _round(
    form: NormalForm, kept: Kept, weak: bool, clock: Clock
) -> tuple[list[dict[str, Any]], list[list[list[float]]] | None, int]:
    """The eliminations of one round, the survivors' beliefs, and how many programs it took."""
    gone: list[dict[str, Any]] = []
    beliefs: list[list[list[float]]] = []
    programs = 0
    for i, own in enumerate(kept):
        table = _table(form, kept, i)
        scale = float(np.ptp(form.payoffs[i])) or 1.0
        beliefs.append([])
        for place in range(len(own)):
            if clock.over:
                return [], None, programs
            gains = (table - table[place]) / scale
            verdict = _at_a_glance(gains, place, weak)
            if verdict is None:
                programs += 1
                try:
                    verdict = _weakly(gains, place, clock) if weak else _strictly(gains, clock)
                except OutOfTime:
                    return [], None, programs
            if verdict.dominated:
                mixture = np.zeros(form.shape[i])
                mixture[list(own)] = verdict.weights
                gone.append({"player": i, "action": own[place], "mixture": mixture.tolist()})
            else:
                beliefs[-1].append(verdict.weights.tolist())
    return gone, beliefs, programs


def _table(form: NormalForm, kept: Kept, player: int) -> Float:
    """The player's payoffs `[own, profiles of the others]` among the actions left."""
    own = form.payoffs[player][np.ix_(*kept)]
    return np.asarray(np.moveaxis(own, player, 0).reshape(len(kept[player]), -1))


def _at_a_glance(gains: Float, place: int, weak: bool) -> _Verdict | None:
    """A verdict that needs no program: domination by one action, or a belief in one profile."""
    worst = gains.min(1)
    if weak:
        worst = np.where(worst >= -_SHOWN, gains.sum(1), -np.inf)
        worst[place] = -np.inf
    best = int(worst.argmax())
    if worst[best] > _STRICT:
        return _Verdict(True, np.eye(len(gains))[best])
    sure = gains.max(0) <= 0
    if sure.any() and not weak:
        return _Verdict(False, np.eye(gains.shape[1])[int(sure.argmax())])
    return None


def _strictly(gains: Float, clock: Clock) -> _Verdict:
    """The value of the game in which a mixture gains against a belief: above 0 it dominates."""
    own, profiles = gains.shape
    answer = linprog(
        np.append(np.zeros(own), -1.0),
        A_ub=np.hstack([-gains.T, np.ones((profiles, 1))]),
        b_ub=np.zeros(profiles),
        A_eq=np.append(np.ones(own), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * own + [(None, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        clock=clock,
    )
    if answer.x is None:
        clock.look()
    mixture, belief = answer.x[:-1], -answer.ineqlin.marginals
    if float((_even(mixture) @ gains).min()) > _STRICT:
        return _Verdict(True, _even(mixture))
    return _Verdict(False, _even(belief))


def _weakly(gains: Float, place: int, clock: Clock) -> _Verdict:
    """The most that a mixture which never loses gains in sum; above 0 it dominates weakly.

    The multipliers, plus 1 each, are a belief of full support to which the action is a best
    response where nothing dominates it (Pearce 1984, lemma 4).
    """
    own = len(gains)
    answer = linprog(
        -gains.sum(1),
        A_ub=-gains.T,
        b_ub=np.zeros(gains.shape[1]),
        A_eq=np.ones((1, own)),
        b_eq=[1.0],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        clock=clock,
    )
    if answer.x is None:
        clock.look()
    mixture, belief = _even(answer.x), 1.0 - answer.ineqlin.marginals
    # rounding may leave a loss of 1e-16: a mixture with the action itself shrinks it
    if float((mixture @ gains).sum()) > _STRICT:
        return _Verdict(True, mixture)
    return _Verdict(False, _even(belief))


def _even(weights: Float) -> Float:
    """Weights as a distribution."""
    weights = np.maximum(weights, 0.0)
    return np.asarray(weights / weights.sum())
