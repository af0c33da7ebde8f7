"""Trust and reputation: slow to build, quick to lose, capped by past damage.

Source: TR-2, arXiv:2510.24909, equations 6 to 9. Player i's trust in j is `T[i, j]`, the
damage to j's reputation in i's eyes is `R[i, j]`; both have the batch axis last here,
`[n, n, B]`. `T[i, i] = 1` and `R[i, i] = 0` always.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le

from coopsim.arrays import Array, at_least
from coopsim.parameters import Parameters

Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, slots=True)
class TrustRule(Parameters):
    """How trust and reputation move, and where they start."""

    build: Annotated[float, Gt(0), Le(1)] = 0.10
    """lambda+, the share of the missing trust that one full good signal restores"""
    erode: Annotated[float, Gt(0), Le(1)] = 0.30
    """lambda-, the share of trust that one full bad signal destroys"""
    damage: Share = 0.60
    """mu, the share of the remaining good name that one full bad signal destroys"""
    forget: Share = 0.03
    """delta, the share of the damage forgotten in a round without a bad signal"""
    amplify: Annotated[float, Ge(0)] = 0.50
    """xi, how much interdependence makes betrayal worse"""
    sensitivity: Annotated[float, Gt(0)] = 1.0
    """kappa, how steeply the signal rises with the distance from the baseline"""
    initial: Share = 0.50
    """trust of everybody in everybody at the start"""
    initial_damage: Share = 0.0
    """reputation damage of everybody at the start"""


@dataclass(frozen=True, slots=True)
class TrustRates:
    """The rule's rates as arrays, with zero diagonals so that self-trust never falls.

    Nor can it rise: it is 1, and the damage that would cap it 0.

    Args:
        gain: factor in front of the deviation from the baseline, `[n, 1]`.
        build: a number without axes.
        erode: `[n, n, 1]`, the amplification by interdependence included.
        damage: `[n, n, 1]`.
        stay: share of the damage that a round without a bad signal leaves.
        overshoots: whether one bad signal can destroy more trust than there is (`erode` above 1).
        pairs: ones, `[n, n, 1]`.
        nothing: a bad signal up to here is none, for who plays the baseline is off it by
            rounding; None takes any. A number like `zero`.
        zero, one: the numbers. As arrays without axes these cost one episode's round half of
            what they cost as Python numbers, and `stay` too.
    """

    gain: Array
    build: Array
    erode: Array
    damage: Array
    stay: Array
    overshoots: bool
    pairs: Array
    zero: Array
    one: Array
    nothing: Array | None = None

    def update(self, trust: Array, harm: Array, deviation: Array, xp: Any) -> tuple[Array, Array]:
        """Trust and damage after a round in which j deviated by `deviation[j]` from its baseline.

        Args:
            trust, harm: `[n, n, B]`, both as they were before the round.
            deviation: `[n, B]`, action minus baseline.
            xp: the array namespace.

        The ceiling that caps trust is the one before the round, as in the released code;
        the new damage acts on the next round.
        """
        signal = xp.tanh(self.gain * deviation)
        # one episode: looking for the fastest way costs more than it saves
        limit = at_least
        if trust.shape[-1] == 1:
            # and broadcasting to pairs once costs less than four times below
            signal, limit = signal * self.pairs, xp.maximum
        up = limit(signal, self.zero)
        down = up - signal
        ceiling = self.one - harm
        # where trust stands above the ceiling this pulls it down at most to the ceiling, which
        # the minimum does anyway: build and up are at most 1
        moved = trust + self.build * up * (ceiling - trust) - self.erode * down * trust
        if self.overshoots:
            moved = limit(moved, self.zero)
        new_trust = xp.minimum(moved, ceiling)
        # 1 where j fell short, else `stay`
        fell = down if self.nothing is None else down - self.nothing
        kept = limit(xp.sign(fell), self.stay)
        # stays in [0, 1] by itself: damage and down are at most 1
        new_harm = harm * kept + self.damage * down * ceiling
        return new_trust, new_harm
