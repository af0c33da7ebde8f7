"""A game with known solutions, and the same game in other units or another order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificate import Form, Profile


@dataclass(frozen=True)
class Trial:
    """A game, and what is known of its solutions without any solver.

    Args:
        name: what kind of game it is, for messages.
        form: the game.
        known: solutions by construction, in closed form or by trying every profile.
        everything: whether `known` are all the solutions there are.
        by_unit: whether other units of payoff leave the solutions as they are.
        options: what the method is asked beside the form (the lambda of a quantal response).
    """

    name: str
    form: Form
    known: tuple[Profile, ...]
    everything: bool
    by_unit: bool = True
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def unique(self) -> bool:
        """Whether there is exactly one solution."""
        return self.everything and len(self.known) == 1


def relabelled(
    form: Form, rng: np.random.Generator
) -> tuple[Form, Callable[[Profile], Profile]] | None:
    """The same game with its players in another order; and the way back for profiles.

    None for kinds of form whose players cannot change places here.
    """
    if not isinstance(form, NormalForm | ContinuousForm):
        return None
    order = rng.permutation(form.n)
    players = tuple(form.players[i] for i in order)

    def back(profile: Profile) -> Profile:
        if len(profile) < form.n:  # one joint distribution
            return tuple(np.transpose(part, np.argsort(order)) for part in profile)
        return tuple(profile[int(np.flatnonzero(order == i)[0])] for i in range(form.n))

    if isinstance(form, NormalForm):
        tensor = np.transpose(form.payoffs[order], (0, *(order + 1)))
        return NormalForm(tensor, players=players), back
    # coordinates move too, so that they do not stand in the order of the players
    place = rng.permutation(form.m)
    owner = np.argsort(order)[form.owner[place]]

    def payoffs(x: Float) -> Float:
        return np.asarray(form.payoffs(x[..., np.argsort(place)])[..., order])

    moved = ContinuousForm(players, form.low[place], form.high[place], owner, payoffs)
    return moved, back


def rescaled(form: Form, scale: float, shift: Float) -> Form | None:
    """The game with payoffs `scale * u_i + shift_i`; None for other kinds of form."""
    if isinstance(form, ExtensiveForm):
        return form.with_payoffs(scale * form.payoffs + shift)
    if isinstance(form, NormalForm):
        by_player = shift.reshape(-1, *(1,) * form.n)
        return NormalForm(scale * form.payoffs + by_player, form.players, form.actions)
    if not isinstance(form, ContinuousForm):
        return None

    def payoffs(x: Float) -> Float:
        return np.asarray(scale * form.payoffs(x) + shift)

    return ContinuousForm(
        form.players, form.low, form.high, form.owner, payoffs, supermodular=form.supermodular
    )


def parts(form: Form, profile: Profile) -> Iterator[tuple[Float, Float, Float]]:
    """Each player's part with its lowest and highest values.

    Joint profiles, and those of other kinds of form, are bounded by nothing.
    """
    for player, part in enumerate(profile):
        if isinstance(form, NormalForm) and len(profile) == form.n:
            yield part, np.zeros(form.shape[player]), np.ones(form.shape[player])
        elif not isinstance(form, ContinuousForm):
            yield part, np.full(part.shape, -np.inf), np.full(part.shape, np.inf)
        else:
            own = form.coordinates(player)
            yield part, form.low[own], form.high[own]
