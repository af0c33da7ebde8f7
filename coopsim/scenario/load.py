"""Scenario: a checked, resolved scenario file, and its points."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coopsim import catalogue, content, hashing, parameters, registry, yamlfile
from coopsim.agents.agent import Agent
from coopsim.errors import UnknownName, UserError, nearest
from coopsim.games.game import Game
from coopsim.scenario import seats as seating
from coopsim.scenario import sweep
from coopsim.scenario.schema import KEYS, SECTIONS, STATUS_QUO, Compare, Solve, Study


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
    """

    name: str
    document: yamlfile.Document
    near: Path | None = None

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
        return self._section("study", Study)

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
        standard = [
            name
            for name, item in registry.registrations("measure").items()
            if item.tags.get("standard")
        ]
        return Compare(
            given.to or self.solve.concepts,
            given.measure or tuple(standard),
            given.confidence,
            given.resamples,
        )

    @functools.cached_property
    def policies(self) -> dict[str, dict[str, Any]]:
        """Named patches; the first is the reference."""
        return dict(self.data.get("policies") or {STATUS_QUO: {}})

    @functools.cached_property
    def resolved(self) -> dict[str, Any]:
        """The whole scenario with every default written out."""
        base = self.base
        return {
            "coopsim": catalogue.FORMAT,
            "title": self.title,
            "description": self.description,
            **base,
            "policies": self.policies,
            "study": parameters.dump(self.study),
            "solve": parameters.dump(self.solve),
            "compare": parameters.dump(self.compare),
        }

    @functools.cached_property
    def base(self) -> dict[str, Any]:
        """The resolved `game`, `agents` and `seats`, before any policy."""
        return self._resolve(self.data)

    @functools.cached_property
    def hash(self) -> str:
        """Content hash of everything that decides results (not the title)."""
        told = {"title", "description"}
        return hashing.digest({k: v for k, v in self.resolved.items() if k not in told})

    def seeds(self) -> tuple[int, ...]:
        """The seeds, one cell each."""
        seeds = self.study.seeds
        return tuple(range(seeds)) if isinstance(seeds, int) else seeds

    def points(self) -> Iterator[Point]:
        """Every policy at every combination of the sweep, policies innermost."""
        for at in sweep.combinations(self.study.vary):
            for policy in self.policies:
                yield self.point(policy, at)

    def point(self, policy: str | None = None, at: Mapping[str, Any] | None = None) -> Point:
        """One policy (the first where not said) at one combination of the sweep.

        Raises:
            UnknownName: no such policy.
            UserError: the policy or the sweep makes a value that cannot be used.
        """
        name = policy if policy is not None else next(iter(self.policies))
        if name not in self.policies:
            raise UnknownName("policy", name, self.policies)
        at = dict(at or {})
        # a policy is a rule imposed on the situation, so it wins over the sweep
        data = self._patched(at, ("study", "vary")) if at else self.data
        with self._place("policies", name):
            known = self._resolve(data) if at else self.base
            data = self._changed(data, known, self.policies[name], ("policies", name))
            resolved = self._resolve(data) if self.policies[name] else known
            game = self._game(resolved)
        agents = {key: self._agent(spec) for key, spec in resolved["agents"].items()}
        return Point(name, at, game, agents, self._lineups(resolved, game), resolved)

    def _section(self, name: str, cls: type[Any]) -> Any:
        with self._place(name):
            return parameters.build(cls, self.data.get(name) or {})

    def _patched(self, changes: Mapping[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
        with self._place(*place):
            return self._changed(self.data, self.base, changes, place)

    def _changed(
        self,
        data: Mapping[str, Any],
        resolved: Mapping[str, Any],
        changes: Mapping[str, Any],
        place: tuple[str, ...],
    ) -> dict[str, Any]:
        """`data` with changes applied; a changed `use` is resolved before the rest."""
        uses = {path: value for path, value in changes.items() if path.endswith(".use")}
        for part in (uses, {path: v for path, v in changes.items() if path not in uses}):
            for path, value in part.items():
                with self._place(*place, path):
                    if path.split(".")[0] not in sweep.ROOTS:
                        raise UserError(
                            "not something that a policy or a sweep can change",
                            given=path,
                            allowed="paths that begin with game. or agents.",
                            nearest=nearest(path.split(".")[0], sweep.ROOTS),
                        )
                    data = sweep.patched(data, resolved, {path: value})
                    # checked one by one, so that the message names the path at fault
                    resolved = self._resolve(data)
        return dict(data)

    def _resolve(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """`game`, `agents` and `seats` with defaults; every value checked."""
        agents = data.get("agents") or {}
        return {
            "game": self._filled("game", "game", data["game"]),
            "agents": {
                name: self._filled("agent", ("agents", name), spec) for name, spec in agents.items()
            },
            "seats": data.get("seats") or [],
        }

    def _filled(self, kind: str, place: str | tuple[str, ...], spec: Any) -> dict[str, Any]:
        path = (place,) if isinstance(place, str) else place
        with self._place(*path):
            given = dict(spec)
            use = given.pop("use")
            try:
                entry = catalogue.entry(kind, use, self.near)
            except UnknownName as error:
                error.key = error.key or "use"
                raise
            return {"use": use, **entry.resolve(given)}

    def _game(self, resolved: Mapping[str, Any]) -> Game:
        given = dict(resolved["game"])
        game: Game = catalogue.make("game", given.pop("use"), given, self.near)
        return game

    def _agent(self, spec: Mapping[str, Any]) -> Agent:
        given = dict(spec)
        agent: Agent = catalogue.make("agent", given.pop("use"), given, self.near)
        return agent

    def _lineups(self, resolved: Mapping[str, Any], game: Game) -> tuple[Lineup, ...]:
        given = resolved["seats"]
        many = isinstance(given, list)
        made: list[Lineup] = []
        for position, item in enumerate(given if many else [given]):
            with self._place("seats", *([position] if many else [])):
                assigned = seating.assign(item, game.labels, list(resolved["agents"]))
                name = seating.lineup_name(assigned)
                if name in {other.name for other in made}:
                    raise UserError("this line-up is there twice", given=name)
                made.append(Lineup(name, assigned))
        return tuple(made)

    @contextmanager
    def _place(self, *path: str | int) -> Iterator[None]:
        """Errors raised inside get the file, the line and the whole key."""
        try:
            yield
        except UserError as error:
            if error.file is None:
                inner = getattr(error, "path", ()) or ((error.key,) if error.key else ())
                if tuple(inner[: len(path)]) != path:
                    inner = (*path, *inner)
                error.file = self.document.file
                error.line = self.document.line(inner)
                error.key = parameters.dotted(inner)
            raise


def load(
    source: str | Path | Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> Scenario:
    """Read and check a scenario.

    Args:
        source: a path, the name of a scenario in a `scenarios` folder
            ("coopetition/samsung-sony"), or the scenario as plain data.
        overrides: path -> value, as with `--set`; a path must exist.

    Raises:
        UserError: the first thing wrong: file, line, key, what was given and what is allowed.

    Example:
        >>> load("coopetition/samsung-sony", {"game.gamma": 0.8}).point().game.gamma
        0.8
    """
    if isinstance(source, Mapping):
        document, name, near = yamlfile.Document(dict(source), "scenario", {}), "scenario", None
    else:
        path = _find(str(source))
        document, name, near = yamlfile.read(path), path.stem, path
    _check_shape(document)
    scenario = Scenario(name, document, near)
    if overrides:
        scenario = _overridden(scenario, overrides)
    _check(scenario)
    return scenario


def _find(name: str) -> Path:
    path = content.find("scenarios", name)
    if path is None:
        if Path(name).suffix in (".yaml", ".yml") or Path(name).exists():
            return Path(name)  # reading it gives the right message
        raise UnknownName("scenario", name, content.names("scenarios"))
    return path


def _overridden(scenario: Scenario, overrides: Mapping[str, Any]) -> Scenario:
    """The scenario with `--set` applied to the file's data."""
    data = scenario.data
    for path, value in overrides.items():
        try:
            data = sweep.patched(data, {**scenario.resolved, "policies": scenario.policies}, {path: value})
        except UserError as error:
            raise error.at(file="--set") from None
    changed = yamlfile.Document(dict(data), scenario.document.file, scenario.document.lines)
    _check_shape(changed)
    return Scenario(scenario.name, changed, scenario.near)


def _check_shape(document: yamlfile.Document) -> None:
    """Top-level keys, and sections that are mappings of the right kind."""
    catalogue.check_format(document)
    for key in document.data:
        if key not in KEYS:
            raise document.error(
                "unknown key", (key,), given=key, allowed=list(KEYS), nearest=nearest(key, KEYS)
            )
    for key in ("title", "description"):
        if not isinstance(document.data.get(key, ""), str):
            raise document.error("must be text", (key,), given=document.data[key], allowed="text")
    for key in ("agents", "policies", *SECTIONS):
        _need_mapping(document, (key,), document.data.get(key, {}))
    if "game" not in document.data:
        raise document.error("missing", ("game",), allowed="a game: {use: name, ...}")
    _need_use(document, ("game",), document.data["game"])
    for name, spec in document.data.get("agents", {}).items():
        _need_use(document, ("agents", name), spec)
    if "policies" in document.data and not document.data["policies"]:
        raise document.error(
            "names no policy", ("policies",), given={}, allowed="at least one, such as status quo: {}"
        )
    for name, patch in document.data.get("policies", {}).items():
        _need_mapping(document, ("policies", name), patch)
    _check_seats_shape(document)


def _check_seats_shape(document: yamlfile.Document) -> None:
    seats, agents = document.data.get("seats"), document.data.get("agents")
    if agents and not seats:
        raise document.error("agents are declared but nobody is seated", ("seats",), allowed=KEYS["seats"])
    if seats and not agents:
        raise document.error("seats need agents", ("seats",), allowed="an agents section")
    many = isinstance(seats, list)
    for position, item in enumerate(seats if many else [seats or {}]):  # type: ignore[arg-type]
        path = ("seats", position) if many else ("seats",)
        _need_mapping(document, path, item)
        for key, value in item.items():
            if not isinstance(value, str):
                raise document.error(
                    "must name an agent", (*path, key), given=value, allowed=list(agents or {})
                )


def _need_mapping(document: yamlfile.Document, path: Sequence[str | int], value: Any) -> None:
    if not isinstance(value, Mapping):
        raise document.error("must be a mapping", path, given=value, allowed="key: value lines")


def _need_use(document: yamlfile.Document, path: tuple[str | int, ...], value: Any) -> None:
    _need_mapping(document, path, value)
    if not isinstance(value.get("use"), str):
        raise document.error(
            "must say what it uses", (*path, "use"), given=value.get("use"), allowed="a name"
        )


def _check(scenario: Scenario) -> None:
    """Every name and every value, each policy and each value of the sweep."""
    for kind, section, key, names in (
        ("concept", "solve", "concepts", scenario.solve.concepts),
        ("concept", "solve", "methods", tuple(scenario.solve.methods)),
        ("solver", "solve", "methods", tuple(scenario.solve.methods.values())),
        ("concept", "compare", "to", scenario.compare.to),
        ("measure", "compare", "measure", scenario.compare.measure),
    ):
        _check_names(scenario, kind, (section, key), names)
    for name in scenario.policies:
        scenario.point(name)
    for path, values in scenario.study.vary.items():
        for value in values:
            scenario.point(at={path: value})


def _check_names(
    scenario: Scenario, kind: str, path: tuple[str, str], names: Sequence[str]
) -> None:
    written = (scenario.data.get(path[0]) or {}).get(path[1]) or ()
    for name in names:
        if name not in written and not (isinstance(written, Mapping) and name in written.values()):
            continue  # a default, or written in another section, where it is checked
        try:
            registry.lookup(kind, name)
        except UnknownName as error:
            where: tuple[str | int, ...] = path
            if isinstance(written, list):
                where = (*path, written.index(name))
            elif isinstance(written, Mapping):
                where = (*path, next(k for k, v in written.items() if name in (k, v)))
            document = scenario.document
            raise error.at(
                file=document.file, line=document.line(where), key=parameters.dotted(where)
            ) from None
