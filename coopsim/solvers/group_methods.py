"""Registers the methods for coalitions, bargaining, stochastic games, crowds and information."""

from __future__ import annotations

from coopsim.registry import register

_CONCEPTS = (
    ("shapley value", "cooperative.concept:SHAPLEY", "average contributions over all orders"),
    ("banzhaf", "cooperative.concept:BANZHAF", "average contributions over all coalitions"),
    ("core", "cooperative.concept:CORE", "no coalition does better alone"),
    ("least core", "cooperative.concept:LEAST_CORE", "the smallest largest excess"),
    ("nucleolus", "cooperative.concept:NUCLEOLUS", "the smallest excesses, largest first"),
    ("prenucleolus", "cooperative.concept:PRENUCLEOLUS", "the same without imputations"),
    ("nash bargaining", "bargaining.concept:NASH_BARGAINING", "the largest product of gains"),
    ("kalai-smorodinsky", "bargaining.concept:KALAI_SMORODINSKY", "gains as the ideal gains"),
    ("egalitarian", "bargaining.concept:EGALITARIAN", "equal gains"),
    ("utilitarian", "bargaining.concept:UTILITARIAN", "the largest sum, nobody worse off"),
    ("one-sided information", "one_sided.concept:ONE_SIDED", "how much an informed player reveals"),
    ("markov perfect", "markov.concept:MARKOV_PERFECT", "nobody gains in any state"),
    ("wardrop", "congestion.concept:WARDROP", "nobody has a faster route"),
    ("mean field", "mean_field.concept:MEAN_FIELD", "a best response to the population it makes"),
)
"""Names of concepts, where they are defined, and a summary."""

_METHODS = (
    ("shapley-exact", "shapley", "coalition", "cooperative.contributions:solve_shapley",
     "every coalition weighed"),
    ("shapley-sampling", "shapley", "coalition", "cooperative.sampling:solve",
     "random orders of arrival and their reverses, with standard errors"),
    ("banzhaf-exact", "banzhaf", "coalition", "cooperative.contributions:solve_banzhaf",
     "every coalition weighed"),
    ("core-lp", "core", "coalition", "cooperative.core:solve_core",
     "a linear programme with coalitions added as needed"),
    ("least-core-lp", "least core", "coalition", "cooperative.core:solve_least_core",
     "a linear programme with coalitions added as needed"),
    ("nucleolus-lps", "nucleolus", "coalition", "cooperative.nucleolus:solve",
     "a sequence of linear programmes"),
    ("prenucleolus-lps", "prenucleolus", "coalition", "cooperative.nucleolus:solve_prenucleolus",
     "a sequence of linear programmes"),
    ("bargaining-interior-point", "nash bargaining", "bargaining", "bargaining.nash:solve",
     "a primal-dual interior point method over lotteries"),
    ("kalai-smorodinsky-lp", "kalai-smorodinsky", "bargaining",
     "bargaining.proportional:solve_kalai_smorodinsky", "linear programmes over lotteries"),
    ("egalitarian-lp", "egalitarian", "bargaining", "bargaining.proportional:solve_egalitarian",
     "linear programmes over lotteries"),
    ("utilitarian-lp", "utilitarian", "bargaining", "bargaining.proportional:solve_utilitarian",
     "a linear programme over lotteries"),
    ("bargaining-frontier", "nash bargaining", "bargaining", "bargaining.frontier:solve_nash",
     "a global search of a frontier"),
    ("kalai-smorodinsky-frontier", "kalai-smorodinsky", "bargaining",
     "bargaining.frontier:solve_kalai_smorodinsky", "a global search of a frontier"),
    ("egalitarian-frontier", "egalitarian", "bargaining",
     "bargaining.frontier:solve_egalitarian", "a global search of a frontier"),
    ("utilitarian-frontier", "utilitarian", "bargaining",
     "bargaining.frontier:solve_utilitarian", "a global search of a frontier"),
    ("concave-envelope", "one-sided information", "one-sided information",
     "one_sided.envelope:solve", "splits and hyperplanes that close in on the value"),
    ("hoffman-karp", "nash", "markov", "markov.zero_sum:solve_policies",
     "policy iteration for two players with a constant sum"),
    ("shapley-iteration", "nash", "markov", "markov.zero_sum:solve_values",
     "value iteration for two players with a constant sum"),
    ("markov-backward-induction", "nash", "markov", "markov.stages:solve_horizon",
     "stage games from the last stage backwards"),
    ("markov-logit-homotopy", "nash", "markov", "markov.homotopy:solve",
     "the one that the principal branch of logit equilibria leads to"),
    ("nash-q-iteration", "nash", "markov", "markov.stages:solve_discounted",
     "equilibria of stage games, over and over; no guarantee"),
    ("markov-coarse-backward", "coarse correlated", "markov", "markov.stages:solve_horizon_coarse",
     "coarse correlated stage games from the last stage backwards"),
    ("markov-coarse-iteration", "coarse correlated", "markov",
     "markov.stages:solve_discounted_coarse",
     "coarse correlated stage games, over and over; no guarantee"),
    ("markov-coarse-homotopy", "coarse correlated", "markov", "markov.homotopy:solve_coarse",
     "the joint plan of the equilibrium that logit equilibria lead to"),
    ("fish-war", "nash", "resource", "markov.resource:solve_nash",
     "shares of a stock from values that are linear in its logarithm"),
    ("joint-harvest", "optimum", "resource", "markov.resource:solve_optimum",
     "the best fixed shares of a stock"),
    ("path-equilibration", "wardrop", "congestion", "congestion.routes:solve_wardrop",
     "flow moved to faster routes, which are added as found"),
    ("marginal-path-equilibration", "optimum", "congestion", "congestion.routes:solve_optimum",
     "the same at marginal times"),
    ("mean-field-mirror-descent", "mean field", "mean field", "mean_field.iterations:solve_mirror",
     "softmax of summed action values"),
    ("mean-field-fictitious-play", "mean field", "mean field",
     "mean_field.iterations:solve_fictitious", "best responses to the average population"),
    ("mean-field-picard", "mean field", "mean field", "mean_field.iterations:solve_picard",
     "a fixed share moves to the best response"),
    ("crowd-newton", "mean field", "crowd", "mean_field.crowd:solve_equilibrium",
     "Newton's method from many starts"),
    ("crowd-optimum", "optimum", "crowd", "mean_field.crowd:solve_optimum",
     "a global search of common actions"),
)  # fmt: skip
"""Names of methods, the problem, the kind of form, the function, and a summary.

In the order of preference. Each module has a `suits`.
"""

