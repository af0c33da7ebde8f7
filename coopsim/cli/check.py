"""`coopsim check`: validate a scenario and show it with every default."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopsim.cli import study, text
from coopsim.cli.options import Json, Memory, Sets, TargetName, Trust, known, load_target

if TYPE_CHECKING:
    from coopsim.scenario.load import Scenario


def check(
    target: TargetName,
    sets: Sets = None,
    concept: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A concept to plan; can be repeated. For a game."),
    ] = None,
    as_json: Json = False,
    trust: Trust = None,
    memory: Memory = None,
) -> None:
    """Validate a scenario and print it with every default; or plan the solution of a game.

    For every concept: the solver that would be tried first and why, the size of the form, and
    about how much memory it would take.
    """
    from coopsim import yamlfile
    from coopsim.scenario.load import LOOKS

    known("concept", concept or (), "--concept")
    if study.means_sweep(target):
        study.check(target, sets, as_json)
        return
    loaded, is_game = load_target(target, sets)
    if is_game:
        _check_game(loaded, tuple(concept or ()), as_json)
        return
    # a run plans every point before it writes anything; this looks at as many as it can at once
    looked = sum(1 for _ in itertools.islice(loaded.points(), LOOKS))
    points = loaded.count
    cells = points * len(loaded.seeds())
    plans = [_plan(loaded, name) for name in loaded.solve.concepts]
    if as_json:
        text.show_json(
            {
                "file": loaded.document.file,
                "hash": loaded.hash,
                "cells": cells,
                "concepts": plans,
                "scenario": loaded.resolved,
            }
        )
        return
    text.show(*yamlfile.dump(loaded.resolved).rstrip().split("\n"))
    # as comments, so that the output is a scenario file itself
    text.show("", f"# {loaded.document.file}: no mistakes found", f"# hash {loaded.hash}")
    if looked < points:
        text.show(f"# {looked:,} of {points:,} points were looked at; a run looks at all first")
    text.show(f"# {_counts(loaded, points)}", "# solved with:")
    rows = [
        (plan["concept"], plan["method"] or "nothing", plan["problem"] or _cost(plan))
        for plan in plans
    ]
    text.show(*(f"#{line}" for line in text.table(("", "", ""), rows)))


def _check_game(scenario: Scenario, asked: tuple[str, ...], as_json: bool) -> None:
    """How a game would be solved, concept by concept."""
    from coopsim.solvers.select import concepts

    names = asked or tuple(concepts(scenario.point().game))
    plans = [_plan(scenario, name) for name in names]
    if as_json:
        text.show_json({"game": scenario.title, "concepts": plans})
        return
    text.show(text.strong(scenario.title))
    rows = [(p["concept"], p["method"] or "nothing", p["problem"] or _cost(p)) for p in plans]
    text.show(*text.table(("", "", ""), rows))


def _counts(scenario: Scenario, points: int) -> str:
    policies, seeds = len(scenario.policies), len(scenario.seeds())
    factors = [
        text.plural(policies, "policy"),
        text.plural(points // policies, "sweep point"),
        text.plural(seeds, "seed"),
    ]
    return f"{text.plural(points * seeds, 'cell')}: {' x '.join(factors)}"


def _plan(scenario: Scenario, concept: str) -> dict[str, Any]:
    """How a concept will be solved on the reference policy, or why it will not."""
    from coopsim.errors import NoSuchForm
    from coopsim.solvers.select import forecast

    try:
        found = forecast(scenario.point().game, concept, scenario.solve.methods.get(concept))
    except NoSuchForm as error:
        return {"concept": concept, "method": None, "form": None, "problem": str(error)}
    return {"concept": concept, **found, "problem": None}


def _cost(plan: dict[str, Any]) -> str:
    """The form, its size, the memory and the reason, in a line."""
    from coopsim.budget import in_words

    memory = in_words(plan["bytes"])
    return f"{plan['form']} form, {plan['size']}, {memory} of memory ({plan['reason']})"
