"""Logit quantal response equilibria: at one precision, and along a path.

On a normal form every player is one choice (McKelvey and Palfrey 1995); on a tree every
information set is one (agent quantal response; McKelvey and Palfrey 1998). All answers lie
on the principal branch, which is followed from precision 0; see `coopsim.solvers.branch`.
Precisions (lambda) are in 1 over payoff units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.branch import Branch, NormalChoices, crossings, principal
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found
from coopsim.solvers.tree_choices import TreeChoices

Form = NormalForm | ExtensiveForm
_LARGEST = 3000  # actions of all players of a normal form: steps solve dense systems


def suits(form: Form, everything: bool) -> str:
    """Why `auto` may choose this method: it takes every game of this form."""
    return "the principal branch passes every precision"


def solve(
    form: Form,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    lam: float | Sequence[float] = 1.0,
) -> Found:
    """The logit equilibrium on the principal branch at precision `lam`.

    Where the branch turns back and passes `lam` more than once, the first time counts.

    Args:
        form: the game; on a tree every information set chooses by itself.
        tol: not needed; the equations are solved to rounding.
        deadline: seconds; on expiry the last point of the branch comes back.
        lam: 0 or more, in 1 over payoff units; one number, or one a player. Players' precisions
            grow together from 0 in fixed proportions.

    Cost: 10 to 100 points of the branch. A point takes two to four evaluations of the
    derivatives and dense solves with all actions.

    Raises:
        NoSuchForm: too many actions, or a tree without perfect recall.
        UserError: `lam` is negative, not finite, or not one a player.
    """
    del tol
    rates = checked_precisions(lam, form)
    top, clock = float(rates.max(initial=0.0)), Clock(deadline)
    branch, unit = branch_of(form, rates / top if top > 0 else None)
    last = branch.start()
    if top == 0:
        return Found((profile_of(form, last.logs),), "precision 0: all actions equally likely")
    steps, reached = [last], False
    point = principal(branch, top * unit, clock, steps)
    if point is not None:
        last, reached = point, True
    far = "" if reached else f", not as far as asked for; it ends at {last.lam / unit:.4g}"
    last = last if reached else steps[-1]
    return Found(
        profiles=(profile_of(form, last.logs),),
        sentence=f"{len(steps)} points of the principal branch from precision 0{far}",
        stats={"points": len(steps)},
        finished=reached,
    )


@dataclass(frozen=True, eq=False)
class QuantalPath:
    """Logit equilibria along the principal branch.

    Args:
        lambdas: precisions, `[L]`.
        profiles: the equilibrium at each.
        regrets: the most that a player of each could gain by a best response, `[L]`, in payoff
            units.
    """

    lambdas: Float
    profiles: tuple[tuple[Float, ...], ...]
    regrets: Float


def quantal_path(
    form: Form,
    lambdas: Sequence[float],
    *,
    player: int | None = None,
    others: float | Sequence[float] = 0.0,
    deadline: float | None = None,
) -> QuantalPath:
    """The logit equilibria at several precisions, by one walk along the principal branch.

    With `player` only that player's precision runs through `lambdas` and the others keep
    `others`: a curriculum in which one player, such as an adversary, grows more precise
    (Reddi et al. 2024, "Robust adversarial reinforcement learning via bounded rationality
    curricula").

    Args:
        form: a normal form, or a tree (agent quantal response).
        lambdas: 0 or more, in any order, in 1 over payoff units.
        player: whose precision runs; all players' where not given.
        others: the precision of the others, one number or one a player; only with `player`.
        deadline: seconds.

    Raises:
        NoSuchForm: too many actions, or a tree without perfect recall.
        UserError: a precision is negative or not finite, there is no such player, or the
            deadline ended the walk before the largest precision.
    """
    asked = np.array([float(value) for value in lambdas])
    if not (np.isfinite(asked).all() and (asked >= 0).all() and asked.size):
        raise UserError("no precisions", key="lambdas", given=list(lambdas), allowed="0 or more")
    weights, fixed = None, None
    if player is not None:
        if not 0 <= player < form.n:
            raise UserError(
                "no such player", key="player", given=player, allowed=f"0 to {form.n - 1}"
            )
        weights = np.eye(form.n)[player]
        fixed = checked_precisions(others, form) * (1.0 - weights)
    branch, unit = branch_of(form, weights, fixed)
    wanted = sorted({value * unit for value in asked.tolist()})
    met = {point.lam: point.logs for point in crossings(branch, wanted, Clock(deadline))}
    if len(met) < len(wanted):
        lost = wanted[len(met)] / unit
        raise UserError("the walk ended early", key="lambdas", given=lost, allowed="more time")
    profiles = tuple(profile_of(form, met[lam * unit]) for lam in asked.tolist())
    return QuantalPath(asked, profiles, np.array([_regret(form, each) for each in profiles]))


def checked_precisions(lam: float | Sequence[float], form: Form) -> Float:
    """`lam` as one precision a player, `[n]`. Raises `UserError`."""
    rates = np.asarray(lam, dtype=np.float64)
    if rates.ndim == 0:
        rates = np.full(form.n, float(rates))
    if rates.shape != (form.n,) or not np.isfinite(rates).all() or (rates < 0).any():
        raise UserError(
            "no precision", key="lam", given=lam, allowed=f"0 or more; one, or {form.n} of them"
        )
    return rates


def branch_of(
    form: Form, weights: Float | None = None, fixed: Float | None = None
) -> tuple[Branch, float]:
    """The principal branch of a form, and the payoff units in one unit there."""
    if isinstance(form, NormalForm):
        if sum(form.shape) > _LARGEST:
            raise NoSuchForm(f"quantal response takes at most {_LARGEST} actions in all")
        choices: NormalChoices | TreeChoices = NormalChoices(form)
    else:
        choices = TreeChoices(form)
    unit = choices.unit
    return Branch(choices, weights, None if fixed is None else fixed * unit), unit


def profile_of(form: Form, logs: Float) -> tuple[Float, ...]:
    """Log-probabilities as one array a player, each choice summing to 1."""
    shares = np.exp(logs)
    if isinstance(form, NormalForm):
        ends = np.cumsum(form.shape)[:-1]
        return tuple(part / part.sum() for part in np.split(shares, ends))
    starts, counts = form.infosets.offset[:-1], form.infosets.actions
    shares = shares / np.repeat(np.add.reduceat(shares, starts), counts)
    return tuple(np.array(shares[form.infosets.part(i)]) for i in range(form.n))


def _regret(form: Form, profile: tuple[Float, ...]) -> float:
    values = form.expected(profile)
    if isinstance(form, NormalForm):
        best = [float(form.deviations(profile, i).max()) for i in range(form.n)]
    else:
        best = [float(form.best_response(i, profile)[0]) for i in range(form.n)]
    return positive_part(*(b - float(v) for b, v in zip(best, values, strict=True)))
