"""What all parts share: a part keeps arrays between rounds and changes what is paid."""

from __future__ import annotations

import functools
import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim import budget
from coopsim.arrays import Array, Float, add_up
from coopsim.parameters import Parameters

Held = dict[str, Array]
"""Arrays by name that are carried from round to round, players first and batch last."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a part is told about the game once, `[n]` and `[n, n]`.

    Args:
        endowment: e, `[n]`.
        expected: b, `[n]`.
        dependence: D, `[n, n]`.
        graded: whether mechanisms follow the reports ("report") and not the released code.
        horizon: rounds.
    """

    endowment: Float
    expected: Float
    dependence: Float
    graded: bool
    horizon: int


@dataclass(frozen=True, slots=True)
class Now:
    """A round as it has been played, before the parts; players first and batch last.

    Args:
        xp: the array namespace.
        a: contributions, `[n, B]`.
        rate: contributions over endowments, `[n, B]`.
        trust: i's trust in j after the round, `[n, n, B]` (`[1, n, B]` where all trust alike);
            None where trust is switched off.
        turn: the number of the round, from 1, `[B]`.
        private: private payoffs, `[n, B]`.
        known: the parts' `constants` as arrays of the type at hand, with a last axis of 1.
        dependence: D of the phase, `[n, n, B]` (`[1, n, B]` where it is alike for all); None
            where the game has no phases, so that it is the setting's.
    """

    xp: Any
    a: Array
    rate: Array
    trust: Array | None
    turn: Array
    private: Array
    known: Mapping[str, Array]
    dependence: Array | None = None


_HELD = 400  # bytes of an array and its name beside its numbers


class Part(Parameters, ABC):
    """A mechanism. Subclasses are frozen dataclasses whose fields are its parameters."""

    @abstractmethod
    def start(self, setting: Setting) -> dict[str, Float]:
        """The arrays held at the start of an episode, without the batch axis."""

    @abstractmethod
    def play(self, setting: Setting, now: Now, payoffs: Array, held: Held) -> tuple[Array, Held]:
        """What is paid, `[n, B]`, and the arrays of this part that have changed.

        Args:
            setting: the game.
            now: the round.
            payoffs: what would be paid without this part and those after it, `[n, B]`.
            held: the arrays of all parts, those of parts before this one already moved on.
        """

    def constants(self, setting: Setting) -> dict[str, Float]:
        """Arrays `[n]` or `[n, n]` for `play` and `felt`, made once, by names of their own."""
        return {}

    def felt(self, setting: Setting, now: Now, held: Held) -> Array | None:
        """What the part adds to utility beside private payoffs, `[n, B]`; None for nothing.

        `held` is as it was before the round.
        """
        return None

    def seen(self) -> tuple[str, ...]:
        """Which of the held arrays all players see."""
        return ()


def over_others(weight: Array, values: Array) -> Array:
    """sum_{j != i} w_ij v_j, `[n, B]`, from `values` `[n, B]`.

    Args:
        weight: `[n, n, B]` with zeros on the diagonal, or `[1, n, B]`: alike for all i.
        values: `[n, B]`.

    Cost: O(n^2), or O(n) where the weights are alike.
    """
    if weight.shape[0] == 1 and values.shape[0] > 1:
        own = weight[0] * values
        return own.sum(0) - own
    return add_up(weight * values, 1)


def choose(xp: Any, where: Array, yes: float, no: float, like: Array) -> Array:
    """One number where something holds and another one elsewhere, in the type of `like`."""
    # numpy's where takes three times as long, as nothing foretells which side comes next
    return no + (yes - no) * xp.astype(where, like.dtype)


def blank(name: str, length: int, n: int) -> dict[str, Float]:
    """A memory of `length` rounds of `[n]` each, all zeros: one array a round, oldest first.

    One array a round, for a round is then forgotten by handing arrays on and not by copying
    what remains.

    Raises:
        UserError: more rounds than there is memory for.
    """
    size = _HELD + 8 * n
    budget.require(
        size * length,
        f"a memory of {length:,} rounds",
        fits=f"at most {budget.fitting(size):,} rounds",
        key="memory",
        given=length,
    )
    return {f"{name}_{age}": np.zeros(n) for age in range(length)}


def remember(held: Held, name: str, length: int, newest: Array) -> Held:
    """The memory one round later."""
    rows = [held[f"{name}_{age}"] for age in range(1, length)]
    return {f"{name}_{age}": row for age, row in enumerate([*rows, newest])}


def remembered(held: Held, name: str, length: int) -> Array:
    """The sum over a memory, `[n, B]`."""
    return functools.reduce(operator.add, [held[f"{name}_{age}"] for age in range(length)])
