"""The solution concepts of bargaining."""

from __future__ import annotations

from types import MappingProxyType

from coopsim.solvers.concepts import Concept

NASH_BARGAINING = Concept(
    "nash bargaining",
    "nash bargaining",
    "the largest product of gains over disagreement, weighted by bargaining power",
    parameters=MappingProxyType({"power": None}),
)
KALAI_SMORODINSKY = Concept(
    "kalai-smorodinsky",
    "kalai-smorodinsky",
    "gains in proportion to the most that each player could gain, as large as can be",
)
EGALITARIAN = Concept("egalitarian", "egalitarian", "equal gains, as large as can be")
UTILITARIAN = Concept(
    "utilitarian", "utilitarian", "the largest sum of payoffs among those that leave nobody worse"
)
