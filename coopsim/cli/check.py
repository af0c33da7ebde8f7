"""`coopsim check`: validate a scenario and show it with every default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coopsim.cli import text
from coopsim.cli.options import Json, ScenarioName, Sets, load_scenario

if TYPE_CHECKING:
    from coopsim.scenario.load import Scenario


def check(scenario: ScenarioName, sets: Sets = None, as_json: Json = False) -> None:
    """Validate a scenario and print it with every default."""
    from coopsim import yamlfile

    loaded = load_scenario(scenario, sets)
    # a run plans every point before it writes anything; so does this
    points = sum(1 for _ in loaded.points())
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
    text.show(yamlfile.dump(loaded.resolved).rstrip())
    # as comments, so that the output is a scenario file itself
    text.show("", f"# {loaded.document.file}: no mistakes found", f"# hash {loaded.hash}")
    text.show(f"# {_counts(loaded, points)}", "# solved with:")
    rows = [
        (plan["concept"], plan["method"] or "nothing", plan["problem"] or f"{plan['form']} form")
        for plan in plans
    ]
    text.show(*(f"#{line}" for line in text.table(("", "", ""), rows)))


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
    from coopsim.solvers.select import plan

    try:
        form, method = plan(scenario.point().game, concept, scenario.solve.methods.get(concept))
    except NoSuchForm as error:
        return {"concept": concept, "method": None, "form": None, "problem": str(error)}
    return {"concept": concept, "method": method, "form": form, "problem": None}
