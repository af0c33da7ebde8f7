"""From what a method found to certified solutions: nothing is claimed that was not checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.clock import ENDLESS, Clock, OutOfTime
from coopsim.solvers.certificate import Form, Profile, check_profile
from coopsim.solvers.concepts import Concept
from coopsim.solvers.numeric import within
from coopsim.solvers.paid import paid
from coopsim.solvers.solution import Certificate, Found, Solution, Solutions, Status

_ROUNDING = 1e-12  # relative: differences below this are 0 in floating point
_NOTHING = 1e-10  # payoff units: the same for sums that are about 0


def answer(
    form: Form,
    concept: Concept,
    method: str,
    found: Found,
    asked: Mapping[str, Any],
    stats: Mapping[str, float],
    game_hash: str = "",
    chosen: str = "",
    clock: Clock = ENDLESS,
) -> Solutions:
    """Certified solutions from the profiles that a method found, best first.

    Those that are proved, by their sum of values; where none is, the one with the smallest
    residual. A stationary point that is no equilibrium is not a solution and is dropped.

    Args:
        form: what was solved.
        concept: what was asked.
        method: the method's name.
        found: what it handed back.
        asked: the options, echoed in each solution; `tol` decides what is proved.
        stats: counts and seconds.
        game_hash: of the game that the form was made of.
        chosen: why this method was used.
        clock: for the certificates. What it leaves unchecked is not proved, and what is found
            is then not said to be complete.
    """
    parameters = {key: asked.get(key, given) for key, given in concept.parameters.items()}
    more = found.details or ({},) * len(found.profiles)

    def made(**parts: Any) -> Solution:
        return Solution(
            concept=concept.name,
            method=method,
            players=form.players,
            form=form.kind,
            chosen=chosen,
            options=asked,
            stats={**found.stats, **stats},
            game_hash=game_hash,
            **parts,
        )

    def certified(profile: Profile, details: Mapping[str, Any]) -> Solution:
        try:
            proof, values = check_profile(
                concept.problem, form, profile, details, parameters, clock
            )
        except OutOfTime:
            return made(
                status=Status.BUDGET,
                sentence="not proved: the deadline ended the check of the profile",
                profile=profile,
                values=paid(form, profile),
                certificate=None,
                details=details,
            )
        status, sentence = _status(proof, float(asked["tol"]), found)
        return made(
            status=status,
            sentence=sentence,
            profile=profile,
            values=values,
            certificate=proof,
            details=details,
        )

    if not found.profiles:
        nothing = made(
            status=Status.INFEASIBLE if found.exhaustive else Status.BUDGET,
            sentence=f"no solution found: {found.sentence}",
            profile=(),
            values=np.zeros(0),
            certificate=None,
        )
        return Solutions((nothing,), found.exhaustive, found.sentence)
    items: list[Solution] = []
    for pair in zip(found.profiles, more, strict=True):
        if items and clock.over:
            break
        items.append(certified(*pair))
    unchecked = len(found.profiles) - len([item for item in items if item.certificate])
    proved = _ranked([item for item in items if item.proved])
    sentence = found.sentence
    if unchecked:
        sentence += f"; the deadline left {unchecked} of {len(found.profiles)} unchecked"
    if not proved:
        closest = min(items, key=_residual)
        selection = f"the closest of {len(items)} end points" if len(items) > 1 else ""
        labelled = dataclasses.replace(closest, selection=selection)
        return Solutions((labelled,), False, sentence)
    alone = proved[0].certificate is not None and proved[0].certificate.complete
    every = found.exhaustive and len(proved) == len(found.profiles)
    complete = every or (len(proved) == 1 and alone)
    return Solutions(
        tuple(_labelled(item, place, proved, complete) for place, item in enumerate(proved)),
        complete,
        sentence,
    )


def refused(game: Any, concept: str, method: str | None, sentence: str) -> Solution:
    """The answer where a concept has no meaning for a game, or no method solves it."""
    return Solution(
        concept=concept,
        method=method or "none",
        status=Status.REFUSED,
        sentence=sentence,
        players=getattr(game, "labels", None) or game.players,
        profile=(),
        values=np.zeros(0),
        certificate=None,
        game_hash=getattr(game, "hash", ""),
    )


def _status(proof: Certificate, tol: float, found: Found) -> tuple[Status, str]:
    if not _within(proof, tol):
        cut = "" if found.finished else "; the search was cut short"
        return Status.BUDGET, f"not within {tol:g}: the {proof.kind} is {proof.residual:.3g}{cut}"
    exact = proof.exact and proof.relative <= _ROUNDING
    status = Status.EXACT if exact else Status.CONVERGED
    return status, f"{proof.kind} {proof.residual:.2g} by {proof.checked_by}"


def _within(proof: Certificate, tol: float) -> bool:
    """Whether a residual is within the tolerance, or within the rounding of the payoffs."""
    if proof.residual == 0 or (tol > 0 and proof.relative <= _ROUNDING):
        return True
    span = proof.residual / proof.relative
    return proof.residual <= within(tol, span)


def _ranked(items: list[Solution]) -> list[Solution]:
    """Largest sum of values first; of equal sums the one whose first player does more."""
    items = sorted(items, key=lambda item: -float(item.values.sum()))
    ranked: list[Solution] = []
    while items:
        equal = [item for item in items if _equal(item, items[0])]
        items = items[len(equal) :]
        ranked += sorted(equal, key=lambda item: item.actions.tolist(), reverse=True)
    return ranked


def _equal(one: Solution, other: Solution) -> bool:
    """Whether two sums of values differ by no more than the rounding of payoffs."""
    sums = float(one.values.sum()), float(other.values.sum())
    slack = max(_NOTHING, _ROUNDING * max(map(abs, sums)))
    return abs(sums[0] - sums[1]) <= slack


def _residual(item: Solution) -> float:
    return item.certificate.residual if item.certificate is not None else np.inf


def _labelled(item: Solution, place: int, proved: list[Solution], complete: bool) -> Solution:
    """The solution with what is known of its siblings written on it."""
    count = len(proved)
    tied = sum(_equal(other, item) for other in proved)
    if count == 1:
        selection = "the only one" if complete else "the only one found"
    elif place == 0 and tied > 1:
        selection = f"one of {tied} with the largest sum of values among {count} found"
    else:
        rank = "the largest" if place == 0 else f"number {place + 1} by"
        selection = f"{rank} sum of values among {count} found"
    return dataclasses.replace(item, selection=selection, found=count)
