"""Sections about the run rather than its results: what was asked, and where it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from coopsim import catalogue, registry
from coopsim.games.card import GameCard
from coopsim.report.facts import Facts
from coopsim.report.grid import Cell, Head, Row, Table, stretched, text_row
from coopsim.report.numerals import count, listing, plain, short
from coopsim.scenario import sweep
from coopsim.study.store import RunFolder

MOST_NAMES = 12
"""How many names (of players, of seeds) are spelt out."""

_FILES = ("manifest.json", "scenario.yaml", "solutions.parquet", "measures.parquet",
          "comparison.parquet", "rubrics.json")  # fmt: skip
_CONTENTS = (
    "versions, machine, times, seeds and counts",
    "the scenario with every default written out; it can be run again",
    "all solutions, one row a policy, sweep point, concept and player",
    "all measures of agents (by seed) and of theory, one value a row",
    "each policy against the reference, as predicted and as shown",
    "published rubrics, item by item",
)


def card(facts: Facts) -> GameCard:
    """The game's card: a content file's own where it has one, else its family's."""
    use = facts.scenario.resolved["game"]["use"]
    family: GameCard = facts.scenario.point().game.card
    own = catalogue.entry("game", use, facts.scenario.near).card
    changes: dict[str, Any] = {k: _text(own[k]) for k in ("title", "summary") if k in own}
    changes |= {k: tuple(own[k]) for k in ("references", "notes") if k in own}
    return replace(family, **changes)


def game_facts(facts: Facts) -> list[tuple[str, str]]:
    """What kind of game it is, in a few words each."""
    found, game = card(facts), facts.scenario.point().game
    return [
        ("uses", facts.scenario.resolved["game"]["use"]),
        ("players", f"{game.n}: {names(list(game.labels))}"),
        ("moves", f"{found.moves}, {game.rounds} rounds" if found.repeated else found.moves),
        ("information", found.information),
        ("payoffs", found.payoffs),
        ("actions", found.actions),
        ("chance", "yes, besides what players draw" if found.chance else "none but the players'"),
    ]


def study_facts(facts: Facts) -> list[tuple[str, str]]:
    """How often, over what and from which seeds."""
    scenario = facts.scenario
    seeds = [str(seed) for seed in scenario.seeds()]
    varied = [
        f"{path} over {', '.join(plain(value) for value in values)}"
        for path, values in scenario.study.vary.items()
    ]
    played = f"{count(len(seeds), 'seed')} ({names(seeds)}), " \
             f"{count(scenario.study.episodes, 'episode')} a cell"  # fmt: skip
    return [
        ("played", played if facts.lineups else "nothing: no agents were seated"),
        ("varied", "; ".join(varied) or "nothing"),
        ("solved for", listing(list(scenario.solve.concepts), 20)),
        ("compared with", listing([who.name for who in facts.concepts], 20) or "nothing"),
        ("tolerance", f"{short(scenario.solve.tol)} payoff units on each certificate"),
    ]


def parameters(facts: Facts) -> Table:
    """Every parameter of the game under the first policy, as resolved."""
    given = {k: v for k, v in facts.scenario.resolved["game"].items() if k != "use"}
    rows = tuple(text_row(path, plain(value)) for path, value in _flat(given))
    return Table("Parameters of the game", (Head("parameter"), Head("value")), rows)


def agents(facts: Facts) -> Table:
    """The declared agents."""
    rows = []
    for name, spec in facts.scenario.resolved["agents"].items():
        use = spec["use"]
        rest = {key: value for key, value in spec.items() if key != "use" and value is not None}
        rows.append((Cell(name, mark="head"), Cell(use, _summary(use)), Cell(plain(rest))))
    head = (Head("agent"), Head("uses"), Head("parameters"))
    return Table("Agents", head, tuple(rows))


def lineups(facts: Facts) -> Table:
    """Who sits where."""
    rows = []
    for lineup in facts.scenario.point().lineups:
        pairs = zip(facts.scenario.point().game.labels, lineup.agents, strict=True)
        seats = [f"{player}: {agent}" for player, agent in pairs]
        rows.append(text_row(lineup.name, names(seats)))
    return Table("Line-ups", (Head("line-up"), Head("seats")), tuple(rows))


