"""Readings: whether the effect that agents show points the way that theory points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from coopsim.report.facts import Effect, Facts, Who
from coopsim.tolerance import keeps_to, reaches

NEGLIGIBLE = 1e-5
"""An effect below this part of the measure's largest level counts as none: solvers locate
the top of a flat payoff no more exactly than that."""


class Reading(StrEnum):
    """What a line-up's effect says beside the predictions."""

    SAME = "same direction as theory"
    DIVIDED = "same direction as some concepts, opposite to others"
    OPPOSITE = "opposite to theory"
    UNPREDICTED = "an effect where theory predicts none"
    NONE = "no effect, or none that the seeds tell from zero"
    ALONE = "no prediction to compare with"


@dataclass(frozen=True)
class Pair:
    """A prediction beside what one line-up showed.

    Args:
        policy, at, measure: where.
        concept, lineup: whose prediction, and who showed it.
        predicted, shown: the two effects.
        opposite: whether their signs are opposite.
        gap: the distance between them.
    """

    policy: str
    at: str
    measure: str
    concept: Who
    lineup: Who
    predicted: Effect
    shown: Effect
    opposite: bool

    @property
    def gap(self) -> float:
        """How far apart the two are."""
        return abs(self.predicted.effect - self.shown.effect)


def sign(facts: Facts, at: str, measure: str, effect: Effect) -> int:
    """-1, 0 or 1; 0 also where the interval over seeds holds zero, and for what is no number."""
    size = scale(facts, at, measure)
    if effect.low is not None and effect.high is not None:
        low, high = keeps_to(effect.low, 0.0, scale=size), reaches(effect.high, 0.0, scale=size)
        if low and high:
            return 0
    if not abs(effect.effect) > NEGLIGIBLE * size:
        return 0
    return int(math.copysign(1, effect.effect))


def scale(facts: Facts, at: str, measure: str) -> float:
    """The largest level of a measure at a point of the sweep."""
    found = (
        facts.levels.get((policy, at, who, measure))
        for policy in facts.policies
        for who in (*facts.concepts, *facts.lineups)
    )
    sizes = (abs(level.mean) for level in found if level is not None)
    return max(filter(math.isfinite, sizes), default=0.0)


def read(facts: Facts, policy: str, at: str, measure: str, lineup: Who) -> Reading:
    """What a line-up's effect says beside all predictions."""
    shown = facts.effects.get((policy, at, lineup, measure))
    told = [facts.effects.get((policy, at, concept, measure)) for concept in facts.concepts]
    held = [effect for effect in told if effect is not None]
    if shown is None or not held:
        return Reading.ALONE
    direction = sign(facts, at, measure, shown)
    predicted = {sign(facts, at, measure, effect) for effect in held} - {0}
    if direction == 0:
        return Reading.NONE
    if not predicted:
        return Reading.UNPREDICTED
    if predicted == {direction}:
        return Reading.SAME
    return Reading.DIVIDED if direction in predicted else Reading.OPPOSITE


def pairs(facts: Facts, at: str, measure: str) -> Iterator[Pair]:
    """Every prediction beside every line-up, at one point of the sweep."""
    for policy in facts.changes:
        for concept in facts.concepts:
            predicted = facts.effects.get((policy, at, concept, measure))
            for lineup in facts.lineups:
                shown = facts.effects.get((policy, at, lineup, measure))
                if predicted is None or shown is None:
                    continue
                signs = sign(facts, at, measure, predicted) * sign(facts, at, measure, shown)
                yield Pair(
                    policy, at, measure, concept, lineup, predicted, shown, opposite=signs < 0
                )
