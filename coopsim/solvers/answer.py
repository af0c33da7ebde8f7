"""From what a method found to certified solutions: nothing is claimed that was not checked."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim import tolerance
from coopsim.arrays import Float
from coopsim.clock import ENDLESS, Clock, OutOfTime
from coopsim.games.forms.grid import Grid
from coopsim.solvers.certificate import Form, NotComputed, Profile, check_profile
from coopsim.solvers.concepts import Concept
from coopsim.solvers.in_fractions import in_fractions
from coopsim.solvers.on_grid import check_on_grid
from coopsim.solvers.paid import paid
from coopsim.solvers.solution import Certificate, Found, Solution, Solutions, Status


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
    grid: Grid | None = None,
) -> Solutions:
    """Certified solutions from the profiles that a method found, best first.

    Those that are proved, by their sum of values; where none is, the one with the smallest
    relative residual. A stationary point that is no equilibrium is not a solution and is dropped.

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
        grid: what the form is a grid of, where that is what was asked about.
    """
    if grid is not None:  # that every profile of the grid was looked at shows little of the game
        found = dataclasses.replace(
            found, exhaustive=False, sentence=f"{found.sentence}; {grid.words}"
        )
    stats = {**found.stats, **stats}
    writer = _Writer(form, concept, method, found, asked, stats, game_hash, chosen, clock, grid)
    if not found.profiles:
        status = Status.INFEASIBLE if found.exhaustive else Status.BUDGET
        return Solutions(
            (writer.nothing(found.sentence, status),), found.exhaustive, found.sentence
        )
    items: list[Solution] = []
    more = found.details or ({},) * len(found.profiles)
    for pair in zip(found.profiles, more, strict=True):
        if items and clock.over:
            break
        items.append(writer.certified(*pair))
    unchecked = len(found.profiles) - len([item for item in items if item.certificate])
    sentence = found.sentence
    if unchecked:
        sentence += f"; the deadline left {unchecked} of {len(found.profiles)} unchecked"
    return _best_first(items, found, sentence)


def _best_first(items: list[Solution], found: Found, sentence: str) -> Solutions:
    """What is proved, by its sum of values; else the closest one of all."""
    proved = _ranked([item for item in items if item.proved])
    if not proved:
        closest = min(items, key=_distance)
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


@dataclasses.dataclass(frozen=True, slots=True)
class _Writer:
    """What all solutions of one answer share; the arguments of `answer`, in their order."""

    form: Form
    concept: Concept
    method: str
    found: Found
    asked: Mapping[str, Any]
    stats: Mapping[str, float]
    game_hash: str
    chosen: str
    clock: Clock
    grid: Grid | None

    def certified(self, profile: Profile, details: Mapping[str, Any]) -> Solution:
        """The solution that a profile is, with its certificate."""
        if not _finite(profile):
            return self.nothing("the method's profile is not finite")
        try:
            profile, details, proof, values = self._checked(profile, details)
        except NotComputed as error:
            return self.nothing(str(error))
        except OutOfTime:
            return self._solution(
                status=Status.BUDGET,
                sentence="not proved: the deadline ended the check of the profile",
                profile=profile,
                values=paid(self.form, profile),
                certificate=None,
                details=details,
            )
        status, sentence = _status(proof, self._tol, self.found)
        if self.grid is not None and status is Status.BUDGET:
            sentence += f" ({proof.checked_by})"
        return self._solution(
            status=status,
            sentence=sentence,
            profile=profile,
            values=values,
            certificate=proof,
            details=details,
        )

    def nothing(self, sentence: str, status: Status = Status.BUDGET) -> Solution:
        """What there is where no profile was found, or nothing can be said of it."""
        return self._solution(
            status=status,
            sentence=f"no solution found: {sentence}",
            profile=(),
            values=np.zeros(0),
            certificate=None,
        )

    @property
    def _tol(self) -> float:
        return float(self.asked["tol"])

    def _checked(
        self, profile: Profile, details: Mapping[str, Any]
    ) -> tuple[Profile, Mapping[str, Any], Certificate, Float]:
        """The profile with its evidence, certificate and values; in fractions where they show it.

        Raises:
            NotComputed, OutOfTime: as `check_profile`.
        """
        problem, clock = self.concept.problem, self.clock
        given = self.concept.parameters.items()
        parameters = {key: self.asked.get(key, default) for key, default in given}
        if self.grid is not None:
            proof, values = check_on_grid(
                self.grid, problem, self.form, profile, details, parameters, clock
            )
            return profile, details, proof, values
        proof, values = check_profile(problem, self.form, profile, details, parameters, clock)
        if proof.holds(self._tol) and not proof.shown:
            better = in_fractions(problem, self.form, profile, details)
            again = better and check_profile(problem, self.form, *better, parameters, clock)
            if better and again and again[0].shown:
                return *better, *again
        return profile, details, proof, values

    def _solution(self, **parts: Any) -> Solution:
        return Solution(
            concept=self.concept.name,
            method=self.method,
            players=self.form.players,
            form=self.form.kind,
            grid=0 if self.grid is None else self.grid.points,
            chosen=self.chosen,
            options=self.asked,
            stats=self.stats,
            game_hash=self.game_hash,
            **parts,
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
    if not proof.holds(tol):
        cut = "" if found.finished else "; the search was cut short"
        return Status.BUDGET, f"not within {tol:g}: the {proof.kind} is {proof.residual:.3g}{cut}"
    status = Status.EXACT if proof.shown else Status.CONVERGED
    return status, f"{proof.kind} {proof.residual:.2g} by {proof.checked_by}"


def _finite(parts: Profile) -> bool:
    return all(bool(np.isfinite(part).all()) for part in parts)


def _ranked(items: list[Solution]) -> list[Solution]:
    """Largest sum of values first; of equal sums the one whose first player does more."""
    items = sorted(items, key=lambda item: -_sum(item))
    ranked: list[Solution] = []
    while items:
        # sums fall, so that those equal to the first stand at the beginning
        count = next((k for k, item in enumerate(items) if not _equal(item, items[0])), len(items))
        equal, items = items[:count], items[count:]
        ranked += sorted(equal, key=functools.cmp_to_key(_more), reverse=True)
    return ranked


def _sum(item: Solution) -> float:
    """The sum of values over the number of players, which no finite values make overflow."""
    return math.fsum(item.values / len(item.values)) if len(item.values) else 0.0


def _equal(one: Solution, other: Solution) -> bool:
    """Whether two sums of values differ by no more than searches that find the same leave.

    A sum rounds where its largest term does, whatever the units of the others.
    """
    sizes = [abs(float(value)) for item in (one, other) for value in item.values]
    spans = [span for item in (one, other) if item.certificate for span in item.certificate.spans]
    size = max([*sizes, *spans], default=0.0)
    if not size > 0:
        return _sum(one) == _sum(other)
    return bool(tolerance.same(_sum(one) / size, _sum(other) / size, 1.0, tolerance.SOLVED))


def _more(one: Solution, other: Solution) -> int:
    """1, 0 or -1: whether in `one` the first player whose action differs does more, or less."""
    mine, theirs = one.actions, other.actions
    sizes = np.maximum(np.abs(mine), np.abs(theirs)).max(initial=0.0)
    apart = ~tolerance.same(mine, theirs, scale=sizes, relative=tolerance.SOLVED)
    return int(np.sign((mine - theirs)[apart][0])) if apart.any() else 0


def _distance(item: Solution) -> float:
    """The worst residual over its own player's range, which players in other units share."""
    return item.certificate.relative if item.certificate is not None else np.inf


def _labelled(item: Solution, place: int, proved: list[Solution], complete: bool) -> Solution:
    """The solution with what is known of its siblings written on it."""
    count = len(proved)
    tied = sum(_equal(other, item) for other in proved) if place == 0 else 0
    if count == 1:
        selection = "the only one" if complete else "the only one found"
    elif place == 0 and tied > 1:
        selection = f"one of {tied} with the largest sum of values among {count} found"
    else:
        rank = "the largest" if place == 0 else f"number {place + 1} by"
        selection = f"{rank} sum of values among {count} found"
    return dataclasses.replace(item, selection=selection, found=count)
