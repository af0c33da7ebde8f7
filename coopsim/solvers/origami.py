"""ORIGAMI: commitment in security games whose resources cover one target each."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.security import SecurityForm
from coopsim.solvers.bayesian_commitment import require_strong
from coopsim.solvers.solution import Found


def solve(
    form: SecurityForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
) -> Found:
    """Coverage that brings the attacker's best target down as far as resources allow.

    The attacker's payoff is the lowest level k at which covering every target just enough
    that it pays no more than k needs no more than the resources there are. Targets that pay
    exactly k are attacked; among them the attacker takes the defender's best.

    Args:
        form: the game.
        tol: not needed; the level is a closed form for each number of covered targets.
        deadline: not needed; the work is one sort.
        leader: the first player; given for likeness with other forms.
        ties: only "strong" (ties for the defender).
        commitment: only "mixed".

    Returns:
        the coverage `[K]` and the attacker's target. Details: `coverage`, `attacked`, `value`,
        and `allocations` with their probabilities, which implement the coverage.

    Cost: O(K log K).

    Source: Kiekintveld and others 2009, algorithm 1, with prefixes of the sorted targets
    summed instead of a loop over them.

    Raises:
        NoSuchForm: schedules, a target that is no less attractive or no better for the
            defender covered, or ties against the defender.
    """
    require_strong(form, leader, ties, commitment)
    _require_security(form)
    coverage = _coverage(form)
    return described(form, coverage, f"{form.size} targets sorted by what they pay", {})


def suits(form: SecurityForm, everything: bool) -> str:
    """Security games in the usual sense."""
    if _problem(form):
        return ""
    return f"{form.size} targets, {form.resources} resources that cover one target each"


def described(
    form: SecurityForm,
    coverage: Float,
    sentence: str,
    stats: dict[str, float],
    finished: bool = True,
) -> Found:
    """A coverage as what a method hands back, with allocations that implement it."""
    attacked = _tempting(form, coverage)
    details: dict[str, Any] = {
        "coverage": coverage.tolist(),
        "attacked": attacked,
        "value": float(form.paid(coverage)[0][attacked]),
    }
    mixture = form.mixture(coverage)
    if mixture is not None:
        details["allocations"] = [
            {"targets": np.flatnonzero(row).tolist(), "probability": float(share)}
            for row, share in zip(*mixture, strict=True)
        ]
    return Found(
        profiles=((coverage, np.eye(form.size)[attacked]),),
        sentence=sentence,
        stats=stats,
        finished=finished,
        details=(details,),
    )


def _coverage(form: SecurityForm) -> Float:
    """The coverage `[K]` at the lowest level that resources allow."""
    most, least = form.attacker_uncovered, form.attacker_covered
    order = np.argsort(-most, kind="stable")
    high, fall = most[order], (most - least)[order]
    # with the first j targets covered down to a common level, resources are used up at level[j]
    level = (np.cumsum(high / fall) - form.resources) / np.cumsum(1 / fall)
    # the first j whose level is not below the next target's own payoff
    beyond = np.append(high[1:], -np.inf)
    lowest = level[int(np.argmax(level >= beyond))]
    # a covered target cannot be made to pay less than it does
    k = max(float(lowest), float(least.max()))
    return np.clip((most - k) / (most - least), 0, 1)


def _require_security(form: SecurityForm) -> None:
    if problem := _problem(form):
        raise NoSuchForm(f"{problem}; 'security-lp' takes such games")


def _problem(form: SecurityForm) -> str:
    if not form.single:
        return "resources cover several targets at once, or not all"
    worse = form.attacker_covered >= form.attacker_uncovered
    if worse.any():
        return f"covering {form.targets[int(worse.argmax())]} does not make it less attractive"
    lost = form.defender_covered < form.defender_uncovered
    if lost.any():
        return f"covering {form.targets[int(lost.argmax())]} makes an attack cost more"
    return ""


def _tempting(form: SecurityForm, coverage: Float) -> int:
    """The attacker's best target, of equal ones the defender's best, of these the first."""
    gain, stakes = form.paid(coverage)
    slack = 1e-12 * max(float(np.ptp([form.attacker_covered, form.attacker_uncovered])), 1e-300)
    paid = np.where(stakes >= stakes.max() - slack, gain, -np.inf)
    equal = 1e-12 * max(float(np.ptp([form.defender_covered, form.defender_uncovered])), 1e-300)
    return int(np.argmax(paid >= paid.max() - equal))
