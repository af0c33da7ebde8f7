"""What a solution claims, in numbers: the allowances that every oracle grants.

`exact`       there is an exact answer within `NEAR` of the floats, probability by probability.
              Where two players mix it is looked for by a linear program in fractions; where
              three or more do, a regret of `NEAR` of the player's own range counts as none.
`converged`   each player's residual is within the tolerance, in that player's own units: `tol`,
              but at most a millionth of the player's range of payoffs, and in any case no less
              than rounding, `ROUNDING` of that range.
values        are what the profile pays, to `ROUNDING` of the player's largest payoff a digit.
complete      every equilibrium that the oracle knows is among the items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from tests.differential.rational import exact

TOL = 1e-8
NEAR = Fraction(1, 10**9)
ROUNDING = Fraction(1, 10**12)
_STRICT = Fraction(1, 10**6)

Refutations = Iterator[str]


def allowed(span: Fraction, tol: float = TOL) -> Fraction:
    """The residual that a player with payoffs of this range may have, when proved."""
    wanted = min(Fraction(tol), _STRICT * span)
    # the second term is for probabilities: floats that add up to 1 but for rounding
    return max(wanted, ROUNDING * span) + ROUNDING * span


def distributions(solution: Any, sizes: Sequence[int] | None = None) -> list[list[Fraction]] | None:
    """The profile in fractions, made to add up to exactly 1; None where it is none."""
    parts = []
    for place, part in enumerate(solution.profile):
        own = exact(part.ravel())
        if sizes is not None and len(own) != sizes[place]:
            return None
        total = sum(own)
        if min(own) < -NEAR or abs(total - 1) > NEAR:
            return None
        own = [max(share, Fraction(0)) for share in own]
        total = sum(own)
        parts.append([share / total for share in own])
    return parts


def values_differ(
    solution: Any, paid: Sequence[Fraction], largest: Sequence[Fraction]
) -> Refutations:
    """Where the values that were claimed are not what the profile pays."""
    for player, (given, own, size) in enumerate(zip(solution.values, paid, largest, strict=True)):
        if abs(Fraction(float(given)) - own) > 100 * ROUNDING * size:
            yield f"player {player} is paid {float(own)!r}, not {float(given)!r}"
