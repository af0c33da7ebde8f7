"""How fast matrix games are solved: coopsim beside HiGHS and beside a loop over a peer.

    python benchmarks/solvers_normal.py            all of it, in about two minutes
    python benchmarks/solvers_normal.py --quick    smaller games, few repeats
    python benchmarks/solvers_normal.py --json     rows as JSON

Compiling the kernels, which is done once per machine, is not timed. HiGHS and the peers run
under a time limit; where HiGHS hits it, its time and the ratio are lower bounds. Times of
coopsim include its certificates.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import coopsim
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import regret_matching
from coopsim.solvers.constant_sum import scaled
from coopsim.solvers.numeric import Clock
from coopsim.solvers.variants import solve_variants

# idle OpenMP threads must sleep, not spin, where anything else runs on the machine
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

GAP = 1e-4
"""The duality gap over the range of payoffs that regret matching+ goes to."""

TARGETS = {"gap": 50.0, "all": 300.0}
"""How many times as fast as the other side: an LP to a gap, a loop over all equilibria."""


@dataclasses.dataclass
class Row:
    """One thing measured on both sides.

    Args:
        what: the work.
        game: on which games.
        peer: what it is compared with.
        ours, theirs: seconds, one entry a repeat.
        note: what is to be known of the numbers.
        at_least: whether the other side hit its time limit.
        target: the ratio that is wanted.
    """

    what: str
    game: str
    peer: str
    ours: list[float]
    theirs: list[float]
    note: str = ""
    at_least: bool = False
    target: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as fast ours is, by medians."""
        return statistics.median(self.theirs) / statistics.median(self.ours)

    def row(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"ratio": self.ratio}


# -- large constant-sum games --------------------------------------------------------------


def large(size: int, limit: float, repeats: int) -> Iterator[Row]:
    """Regret matching+ to the gap, and the optimum, beside HiGHS with a time limit."""
    payoffs = np.random.default_rng(0).normal(size=(size, size))
    game, form = scaled(payoffs), NormalForm([payoffs, -payoffs])
    regret_matching.solve(NormalForm([payoffs[:20, :20], -payoffs[:20, :20]]))  # compiles
    to_gap, reached = [], 0.0
    for _ in range(repeats):
        began = time.perf_counter()
        x, y, _ = regret_matching.averaged(game, GAP, 10**6, Clock(None))
        to_gap.append(time.perf_counter() - began)
        reached = max(reached, game.gap(x, y))
    optimal, residual = [], 0.0
    for _ in range(repeats):
        began = time.perf_counter()
        solution = coopsim.solve(form, "nash", "regret-matching-plus")
        optimal.append(time.perf_counter() - began)
        assert solution.certificate is not None
        residual = max(residual, solution.certificate.relative)
    took, ended = highs(game.payoffs, limit)
    where = f"{size} x {size} normal payoffs"
    limited = "" if ended else f"; HiGHS stopped at its limit of {limit:g} s"
    yield Row(
        f"constant-sum game to a relative gap of {GAP:g}",
        where,
        "HiGHS (scipy), optimal",
        to_gap,
        [took],
        f"relative gap {reached:.2g}{limited}",
        not ended,
        TARGETS["gap"],
    )
    yield Row(
        "constant-sum game to the optimum",
        where,
        "HiGHS (scipy), optimal",
        optimal,
        [took],
        f"relative regret {residual:.2g}{limited}",
        not ended,
    )


def highs(payoffs: np.ndarray, limit: float) -> tuple[float, bool]:
    """Seconds that HiGHS takes for the same linear programme, and whether it ended in time."""
    from scipy.optimize import linprog

    m, n = payoffs.shape
    began = time.perf_counter()
    result = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-payoffs.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        method="highs",
        options={"time_limit": limit},
    )
    return time.perf_counter() - began, result.status == 0


# -- many small games ----------------------------------------------------------------------


