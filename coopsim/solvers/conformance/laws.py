"""The laws of solvers, each a function whose docstring states it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from coopsim import seeding
from coopsim.arrays import Float
from coopsim.errors import CheckFailed, NoSuchForm
from coopsim.solvers.certificate import Form, Profile
from coopsim.solvers.conformance.case import TOL, Case
from coopsim.solvers.conformance.families import trials
from coopsim.solvers.conformance.trial import Trial, parts, relabelled, rescaled
from coopsim.solvers.solution import Found, Solutions, Status

_CLOSE = 1e-5  # of the range of actions: how far a proved profile may lie from a known one
_LATE = 1.0  # seconds that a method may take beyond its deadline


def leaves_alone(case: Case) -> None:
    """The form is as it was before."""
    for trial in trials(case.concept.problem, case.form, case.seed, min(case.games, 5)):
        before = _arrays(trial.form)
        try:
            case.tried(trial)
        except NoSuchForm:
            continue
        case.need(
            all(np.array_equal(a, b) for a, b in zip(before, _arrays(trial.form), strict=True)),
            trial,
            "it changes the arrays of the form",
            "copy them before changing them",
        )


def answers(case: Case) -> None:
    """A solver refuses some games at most."""
    if not case.found:
        raise CheckFailed(
            case.name, f"it refuses all of {case.games} games", "answer those it is made for"
        )


def shapes(case: Case) -> None:
    """A solver hands back `Found`: one finite array a player, inside its bounds."""
    for trial, found in case.found:
        case.need(
            isinstance(found, Found) and isinstance(found.profiles, tuple),
            trial,
            f"it hands back a {type(found).__name__}",
            "return Found(profiles, sentence), with a tuple of profiles",
        )
        for profile in found.profiles:
            problem = _misshapen(trial, profile)
            case.need(problem is None, trial, f"a profile {problem}", "see `Found`")


def right(case: Case) -> None:
    """Where a game has one solution, that is what is proved; nothing else is proved anywhere."""
    for trial, found, solutions in case.solved:
        best, tried = solutions[0], bool(trial.known) and found.finished
        case.need(
            best.proved or not tried,
            trial,
            f"the game has a solution, the search claims to be finished, and nothing is proved: "
            f"{best.sentence}",
            "set finished=False where a search gives up, or search further",
        )
        for item in solutions:
            known = any(_same(trial.form, item.profile, other) for other in trial.known)
            case.need(
                not item.proved or known or not trial.everything,
                trial,
                f"{[part.tolist() for part in item.profile]} is proved and is no solution",
                "report this: a certificate must not pass what is none",
            )


def complete(case: Case) -> None:
    """A claim to have found every solution is true."""
    for trial, found, solutions in case.solved:
        missing = sum(
            not any(_same(trial.form, item.profile, other) for item in solutions if item.proved)
            for other in trial.known
        )
        case.need(
            not (missing and (found.exhaustive or solutions.complete)),
            trial,
            f"it claims to have found every solution, and {missing} of {len(trial.known)} known "
            "ones are missing",
            "set exhaustive=True only where every profile was looked at",
        )


def deterministic(case: Case) -> None:
    """Two runs give the same."""
    for trial, found in case.found:
        again = case.tried(trial)
        case.need(
            _flat(again) == _flat(found)
            and (again.sentence, again.finished, again.exhaustive)
            == (found.sentence, found.finished, found.exhaustive),
            trial,
            "two runs differ",
            "draw from a generator seeded by an option, and do not stop by the clock",
        )


def scale_free(case: Case) -> None:
    """Other units of payoff change no solution, and residuals by the unit only."""
    rng = seeding.generator(case.seed, "check", "scale")
    for place, (trial, _, solutions) in enumerate(case.solved):
        # small units and large ones in turn
        scale = float(10 ** ((-1) ** (place + 1) * rng.uniform(1, 2)))
        shift = rng.uniform(-10, 10, trial.form.n)
        form = rescaled(trial.form, scale, shift)
        if form is None or not trial.by_unit:
            continue
        found = case.tried(trial, form, tol=scale * TOL)
        after = case.certified(trial, found, max(scale, 1e-2) * TOL, form)
        _need_same(case, trial, solutions, after, f"after scaling payoffs by {scale:.3g}")
        if solutions[0].certificate is not None:
            proof = case.certificate(trial, form, solutions[0].profile)
            apart = abs(proof.residual - scale * solutions[0].certificate.residual)
            size = scale * max(1.0, float(np.abs(solutions[0].values).max())) + 10
            case.need(
                apart <= max(scale * TOL, 1e-12 * size),
                trial,
                f"the residual does not scale with payoffs (off by {apart:.3g})",
                "report this: certificates are in payoff units",
            )


def names_do_not_matter(case: Case) -> None:
    """Players in another order, and coordinates with them, give the same solutions."""
    rng = seeding.generator(case.seed, "check", "order")
    for trial, _, solutions in case.solved:
        moved = relabelled(trial.form, rng)
        if moved is None:
            continue
        form, back = moved
        after = case.certified(trial, case.tried(trial, form), TOL, form)
        _need_same(case, trial, solutions, after, "with the players in another order", back)


def deadline(case: Case) -> None:
    """A deadline of 0 ends the search within a second, in a proved answer or an open one."""
    for trial, _ in case.found:
        for attempt in range(2):  # the machine may have been busy
            began = time.monotonic()
            found = case.tried(trial, deadline=0.0)
            taken = time.monotonic() - began
            if taken <= _LATE:
                break
            case.need(
                attempt == 0,
                trial,
                f"with a deadline of 0 it takes {taken:.1f} s",
                "look at the clock in every loop",
            )
        best = case.certified(trial, found)[0]
        case.need(
            best.proved or not found.finished or not trial.known,
            trial,
            "with a deadline of 0 it finds nothing and claims to be finished",
            "set finished=False where a deadline cuts the search short",
        )
        case.need(
            best.status is not Status.INFEASIBLE or not trial.known,
            trial,
            "with a deadline of 0 it claims that there is no solution",
            "set exhaustive=True only where every profile was looked at",
        )


def _misshapen(trial: Trial, profile: Profile) -> str | None:
    """What is wrong with a profile as such, in words."""
    form = trial.form
    expected = [part.shape for part in trial.known[0]] if trial.known else None
    if expected is not None and len(profile) != len(expected):
        return f"has {len(profile)} parts, not {len(expected)}"
    shapes = expected or [np.shape(part) for part in profile]
    for shape, (part, low, high) in zip(shapes, parts(form, profile), strict=True):
        if not isinstance(part, np.ndarray) or part.shape != shape or low.shape != shape:
            return f"has a part {part!r}, not an array of shape {list(shape)}"
        if not np.isfinite(part).all():
            return "is not finite"
        if (part < low - 1e-9).any() or (part > high + 1e-9).any():
            return "lies outside its bounds"
        if form.kind == "normal" and len(profile) == form.n and abs(part.sum() - 1) > 1e-9:
            return "has a distribution that does not sum to 1"
    return None


def _same(form: Form, profile: Profile, other: Profile) -> bool:
    pairs = zip(parts(form, profile), other, strict=True)
    return all(
        (np.abs(part - right) <= _CLOSE * _scale(low, high)).all()
        for (part, low, high), right in pairs
    )


def _scale(low: Float, high: Float) -> Float:
    """The range of each entry; 1 where it has none."""
    return np.where(np.isfinite(high - low), np.maximum(high - low, 1e-300), 1.0)


def _need_same(
    case: Case,
    trial: Trial,
    before: Solutions,
    after: Solutions,
    when: str,
    back: Callable[[Profile], Profile] = lambda profile: profile,
) -> None:
    """Where there is one solution and it was proved, it must be found again."""
    if not trial.unique or not before[0].proved:
        return
    found = after[0]
    case.need(
        found.proved and _same(trial.form, back(found.profile), before[0].profile),
        trial,
        f"{when} it gives another answer: {found.sentence}",
        "treat players alike, and take tolerances in payoff units or relative to ranges",
    )


def _flat(found: Found) -> list[list[list[float]]]:
    return [[part.tolist() for part in profile] for profile in found.profiles]


def _arrays(form: Any) -> list[Any]:
    fields = [getattr(form, field.name) for field in dataclasses.fields(form)]
    return [np.array(value) for value in fields if isinstance(value, np.ndarray)]
