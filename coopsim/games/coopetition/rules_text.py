"""The rules of the repeated coopetition game in words, a sentence or two for each part it has.

Sentences are made of the game's parameters alone; what changes on the way is told in `sight`.
They stand in the order of play, in which one part's payoffs are what the next one multiplies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from coopsim.games.coopetition.parts.agreement import Agreement
from coopsim.games.coopetition.parts.coalition import Coalition
from coopsim.games.coopetition.parts.ending import Ending
from coopsim.games.coopetition.parts.loyalty import Loyalty
from coopsim.games.coopetition.parts.standing import Standing
from coopsim.games.coopetition.parts.team import Team

if TYPE_CHECKING:
    from coopsim.games.coopetition.repeated import Repeated


_PAID = {
    "private": "{own} private payoff alone",
    "integrated": "{own} own utility",
    "cooperative": "the mean utility of all",
}


def percent(share: float) -> str:
    """A share as it was given, to six digits: .175 is 17.5%."""
    return f"{100 * share:g}%"


def rules(game: Repeated, me: int, gamma: float) -> Iterator[str]:
    """The rules as a player is told them; `gamma` is the complementarity to tell of."""
    yield _team(game.team) if game.team is not None and game.graded else _value(game, gamma)
    yield game.rule()
    yield "All of that is the private payoff."
    yield _trust(game)
    yield from _reward(game, me)
    if game.loyalty is not None:
        yield from _loyalty(game, game.loyalty)
    if game.coalition is not None:
        yield _coalition(game.coalition)
    yield _reciprocity(game)
    if game.agreement is not None:
        yield _agreement(game.agreement)
    if game.standing is not None:
        yield from _standing(game.standing)
    early = () if game.end_below is None else (Ending(below=game.end_below),)
    yield from map(_ending, (*early, *game.endings))


def _value(game: Repeated, gamma: float) -> str:
    rule, hidden = game.value, game.hidden
    own = f"{rule.theta:g} ln(1 + a)" if rule.form == "logarithmic" else f"a^{rule.beta:g}"
    weight = f"{gamma:g}"
    if hidden is not None:
        weight = "a weight"
        if not hidden.revealed or game.sight == "minimal":
            weight += f" between {hidden.low:g} and {hidden.high:g}, drawn evenly at the start, "
            weight += "which nobody knows,"
    return (
        f"A contribution a is worth {own} to its giver, who also keeps what it does not "
        f"contribute; the synergy is {weight} times the geometric mean of all contributions."
    )


def _team(team: Team) -> str:
    cost = f"A unit of effort costs {team.unit_cost:g}"
    if team.cost == "convex":
        cost = f"An effort a costs {team.unit_cost:g} a^2 / 2"
    keep = "what is not contributed is kept" if team.keep else "nothing of the endowment is kept"
    return (
        f"Here only the team makes value: its output is {team.output:g} times total effort to "
        f"the power {team.beta:g}, shared equally. {cost}; {keep}."
    )


def _trust(game: Repeated) -> str:
    rule = game.trust
    if rule is None:
        return "Here trust and reputation play no part."
    unit = "d / endowment" if game.graded else "d"
    return (
        f"Contributing d more than expected is a signal s = tanh({rule.sensitivity:g} {unit}). "
        f"A good one adds {rule.build:g} s of the trust that is missing. A bad one takes "
        f"{rule.erode:g} (1 + {rule.amplify:g} D) |s| of trust, where who trusts depends on the "
        f"other by D, and {rule.damage:g} |s| of the good name (100% less reputation "
        f"damage), which trust cannot exceed; {percent(rule.forget)} of damage is forgotten in a "
        "round without a bad signal."
    )


def _by_utility(game: Repeated) -> bool:
    """Whether anybody is paid by more than private payoffs."""
    return any(mode != "private" for mode in _modes(game))


def _modes(game: Repeated) -> tuple[str, ...]:
    return (game.reward,) * game.n if isinstance(game.reward, str) else game.reward


def _reward(game: Repeated, me: int) -> Iterator[str]:
    """What utility is, where it counts, and who is paid what."""
    if _by_utility(game):
        gate = " and by trust in it or, where less, its good name, both as the round leaves them"
        yield (
            "Utility is the own private payoff plus each other's, weighted by dependence on it"
            f"{gate if game.trust else ''}."
        )
    modes = _modes(game)
    for mode in dict.fromkeys(modes):
        are, own = _who(game, [i for i in range(game.n) if modes[i] == mode], me)
        yield f"{are} paid {_PAID[mode].format(own=own)}."


def _who(game: Repeated, players: list[int], me: int) -> tuple[str, str]:
    """Players as a sentence begins with them, and the word for what they have."""
    if len(players) == game.n:
        return "All are", "their"
    if players == [me]:
        return "You are", "your"
    names = ", ".join("you" if i == me else game.labels[i] for i in players)
    names = names[0].upper() + names[1:] if me in players[:1] else names
    return (f"{names} is", "its") if len(players) == 1 else (f"{names} are", "their")


def _loyalty(game: Repeated, rule: Loyalty) -> Iterator[str]:
    """How loyalty moves and what it does."""
    start, least = min(rule.initial, rule.cap), percent(rule.threshold)
    if rule.gain == rule.loss == 0:
        yield f"Loyalty stays at {start:g}."
    else:
        yield (
            f"Loyalty starts at {start:g}. Contributing at least {least} of what one has raises "
            f"it by {rule.gain:g} times the share contributed, up to {rule.cap:g}; contributing "
            f"less lowers it by {rule.loss:g} times the share missing to {least}."
        )
    if not game.graded:
        yield from _factors(rule)
    elif game.team is not None and _by_utility(game) and (rule.benefit or rule.tolerance):
        yield (
            f"Utility grows by the own loyalty times the sum of {percent(rule.benefit)} of team "
            f"mates' mean private payoff and {percent(rule.tolerance)} of the own cost of effort."
        )
    else:
        yield "Loyalty by itself changes no payoff."


def _factors(rule: Loyalty) -> Iterator[str]:
    """What effort multiplies payoffs by in the released environments."""
    if rule.shirk_factor != 1:
        yield (
            f"Whoever contributes less than {percent(rule.shirk_below)} of what it has is paid "
            f"{rule.shirk_factor:g} times as much."
        )
    if rule.loyal_bonus:
        yield (
            f"Whoever contributed a mean share l of at least {percent(rule.loyal_from)} in the "
            f"last {rule.memory} rounds, this one included, is paid 1 + {rule.loyal_bonus:g} l "
            "times as much."
        )
    if rule.together_factor != 1:
        yield (
            f"Where everybody contributes at least {percent(rule.together_from)}, all are paid "
            f"{rule.together_factor:g} times as much."
        )


def _coalition(rule: Coalition) -> str:
    # the round of exclusion is waited already, and who comes back is paid as a member at once
    return (
        "At first all are members of the coalition. Members whose loyalty falls below "
        f"{rule.exit_below:g} are excluded, first players first, while more than {rule.smallest} "
        f"are left. They wait {max(rule.cooldown, 1)} rounds, that of their exclusion among them, "
        "and in the last of these or later return once their loyalty is at least "
        f"{rule.return_from:g}. Members' payoffs are multiplied by {rule.member_factor:g} where "
        f"there are at least {rule.smallest}, those of the excluded by {rule.outside_factor:g}."
    )


def _reciprocity(game: Repeated) -> str:
    """The weight of an answer, and what it is added to or multiplies."""
    rule = game.reciprocity
    if rule is None or (game.graded and not _by_utility(game)):
        return ""
    terms = "depends on it by D" + (" and trusts it by T" if game.trust else "")
    sum_of = (
        f"the sum over others of {rule.weight * rule.strength:g} D^{rule.elasticity:g} "
        f"(1 + {rule.amplify:g} D) {'T ' if game.trust else ''}tanh({rule.sensitivity:g} d"
    )
    against = f"d is its contribution less its mean over the last {rule.memory} rounds"
    if game.graded:
        return (
            f"From the second round on utility grows by {sum_of} / its endowment), where one "
            f"{terms} and {against}."
        )
    return (
        f"Payoffs are multiplied by 1 + r / {game.endowment.mean():g}, at least by 0.01; r is "
        f"{sum_of}), where one {terms} and {against}, with this one and without the first (in "
        "the first: less 0)."
    )


def _agreement(rule: Agreement) -> str:
    return (
        f"Contributions that all lie within {rule.within:g} of one another become the agreement. "
        f"In a round in which anybody strays further than {rule.within:g} from it, everybody "
        f"loses {rule.penalty:g} per unit of its own distance from it."
    )


def _standing(rule: Standing) -> Iterator[str]:
    """How the score moves, and what it multiplies payoffs by."""
    moves = (
        f"moves by {percent(rule.rate)} of the way to the share that one contributes"
        if rule.rule == "average"
        else f"moves by {rule.rate:g} (s - 1/2), within 0 and 1, where s is the share contributed"
    )
    yield f"Public standing starts at {rule.initial:g} and each round {moves}."
    # of two tiers that begin at one level the later one holds
    tiers = sorted({tier.at_least: tier.factor for tier in rule.tiers}.items(), reverse=True)
    if tiers:
        steps = ", ".join(f"by {factor:g} from {least:g} on" for least, factor in tiers)
        yield f"Payoffs are then multiplied by standing: {steps}, by {rule.below:g} below."


def _ending(rule: Ending) -> str:
    one, other = rule.truster, rule.trusted
    whose = f"{one}'s {'' if other else 'mean '}trust" if one else "mean trust"
    whose += f" in {other}" if other else ""
    if rule.below is not None:
        level = f"falls below {percent(rule.below)}"
    else:
        level = f"reaches {percent(rule.reaches or 0.0)}"
    return f"Play ends early, and nothing more is paid, when {whose} {level}."
