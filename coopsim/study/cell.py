"""What one point and one cell of a study compute. Pure functions of scenario and task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from coopsim import hashing, registry
from coopsim.agents.agent import Agent, Rules
from coopsim.agents.play import play
from coopsim.agents.rational import best_constant_response
from coopsim.games.game import Game
from coopsim.measure.compare import schema as compared
from coopsim.measure.measures import Played, Rows, applicable, evaluate, reads_responses
from coopsim.scenario import sweep
from coopsim.scenario.load import Lineup, Point, Scenario
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Solution, Status
from coopsim.study.columns import Column, is_profile
from coopsim.study.plan import CellTask, PointTask

if TYPE_CHECKING:
    import polars

AGENTS, THEORY = "agents", "theory"


def solve_point(scenario: Scenario, task: PointTask) -> dict[str, Any]:
    """Solutions, theory's measures and best responses of a point, as plain data.

    Returns:
        `solutions`: concept -> `Solution.as_dict()`; `theory`: concept -> rows, as measured
        when every player plays its part of the solution; `responses`: line-up -> what each
        player's best constant response would earn a round.
    """
    point = scenario.point(task.policy, task.at)
    solutions = {name: _solve(scenario, point, name) for name in concepts(scenario, point.game)}
    rules = Rules(point.game, point.agents, solutions)
    responses = {}
    if reads_responses(scenario.compare.measure, point.game):
        responses = {lineup.name: _responses(rules, lineup) for lineup in point.lineups}
    theory = {
        concept: _theory(scenario, rules, concept)
        for concept in scenario.compare.to
        if solutions[concept].profile and solutions[concept].form == "continuous"
    }
    return {
        "solutions": {name: solution.as_dict() for name, solution in solutions.items()},
        "theory": {concept: _listed(rows) for concept, rows in theory.items()},
        "responses": responses,
    }


def run_cell(scenario: Scenario, task: CellTask, solved: Mapping[str, Any]) -> polars.DataFrame:
    """Play every line-up of a cell and measure it: the long table of one cell.

    Where neither the game nor a line-up draws anything, one episode stands for all.
    """
    point = scenario.point(task.policy, task.at)
    solutions = _solutions(solved)
    rows = []
    for lineup in point.lineups:
        seats = [point.agents[name] for name in lineup.agents]
        drawn = point.game.card.chance or any(agent.random for agent in seats)
        played = play(
            point.game,
            seats,
            episodes=scenario.study.episodes if drawn else 1,
            seed=task.seed,
            named=point.agents,
            solutions=solutions,
        )
        responses = solved["responses"].get(lineup.name)
        measured = evaluate(
            scenario.compare.measure,
            Played(
                point.game,
                played,
                solutions,
                None if responses is None else np.asarray(responses),
                scenario.compare.to,
            ),
        )
        rows += _rows(task, AGENTS, lineup.name, measured, task.seed)
    return _frame(rows)


def point_tables(
    scenario: Scenario, task: PointTask, solved: Mapping[str, Any]
) -> tuple[polars.DataFrame, polars.DataFrame]:
    """A point's rows of `solutions.parquet`, and the rows that theory predicts."""
    theory = [
        row
        for concept, listed in solved["theory"].items()
        for row in _rows(task, THEORY, concept, _unlisted(listed), None)
    ]
    return _solution_frame(task, solved), _frame(theory)


def concepts(scenario: Scenario, game: Game | None = None) -> tuple[str, ...]:
    """The concepts asked for, and those that a measure needs which fits the game.

    Without a game those that any measure asked for needs.
    """
    names = scenario.compare.measure
    fitting = names if game is None else applicable(names, game)
    needed = [registry.lookup("measure", name).tags.get("needs") for name in fitting]
    return tuple(dict.fromkeys([*scenario.solve.concepts, *filter(None, needed)]))


def _solve(scenario: Scenario, point: Point, concept: str) -> Solution:
    settings = scenario.solve
    method = settings.methods.get(concept)
    return solve(point.game, concept, method, tol=settings.tol, deadline=settings.deadline)


def _theory(scenario: Scenario, rules: Rules, concept: str) -> Rows:
    """The measures of everybody playing a solution."""
    solution = rules.solutions[concept]
    played = play(rules.game, solution, episodes=1, seed=0)
    responses = None
    if reads_responses(scenario.compare.measure, rules.game):
        seats = _constants(solution)
        responses = np.array(
            [best_constant_response(rules, seats, i)[1] for i in range(rules.game.n)]
        )
    everything = Played(rules.game, played, rules.solutions, responses, scenario.compare.to)
    return evaluate(scenario.compare.measure, everything)


def _constants(solution: Solution) -> tuple[Agent, ...]:
    from coopsim.agents.fixed import Constant

    return tuple(Constant(action=float(part[0])) for part in solution.profile)


def _responses(rules: Rules, lineup: Lineup) -> list[float]:
    seats = tuple(rules.agents[name] for name in lineup.agents)
    return [best_constant_response(rules, seats, i)[1] for i in range(rules.game.n)]


def _solutions(solved: Mapping[str, Any]) -> dict[str, Solution]:
    return {name: Solution.from_dict(data) for name, data in solved["solutions"].items()}


def _listed(rows: Rows) -> list[list[Any]]:
    return [[measure, player, value] for (measure, player), value in rows.items()]


