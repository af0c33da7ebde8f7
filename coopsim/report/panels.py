"""Panels: which figures a report shows, and what it leaves to the tables."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from coopsim.measure.measures import GROUP
from coopsim.report import plots
from coopsim.report.facts import AGENTS, Effect, Facts, Level, Who
from coopsim.report.figures import AGENT, READINGS, Style, concept_style, draw, swatch
from coopsim.report.numerals import count, listing
from coopsim.report.plots import Mark, Row, Rule
from coopsim.report.readings import NEGLIGIBLE, read, scale

MOST_ROWS, MOST_MEASURES, MOST_POLICIES = 14, 8, 6
"""What one figure holds: rows of a drawing, measures and policies beside each other."""

MOST_FIGURES = 8
"""How many figures of one kind are drawn; tables hold the rest."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing of a figure, with its heading."""

    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class Legend:
    """What a symbol stands for."""

    swatch: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Drawings that are read together.

    Args:
        title: of the figure, for its heading.
        panels: its drawings.
        legend: its symbols.
        caption: what is drawn, how, and what was left out.
    """

    title: str
    panels: tuple[Panel, ...]
    legend: tuple[Legend, ...]
    caption: str


def levels(facts: Facts, policy: str, place: int) -> Figure | None:
    """Agents beside equilibria under one policy, at the first point of the sweep."""
    rows = facts.lineups[:MOST_ROWS]
    measures = [name for name in facts.outcomes if _any(facts, policy, name)]
    if not rows or not measures:
        return None
    drawn = measures[:MOST_MEASURES]
    panels = [
        _levels_panel(facts, policy, name, rows, f"l{place}-{number}")
        for number, name in enumerate(drawn)
    ]
    if facts.distances:
        panels.append(_distance_panel(facts, policy, rows, f"l{place}-d"))
    left = [*_left(len(facts.lineups) - len(rows), "line-up"), *measures[MOST_MEASURES:]]
    return Figure(
        f"Under {policy}" + facts.suffix(facts.first),
        tuple(panels),
        (*agents_legend(), *concepts_legend(facts)),
        "Each row is a line-up; the dot is its mean over seeds, the bar spans its lowest and "
        "highest seed. Vertical lines are the levels when everybody plays the solution. The "
        "last panel shows, for each line-up, the mean "
        "distance of its actions from each solution." + said(left),
    )


def effects(facts: Facts, measure: str, place: int) -> Figure | None:
    """Predicted effects of each policy beside those that agents show."""
    policies = facts.changes[:MOST_POLICIES]
    who = (*facts.concepts, *facts.lineups)[:MOST_ROWS]
    if not policies or not any((p, facts.first, w, measure) in facts.effects
                               for p in policies for w in who):  # fmt: skip
        return None
    panels = [
        _effects_panel(facts, policy, measure, who, f"e{place}-{number}")
        for number, policy in enumerate(policies)
    ]
    left = [
        *_left(len(facts.changes) - len(policies), "policy", "policies"),
        *_left(len(facts.concepts) + len(facts.lineups) - len(who), "row"),
    ]
    share = f"{100 * facts.scenario.compare.confidence:g} %"
    return Figure(
        f"Effect on {_heading(facts, measure)}" + facts.suffix(facts.first),
        tuple(panels),
        (
            *concepts_legend(facts),
            *readings_legend(facts, measure, policies, (facts.first,)),
        ),
        f"Change of {measure} ({facts.measure(measure).unit}) from {facts.reference}. Hollow: what "
        f"each concept predicts. Filled: what a line-up shows, mean over seeds with its {share} "
        "bootstrap interval (no bar where all seeds agree). Each panel has its own scale."
        + said(left),
    )


def drawn_measures(facts: Facts) -> tuple[str, ...]:
    """The measures that effects are drawn for."""
    return facts.outcomes[:MOST_FIGURES]


def _levels_panel(facts: Facts, policy: str, measure: str, who: Sequence[Who], key: str) -> Panel:
    rows = [
        Row(item.name, _level_marks(facts.levels.get((policy, facts.first, item, measure))))
        for item in who
    ]
    rules = [
        Rule(level.mean, concept_style(place))
        for place, concept in enumerate(facts.concepts)
        if (level := facts.levels.get((policy, facts.first, concept, measure)))
    ]
    svg = draw(
        functools.partial(plots.dots, rows=rows, rules=rules, label=facts.measure(measure).unit),
        plots.WIDTH,
        plots.dots_height(rows, rules),
        f"{measure} of each line-up under {policy}, with the levels of "
        f"{listing([concept.name for concept in facts.concepts])}",
        key,
    )
    return Panel(_heading(facts, measure), svg)


def _level_marks(level: Level | None, style: Style = AGENT) -> tuple[Mark, ...]:
    if level is None:
        return ()
    spread = level.low < level.high
    return (Mark(level.mean, style, level.low if spread else None, level.high if spread else None),)


def _distance_panel(facts: Facts, policy: str, who: Sequence[Who], key: str) -> Panel:
    """Each line-up's distance to every solution, in one row."""
    styles = {f"distance to {concept.name}": concept_style(place)
              for place, concept in enumerate(facts.concepts)}  # fmt: skip
    rows = []
    for item in who:
        found = [
            (facts.levels.get((policy, facts.first, item, name)), styles.get(name))
            for name in facts.distances
        ]
        marks = tuple(Mark(level.mean, style) for level, style in found if level and style)
        rows.append(Row(item.name, marks))
    unit = facts.measure(facts.distances[0]).unit
    svg = draw(
        functools.partial(plots.dots, rows=rows, label=unit), plots.WIDTH, plots.dots_height(rows),
        f"mean distance of each line-up's actions from each solution under {policy}", key,
    )  # fmt: skip
    return Panel("distance to each solution", svg)


