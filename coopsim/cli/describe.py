"""`coopsim describe`: all there is to know about one name."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopsim.cli import study, text
from coopsim.cli.files import shown
from coopsim.cli.options import Json, Trust
from coopsim.errors import UnknownName

if TYPE_CHECKING:
    from coopsim.catalogue import Entry
    from coopsim.registry import Registration

_REGISTERED = ("concept", "solver", "measure", "experiment", "rubric")


def describe(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A game, agent, concept, solver, measure or scenario."),
    ],
    as_json: Json = False,
    trust: Trust = None,
) -> None:
    """Describe one name: facts, parameters, references."""
    found = _found(name)
    if as_json:
        text.show_json({"found": found})
        return
    for place, item in enumerate(found):
        text.show(*([""] if place else []), *_lines(item))


def _found(name: str) -> list[dict[str, Any]]:
    """Everything that has this name: it may be a concept and an agent at once."""
    from coopsim import catalogue, content, registry

    found, known = [], []
    for kind in ("game", "agent"):
        try:
            found.append(_entry(catalogue.entry(kind, name)))
        except UnknownName as error:
            if error.file is not None:
                raise  # the name is known, and its file names something unknown
            known += catalogue.known(kind)
    for kind in _REGISTERED:
        entries = registry.registrations(kind)
        known += entries
        if name in entries:
            found.append(_registered(entries[name]))
    path = content.find("scenarios", name)
    if path is not None and not any(item.get("file") == shown(path) for item in found):
        found.append(_scenario(path))
    if not found:
        raise UnknownName("name", name, dict.fromkeys([*known, *content.names("scenarios")]))
    return found


def _entry(entry: Entry) -> dict[str, Any]:
    """A game or an agent."""
    from coopsim import parameters
    from coopsim.games.catalogue import card
    from coopsim.scenario import reference

    if entry.kind == "game":
        facts = parameters.dump(card(entry))
    else:
        facts = {"title": entry.card.get("title", ""), "summary": inspect.getdoc(entry.cls) or ""}
    given = {} if entry.path is None else entry.resolve({})
    rows = reference.rows(entry.cls, given)
    return {
        "kind": entry.kind,
        "name": entry.name,
        "file": None if entry.path is None else shown(entry.path),
        **facts,
        "parameters": [
            {
                "key": row.path,
                "type": row.type,
                "range": row.range,
                "default": row.default,
                "meaning": row.meaning,
            }
            for row in rows
        ],
    }


def _registered(item: Registration) -> dict[str, Any]:
    """A concept, a solver or a measure."""
    loaded = item.load()
    facts: dict[str, Any] = {"kind": item.kind, "name": item.name, "summary": item.summary}
    if item.kind == "solver":
        facts |= {
            "solves": f"{item.tags.get('problem')} on {item.tags.get('form')} forms",
            "about": inspect.getdoc(inspect.getmodule(loaded)) or "",
            "options": _options(loaded),
        }
    elif item.kind == "experiment":
        facts |= _experiment(loaded)
    elif item.kind == "rubric":
        facts |= _rubric(loaded)
    elif item.kind == "concept":
        facts |= {
            "meaning": loaded.meaning,
            "problem": loaded.problem,
            "form": loaded.form or "the first of the game's that has a method",
            "form_options": dict(loaded.options),
            "solvers": _solvers(loaded.problem),
        }
    else:
        facts |= {
            "meaning": loaded.meaning,
            "unit": loaded.unit,
            "better": loaded.better,
            "standard": bool(item.tags.get("standard")),
        }
    return facts


def _experiment(cls: Any) -> dict[str, Any]:
    """An experiment's card, measures and parameters."""
    from coopsim import parameters
    from coopsim.scenario import reference

    return {
        **parameters.dump(cls.card),
        "measures": dict(cls.measures),
        "parameters": [dataclasses.asdict(row) | {"key": row.path} for row in reference.rows(cls)],
    }


