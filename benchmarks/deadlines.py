"""How well deadlines are kept: every method on games that are too large for it.

    python benchmarks/deadlines.py                                  all of it, in about 20 minutes
    python benchmarks/deadlines.py --only lemke --only correlated   methods by a part of their name
    python benchmarks/deadlines.py --out benchmarks/RESULTS.md      also as a section of the page

Each pair of a method and a game runs in a process of its own, with one BLAS thread. It first
solves the smallest trial of that problem, so that nothing is compiled on the clock; then the
large game with the deadline. Certificates are part of the time. Others may use the machine, so
what counts is the processor time that is spent after the deadline: at most 1.5 s and 20 % of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SLACK, SHARE = 1.5, 0.2
LONGEST = float(os.environ.get("LONGEST", "60"))
"""Seconds after which a process is ended and its deadline counts as missed."""
_BEGUN = "begun"
MOST_MEMORY = 6 << 30
"""Bytes of address space of a process."""
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def pairs(only: list[str], forms: list[str]) -> list[tuple[str, str, str, str]]:
    """Method, problem, kind of form and game, for all methods or those whose names fit."""
    from deadline_games import GAMES

    from coopsim.solvers.method_table import METHODS

    return [
        (row[0], row[1], kind, game)
        for kind, rows in METHODS.items()
        for row in rows
        for game in GAMES[row[1], kind]
        if (not only or any(part in row[0] for part in only)) and (not forms or kind in forms)
    ]


def one(method: str, problem: str, kind: str, game: str, deadline: float) -> dict[str, Any]:
    """Solve one game with a deadline, in this process."""
    import resource

    from deadline_games import GAMES

    from coopsim.games.game import Game
    from coopsim.solvers.check import _concept
    from coopsim.solvers.conformance.families import trials
    from coopsim.solvers.select import solve

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    name = _concept(problem).name

    # a bargaining or an auction has several kinds of games, and methods refuse the others
    for small in trials(problem, kind, 0, 6):
        solve(small.form, name, method, **small.options)
    made = GAMES[problem, kind][game]()
    asked = {"leader": 0} if problem in ("stackelberg", "correlated commitment") else {}
    if kind in ("bayesian commitment", "security"):
        asked = {}
    form = made.form(kind) if isinstance(made, Game) else made
    wall, cpu = time.perf_counter(), time.process_time()
    print(_BEGUN, file=sys.stderr, flush=True)
    answer = solve(form, name, method, deadline=deadline, **asked)
    taken = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "wall": taken[0],
        "cpu": taken[1],
        "end": time.process_time(),
        "status": str(answer.status),
        "sentence": answer.sentence,
        "MB": peak // 1024,
    }


def measured(pair: tuple[str, str, str, str], deadline: float) -> dict[str, Any]:
    """The same in a process of its own."""
    row = dict(zip(("method", "problem", "form", "game"), pair, strict=True))
    command = [sys.executable, __file__, "--one", json.dumps(pair), "--deadline", str(deadline)]
    nothing = {"wall": 0.0, "cpu": 0.0, "beyond": 0.0, "sentence": "", "MB": 0}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **ONE_THREAD},
    ) as child:
        assert child.stderr is not None
        last = "?"
        for line in child.stderr:
            if line.strip() == _BEGUN:
                break
            last = line.strip() or last
        else:
            return {**row, **nothing, "status": "failed", "sentence": last}
        time.sleep(deadline)
        used = spent(child.pid)
        try:
            told, errors = child.communicate(timeout=LONGEST - deadline)
        except subprocess.TimeoutExpired:
            child.kill()
            late = {"wall": LONGEST, "cpu": LONGEST, "beyond": LONGEST}
            return {**row, **nothing, **late, "status": "ended"}
    if child.returncode or not told:
        last = (errors.strip().splitlines() or ["?"])[-1]
        return {**row, **nothing, "status": "failed", "sentence": last}
    found = json.loads(told.splitlines()[-1])
    beyond = 0.0 if used is None else max(0.0, found["end"] - used)
    return {**row, **found, "beyond": beyond}


def spent(pid: int) -> float | None:
    """The processor seconds of a process so far; None where it has ended (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] == "Z":
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kept(row: dict[str, Any], deadline: float) -> bool:
    """Whether the answer came within the slack."""
    done = row["status"] not in ("failed", "ended")
    return done and float(row["beyond"]) <= SLACK + SHARE * deadline


def page(rows: list[dict[str, Any]], deadline: float, load: str) -> str:
    """The section of RESULTS.md."""
    import solvers

    told = "\n".join(f"- {name}: {value}" for name, value in solvers.machine().items())
    lines = [
        f"| {row['method']} | {row['form']} | {row['game']} | {row['cpu']:.1f} | {row['wall']:.1f} "
        f"| {row['beyond']:.1f}{'' if kept(row, deadline) else ' **missed**'} "
        f"| {row['status']} |"
        for row in rows
    ]
    table = "\n".join(lines)
    missed = sum(not kept(row, deadline) for row in rows)
    return f"""## How well deadlines are kept

Made by `{" ".join(["python benchmarks/deadlines.py", *sys.argv[1:]])}` on \
{time.strftime("%Y-%m-%d")}.

{told}
- load before: {load}

A deadline of {deadline:g} s, to be kept within {SLACK:g} s plus {SHARE:.0%}, in processor \
seconds after the deadline (one thread; certificates included, compilation not): \
{len(rows) - missed} of {len(rows)} kept.

| method | form | game | processor, s | wall, s | processor after it, s | status |
| --- | --- | --- | ---: | ---: | ---: | --- |
{table}
"""


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--deadline", type=float, default=3.0, help="seconds")
    parser.add_argument("--only", action="append", default=[], help="part of a method's name")
    parser.add_argument("--form", action="append", default=[], help="a kind of form")
    parser.add_argument("--game", action="append", default=[], help="part of a game's name")
    parser.add_argument("--out", type=Path, help="also write a section of this Markdown page")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(*json.loads(given.one), given.deadline)))
        return
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    rows = []
    for pair in pairs(given.only, given.form):
        if given.game and not any(part in pair[3] for part in given.game):
            continue
        row = measured(pair, given.deadline)
        rows.append(row)
        mark = "    " if kept(row, given.deadline) else "MISS"
        print(
            f"{mark} {row['method']:36} {row['game']:30} cpu {row['cpu']:6.1f} wall "
            f"{row['wall']:6.1f} beyond {row['beyond']:5.1f} {row['MB']:6} MB {row['status']:10} "
            f"{row['sentence'][:110]}",
            flush=True,
        )
    if given.out:
        import results

        results.insert(given.out, "deadlines", page(rows, given.deadline, load))


if __name__ == "__main__":
    main()
