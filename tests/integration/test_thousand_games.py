"""A thousand random games of each class: no hang, no exception, every proof holds.

Regrets of what is proved are computed a second time here, and by Gambit or OpenSpiel where
those are installed. The counts are printed at the end of the run.
"""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.solvers.solution import Solution

GAMES = 1000
DEADLINE = 10.0  # seconds a game
LATE = 2.0  # what a loaded machine may add before the clock is looked at
TOL = 1e-8

Rng = np.random.Generator


def _sizes(rng: Rng) -> tuple[int, int]:
    m, n = rng.integers(3, 51, 2)
    return int(m), int(n)


def floats(rng: Rng) -> NormalForm:
    """Two players, 3x3 to 50x50, payoffs drawn from a normal distribution."""
    return NormalForm(rng.normal(size=(2, *_sizes(rng))))


def integers(rng: Rng) -> NormalForm:
    """Two players, 3x3 to 50x50, whole numbers from 0 to 99."""
    return NormalForm(rng.integers(0, 100, (2, *_sizes(rng))).astype(float))


def degenerate(rng: Rng) -> NormalForm:
    """Two players, 3x3 to 50x50, payoffs 0, 1 and 2: many ties."""
    return NormalForm(rng.integers(0, 3, (2, *_sizes(rng))).astype(float))


def three(rng: Rng) -> NormalForm:
    """Three players with 2 to 8 actions each; whole numbers in half of the games."""
    shape = (3, *rng.integers(2, 9, 3).tolist())
    whole = rng.random() < 0.5
    return NormalForm(rng.integers(0, 20, shape).astype(float) if whole else rng.normal(size=shape))


def tree(rng: Rng) -> ExtensiveForm:
    """Two players, chance, hidden moves; zero-sum in half of the games."""
    depth, zero_sum = int(rng.integers(3, 7)), bool(rng.random() < 0.5)
    return random_tree(rng, players=2, depth=depth, chance=0.25, zero_sum=zero_sum)


def regret(form: Any, profile: tuple[Any, ...]) -> float:
    """The largest gain of a player, by sums that share nothing with the package's."""
    if isinstance(form, ExtensiveForm):
        return tree_regret(form, profile)
    axes = "abcdefg"[: form.n]
    gains = []
    for i in range(form.n):
        others = [k for k in range(form.n) if k != i]
        spec = f"{axes},{','.join(axes[k] for k in others)}->{axes[i]}"
        paid = np.einsum(spec, form.payoffs[i], *(profile[k] for k in others))
        gains.append(paid.max() - paid @ profile[i])
    return float(max(gains))


def tree_regret(form: ExtensiveForm, profile: tuple[Any, ...]) -> float:
    """Best responses by recursion over histories that share an information set."""
    gains = []
    tree = form.tree
    for player in range(form.n):
        free, held = _values(form, profile, player)
        gains.append(free - held)
    assert tree.size
    return float(max(gains))


def _values(form: ExtensiveForm, profile: tuple[Any, ...], player: int) -> tuple[float, float]:
    """What a best response and the own strategy pay `player`."""
    tree, joined = form.tree, np.concatenate(profile)
    end = {int(node): k for k, node in enumerate(tree.terminals)}

    def children(node: int) -> range:
        first = int(tree.first_child[node])
        return range(first, first + int(tree.children[node]))

    def share(child: int) -> float:
        edge = int(tree.edge[child])
        return float(joined[edge]) if edge >= 0 else float(tree.probability[child])

    # the others' and chance's weight of every node
    weight = np.ones(tree.size)
    for child in range(1, tree.size):
        parent = int(tree.parent[child])
        own = tree.player[parent] == player
        weight[child] = weight[parent] * (1.0 if own else share(child))
    chosen: dict[int, int] = {}

    def best(node: int) -> float:
        """Weighted by the others: the value of a node under best own play."""
        if node in end:
            return float(weight[node] * form.payoffs[end[node], player])
        if tree.player[node] != player:
            return sum(best(child) for child in children(node))
        infoset = int(tree.infoset[node])
        if infoset not in chosen:
            members = tree.infosets.members(infoset)
            totals = [
                sum(best(int(tree.first_child[m]) + a) for m in members)
                for a in range(int(tree.children[node]))
            ]
            chosen[infoset] = int(np.argmax(totals))
        return best(int(tree.first_child[node]) + chosen[infoset])

    def held(node: int) -> float:
        if node in end:
            return float(form.payoffs[end[node], player])
        return sum(share(child) * held(child) for child in children(node) if share(child) > 0)

    return best(0), held(0)


