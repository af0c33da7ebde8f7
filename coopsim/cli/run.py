"""`coopsim run`: solve, play, compare and report a scenario."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import typer

from coopsim.cli import effects, solutions, text
from coopsim.cli.options import (
    Fresh,
    Json,
    Memory,
    NoReport,
    Out,
    Quiet,
    ScenarioName,
    Sets,
    Trust,
    Workers,
    load_scenario,
)

if TYPE_CHECKING:
    import polars

    from coopsim.study.run import Run


def run(
    scenario: ScenarioName,
    out: Out = None,
    sets: Sets = None,
    workers: Workers = None,
    fresh: Fresh = False,
    no_report: NoReport = False,
    as_json: Json = False,
    quiet: Quiet = False,
    trust: Trust = None,
    memory: Memory = None,
) -> None:
    """Solve, play, compare and report a scenario.

    A run that was stopped goes on where it was. The exit code is 1 where an answer could not
    be proved.
    """
    loaded = load_scenario(scenario, sets)
    from coopsim.study.run import run as run_study

    done = run_study(
        loaded,
        out,
        workers=workers or os.cpu_count() or 1,
        fresh=fresh,
        quiet=quiet or as_json,
        report=not no_report,
    )
    report = None if no_report else done.report
    if as_json:
        text.show_json(
            {
                "folder": str(done.folder),
                "report": None if report is None else str(report),
                "hash": loaded.hash,
                "solutions": done.solutions.to_dicts(),
                "comparison": done.comparison.to_dicts(),
                "rubrics": [case.to_dict() for case in done.rubrics],
            }
        )
    else:
        _show(done)
        text.show("", f"report: {report}" if report else f"results: {done.folder}")
    if not done.solutions["status"].is_in(solutions.PROVED).all():
        raise typer.Exit(1)


def _show(done: Run) -> None:
    """The short table: solutions under the reference policy, then what the others change."""
    policies = list(done.scenario.policies)
    table, first = done.solutions, {}
    if table.height:
        first = {"policy": policies[0], "at": table["at"][0]}
    text.show(text.strong(done.scenario.title), "")
    text.show(text.strong(f"Solutions ({_place(first)})"))
    text.show(*solutions.lines(_solutions(table, first)))
    lost = table.filter(~table["status"].is_in(solutions.PROVED))
    count = table.select("policy", "at", "concept").unique().height
    missed = lost.select("policy", "at", "concept").unique().height
    text.show(f"  {count - missed} of {text.plural(count, 'solution')} proved in all")
    text.show(*effects.lines(done.comparison, done.scenario, first.get("at", "{}")))
    for case in done.rubrics:
        text.show("", text.strong(f"Published rubric: {case.title}"))
        text.show(*(f"  {card.variant}: {card.sentence()}" for card in case.cards))


def _solutions(table: polars.DataFrame, place: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of one policy and sweep point, gathered by concept."""
    import json

    import polars as pl

    found: dict[str, dict[str, Any]] = {}
    for row in table.filter(*(pl.col(key) == value for key, value in place.items())).to_dicts():
        proof = {"kind": row["certificate"], "residual": row["residual"]}
        item = found.setdefault(
            row["concept"],
            {
                **{key: row[key] for key in ("concept", "method", "status", "sentence")},
                "grid": row.get("grid"),
                "players": [],
                "profile": [],
                "values": [],
                "certificate": proof if row["certificate"] else None,
            },
        )
        if row["player"] is not None:
            item["players"].append(row["player"])
            item["profile"].append(json.loads(row["profile"]))
            item["values"].append(row["value"])
    return list(found.values())


def _place(where: dict[str, str]) -> str:
    at = where.get("at", "{}")
    swept = "" if at == "{}" else f", {effects.told(at)}"
    return f"{where.get('policy', 'none')}{swept}"
