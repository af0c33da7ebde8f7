"""The Shapley value from sampled orders of arrival, each with its reverse."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.option_types import Seed
from coopsim.solvers.solution import Found

_AT_ONCE = 1 << 21  # booleans in one batch of coalitions


def solve(
    form: CoalitionForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    pairs: int = 10_000,
    seed: Seed = 0,
) -> Found:
    """Estimate the Shapley value, `[n]`, and its standard errors.

    A player's contribution is averaged over random orders of arrival; each order is used
    forwards and backwards (antithetic pairs), which never adds variance for a contribution
    that rises or falls with the size of the coalition. Castro, Gómez and Tejada (2009); Mitchell
    et al. (2022), "Sampling permutations for Shapley value estimation".

    Args:
        form: the game; no table is needed.
        tol: the search counts as finished where four standard errors are below this.
        deadline: seconds; what was drawn until then is averaged.
        pairs: pairs of orders.
        seed: of the orders.

    Returns:
        One profile; its details have `standard_errors` `[n]` and `pairs`. The estimates add
        up to what everybody is worth, exactly.

    Cost: 2 n worths a pair, in batches.
    """
    require_count("pairs", pairs, 2)
    clock, rng = Clock(deadline), np.random.default_rng(seed)
    count, mean, square = 0, np.zeros(form.n), np.zeros(form.n)
    batch = max(2, _AT_ONCE // (2 * form.n * form.n))
    while count < pairs and not (clock.over and count >= 2):
        drawn = _pairs(form, min(batch, max(2, pairs - count)), rng)
        # Chan's update keeps the variance accurate over many batches
        total = count + len(drawn)
        shift = drawn.mean(0) - mean
        square += ((drawn - drawn.mean(0)) ** 2).sum(0) + shift**2 * count * len(drawn) / total
        mean += shift * len(drawn) / total
        count = total
    errors = np.sqrt(square / (count - 1) / count)
    return Found(
        ((mean,),),
        f"{count} pairs of opposite orders drawn; the largest standard error is {errors.max():.3g}",
        stats={"pairs": count},
        finished=bool(count >= pairs and 4 * errors.max() <= tol),
        details=({"standard_errors": errors.tolist(), "pairs": count},),
    )


def suits(form: CoalitionForm, everything: bool) -> str:
    """Why `auto` chooses this: there is no table."""
    return f"{form.n} players: too many coalitions to look at" if form.values is None else ""


def _pairs(form: CoalitionForm, count: int, rng: np.random.Generator) -> Float:
    """Contributions `[count, n]`, each the mean over one order and its reverse."""
    order = rng.permuted(np.tile(np.arange(form.n), (count, 1)), axis=1)
    return 0.5 * (_contributions(form, order) + _contributions(form, order[:, ::-1]))


def _contributions(form: CoalitionForm, order: np.ndarray) -> Float:
    """What each player adds in each order of arrival, `[B, n]`."""
    place = np.argsort(order, axis=1)
    # after step t everybody with a place below t has arrived
    arrived = place[:, None, :] < np.arange(form.n + 1)[:, None]
    added = np.diff(form.of(arrived), axis=1)
    return np.asarray(np.take_along_axis(added, place, axis=1))
