"""The concept of Wardrop equilibrium."""

from __future__ import annotations

from coopsim.solvers.concepts import Concept

WARDROP = Concept(
    "wardrop", "wardrop", "no traveller has a faster route at the times that all cause together"
)
