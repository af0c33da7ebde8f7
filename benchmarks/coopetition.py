"""How fast coopetition games are played: 2, 6 and 40 players, both formulations, all backends.

    python benchmarks/coopetition.py                          all of it, in about ten minutes
    python benchmarks/coopetition.py --quick                  a rough answer in about a minute
    python benchmarks/coopetition.py --out COOPETITION.md     also as a page

A step is one joint round of one copy of the game. Beside each speed stands its ratio to that of
Coopetition-Gym's environment of the same game, one copy stepped through Gymnasium, measured
alone on a machine of the same kind (two cores, Python 3.11).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import numpy as np
from simulate import Contender, _devices, _load, _short, _waiter, machine, measure

import coopsim
from coopsim.arrays import Backend
from coopsim.games.compiled import compiled
from coopsim.games.coopetition.repeated import Repeated

PEER = {  # Coopetition-Gym's steps a second
    "trust-dilemma": 7_092,
    "coalition-formation": 898,
    "graduated-sanction": 763,
    "apache-project": 24,
}
BATCHES = (1, 64, 1_024, 4_096, 65_536)
FUSED = (4_096, 65_536)
FORMULATIONS = ("report", "gym-v1")
FLOORS = {  # the best of a game's batches must reach these multiples of the peer
    ("trust-dilemma", "numpy float64"): 500,
    ("trust-dilemma", "torch float32 compiled"): 2_000,
    ("apache-project", "numpy float64, a thread a core"): 10_000,
}
_ROUNDS = 8  # different joint actions, played in turn


@dataclass(frozen=True)
class Group:
    """Contenders that are measured side by side, and what they play."""

    name: str
    formulation: str
    ways: list[Contender]


def batch_loop(name: str, game: Repeated, backend: Backend, step: Any, copies: int) -> Contender:
    """So many copies in one array."""
    rng = np.random.default_rng(0)
    # from the baseline upwards, so that trust never falls and no episode ends early
    low, high = game.expected[:, None], game.endowment[:, None]
    rows = [
        backend.asarray(low + (high - low) * rng.random((game.n, copies))).T for _ in range(_ROUNDS)
    ]
    wait = _waiter(backend)

    def loop(rounds: int) -> float:
        wait()
        began, state = perf_counter(), None
        for t in range(rounds):
            if t % game.horizon == 0:
                state = game.start(copies, backend=backend)
            state = step(state, rows[t % _ROUNDS]).state
        wait()
        return perf_counter() - began

    return Contender(name, copies, loop)


def threaded(game: Repeated, copies: int) -> Contender:
    """The copies divided between the cores: numpy lets go of Python's lock while it computes."""
    cores = os.cpu_count() or 1
    parts = [batch_loop("", game, Backend(), game.step, copies // cores) for _ in range(cores)]
    pool = ThreadPoolExecutor(cores)

    def loop(rounds: int) -> float:
        began = perf_counter()
        list(pool.map(lambda part: part.play(rounds), parts))
        return perf_counter() - began

    return Contender("numpy float64, a thread a core", copies // cores * cores, loop)


def groups(quick: bool) -> Iterator[Group]:
    """Every game, formulation and backend; torch last, for it slows down what comes after."""
    batches = (1, 4_096) if quick else BATCHES
    games = [
        (name, how, cast(Repeated, coopsim.make_game(f"coopetition/{name}", formulation=how)))
        for name in PEER
        for how in FORMULATIONS
    ]
    for name, how, game in games:
        for dtype in ("float64", "float32"):
            backend = Backend("numpy", dtype)
            yield Group(
                name,
                how,
                [batch_loop(f"numpy {dtype}", game, backend, game.step, b) for b in batches],
            )
        yield Group(name, how, [threaded(game, b) for b in batches if b >= 1_024])
    for device in _devices():
        where = "" if device == "cpu" else ", GPU"
        for name, how, game in games:
            for dtype in ("float32",) if quick else ("float32", "float64"):
                backend = Backend("torch", dtype, device)
                label = f"torch {dtype}{where}"
                ways = [batch_loop(label, game, backend, game.step, b) for b in batches]
                yield Group(name, how, ways)
                if dtype == "float32" and not (quick and how == "gym-v1"):
                    label, step = f"torch {dtype} compiled{where}", compiled(game, backend)
                    sizes = FUSED[-1:] if quick else FUSED
                    ways = [batch_loop(label, game, backend, step, b) for b in sizes]
                    yield Group(name, how, ways)


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| game | players | formulation | play | copies | steps a second, median | least to most "
        "| x peer |",
        "| --- | ---: | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        lines.append(
            f"| {row['game']} | {row['players']} | {row['formulation']} | {row['play']} "
            f"| {row['copies']:,} | {_short(row['median'])} | {_short(row['min'])} to "
            f"{_short(row['max'])} | {row['median'] / PEER[row['game']]:,.3g} |"
        )
    return "\n".join(lines)


def floors(rows: list[dict[str, Any]]) -> str:
    """Which multiples of the peer are reached at the best batch, by formulation."""
    lines = []
    for (game, play), wanted in FLOORS.items():
        for how in FORMULATIONS:
            speeds = [
                row["median"]
                for row in rows
                if (row["game"], row["play"], row["formulation"]) == (game, play, how)
            ]
            if speeds:
                ratio = max(speeds) / PEER[game]
                said = "reached" if ratio >= wanted else "NOT reached"
                lines.append(
                    f"- {game}, {how}, {play}: at least {wanted:,} x the peer "
                    f"({_short(wanted * PEER[game])}) wanted, {said} ({ratio:,.0f} x, "
                    f"{_short(max(speeds))})"
                )
    return "\n".join(lines)


def page(facts: dict[str, str], rows: list[dict[str, Any]]) -> str:
    """COOPETITION.md."""
    told = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    peers = ", ".join(f"{name} {speed:,}" for name, speed in PEER.items())
    return f"""# How fast coopetition games are played

Made by `{" ".join(["python benchmarks/coopetition.py", *sys.argv[1:]])}`; README.md says how.

{told}
- peer: Coopetition-Gym at commit d2dffd5, steps a second: {peers}

{table(rows)}

Floors for two cores:

{floors(rows)}
"""


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer batches and shorter repeats")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, help="also write a Markdown page here")
    given = parser.parse_args()
    repeats, seconds = (3, 0.05) if given.quick else (7, 0.15)
    load, rows = _load(), []
    for group in groups(given.quick):
        measure(group.ways, repeats, seconds)
        players = coopsim.make_game(f"coopetition/{group.name}").n
        facts = {"game": group.name, "players": players, "formulation": group.formulation}
        rows += [facts | way.row() for way in group.ways]
    rows.sort(key=lambda row: (list(PEER).index(row["game"]), row["formulation"] != "report"))
    facts = machine() | {"load before": load, "load after": _load()}
    if given.json:
        print(json.dumps({"machine": facts, "peer": PEER, "rows": rows}, indent=2))
    else:
        print(page(facts, rows))
    if given.out:
        given.out.write_text(page(facts, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
