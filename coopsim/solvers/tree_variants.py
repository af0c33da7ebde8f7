"""All variants of a two-player tree solved together: on all cores, or on a torch device."""

from __future__ import annotations

import dataclasses
import operator
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.extras import require
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.cfr_state import VARIANTS, TwoPlayers, Variant
from coopsim.solvers.kernels import flat
from coopsim.solvers.numeric import Clock, require_count

_BLOCK = 50  # iterations between two looks at the clock


@dataclass(frozen=True, eq=False)
class TreeVariants:
    """What was found for each of V variants.

    Args:
        profiles: one array a player, `[V, S_i]`: average behaviour strategies.
        values: expected payoffs, `[V, n]`, payoff units.
        gains: what each player would gain by a best response, `[V, n]`; NashConv is their sum.
        iterations: how many were made.
    """

    profiles: tuple[Float, ...]
    values: Float
    gains: Float
    iterations: int

    @property
    def residuals(self) -> Float:
        """The largest gain of a player in each variant, `[V]`; 0 at an equilibrium."""
        return np.asarray(np.maximum(self.gains, 0.0).max(axis=-1))


def solve_tree_variants(
    form: ExtensiveForm,
    method: str = "cfr-plus",
    iterations: int = 1000,
    device: str | None = None,
    deadline: float | None = None,
) -> TreeVariants:
    """Average profiles of every variant after equally many iterations.

    Values and gains are computed from the profiles by passes over the tree, apart from the
    iterations.

    Args:
        form: a two-player tree with perfect recall; without variants it counts as one.
        method: a name in `coopsim.solvers.cfr_state.VARIANTS`.
        iterations: how many.
        device: None runs the compiled kernel variant by variant, one a core at a time. A
            torch device with 64-bit floats ("cpu", "cuda") runs all variants as one array
            programme: worth it on a GPU with many of them. Both agree to rounding; where two
            actions are equally good, rounding decides which one is played.
        deadline: seconds, after which no further iterations are begun.

    Cost: an iteration reads every variant's payoff pairs once a player; memory is about 16
    bytes times the payoff pairs times the variants.

    Raises:
        NoSuchForm: not two players, or a player forgets own moves.
        UserError: no such method, or `iterations` below 1.
        MissingExtra: a device is given, and torch is not installed.
    """
    require_count("iterations", iterations)
    if method not in VARIANTS:
        raise UserError("no such method", key="method", given=method, allowed=list(VARIANTS))
    if form.n != 2:
        raise NoSuchForm(f"variants of trees are solved for two players, and here are {form.n}")
    payoffs = form.payoffs if form.variants is not None else form.payoffs[None]
    form = form.with_payoffs(payoffs)
    clock, rule = Clock(deadline), VARIANTS[method]
    if device is None:
        profiles, done = _compiled(form, rule, iterations, clock)
    else:
        profiles, done = _in_torch(form, rule, iterations, clock, device)
    return TreeVariants(
        profiles,
        passes.expected(form.tree, payoffs, profiles),
        passes.regrets(form.tree, payoffs, profiles),
        done,
    )


def _compiled(
    form: ExtensiveForm, rule: Variant, iterations: int, clock: Clock
) -> tuple[tuple[Float, ...], int]:
    """The average profiles by the compiled kernel, and how many iterations were made."""
    sides, values = flat.two_sides(form), form.sequence_payoffs.values
    plays = []
    for paid in values:
        one, two = (
            dataclasses.replace(side, value=np.ascontiguousarray(paid[side.entry, i]))
            for i, side in enumerate(sides)
        )
        plays.append(TwoPlayers(form, rule, (one, two)))
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while done < iterations and not (done and clock.over):
            count = min(_BLOCK, iterations - done)
            list(pool.map(operator.methodcaller("advance", count), plays))
            done += count
    single = [play.profile() for play in plays]
    return tuple(np.stack([profile[i] for profile in single]) for i in range(2)), done


def _in_torch(
    form: ExtensiveForm, rule: Variant, iterations: int, clock: Clock, device: str
) -> tuple[tuple[Float, ...], int]:
    """The same by torch."""
    require("torch", extra="learn")
    from coopsim.solvers.kernels.cfr_torch import Player, iterate

    sides, values = flat.two_sides(form), form.sequence_payoffs.values
    one, two = (Player(side, values[..., i], device) for i, side in enumerate(sides))
    done = 0
    while done < iterations and not (done and clock.over):
        iterate(one, two, done + 1, done + 2, rule.mode, rule.alpha, rule.beta, rule.gamma)
        done += 1
    profiles = tuple(
        flat.behaviour(own, side.blocks, player.total.T.cpu().numpy())
        for own, side, player in zip(form.sequences, sides, (one, two), strict=True)
    )
    return profiles, done
