"""The concepts of commitment."""

from __future__ import annotations

from types import MappingProxyType

from coopsim.solvers.concepts import Concept

STACKELBERG = Concept(
    "stackelberg",
    "stackelberg",
    "the leader commits to the strategy that is best for it when the follower answers",
    parameters=MappingProxyType(
        {"leader": 0, "ties": "strong", "commitment": "mixed", "epsilon": 0.0}
    ),
)
CORRELATED_COMMITMENT = Concept(
    "correlated commitment",
    "correlated commitment",
    "the leader commits to a joint distribution and tells each follower what to do",
    parameters=MappingProxyType({"leader": 0}),
)
