"""Counterfactual regret minimisation: CFR, CFR+, linear, discounted and predictive.

At every information set regrets for the own actions are kept, weighted by the probability
that chance and the others come there, and play follows the positive ones. The average plan
of a two-player zero-sum tree comes to an equilibrium (Zinkevich, Johanson, Bowling and
Piccione 2007). With more players or other payoffs it need not: the certificate says.

The variants differ in how regrets and plans are weighted: CFR+ (Tammelin 2014), linear and
discounted CFR (Brown and Sandholm 2019), predictive CFR+ (Farina, Kroer and Sandholm 2021).
All update players in turn. An iteration reads every payoff once a player.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

from coopsim.errors import UserError
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.solvers import sequence_form
from coopsim.solvers.cfr_state import VARIANTS, Variant, started
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

ITERATIONS = 10_000
"""How many iterations are made unless the tolerance or the deadline comes first."""

_GROWTH = 1.25  # between two looks at the regrets the number of iterations grows by this
_BLOCK = 0.05  # seconds between two looks at the clock


def solve_cfr(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = ITERATIONS,
) -> Found:
    """Plain CFR: all iterations count alike, negative regrets are kept.

    Args:
        form: a tree with perfect recall, of any number of players.
        tol: the largest gain of a player from a best response at which to stop, payoff units.
        deadline: seconds.
        iterations: the most iterations.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
        UserError: `iterations` is below 1.
    """
    return _solve(form, VARIANTS["cfr"], tol, deadline, iterations)


def solve_cfr_plus(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = ITERATIONS,
) -> Found:
    """CFR+: regrets never below 0, iteration t has weight t. Arguments as `solve_cfr`.

    Updates, weights and order are those of OpenSpiel's CFRPlusSolver: so is the average.
    """
    return _solve(form, VARIANTS["cfr-plus"], tol, deadline, iterations)


def solve_linear(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = ITERATIONS,
) -> Found:
    """Linear CFR: regrets and plans of iteration t have weight t. Arguments as `solve_cfr`."""
    return _solve(form, VARIANTS["linear-cfr"], tol, deadline, iterations)


def solve_discounted(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = ITERATIONS,
    alpha: float = 1.5,
    beta: float = 0.0,
    gamma: float = 2.0,
) -> Found:
    """Discounted CFR. Arguments as `solve_cfr`, and those of `Variant`.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
        UserError: an exponent is not a number, or `gamma` or `iterations` is too small.
    """
    for key, power in (("alpha", alpha), ("beta", beta), ("gamma", gamma)):
        if math.isnan(power) or (key == "gamma" and not 0 <= power <= 20):
            allowed = "0 to 20" if key == "gamma" else "a number"
            raise UserError("out of range", key=key, given=power, allowed=allowed)
    variant = replace(VARIANTS["discounted-cfr"], alpha=alpha, beta=beta, gamma=gamma)
    return _solve(form, variant, tol, deadline, iterations)


def solve_predictive(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = ITERATIONS,
) -> Found:
    """Predictive CFR+ with quadratic averaging. Arguments as `solve_cfr`."""
    return _solve(form, VARIANTS["predictive-cfr-plus"], tol, deadline, iterations)


def suits(form: ExtensiveForm, everything: bool) -> str:
    """Zero-sum trees of two players that are too large for the exact programme."""
    if everything or sequence_form.reason(form):
        return ""
    pairs = len(form.sequence_payoffs.indices)
    if pairs <= sequence_form.LARGEST:
        return ""
    return f"two players, zero-sum, {pairs:,} payoff pairs: regret minimisation"


def _solve(
    form: ExtensiveForm, variant: Variant, tol: float, deadline: float | None, iterations: int
) -> Found:
    require_count("iterations", iterations)
    clock = Clock(deadline)
    play = started(form, variant)
    best, least, at, look, block = play.profile(), math.inf, 0, 1, 1
    while True:
        began = time.monotonic()
        play.advance(max(1, min(look - play.done, block)))
        pace = max(time.monotonic() - began, 1e-9)
        block = 2 * block if 2 * pace < _BLOCK else block
        over = clock.over or play.done >= iterations
        if play.done < look and not over:
            continue
        gain = max(play.gains())
        if gain < least:
            best, least, at = play.profile(), gain, play.done
        if over or least <= tol:
            break
        look = min(iterations, math.ceil(_GROWTH * play.done))
    return Found(
        (best,),
        f"{play.done} iterations of {variant.name}; the average of the first {at} is the closest",
        {"iterations": play.done},
        finished=least <= tol,
    )
