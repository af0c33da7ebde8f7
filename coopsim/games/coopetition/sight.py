"""What players of the repeated coopetition game see, and how it is told in words.

Sources of the presets: Coopetition-Gym's observation configurations (full visibility,
realistic asymmetry, minimal). Words are made of the rules and of what is seen, of nothing
else: two states that look the same to a player read the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coopsim.arrays import Array, to_numpy

if TYPE_CHECKING:
    from coopsim.games.coopetition.repeated import Repeated
    from coopsim.games.coopetition.round import RepeatedState

Sight = Literal["full", "realistic", "minimal"]


def look(game: Repeated, state: RepeatedState, player: int) -> Mapping[str, Array]:
    """The arrays that a player sees, `[B, ...]` each."""
    row = min(player, state.trust.shape[1] - 1)
    own_trust = state.trust[:, row]
    if game.sight == "minimal":
        return {"own_action": state.actions[:, player : player + 1], "own_trust": own_trust}
    public = {name: state.more[name] for part in game.parts for name in part.seen()}
    if game.hidden is not None and game.hidden.revealed:
        public["gamma"] = state.more["gamma"]
    time = state.turn[:, None] / float(game.horizon)
    if game.sight == "realistic":
        return {
            "actions": state.actions,
            "own_trust": own_trust,
            "own_reputation_damage": state.damage[:, row],
            "mean_reputation_damage": state.damage.mean(1),
            **public,
            "time": time,
        }
    return {
        "actions": state.actions,
        "trust": state.trust,
        "reputation_damage": state.damage,
        **public,
        "time": time,
    }


def told(game: Repeated, view: Any) -> str:
    """The rules for a player and what it sees in the first episode of the view."""
    me = view.player
    seen = {name: np.asarray(to_numpy(values))[0] for name, values in view.observation.items()}
    gone = round(float(seen["time"][0]) * game.horizon) if "time" in seen else None
    lines = [
        f"You are {game.labels[me]}. {game.card.summary}",
        f"You have {game.endowment[me]:g} to contribute each round; {game.expected[me]:g} is "
        f"expected of you. You receive {game.share[me]:.0%} of the synergy."
        + ("" if gone is None else f" Round {gone + 1} of {game.horizon}."),
        *_rules(game),
    ]
    for j, name in enumerate(game.labels):
        if j != me:
            lines.append(_about(game, seen, me, j, name, gone))
    if "own_action" in seen:
        lines.append(f"Your last contribution was {float(seen['own_action'][0]):.4g}.")
    if "gamma" in seen:
        lines.append(f"The weight of the synergy is {float(seen['gamma'][0]):.3g}.")
    return "\n".join(line for line in lines if line)


def _about(
    game: Repeated, seen: Mapping[str, Any], me: int, j: int, name: str, gone: int | None
) -> str:
    """What is known of one other player."""
    said = []
    if "actions" in seen:
        moved = f"contributed {float(seen['actions'][j]):.4g} last round"
        said.append(moved if gone else "has not moved")
    said.append(f"{game.expected[j]:g} is expected")
    if "trust" in seen:
        trust = seen["trust"]
        mine, theirs = (float(trust[min(i, len(trust) - 1), k]) for i, k in ((me, j), (j, me)))
        said.append(f"You trust {name} {mine:.0%}; {name} trusts you {theirs:.0%}")
    elif "own_trust" in seen:
        said.append(f"You trust {name} {float(seen['own_trust'][j]):.0%}")
    for key, text in (("loyalty", "loyalty"), ("standing", "public standing")):
        if key in seen:
            said.append(f"{text} {float(seen[key][j]):.2f}")
    if "excluded" in seen and seen["excluded"][j] > 0:
        said.append("excluded from the coalition")
    if "agreed" in seen and seen["agreed"][0] > 0:
        said.append(f"agreed to {float(seen['agreement'][j]):.4g}")
    first, *rest = said
    return (
        f"{name} {first}; {'; '.join(rest)}."
        if "actions" in seen
        else (f"Of {name}: {'; '.join(said)}.")
    )


def _rules(game: Repeated) -> list[str]:
    """A sentence for each part of the game."""
    found = []
    if game.team is not None and game.graded:
        found.append(
            f"The team's output is {game.team.output:g} times total effort to the power "
            f"{game.team.beta:g}, shared equally; a unit of effort costs {game.team.unit_cost:g}."
        )
    if game.loyalty is not None:
        found.append("Effort of at least half of what you have makes you more loyal to the team.")
    if game.coalition is not None:
        found.append(
            f"Members whose loyalty falls below {game.coalition.exit_below:g} are excluded for "
            f"{game.coalition.cooldown} rounds and more."
        )
    if game.reciprocity is not None:
        found.append(
            f"Others' changes against the last {game.reciprocity.memory} rounds are felt, the "
            "more you trust and depend on them."
        )
    if game.agreement is not None:
        found.append(
            f"Contributions within {game.agreement.within:g} of one another become an agreement; "
            f"who strays further from it loses {game.agreement.penalty:g} per unit."
        )
    if game.standing is not None:
        found.append("Contributions of more than half of what one has raise public standing.")
    return found
