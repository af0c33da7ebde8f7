"""Measures of behaviour, and comparisons across policies, agents and solutions.

One line here registers a measure; `standard` ones are taken where a scenario names none.
`needs` names a concept that must be solved for it.
"""

from coopsim.registry import register

for _name, _attribute, _summary, _tags in (
    ("payoff", "PAYOFF", "what a player is paid a round", {"standard": True}),
    ("welfare", "WELFARE", "sum of private payoffs a round", {"standard": True}),
    (
        "regret",
        "REGRET",
        "what the best constant response would have earned more, a round",
        {"standard": True},
    ),
    (
        "distance",
        "DISTANCE",
        "mean distance of actions from each solution",
        {"standard": True},
    ),
    (
        "price of anarchy",
        "PRICE_OF_ANARCHY",
        "welfare of the social optimum over welfare reached",
        {"standard": True, "needs": "social optimum"},
    ),
    (
        "cooperation rate",
        "COOPERATION_RATE",
        "contribution as a share of the endowment",
        {"standard": True},
    ),
    ("final trust", "FINAL_TRUST", "mean trust at the end of an episode", {"standard": True}),
    ("gini", "GINI", "inequality of payoffs between players", {"standard": True}),
    ("length", "LENGTH", "rounds played before an episode ended", {}),
):
    register("measure", _name, f"coopsim.measure.measures:{_attribute}", _summary, **_tags)

for _name, _target, _summary in (
    (
        "coopetition/form-targets",
        "tr1:FormTargets",
        "TR-1: logarithmic against power value on the joint venture, Monte Carlo",
    ),
    (
        "coopetition/trust-targets",
        "tr2:TrustTargets",
        "TR-2: loss and recovery of trust",
    ),
    (
        "coopetition/loyalty-targets",
        "tr3:LoyaltyTargets",
        "TR-3: effort in a loyal team",
    ),
    (
        "coopetition/reciprocity-targets",
        "tr4:ReciprocityTargets",
        "TR-4: answers to cooperation and defection",
    ),
    (
        "coopetition/audit",
        "contributions:ContributionAudit",
        "who gains by contributing otherwise than everybody else",
    ),
):
    register("experiment", _name, f"coopsim.measure.targets.{_target}", _summary)

for _name, _module, _summary in (
    ("samsung-sony", "samsung_sony", "TR-1: the Samsung-Sony joint venture, 60 points"),
    ("renault-nissan", "renault_nissan", "TR-2: the Renault-Nissan alliance, 60 points"),
    ("apache", "apache", "TR-3: the Apache HTTP server project, 60 points"),
    ("app-store", "app_store", "TR-4: the Apple iOS App Store, 51 points"),
):
    register("rubric", _name, f"coopsim.measure.rubrics.{_module}:RUBRIC", _summary)
