"""The concept of Markov perfect equilibrium."""

from __future__ import annotations

from coopsim.solvers.concepts import Concept

MARKOV_PERFECT = Concept(
    "markov perfect",
    "nash",
    "in no state does a player gain by another strategy; strategies look at the state only",
)
