"""How fast play is: the two-player trust game in a loop by hand, behind PettingZoo, in batches.

    python benchmarks/simulate.py                     all of it, in about a minute
    python benchmarks/simulate.py --quick             a rough answer in a few seconds
    python benchmarks/simulate.py --out RESULTS.md    also as a section of the page

A step is one joint round of one copy of the game. All contenders play the same actions,
drawn beforehand, and first have to pay the same. Repeats go round the contenders of a group
in turn, so that other work on the machine hits them alike.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import importlib.util
import itertools
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
import results
from by_hand import HandWritten, scalar_round

import coopsim
from coopsim.arrays import NUMPY, Backend
from coopsim.games.adapters.pettingzoo import parallel
from coopsim.games.compiled import compiled
from coopsim.games.coopetition.repeated import Repeated

# idle OpenMP threads must sleep, not spin: on two cores a spinning one holds up the other for a
# whole time slice whenever anything else runs; torch reads this when it is loaded, later
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

GAME = cast(Repeated, coopsim.make_game("coopetition/trust-dilemma", formulation="gym-v1"))
BATCHES = (64, 4_096, 65_536)
FLOORS = {  # steps a second on two cores; below them a change has made play slower
    ("PettingZoo, coopsim's adapter", 1): 15_000,
    ("numpy float64", 4_096): 3_000_000,
    ("torch float32 compiled", 65_536): 12_000_000,
}


@dataclasses.dataclass
class Contender:
    """One way to play.

    Args:
        name: what it is, for the table.
        copies: how many games it plays side by side.
        play: plays so many rounds from the start; returns the seconds that they took.
        speeds: steps a second, one entry a repeat.
    """

    name: str
    copies: int
    play: Callable[[int], float]
    speeds: list[float] = dataclasses.field(default_factory=list)

    def row(self) -> dict[str, Any]:
        return {
            "play": self.name,
            "copies": self.copies,
            "median": statistics.median(self.speeds),
            "min": min(self.speeds),
            "max": max(self.speeds),
        }


# -- the contenders ------------------------------------------------------------------------


def scalar_loop(actions: np.ndarray) -> Contender:
    first, play = scalar_round(GAME)
    rows = actions[:, 0].tolist()

    def loop(rounds: int) -> float:
        began = time.perf_counter()
        for start in range(0, rounds, len(rows)):
            state = first
            for a1, a2 in rows[: rounds - start]:
                state, _, _ = play(state, a1, a2)
        return time.perf_counter() - began

    return Contender("Python floats by hand", 1, loop)


def environment_loop(name: str, env: Any, actions: np.ndarray) -> Contender:
    pairs = [dict(zip(env.possible_agents, row[:, None], strict=True)) for row in actions[:, 0]]

    def loop(rounds: int) -> float:
        env.reset(seed=0)
        began = time.perf_counter()
        for joint in itertools.islice(itertools.cycle(pairs), rounds):
            if not env.agents:
                env.reset()
            env.step(joint)
        return time.perf_counter() - began

    return Contender(name, 1, loop)


def batch_loop(name: str, backend: Backend, step: Any, copies: int, drawn: np.ndarray) -> Contender:
    # players first in memory, as coopsim.play hands actions to a game
    stored = np.ascontiguousarray(drawn[:, :copies].transpose(0, 2, 1))
    rows = [backend.asarray(row).T for row in stored]
    wait = _waiter(backend)

    def loop(rounds: int) -> float:
        wait()
        began = time.perf_counter()
        for start in range(0, rounds, len(rows)):
            state = GAME.start(copies, backend=backend)
            for joint in rows[: rounds - start]:
                state = step(state, joint).state
        wait()
        return time.perf_counter() - began

    return Contender(name, copies, loop)


def groups(actions: np.ndarray, quick: bool) -> Iterator[list[Contender]]:
    """Every way to play that this machine has, by library.

    Each group is made when the one before has been measured: once torch is at work in a
    process, everything else in it is some per cent slower.
    """
    yield [
        scalar_loop(actions),
        environment_loop("PettingZoo by hand", HandWritten(GAME), actions),
        environment_loop("PettingZoo, coopsim's adapter", parallel(GAME), actions),
    ]
    yield [batch_loop("numpy float64", NUMPY, GAME.step, copies, actions) for copies in BATCHES]
    for device in _devices():
        backend, where = Backend("torch", "float32", device), "" if device == "cpu" else ", GPU"
        name = f"torch float32{where}"
        yield [batch_loop(name, backend, GAME.step, copies, actions) for copies in BATCHES]
        step, name = compiled(GAME, backend), f"torch float32 compiled{where}"
        sizes = BATCHES[-1:] if quick else BATCHES
        yield [batch_loop(name, backend, step, copies, actions) for copies in sizes]


def _devices() -> list[str]:
    if importlib.util.find_spec("torch") is None:
        return []
    import torch

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def _waiter(backend: Backend) -> Callable[[], None]:
    """Waits until the device has done what it was given."""
    if backend.device == "cpu":
        return lambda: None
    import torch

    return torch.cuda.synchronize


# -- the same pay --------------------------------------------------------------------------


def check_pay(seed: int = 1) -> float:
    """The largest difference in pay between the ways to play, over random actions.

    Raises:
        AssertionError: it is above 1e-9.
    """
    actions = np.random.default_rng(seed).uniform(-5, 105, (GAME.rounds, 200, 2))
    batch = coopsim.replay(GAME, actions.transpose(1, 0, 2))
    by_hand, adapter = HandWritten(GAME), parallel(GAME)
    worst = 0.0
    for copy in range(actions.shape[1]):
        wanted = batch.payoffs[copy, batch.alive[copy]]
        for env in (by_hand, adapter):
            paid = np.array(list(_episode(env, actions[:, copy])))
            assert paid.shape == wanted.shape, "one of them ends the game earlier"
            worst = max(worst, float(np.abs(paid - wanted).max()))
    assert worst < 1e-9, f"the ways to play pay differently, by {worst:.2g}"
    return worst


def _episode(env: Any, actions: np.ndarray) -> Iterator[list[float]]:
    env.reset(seed=0)
    for row in actions:
        if not env.agents:
            return
        rewards = env.step(dict(zip(env.agents, row[:, None], strict=True)))[1]
        yield list(rewards.values())


# -- timing and the table ------------------------------------------------------------------


def measure(ways: list[Contender], repeats: int, seconds: float) -> None:
    """Fill in `speeds`, every repeat long enough to be timed well."""
    rounds = [_rounds_in(seconds, way) for way in ways]
    for _ in range(repeats):
        for way, count in zip(ways, rounds, strict=True):
            way.speeds.append(count * way.copies / way.play(count))


def _rounds_in(seconds: float, way: Contender) -> int:
    """How many rounds take about so long."""
    way.play(3)  # compiles, and fills caches
    count = 4
    while (took := way.play(count)) < seconds / 4:
        count *= 4
    return max(3, round(count * seconds / took))


def machine() -> dict[str, str]:
    """What was measured on: processor, cores and versions."""
    facts = {
        "date": datetime.date.today().isoformat(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }
    names = ["coopsim", "numpy", "pettingzoo"]
    if _devices():
        import torch

        names.append("torch")
        waiting = os.environ["OMP_WAIT_POLICY"]
        facts["torch threads"] = f"{torch.get_num_threads()}, OMP_WAIT_POLICY={waiting}"
        if torch.cuda.is_available():
            facts["GPU"] = torch.cuda.get_device_name()
    return facts | {"versions": ", ".join(f"{name} {version(name)}" for name in names)}


def _load() -> str:
    """How many processes wanted to run in the last minute."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _processor() -> str:
    """The processor's name where the system tells it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown, with the ratios to the first two."""
    scalar, environment = rows[0]["median"], rows[1]["median"]
    lines = [
        "| play | copies | steps a second, median | least to most | x scalar loop "
        "| x PettingZoo by hand |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        lines.append(
            f"| {row['play']} | {row['copies']:,} | {_short(row['median'])} "
            f"| {_short(row['min'])} to {_short(row['max'])} "
            f"| {row['median'] / scalar:.3g} | {row['median'] / environment:.3g} |"
        )
    return "\n".join(lines)


