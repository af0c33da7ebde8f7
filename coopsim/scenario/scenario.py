"""Scenario: a checked, resolved scenario file, and its points."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from coopsim import catalogue, hashing, parameters, registry, yamlfile
from coopsim.agents.agent import Agent, Rules
from coopsim.errors import CoopsimError, UnknownName, UserError
from coopsim.games.game import Game, action_limits
from coopsim.scenario import place, resolve, size, sweep
from coopsim.scenario import seats as seating
from coopsim.scenario.schema import STATUS_QUO, Compare, Solve, Study


@dataclass(frozen=True)
class Lineup:
    """Who sits where: a name, and one agent name a player."""

    name: str
    agents: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """One policy at one combination of the sweep.

    Args:
        policy: the policy's name.
        at: the sweep's values here, path -> value.
        game: the game under this policy.
        agents: every declared agent, by name.
        lineups: the line-ups to play.
        data: the resolved `game` and `agents` sections.
    """

    policy: str
    at: Mapping[str, Any]
    game: Game
    agents: Mapping[str, Agent]
    lineups: tuple[Lineup, ...]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A scenario, checked: every name exists and every number is in range.

    Args:
        name: the file's name without folders and suffix, or "scenario".
        document: what was read, for messages that point at a line.
        near: where names are looked up first.
        overridden: key paths that `--set` changed.
    """

    name: str
    document: yamlfile.Document
    near: Path | None = None
    overridden: tuple[place.Path, ...] = ()

    @property
    def data(self) -> Mapping[str, Any]:
        """The scenario as written, `--set` applied."""
        return self.document.data

    @property
    def title(self) -> str:
        """The question in one line."""
        return str(self.data.get("title") or self.name)

    @property
    def description(self) -> str:
        """What the scenario is about."""
        return str(self.data.get("description") or "")

    @functools.cached_property
    def study(self) -> Study:
        """Episodes, sweep and seeds."""
        return cast(Study, self._section("study", Study))

    @functools.cached_property
    def solve(self) -> Solve:
        """Solutions to compute; the concepts include those of `compare.to`."""
        given, to = self._section("solve", Solve), self._section("compare", Compare).to
        concepts = tuple(dict.fromkeys([*given.concepts, *to])) or ("nash", "social optimum")
        return Solve(concepts, given.tol, given.deadline, given.methods)

    @functools.cached_property
    def compare(self) -> Compare:
        """What agents are compared with, defaults filled in."""
        given = self._section("compare", Compare)
        return Compare(
            given.to or self.solve.concepts,
            given.measure or _standard_measures(),
            given.confidence,
            given.resamples,
            given.rubric,
        )

    @property
    def asked_measures(self) -> tuple[str, ...]:
        """The measures asked for by name, each of which should fit the game.

        The standard set is what fits of it, also where it is written out, as in a resolved file.
        """
        names = self.compare.measure
        return () if set(names) == set(_standard_measures()) else names

    @functools.cached_property
    def policies(self) -> dict[str, dict[str, Any]]:
        """Named patches; the first is the reference."""
        return dict(self.data.get("policies") or {STATUS_QUO: {}})

    @functools.cached_property
    def resolved(self) -> dict[str, Any]:
        """The whole scenario with every default written out."""
        return {
            "coopsim": catalogue.FORMAT,
            "title": self.title,
            "description": self.description,
            **self.base,
            "policies": self.policies,
            "study": parameters.dump(self.study),
            "solve": parameters.dump(self.solve),
            "compare": parameters.dump(self.compare),
        }

    @functools.cached_property
    def base(self) -> dict[str, Any]:
        """The resolved `game`, `agents` and `seats`, before any policy."""
        with self.placed():
            return resolve.situation(self.data, self.near, self._kept)

    @functools.cached_property
    def bare(self) -> dict[str, Any]:
        """The scenario without what only repeats a default: what policies are laid over."""
        with self.placed():
            return resolve.bare(self.data, self.near)

    @functools.cached_property
    def hash(self) -> str:
        """Content hash of everything that decides results (not the title).

        The order of keys does not count, except for which policy is the first.
        """
        told = {"title", "description"}
        decides = {key: value for key, value in self.resolved.items() if key not in told}
        return hashing.digest({**decides, "reference": next(iter(self.policies))})

    def seeds(self) -> tuple[int, ...]:
        """The seeds, one cell each."""
        seeds = self.study.seeds
        return tuple(range(seeds)) if isinstance(seeds, int) else seeds

    @property
    def count(self) -> int:
        """The number of points: policies times combinations of the sweep."""
        return size.count_points(self.study, len(self.policies))

    def check_size(self) -> None:
        """Refuse numbers that no run folder, memory or life time could hold.

        Raises:
            UserError: with the line, the size and what would fit.
        """
        with self.placed():
            size.check_cells(self.study, len(self.policies), bool(self.data.get("seats")))
            size.check_resamples(self.compare, size.count_seeds(self.study))

    def points(self) -> Iterator[Point]:
        """Every policy at every combination of the sweep, policies innermost."""
        for at in sweep.combinations(self.study.vary):
            for policy in self.policies:
                yield self.point(policy, at)

    def point(self, policy: str | None = None, at: Mapping[str, Any] | None = None) -> Point:
        """One policy (the first where not said) at one combination of the sweep.

        A policy is a rule imposed on the situation, so it wins over the sweep.

        Raises:
            UnknownName: no such policy.
            UserError: the policy or the sweep makes a value that cannot be used.
        """
        name, at = self._named(policy), dict(at or {})
        known = self.situation(name, at)
        with self.placed("game"):
            game = resolve.game(known["game"], self.near)
            _ = game.labels  # an adapter makes what it stands for when it is first asked
        agents = {
            key: resolve.agent(spec, self.near, self._kept) for key, spec in known["agents"].items()
        }
        with self.placed(), _told(name if self.policies[name] else "", at):
            lineups = _lineups(known["seats"], game, agents)
            size.check_play(game, agents, [lineup.agents for lineup in lineups], self.study)
        return Point(name, at, game, agents, lineups, known)

    def situation(
        self, policy: str | None = None, at: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """The resolved `game`, `agents` and `seats` of a point, which is not built yet.

        Raises:
            UnknownName: no such policy.
            UserError: the policy or the sweep makes a value that cannot be used.
        """
        name, at = self._named(policy), dict(at or {})
        data, known = self._swept(self.bare, self.base, at)
        with self.placed("policies", name):
            _, known = sweep.apply(data, known, self.policies[name], self._resolve)
        with self.placed(), _told(name if self.policies[name] else "", at):
            _check_seats(known)
        return known

    @contextmanager
    def placed(self, *path: str | int) -> Iterator[None]:
        """Errors raised inside point below `path` of this file: file, line and whole key."""
        try:
            with place.below(*path):
                yield
        except UserError as error:
            where = place.path_of(error)
            if error.file is None and any(place.overlap(where, own) for own in self.overridden):
                error.file = "--set"
            elif error.file is None:
                error.file, error.line = self.document.file, self.document.line(where)
            raise

    @functools.cached_property
    def _kept(self) -> resolve.Kept:
        """Games and agents resolved so far; most points share most of them."""
        return {}

    def _named(self, policy: str | None) -> str:
        name = policy if policy is not None else next(iter(self.policies))
        if name not in self.policies:
            raise UnknownName("policy", name, self.policies)
        return name

    def _section(self, name: str, cls: type[Any]) -> Any:
        with self.placed(name):
            return parameters.build(cls, self.data.get(name) or {})

    def _resolve(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return resolve.situation(data, self.near, self._kept)

    def _swept(
        self, data: Mapping[str, Any], known: Mapping[str, Any], at: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The data with the sweep's values, and the same resolved."""
        with self.placed("study", "vary"):
            try:
                return sweep.apply(data, known, at, self._resolve)
            except UserError as error:
                if error.file is None:
                    self._point_at_value(error, at, known)
                raise

    def _point_at_value(
        self, error: UserError, at: Mapping[str, Any], known: Mapping[str, Any]
    ) -> None:
        """Point an error at one value of the sweep: each may stand on a line of its own."""
        change, *rest = place.path_of(error)
        values = list(self.study.vary.get(str(change), ()))
        if at.get(str(change)) in values and sweep.exists(str(change), known):
            place.set_path(error, (change, values.index(at[str(change)]), *rest))


def _standard_measures() -> tuple[str, ...]:
    measures = registry.registrations("measure").items()
    return tuple(name for name, item in measures if item.tags.get("standard"))


@contextmanager
def _told(policy: str, at: Mapping[str, Any]) -> Iterator[None]:
    """Errors raised inside say under which policy and sweep values they come up."""
    try:
        yield
    except UserError as error:
        under = [f"under policy {policy!r}"] if policy else []
        under += [f"with {path} = {value}" for path, value in at.items()]
        error.problem += f" ({', '.join(under)})" if under else ""
        raise


def _check_seats(known: Mapping[str, Any]) -> None:
    """Refuse seats of agents that are not declared, before there is a game to look at."""
    for path, item in _seats(known["seats"]):
        with place.below(*path):
            seating.check_agents(item, list(known["agents"]))


def _seats(given: Any) -> Iterator[tuple[place.Path, Mapping[str, str]]]:
    """Each line-up as it is written, with its place in the file."""
    many = isinstance(given, list)
    for position, item in enumerate(given if many else [given]):
        yield ("seats", *([position] if many else [])), item


def _require_numbers(game: Game) -> None:
    """Refuse seats in a game that agents cannot play yet. Raises `UserError`."""
    try:
        action_limits(game)
    except CoopsimError:
        raise place.at(
            f"agents cannot play {game.card.title or type(game).__name__} yet: its players do not "
            "choose numbers from intervals, as many as each other",
            ("seats",),
            given=str(game.action_space(0)),
            allowed="no agents and no seats: the game is solved all the same",
        ) from None


def _lineups(given: Any, game: Game, agents: Mapping[str, Agent]) -> tuple[Lineup, ...]:
    """The line-ups; every agent has looked at its seat."""
    made: dict[str, Lineup] = {}
    rules = Rules(game, agents)
    if given:
        _require_numbers(game)
    for path, item in _seats(given):
        with place.below(*path):
            assigned = seating.assign(item, game.labels, list(agents))
            name = seating.lineup_name(assigned)
            if name in made:
                raise UserError("this line-up is there twice", given=name, allowed="each once")
        made[name] = Lineup(name, assigned)
        for player, agent in enumerate(assigned):
            with place.below("agents", agent):
                agents[agent].check(rules, player)
    return tuple(made.values())
