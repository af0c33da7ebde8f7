"""Certificates of extensive-form correlated play: the best way to leave, at every trigger.

For each recommendation (or each information set, in the coarse version) the plans of the
others are weighted by how likely they are together with it, and the best continuation of the
player who leaves is found by a pass over the own information sets, deepest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.convert import reduced_strategies
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.solvers.proof import ROUNDING, Certificate, spreads


def correlated(
    form: ExtensiveForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    objective: Any = None,
) -> tuple[Certificate, Float]:
    """The largest gain from leaving a recommendation; expected payoffs `[n]`.

    Gains are weighted by the chance of the recommendation. The objective is not bounded.

    Cost: for each recommendation one pass over the ends and the player's sequences.
    """
    return _certificate(form, profile, coarse=False)


def coarse(
    form: ExtensiveForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    objective: Any = None,
) -> tuple[Certificate, Float]:
    """The largest gain from leaving at an information set before its recommendation."""
    return _certificate(form, profile, coarse=True)


def _certificate(
    form: ExtensiveForm, profile: tuple[Float, ...], coarse: bool
) -> tuple[Certificate, Float]:
    (joint,) = profile
    plans = [reduced_strategies(own).astype(float) for own in form.sequences]
    shape = tuple(map(len, plans))
    off = positive_part(float(-joint.min()), abs(float(joint.sum()) - 1.0)) if joint.size else 1.0
    if joint.shape != shape or not off <= 1e-9:
        raise ValueError(f"no joint distribution over plans of shape {shape}")
    comes = [p[:, own.terminal] for p, own in zip(plans, form.sequences, strict=True)]
    weights = form.tree.chance_reach[:, None] * form.payoffs
    values = _reach(joint, comes) @ weights
    gains, spans = [], spreads(form.payoffs, -1)
    for player, own in enumerate(form.sequences):
        mine = np.moveaxis(joint, player, 0)
        others = comes[:player] + comes[player + 1 :]
        best = 0.0
        for held, infoset in _triggers(own, coarse):
            look()
            active = plans[player][:, held] > 0
            leave = _reach(mine[active].sum(0), others) * weights[:, player]
            stay = sum(
                float((_reach(mine[k], others) * weights[:, player] * comes[player][k])
                      [_after(own, infoset)[own.terminal]].sum())
                for k in np.flatnonzero(active)
                if mine[k].any()
            )  # fmt: skip
            best = positive_part(best, _continuation(own, leave, infoset) - stay)
        # mass that is missing, or below nothing, may hide as much
        gains.append(best + (0.0 if off <= ROUNDING else off * spans[player]))
    proof = Certificate.of(
        "regret",
        gains,
        spans,
        exact=True,
        checked_by="the best continuation after leaving, at every "
        + ("information set" if coarse else "recommendation")
        + "; the objective is not bounded",
    )
    return proof, values


def _reach(joint: Float, comes: list[Float]) -> Float:
    """The probability that plans drawn from `joint` `[K..]` allow each end, `[Z]`."""
    found = np.asarray(joint)[..., None]
    for player in range(len(comes)):
        # the first remaining axis is this player's plans
        found = np.einsum("k...z,kz->...z", np.broadcast_to(
            found, (*found.shape[:-1], comes[player].shape[1])), comes[player])  # fmt: skip
    return np.asarray(found if len(comes) else np.broadcast_to(found, found.shape))


def _triggers(own: Sequences, coarse: bool) -> Iterator[tuple[int, int]]:
    """What a plan must have for the trigger, and the information set that is left at."""
    for infoset, (parent, first, actions) in enumerate(
        zip(own.parent.tolist(), own.first.tolist(), own.actions.tolist(), strict=True)
    ):
        if coarse:
            yield parent, infoset
        else:
            yield from ((first + a, infoset) for a in range(actions))


def _after(own: Sequences, infoset: int) -> Any:
    """Which sequences end at an information set or after it, `[S + 1]`."""
    found = np.zeros(own.size, dtype=bool)
    for sequence in range(1, own.size):
        found[sequence] = own.owner[sequence] == infoset or found[own.before[sequence]]
    return found


def _continuation(own: Sequences, ends: Float, infoset: int) -> float:
    """The most that the player gets from an information set on; `ends` `[Z]` are weighted."""
    total = np.bincount(own.terminal, weights=ends, minlength=own.size)
    for j in reversed(range(infoset, len(own.first))):
        first = own.first[j]
        best = float(total[first : first + own.actions[j]].max())
        if j == infoset:
            return best
        total[own.parent[j]] += best
    raise AssertionError("an information set comes before those after it")
