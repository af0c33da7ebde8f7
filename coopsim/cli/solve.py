"""`coopsim solve`: the solutions of a scenario's game, with certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopsim.cli import solutions, text
from coopsim.cli.options import (
    Json,
    Memory,
    Sets,
    TargetName,
    Trust,
    decimal,
    known,
    load_target,
    overrides,
)
from coopsim.errors import UnknownName, UserError

if TYPE_CHECKING:
    from coopsim.games.game import Game
    from coopsim.scenario.load import Scenario
    from coopsim.solvers.solution import Solution


def solve(
    target: TargetName,
    sets: Sets = None,
    policy: Annotated[
        str | None, typer.Option(metavar="NAME", help="The policy; the first where not said.")
    ] = None,
    concept: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A solution concept; can be repeated."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every solution that is found, not the best one only.")
    ] = False,
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The solver; chosen by what suits where not said."),
    ] = None,
    tol: Annotated[
        float | None,
        typer.Option(
            parser=str, callback=decimal, metavar="NUMBER", help="Tolerance, in payoff units."
        ),
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option(
            parser=str, callback=decimal, metavar="SECONDS", help="The longest time a solution."
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="An option of the concept or of the solver, as in --option lam=2; repeatable.",
        ),
    ] = None,
    strategies: Annotated[
        bool, typer.Option("--strategies", help="Print every strategy, action by action.")
    ] = False,
    as_json: Json = False,
    trust: Trust = None,
    memory: Memory = None,
) -> None:
    """Solve a scenario's game, or a game, and prove the answers.

    The exit code is 1 where an answer could not be proved.
    """
    known("concept", concept or (), "--concept")
    known("solver", [method] if method else (), "--method", "auto")
    options = overrides(option, "--option")
    scenario, is_game = load_target(target, sets)
    if policy is not None and policy not in scenario.policies:
        raise UnknownName("policy", policy, scenario.policies, file="--policy")
    point = scenario.point(policy)
    concepts = tuple(concept or ()) or _concepts(scenario, point.game, is_game)
    asked = {
        "method": method,
        "tol": scenario.solve.tol if tol is None else tol,
        "deadline": scenario.solve.deadline if deadline is None else deadline,
        **options,
    }
    try:
        found = [
            item for name in concepts for item in _solved(scenario, point.game, name, every, asked)
        ]
    except UserError as error:
        if (error.key or "").partition(".")[0] in options:
            error.at(file="--option")
        raise
    if as_json:
        told = [
            {**item.as_dict(), "strategies": solutions.named(item, point.game)} for item in found
        ]
        text.show_json({"solutions": told})
    else:
        where = "" if is_game else f" (policy: {point.policy})"
        text.show(text.strong(f"{scenario.title}{where}"))
        text.show(*solutions.lines([item.as_dict() for item in found]))
        if strategies:
            text.show(*solutions.strategies(found, point.game))
    if not found or not all(item.proved for item in found):
        raise typer.Exit(1)


def _concepts(scenario: Scenario, game: Game, is_game: bool) -> tuple[str, ...]:
    """What the scenario asks for; for a game, every concept that it supports."""
    if not is_game:
        return scenario.solve.concepts
    from coopsim.solvers.select import concepts

    return tuple(concepts(game))


def _solved(
    scenario: Scenario, game: Game, concept: str, every: bool, asked: dict[str, Any]
) -> list[Solution]:
    from coopsim.solvers.select import solve

    chosen = {**asked, "method": asked["method"] or scenario.solve.methods.get(concept)}
    if every:
        return list(solve(game, concept, all=True, **chosen))
    return [solve(game, concept, **chosen)]
