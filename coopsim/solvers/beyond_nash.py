"""Concepts beside Nash equilibrium: correlation, rationalizability and evolution."""

from __future__ import annotations

from types import MappingProxyType

from coopsim.solvers.concepts import Concept

CORRELATED = Concept(
    "correlated",
    "correlated",
    "nobody who is told what to play gains by playing something else; best by an objective",
    parameters=MappingProxyType({"objective": None}),
)
COARSE_CORRELATED = Concept(
    "coarse correlated",
    "coarse correlated",
    "nobody gains by fixing an action before being told what to play; best by an objective",
    parameters=MappingProxyType({"objective": None}),
)
RATIONALIZABLE = Concept(
    "rationalizable",
    "rationalizable",
    "the actions that survive iterated elimination of dominated ones",
    parameters=MappingProxyType({"weak": False}),
)
EVOLUTIONARILY_STABLE = Concept(
    "evolutionarily stable",
    "evolutionarily stable",
    "a strategy that no rare mutant can invade, in a symmetric two-player game",
)
ALPHA_RANK = Concept(
    "alpha-rank",
    "alpha-rank",
    "how often finite populations under selection are at each pure profile",
    parameters=MappingProxyType({"alpha": 100.0, "population": 50}),
)
EXTENSIVE_CORRELATED = Concept(
    "extensive-form correlated",
    "extensive-form correlated",
    "nobody gains by leaving a recommendation at an information set and acting alone after it",
    form="extensive",
    parameters=MappingProxyType({"objective": None}),
)
EXTENSIVE_COARSE = Concept(
    "extensive-form coarse correlated",
    "extensive-form coarse correlated",
    "nobody gains by leaving at an information set before the recommendation there is heard",
    form="extensive",
    parameters=MappingProxyType({"objective": None}),
)
