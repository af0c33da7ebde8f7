"""Solvers: from a form and a concept to a solution with a certificate.

One line here registers a concept or a method; its module is imported when it is first
used. A method says which problem it solves on which form; `select.py` picks by that.
"""

from coopsim.registry import register
from coopsim.solvers.dynamic.methods import register_all as _methods_over_time
from coopsim.solvers.group_methods import register_all as _group_methods

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
    suits="coopsim.solvers.pure:suits_nash",
)
register(
    "solver",
    "zero-sum-lp",
    "coopsim.solvers.zero_sum:solve",
    "two players, constant sum: one linear programme, on request in fractions",
    problem="nash",
    form="normal",
    space="program",
    suits="coopsim.solvers.zero_sum:suits",
)
register(
    "solver",
    "regret-matching-plus",
    "coopsim.solvers.regret_matching:solve",
    "two players, constant sum, large: regret matching+, then pivots from its support",
    problem="nash",
    form="normal",
    suits="coopsim.solvers.regret_matching:suits",
)
register(
    "solver",
    "small-bimatrix",
    "coopsim.solvers.small_bimatrix:solve",
    "all equilibria of two players with up to four actions, in closed form; made for batches",
    problem="nash",
    form="normal",
)
register(
    "solver",
    "lemke-howson",
    "coopsim.solvers.lemke_howson:solve",
    "complementary pivoting for two players: an equilibrium at the end of each label's path",
    problem="nash",
    form="normal",
    space="tableau",
    suits="coopsim.solvers.lemke_howson:suits",
)
register(
    "solver",
    "vertex-enumeration",
    "coopsim.solvers.vertex:solve",
    "every extreme equilibrium of two players, and the components that they span",
    problem="nash",
    form="normal",
    suits="coopsim.solvers.vertex:suits",
)
register(
    "solver",
    "lemke-howson-all",
    "coopsim.solvers.lemke_howson:solve_all",
    "complementary pivoting along the paths of all labels of two players",
    problem="nash",
    form="normal",
    space="tableau",
    suits="coopsim.solvers.lemke_howson:suits_all",
)
register(
    "solver",
    "support-enumeration",
    "coopsim.solvers.support:solve",
    "supports of equal size of two players; all equilibria where the game is nondegenerate",
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

# commitment (Stackelberg)
for _name, _attribute, _summary in (
    ("stackelberg", "STACKELBERG", "the leader's best commitment when the follower answers"),
    (
        "correlated commitment",
        "CORRELATED_COMMITMENT",
        "the leader's best commitment with signals to the followers",
    ),
):
    register("concept", _name, f"coopsim.solvers.commitment_concepts:{_attribute}", _summary)

for _name, _target, _summary in (
    ("stackelberg / normal", "stackelberg:stackelberg", "every answer, and dual bounds"),
    (
        "stackelberg / bayesian commitment",
        "bayesian_commitment:stackelberg",
        "every answer of every type, and dual bounds",
    ),
    (
        "correlated commitment / normal",
        "correlated_commitment:commitment",
        "every rule of disobeying, and a dual bound",
    ),
    (
        "correlated commitment / extensive",
        "tree_signals:commitment",
        "every move told, and a dual bound",
    ),
    ("stackelberg / extensive", "tree_commitment:stackelberg", "every plan, and dual bounds"),
    ("stackelberg / continuous", "leader:stackelberg", "a dense search with answers"),
    ("stackelberg / security", "security:stackelberg", "every target, and dual bounds"),
):
    register("certificate", _name, f"coopsim.solvers.certificates.{_target}", _summary)

for _name, _module, _summary, _problem, _form in (
    (
        "multiple-lp",
        "commitment",
        "a linear program for each answer of the follower; announced actions by trying each",
        "stackelberg",
        "normal",
    ),
    (
        "type-enumeration",
        "bayesian_commitment",
        "a linear program for each tuple of the types' answers",
        "stackelberg",
        "bayesian commitment",
    ),
    (
        "dobss",
        "dobss",
        "one mixed-integer program over the answers of all types",
        "stackelberg",
        "bayesian commitment",
    ),
    (
        "origami",
        "origami",
        "targets brought down to one level, where each resource covers one target",
        "stackelberg",
        "security",
    ),
    (
        "security-lp",
        "security_lp",
        "a linear program for each target that may be attacked",
        "stackelberg",
        "security",
    ),
    (
        "sequence-milp",
        "tree_commitment",
        "one mixed-integer program over pairs of sequences",
        "stackelberg",
        "extensive",
    ),
    (
        "correlated-commitment-lp",
        "correlated_commitment",
        "a linear program over joint distributions that the followers obey",
        "correlated commitment",
        "normal",
    ),
    (
        "sefce-lp",
        "tree_signals",
        "a linear program over joint plans that the follower obeys move by move",
        "correlated commitment",
        "extensive",
    ),
    (
        "implicit-leader",
        "leader",
        "a global search with answers, and implicit derivatives of the followers' answer",
        "stackelberg",
        "continuous",
    ),
):
    register(
        "solver",
        _name,
        f"coopsim.solvers.{_module}:solve",
        _summary,
        problem=_problem,
        form=_form,
        suits=f"coopsim.solvers.{_module}:suits",
    )

for _name, _module, _summary, _more in (
    ("damped-best-response", "damped_response", "simultaneous damped best responses", False),
    ("extragradient", "extragradient", "projected extragradient on the pseudo-gradient", True),
    ("semismooth-newton", "kkt", "Newton on the stacked KKT conditions of all players", False),
    ("slsqp", "slsqp", "joint best responses by sequential quadratic programming", True),
):
    register(
        "solver",
        _name,
        f"coopsim.solvers.{_module}:solve",
        _summary,
        problem="nash",
        form="continuous",
        **({"suits": f"coopsim.solvers.{_module}:suits"} if _more else {}),
    )

for _name, _attribute, _summary in (
    ("correlated", "CORRELATED", "nobody gains by leaving what it is told to play"),
    ("ce", "CORRELATED", "short for correlated"),
    ("coarse correlated", "COARSE_CORRELATED", "nobody gains by fixing one action beforehand"),
    ("cce", "COARSE_CORRELATED", "short for coarse correlated"),
    ("rationalizable", "RATIONALIZABLE", "iterated elimination of dominated actions"),
    ("evolutionarily stable", "EVOLUTIONARILY_STABLE", "no rare mutant can invade"),
    ("ess", "EVOLUTIONARILY_STABLE", "short for evolutionarily stable"),
    ("alpha-rank", "ALPHA_RANK", "how often populations under selection are at each profile"),
):
    register("concept", _name, f"coopsim.solvers.beyond_nash:{_attribute}", _summary)

for _problem, _target, _summary in (
    ("correlated", "correlated:correlated", "every swap; a bound of the objective"),
    (
        "coarse correlated",
        "correlated:coarse_correlated",
        "every fixed action; a bound of the objective",
    ),
    ("rationalizable", "rationalizable:surviving", "every elimination, every survivor's belief"),
    ("evolutionarily stable", "ess:stable", "every mutant action; mixed best responses"),
    ("alpha-rank", "alpharank:stationary", "flows of states and of groups of states"),
):
    register(
        "certificate",
        f"{_problem} / normal",
        f"coopsim.solvers.certificates.{_target}",
        _summary,
    )

for _name, _target, _problem, _summary in (
    ("correlated-lp", "correlated:solve_correlated", "correlated", "a linear or entropy program"),
    ("coarse-lp", "correlated:solve_coarse", "coarse correlated", "a linear or entropy program"),
    ("iterated-elimination", "rationalizable:solve", "rationalizable", "programs in rounds"),
    ("ess-enumeration", "ess:solve", "evolutionarily stable", "every support, decided exactly"),
    ("state-reduction", "alpharank:solve", "alpha-rank", "the chain's weights in logarithms"),
):
    register(
        "solver",
        _name,
        f"coopsim.solvers.{_target}",
        _summary,
        problem=_problem,
        form="normal",
        space="swaps" if _problem.endswith("correlated") else "",
        suits=f"coopsim.solvers.{_target.partition(':')[0]}:suits",
    )

# Nash equilibria of n-player normal forms, in the order in which `auto` tries them
for _name, _module, _summary in (
    ("support-polynomials", "polynomial", "all isolated equilibria by polynomial systems"),
    ("iterated-polymatrix", "polymatrix", "one, by polymatrix games that approximate the game"),
    ("logit-homotopy", "logit", "the one that the principal branch of logit equilibria leads to"),
    ("global-newton", "newton", "some, along rays of games that begin at a pure equilibrium"),
    ("simplicial-subdivision", "simplicial", "one, by labels on ever finer grids"),
):
    register(
        "solver",
        _name,
        f"coopsim.solvers.{_module}:solve",
        _summary,
        problem="nash",
        form="normal",
        suits=f"coopsim.solvers.{_module}:suits",
    )

# bounded rationality
for _name, _attribute, _summary in (
    ("quantal response", "QUANTAL", "logit errors of precision lam by everybody"),
    ("qre", "QUANTAL", "the same as quantal response"),
    ("agent quantal response", "AGENT_QUANTAL", "logit errors at every information set"),
    ("agent qre", "AGENT_QUANTAL", "the same as agent quantal response"),
    ("level-k", "LEVEL_K", "a best response to those who think one step less"),
    ("cognitive hierarchy", "COGNITIVE_HIERARCHY", "a population of Poisson steps of thinking"),
):
    register("concept", _name, f"coopsim.solvers.bounded_concepts:{_attribute}", _summary)

for _problem, _form, _method, _solver, _certificate in (
    ("quantal response", "normal", "logit-branch", "quantal:solve", "quantal:fixed_point"),
    (
        "agent quantal response",
        "extensive",
        "agent-logit-branch",
        "quantal:solve",
        "quantal:agent_fixed_point",
    ),
    ("level-k", "normal", "level-recursion", "levels:solve_level", "levels:level"),
    (
        "cognitive hierarchy",
        "normal",
        "hierarchy-recursion",
        "levels:solve_hierarchy",
        "levels:hierarchy",
    ),
):
    register(
        "certificate",
        f"{_problem} / {_form}",
        f"coopsim.solvers.certificates.{_certificate}",
        "the definition, put to the profile",
    )
    register(
        "solver",
        _method,
        f"coopsim.solvers.{_solver}",
        f"{_problem} by its definition"
        if "level" in _solver
        else f"{_problem} along the principal branch",
        problem=_problem,
        form=_form,
        suits=f"coopsim.solvers.{_solver.split(':')[0]}:suits",
    )

for _name, _attribute, _summary, _suits in (
    ("sequence-form-lp", "sequence_form:solve", "an exact programme over sequences", True),
    ("sequence-form-lcp", "sequence_lcp:solve", "complementary pivoting over sequences", True),
    ("predictive-cfr-plus", "cfr:solve_predictive", "CFR+ that expects the last regrets", False),
    ("discounted-cfr", "cfr:solve_discounted", "regrets and plans discounted by age", True),
    ("cfr-plus", "cfr:solve_cfr_plus", "regrets never below 0, linear averaging", False),
    ("linear-cfr", "cfr:solve_linear", "regrets and plans weighted by iteration", False),
    ("cfr", "cfr:solve_cfr", "counterfactual regret minimisation as first published", False),
):
    register(
        "solver",
        _name,
        f"coopsim.solvers.{_attribute}",
        _summary,
        problem="nash",
        form="extensive",
        space={"sequence-form-lp": "sequences", "sequence-form-lcp": "pivots"}.get(_name, ""),
        **({"suits": f"coopsim.solvers.{_attribute.partition(':')[0]}:suits"} if _suits else {}),
    )

# coalitions, bargaining, stochastic games, crowds, one-sided information
_group_methods()

# games as they are played over their horizon
_methods_over_time()

# trees: sampled regrets, last iterates, growing tables, mediators
for _name, _target, _summary in (
    ("external-sampling-cfr", "sampled_cfr:solve_external", "all own actions, the rest sampled"),
    ("outcome-sampling-cfr", "sampled_cfr:solve_outcome", "one path an iteration, weighted"),
    ("magnetic-mirror-descent", "mirror_descent:solve", "pulled to a magnet that moves"),
    (
        "regularised-nash-dynamics",
        "mirror_descent:solve_regularised",
        "payoffs changed by a log ratio, to a reference that moves (R-NaD)",
    ),
    ("double-oracle", "double_oracle:solve", "a growing table of responses (PSRO)"),
):
    register(
        "solver",
        _name,
        f"coopsim.solvers.{_target}",
        _summary,
        problem="nash",
        form="extensive",
    )

for _problem, _short, _attribute, _function, _summary in (
    (
        "extensive-form correlated",
        "efce",
        "EXTENSIVE_CORRELATED",
        "correlated",
        "nobody gains by leaving a recommendation in a tree",
    ),
    (
        "extensive-form coarse correlated",
        "efcce",
        "EXTENSIVE_COARSE",
        "coarse",
        "nobody gains by leaving before a recommendation in a tree",
    ),
):
    for _name in (_problem, _short):
        register("concept", _name, f"coopsim.solvers.beyond_nash:{_attribute}", _summary)
    register(
        "certificate",
        f"{_problem} / extensive",
        f"coopsim.solvers.certificates.tree_correlated:{_function}",
        "the best way to leave at every trigger",
    )
    register(
        "solver",
        f"{_problem.replace(' ', '-')}-lp",
        f"coopsim.solvers.tree_correlated:solve_{_function}",
        "one linear program over profiles of plans",
        problem=_problem,
        form="extensive",
        suits="coopsim.solvers.tree_correlated:suits",
    )

register(
    "concept",
    "bayes-nash",
    "coopsim.solvers.concepts:NASH",
    "nobody of any type gains by deviating alone (the Nash equilibrium of games with types)",
)
register(
    "certificate",
    "nash / bayesian",
    "coopsim.solvers.certificates.bayesian:regret",
    "every action at every type of every player",
)
register(
    "certificate",
    "nash / sealed bid",
    "coopsim.solvers.certificates.bayesian:interim_regret",
    "a search of bids at many signals of every bidder",
)
register(
    "solver",
    "bayes-conversion",
    "coopsim.solvers.bayes_finite:solve",
    "finite games with types through their tree, normal form or agent form",
    problem="nash",
    form="bayesian",
    suits="coopsim.solvers.bayes_finite:suits",
)
for _name, _module, _summary, _more in (
    ("symmetric-bid", "symmetric", "the bids of bidders who are alike, by quadrature", True),
    ("bid-shooting", "shooting", "first prices, unlike bidders: inverse bids by shooting", True),
    ("simultaneous-dual-averaging", "dual_averaging", "SODA on grids of types and bids", True),
    ("monotone-fictitious-play", "bayes_fictitious", "fictitious play in monotone bids", False),
    ("neural-pseudo-gradient", "pseudo_gradient", "NPGA: bid functions as networks", False),
):
    register(
        "solver",
        _name,
        f"coopsim.solvers.{_module}:solve",
        _summary,
        problem="nash",
        form="sealed bid",
        **({"suits": f"coopsim.solvers.{_module}:suits"} if _more else {}),
    )
