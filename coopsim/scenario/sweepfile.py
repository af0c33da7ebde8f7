"""Sweep files: an experiment over a grid of its parameters, and what should come out.

    coopsim: 1
    title: ...
    experiment: {use: coopetition/trust-targets, ceiling: building}
    study:
      vary: {build: [0.05, 0.1], erode: [0.15, 0.3]}
    targets:
      - {name: negativity ratio, measure: negativity_ratio, published: 3}

They lie with scenarios; what tells them apart is `experiment` in place of `game`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
from annotated_types import Ge, Le, MinLen

from coopsim import catalogue, content, hashing, parameters, registry, yamlfile
from coopsim.errors import UnknownName, UserError, nearest, shorten
from coopsim.measure.experiment import TRIAL, Columns, Experiment
from coopsim.measure.targets.target import Target, has
from coopsim.parameters import Parameters
from coopsim.scenario import place, sweep
from coopsim.scenario.load import find, shown
from coopsim.scenario.schema import refuse_twice

KEYS = {
    "coopsim": "version of the file format: 1",
    "title": "the question in one line",
    "description": "what the sweep is about, for the report",
    "experiment": "the experiment and the parameters that all configurations share",
    "study": "the grid: vary, trials, block",
    "targets": "what statistics of the measures should be",
}
"""Every top-level key with its meaning."""

_ALLOWED = {
    "experiment": "{use: NAME, ...}",
    "study": "lines of key: value",
    "targets": "a list of {name: TEXT, measure: NAME, ...}",
}

_LISTED = 100  # values that an error carries; a message shows fewer

MOST = 10_000_000
"""The most configurations of one sweep."""


@dataclass(frozen=True, slots=True)
class Grid(Parameters):
    """Which configurations are measured."""

    vary: dict[str, Annotated[tuple[Any, ...], MinLen(1)]] = field(default_factory=dict)
    """parameter -> list of values; several parameters are crossed, the last changing fastest"""
    trials: Annotated[int, Ge(1)] | None = None
    """draws of each configuration, for experiments that draw; they are counted in `trial`"""
    block: Annotated[int, Ge(1), Le(1_000_000)] = 4000
    """configurations computed and kept together"""

    def __post_init__(self) -> None:
        """Refuse a value that is there twice: one configuration would be counted as two."""
        for name, values in self.vary.items():
            refuse_twice(values, ("vary", name))


@dataclass(frozen=True)
class Sweep:
    """A sweep file, checked: every name exists and every value is in range.

    Args:
        name: the file's name without folders and suffix, or "sweep".
        document: what was read, for messages that point at a line.
        overridden: key paths that `--set` changed.
    """

    name: str
    document: yamlfile.Document
    overridden: tuple[place.Path, ...] = ()

    @property
    def title(self) -> str:
        """The question in one line."""
        return str(self.document.data.get("title") or self.name)

    @property
    def description(self) -> str:
        """What the sweep is about."""
        return str(self.document.data.get("description") or "")

    @functools.cached_property
    def experiment(self) -> Experiment:
        """The experiment with the values that all configurations share."""
        with self._placed("experiment"):
            given = dict(self.document.data["experiment"])
            try:
                cls = registry.lookup("experiment", given.pop("use")).load()
            except UnknownName as error:
                error.key = "use"
                raise
            return cast(Experiment, parameters.build(cls, given))

    @functools.cached_property
    def grid(self) -> Grid:
        """The grid as written."""
        with self._placed("study"):
            return parameters.build(Grid, self.document.data.get("study") or {})

    @functools.cached_property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Parameter -> values as the experiment takes them; trials are the last axis."""
        if self.count > MOST:
            alone = (self.grid.trials or 1) > MOST
            problem = UserError(
                "too many configurations", given=self.count, allowed=f"at most {MOST:,}"
            )
            raise self._at(problem, ("study", "trials" if alone else "vary"))
        made = {name: self._axis(name) for name in self.grid.vary}
        if self.grid.trials is not None:
            self._check_trials()
            made[TRIAL] = tuple(range(self.grid.trials))
        return made

    @functools.cached_property
    def targets(self) -> tuple[Target, ...]:
        """What should come out."""
        given = self.document.data.get("targets") or []
        _ = self.axes  # what is wrong with the grid is said of the grid
        made = []
        for position, item in enumerate(given):
            with self._placed("targets", position):
                made.append(parameters.build(Target, item))
                self._check_target(made[-1])
        return tuple(made)

    @functools.cached_property
    def resolved(self) -> dict[str, Any]:
        """The whole file with every default written out."""
        return {
            "coopsim": catalogue.FORMAT,
            "title": self.title,
            "description": self.description,
            "experiment": {
                "use": self.document.data["experiment"]["use"],
                **parameters.dump(self.experiment),
            },
            "study": parameters.dump(self.grid),
            "targets": [parameters.dump(target) for target in self.targets],
        }

    @functools.cached_property
    def hash(self) -> str:
        """Content hash of everything that decides results; the order of the grid counts."""
        decides = {key: self.resolved[key] for key in ("experiment", "study", "targets")}
        return hashing.digest({**decides, "order": list(self.grid.vary)})

    @property
    def count(self) -> int:
        """The number of configurations."""
        lengths = [len(values) for values in self.grid.vary.values()]
        return math.prod(lengths) * (self.grid.trials or 1)

    def blocks(self) -> Iterator[tuple[int, int]]:
        """First and last-plus-one configuration of each block."""
        for start in range(0, self.count, self.grid.block):
            yield start, min(start + self.grid.block, self.count)

    def columns(self, start: int, stop: int) -> Columns:
        """What is varied, for configurations `start` to `stop`, `[stop - start]` each."""
        index, made = np.arange(start, stop), {}
        if not self.axes:
            first = parameters.names(type(self.experiment))[0]
            return {first: np.array([getattr(self.experiment, first)])[index]}
        for name, values in reversed(self.axes.items()):
            index, digit = np.divmod(index, len(values))
            made[name] = np.array(values)[digit]
        return dict(reversed(made.items()))

    def _axis(self, name: str) -> tuple[Any, ...]:
        """The values of one parameter, each checked beside the shared ones."""
        known = parameters.names(type(self.experiment))
        values = self.grid.vary[name]
        if name not in known:
            raise self._at(
                UserError(
                    f"{self.document.data['experiment']['use']} has no such parameter",
                    given=name,
                    allowed=known,
                    nearest=nearest(name, known),
                ),
                ("study", "vary", name),
            )
        return tuple(self._value(name, place, value) for place, value in enumerate(values))

    def _value(self, name: str, position: int, value: Any) -> Any:
        path: place.Path = ("study", "vary", name, position)
        if not isinstance(value, int | float | str):
            raise self._at(
                UserError("cannot be varied", given=value, allowed="numbers, texts, true, false"),
                path,
            )
        try:
            shared = parameters.dump(self.experiment)
            made = parameters.build(type(self.experiment), {**shared, name: value})
        except UserError as error:
            raise self._at(error, (*path[:-1], *place.path_of(error)[1:], position)) from None
        return getattr(made, name)

    def _check_trials(self) -> None:
        names = parameters.names(type(self.experiment))
        if TRIAL not in names:
            problem = f"{self.document.data['experiment']['use']} draws nothing"
            raise self._at(UserError(problem, given=self.grid.trials), ("study", "trials"))
        if TRIAL in self.grid.vary:
            raise self._at(UserError("trial is varied as well"), ("study", "trials"))

    def _check_target(self, target: Target) -> None:
        names = [*parameters.names(type(self.experiment)), *self.experiment.measures]
        if target.measure not in self.experiment.measures:
            raise UnknownName("measure", target.measure, self.experiment.measures, key="measure")
        for name in target.where:
            if name not in names:
                error = UnknownName("parameter or measure", name, names)
                raise place.set_path(error, ("where", name))
            with place.below("where", name):
                self._check_picked(name, target.where[name])

    def _check_picked(self, name: str, wanted: Any) -> None:
        """Refuse values that no configuration has; those of a measure are not known yet."""
        many = isinstance(wanted, list | tuple)
        if many and not wanted:
            raise UserError("picks no configuration", given=wanted, allowed="at least one value")
        known = None
        if name not in self.experiment.measures:
            known = self.axes.get(name, (getattr(self.experiment, name),))
        for position, value in enumerate(wanted if many else [wanted]):
            plain = isinstance(value, bool | int | float | str)
            if plain and (known is None or has(known, value)):
                continue
            error = UserError(
                "no configuration has this",
                given="null" if value is None else '""' if value == "" else value,
                allowed="a number, text, true or false" if known is None else _texts(known),
            )
            raise place.set_path(error, (position,) if many else ())

    def _at(self, error: UserError, path: place.Path) -> UserError:
        """The error, pointing at a path of this file."""
        place.set_path(error, path)
        if any(place.overlap(path, own) for own in self.overridden):
            return error.at(file="--set")
        return error.at(file=self.document.file, line=self.document.line(path))

    @contextmanager
    def _placed(self, *path: str | int) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            raise self._at(error, (*path, *place.path_of(error))) from None


