"""The solution concepts of cooperative games with transferable utility."""

from __future__ import annotations

from types import MappingProxyType

from coopsim.solvers.concepts import Concept

SHAPLEY = Concept(
    "shapley value", "shapley", "each player's average contribution over all orders of arrival"
)
BANZHAF = Concept(
    "banzhaf",
    "banzhaf",
    "each player's average contribution over all coalitions of the others",
    parameters=MappingProxyType({"normalised": False}),
)
CORE = Concept("core", "core", "no coalition is worth more than its members get")
LEAST_CORE = Concept(
    "least core", "least core", "the largest amount that a coalition could gain is smallest"
)
NUCLEOLUS = Concept(
    "nucleolus",
    "nucleolus",
    "the complaints of coalitions, largest first, are smallest; nobody gets less than alone",
)
PRENUCLEOLUS = Concept(
    "prenucleolus", "prenucleolus", "as the nucleolus, where players may get less than alone"
)
