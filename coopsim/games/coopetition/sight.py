"""What players of the repeated coopetition game see, and how it is told in words.

Sources of the presets: Coopetition-Gym's observation configurations (full visibility,
realistic asymmetry, minimal). What never changes, such as dependence, is told with the rules
and not observed. Words are made of the rules and of what is seen, of nothing else: two states
that look the same to a player read the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coopsim.arrays import Array, Float, namespace, to_numpy
from coopsim.games.coopetition.payoffs import per_player

if TYPE_CHECKING:
    from coopsim.games.coopetition.repeated import Repeated
    from coopsim.games.coopetition.round import RepeatedState

Sight = Literal["full", "realistic", "minimal"]
Seen = Mapping[str, Any]
"""What one player sees in one episode, without the batch axis."""


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
    expected, dependence = _now(game, gone)
    you = [
        f"You are {game.labels[me]}.",
        game.card.summary,
        f"You have {game.endowment[me]:g} to contribute each round; {expected[me]:g} is expected "
        "of you.",
        f"You receive {game.share[me]:.0%} of the synergy." if game.joint else "",
        "" if gone is None else f"Round {gone + 1} of {game.horizon}.",
    ]
    lines = [" ".join(filter(None, you)), *filter(None, _rules(game))]
    if "gamma" in seen:
        lines.append(f"The weight of the synergy is {float(seen['gamma'][0]):.3g}.")
    for j in (me, *(j for j in range(game.n) if j != me)):
        name = "You" if j == me else game.labels[j]
        moved = list(_moved(game, seen, me, j, gone))
        known = moved + ([f"{expected[j]:g} is expected"] if j != me else [])
        known += _marks(seen, j)
        if game.trust is not None:
            known += _thoughts(seen, game.labels, me, j)
        if j != me:
            known.append(
                f"you depend on {name} by {dependence[me, j]:.0%}, {name} on you by "
                f"{dependence[j, me]:.0%}"
            )
        if known:
            lines.append(f"{name}{'' if moved else ':'} {'; '.join(known)}.")
    return "\n".join(lines)


def _now(game: Repeated, gone: int | None) -> tuple[Float, Float]:
    """Baselines and dependence in the round to come; those of the start where it is not known."""
    expected, dependence = game.expected, game.dependence
    for phase in game.phases:
        if gone is not None and phase.start <= gone:
            if phase.baseline is not None:
                expected = per_player(phase.baseline, game.n)
            if phase.interdependence is not None:
                dependence = game.matrix(phase.interdependence)
    return expected, dependence


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


def _value(game: Repeated) -> str:
    """How value is made."""
    if game.team is not None and game.graded:
        return (
            f"The team's output is {game.team.output:g} times total effort to the power "
            f"{game.team.beta:g}, shared equally; a unit of effort costs {game.team.unit_cost:g}."
        )
    rule, hidden = game.value, game.hidden
    own = f"{rule.theta:g} ln(1 + a)" if rule.form == "logarithmic" else f"a^{rule.beta:g}"
    weight = f"{game.gamma:g} times" if hidden is None else "a weight times"
    if hidden is not None and not hidden.revealed:
        weight = f"a weight between {hidden.low:g} and {hidden.high:g}, which nobody knows, times"
    return (
        f"A contribution a is worth {own} to its giver; the synergy is {weight} the geometric "
        "mean of all contributions."
    )


def _rules(game: Repeated) -> Iterator[str]:
    """A sentence for how value is made and for each part of the game."""
    yield _value(game)
    yield game.rule()
    if game.loyalty is not None:
        yield "Effort of at least half of what you have makes you more loyal to the team."
    if game.coalition is not None:
        yield (
            f"Members whose loyalty falls below {game.coalition.exit_below:g} are excluded for "
            f"{game.coalition.cooldown} rounds and more."
        )
    if game.reciprocity is not None:
        yield (
            f"Others' changes against the last {game.reciprocity.memory} rounds are felt, the "
            "more you trust and depend on them."
        )
    if game.agreement is not None:
        yield (
            f"Contributions within {game.agreement.within:g} of one another become an agreement; "
            f"who strays further from it loses {game.agreement.penalty:g} per unit."
        )
    if game.standing is not None:
        yield "Contributions of more than half of what one has raise public standing."
