"""Concepts of solutions over time."""

from __future__ import annotations

from types import MappingProxyType

from coopsim.solvers.concepts import Concept

DYNAMIC_OPTIMUM = Concept(
    "dynamic optimum",
    "dynamic optimum",
    "the sequences of actions with the largest sum of payoffs over whole episodes, as paid",
    form="dynamic",
    accepts=("discount",),
)
OPEN_LOOP_NASH = Concept(
    "open-loop nash",
    "open-loop nash",
    "nobody gains over the whole episode by another sequence of actions; sequences are fixed "
    "before play",
    form="dynamic",
    accepts=("discount",),
)
MARKOV_TRUST = Concept(
    "markov perfect over trust",
    "markov perfect over trust",
    "from no trust and reputation does a player gain by another action now or later; strategies "
    "look at trust and reputation only",
    form="trust",
    accepts=("discount", "endless"),
)
TRUST_CONTROL = Concept(
    "cooperative control",
    "cooperative control",
    "the joint strategy, alike for all, with the largest sum of payoffs from any trust and "
    "reputation",
    form="trust",
    accepts=("discount", "endless"),
)
GRIM = Concept(
    "grim trigger",
    "grim trigger",
    "the smallest discount factor at which the threat of the stage game's Nash equilibrium for "
    "ever sustains cooperation",
    form="continuous",
    parameters=MappingProxyType({"target": None}),
)
