"""What players of the repeated coopetition game see, and how it is told in words.

Sources of the presets: Coopetition-Gym's observation configurations (full visibility,
realistic asymmetry, minimal). What never changes, such as dependence, is told with the rules
and not observed. Words are made of the rules and of what is seen, of nothing else: two states
that look the same to a player read the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coopsim.arrays import Array, Float, namespace, to_numpy
from coopsim.games.coopetition.parts.timeline import shock_table
from coopsim.games.coopetition.payoffs import per_player
from coopsim.games.coopetition.rules_text import percent, rules

if TYPE_CHECKING:
    from coopsim.games.coopetition.repeated import Repeated
    from coopsim.games.coopetition.round import RepeatedState

Sight = Literal["full", "realistic", "minimal"]
Seen = Mapping[str, Any]
"""What one player sees in one episode, without the batch axis."""

_SUMMARY = "Every round players choose how much of an endowment to contribute."


def look(game: Repeated, state: RepeatedState, player: int) -> Mapping[str, Array]:
    """The arrays that a player sees, `[B, ...]` each.

    full: what all did, all trust and reputation damage, what parts show, time; the same for
    everybody. realistic: of trust and damage the own row, and the mean of everybody's damage
    with others. minimal: the own action and the own row of trust, and not even the time.
    """
    second, more = game.noun, state.more
    if game.sight == "minimal":
        mine = slice(player, player + 1)
        own = {"own_action": state.actions[:, mine]}
        if second:
            own[f"own_{second}"] = more[second][:, mine]
        return {**own, "own_trust": _own_row(state.trust, player, 1.0)}
    seen = {"actions": state.actions}
    if game.sight == "full" and not more:
        # the common case, in which looking must cost less than a round
        seen["trust"], seen["reputation_damage"] = state.trust, state.damage
        seen["time"] = state.turn[:, None] / float(game.horizon)
        return seen
    if second:
        seen[second] = more[second]
    if game.sight == "full":
        seen["trust"], seen["reputation_damage"] = state.trust, state.damage
    else:
        damage, n = state.damage, game.n
        seen["own_trust"] = _own_row(state.trust, player, 1.0)
        seen["own_reputation_damage"] = _own_row(damage, player, 0.0)
        # nobody holds anything against itself: the diagonal is 0
        alike = damage.shape[1] < n
        seen["mean_reputation_damage"] = damage[:, 0] if alike else damage.sum(1) / (n - 1)
    for part in game.parts:
        seen |= {name: more[name] for name in part.seen()}
    if game.hidden is not None and game.hidden.revealed:
        seen["gamma"] = more["gamma"]
    seen["time"] = state.turn[:, None] / float(game.horizon)
    return seen


def _own_row(values: Array, player: int, own: float) -> Array:
    """A player's row of trust or damage, `[B, n]`."""
    n = values.shape[2]
    if values.shape[1] == n:
        return values[:, player]
    # one row stands for all players; what it says of this one is what the others think
    row = values[:, 0]
    itself = row[:, :1] * 0 + own
    return namespace(row).concat([row[:, :player], itself, row[:, player + 1 :]], axis=1)


def told(game: Repeated, view: Any) -> str:
    """The rules for a player and what it sees in the first episode of the view."""
    me = view.player
    seen = {name: np.asarray(to_numpy(values))[0] for name, values in view.observation.items()}
    gone = round(float(seen["time"][0]) * game.horizon) if "time" in seen else None
    gamma, expected, dependence = _now(game, gone)
    you = [
        f"You are {game.labels[me]}.",
        # the rules below tell the rest, which depends on the parts that the game has
        game.card.summary if game.noun else _SUMMARY,
        f"You have {game.endowment[me]:g} to contribute each round; {expected[me]:g} is expected "
        "of you.",
        f"You receive {percent(game.share[me])} of the synergy." if game.joint else "",
        "" if gone is None else f"Round {gone + 1} of {game.horizon}.",
    ]
    lines = [" ".join(filter(None, you)), *filter(None, rules(game, me, gamma))]
    if "gamma" in seen:
        lines.append(f"The weight of the synergy is {float(seen['gamma'][0]):.3g}.")
    lines += [*_phase(game, gone), *_events(game, gone)]
    for j in (me, *(j for j in range(game.n) if j != me)):
        name = "You" if j == me else game.labels[j]
        moved = list(_moved(game, seen, me, j, gone))
        known = moved + ([] if j == me else _terms(game, j, expected[j]))
        known += _marks(seen, j)
        if game.trust is not None:
            known += _thoughts(seen, game.labels, me, j)
        if j != me:
            known.append(
                f"you depend on {name} by {percent(dependence[me, j])}, {name} on you by "
                f"{percent(dependence[j, me])}"
            )
        if known:
            lines.append(f"{name}{'' if moved else ':'} {'; '.join(known)}.")
    return "\n".join(lines)


