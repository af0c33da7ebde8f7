"""Steps of thinking: level-k and the Poisson cognitive hierarchy.

A level-0 player plays a given mixture, evenly over all actions where none is given. A
level-k player best-responds to opponents of level k - 1 (Stahl and Wilson 1994; Nagel
1995), a step-k player of the hierarchy to opponents of steps 0 to k - 1 in the proportions
of a Poisson distribution, cut off and scaled (Camerer, Ho and Chong 2004). Best actions
that pay the same are mixed evenly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.numeric import Clock
from coopsim.solvers.option_types import Steps
from coopsim.solvers.proof import spread
from coopsim.solvers.solution import Found

Strategies = tuple[Float, ...]

_TIE = 1e-9  # of the range of the own payoffs: actions this close to the best are best
_TAIL = 1e-13  # share of the population that thinks further than the last step looked at
_MOST = 1000


def suits(form: NormalForm, everything: bool) -> str:
    """Why `auto` may choose this method: it takes every game of this form."""
    return "a recursion over steps of thinking"


def solve_level(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    level: Steps = 1,
    level0: Sequence[Sequence[float]] | None = None,
) -> Found:
    """What players of one level do; `details` lists all levels up to it.

    Args:
        form: the game.
        tol, deadline: not needed and kept for the clock: a level is one pass.
        level: steps of thinking, 0 or more.
        level0: the mixture of each player at level 0.

    Cost: one contraction of the payoff tensor a player and level.

    Raises:
        UserError: `level` is negative, or `level0` is not one distribution a player.
    """
    del tol
    if level < 0 or level != int(level):
        raise UserError("no level", key="level", given=level, allowed="0 or a whole number above")
    clock = Clock(deadline)
    chain = [checked_start(form, level0)]
    while len(chain) <= level and not clock.over:
        chain.append(best_responses(form, chain[-1]))
    reached = len(chain) - 1
    return Found(
        profiles=(chain[-1],),
        sentence=f"{reached} of {level} steps of thinking from level 0",
        stats={"levels": reached},
        finished=reached == level,
        exhaustive=reached == level,
        details=({"levels": [_plain(each) for each in chain]},),
    )


def solve_hierarchy(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    tau: float = 1.5,
    level0: Sequence[Sequence[float]] | None = None,
    levels: Steps | None = None,
) -> Found:
    """What a population plays whose steps of thinking are Poisson distributed.

    Args:
        form: the game.
        tol, deadline: not needed and kept for the clock: a step is one pass.
        tau: the mean number of steps, 0 to 100 (1.5 in most of the data of the paper).
        level0: the mixture of each player at step 0.
        levels: the last step in the population; where not given, the first beyond which less
            than 1e-13 of it is left. Shares are scaled to sum to 1.

    `details` gives the shares of the steps and what each does.

    Cost: one contraction of the payoff tensor a player and step.

    Raises:
        UserError: `tau` or `levels` is out of range, or `level0` is not one distribution a player.
    """
    del tol
    if not 0 <= tau <= 100:
        raise UserError("no mean", key="tau", given=tau, allowed="0 to 100")
    if levels is not None and (levels < 0 or levels != int(levels)):
        raise UserError("no step", key="levels", given=levels, allowed="0 or more")
    clock = Clock(deadline)
    weights = poisson_weights(tau, levels)
    chain = [checked_start(form, level0)]
    mixed = [weights[0] * part for part in chain[0]]
    for k in range(1, len(weights)):
        if clock.over:
            break
        below = tuple(part / part.sum() for part in mixed)
        chain.append(best_responses(form, below))
        mixed = [part + weights[k] * own for part, own in zip(mixed, chain[-1], strict=True)]
    done = len(chain) == len(weights)
    shares = weights[: len(chain)] / weights[: len(chain)].sum()
    return Found(
        profiles=(tuple(part / part.sum() for part in mixed),),
        sentence=f"steps of thinking 0 to {len(chain) - 1} of {len(weights) - 1}",
        stats={"levels": len(chain) - 1},
        finished=done,
        exhaustive=done,
        details=({"shares": shares.tolist(), "levels": [_plain(each) for each in chain]},),
    )


def poisson_weights(tau: float, levels: int | None) -> Float:
    """The shares of steps 0, 1 ... in the population, summing to 1."""
    last = _MOST if levels is None else int(levels)
    steps = np.arange(last + 1)
    logs = steps * (math.log(tau) if tau > 0 else -np.inf)
    logs[0] = 0.0
    logs = logs - np.cumsum(np.log(np.maximum(steps, 1)))
    weights = np.exp(logs - logs.max())
    weights = weights / weights.sum()
    if levels is None:
        beyond = np.cumsum(weights[::-1])[::-1]
        weights = weights[: max(1, int((beyond > _TAIL).sum()))]
    return np.asarray(weights / weights.sum())


def best_responses(form: NormalForm, others: Strategies) -> Strategies:
    """Each player's best actions against a profile, mixed evenly.

    Payoffs are taken above the player's lowest against the same actions of the others: what
    all own actions share would only cost digits.
    """
    answers = []
    for player, own in enumerate(form.payoffs):
        paid = own - own.min(axis=player, keepdims=True)
        for other in reversed(range(form.n)):
            if other != player:
                paid = np.tensordot(paid, others[other], axes=(other, 0))
        best = paid >= paid.max() - _TIE * spread(own)
        answers.append(best / best.sum())
    return tuple(answers)


def checked_start(form: NormalForm, level0: Sequence[Sequence[float]] | None) -> Strategies:
    """Level 0 as one distribution a player. Raises `UserError`."""
    if level0 is None:
        return tuple(np.full(size, 1.0 / size) for size in form.shape)
    try:
        parts = tuple(np.array(part, dtype=np.float64) for part in level0)
        fits = [part.shape for part in parts] == [(size,) for size in form.shape] and all(
            (part >= 0).all() and abs(part.sum() - 1) <= 1e-9 for part in parts
        )
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise UserError(
            "no mixture for level 0",
            key="level0",
            given=str(level0),
            allowed=f"one distribution a player, over {list(form.shape)} actions",
        )
    return tuple(part / part.sum() for part in parts)


def _plain(strategies: Strategies) -> list[list[float]]:
    return [[float(value) for value in part] for part in strategies]
