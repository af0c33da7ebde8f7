"""What each policy changes, predicted and shown, as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from coopsim.cli import text

if TYPE_CHECKING:
    import polars

    from coopsim.scenario.load import Scenario

_KEY = 3  # measures shown on the terminal; the report has all


def lines(comparison: polars.DataFrame, scenario: Scenario, at: str) -> list[str]:
    """One block a policy: the effects that solutions predict above those that agents show.

    Args:
        comparison: the table of a run.
        scenario: what was run.
        at: the sweep point to show.
    """
    import polars as pl

    reference, *others = scenario.policies
    table = comparison.filter(pl.col("at") == at, pl.col("player") == "")
    measures = [name for name in scenario.compare.measure if name in table["measure"]][:_KEY]
    if not others or not measures:
        return []
    swept = "" if at == "{}" else f" at {told(at)}"
    level, seeds = scenario.compare.confidence, len(scenario.seeds())
    made = [
        "",
        text.strong(f"What a policy changes against {reference}{swept}"),
        f"  {level:.0%} intervals over {text.plural(seeds, 'seed')}; the report has every measure",
    ]
    for policy in others:
        rows = table.filter(pl.col("policy") == policy)
        body = [
            (f"{verb} {name}", *(_cell(rows, source, name, measure) for measure in measures))
            for source, verb in (("theory", "predicted by"), ("agents", "shown by"))
            for name in _names(scenario, rows, source)
        ]
        made += ["", *text.table((policy, *measures), body)]
    return made


def told(at: str) -> str:
    """A sweep point in words: "game.gamma = 0.8"."""
    return ", ".join(f"{path} = {value}" for path, value in json.loads(at).items())


def _names(scenario: Scenario, rows: polars.DataFrame, source: str) -> list[str]:
    """The concepts or line-ups that there are effects for, in the order of the scenario."""
    import polars as pl

    held = set(rows.filter(pl.col("source") == source)["name"])
    asked: Iterable[str] = scenario.compare.to
    if source == "agents":
        asked = (lineup.name for lineup in scenario.point().lineups)
    return [name for name in asked if name in held]


def _cell(rows: polars.DataFrame, source: str, name: str, measure: str) -> str:
    """An effect with its interval."""
    import polars as pl

    found = rows.filter(
        pl.col("source") == source, pl.col("name") == name, pl.col("measure") == measure
    )
    if found.height == 0:
        return "-"
    row = found.row(0, named=True)
    scale = max(1.0, abs(row["reference_level"]))
    low, effect, high = (_signed(row[key], scale) for key in ("low", "effect", "high"))
    return effect if low == high else f"{effect} [{low}, {high}]"


def _signed(value: float | None, scale: float) -> str:
    """A difference with its sign; what rounding has left of none is 0."""
    if value is None:
        return ""
    from coopsim.tolerance import same  # which needs numpy, and help does not

    return "0" if same(value, 0.0, scale=scale) else f"{value:+.3g}"
