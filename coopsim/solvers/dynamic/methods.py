"""Registers concepts, methods and certificates of solutions over time."""

from __future__ import annotations

from coopsim.registry import register

_CONCEPTS = (
    ("dynamic optimum", "DYNAMIC_OPTIMUM", "the sequences with the largest sum of payoffs"),
    ("open-loop nash", "OPEN_LOOP_NASH", "nobody gains by another sequence of actions"),
    ("markov perfect over trust", "MARKOV_TRUST", "nobody gains in any state of trust"),
    ("cooperative control", "TRUST_CONTROL", "the best common action by trust and reputation"),
    ("grim trigger", "GRIM", "the discount factor at which cooperation is sustained"),
)
"""Names of concepts, where they are defined, and a summary."""

_METHODS = (
    ("horizon-ascent", "dynamic optimum", "dynamic", "optimum:solve",
     "ascent through the horizon from many starts, segments and single rounds"),
    ("sequence-best-response", "open-loop nash", "dynamic", "nash:solve",
     "best responses in whole sequences, with shorter steps where they overshoot"),
    ("trust-value-iteration", "markov perfect over trust", "trust", "perfect:solve",
     "answers in every state of a grid of trust and reputation, from the last round backwards"),
    ("trust-control", "cooperative control", "trust", "perfect:solve_control",
     "one action for all in every state of a grid, from the last round backwards"),
    ("nash-reversion", "grim trigger", "continuous", "grim:solve",
     "temptation and punishment from a dense search and the stage game's Nash equilibrium"),
)  # fmt: skip
"""Names of methods, the problem, the kind of form, the function, and a summary."""

_SUITS = {"trust-control": "suits_control"}
"""The test of methods that do not use their module's `suits`."""

_CERTIFICATES = (
    ("dynamic optimum / dynamic", "dynamic:shortfall", "a search of other sequences"),
    ("open-loop nash / dynamic", "dynamic:regret", "a search of every player's sequences"),
    ("markov perfect over trust / trust", "trust:regret", "deviations played out"),
    ("cooperative control / trust", "trust:shortfall", "deviations played out"),
    ("grim trigger / continuous", "grim:grim", "temptations and threats searched anew"),
)
"""What each certificate is for, the function, and a summary."""


def register_all() -> None:
    """Register everything in the tables above; called once, by `coopsim.solvers`."""
    for name, attribute, summary in _CONCEPTS:
        register("concept", name, f"coopsim.solvers.dynamic.concept:{attribute}", summary)
    for name, problem, form, target, summary in _METHODS:
        where = f"coopsim.solvers.dynamic.{target}"
        suits = f"{where.partition(':')[0]}:{_SUITS.get(name, 'suits')}"
        register("solver", name, where, summary, problem=problem, form=form, suits=suits)
    for name, target, summary in _CERTIFICATES:
        register("certificate", name, f"coopsim.solvers.certificates.{target}", summary)