def small(games: int, sample: int, repeats: int) -> Iterator[Row]:
    """All equilibria of 3 x 3 games in one batch, beside a loop over each peer installed."""
    payoffs = np.random.default_rng(1).normal(size=(games, 2, 3, 3))
    form = NormalForm.variants(payoffs)
    solve_variants(NormalForm.variants(payoffs[:10]), all=True)  # compiles
    ours = []
    for _ in range(repeats):
        found = solve_variants(form, all=True)
        ours.append(found.seconds)
    note = (
        f"{int(found.count.sum()):,} equilibria, all complete: {bool(found.complete.all())}, "
        f"largest regret {found.residuals.max():.1g}; the peer on {sample} games, scaled"
    )
    for name, loop in peers():
        took, counts = loop(payoffs[:sample])
        same = int((np.array(counts) == found.count[:sample]).sum())
        yield Row(
            "all equilibria",
            f"{games:,} games of 3 x 3",
            name,
            ours,
            [took * games / sample],
            f"{note}; as many equilibria in {same} of {sample}",
            target=TARGETS["all"],
        )


Loop = Callable[[np.ndarray], tuple[float, list[int]]]


def peers() -> Iterator[tuple[str, Loop]]:
    """Loops over single games by the libraries that are installed."""
    known: tuple[tuple[str, str, Loop], ...] = (
        ("pygambit", "pygambit enummixed, floats", lambda given: _gambit(given, "enummixed")),
        ("pygambit", "pygambit enumpoly", lambda given: _gambit(given, "enumpoly")),
        ("nashpy", "nashpy support enumeration", _nashpy),
        ("quantecon", "quantecon vertex enumeration", _quantecon),
    )
    for module, name, loop in known:
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        yield name, loop


def _gambit(payoffs: np.ndarray, method: str) -> tuple[float, list[int]]:
    """Reading the games is not timed."""
    import pygambit

    with tempfile.TemporaryDirectory() as folder:
        path, read = Path(folder) / "game.nfg", []
        for tables in payoffs:
            coopsim.write(NormalForm(tables), path)
            read.append(pygambit.read_nfg(str(path)))
    if method == "enummixed":
        solve = lambda game: pygambit.nash.enummixed_solve(game, rational=False)  # noqa: E731
    else:
        solve = pygambit.nash.enumpoly_solve
    solve(read[0])
    began = time.perf_counter()
    counts = [len(solve(game).equilibria) for game in read]
    return time.perf_counter() - began, counts


def _nashpy(payoffs: np.ndarray) -> tuple[float, list[int]]:
    import nashpy

    began = time.perf_counter()
    counts = [len(list(nashpy.Game(*tables).support_enumeration())) for tables in payoffs]
    return time.perf_counter() - began, counts


def _quantecon(payoffs: np.ndarray) -> tuple[float, list[int]]:
    from quantecon.game_theory import NormalFormGame, Player, vertex_enumeration

    games = [NormalFormGame([Player(a), Player(b.T)]) for a, b in payoffs]
    vertex_enumeration(games[0])  # compiles
    began = time.perf_counter()
    counts = [len(vertex_enumeration(game)) for game in games]
    return time.perf_counter() - began, counts


# -- the table -----------------------------------------------------------------------------


def rows(quick: bool = False) -> Iterator[Row]:
    """Everything measured here; HiGHS gets at most 60 s."""
    if quick:
        yield from large(300, 10.0, 2)
        yield from small(20_000, 50, 2)
    else:
        yield from large(1000, 60.0, 5)
        yield from small(100_000, 200, 5)


def table(measured: list[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| work | games | coopsim, s | peer | peer, s | ratio | wanted | note |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for row in measured:
        sign = ">= " if row.at_least else ""
        ours, theirs = statistics.median(row.ours), statistics.median(row.theirs)
        wanted = "" if row.target is None else f"{row.target:g}"
        lines.append(
            f"| {row.what} | {row.game} | {ours:.3g} | {row.peer} | {sign}{theirs:.3g} "
            f"| {sign}{row.ratio:.3g} | {wanted} | {row.note} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="smaller games, few repeats")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    measured = list(rows(given.quick))
    print(json.dumps([row.row() for row in measured], indent=2) if given.json else table(measured))


if __name__ == "__main__":
    main()
