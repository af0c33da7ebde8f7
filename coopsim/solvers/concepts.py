"""Solution concepts: which form of a game to read, and which problem to solve on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Concept:
    """A solution concept.

    Args:
        name: as users write it.
        problem: what is to be solved, such as "nash" (no player gains by deviating) or
            "optimum" (largest sum of payoffs); methods and certificates are found by it.
        meaning: one sentence for reports.
        form: the form to read; None takes the first of the game's card that has a method.
        options: what the form is asked for.
        accepts: options of the form that a caller may set.
        parameters: options that belong to the question, with their defaults (the lambda of a
            quantal response); the method and the certificate get them.
    """

    name: str
    problem: str
    meaning: str
    form: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    accepts: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


NASH = Concept("nash", "nash", "no player gains by deviating alone; private payoffs")
COOPETITIVE = Concept(
    "coopetitive",
    "nash",
    "no player gains by deviating alone when partners' payoffs count by interdependence",
    options=MappingProxyType({"utility": "integrated"}),
    accepts=("trust",),
)
COOPETITIVE_TRUST = Concept(
    "coopetitive with trust",
    "nash",
    "as coopetitive, interdependence gated by initial trust and reputation",
    options=MappingProxyType({"utility": "integrated", "trust": "initial"}),
    accepts=("trust",),
)
BASELINE = Concept(
    "baseline",
    "nash",
    "what players choose with neither synergy nor interdependence",
    options=MappingProxyType({"utility": "independent"}),
)
SOCIAL_OPTIMUM = Concept("social optimum", "optimum", "the largest sum of private payoffs")
BEST_CONSTANT = Concept(
    "best constant",
    "optimum",
    "the constant actions with the largest sum of payoffs over whole episodes, as paid",
    form="constant",
)
