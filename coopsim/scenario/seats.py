"""Seats: player names, numbers and ranges to one agent a player."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from coopsim.errors import UserError, nearest
from coopsim.scenario import place

_SHOWN = 8  # players that a message names
_RANGE = re.compile(r"(\d{1,9})(?:(-)(\d{1,9})?)?", re.ASCII)


def assign(
    seats: Mapping[str, str], players: Sequence[str], agents: Sequence[str]
) -> tuple[str, ...]:
    """The agent of each player, in order.

    Args:
        seats: keys are player names, numbers from 1 ("2"), ranges ("1-3") or open ranges
            ("4-", which may be empty); values are agent names.
        players: the players' names.
        agents: the declared agents.

    Raises:
        UserError: an unknown agent or player, a player seated twice, or one left out.
    """
    taken: dict[int, tuple[str, str]] = {}
    check_agents(seats, agents)
    for key, agent in seats.items():
        for player in _players(key, players):
            if player in taken:
                held, other = taken[player]
                raise place.at(
                    f"{players[player]} is seated twice, already by {held}: {other}",
                    (key,),
                    given=f"{key}: {agent}",
                    allowed="each player once",
                )
            taken[player] = key, agent
    if missing := [name for i, name in enumerate(players) if i not in taken]:
        raise UserError(
            f"no agent for {_some(missing)}",
            given=", ".join(f"{key}: {agent}" for key, agent in seats.items()),
            allowed=f"each of {_some(players)} once",
        )
    return tuple(taken[i][1] for i in range(len(players)))


def check_agents(seats: Mapping[str, str], agents: Sequence[str]) -> None:
    """Refuse seats of agents that are not declared. Raises `UserError`."""
    for key, agent in seats.items():
        if agent not in agents:
            raise place.at(
                "no such agent",
                (key,),
                given=agent,
                allowed=list(agents),
                nearest=nearest(agent, agents),
            )


def lineup_name(assigned: Sequence[str]) -> str:
    """A line-up's name: the agent where all seats hold it, else the agents in order."""
    runs = [(name, len(list(group))) for name, group in itertools.groupby(assigned)]
    if len(runs) == 1:
        return runs[0][0]
    return " / ".join(name if count == 1 else f"{name} x{count}" for name, count in runs)


def _some(names: Sequence[str]) -> str:
    """The names, the last ones of many as their number."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _players(key: str, players: Sequence[str]) -> range:
    if key in players:
        at = list(players).index(key)
        return range(at, at + 1)
    match = _RANGE.fullmatch(key)
    if match is None:
        raise place.at(
            "no such player",
            (key,),
            given=key,
            allowed=[*players, "numbers and ranges such as 1, 1-2, 2-"],
            nearest=nearest(key, players),
        )
    first, dash, last = int(match[1]), match[2], match[3]
    end = int(last) if last else (len(players) if dash else first)
    backwards = end < first and (last or not dash)
    if first < 1 or end > len(players) or backwards:
        raise place.at(
            "runs backwards" if first >= 1 and backwards else "no such player",
            (key,),
            given=key,
            allowed=f"1 to {len(players)}",
        )
    return range(first - 1, end)
