"""Agents: who plays. Scripted, rational, learning and language-model agents share one shape.

One line here registers an agent; its module is imported when it is first used.
"""

from coopsim.registry import register

register("agent", "constant", "coopsim.agents.fixed:Constant", "always the same action")
register("agent", "random", "coopsim.agents.fixed:Random", "a uniform draw every round")
register(
    "agent",
    "tit-for-tat",
    "coopsim.agents.reciprocal:TitForTat",
    "answers the partners' last contributions in kind",
)
register(
    "agent",
    "equilibrium",
    "coopsim.agents.rational:Equilibrium",
    "plays its part of a solution of the game",
)
register(
    "agent",
    "best-response",
    "coopsim.agents.rational:BestResponse",
    "the best constant action against named opponents",
)
register(
    "agent",
    "grim",
    "coopsim.agents.trigger:Grim",
    "cooperates until somebody gives less than agreed, then punishes for ever",
)
register(
    "agent",
    "trust-threshold",
    "coopsim.agents.trigger:TrustThreshold",
    "cooperates as long as partners are trusted enough",
)
