"""How fast two-player trees are solved: coopsim's arrays beside OpenSpiel's C++ solvers.

    python benchmarks/solvers_trees.py            all of it, in under two minutes
    python benchmarks/solvers_trees.py --quick    the small games only, few repeats
    python benchmarks/solvers_trees.py --json     rows as JSON

Repeats of both sides take turns, so that other work on the machine hits them alike. Both run
the same algorithm: after 100 iterations of CFR+ their average strategies are compared.
Compiling the kernels, which is done once per machine, is not timed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import coopsim
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.solvers import cfr, cfr_state, sequence_form
from coopsim.solvers.kernels import flat, response

GOOFSPIEL = "turn_based_simultaneous_game(game=goofspiel(num_cards={},imp_info=True,{}))"
GAMES = {
    "Kuhn poker": "kuhn_poker",
    "Leduc poker": "leduc_poker",
    "liar's dice, 4 sides": "liars_dice(numdice=1,dice_sides=4)",
    "goofspiel 4": GOOFSPIEL.format(4, "points_order=descending"),
    "goofspiel 5": GOOFSPIEL.format(5, "points_order=descending"),
}
LARGE = "liars_dice(numdice=1,dice_sides=6)"


@dataclasses.dataclass
class Row:
    """One thing measured on both sides.

    Args:
        what: the work.
        game: on which game.
        unit: "iterations/s" (more is better) or "s" (less is better).
        ours, theirs: one entry a repeat; theirs may be empty.
    """

    what: str
    game: str
    unit: str
    ours: list[float] = dataclasses.field(default_factory=list)
    theirs: list[float] = dataclasses.field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """How many times as fast ours is, by medians."""
        if not self.theirs:
            return None
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        return ours / theirs if self.unit == "iterations/s" else theirs / ours

    def row(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "game": self.game,
            "unit": self.unit,
            "ours": statistics.median(self.ours),
            "ours_range": [min(self.ours), max(self.ours)],
            "theirs": statistics.median(self.theirs) if self.theirs else None,
            "theirs_range": [min(self.theirs), max(self.theirs)] if self.theirs else None,
            "ratio": self.ratio,
        }


# -- what is measured ----------------------------------------------------------------------


def iterations(name: str, repeats: int, seconds: float) -> Row:
    """CFR+ iterations a second."""
    import pyspiel

    form, game = coopsim.from_openspiel(GAMES[name]), pyspiel.load_game(GAMES[name])
    row = Row("CFR+", name, "iterations/s")
    ours, theirs = _advancing(form), _repeating(pyspiel.CFRPlusSolver(game))
    for _ in range(repeats):
        row.ours.append(_speed(ours, seconds))
        row.theirs.append(_speed(theirs, seconds))
    return row


def nash_conv(name: str, repeats: int) -> Row:
    """NashConv of the average after 20 iterations of CFR+ each.

    Raises:
        AssertionError: the two sides do not agree on it.
    """
    import pyspiel

    form, game = coopsim.from_openspiel(GAMES[name]), pyspiel.load_game(GAMES[name])
    solver = pyspiel.CFRPlusSolver(game)
    for _ in range(20):
        solver.evaluate_and_update_policy()
    policy = solver.average_policy()
    sides, plans = _plans(form, _policy(form, policy))
    conv = sum(response.gains(*sides, *plans))
    assert abs(conv - pyspiel.nash_conv(game, policy)) < 1e-9, "NashConv differs"
    row = Row("NashConv", name, "s")
    for _ in range(repeats):
        row.ours.append(_mean_time(lambda: response.gains(*sides, *plans), 0.05))
        row.theirs.append(_mean_time(lambda: pyspiel.nash_conv(game, policy), 0.05))
    return row


def time_to(conv: float, name: str, repeats: int) -> Row:
    """Seconds of CFR+ to a NashConv, checks included, after the game is loaded."""
    import pyspiel

    form, game = coopsim.from_openspiel(GAMES[name]), pyspiel.load_game(GAMES[name])
    row = Row(f"CFR+ to NashConv {conv:g}", name, "s")
    for _ in range(repeats):
        began = time.perf_counter()
        found = cfr.solve_cfr_plus(form, tol=conv / 2)
        row.ours.append(time.perf_counter() - began)
        assert found.finished
    began, solver, look = time.perf_counter(), pyspiel.CFRPlusSolver(game), 50
    for done in range(1, 100_000):
        solver.evaluate_and_update_policy()
        if done == look:
            look = int(1.25 * look)
            if pyspiel.nash_conv(game, solver.average_policy()) <= conv:
                break
    row.theirs.append(time.perf_counter() - began)
    return row


def exact(name: str, repeats: int) -> Row:
    """Seconds of the exact linear programme; OpenSpiel's needs a package it does not bring."""
    form = coopsim.from_openspiel(GAMES[name])
    row = Row("exact linear programme", name, "s")
    for _ in range(repeats):
        row.ours.append(_mean_time(lambda: sequence_form.solve(form), 0.0))
    return row


def build(source: str, name: str) -> Row:
    """Seconds from OpenSpiel's game to arrays that kernels read."""
    row = Row("build", name, "s")
    row.ours.append(_mean_time(lambda: flat.two_sides(coopsim.from_openspiel(source)), 0.0))
    return row


