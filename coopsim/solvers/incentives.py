"""The incentive constraints of correlated equilibria as sparse rows over pure profiles.

Both the linear programs and the maximum-entropy program read them. Payoffs enter divided by
each player's range, so that the rows do not depend on units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import ENDLESS, Clock
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm, sizes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_PROFILES = 200_000
MOST_ENTRIES = 20_000_000
"""Pure profiles, and entries of the constraint matrix, that one program may have."""


def ranges(form: NormalForm) -> Float:
    """The range of each player's payoffs `[n]`; 1 where a player is paid the same everywhere."""
    spread = np.ptp(form.payoffs.reshape(form.n, -1), axis=1)
    return np.where(spread > 0, spread, 1.0)


def keys(form: NormalForm, coarse: bool) -> list[tuple[int, int, int]]:
    """What each row stands for: player, the action told (-1: any), the action taken instead."""
    rows = []
    for i, size in enumerate(form.shape):
        told = [-1] if coarse else list(range(size))
        rows += [(i, a, b) for a in told for b in range(size) if a != b]
    return rows


def check_size(form: NormalForm, coarse: bool) -> None:
    """Refuse what does not fit into one program. Raises `NoSuchForm` with the size."""
    profiles = int(np.prod(form.shape))
    entries = profiles * sum(size if coarse else size - 1 for size in form.shape)
    if profiles > MOST_PROFILES or entries > MOST_ENTRIES:
        raise NoSuchForm(
            f"{sizes(form.shape)} are {profiles:,} pure profiles and {entries:,} incentive "
            f"entries; the program over joint distributions takes {MOST_PROFILES:,} and "
            f"{MOST_ENTRIES:,}. Regret matching approaches coarse correlated equilibria of "
            f"larger games"
        )


def incentive_rows(form: NormalForm, coarse: bool, clock: Clock = ENDLESS) -> csr_array:
    """`G[R, P]`: a joint distribution x `[P]` is an equilibrium where `G @ x <= 0`.

    Row `(i, a, b)` of a correlated equilibrium holds `u_i(b, s_-i) - u_i(a, s_-i)` at the
    profiles where i plays a (Aumann 1987). Row `(i, b)` of a coarse one holds
    `u_i(b, s_-i) - u_i(s)` at every profile (Moulin and Vial 1978). Profiles are in row-major
    order; payoffs are divided by the player's range. Differences are taken first: what all own
    actions share would only cost digits.

    Raises:
        OutOfTime: the clock was over between two rows.
    """
    from scipy.sparse import csr_array

    count = int(np.prod(form.shape))
    number = np.arange(count).reshape(form.shape)
    values, columns, lengths = [], [], []
    for i, size in enumerate(form.shape):
        own = np.moveaxis(form.payoffs[i], i, 0).reshape(size, -1)
        own = (own - own.min(axis=0)) / ranges(form)[i]
        place = np.moveaxis(number, i, 0).reshape(size, -1)
        for a in [None] if coarse else range(size):
            at, here = (own, place) if a is None else (own[a], place[a])
            for b in range(size):
                clock.look()
                if a != b:
                    values.append(np.ravel(own[b] - at))
                    columns.append(here.ravel())
                    lengths.append(here.size)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if not values:
        return csr_array((0, count))
    rows = csr_array(
        (np.concatenate(values), np.concatenate(columns), starts), (len(values), count)
    )
    rows.eliminate_zeros()
    rows.sort_indices()
    return rows


def evidence(form: NormalForm, coarse: bool, multipliers: Float) -> list[Any]:
    """Multipliers of the rows as one nested list a player, for certificates.

    `[A_i, A_i]` (told, taken) for correlated equilibria, `[A_i]` for coarse ones.
    """
    tables = [np.zeros(size if coarse else (size, size)) for size in form.shape]
    for (i, a, b), value in zip(keys(form, coarse), multipliers, strict=True):
        tables[i][b if coarse else (a, b)] = value
    return [table.tolist() for table in tables]


def player_of(form: NormalForm, name: Any) -> int:
    """The number of a player given by name or number. Raises `UserError`."""
    if isinstance(name, str) and name in form.players:
        return form.players.index(name)
    if isinstance(name, int | np.integer) and not isinstance(name, bool) and 0 <= name < form.n:
        return int(name)
    raise UserError(
        "no such objective",
        key="objective",
        given=name,
        allowed=[
            "welfare",
            "min welfare",
            "max-min",
            "entropy",
            *form.players,
            f"0 to {form.n - 1}",
            f"{form.n} weights",
        ],
    )


def weights_of(form: NormalForm, objective: Any) -> Float:
    """The weight of each player's payoff in a linear objective that is maximised, `[n]`.

    Args:
        form: the game.
        objective: None or "welfare" (1 each), "min welfare" (-1 each), a player's name or
            number (1 for that player), or `[n]` weights.

    Raises:
        UserError: none of these.
    """
    if objective is None or (isinstance(objective, str) and objective == "welfare"):
        return np.ones(form.n)
    if isinstance(objective, str) and objective == "min welfare":
        return -np.ones(form.n)
    if isinstance(objective, str | int | np.integer):
        return np.asarray(np.eye(form.n)[player_of(form, objective)])
    try:
        weights = np.asarray(objective, dtype=float)
    except (TypeError, ValueError, OverflowError):
        weights = np.zeros(0)
    if weights.shape != (form.n,) or not np.isfinite(weights).all():
        raise UserError(
            "weights do not fit the players",
            key="objective",
            given=objective,
            allowed=f"{form.n} finite numbers, one a player",
        )
    return weights
