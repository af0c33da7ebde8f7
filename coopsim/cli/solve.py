"""`coopsim solve`: the solutions of a scenario's game, with certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from coopsim.cli import solutions, text
from coopsim.cli.options import Json, Sets, TargetName, load_target

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
    as_json: Json = False,
) -> None:
    """Solve a scenario's game, or a game, and prove the answers.

    The exit code is 1 where an answer could not be proved.
    """
    scenario, is_game = load_target(target, sets)
    point = scenario.point(policy)
    concepts = tuple(concept or ()) or _concepts(scenario, point.game, is_game)
    found = [item for name in concepts for item in _solved(scenario, point.game, name, every)]
    if as_json:
        text.show_json({"solutions": [item.as_dict() for item in found]})
    else:
        where = "" if is_game else f" (policy: {point.policy})"
        text.show(text.strong(f"{scenario.title}{where}"))
        text.show(*solutions.lines([item.as_dict() for item in found]))
    if not found or not all(item.proved for item in found):
        raise typer.Exit(1)


def _concepts(scenario: Scenario, game: Game, is_game: bool) -> tuple[str, ...]:
    """What the scenario asks for; for a game, every concept that it supports."""
    if not is_game:
        return scenario.solve.concepts
    from coopsim.solvers.select import concepts

    return tuple(concepts(game))


def _solved(scenario: Scenario, game: Game, concept: str, every: bool) -> list[Solution]:
    from coopsim.solvers.select import solve

    asked = scenario.solve
    method, tol, deadline = asked.methods.get(concept), asked.tol, asked.deadline
    if every:
        return list(solve(game, concept, method, tol=tol, deadline=deadline, all=True))
    return [solve(game, concept, method, tol=tol, deadline=deadline)]