def _now(game: Repeated, gone: int | None) -> tuple[float, Float, Float]:
    """Complementarity, baselines and dependence in the round to come.

    Those of the start where players do not see which round it is.
    """
    gamma, expected, dependence = game.complementarity, game.expected, game.dependence
    for phase in game.phases:
        if phase.start <= (gone or 0):
            if phase.gamma is not None:
                gamma = phase.gamma
            if phase.baseline is not None:
                expected = per_player(phase.baseline, game.n)
            if phase.interdependence is not None:
                dependence = game.matrix(phase.interdependence)
    return gamma, expected, dependence


def _phase(game: Repeated, gone: int | None) -> Iterator[str]:
    """That numbers change with the phase, and what the round to come begins with."""
    if any(phase.start > 0 for phase in game.phases):
        when = "at the start" if gone is None else "in this round"
        yield f"Some of these numbers can change on the way; they are told as they are {when}."
    for phase in game.phases:
        if phase.start == gone and phase.trust is not None:
            yield f"As this round begins all trust is set to {percent(phase.trust)}."
        if phase.start == gone and phase.damage is not None:
            yield f"As this round begins all reputation damage is set to {percent(phase.damage)}."


def _events(game: Repeated, gone: int | None) -> Iterator[str]:
    """That there are shocks; those of the last round and of the round to come."""
    if not game.shocks:
        return
    yield "In some rounds events change contributions before they are used."
    for name, turn in () if gone is None else (("last", gone - 1), ("this", gone)):
        changes = _shaken(game, turn)
        if changes:
            yield f"Events of {name} round: {'; '.join(changes)}."


def _shaken(game: Repeated, turn: int) -> list[str]:
    """What shocks make of contributions in a round, those that are changed alike together."""
    shocks = [replace(shock, round=0) for shock in game.shocks if shock.round == turn]
    fixed, level, shift = (row[0] for row in shock_table(shocks, game.labels, 1))
    found: dict[str, list[str]] = {}
    for i, name in enumerate(game.labels):
        change = f"moved by {shift[i]:g} within bounds"
        if fixed[i]:
            change = f"set to {min(max(level[i] + shift[i], 0.0), game.endowment[i]):g}"
        if fixed[i] or shift[i]:
            found.setdefault(change, []).append(name)
    return [
        f"the contribution of {'everybody' if len(who) == game.n else ', '.join(who)} is {change}"
        for change, who in found.items()
    ]


def _terms(game: Repeated, j: int, expected: float) -> list[str]:
    """What another player has, is expected to give and receives."""
    share = [f"receives {percent(game.share[j])} of the synergy"] if game.joint else []
    return [f"{expected:g} of {game.endowment[j]:g} is expected", *share]


def _moved(game: Repeated, seen: Seen, me: int, j: int, gone: int | None) -> Iterator[str]:
    """What a player did in the last round, as far as it is seen."""
    if "own_action" in seen and j == me:
        yield f"contributed {float(seen['own_action'][0]):.4g} last (or are expected to, at first)"
        if game.noun:
            yield game.about(float(seen[f"own_{game.noun}"][0]))
    if "actions" in seen and gone:
        yield f"contributed {float(seen['actions'][j]):.4g} last round"
        if game.noun:
            yield game.about(float(seen[game.noun][j]))


def _marks(seen: Seen, j: int) -> Iterator[str]:
    """What is public of a player besides its action."""
    if "loyalty" in seen:
        yield f"loyalty {float(seen['loyalty'][j]):.3f}"
    if "standing" in seen:
        yield f"public standing {float(seen['standing'][j]):.3f}"
    if "excluded" in seen and seen["excluded"][j] > 0:
        yield "excluded from the coalition"
    if "agreed" in seen and seen["agreed"][0] > 0:
        yield f"agreed to {float(seen['agreement'][j]):.4g}"


def _thoughts(seen: Seen, labels: tuple[str, ...], me: int, j: int) -> Iterator[str]:
    """How a player is trusted, and how far its reputation is damaged, as far as it is seen."""
    if "trust" in seen:
        yield f"trusted {_by_whom(seen['trust'], labels, me, j, 'by')}"
        yield f"reputation damaged {_by_whom(seen['reputation_damage'], labels, me, j, 'with')}"
    if "own_trust" in seen and j != me:
        yield f"trusted by you {float(seen['own_trust'][j]):.1%}"
    if "own_reputation_damage" in seen:
        own = f"with you {float(seen['own_reputation_damage'][j]):.1%}, " if j != me else ""
        mean = float(seen["mean_reputation_damage"][j])
        yield f"reputation damaged {own}on average {mean:.1%}"


def _by_whom(values: Any, labels: tuple[str, ...], me: int, j: int, word: str) -> str:
    """A column of trust or damage `[n, n]`, or what all have in common `[1, n]`."""
    if len(values) < len(labels):
        return f"{word} all others {float(values[0, j]):.1%}"
    return ", ".join(
        f"{word} {'you' if i == me else name} {float(values[i, j]):.1%}"
        for i, name in enumerate(labels)
        if i != j
    )
