"""The outline of a scenario file: its top-level keys, and sections that are what they should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coopsim.errors import nearest
from coopsim.scenario import place
from coopsim.scenario.schema import KEYS, SECTIONS

_OF_SWEEPS = ("experiment", "targets")  # keys of sweep files that scenarios do not have

MOST_CHANGES = 200
"""The most values that a policy changes."""


def check(data: Mapping[str, Any]) -> None:
    """Refuse what is no scenario in outline. Raises `UserError` with the path at fault."""
    if "game" not in data and "use" in data:
        raise place.at(
            "this is a game or an agent, not a scenario",
            ("use",),
            given=data["use"],
            allowed="a game: {use: NAME} section",
        )
    if "game" not in data and "experiment" in data:
        raise place.at(
            "this is a sweep of an experiment, not a scenario",
            ("experiment",),
            allowed="coopsim study, which runs it; or a game: {use: NAME} section",
        )
    # without a game it may be meant as a sweep, whose keys are others
    known = [*KEYS] if "game" in data else [*KEYS, *_OF_SWEEPS]
    for key in data:
        if key not in KEYS:
            raise place.at(
                "unknown key", (key,), given=key, allowed=known, nearest=nearest(key, known)
            )
    for key in ("title", "description"):
        if not isinstance(data.get(key, ""), str):
            raise place.at("must be text", (key,), given=_shown(data[key]), allowed="text")
    for key in ("agents", "policies", *SECTIONS):
        _need_mapping((key,), data.get(key, {}))
    if "game" not in data:
        raise place.at("missing", ("game",), allowed="game: {use: NAME, ...}")
    need_use(("game",), data["game"])
    for name, spec in data.get("agents", {}).items():
        need_use(("agents", name), spec)
    _check_policies(data)
    _check_seats(data)


def need_use(path: place.Path, spec: Any) -> None:
    """Refuse a game or an agent that does not say what it uses."""
    if not isinstance(spec, Mapping):
        raise place.at("must be a mapping", path, given=_shown(spec), allowed="{use: NAME, ...}")
    close = None if "use" in spec else nearest("use", spec)
    if close is not None:
        raise place.at(
            "must say what it uses", (*path, close), given=close, allowed="use: NAME", nearest="use"
        )
    if not isinstance(spec.get("use"), str):
        given = _shown(spec["use"]) if "use" in spec else None
        raise place.at("must say what it uses", (*path, "use"), given=given, allowed="a name")


def _check_policies(data: Mapping[str, Any]) -> None:
    if "policies" in data and not data["policies"]:
        raise place.at(
            "names no policy",
            ("policies",),
            given="{}",
            allowed="at least one, such as status quo: {}",
        )
    for name, patch in data.get("policies", {}).items():
        _need_mapping(("policies", name), patch)
        if len(patch) > MOST_CHANGES:
            raise place.at(
                "too many changes: each is laid over the others and looked at",
                ("policies", name),
                given=f"{len(patch):,} changes",
                allowed=f"at most {MOST_CHANGES} a policy; a game or agent file of its own",
            )


def _check_seats(data: Mapping[str, Any]) -> None:
    seats, agents = data.get("seats"), data.get("agents")
    if agents and not seats:
        raise place.at(
            "agents are declared but nobody is seated", ("seats",), allowed=KEYS["seats"]
        )
    if seats and not agents:
        raise place.at(
            "seats need agents", ("seats",), given=_shown(seats), allowed="an agents section"
        )
    many = isinstance(seats, list)
    for position, item in enumerate(seats if isinstance(seats, list) else [seats or {}]):
        path: place.Path = ("seats", position) if many else ("seats",)
        _need_mapping(path, item)
        for key, value in item.items():
            if not isinstance(value, str):
                raise place.at(
                    "must name an agent",
                    (*path, key),
                    given=_shown(value),
                    allowed=list(agents or {}),
                )


def _need_mapping(path: place.Path, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise place.at(
            "must be a mapping", path, given=_shown(value), allowed="lines of key: value"
        )


def _shown(value: Any) -> Any:
    """The value as it can be shown; an error's `given` of None means that nothing was given."""
    return "nothing" if value is None else value