_SUITS = {
    "nash-q-iteration": "suits_discounted",
    "markov-coarse-iteration": "suits_discounted",
}
"""The test of methods that do not use their module's `suits`."""

_CERTIFICATES = (
    ("shapley / coalition", "cooperative:shapley", "the value computed another way"),
    ("banzhaf / coalition", "cooperative:banzhaf", "the value computed another way"),
    ("core / coalition", "cooperative:core", "what every coalition could gain"),
    ("least core / coalition", "cooperative:least_core", "weights that bound the excess"),
    ("nucleolus / coalition", "cooperative:nucleolus", "Kohlberg's criterion"),
    ("prenucleolus / coalition", "cooperative:prenucleolus", "Kohlberg's criterion"),
    ("nash bargaining / bargaining", "bargaining:nash", "a separating hyperplane, or a search"),
    ("kalai-smorodinsky / bargaining", "bargaining:kalai_smorodinsky",
     "a separating hyperplane, or a search"),
    ("egalitarian / bargaining", "bargaining:egalitarian", "a separating hyperplane, or a search"),
    ("utilitarian / bargaining", "bargaining:utilitarian", "multipliers, or a search"),
    ("one-sided information / one-sided information", "onesided:bounds", "bounds on both sides"),
    ("nash / markov", "markov:regret", "every strategy from every state"),
    ("coarse correlated / markov", "markov:coarse", "every strategy that leaves the plan"),
    ("nash / resource", "resource:regret", "other harvests in one period"),
    ("optimum / resource", "resource:shortfall", "a search of fixed shares"),
    ("wardrop / congestion", "congestion:wardrop", "fastest routes at these times"),
    ("optimum / congestion", "congestion:optimum", "fastest routes at marginal times"),
    ("mean field / mean field", "meanfield:exploitability", "a best response to the population"),
    ("mean field / crowd", "meanfield:regret", "a search of one player's actions"),
    ("optimum / crowd", "meanfield:shortfall", "a search of common actions"),
)  # fmt: skip
"""What each certificate is for, the function, and a summary."""


def register_all() -> None:
    """Register everything in the tables above; called once, by `coopsim.solvers`."""
    for name, target, summary in _CONCEPTS:
        register("concept", name, f"coopsim.solvers.{target}", summary)
    for name, problem, form, target, summary in _METHODS:
        test = _SUITS.get(name, "suits")
        suits = f"coopsim.solvers.{target.partition(':')[0]}:{test}"
        where = f"coopsim.solvers.{target}"
        register("solver", name, where, summary, problem=problem, form=form, suits=suits)
    for name, target, summary in _CERTIFICATES:
        register("certificate", name, f"coopsim.solvers.certificates.{target}", summary)