def _rubric(held: Any) -> dict[str, Any]:
    """A rubric's case, its points, and what they are given for."""
    points: dict[str, float] = {}
    for line in held.criteria:
        points[line.kind] = points.get(line.kind, 0) + line.most
    return {
        "title": held.title,
        "about": held.about,
        "simulations": [variant.name for variant in held.variants],
        "points": f"{sum(points.values()):g}",
        "of which": {kind: f"{most:g}" for kind, most in points.items()},
        "references": list(held.references),
        "notes": [
            f"{line.group}: {line.name}, {line.most:g} points, {line.kind}"
            for line in held.criteria
        ],
    }


def _options(solver: Any) -> dict[str, Any]:
    """The options of a solver with their defaults."""
    given = inspect.signature(solver).parameters.values()
    return {
        option.name: option.default
        for option in given
        if option.name != "form" and option.default is not inspect.Parameter.empty
    }


def _solvers(problem: str) -> list[str]:
    from coopsim import registry

    entries = registry.registrations("solver").items()
    return [name for name, item in entries if item.tags.get("problem") == problem]


def _scenario(path: Path) -> dict[str, Any]:
    from coopsim.scenario.load import load

    if study.means_sweep(str(path)):
        return _sweep(path)
    scenario = load(path)
    return {
        "kind": "scenario",
        "name": scenario.name,
        "file": scenario.document.file,
        "title": scenario.title,
        "description": scenario.description,
        "game": scenario.resolved["game"]["use"],
        "policies": list(scenario.policies),
        "agents": list(scenario.resolved["agents"]),
        "lineups": [lineup.name for lineup in scenario.point().lineups],
        "concepts": list(scenario.solve.concepts),
        "measures": list(scenario.compare.measure),
        "hash": scenario.hash,
    }


def _sweep(path: Path) -> dict[str, Any]:
    from coopsim.scenario.sweepfile import load_sweep

    sweep = load_sweep(path)
    return {
        "kind": "sweep",
        "name": sweep.name,
        "file": sweep.document.file,
        "title": sweep.title,
        "description": sweep.description,
        "experiment": sweep.resolved["experiment"]["use"],
        "varied": {name: len(values) for name, values in sweep.axes.items()},
        "configurations": sweep.count,
        "targets": len(sweep.targets),
        "hash": sweep.hash,
    }


def _lines(item: dict[str, Any]) -> list[str]:
    """A description as text: what it is, facts, parameters, then longer notes."""
    head = text.strong(f"{item['kind']} {item['name']}")
    title = item.get("title") or ""
    lines = [f"{head}: {title}" if title else head]
    for key in ("summary", "meaning", "description", "about"):
        if item.get(key):
            lines += text.paragraph(str(item[key]))
    facts = [
        (key.replace("_", " "), _plain(value))
        for key, value in item.items()
        if key not in _TOLD and value not in (None, "", [], {})
    ]
    if facts:
        lines += ["", *text.table(("", ""), facts)]
    if item.get("parameters"):
        lines += ["", f"  {text.strong('parameters')}"]
        for row in item["parameters"]:
            lines += _parameter(row)
    for key in ("references", "notes"):
        if item.get(key):
            lines += ["", f"  {text.strong(key)}"]
            for entry in item[key]:
                lines += text.paragraph(f"- {entry}", 4)
    return lines


def _parameter(row: Mapping[str, str]) -> list[str]:
    """One parameter: what may stand there and what does, then what it means."""
    allowed = "; ".join(filter(None, (row["type"], row["range"])))
    default = f" = {row['default']}" if row["default"] else ""
    return [
        f"    {text.strong(row['key'])}{default}  ({allowed})",
        *text.paragraph(row["meaning"], 8),
    ]


_TOLD = (
    "kind", "name", "title", "summary", "meaning", "description", "about", "parameters",
    "references", "notes",
)  # fmt: skip
"""What is not among the facts: it has a place of its own."""


def _plain(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return str(value)
