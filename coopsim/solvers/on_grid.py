"""Profiles found on a grid of continuous actions, judged by the game that the grid was made of."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim import registry
from coopsim.arrays import Float, positive_part
from coopsim.clock import ENDLESS, Clock, keeping, kept
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.grid import Grid
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificate import Profile, check_profile
from coopsim.solvers.deviations import best_of_coordinate
from coopsim.solvers.proof import Certificate

_MOST = 2000  # profiles of the others' mixtures that a deviation is put against


def check_on_grid(
    grid: Grid,
    problem: str,
    form: NormalForm,
    profile: Profile,
    details: Mapping[str, Any],
    parameters: Mapping[str, Any],
    clock: Clock = ENDLESS,
) -> tuple[Certificate, Float]:
    """The certificate of a profile of a grid, never an exact one; what it pays, `[n]`.

    A pure profile is a point of the game itself, and is judged there where there is a
    certificate for it. So is a mixed one for `nash`. What else there is, such as correlated play,
    is judged on the grid only, and the certificate says so.

    Args:
        grid: what the form is a grid of.
        problem, form, profile, details, parameters, clock: as for `check_profile`.

    Raises:
        CoopsimError, NotComputed, OutOfTime, ValueError: as `check_profile`.
    """
    there = f"{problem} / {grid.of.kind}" in registry.registrations("certificate")
    point = grid.pure(profile) if there else None
    if point is not None:
        proof, values = check_profile(problem, grid.of, point, details, parameters, clock)
        where = f"in the game itself; the profile was found {grid.words}"
    else:
        proof, values = check_profile(problem, form, profile, details, parameters, clock)
        where = f"{grid.words}, not of the game itself"
        if problem == "nash":
            with np.errstate(all="ignore"), keeping(clock):
                proof = _of_mixture(grid, profile, proof, values)
            where = f"in the game itself; the profile was found {grid.words}"
    told = f"{proof.checked_by}, {where}"
    return dataclasses.replace(proof, exact=False, rational=False, checked_by=told), values


def _of_mixture(grid: Grid, profile: Profile, table: Certificate, values: Float) -> Certificate:
    """What each player gains by any action of the game against the others' mixtures.

    Never less than on the grid. Infinite where too many profiles are played to look at.

    Cost: about 4,000 evaluations a player and profile of the others.
    """
    gains = []
    for player, at_least in enumerate(table.players):
        parts = [np.flatnonzero(part) for part in profile]
        parts[player] = parts[player][:1]
        if math.prod(map(len, parts)) > _MOST:
            gains.append(math.inf)
            continue
        against = _against(grid, profile, player, list(itertools.product(*parts)))
        k = int(grid.of.coordinates(player)[0])
        _, best = best_of_coordinate(against, np.array(against.low, dtype=float), k)
        gains.append(max(at_least, positive_part(best - float(values[player]))))
    looked = "a dense grid and ten closer looks at every player's action against the mixtures"
    if math.inf in gains:
        looked = f"no search, since players mix over more than {_MOST:,} profiles of the others,"
    spans = [max(span, gain) for span, gain in zip(table.spans, gains, strict=True)]
    return Certificate.of("regret", gains, spans, exact=False, checked_by=looked)


def _against(
    grid: Grid, profile: Profile, player: int, played: list[tuple[int, ...]]
) -> ContinuousForm:
    """The game where the others mix: payoffs are means, and only `player`'s action counts."""
    form: ContinuousForm = grid.of.watched(kept())
    own = form.coordinates(player)
    points = [
        form.join([axis[[k]] for axis, k in zip(grid.axes, at, strict=True)]) for at in played
    ]
    weights = [
        math.prod(float(part[k]) for i, (part, k) in enumerate(zip(profile, at, strict=True))
                  if i != player)
        for at in played
    ]  # fmt: skip

    def mean(profiles: Float) -> Float:
        total = np.zeros((*profiles.shape[:-1], form.n))
        for point, weight in zip(points, weights, strict=True):
            placed = np.broadcast_to(point, profiles.shape).copy()
            placed[..., own] = profiles[..., own]
            total += weight * form.payoffs(placed)
        return total

    return dataclasses.replace(form, payoffs=mean, gradient=None)
