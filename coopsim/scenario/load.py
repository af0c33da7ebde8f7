"""Load a scenario: find the file, read it, apply `--set`, check everything that can be checked."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from coopsim import catalogue, content, yamlfile
from coopsim.errors import UnknownName, UserError
from coopsim.measure.measures import applicable, require_applicable
from coopsim.scenario import place, shape, sweep
from coopsim.scenario.scenario import Lineup, Point, Scenario
from coopsim.scenario.schema import KEYS

__all__ = ["Lineup", "Point", "Scenario", "find", "load"]

LOOKS = 1_000
"""How many values and combinations a check looks at; the plan of a run looks at all."""

_SETTABLE = tuple(key for key in KEYS if key != "coopsim")


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
        scenario = Scenario("scenario", _document(source))
    else:
        path = find(str(source))
        with content.unquoted(path):
            document = dataclasses.replace(yamlfile.read_once(path), file=shown(path))
        scenario = Scenario(path.stem, document, path)
    catalogue.check_format(scenario.document)
    with scenario.placed():
        shape.check(scenario.data)
    if overrides:
        scenario = _overridden(scenario, overrides)
    _check(scenario)
    return scenario


def find(name: str) -> Path:
    """The scenario file that a name or path means. Raises `UnknownName`."""
    path = content.find("scenarios", name)
    if path is None:
        # os.path.exists is False where Path.exists raises, as for names that are too long
        if Path(name).suffix in (".yaml", ".yml") or os.path.exists(name):
            return Path(name)  # reading it gives the right message
        raise UnknownName("scenario", name, content.names("scenarios"))
    return path


def shown(path: Path) -> str:
    """The path as messages show it: from the working directory, if it lies below."""
    inside = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)


def _document(data: Mapping[str, Any]) -> yamlfile.Document:
    """Plain data from Python, as if it had been read."""
    read = yamlfile.parse(yamlfile.dump(_with_text_keys(data)))
    return yamlfile.Document(read.data, "scenario", {})


def _with_text_keys(value: Any) -> Any:
    """Mappings with whole numbers as keys, as YAML has them in `seats: {1: nash}`."""
    if isinstance(value, Mapping):
        return {
            str(key) if type(key) is int else key: _with_text_keys(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_with_text_keys(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def _overridden(scenario: Scenario, overrides: Any) -> Scenario:
    """The scenario with `--set` applied to the file's data."""
    if not isinstance(overrides, Mapping):
        allowed = "a mapping from path to value, as {'game.gamma': 0.8}"
        raise UserError("must be a mapping", key="overrides", given=overrides, allowed=allowed)
    paths = tuple(_path(path, scenario.resolved) for path in overrides)

    def changed(data: Mapping[str, Any]) -> Scenario:
        held = scenario.document
        document = yamlfile.Document(dict(data), held.file, held.lines)
        made = Scenario(scenario.name, document, scenario.near, paths)
        with made.placed():
            shape.check(data)
        return made

    try:
        data, _ = sweep.apply(
            scenario.bare,
            scenario.resolved,
            overrides,
            lambda data: changed(data).resolved,
            _SETTABLE,
        )
    except UserError as error:
        raise error.at(file="--set") from None
    return changed(data)


def _path(path: str, data: Mapping[str, Any]) -> place.Path:
    try:
        return sweep.keys(path, data)
    except UserError:  # a key that only comes with another `use`
        return tuple(path.split("."))


def _check(scenario: Scenario) -> None:
    """Resolve everything that a run will: the first thing wrong is raised.

    What needs no other file comes first, and games are built last, so that nothing of a file
    with a mistake in it is opened or made.
    """
    _ = scenario.study, scenario.solve, scenario.compare
    _ = scenario.resolved
    scenario.check_size()
    for policy, at in itertools.islice(_looks(scenario), LOOKS):
        scenario.situation(policy, at)
    asked = scenario.asked_measures
    for policy, at in itertools.islice(_looks(scenario), LOOKS):
        game = scenario.point(policy, at).game
        fitting = applicable(asked, game)
        asked = tuple(name for name in asked if name not in fitting)
    # policies may change the game: refused is what fits it under none of them
    with scenario.placed():
        try:
            require_applicable(asked, scenario.point().game)
        except UserError as error:
            raise place.set_path(error, ("compare", "measure")) from None


def _looks(scenario: Scenario) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy, and with every value of the sweep, one value at a time.

    The plan of a run checks the combinations.
    """
    for policy in scenario.policies:
        yield policy, {}
        for path, values in scenario.study.vary.items():
            for value in values:
                yield policy, {path: value}
