"""One equilibrium of a two-player tree with any payoffs: Lemke on the sequence form.

Plans x, y and the worths p, q of information sets are an equilibrium where

    E x = e,  F y = f,  E' p - A y >= 0,  F' q - B' x >= 0,

all of x, y and of the slacks are at least 0, and the products of plans and slacks are 0
(Koller, Megiddo and von Stengel 1996). The path starts at a prior: with weight z0 everybody
plays the prior, and z0 falls from 1 to 0. For a prior that comes everywhere the end is a
normal-form perfect equilibrium (von Stengel, van den Elzen and Talman 2002).

Equations and worths are eliminated first, by way of the best plan against the prior: one
basic sequence an information set. What is left has the size of the two sets of sequences.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.sequence_form import in_units
from coopsim.solvers.sequence_path import Path
from coopsim.solvers.solution import Found

LARGEST = 4_000
"""How many sequences both players may have together: the table has their square in entries."""

QUICK = 2_500
"""How many `suits` takes: paths that long were followed within half a minute."""


def solve(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    starts: Starts = 1,
    seed: Seed = 0,
) -> Found:
    """One equilibrium a prior, by complementary pivoting.

    Args:
        form: a tree of two players with perfect recall.
        tol: the gain from a deviation, in payoff units, above which the last basis is solved
            again with full accuracy.
        deadline: seconds; on expiry what was found so far is handed back, or even play.
        starts: how many priors: the first one is even play, others are drawn.
        seed: of the priors.

    Cost: a table of k * k floats for k sequences of both players together, changed once a
    pivot; usually fewer than 2 k pivots a path.

    Raises:
        NoSuchForm: not two players, imperfect recall, variants, or above `LARGEST` sequences.
        UserError: `starts` is below 1.
    """
    require_count("starts", starts)
    problem = reason(form)
    if problem:
        raise NoSuchForm(f"the sequence-form path {problem}")
    clock, rng = Clock(deadline), np.random.default_rng(seed)
    one, two = form.sequences
    pays = _payoffs(form)
    found: list[tuple[Float, ...]] = []
    pivots, ended = 0, 0
    for start in range(starts):
        if clock.over:
            break
        prior = form.uniform() if start == 0 else _drawn(form, rng)
        path = Path((one, two), pays, prior)
        path.follow(clock)
        pivots += path.pivots
        if not path.ended:
            continue
        profile = path.profile(form)
        if _gain(form, profile) > 0.1 * tol:
            path.solve_again()
            profile = min(profile, path.profile(form), key=lambda p: _gain(form, p))
        ended += _gain(form, profile) <= tol
        if not any(_same(profile, other) for other in found):
            found.append(profile)
    size = f"{one.size:,} + {two.size:,} sequences"
    return Found(
        tuple(found) or (form.uniform(),),
        f"{ended} of {starts} paths ended in an equilibrium, {pivots:,} pivots, {size}",
        {"pivots": pivots, "paths": ended},
        finished=ended == starts,
    )


def suits(form: ExtensiveForm, everything: bool) -> str:
    """Two players, perfect recall, and at most `QUICK` sequences together."""
    if everything or reason(form):
        return ""
    size = sum(own.size for own in form.sequences)
    if size > QUICK:
        return ""
    return f"two players, {size:,} sequences: complementary pivoting on the sequence form"


def reason(form: ExtensiveForm) -> str:
    """Why no path can be followed, as the end of a sentence; empty where one can."""
    if form.recall_problem:
        return f"needs perfect recall: {form.recall_problem}"
    if form.n != 2:
        return f"is for two players, and here are {form.n}"
    if form.variants is not None:
        return f"solves one game, and this form has {form.variants} variants"
    size = sum(own.size for own in form.sequences)
    if size > LARGEST:
        return (
            f"takes at most {LARGEST:,} sequences of both players together, and here are "
            f'{size:,}; "sequence-form-lp" and "cfr-plus" take larger trees of opposed payoffs'
        )
    return ""


def _payoffs(form: ExtensiveForm) -> tuple[Any, Any]:
    """Each player's payoffs `[own S, other S]`, in units of their size; sparse."""
    from scipy.sparse import csr_array

    pairs, made = in_units(form, form.payoffs).sequence_payoffs, []
    for player in range(2):
        matrix = csr_array((pairs.values[:, player], (pairs.rows, pairs.indices)), pairs.shape)
        made.append(matrix if player == 0 else matrix.T.tocsr())
    return made[0], made[1]


def _drawn(form: ExtensiveForm, rng: np.random.Generator) -> tuple[Float, ...]:
    """A behaviour strategy for each player, drawn evenly at every information set."""
    weights = rng.standard_exponential(int(form.infosets.offset[-1]))
    total = np.add.reduceat(weights, form.infosets.offset[:-1])
    return passes.split(form.tree, weights / np.repeat(total, form.infosets.actions))


def _gain(form: ExtensiveForm, profile: tuple[Float, ...]) -> float:
    return float(passes.regrets(form.tree, form.payoffs, profile).max())


def _same(one: tuple[Float, ...], other: tuple[Float, ...]) -> bool:
    return all(np.allclose(a, b, atol=1e-6) for a, b in zip(one, other, strict=True))
