"""Sweeps: how levels and effects change over the values that a study varies."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from coopsim.report import plots
from coopsim.report.facts import AGENTS, Facts, Who
from coopsim.report.figures import AGENT, concept_style, draw
from coopsim.report.numerals import plain, short
from coopsim.report.panels import (
    Figure,
    Panel,
    agents_legend,
    concepts_legend,
    effect_style,
    readings_legend,
    said,
)
from coopsim.report.plots import Line

MOST_LINEUPS = 6
"""How many line-ups get a panel; tables hold the rest."""


@dataclass(frozen=True)
class Sweep:
    """What one figure shows of a sweep.

    Args:
        facts: the run.
        policy: whose effects; the levels, for the reference.
        measure: what is drawn.
        path: the path that is varied along the drawing.
        points: its points, all other paths at their first values.
    """

    facts: Facts
    policy: str
    measure: str
    path: str
    points: tuple[str, ...]

    @property
    def level(self) -> bool:
        """Whether levels are drawn, and not effects."""
        return self.policy == self.facts.reference

    @property
    def unit(self) -> str:
        """The measure's unit."""
        return self.facts.measure(self.measure).unit


def over(facts: Facts, policy: str, measure: str, key: str) -> Figure | None:
    """A policy's effect, or the reference's level, over the sweep: one panel a line-up."""
    path, points = _axis(facts)
    if len(points) < 2:
        return None
    sweep = Sweep(facts, policy, measure, path, points)
    who = _liveliest(sweep)
    if not who:
        return None
    if sweep.level:
        title, agents = f"{measure.capitalize()} under {policy}", agents_legend()
    else:
        title = f"{policy}: effect on {measure}"
        agents = readings_legend(facts, measure, (policy,), points)
    return Figure(
        title,
        tuple(_panel(sweep, item, f"{key}-{place}") for place, item in enumerate(who)),
        (*concepts_legend(facts), *agents),
        _caption(sweep, [item.name for item in facts.lineups if item not in who]),
    )


def _caption(sweep: Sweep, left: Sequence[str]) -> str:
    reference = sweep.facts.reference
    share = short(100 * sweep.facts.scenario.compare.confidence)
    what = "Level" if sweep.level else f"Change from {reference}"
    bar = "" if sweep.level else f", with its {share} % bootstrap interval"
    others = {k: v for k, v in sweep.facts.points[sweep.points[0]].items() if k != sweep.path}
    held = f" Held: {', '.join(f'{k} = {plain(v)}' for k, v in others.items())}." if others else ""
    return (
        f"{what} of {sweep.measure} ({sweep.unit}) over {sweep.path}, one panel a line-up. Hollow "
        f"and dashed: what concepts predict. Filled: what the line-up shows{bar}.{held}{said(left)}"
    )


def _panel(sweep: Sweep, lineup: Who, key: str) -> Panel:
    facts = sweep.facts
    curves = [_line(sweep, item) for item in (*facts.concepts, lineup)]
    paint = functools.partial(
        plots.lines,
        xs=[facts.points[at][sweep.path] for at in sweep.points],
        curves=curves,
        label=sweep.unit if sweep.level else f"change, {sweep.unit}",
        across=sweep.path,
        zero=not sweep.level,
    )
    told = (
        f"{sweep.measure} of {lineup.name} and of the concepts under {sweep.policy}, "
        f"over {sweep.path}"
    )
    return Panel(lineup.name, draw(paint, plots.WIDTH, plots.LINES_HEIGHT, told, key))


def _line(sweep: Sweep, who: Who) -> Line:
    facts, policy, measure = sweep.facts, sweep.policy, sweep.measure
    style = AGENT if who.source == AGENTS else concept_style(facts.concepts.index(who))
    if sweep.level:
        levels = [facts.levels.get((policy, at, who, measure)) for at in sweep.points]
        return Line(tuple(level and level.mean for level in levels), style)
    found = [facts.effects.get((policy, at, who, measure)) for at in sweep.points]
    return Line(
        tuple(effect and effect.effect for effect in found),
        style,
        tuple(effect and effect.low for effect in found),
        tuple(effect and effect.high for effect in found),
        tuple(effect_style(facts, policy, at, measure, who) for at in sweep.points),
    )


def _axis(facts: Facts) -> tuple[str, tuple[str, ...]]:
    """The path to draw over, and its points with all other paths at their first values."""
    vary = facts.scenario.study.vary
    path = next((name for name, values in vary.items() if len(values) > 1), "")
    if not path:
        return "", ()
    first = facts.points[facts.first]
    fixed = [
        at
        for at, values in facts.points.items()
        if all(value == first[other] for other, value in values.items() if other != path)
    ]
    return path, tuple(fixed)


def _liveliest(sweep: Sweep) -> tuple[Who, ...]:
    """The line-ups that change most over the sweep, in their own order."""
    spreads = {}
    for who in sweep.facts.lineups:
        ys = [y for y in _line(sweep, who).ys if y is not None and math.isfinite(y)]
        if ys:
            spreads[who] = statistics.pstdev(ys if sweep.level else [0.0, *ys])
    kept = sorted(spreads, key=lambda who: -spreads[who])[:MOST_LINEUPS]
    return tuple(who for who in sweep.facts.lineups if who in kept)