def _texts(values: Sequence[Any]) -> list[str]:
    """The first of the values, as they are written in a file."""
    return [shorten(value) for value in itertools.islice(values, _LISTED)]


def is_sweep(data: Mapping[str, Any]) -> bool:
    """Whether a file's data are a sweep, and not a scenario or a game."""
    return "experiment" in data and "game" not in data


def load_sweep(
    source: str | Path | Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> Sweep:
    """Read and check a sweep.

    Args:
        source: a path, the name of a file in a `scenarios` folder ("coopetition/tr2-sweep"),
            or the sweep as plain data.
        overrides: path -> value, as with `--set`; a path must exist.

    Raises:
        UserError: the first thing wrong: file, line, key, what was given and what is allowed.
    """
    if isinstance(source, Mapping):
        read = yamlfile.parse(yamlfile.dump(source))
        made = Sweep("sweep", yamlfile.Document(read.data, "sweep", {}))
    else:
        path = find(str(source))
        with content.unquoted(path):
            document = dataclasses.replace(yamlfile.read_once(path), file=shown(path))
        made = Sweep(path.stem, document)
    catalogue.check_format(made.document)
    _check_outline(made.document)
    return _checked(_overridden(made, overrides) if overrides else made)


def _checked(made: Sweep) -> Sweep:
    """The sweep, with everything looked at that a run will look at."""
    _ = made.axes, made.resolved
    return made


def _check_outline(document: yamlfile.Document) -> None:
    for key in document.data:
        if key not in KEYS:
            raise document.error(
                "unknown key", (key,), given=key, allowed=list(KEYS), nearest=nearest(key, KEYS)
            )
    for key in ("title", "description"):
        if not isinstance(document.data.get(key, ""), str):
            raise document.error("must be text", (key,), given=document.data[key], allowed="text")
    for key, kind in (("experiment", Mapping), ("study", Mapping), ("targets", list)):
        if key in document.data and not isinstance(document.data[key], kind):
            given = document.data[key]
            raise document.error(
                "must be a list" if kind is list else "must be a mapping",
                (key,),
                given="nothing" if given is None else given,
                allowed=_ALLOWED[key],
            )
    used = document.data.get("experiment", {})
    if not isinstance(used.get("use"), str):
        names = list(registry.registrations("experiment"))
        close = None if "use" in used else nearest("use", used)
        if close is not None:
            raise document.error(
                "must say what it uses",
                ("experiment", close),
                given=close,
                allowed="use: NAME",
                nearest="use",
            )
        path = ("experiment", "use") if used else ("experiment",)
        raise document.error("must say what it uses", path, given=used.get("use"), allowed=names)
    for position, item in enumerate(document.data.get("targets") or []):
        if not isinstance(item, Mapping):
            raise document.error(
                "must be a mapping",
                ("targets", position),
                given="nothing" if item is None else item,
                allowed="{name: TEXT, measure: NAME, ...}",
            )


def _overridden(made: Sweep, overrides: Mapping[str, Any]) -> Sweep:
    """The sweep with `--set` applied to the file's data."""
    try:
        paths = {path: _path(path, made) for path in overrides}
    except UserError as error:
        raise error.at(file="--set") from None
    data = yamlfile.parse(yamlfile.dump(made.document.data)).data
    for change, path in paths.items():
        _put(data, path, overrides[change])
    document = yamlfile.Document(data, made.document.file, made.document.lines)
    _check_outline(document)
    return Sweep(made.name, document, tuple(paths.values()))


def _path(path: str, made: Sweep) -> place.Path:
    """A dotted path as keys; one more key may begin to be varied or given."""
    head, _, last = path.rpartition(".")
    if head in ("study.vary", "experiment") and last:
        return (*head.split("."), last)
    return sweep.keys(path, {key: made.resolved[key] for key in KEYS if key != "coopsim"})


def _put(data: Any, path: place.Path, value: Any) -> None:
    for key, following in itertools.pairwise(path):
        data = data[key] if isinstance(key, int) else data.setdefault(key, {})
        if isinstance(data, list) and not isinstance(following, int):
            raise UserError("lists are set whole", file="--set", key=".".join(map(str, path)))
    data[path[-1]] = value
