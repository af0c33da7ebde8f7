"""The tables by which a game tree is played, for a batch of episodes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Array, Backend
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE, Tree


@dataclass(frozen=True)
class Lookup:
    """Arrays of one backend, one entry a node (`[N]`) unless another shape is given.

    Args:
        seat: who decides; 0 where nobody does.
        decides: whether a player decides.
        options: how many actions there are at a decision, else 0.
        child: the first node below.
        infoset: the number of the information set among the mover's own; -1 elsewhere.
        end: the place among the terminals; Z elsewhere.
        payoffs: `[Z + 1, n]`; the last row, of zeros, is for nodes that are no end.
        event: the number of a chance node; -1 elsewhere.
        drawn: how many chance nodes lie above.
        bounds: event number plus cumulative probability of every action of chance, one
            event after another, ascending, in double precision, `[C]`.
        last: the last place of each event in `bounds`, `[K]`.
        outcome: the node that each of `bounds` leads to, `[C]`.
        run: the longest chain of chance nodes.
    """

    seat: Array
    decides: Array
    options: Array
    child: Array
    infoset: Array
    end: Array
    payoffs: Array
    event: Array
    drawn: Array
    bounds: Array
    last: Array
    outcome: Array
    run: int


def make_lookup(form: ExtensiveForm, backend: Backend) -> Lookup:
    """The tables of a single game (no variants) for a backend."""
    tree = form.tree
    xp = backend.xp
    where = {} if backend.library == "numpy" else {"device": backend.device}

    def table(values: npt.NDArray[Any], kind: str = "int64") -> Array:
        return xp.asarray(np.array(values, dtype=kind), **where)

    decides = tree.infoset >= 0
    own = tree.infoset - tree.infosets.first[np.where(decides, tree.player, 0)]
    chance = np.flatnonzero(tree.player == CHANCE)
    event = np.full(tree.size, -1)
    event[chance] = np.arange(len(chance))
    end = np.full(tree.size, len(tree.terminals))
    end[tree.terminals] = np.arange(len(tree.terminals))
    bounds, last, outcome = _events(tree, chance)
    return Lookup(
        seat=table(np.where(decides, tree.player, 0)),
        decides=table(decides, "bool"),
        options=table(np.where(decides, tree.children, 0)),
        child=table(tree.first_child),
        infoset=table(np.where(decides, own, -1)),
        end=table(end),
        payoffs=backend.asarray(np.vstack([form.payoffs, np.zeros((1, form.n))])),
        event=table(event),
        drawn=table(_above(tree, CHANCE)),
        bounds=table(bounds, "float64"),
        last=table(last),
        outcome=table(outcome),
        run=_longest_run(tree),
    )


def longest_play(tree: Tree) -> int:
    """The largest number of decisions on a path."""
    return int((_above(tree, None)[tree.terminals]).max())


def longest_draw(tree: Tree) -> int:
    """The largest number of chance nodes on a path."""
    return int(_above(tree, CHANCE).max())


def _above(tree: Tree, player: int | None) -> npt.NDArray[Any]:
    """How many nodes of `player` (None: of any player, chance apart) lie above each, `[N]`."""
    counted = tree.player == player if player is not None else tree.infoset >= 0
    count = np.zeros(tree.size, dtype=np.int64)
    for depth in range(1, tree.depth + 1):
        here = tree.level(depth)
        above = tree.parent[here]
        count[here] = count[above] + counted[above]
    return count


def _longest_run(tree: Tree) -> int:
    run = (tree.player == CHANCE).astype(np.int64)
    for depth in range(1, tree.depth + 1):
        here = tree.level(depth)
        run[here] = np.where(run[here] > 0, run[tree.parent[here]] + 1, 0)
    return int(run.max())


def _events(
    tree: Tree, chance: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """`bounds`, `last` and `outcome` of a `Lookup`."""
    counts = tree.children[chance].astype(np.int64)
    starts = np.cumsum(counts) - counts
    event = np.repeat(np.arange(len(chance)), counts)
    outcome = np.repeat(tree.first_child[chance], counts) + np.arange(len(event)) - starts[event]
    shares = tree.probability[outcome]
    running = np.cumsum(shares)
    before = (running - shares)[starts]
    # sums may miss 1 by rounding; the last action of each event gets what is left
    bounds = event + np.minimum(running - before[event], 1.0)
    last = starts + counts - 1
    bounds[last] = np.arange(len(chance)) + 1.0
    return bounds, last, outcome
