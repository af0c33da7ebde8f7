"""i* dependency networks and the interdependence matrix D.

Source: TR-1, arXiv:2510.18802, equation 1. `D[i, j]` in [0, 1] says how much player i
depends on player j; the diagonal is 0 and the matrix is in general not symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from coopsim.arrays import Float
from coopsim.errors import UserError, nearest
from coopsim.parameters import Parameters

Denominator = Literal["partner", "all"]


@dataclass(frozen=True, slots=True)
class Dependency(Parameters):
    """One i* dependency: the depender needs the dependum from the dependee."""

    depender: str
    """the player who depends"""
    dependee: str
    """the player depended on"""
    dependum: str = ""
    """what is depended on, in words"""
    type: Literal["goal", "task", "resource", "softgoal"] = "goal"
    """the i* type of the dependum"""
    importance: Annotated[float, Ge(0), Le(1)] = 1.0
    """weight of the dependum among the depender's goals (w)"""
    criticality: Annotated[float, Ge(0), Le(1)] = 1.0
    """1 for a sole provider, about 1/k for one of k equal alternatives"""


def interdependence(
    dependencies: Sequence[Dependency], players: Sequence[str], denominator: Denominator
) -> Float:
    """D `[n, n]` from a list of dependencies.

    Args:
        dependencies: the network.
        players: names, in order.
        denominator: "all" divides by the importance of all of i's dependencies, as the
            reports define it; "partner" divides by those on j only, as the released code
            does (then D is a mean criticality). They differ as soon as i depends on
            more than one partner.

    Raises:
        UserError: a dependency names somebody who is not a player, or its own depender.
    """
    index = {name: i for i, name in enumerate(players)}
    weighted = np.zeros((len(players), len(players)))
    weight = np.zeros_like(weighted)
    for position, item in enumerate(dependencies):
        for role in ("depender", "dependee"):
            name = getattr(item, role)
            if name not in index:
                raise UserError(
                    "not a player",
                    key=f"interdependence.{position}.{role}",
                    given=name,
                    allowed=list(players),
                    nearest=nearest(name, players),
                )
        i, j = index[item.depender], index[item.dependee]
        if i == j:
            raise UserError(
                "a player cannot depend on itself",
                key=f"interdependence.{position}.dependee",
                given=item.dependee,
            )
        weighted[i, j] += item.importance * item.criticality
        weight[i, j] += item.importance
    if denominator == "all":
        weight = np.broadcast_to(weight.sum(1, keepdims=True), weight.shape)
    return np.divide(weighted, weight, out=np.zeros_like(weighted), where=weight > 0)


def power(d: Float) -> Float:
    """Power of each player `[n]`: what others depend on it over 1 + what it depends on."""
    return np.asarray(d.sum(0) / (1 + d.sum(1)))


def vulnerability(d: Float) -> Float:
    """Vulnerability of each player `[n]`: what it depends on over 1 + what depends on it."""
    return np.asarray(d.sum(1) / (1 + d.sum(0)))


def asymmetry(d: Float) -> Float:
    """D_ij - D_ji for each pair `[n, n]`: above 0 where i depends more on j than j on i."""
    return np.asarray(d - d.T)


def symmetric(n: int, level: float) -> Float:
    """D `[n, n]` of players who depend on one another alike."""
    return level * (1 - np.eye(n))


def dyad(weak: float = 0.85, strong: float = 0.35) -> Float:
    """D `[2, 2]` of a strong player (0) and a weak one (1).

    Args:
        weak: what the weak depends on the strong, D_10.
        strong: what the strong depends on the weak, D_01.
    """
    return np.array([[0.0, strong], [weak, 0.0]])


def hub_spoke(spokes: int, hub: float = 0.3, spoke: float = 0.8) -> Float:
    """D `[spokes + 1, spokes + 1]` of a hub (0) and players tied to it alone.

    Args:
        spokes: how many.
        hub: what the hub depends on each of them.
        spoke: what each of them depends on the hub.
    """
    d = np.zeros((spokes + 1, spokes + 1))
    d[0, 1:], d[1:, 0] = hub, spoke
    return d
