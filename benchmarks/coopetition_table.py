"""The table of all coopetition environments: what is earned, what could be, how sure that is.

    python benchmarks/coopetition_table.py                         # all, both formulations
    python benchmarks/coopetition_table.py trust-dilemma --workers 1
    python benchmarks/coopetition_table.py --formulation report --write-only

Writes docs/reference/coopetition-solutions.md. Each environment is stored as soon as it is
done (benchmarks/coopetition_table.jsonl) and is not computed again unless --fresh (or a column
of it is missing); so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
STORE = FOLDER / "coopetition_table.jsonl"
PAGE = FOLDER.parent / "docs" / "reference" / "coopetition-solutions.md"
TWENTY = (
    "trust-dilemma", "partner-hold-up", "platform-ecosystem", "dynamic-partner-selection",
    "recovery-race", "synergy-search", "samsung-sony", "renault-nissan",
    "cooperative-negotiation", "reputation-market", "team-production", "loyalty-team",
    "coalition-formation", "apache-project", "public-goods", "reciprocal-dilemma",
    "gift-exchange", "indirect-reciprocity", "graduated-sanction", "apple-app-store",
)  # fmt: skip
FORMULATIONS = ("report", "gym-v1")
COLUMNS = {
    "random": "random",
    "tit-for-tat": "tit for tat",
    "best constant": "best constant",
    "nash": "stage Nash",
    "coopetitive": "coopetitive",
    "dynamic optimum": "dynamic optimum",
    "open-loop nash": "open-loop Nash",
    "markov perfect over trust": "Markov perfect",
}
EPISODES = ("dynamic optimum", "open-loop nash", "markov perfect over trust")  # not of one round
TOL = 0.01  # payoff units an episode; episodes pay 10,000 to 6,000,000
SAMPLES = 4
VERSION = 1
NOTHING = {"status": "none"}


def row(name: str, formulation: str, known: dict[str, Any]) -> dict[str, Any]:
    """Everything the table says of one environment; `known` holds cells that were done before."""
    import coopsim

    began = time.perf_counter()
    game = coopsim.make_game(f"coopetition/{name}", formulation=formulation)
    cells = {column: known.get(column) or _solved(game, column) for column in COLUMNS}
    top = cells["dynamic optimum"]["welfare"]
    for column in ("best constant", "open-loop nash"):
        other = cells[column].get("welfare", -np.inf)
        assert top >= other * (1 - 1e-9), f"{name}: {column} earns {other}, the optimum {top}"
    return {
        "version": VERSION,
        "name": name,
        "formulation": formulation,
        "hash": game.hash,
        "players": game.n,
        "rounds": game.rounds,
        "cells": cells,
        "seconds": round(time.perf_counter() - began, 1),
    }


def _solved(game: Any, column: str) -> dict[str, Any]:
    """What one line-up or solution earns, and what a player could gain by leaving it."""
    import coopsim
    from coopsim.agents.exploit import exploitability
    from coopsim.errors import NoSuchForm
    from coopsim.solvers.select import plan

    who: Any = column
    cell: dict[str, Any] = {}
    if column not in ("random", "tit-for-tat"):
        try:
            plan(game, column)
        except NoSuchForm:
            return NOTHING
        # the best constant is a mean a round, the stage solutions are of one round
        tol = TOL if column in EPISODES else 1e-4
        options = {"starts": 2} if column == "dynamic optimum" else {}
        who = coopsim.solve(game, column, tol=tol, **options)
        cell = {"status": str(who.status), "method": who.method}
        if not who.profile:
            return {**cell, "sentence": who.sentence}
        proof = who.certificate
        cell |= {"residual": proof.residual, "relative": proof.relative, "kind": proof.kind}
    effort = 0 if column == "random" else 1
    found = exploitability(_known(game), who, samples=SAMPLES, tol=TOL, effort=effort)
    return {
        **cell,
        "welfare": float(found.payoffs.sum()),
        "gain": found.largest,
        "sum of gains": found.total,
    }


def _known(game: Any) -> Any:
    """The game with a hidden complementarity at its mean: the value of play is linear in it."""
    from dataclasses import replace

    if game.hidden is None:
        return game
    return replace(game, hidden=None, gamma=game.complementarity)


def stored(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows done before, by name and formulation; the last one counts."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return {(r["name"], r["formulation"]): r for r in rows if r["version"] == VERSION}


def _cells(known: dict[tuple[str, str], dict[str, Any]], name: str, formulation: str) -> Any:
    """What is known of an environment, by column."""
    return known.get((name, formulation), {"cells": {}})["cells"]


def page(rows: dict[tuple[str, str], dict[str, Any]]) -> str:
    """The page of the manual."""
    text = [
        "# Coopetition: solutions of all environments",
        "",
        "Written by `python benchmarks/coopetition_table.py`. Welfare is the sum of all players' "
        "payoffs in an episode, as paid under the reward `integrated`, over the whole horizon. "
        "Below it stands the most that one player could gain in an episode by a sequence of "
        "actions of its own, as a share of what the line-up earns it on average, and behind "
        "solutions the residual of the certificate.",
        "",
        "Gains are lower bounds: they come from searches (ascent through the horizon, segments of "
        "time, single rounds), which are not exhaustive. Random play is averaged over draws. The "
        "dynamic optimum is the best sequence found, never below the best constant; its residual "
        "is what a search of other sequences found on top. The open-loop Nash equilibrium is one "
        "in sequences fixed before play; a residual that is not small says that none was found, "
        "which thresholds and early ends can cause. Residuals are in payoff units: an episode's "
        "for the last three columns, a round's for the others. `no` marks a residual above "
        f"{TOL:g} (1e-4 a round).",
        "",
        "Markov perfect strategies look at trust and reputation. The method takes two players "
        "and games in which these are the whole state, which leaves five environments. The gain "
        "is one from the first round on; the residual, as a share of what an episode can pay in "
        "brackets, is the most that a deviation gains from any of a sample of states, most of "
        "which play never reaches. Where it is large no Markov perfect equilibrium was found, "
        "and only the gain says something of the strategies.",
    ]
    for formulation in FORMULATIONS:
        own = [rows[name, formulation] for name in TWENTY if (name, formulation) in rows]
        if not own:
            continue
        text += ["", f"## Formulation {formulation}", ""]
        text.append("| environment | n, T | " + " | ".join(COLUMNS.values()) + " |")
        text.append("|---|---|" + "---|" * len(COLUMNS))
        text += [_line(each) for each in own]
        text += ["", "Price of anarchy over time: the dynamic optimum over the open-loop "
                 "equilibrium, where that was found.", ""]  # fmt: skip
        text += ["| environment | optimum over best constant | price of anarchy over time |"]
        text += ["|---|---|---|", *(_ratios(each) for each in own)]
    return "\n".join(text) + "\n"


def _line(each: dict[str, Any]) -> str:
    shown = [_cell(each["cells"].get(column, NOTHING), each["players"]) for column in COLUMNS]
    return f"| {each['name']} | {each['players']}, {each['rounds']} | " + " | ".join(shown) + " |"


def _cell(cell: dict[str, Any], players: int) -> str:
    if "welfare" not in cell:
        return "-" if cell["status"] == "none" else cell["status"]
    mean = max(abs(cell["welfare"]) / players, 1e-9)
    text = f"{cell['welfare']:,.0f}<br>gain {100 * cell['gain'] / mean:.2g} %"
    if "residual" in cell:
        share = ""
        if cell["kind"] == "regret" and cell["method"] == "trust-value-iteration":
            share = f" ({100 * cell['relative']:.2g} %)"
        missed = "" if cell["status"] in ("exact", "converged") else "no, "
        text += f"<br>{missed}{cell['residual']:.1g}{share}"
    return text


def _ratios(each: dict[str, Any]) -> str:
    cells = each["cells"]
    top, best = cells["dynamic optimum"]["welfare"], cells["best constant"]["welfare"]
    nash = cells["open-loop nash"]
    price = f"{top / nash['welfare']:.3f}" if nash.get("welfare") else "-"
    if nash.get("status") == "budget" and nash.get("relative", 1) > 1e-4:
        price = f"({price}: no equilibrium found)"
    return f"| {each['name']} | {100 * (top / best - 1):+.2f} % | {price} |"


def main() -> int:
    """Compute what is missing, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="environments; all where none is given")
    parser.add_argument("--formulation", choices=FORMULATIONS, action="append")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--fresh", action="store_true", help="compute again what is stored")
    parser.add_argument("--write-only", action="store_true", help="only write the page")
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    for name in given.names:
        if name not in TWENTY:
            parser.error(f"no such environment: {name}; there are: {', '.join(TWENTY)}")
    known = {} if given.fresh else stored(given.store)
    jobs = [
        (name, formulation)
        for formulation in given.formulation or FORMULATIONS
        for name in given.names or TWENTY
        if not set(COLUMNS) <= set(_cells(known, name, formulation))
    ]
    # the longest last: a run that is stopped has most of the others
    jobs.sort(key=lambda job: job[0] in ("graduated-sanction", "apache-project",
                                             "coalition-formation"))  # fmt: skip
    if jobs and not given.write_only:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        with ProcessPoolExecutor(max(1, given.workers)) as pool:
            running = [pool.submit(row, *job, _cells(known, *job)) for job in jobs]
            for done in as_completed(running):
                each = done.result()
                with given.store.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(each) + "\n")
                sys.stderr.write(f"{each['name']} {each['formulation']}: {each['seconds']} s\n")
    given.page.write_text(page(stored(given.store)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