def differences(names: Iterable[str], count: int = 100) -> dict[str, float]:
    """How far the average strategies lie apart after `count` iterations of CFR+, by game."""
    import pyspiel

    apart = {}
    for name in names:
        solver = pyspiel.CFRPlusSolver(pyspiel.load_game(GAMES[name]))
        for _ in range(count):
            solver.evaluate_and_update_policy()
        form = coopsim.from_openspiel(GAMES[name])
        theirs = np.concatenate(_policy(form, solver.average_policy()))
        ours = np.concatenate(cfr_state.average(form, "cfr-plus", count))
        apart[name] = float(np.abs(ours - theirs).max())
    return apart


def rows(quick: bool = False) -> Iterator[Row]:
    """Every row, one after another."""
    cfr_state.average(coopsim.from_openspiel("kuhn_poker"), "cfr-plus", 1)  # compiles
    small = ("Kuhn poker", "Leduc poker")
    names = small if quick else tuple(GAMES)
    repeats = 3 if quick else 5
    for name in names:
        yield build(GAMES[name], name)
        yield iterations(name, repeats, 0.1 if quick else 0.4)
        yield nash_conv(name, 3)
        yield exact(name, repeats)
    if not quick:
        yield build(LARGE, "liar's dice, 6 sides")
        yield large(LARGE, "liar's dice, 6 sides")
        yield time_to(1e-3, "Leduc poker", 3)


def large(source: str, name: str) -> Row:
    """CFR+ iterations a second beside a few of OpenSpiel's plain CFR."""
    import pyspiel

    row = Row("CFR+ (theirs: CFR)", name, "iterations/s")
    ours = _advancing(coopsim.from_openspiel(source))
    theirs = _repeating(pyspiel.CFRSolver(pyspiel.load_game(source)))
    for _ in range(2):
        row.ours.append(_speed(ours, 0.5))
        row.theirs.append(_speed(theirs, 0.0))
    return row


# -- both sides ----------------------------------------------------------------------------


def _advancing(form: ExtensiveForm) -> Callable[[int], None]:
    play = cfr_state.started(form, cfr_state.VARIANTS["cfr-plus"])
    return play.advance


def _repeating(solver: Any) -> Callable[[int], None]:
    def advance(count: int) -> None:
        for _ in range(count):
            solver.evaluate_and_update_policy()

    return advance


def _policy(form: ExtensiveForm, policy: Any) -> tuple[np.ndarray, ...]:
    """OpenSpiel's policy as a profile."""
    shares = [[p for _, p in policy.get_state_policy(label)] for label in form.infosets.labels]
    joined = np.concatenate(shares)
    return tuple(joined[form.infosets.part(player)] for player in range(2))


def _plans(form: ExtensiveForm, profile: tuple[np.ndarray, ...]) -> tuple[Any, Any]:
    """What the compiled NashConv reads."""
    sides = flat.two_sides(form)
    plans = []
    for side, part in zip(sides, profile, strict=True):
        strategy = np.ones(side.blocks.size)
        strategy[side.blocks.place[1:]] = part
        plans.append(side.blocks.realised(strategy))
    return [side.arrays for side in sides], plans


# -- timing and the table ------------------------------------------------------------------


def _speed(advance: Callable[[int], None], seconds: float) -> float:
    """Iterations a second, over at least so many seconds."""
    count, done, began = 1, 0, time.perf_counter()
    while True:
        advance(count)
        done += count
        taken = time.perf_counter() - began
        if taken >= seconds:
            return done / taken
        count = max(1, min(2 * count, round(done / taken * seconds / 4)))


def _mean_time(work: Callable[[], Any], seconds: float) -> float:
    """Seconds a call, over at least so many seconds."""
    began, count = time.perf_counter(), 0
    while True:
        work()
        count += 1
        taken = time.perf_counter() - began
        if taken >= seconds:
            return taken / count


def table(found: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| work | game | unit | coopsim (range) | OpenSpiel C++ (range) | times as fast |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    for row in found:
        ours = _with_range(row["ours"], row["ours_range"])
        theirs = "" if row["theirs"] is None else _with_range(row["theirs"], row["theirs_range"])
        ratio = "" if row["ratio"] is None else f"{row['ratio']:,.0f}"
        lines.append(
            f"| {row['what']} | {row['game']} | {row['unit']} | {ours} | {theirs} | {ratio} |"
        )
    return "\n".join(lines)


def _with_range(value: float, ends: list[float]) -> str:
    return f"{value:.3g} ({ends[0]:.3g} to {ends[1]:.3g})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="small games and few repeats")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    found = [row.row() for row in rows(given.quick)]
    apart = differences(("Kuhn poker", "Leduc poker"))
    if given.json:
        print(json.dumps({"load before": load, "rows": found, "apart": apart}, indent=2))
        return
    print(f"load before: {load:.1f}\n\n{table(found)}\n")
    for name, distance in apart.items():
        print(f"{name}: average strategies after 100 iterations differ by {distance:.1e}")


if __name__ == "__main__":
    main()