def _unlisted(listed: list[list[Any]]) -> Rows:
    return {(measure, player): value for measure, player, value in listed}


def _rows(
    task: CellTask | PointTask, source: str, name: str, measured: Rows, seed: int | None
) -> list[tuple[Any, ...]]:
    at = hashing.canonical(dict(task.at))
    return [
        (task.policy, at, seed, source, name, player, measure, value)
        for (measure, player), value in measured.items()
    ]


def measure_columns(scenario: Scenario) -> dict[str, Column]:
    """What `measures.parquet` and the table of a cell may hold in a run of this scenario."""
    limits: dict[str, dict[str, Any]] = {**_measured(scenario), "seed": {"null": True}}
    return {name: Column(kind, **limits.get(name, {})) for name, kind in measure_schema().items()}


def solution_columns(scenario: Scenario) -> dict[str, Column]:
    """What `solutions.parquet` may hold in a run of this scenario."""
    limits: dict[str, dict[str, Any]] = {
        **_places(scenario),
        **{name: {"null": True} for name in ("player", "action", "certificate", "residual")},
        **{name: {"null": True} for name in ("relative", "complete")},
        "concept": {"allowed": concepts(scenario)},
        "status": {"allowed": [str(item) for item in Status]},
        "profile": {"null": True, "along": "player", "holds": is_profile},
        "value": {"null": True, "along": "player"},
        "exact": {"null": True, "along": "certificate"},
        "grid": {"null": True},
    }
    return {name: Column(kind, **limits.get(name, {})) for name, kind in solution_schema().items()}


def comparison_columns(scenario: Scenario) -> dict[str, Column]:
    """What `comparison.parquet` may hold in a run of this scenario."""
    limits: dict[str, dict[str, Any]] = {
        **_measured(scenario),
        "reference": {"allowed": tuple(scenario.policies)[:1]},
        "low": {"null": True, "along": "high"},
        "high": {"null": True, "along": "low"},
        "seeds": {"null": True},
    }
    return {name: Column(kind, **limits.get(name, {})) for name, kind in compared().items()}


def most_rows(scenario: Scenario) -> tuple[int, int, int]:
    """Rows that the tables of solutions, of measures and of comparison can have at most."""
    solved = played = 0
    asked = len(scenario.compare.measure) + len(concepts(scenario))  # distances to each of them
    for point in scenario.points():
        solved += len(concepts(scenario)) * max(point.game.n, 1)
        who = len(scenario.compare.to) + len(point.lineups) * len(scenario.seeds())
        played += who * asked * (point.game.n + 1)
    return solved, played, played


def measure_schema() -> dict[str, Any]:
    """Columns and types of `measures.parquet` and of the table of a cell."""
    import polars as pl

    text = pl.String()
    return {
        "policy": text, "at": text, "seed": pl.Int64(), "source": text, "name": text,
        "player": text, "measure": text, "value": pl.Float64(),
    }  # fmt: skip


def solution_schema() -> dict[str, Any]:
    """Columns and types of `solutions.parquet`."""
    import polars as pl

    text, number = pl.String(), pl.Float64()
    return {
        "policy": text, "at": text, "concept": text, "method": text, "status": text,
        "sentence": text, "player": text, "action": number, "profile": text, "value": number,
        "certificate": text, "residual": number, "relative": number, "exact": pl.Boolean(),
        "complete": pl.Boolean(), "selection": text, "found": pl.Int64(), "grid": pl.Int64(),
    }  # fmt: skip


def _places(scenario: Scenario) -> dict[str, dict[str, Any]]:
    made = sweep.combinations(scenario.study.vary)
    at = {hashing.canonical(dict(place)) for place in made}
    return {"policy": {"allowed": tuple(scenario.policies)}, "at": {"allowed": at}}


def _measured(scenario: Scenario) -> dict[str, dict[str, Any]]:
    asked = tuple(scenario.compare.measure)
    return {
        **_places(scenario),
        "source": {"allowed": (AGENTS, THEORY)},
        # "distance to nash" is a measure of the family "distance"
        "measure": {"holds": lambda name: name.startswith(asked)},
    }


def _frame(rows: list[tuple[Any, ...]]) -> polars.DataFrame:
    import polars as pl

    return pl.DataFrame(rows, schema=measure_schema(), orient="row")


def _solution_frame(task: PointTask, solved: Mapping[str, Any]) -> polars.DataFrame:
    """One row a player and solution; one row without a player where nothing was found."""
    import polars as pl

    rows = []
    at = hashing.canonical(dict(task.at))
    for concept, data in solved["solutions"].items():
        proof = data["certificate"] or {}
        shared = (
            *(task.policy, at, concept),
            *(data[key] for key in ("method", "status", "sentence")),
        )
        proved = (
            *(proof.get(key) for key in ("kind", "residual", "relative", "exact", "complete")),
            *(data["selection"], data["found"], data.get("grid") or None),
        )
        found = zip(data["players"], data["profile"], data["values"], strict=False)
        for player, part, value in list(found) or [(None, None, None)]:
            single = part if isinstance(part, float) else None
            profile = None if part is None else hashing.canonical(part)
            rows.append((*shared, player, single, profile, value, *proved))
    return pl.DataFrame(rows, schema=solution_schema(), orient="row")
