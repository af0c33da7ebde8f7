"""The concept of mean-field equilibrium."""

from __future__ import annotations

from coopsim.solvers.concepts import Concept

MEAN_FIELD = Concept(
    "mean field",
    "mean field",
    "what everybody does is a best response to the population that it makes",
)