def gambit_regret(form: NormalForm, solution: Solution, folder: Path) -> float:
    import pygambit

    path = folder / "game.nfg"
    coopsim.write(form, path)
    game = pygambit.read_nfg(str(path))
    data = [(part / part.sum()).tolist() for part in solution.profile]
    return float(game.mixed_strategy_profile(data=data).max_regret())


def openspiel_conv(form: ExtensiveForm, solution: Solution, folder: Path) -> float:
    import pyspiel
    from open_spiel.python import policy
    from open_spiel.python.algorithms import exploitability

    from coopsim.games.adapters.openspiel import from_openspiel, to_openspiel

    game = to_openspiel(form)
    again, joined = from_openspiel(game), np.concatenate(solution.profile)
    loaded = game if isinstance(game, pyspiel.Game) else pyspiel.load_game(game)
    table = policy.TabularPolicy(loaded)
    for node in np.flatnonzero(form.tree.infoset >= 0):
        row = table.state_lookup[again.infosets.labels[int(again.tree.infoset[node])]]
        low, high = form.infosets.offset[form.tree.infoset[node] + np.arange(2)]
        table.action_probability_array[row] = 0
        legal = np.flatnonzero(table.legal_actions_mask[row])
        table.action_probability_array[row, legal] = joined[low:high]
    return float(exploitability.nash_conv(loaded, table))


CLASSES: list[tuple[Callable[[Rng], Any], str]] = [
    (floats, "pygambit"),
    (integers, "pygambit"),
    (degenerate, "pygambit"),
    (three, "pygambit"),
    (tree, "pyspiel"),
]


def run(
    make: Callable[[Rng], Any], count: int, second: str, every: int, folder: Path
) -> tuple[str, Counter[str]]:
    """Solve `count` games; what was seen, in words, and the statuses."""
    statuses: Counter[str] = Counter()
    slowest, worst, checked = 0.0, 0.0, 0
    installed = importlib.util.find_spec(second) is not None
    for k in range(count):
        form = make(np.random.default_rng(k))
        began = time.monotonic()
        solution = coopsim.solve(form, "nash", tol=TOL, deadline=DEADLINE)
        taken = time.monotonic() - began
        slowest = max(slowest, taken)
        assert taken < DEADLINE + LATE, f"game {k} took {taken:.1f} s ({solution.method})"
        statuses[str(solution.status)] += 1
        if not solution.proved:
            continue
        found = regret(form, solution.profile)
        worst = max(worst, found)
        assert found <= TOL + 1e-11, f"game {k}: {found} by {solution.method}"
        if installed and k % every == 0:
            twin = openspiel_conv if second == "pyspiel" else gambit_regret
            other = twin(form, solution, folder)
            assert other <= 2 * TOL + 1e-9, f"game {k}: {other} by {second}"
            checked += 1
    told = ", ".join(f"{number} {status}" for status, number in sorted(statuses.items()))
    twin_told = f"; {checked} checked by {second}" if installed else f"; {second} not installed"
    return (
        f"{count} games: {told}; largest regret {worst:.1e}; slowest {slowest:.2f} s{twin_told}",
        statuses,
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("make", "second"), CLASSES, ids=lambda v: getattr(v, "__name__", ""))
def test_a_thousand_games(
    make: Callable[[Rng], Any], second: str, tmp_path: Path, record_property: Any
) -> None:
    """Law: all are answered in time, and what is called proved is an equilibrium."""
    told, statuses = run(make, GAMES, second, 10 if second == "pyspiel" else 2, tmp_path)
    record_property("counts", told)
    assert statuses["exact"] + statuses["converged"] >= 0.99 * GAMES


@pytest.mark.parametrize(("make", "second"), CLASSES, ids=lambda v: getattr(v, "__name__", ""))
def test_a_dozen_games(make: Callable[[Rng], Any], second: str, tmp_path: Path) -> None:
    """The same on the first twelve games of each class."""
    _, statuses = run(make, 12, second, 4, tmp_path)
    assert statuses["exact"] + statuses["converged"] == 12
