"""Concepts of bounded rationality: quantal response, level-k and cognitive hierarchy."""

from __future__ import annotations

from types import MappingProxyType

from coopsim.solvers.concepts import Concept

QUANTAL = Concept(
    "quantal response",
    "quantal response",
    "everybody chooses with logit errors of precision lam, knowing that the others do",
    form=None,
    parameters=MappingProxyType({"lam": 1.0}),
)
AGENT_QUANTAL = Concept(
    "agent quantal response",
    "agent quantal response",
    "at every information set a choice with logit errors of precision lam, by what actions pay "
    "from there on",
    parameters=MappingProxyType({"lam": 1.0}),
)
LEVEL_K = Concept(
    "level-k",
    "level-k",
    "a best response to opponents who think one step less; step 0 plays level0",
    parameters=MappingProxyType({"level": 1, "level0": None}),
)
COGNITIVE_HIERARCHY = Concept(
    "cognitive hierarchy",
    "cognitive hierarchy",
    "what a population plays whose steps of thinking are Poisson distributed with mean tau",
    parameters=MappingProxyType({"tau": 1.5, "level0": None, "levels": None}),
)
