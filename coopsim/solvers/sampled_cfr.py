"""Monte Carlo CFR: regrets from sampled parts of the tree.

External sampling walks all own actions and samples chance and the others; outcome sampling
follows one path and weighs what it sees by how likely it was to be seen (Lanctot, Waugh,
Zinkevich and Bowling 2009). Averages of two-player zero-sum trees come to an equilibrium in
probability; the certificate says how near. An iteration costs a part of the tree, so these
are for trees whose full passes are too slow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.option_types import Seed
from coopsim.solvers.solution import Found

_BLOCK = 0.05  # seconds between two looks at the clock
_GROWTH = 1.5  # between two looks at the regrets the number of iterations grows by this


def solve_external(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = 20_000,
    seed: Seed = 0,
) -> Found:
    """External sampling.

    Args:
        form: a tree with perfect recall, of any number of players.
        tol: the largest gain of a player from a best response at which to stop, payoff units.
        deadline: seconds.
        iterations: the most iterations; in each every player samples the others once.
        seed: of what is sampled.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
        UserError: `iterations` is below 1.
    """
    from coopsim.solvers.kernels.sampled import external

    play = _Play(form, "external sampling", seed)

    def advance(count: int) -> None:
        external(count, play.tree, form.payoffs, play.regret, play.total, play.space,
                 play.worths, play.frames, play.rng)  # fmt: skip

    return _run(play, advance, tol, deadline, iterations, "external sampling")


def solve_outcome(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = 100_000,
    explore: float = 0.6,
    seed: Seed = 0,
) -> Found:
    """Outcome sampling.

    Args:
        form: a tree with perfect recall, of any number of players.
        tol: the largest gain of a player from a best response at which to stop, payoff units.
        deadline: seconds.
        iterations: the most iterations; in each every player follows one path.
        explore: how often the own actions are drawn evenly, above 0 to 1.
        seed: of what is sampled.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
        UserError: an option out of range.
    """
    from coopsim.solvers.kernels.sampled import outcome

    if not 0 < explore <= 1:
        raise UserError("no probability", key="explore", given=explore, allowed="above 0 to 1")
    play = _Play(form, "outcome sampling", seed)

    def advance(count: int) -> None:
        outcome(count, explore, play.tree, form.payoffs, play.regret, play.total, play.space,
                play.frames, play.weights, play.rng)  # fmt: skip

    return _run(play, advance, tol, deadline, iterations, "outcome sampling")


class _Play:
    """Regrets and averages of all players, and the arrays that the kernels walk."""

    def __init__(self, form: ExtensiveForm, name: str, seed: int) -> None:
        if form.variants is not None:
            raise NoSuchForm(f"{name} solves one game, and this form has {form.variants} variants")
        if form.recall_problem:
            raise NoSuchForm(f"{name} needs perfect recall: {form.recall_problem}")
        tree, sets = form.tree, form.infosets
        end = np.full(tree.size, -1, dtype=np.int64)
        end[tree.terminals] = np.arange(len(tree.terminals))
        whole = (tree.player, tree.infoset, tree.first_child, tree.children)
        self.offset = np.array(sets.offset, dtype=np.int64)
        self.tree: Any = (
            *(np.array(part, dtype=np.int64) for part in whole),
            np.array(tree.probability),
            end,
            self.offset,
        )
        self.form = form
        self.regret = np.zeros(int(self.offset[-1]))
        self.total = np.zeros(int(self.offset[-1]))
        # a strategy, and what belongs to it, for every depth of a walk
        self.space = np.empty((tree.depth + 2, int(max(sets.actions, default=1))))
        self.worths = np.empty_like(self.space)
        self.frames = np.zeros((tree.depth + 2, 3), dtype=np.int64)
        self.weights = np.empty((tree.depth + 2, 4))
        self.rng = np.random.default_rng(seed)

    def profile(self) -> tuple[Float, ...]:
        """The average strategies."""
        from coopsim.solvers.kernels.sampled import normalise

        return passes.split(self.form.tree, normalise(self.total, self.offset))


def _run(
    play: _Play,
    advance: Callable[[int], None],
    tol: float,
    deadline: float | None,
    iterations: int,
    name: str,
) -> Found:
    require_count("iterations", iterations)
    clock = Clock(deadline)
    form, done, look, block = play.form, 0, min(256, iterations), 16
    best, least, at = play.profile(), np.inf, 0
    while True:
        began = time.monotonic()
        count = min(block, look - done)  # looks come after the same counts on any machine
        advance(count)
        done += count
        block = 2 * block if 2 * (time.monotonic() - began) < _BLOCK else block
        over = clock.over or done >= iterations
        if done < look and not over:
            continue
        look = min(iterations, int(_GROWTH * done))
        profile = play.profile()
        gain = float(passes.regrets(form.tree, form.payoffs, profile).max())
        if gain < least:
            best, least, at = profile, gain, done
        if over or least <= tol:
            break
    return Found(
        (best,),
        f"{done} iterations of {name}; the average of the first {at} is the closest looked at",
        {"iterations": done},
        finished=bool(least <= tol),
    )
