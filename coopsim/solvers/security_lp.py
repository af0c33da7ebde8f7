"""Commitment in security games by a linear program for each target."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.security import SecurityForm
from coopsim.solvers.bayesian_commitment import require_strong
from coopsim.solvers.numeric import Clock
from coopsim.solvers.origami import described
from coopsim.solvers.programs import maximise
from coopsim.solvers.solution import Found

_LARGEST = 2000  # targets, one program each at most


def solve(
    form: SecurityForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
) -> Found:
    """For each target the best coverage under which it is attacked; the best of these.

    Args:
        form: the game; resources may cover one target each or follow schedules, and coverage
            may help or harm either side.
        tol: not needed; programs are solved to 1e-10 of the payoff ranges.
        deadline: seconds; the best coverage so far comes back.
        leader: the first player; given for likeness with other forms.
        ties: only "strong" (ties for the defender).
        commitment: only "mixed".

    Returns:
        the coverage `[K]` and the attacker's target. Details: `coverage`, `attacked`, `value`,
        and `allocations` with their probabilities, which implement the coverage.

    Cost: at most K linear programs, with K variables, or with one an allocation where
    schedules cover several targets (their coverage need not be implementable otherwise:
    Korzhyk and others 2010). Targets that cannot pay more than the best found are skipped.

    Source: Conitzer and Sandholm 2006, applied to coverage (Korzhyk and others 2010).

    Raises:
        NoSuchForm: too many targets or allocations, or ties against the defender.
    """
    require_strong(form, leader, ties, commitment)
    if form.size > _LARGEST:
        raise NoSuchForm(
            f"{form.size} targets need a program each, and at most {_LARGEST} are taken; "
            "'origami' takes more where each resource covers one target"
        )
    clock, done, finished = Clock(deadline), 0, True
    means = None if form.single else form.allocations().astype(float)
    best = _idle(form)
    most = np.maximum(form.defender_covered, form.defender_uncovered)
    for target in np.argsort(-most, kind="stable"):
        if most[target] <= best[0]:
            break
        if clock.over:
            finished = False
            break
        coverage = _attacked(form, int(target), means, clock)
        done += 1
        if coverage is None:
            continue
        value = float(form.paid(coverage)[0][target])
        if value > best[0]:
            best = value, coverage
    told = f"{done} linear programs for {form.size} targets"
    told += "" if finished else "; stopped before all were tried"
    return described(form, best[1], told, {"programs": done}, finished)


def suits(form: SecurityForm, everything: bool) -> str:
    """Any security game with not too many targets."""
    if form.size > _LARGEST:
        return ""
    return f"{form.size} targets, a linear program for each"


def _idle(form: SecurityForm) -> tuple[float, Float]:
    """The answer where nothing is covered: there is one before any program."""
    coverage = np.zeros(form.size)
    gain, stakes = form.paid(coverage)
    return float(gain[stakes >= stakes.max()].max()), coverage


def _attacked(form: SecurityForm, target: int, means: Any, clock: Clock) -> Float | None:
    """The coverage best for the defender among those that tempt the attacker to `target`."""
    slope = form.attacker_covered - form.attacker_uncovered
    span = max(float(np.ptp([form.attacker_covered, form.attacker_uncovered])), 1e-300)
    # another target must pay no more: slope[k] c[k] - slope[t] c[t] <= most[t] - most[k]
    rows = np.diag(slope)
    rows[:, target] -= slope[target]
    limits = form.attacker_uncovered[target] - form.attacker_uncovered
    others = np.arange(form.size) != target
    rows, limits = rows[others] / span, limits[others] / span
    gain = np.zeros(form.size)
    gain[target] = np.sign(form.defender_covered[target] - form.defender_uncovered[target])
    if means is None:
        rows = np.vstack([rows, np.ones(form.size)])
        found = maximise(gain, rows, np.append(limits, form.resources), bounds=(0, 1), clock=clock)
        return np.clip(found.x, 0, 1) if found.status == "optimal" else None
    found = maximise(
        means @ gain,
        rows @ means.T if len(rows) else None,
        limits if len(rows) else None,
        np.ones((1, len(means))),
        [1.0],
        clock=clock,
    )
    return np.clip(found.x @ means, 0, 1) if found.status == "optimal" else None
