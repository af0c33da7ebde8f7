"""Certificate of commitment with signals, by weak duality.

For any weights w >= 0 no distribution that the followers obey pays the leader more than

    max_s  L(s) - sum over followers i and actions b of w_i(s_i, b) (u_i(b, s_-i) - u_i(s))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.seats import seat_of
from coopsim.solvers.certificates.programs import linear_program
from coopsim.solvers.proof import Certificate, spread, spreads

_CLOSE = 1e-10  # of the leader's range: bounds this near to the value need no better weights
_MOST = 5_000_000  # numbers of the program that looks for better weights


def commitment(
    form: NormalForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    leader: int | str = 0,
) -> tuple[Certificate, Float]:
    """What each follower gains by its best rule of disobeying, and the leader's gap.

    Args:
        form: the game.
        profile: the joint distribution `[A1..An]`, alone.
        details: `incentives`, for each player a table `[A_i, A_i]` (told, taken) of weights;
            where they are missing or too weak, others are computed here.
        leader: who commits.

    Returns:
        The certificate and the expected payoffs `[n]`.

    Cost: one pass over the tensor for each action of each follower.
    """
    joint = profile[0]
    seat = seat_of(form.players, leader, "leader")
    values = (form.payoffs * joint).reshape(form.n, -1).sum(1)
    gains = [0.0 if i == seat else _disobedience(form, joint, i) for i in range(form.n)]
    tables = details.get("incentives")
    weights = [_table(tables, i, form.shape[i]) for i in range(form.n)]
    # above the leader's lowest payoff: what it gets in any case would only cost digits
    above = form.payoffs[seat] - form.payoffs[seat].min()
    own = float((above * joint).sum())
    top = _bound(form, seat, above, weights)
    if top > own + _CLOSE * spread(above):
        top = min(top, _bound(form, seat, above, _weights(form, seat)))
    gains[seat] = positive_part(top - own)
    spans = spreads(form.payoffs)
    away = positive_part(float(-joint.min()), abs(float(joint.sum()) - 1))
    off = 0.0 if away <= 1e-12 else away
    proof = Certificate.of(
        "regret",
        [gain + off * span for gain, span in zip(gains, spans, strict=True)],
        spans,
        exact=True,
        checked_by="every rule of disobeying, and a dual bound for the leader",
    )
    return proof, values


def _ahead(form: NormalForm, i: int, b: int) -> Float:
    """What player i gets more by action b at each profile, `[A1..An]`."""
    return np.asarray(np.take(form.payoffs[i], [b], axis=i) - form.payoffs[i])


def _disobedience(form: NormalForm, joint: Float, i: int) -> float:
    """What follower i gains by the best rule that takes another action for each one told."""
    size = form.shape[i]
    swaps = [
        np.moveaxis(_ahead(form, i, b) * joint, i, 0).reshape(size, -1).sum(1) for b in range(size)
    ]
    return positive_part(float(np.max(swaps, axis=0).sum()))


def _bound(form: NormalForm, seat: int, above: Float, weights: Sequence[Float]) -> float:
    """The leader's bound for weights, one table `[A_i, A_i]` (told, taken) a player."""
    top = above
    for i in range(form.n):
        shape = [-1 if k == i else 1 for k in range(form.n)]
        for b in range(form.shape[i]) if i != seat else ():
            top = top - _ahead(form, i, b) * weights[i][:, b].reshape(shape)
    return float(top.max())


def _weights(form: NormalForm, seat: int) -> list[Float]:
    """The weights that make the bound lowest, by the dual program; 0 for games too large."""
    tables = [np.zeros((size, size)) for size in form.shape]
    count = int(np.prod(form.shape))
    pairs = [
        (i, a, b)
        for i, size in enumerate(form.shape)
        for a in range(size)
        for b in range(size)
        if i != seat and a != b
    ]
    if not pairs or count * len(pairs) > _MOST:
        return tables
    stakes = [max(span, 1e-300) for span in spreads(form.payoffs)]
    columns = []
    for i, a, b in pairs:
        own = np.zeros(form.shape)
        place = tuple(a if k == i else slice(None) for k in range(form.n))
        own[place] = _ahead(form, i, b)[place]
        columns.append(-own.ravel() / stakes[i])
    found = linear_program(
        np.append(np.zeros(len(pairs)), 1.0),
        A_ub=np.column_stack([*columns, -np.ones(count)]),
        b_ub=-(form.payoffs[seat] - form.payoffs[seat].min()).ravel() / stakes[seat],
        bounds=[(0, None)] * len(pairs) + [(None, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is not None:
        for (i, a, b), weight in zip(pairs, found.x[:-1], strict=True):
            tables[i][a, b] = max(0.0, float(weight)) * stakes[seat] / stakes[i]
    return tables


def _table(tables: Any, player: int, size: int) -> Float:
    """A player's weights `[A_i, A_i]`; 0 where they cannot be read."""
    try:
        table = np.array(tables[player], dtype=float)
    except (TypeError, ValueError, IndexError, KeyError):
        return np.zeros((size, size))
    if table.shape != (size, size) or not np.isfinite(table).all():
        return np.zeros((size, size))
    return np.asarray(np.maximum(table, 0))
