"""The situation of a scenario: its game and agents with every default, and as objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias, cast

from coopsim import catalogue, hashing, parameters
from coopsim.agents.agent import Agent
from coopsim.errors import UserError
from coopsim.games.game import Game
from coopsim.scenario import place, shape

Kept: TypeAlias = dict[tuple[str, str], Any]
"""What was made before: (kind, canonical text of the section) -> resolved section or agent."""


def situation(data: Mapping[str, Any], near: Path | None, kept: Kept) -> dict[str, Any]:
    """`game`, `agents` and `seats` with defaults; every value checked.

    Every name is found before the first file is opened, and nothing is built that is more than
    its parameters: what an adapter stands for is made when it is first asked for.

    Args:
        data: the scenario as written, or changed by a policy.
        near: where names are looked up first.
        kept: filled and used, so that what does not change is resolved once.

    Raises:
        UserError: with the path at fault, from the top of the scenario.
    """
    agents = data.get("agents") or {}
    _find("game", ("game",), data["game"], near, kept)
    for name, spec in agents.items():
        _find("agent", ("agents", name), spec, near, kept)
    return {
        "game": _filled("game", ("game",), data["game"], near, kept),
        "agents": {
            name: _filled("agent", ("agents", name), spec, near, kept)
            for name, spec in agents.items()
        },
        "seats": data.get("seats") or [],
    }


def bare(data: Mapping[str, Any], near: Path | None) -> dict[str, Any]:
    """`data` without those keys of its game and agents that only repeat a default.

    A resolved file writes every default out. Where a policy then changes `use`, the old
    one's defaults must not stand in the way of the new one's keys.
    """
    agents = data.get("agents") or {}
    return {
        **data,
        "game": _bare("game", data["game"], near),
        **({"agents": {k: _bare("agent", v, near) for k, v in agents.items()}} if agents else {}),
    }


def game(spec: Mapping[str, Any], near: Path | None) -> Game:
    """The game of a resolved section."""
    return cast(Game, _make("game", spec, near))


def agent(spec: Mapping[str, Any], near: Path | None, kept: Kept) -> Agent:
    """The agent of a resolved section, one object for equal sections."""
    key = "made", hashing.canonical(spec)
    if key not in kept:
        kept[key] = _make("agent", spec, near)
    return cast(Agent, kept[key])


def _bare(kind: str, spec: Mapping[str, Any], near: Path | None) -> dict[str, Any]:
    entry = catalogue.entry(kind, spec["use"], near)
    standard = catalogue.merge(parameters.defaults(entry.cls), entry.given)
    return {
        key: value
        for key, value in spec.items()
        if key == "use" or key not in standard or standard[key] != value
    }


def _make(kind: str, spec: Mapping[str, Any], near: Path | None) -> Any:
    given = dict(spec)
    return catalogue.make(kind, given.pop("use"), given, near)


def _find(kind: str, path: place.Path, spec: Any, near: Path | None, kept: Kept) -> None:
    """Refuse a section whose `use` means nothing. Opens no file."""
    shape.need_use(path, spec)
    if (kind, hashing.canonical(spec)) not in kept:
        with place.below(*path), _naming():
            catalogue.find(kind, spec["use"], near)


@contextmanager
def _naming() -> Iterator[None]:
    """Errors raised inside about a name alone are about `use`."""
    try:
        yield
    except UserError as error:
        if error.file is None and not place.path_of(error):
            error.key = "use"
        raise


def _filled(
    kind: str, path: place.Path, spec: Any, near: Path | None, kept: Kept
) -> dict[str, Any]:
    shape.need_use(path, spec)
    key = kind, hashing.canonical(spec)
    if key not in kept:
        with place.below(*path):
            given = dict(spec)
            use = given.pop("use")
            with _naming():
                entry = catalogue.entry(kind, use, near)
            kept[key] = {"use": use, **entry.resolve(given)}
    return cast(dict[str, Any], kept[key])
