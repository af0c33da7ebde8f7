"""The concept of the value with information on one side."""

from __future__ import annotations

from coopsim.solvers.concepts import Concept

ONE_SIDED = Concept(
    "one-sided information",
    "one-sided information",
    "how much of what it knows a player reveals in a zero-sum game that is repeated for ever",
)
