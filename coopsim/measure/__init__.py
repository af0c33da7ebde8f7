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
