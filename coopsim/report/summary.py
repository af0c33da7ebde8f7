"""In short: a few sentences computed from the tables. They say what is, and advise nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coopsim.report.equilibria import PROVED
from coopsim.report.facts import Effect, Facts, Who
from coopsim.report.numerals import count, listing, number, power, short, signed
from coopsim.report.readings import Pair, pairs, sign
from coopsim.tolerance import first_best, same


def sentences(facts: Facts) -> list[str]:
    """Three to six sentences on theory, agents, where they part, and what is proved."""
    made: list[str] = []
    main = _main(facts)
    if not facts.changes:
        made.append("One policy was asked for, so there are no policy effects to compare.")
    elif main:
        made += [_predicted(facts, main), _shown(facts, main), _parted(facts, main)]
        made.append(_elsewhere_parted(facts, main))
    made += [_nearest(facts), _proofs(facts)]
    return [sentence for sentence in made if sentence]


def scope(facts: Facts) -> str:
    """Where the sentences hold, if that needs saying."""
    if len(facts.points) == 1:
        return ""
    return (
        f"The study has {len(facts.points)} sweep points; what follows holds for the first, "
        f"{facts.title_of(facts.first)}, unless it says otherwise."
    )


def _main(facts: Facts) -> str:
    """The measure that the sentences are about."""
    return next(iter(facts.outcomes), "")


def _predicted(facts: Facts, measure: str) -> str:
    """Which policy theory says raises the measure most."""
    best = _best(facts, facts.first, measure, facts.concepts)
    if not facts.concepts:
        return ""
    if not best:
        return f"In theory no policy raises the {measure} under any concept compared."
    named = [
        f"{policy} raises the {measure} most {_under(facts, who)}: "
        f"{_amounts(facts, measure, policy, who)}"
        for policy, who in best.items()
    ]
    text = f"In theory, {'; '.join(named)}."
    silent = [who.name for who in facts.concepts if not any(who in held for held in best.values())]
    if silent:
        text += f" Under {listing(silent)} no policy raises it."
    return text + _elsewhere(facts, measure, best)


def _shown(facts: Facts, measure: str) -> str:
    """Which line-ups show the same."""
    if not facts.lineups:
        return "No agents were asked to play, so only theory is reported."
    best = _best(facts, facts.first, measure, facts.lineups)
    parts = [
        f"{policy} raises it most in {len(who)} of {count(len(facts.lineups), 'line-up')} "
        f"({listing([_with_effect(facts, policy, measure, item) for item in who], 3)})"
        for policy, who in best.items()
    ]
    still = [
        who.name
        for who in facts.lineups
        if not any(_sign(facts, policy, measure, who) for policy in facts.changes)
    ]
    if still:
        noun = "line-up shows" if len(still) == 1 else "line-ups show"
        under = "the policy" if len(facts.changes) == 1 else "any policy"
        parts.append(f"{len(still)} {noun} no effect of {under} ({listing(still)})")
    return f"Among agents, {'; '.join(parts)}." if parts else f"No line-up's {measure} rises."


def _parted(facts: Facts, measure: str) -> str:
    """Where prediction and behaviour differ most, in sign and in size."""
    compared = list(pairs(facts, facts.first, measure))
    if not compared:
        return ""
    against = [pair for pair in compared if pair.opposite]
    head = (
        f"Of {len(compared)} pairs of a prediction and what a line-up showed for the {measure}, "
        f"{len(against) or 'none'} {'has' if len(against) == 1 else 'have'} opposite signs"
    )
    if against:
        head += f" (the farthest apart: {_told(against)})"
    if _widest(compared) in against:
        return f"{head}; no others are farther apart."
    return f"{head}. The largest gap: {_told(compared)}."


def _elsewhere_parted(facts: Facts, main: str) -> str:
    """The other measure on which signs differ most often."""
    found = {}
    for measure in facts.outcomes:
        compared = list(pairs(facts, facts.first, measure))
        if measure != main and (against := [pair for pair in compared if pair.opposite]):
            found[measure] = (len(compared), against)
    if not found:
        return ""
    worst = max(found, key=lambda measure: len(found[measure][1]) / found[measure][0])
    total, against = found[worst]
    return (
        f"Among the other measures, signs differ most often for {worst}, in {len(against)} of "
        f"{total} pairs; the farthest apart: {_told(against)}."
    )


def _nearest(facts: Facts) -> str:
    """Which line-up plays closest to the first solution, and which farthest."""
    measure = next(iter(facts.distances), "")
    levels = facts.levels
    found = {
        who: levels[facts.reference, facts.first, who, measure].mean
        for who in facts.lineups
        if (facts.reference, facts.first, who, measure) in levels
    }
    if not found:
        return ""
    unit = facts.measure(measure).unit
    near, far = min(found, key=lambda w: found[w]), max(found, key=lambda w: found[w])
    solution = measure.removeprefix("distance to ")
    if found[near] == found[far]:
        amount, who = f"{number(found[near], 3)} {unit}", listing([item.name for item in found])
        return f"Under {facts.reference}, {who} play {amount} away from the solution {solution}."
    return (
        f"Under {facts.reference}, the line-up {near.name} plays closest to the solution "
        f"{solution} ({number(found[near], 3)} {unit} away a player) and {far.name} farthest "
        f"from it ({number(found[far], 3)})."
    )


def _proofs(facts: Facts) -> str:
    """How many solutions hold, and how closely."""
    table = facts.run.solutions.unique(["policy", "at", "concept"], maintain_order=True)
    rows = table.to_dicts()
    tol = short(facts.scenario.solve.tol)
    loose = [row for row in rows if row["status"] not in PROVED]
    if not rows:
        return ""
    residuals = [row["residual"] for row in rows if row["residual"] is not None]
    if not loose:
        all_of = f"All {len(rows)} solutions hold" if len(rows) > 1 else "The solution holds"
        return (
            f"{all_of} within the tolerance of {tol} payoff units; "
            f"the largest residual is {power(max(residuals, default=None))}."
        )
    named = [
        f"{row['concept']} under {row['policy']}" + facts.suffix(row["at"]) + f" ({row['status']})"
        for row in loose
    ]
    return (
        f"For {len(loose)} of {len(rows)} questions no solution is proved within the tolerance "
        f"of {tol} payoff units: {listing(named)}."
    )


def _best(facts: Facts, at: str, measure: str, those: Iterable[Who]) -> dict[str, list[Who]]:
    """The policy with the largest rise, and for whom it is that."""
    made: dict[str, list[Who]] = {}
    for who in those:
        rises = {
            policy: facts.effects[policy, at, who, measure].effect
            for policy in facts.changes
            if _sign(facts, policy, measure, who, at) > 0
        }
        if rises:
            made.setdefault(_first(rises), []).append(who)
    return made


def _elsewhere(facts: Facts, measure: str, best: dict[str, list[Who]]) -> str:
    """At how many other points of the sweep the same holds."""
    if len(facts.points) == 1:
        return ""
    alike = sum(
        {k: set(v) for k, v in _best(facts, at, measure, facts.concepts).items()}
        == {k: set(v) for k, v in best.items()}
        for at in facts.points
    )
    if alike == len(facts.points):
        return f" The same holds at all {alike} sweep points."
    return f" The same holds at {alike} of the {len(facts.points)} sweep points."


def _under(facts: Facts, who: Sequence[Who]) -> str:
    if len(who) == len(facts.concepts) > 1:
        return f"under each of the {len(who)} concepts compared"
    return f"under {listing([item.name for item in who])}"


def _amounts(facts: Facts, measure: str, policy: str, who: Sequence[Who]) -> str:
    """By how much, as a range with the concepts at its ends."""
    found = {item.name: facts.effects[policy, facts.first, item, measure].effect for item in who}
    low, high = _first({name: -effect for name, effect in found.items()}), _first(found)
    if low == high:
        return _amount(found[low])
    return f"{_amount(found[low])} ({low}) to {_amount(found[high])} ({high})"


def _with_effect(facts: Facts, policy: str, measure: str, who: Who) -> str:
    return f"{who.name} {_amount(facts.effects[policy, facts.first, who, measure].effect)}"


def _told(compared: Sequence[Pair]) -> str:
    """The pair that is farthest apart, and how many line-ups share it."""
    widest = _widest(compared)
    alike = [
        pair.lineup.name
        for pair in compared
        if (pair.policy, pair.concept) == (widest.policy, widest.concept)
        and same(pair.gap, widest.gap)
    ]
    return (
        f"under {widest.policy}, {widest.concept.name} predicts "
        f"{_amount(widest.predicted.effect)} and {listing(alike, 3)} "
        f"{'shows' if len(alike) == 1 else 'show'} {_amount(widest.shown.effect)}"
    )


def _widest(compared: Sequence[Pair]) -> Pair:
    """The pair that is farthest apart; of equals the first."""
    return compared[first_best([pair.gap for pair in compared])]


def _first(values: dict[str, float]) -> str:
    """The name of the largest of some numbers; of equals the first."""
    return list(values)[first_best(list(values.values()))]


def _amount(effect: float) -> str:
    return signed(number(effect, 3))


def _sign(facts: Facts, policy: str, measure: str, who: Who, at: str | None = None) -> int:
    place = facts.first if at is None else at
    effect: Effect | None = facts.effects.get((policy, place, who, measure))
    return 0 if effect is None else sign(facts, place, measure, effect)
