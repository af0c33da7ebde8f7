"""The variants of counterfactual regret minimisation, and how far a run of one has come.

`coopsim.solvers.cfr` looks at these between blocks of iterations; the iterations themselves
are in `coopsim.solvers.kernels.cfr`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.kernels.flat import Blocks, Side, behaviour, blocks_of, two_sides


@dataclass(frozen=True)
class Variant:
    """How regrets and plans are weighted.

    Args:
        name: as registered.
        mode: how regrets are kept: "plus" (never below 0), "predictive" (the same, and the
            last regrets are expected once more) or "discounted".
        alpha, beta: at iteration t positive regrets are multiplied by t^alpha / (t^alpha + 1)
            and negative ones by t^beta / (t^beta + 1); infinite: not at all. For "discounted".
        gamma: iteration t has weight t^gamma in the average.
    """

    name: str
    mode: str
    alpha: float = math.inf
    beta: float = math.inf
    gamma: float = 0.0


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("cfr", "discounted"),
        Variant("cfr-plus", "plus", gamma=1.0),
        Variant("linear-cfr", "discounted", alpha=1.0, beta=1.0, gamma=1.0),
        Variant("discounted-cfr", "discounted", alpha=1.5, beta=0.0, gamma=2.0),
        Variant("predictive-cfr-plus", "predictive", gamma=2.0),
    )
}
"""The variants by name."""


def average(form: ExtensiveForm, method: str, iterations: int) -> tuple[Float, ...]:
    """The average profile after a number of iterations of a variant, without any check.

    Args:
        form: a tree with perfect recall and without variants.
        method: a name in `VARIANTS`.
        iterations: how many.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
        KeyError: no such variant.
    """
    play = started(form, VARIANTS[method])
    play.advance(iterations)
    return play.profile()


def started(form: ExtensiveForm, variant: Variant) -> TwoPlayers | ManyPlayers:
    """The state before the first iteration, ready to advance.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
    """
    if form.variants is not None:
        raise NoSuchForm(
            f"{variant.name} solves one game, and this form has {form.variants} variants: "
            "`coopsim.solvers.tree_variants.solve_tree_variants` solves them together"
        )
    if form.recall_problem:
        raise NoSuchForm(f"{variant.name} needs perfect recall: {form.recall_problem}")
    return TwoPlayers(form, variant) if form.n == 2 else ManyPlayers(form, variant)


def _rules(variant: Variant) -> tuple[int, float, float, float]:
    """What the kernels take of a variant."""
    from coopsim.solvers.kernels import cfr

    modes = {"plus": cfr.PLUS, "predictive": cfr.PREDICTIVE, "discounted": cfr.DISCOUNTED}
    return modes[variant.mode], variant.alpha, variant.beta, variant.gamma


class TwoPlayers:
    """How far regret minimisation has come: two players, payoffs over pairs of sequences."""

    def __init__(
        self, form: ExtensiveForm, variant: Variant, sides: tuple[Side, Side] | None = None
    ) -> None:
        self.form, self.done, self.rules = form, 0, _rules(variant)
        self.sides = sides or two_sides(form)
        self.states = _state(self.sides[0].blocks), _state(self.sides[1].blocks)

    def advance(self, count: int) -> None:
        """Make `count` more iterations."""
        from coopsim.solvers.kernels.cfr import iterate

        one, two = (side.arrays for side in self.sides)
        first, second = self.states
        begin, end = self.done + 1, self.done + count + 1
        iterate(one, two, first, second, begin, end, *self.rules)
        self.done += count

    def gains(self) -> list[float]:
        """What each player would gain by a best response to the average."""
        from coopsim.solvers.kernels.response import gains

        one, two = (side.arrays for side in self.sides)
        plans = [self._mean(player) for player in range(2)]
        return [float(gain) for gain in gains(one, two, *plans)]

    def profile(self) -> tuple[Float, ...]:
        """The average so far; even play before the first iteration."""
        return tuple(
            behaviour(own, self.sides[i].blocks, self._mean(i))
            for i, own in enumerate(self.form.sequences)
        )

    def _mean(self, player: int) -> Float:
        plan, total = self.states[player][2:4]
        return np.asarray(total / total[0] if total[0] else plan)


class ManyPlayers:
    """The same for any number of players: payoffs by terminal node."""

    def __init__(self, form: ExtensiveForm, variant: Variant) -> None:
        self.form, self.done, self.rules = form, 0, _rules(variant)
        self.blocks = [blocks_of(own) for own in form.sequences]
        sizes = [blocks.size for blocks in self.blocks]
        self.bounds = np.concatenate([[0], np.cumsum(sizes)])
        ends = [
            blocks.place[own.terminal]
            for blocks, own in zip(self.blocks, form.sequences, strict=True)
        ]
        self.ends = np.stack(ends)
        self.paid = np.ascontiguousarray((form.tree.chance_reach[:, None] * form.payoffs).T)
        states = [_state(blocks) for blocks in self.blocks]
        self.states = np.stack([np.concatenate([s[k] for s in states]) for k in range(5)])
        self.spaces = np.empty((2, max(1, *(blocks.widest for blocks in self.blocks))))

    def advance(self, count: int) -> None:
        """Make `count` more iterations."""
        from coopsim.solvers.kernels.cfr import iterate_many

        iterate_many(
            tuple(blocks.table for blocks in self.blocks),
            tuple(blocks.parent for blocks in self.blocks),
            self.bounds,
            self.ends,
            self.paid,
            self.states,
            self.spaces,
            self.done + 1,
            self.done + count + 1,
            *self.rules,
        )
        self.done += count

    def gains(self) -> list[float]:
        """What each player would gain by a best response to the average."""
        found = passes.regrets(self.form.tree, self.form.payoffs, self.profile())
        return [float(gain) for gain in found]

    def profile(self) -> tuple[Float, ...]:
        """The average so far; even play before the first iteration."""
        row = 3 if self.done else 2
        return tuple(
            behaviour(own, blocks, self.states[row, low:high])
            for own, blocks, low, high in zip(
                self.form.sequences, self.blocks, self.bounds[:-1], self.bounds[1:], strict=True
            )
        )


def _state(blocks: Blocks) -> tuple[Float, ...]:
    """Regret, strategy, plan, total and worth, `[S]`, and working space, before iteration 1."""
    strategy = blocks.even()
    zeros = [np.zeros(blocks.size) for _ in range(3)]
    spaces = np.empty((2, max(1, blocks.widest)))
    return zeros[0], strategy, blocks.realised(strategy), zeros[1], zeros[2], *spaces
