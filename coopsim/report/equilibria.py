"""Equilibria: the tables of solutions, with what proves them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from coopsim.report.facts import Facts
from coopsim.report.grid import Cell, Head, Row, Table, stretched
from coopsim.report.numerals import NOTHING, count, number, percent, power
from coopsim.wording import on_grid

MOST_PLAYERS = 8
"""How many players a table lists one by one."""

PROVED = ("exact", "converged")
"""The statuses of a solution whose certificate holds."""

_BASELINE = "baseline"
_SHOWN = 6  # numbers of one player, or entries of a joint distribution, that are written out


def equilibria(facts: Facts, policy: str, at: str) -> Table:
    """Every solution under one policy at one point of the sweep, with its certificate."""
    import polars as pl

    table = facts.run.solutions.filter((pl.col("policy") == policy) & (pl.col("at") == at))
    concepts = table["concept"].unique(maintain_order=True).to_list()
    baseline = _mean_action(table.filter(pl.col("concept") == _BASELINE).to_dicts())
    rows: list[Row] = []
    for concept in concepts:
        held = table.filter(pl.col("concept") == concept).to_dicts()
        rows += _solution_rows(held, None if concept == _BASELINE else baseline)
    head = [
        Head("concept", "method"), Head("player"), Head("action", "the game's units", number=True),
        Head("value", "payoff units", number=True), Head("status"),
        Head("certificate", "residual in payoff units", number=True), Head("others"),
    ]  # fmt: skip
    if baseline is not None:
        head.insert(4, Head("mean action", "against baseline", number=True))
    else:
        rows = [[*row[:4], *row[5:]] for row in rows]
    return Table(f"Solutions under {policy}{facts.suffix(at)}", tuple(head), tuple(rows))


def in_words(facts: Facts, policy: str, at: str) -> list[tuple[str, str]]:
    """Each solution's concept, and its status as a sentence."""
    import polars as pl

    table = facts.run.solutions.filter((pl.col("policy") == policy) & (pl.col("at") == at))
    rows = table.unique(["concept"], maintain_order=True)
    return list(zip(rows["concept"].to_list(), rows["sentence"].to_list(), strict=True))


def unproved(facts: Facts, policy: str, at: str) -> int:
    """How many solutions at one point do not hold within the tolerance."""
    import polars as pl

    table = facts.run.solutions.filter((pl.col("policy") == policy) & (pl.col("at") == at))
    rows = table.unique(["concept"], maintain_order=True)
    return sum(status not in PROVED for status in rows["status"])


def _solution_rows(held: Sequence[dict[str, Any]], baseline: float | None) -> list[Row]:
    """One concept's rows: a row a player, and what is said once spans them."""
    first = held[0]
    listed = list(held[:MOST_PLAYERS]) if len(held) > MOST_PLAYERS + 1 else list(held)
    players = [
        [Cell(row["player"] or NOTHING), Cell(_action(row)), Cell(number(row["value"]))]
        for row in listed
    ]
    if rest := held[len(listed) :]:
        mean = sum(row["value"] for row in held) / len(held)
        joint = _mean_action(held)
        players.append(
            [
                Cell(f"{count(len(rest), 'more player')}", f"here: the mean of all {len(held)}"),
                Cell(number(joint)),
                Cell(number(mean)),
            ]
        )
    spans = [
        stretched(cell, len(players))
        for cell in (
            Cell(first["concept"], on_grid(first["method"], first.get("grid")), "head"),
            _change(held, baseline),
            *_proof(first),
        )
    ]
    return [
        [spans[0][place], *cells, *(span[place] for span in spans[1:])]
        for place, cells in enumerate(players)
    ]


def _proof(row: dict[str, Any]) -> tuple[Cell, ...]:
    """Status, certificate and completeness of a solution."""
    proved = row["status"] in PROVED
    status = Cell(row["status"] if proved else f"{row['status']}: not proved",
                  mark="" if proved else "warn")  # fmt: skip
    if row["certificate"] is None:
        proof = Cell(NOTHING, "none")
    else:
        how = "every deviation" if row["exact"] else "by search"
        proof = Cell(power(row["residual"]), f"{row['certificate']}, {how}")
    told = {None: "", True: "shown complete", False: "not shown complete"}
    return status, proof, Cell(row["selection"] or NOTHING, told[row["complete"]])


def _change(held: Sequence[dict[str, Any]], baseline: float | None) -> Cell:
    mean = _mean_action(held)
    if mean is None or not baseline:
        return Cell(NOTHING)
    return Cell(percent(mean / baseline - 1))


def _mean_action(held: Sequence[dict[str, Any]]) -> float | None:
    actions = [row["action"] for row in held if row["action"] is not None]
    return sum(actions) / len(actions) if actions and len(actions) == len(held) else None


def _action(row: dict[str, Any]) -> str:
    """One number, a distribution over actions, or the largest parts of a joint one."""
    if row["action"] is not None:
        return number(row["action"])
    if row["profile"] is None:
        return NOTHING
    parts = json.loads(row["profile"])
    if not isinstance(parts, list):
        return number(parts)
    if any(isinstance(part, list) for part in parts):
        return _joint(parts)
    shown = ", ".join(number(part, 3) for part in parts[:_SHOWN])
    return f"({shown}{', …' if len(parts) > _SHOWN else ''})"


def _joint(parts: list[Any]) -> str:
    """The largest entries of an array of several axes, each with its place counted from 1.

    A distribution over profiles of actions: the likeliest with their probabilities.
    """
    import numpy as np

    whole = np.asarray(parts, dtype=float)
    used = int(np.count_nonzero(whole))
    order = np.argsort(-whole, axis=None, kind="stable")[: min(used, _SHOWN)]
    shown = []
    for place in order:
        at = ", ".join(str(axis + 1) for axis in np.unravel_index(place, whole.shape))
        shown.append(f"({at}): {number(float(whole.flat[place]), 3)}")
    return "; ".join(shown) + ("; …" if used > _SHOWN else "") if shown else NOTHING