def _short(speed: float) -> str:
    return f"{speed / 1e6:.2f} M" if speed >= 1e6 else f"{speed / 1e3:.1f} k"


def floors(rows: list[dict[str, Any]]) -> str:
    """Which floors the medians reach, one line each."""
    lines = []
    for row in rows:
        least = FLOORS.get((row["play"], row["copies"]))
        if least is not None:
            said = "reached" if row["median"] >= least else "NOT reached"
            lines.append(
                f"- {row['play']}, copies {row['copies']:,}: at least {_short(least)} wanted, "
                f"{said} ({_short(row['median'])})"
            )
    return "\n".join(lines)


def page(facts: dict[str, str], rows: list[dict[str, Any]], pay: float) -> str:
    """RESULTS.md."""
    told = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return f"""## How fast play is

Made by `{" ".join(["python benchmarks/simulate.py", *sys.argv[1:]])}`; README.md says how.

{told}

Two-player trust game (`coopetition/trust-dilemma`, rewards: integrated utility). All ways to
play pay the same to {pay:.1g}.

{table(rows)}

Floors for two cores:

{floors(rows)}
"""


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter repeats")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, help="also write a section of this Markdown page")
    given = parser.parse_args()
    repeats, seconds = (3, 0.05) if given.quick else (9, 0.2)
    load, pay = _load(), check_pay()
    # from the baseline upwards, so that trust never falls and no episode ends early
    low, high = GAME.expected.max(), GAME.endowment.max()
    shape = (GAME.horizon, max(BATCHES), GAME.n)
    rows = []
    for ways in groups(np.random.default_rng(0).uniform(low, high, shape), given.quick):
        measure(ways, repeats, seconds)
        rows += [way.row() for way in ways]
    facts = machine() | {"load before": load}
    if given.json:
        print(json.dumps({"machine": facts, "pay_differs_by": pay, "rows": rows}, indent=2))
    else:
        print(page(facts, rows, pay))
    if given.out:
        results.insert(given.out, "simulate", page(facts, rows, pay))


if __name__ == "__main__":
    main()
