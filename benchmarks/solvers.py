"""How fast games are solved: coopsim beside HiGHS, OpenSpiel, and what else is installed.

    python benchmarks/solvers.py                                   all of it, in about four minutes
    python benchmarks/solvers.py --quick                           a rough answer
    python benchmarks/solvers.py --out benchmarks/RESULTS.md       also as a section of the page

Matrix games are measured by `solvers_normal.py`, trees by `solvers_trees.py`; both can be run
alone. Where there is a GPU, a batch of payoff variants of Leduc poker is solved on it, too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import results
import simulate
import solvers_normal
import solvers_trees

import coopsim

TARGETS: tuple[tuple[str, str, str, float, bool], ...] = (
    # what is wanted, the row's work and game, the number, whether it is a ratio (else seconds)
    ("CFR+ on Leduc, iterations a second", "CFR+", "Leduc poker", 300, True),
    ("NashConv of Leduc", "NashConv", "Leduc poker", 1000, True),
    ("Leduc to NashConv 1e-3 after build", "to NashConv", "Leduc poker", 0.1, False),
    ("exact LP of Leduc", "linear programme", "Leduc poker", 1.0, False),
    ("build goofspiel 5", "build", "goofspiel 5", 5.0, False),
    ("build liar's dice with 6 sides", "build", "liar's dice, 6 sides", 5.0, False),
)
VARIANTS = 4096
"""Payoff variants of Leduc poker that are solved in one batch."""


def machine() -> dict[str, str]:
    """Processor, cores, versions."""
    facts = simulate.machine()
    names = ("coopsim", "numpy", "scipy", "numba", "torch", "open-spiel", "pygambit", "nashpy",
             "quantecon")  # fmt: skip
    held = []
    for name in names:
        try:
            held.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return {**facts, "versions": ", ".join(held)}


def reached(trees: list[dict[str, Any]], normal: list[solvers_normal.Row]) -> list[str]:
    """A line for every target: what was wanted, what was measured."""
    lines = []
    for name, work, game, wanted, is_ratio in TARGETS:
        rows = [row for row in trees if work in row["what"] and row["game"] == game]
        if not rows:
            continue
        found = rows[0]["ratio"] if is_ratio else rows[0]["ours"]
        met = found is not None and (found >= wanted if is_ratio else found <= wanted)
        sign, unit = ("at least", "x") if is_ratio else ("at most", " s")
        lines.append(
            f"- {name}: {sign} {wanted:g}{unit} wanted, {'reached' if met else 'missed'} "
            f"({found:.3g}{unit})"
        )
    for row in normal:
        if row.target is not None:
            met = "reached" if row.ratio >= row.target else "missed"
            least = "at least " if row.at_least else ""
            lines.append(
                f"- {row.what}, beside {row.peer}: at least {row.target:g}x wanted, {met} "
                f"({least}{row.ratio:.3g}x)"
            )
    return lines


def on_gpu(iterations: int = 1000) -> str:
    """4,096 payoff variants of Leduc poker in one batch on a GPU, beside the CPU kernel."""
    import torch

    if not torch.cuda.is_available():
        return "No GPU was at hand."
    from coopsim.solvers.tree_variants import solve_tree_variants

    form = coopsim.from_openspiel("leduc_poker")
    rng = np.random.default_rng(0)
    change = 1 + 0.1 * rng.standard_normal((VARIANTS, form.payoffs.shape[0], 1))
    many = form.with_payoffs(form.payoffs[None] * change)
    lines = ["| where | variants | iterations | seconds | games x iterations a second |",
             "| --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for device, count in (("cuda", iterations), (None, iterations // 50)):
        solve_tree_variants(many, iterations=2, device=device)
        began = time.perf_counter()
        solve_tree_variants(many, iterations=count, device=device)
        taken = time.perf_counter() - began
        where = torch.cuda.get_device_name() if device else f"{os.cpu_count()} CPU cores"
        speed = VARIANTS * count / taken
        lines.append(f"| {where} | {VARIANTS:,} | {count:,} | {taken:.3g} | {speed:,.0f} |")
    return "\n".join(lines)


def page(
    facts: dict[str, str],
    normal: list[solvers_normal.Row],
    trees: list[dict[str, Any]],
    apart: dict[str, float],
    gpu: str,
) -> str:
    """The section of RESULTS.md."""
    told = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    distances = "\n".join(
        f"- {name}: average strategies after 100 iterations of CFR+ differ by {value:.1e} from "
        "OpenSpiel's"
        for name, value in apart.items()
    )
    targets = "\n".join(reached(trees, normal))
    return f"""## How fast games are solved

Made by `{" ".join(["python benchmarks/solvers.py", *sys.argv[1:]])}`.

{told}

### Matrix games

{solvers_normal.table(normal)}

### Trees

{solvers_trees.table(trees)}

{distances}

### Payoff variants on a GPU

{gpu}

### Targets for two cores

{targets}
"""


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="smaller games, few repeats")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, help="also write a section of this Markdown page")
    given = parser.parse_args()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    facts = {**machine(), "load before": load}
    normal = list(solvers_normal.rows(given.quick))
    trees = [row.row() for row in solvers_trees.rows(given.quick)]
    apart = solvers_trees.differences(("Kuhn poker", "Leduc poker"))
    gpu = on_gpu()
    if given.json:
        told = {
            "machine": facts,
            "matrices": [row.row() for row in normal],
            "trees": trees,
            "apart": apart,
            "median ratio": statistics.median(row["ratio"] for row in trees if row["ratio"]),
        }
        print(json.dumps(told, indent=2))
    else:
        print(page(facts, normal, trees, apart, gpu))
    if given.out:
        results.insert(given.out, "solvers", page(facts, normal, trees, apart, gpu))


if __name__ == "__main__":
    main()