def policies(facts: Facts) -> Table:
    """What each policy changes: path, old and new value."""
    rows: list[Row] = []
    base = facts.scenario.resolved
    for name, patch in facts.scenario.policies.items():
        role = "the reference" if name == facts.reference else ""
        first = Cell(name, role, "head")
        if not patch:
            rows.append((first, Cell("nothing is changed", mark="quiet"), Cell(""), Cell("")))
            continue
        heads = stretched(first, len(patch))
        for cell, (path, value) in zip(heads, patch.items(), strict=True):
            rows.append((cell, Cell(path), Cell(_old(path, base)), Cell(plain(value))))
    head = (Head("policy"), Head("changes"), Head("from"), Head("to"))
    return Table("Policies", head, tuple(rows))


def measures(facts: Facts) -> Table:
    """How each measure is defined."""
    asked = facts.scenario.compare.measure
    found = [registry.lookup("measure", name).load() for name in asked]
    rows = tuple(text_row(item.name, item.unit, item.meaning) for item in found)
    return Table("Measures", (Head("measure"), Head("unit"), Head("meaning")), rows)


def concepts(facts: Facts) -> list[tuple[str, str]]:
    """What each concept that was solved asks for."""
    solved = facts.run.solutions["concept"].unique(maintain_order=True)
    return [(name, registry.lookup("concept", name).load().meaning) for name in solved]


def versions(facts: Facts) -> list[tuple[str, str]]:
    """Software and machine of the last run into the folder."""
    manifest = facts.run.manifest
    last = manifest["runs"][-1]
    machine = last["machine"]
    return [
        ("coopsim", manifest["coopsim"] or "not installed as a package"),
        ("Python", last["python"]),
        ("libraries", ", ".join(f"{name} {found}" for name, found in last["versions"].items())),
        ("machine", f"{machine['platform']}, {machine['processor']}, {machine['cpus']} processors"),
        ("scenario hash", manifest["scenario"]["hash"]),
        ("seeds", names([str(seed) for seed in manifest["seeds"]])),
        ("cells", f"{manifest['counts']['cells']:,} played, "
                  f"{manifest['counts']['points']:,} solved"),
    ]  # fmt: skip


def runs(facts: Facts) -> Table:
    """When the results were made, in how many goes."""
    rows = tuple(
        text_row(
            item["started"], item["finished"] or "stopped before the end",
            *(str(item.get(key, "")) for key in ("workers", "points_run", "cells_run")),
        )
        for item in facts.run.manifest["runs"]
    )  # fmt: skip
    head = (Head("started"), Head("finished"), Head("workers", number=True),
            Head("points solved", number=True), Head("cells played", number=True))  # fmt: skip
    return Table("Runs into this folder (times in UTC)", head, rows)


def files(folder: Path) -> Table:
    """The files beside the report, with their hashes."""
    rows, kept = [], RunFolder(folder)
    for name, content in zip(_FILES, _CONTENTS, strict=True):
        raw = kept.beside(name)
        if raw is not None:
            rows.append(text_row(name, content, f"{len(raw):,}", hashlib.sha256(raw).hexdigest()))
    head = (Head("file"), Head("contents"), Head("bytes", number=True), Head("SHA-256"))
    return Table("Files beside this report", head, tuple(rows))


def names(found: list[str]) -> str:
    """Names one after the other; many are counted."""
    if len(found) <= MOST_NAMES:
        return ", ".join(found)
    return f"{', '.join(found[: MOST_NAMES - 1])} … {found[-1]} ({len(found)} in all)"


def _old(path: str, base: Mapping[str, Any]) -> str:
    """What a path holds before the policy; nothing where the policy itself makes the place."""
    if not sweep.exists(path, base):
        return "not there"
    node: Any = base
    for key in sweep.keys(path, base):
        node = node[key]
    return plain(node)


def _summary(use: str) -> str:
    """A registered agent's one line, through a content file where there is one between."""
    item = registry.registrations("agent").get(use)
    return item.summary if item is not None else ""


def _flat(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, path)
        else:
            yield path, value


def _text(value: Any) -> str:
    return " ".join(str(value).split())
