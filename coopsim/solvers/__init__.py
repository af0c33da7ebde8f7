"""Solvers: from a form and a concept to a solution with a certificate.

One line here registers a concept or a method; its module is imported when it is first
used. A method says which problem it solves on which form; `select.py` picks by that.
"""

from coopsim.registry import register

for _name, _attribute, _summary in (
    ("nash", "NASH", "nobody gains by deviating alone (private payoffs)"),
    ("coopetitive", "COOPETITIVE", "Nash equilibrium of integrated utility, full trust"),
    ("coopetitive with trust", "COOPETITIVE_TRUST", "the same, gated by initial trust"),
    ("baseline", "BASELINE", "Nash equilibrium without synergy and interdependence"),
    ("social optimum", "SOCIAL_OPTIMUM", "the largest sum of private payoffs"),
    ("best constant", "BEST_CONSTANT", "the best constant actions over whole episodes, as paid"),
):
    register("concept", _name, f"coopsim.solvers.concepts:{_attribute}", _summary, basic=True)

for _name, _target, _summary in (
    ("nash / normal", "normal:regret", "every action of every player"),
    ("nash / extensive", "extensive:regret", "a best response of every player"),
    ("nash / continuous", "continuous:regret", "a dense search of every player's actions"),
    ("optimum / normal", "normal:shortfall", "every pure profile"),
    ("optimum / continuous", "continuous:shortfall", "a search of the whole box"),
):
    register("certificate", _name, f"coopsim.solvers.certificates.{_target}", _summary)

register(
    "solver",
    "best-response-newton",
    "coopsim.solvers.continuous:solve",
    "global best responses from many starts, then Newton on the first-order conditions",
    problem="nash",
    form="continuous",
    suits="coopsim.solvers.continuous:suits",
)
register(
    "solver",
    "multistart-ascent",
    "coopsim.solvers.optimum:solve",
    "global sampling, line searches and Newton on the sum of payoffs",
    problem="optimum",
    form="continuous",
    suits="coopsim.solvers.optimum:suits",
)
register(
    "solver",
    "pure-enumeration",
    "coopsim.solvers.pure:solve_nash",
    "every pure Nash equilibrium of a payoff tensor",
    problem="nash",
    form="normal",
)
register(
    "solver",
    "profile-enumeration",
    "coopsim.solvers.pure:solve_optimum",
    "the pure profiles with the largest sum of payoffs",
    problem="optimum",
    form="normal",
    suits="coopsim.solvers.pure:suits_optimum",
)
