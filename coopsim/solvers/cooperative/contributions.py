"""Shapley and Banzhaf values, exactly: averages of marginal contributions over a table."""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.solvers.solution import Found

_MOST = 24  # players: the table alone takes 134 MB


def solve_shapley(
    form: CoalitionForm, *, tol: float = 1e-8, deadline: float | None = None
) -> Found:
    """The Shapley value, `[n]`. Shapley (1953), "A value for n-person games".

    Args:
        form: the game, with a table of values.
        tol: not needed; the sum is exact up to rounding.
        deadline: not needed; n passes over the table (0.3 s with 20 players).

    Raises:
        NoSuchForm: there is no table of values.
    """
    value = shapley(_table(form))
    return Found(((value,),), f"all {1 << form.n} coalitions weighed", exhaustive=True)


def solve_banzhaf(
    form: CoalitionForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    normalised: bool = False,
) -> Found:
    """The Banzhaf value, `[n]`. Banzhaf (1965), "Weighted voting doesn't work".

    Args:
        form: the game, with a table of values.
        tol: not needed; the sum is exact up to rounding.
        deadline: not needed; n passes over the table.
        normalised: scale the values so that they add up to what everybody is worth. Where
            they add up to 0 they stay as they are.

    Raises:
        NoSuchForm: there is no table of values.
    """
    table = _table(form)
    value = banzhaf(table)
    if normalised and value.sum() != 0:
        value = value * table[-1] / value.sum()
    return Found(((value,),), f"all {1 << form.n} coalitions weighed", exhaustive=True)


def shapley(values: Float) -> Float:
    """The Shapley values `[..., n]` of tables `[..., 2^n]`, any number at once."""
    n = values.shape[-1].bit_length() - 1
    size = np.bitwise_count(np.arange(1 << (n - 1)))
    # one over n times the number of coalitions of this size among the others
    by_size = np.cumprod([1.0, *((k + 1) / (n - 1 - k) for k in range(n - 1))]) / n
    return _averaged(values, by_size[size])


def banzhaf(values: Float) -> Float:
    """The Banzhaf values `[..., n]` of tables `[..., 2^n]`, any number at once."""
    others = values.shape[-1] // 2
    return _averaged(values, np.full(others, 1.0 / others))


def suits(form: CoalitionForm, everything: bool) -> str:
    """Why `auto` chooses this: a table small enough to look at whole."""
    if form.values is None or form.n > _MOST:
        return ""
    return f"{form.n} players: every coalition can be looked at"


def _averaged(values: Float, weights: Float) -> Float:
    """The weighted mean of each player's contributions to the coalitions of the others."""
    n = values.shape[-1].bit_length() - 1
    lead = values.shape[:-1]
    shares = []
    for i in range(n):
        split = values.reshape(*lead, 1 << (n - 1 - i), 2, 1 << i)
        gain = split[..., 1, :] - split[..., 0, :]
        # without player i's bit the others keep their order, so weights by size fit all players
        shares.append(gain.reshape(*lead, -1) @ weights)
    return np.stack(shares, axis=-1)


def _table(form: CoalitionForm) -> Float:
    if form.values is None:
        raise NoSuchForm(
            f"{form.n} players have {1 << form.n} coalitions, too many for a table; "
            "shapley-sampling takes any number of players"
        )
    return form.values