def effect_rows(facts: Facts, policy: str, measure: str, who: Sequence[Who]) -> list[Row]:
    """A policy's effects at the first point of the sweep, as rows to draw."""
    rows = []
    for place, item in enumerate(who):
        if place == 0 or item.source != who[place - 1].source:
            rows.append(Row(item.source, heading=True))
        effect = facts.effects.get((policy, facts.first, item, measure))
        marks = () if effect is None else (
            _effect_mark(effect, effect_style(facts, policy, facts.first, measure, item)),
        )  # fmt: skip
        rows.append(Row(item.name, marks))
    return rows


def _effects_panel(facts: Facts, policy: str, measure: str, who: Sequence[Who], key: str) -> Panel:
    rows = effect_rows(facts, policy, measure, who)
    # so that rounding alone does not fill the scale
    small = 5 * NEGLIGIBLE * scale(facts, facts.first, measure)
    svg = draw(
        functools.partial(
            plots.dots,
            rows=rows,
            zero=True,
            reach=(-small, small),
            label=f"change, {facts.measure(measure).unit}",
        ),
        plots.WIDTH,
        plots.dots_height(rows),
        f"predicted and shown effects of {policy} on {measure}",
        key,
    )
    return Panel(policy, svg)


def _effect_mark(effect: Effect, style: Style) -> Mark:
    return Mark(effect.effect, style, effect.low, effect.high)


def effect_style(facts: Facts, policy: str, at: str, measure: str, who: Who) -> Style:
    """A concept's own look, or that of what a line-up's effect says beside the predictions."""
    if who.source == AGENTS:
        return READINGS[read(facts, policy, at, measure, who)]
    return concept_style(facts.concepts.index(who))


def concepts_legend(facts: Facts) -> tuple[Legend, ...]:
    """What each concept's symbol stands for."""
    return tuple(
        Legend(swatch(concept_style(place)), concept.name)
        for place, concept in enumerate(facts.concepts)
    )


def agents_legend() -> tuple[Legend, ...]:
    """What the agents' dot stands for."""
    return (Legend(swatch(AGENT), "agents"),)


def readings_legend(
    facts: Facts, measure: str, policies: Sequence[str], points: Sequence[str]
) -> tuple[Legend, ...]:
    """What the readings that occur look like."""
    found = {
        read(facts, policy, at, measure, who)
        for policy in policies
        for at in points
        for who in facts.lineups
    }
    return tuple(
        Legend(swatch(style), f"agents: {reading}")
        for reading, style in READINGS.items()
        if reading in found
    )


def _heading(facts: Facts, measure: str) -> str:
    import polars as pl

    joint = facts.run.measures.filter((pl.col("measure") == measure) & (pl.col("player") == GROUP))
    return f"{measure}, mean over players" if joint.is_empty() else measure


def _any(facts: Facts, policy: str, measure: str) -> bool:
    return any((policy, facts.first, who, measure) in facts.levels for who in facts.lineups)


def _left(number: int, noun: str, plural: str | None = None) -> list[str]:
    return [count(number, noun, plural)] if number > 0 else []


def said(left: Sequence[str]) -> str:
    """What was not drawn, as a sentence."""
    return f" Not drawn, but in the tables: {listing(list(left), 8)}." if left else ""
