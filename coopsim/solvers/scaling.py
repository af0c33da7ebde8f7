"""Payoffs of each player brought to a range of about 1 before a method runs.

Methods compare numbers: a pivot with a tolerance, a step with a gain, one player's regret with
another's. Where one player is paid in billions and another in cents, such a comparison hears
the first one only. A Nash equilibrium does not change when the payoffs of one player are
multiplied by a positive number, and neither do dominance and rationalizability. So a method for
these is given the game in units of each player's own range. Factors are powers of two: no digit
of a float is lost by them, and the game has exactly the same equilibria.

What compares players' payoffs does change: sums of payoffs (welfare, bargaining, the objective
of a correlated equilibrium), quantal responses (one precision for all), and steps of thinking
that count ties in payoff units. Those are solved as they are given. So is every game whose players'
ranges are alike, where there is nothing to gain.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.proof import ROUNDING, spreads, within
from coopsim.solvers.solution import Found

INVARIANT = ("nash", "rationalizable")
"""Problems whose solutions do not depend on the unit in which a player is paid."""

_ALIKE = 1000.0  # ranges of players that differ by less are left as they are
_PLAIN = (2.0**-300, 2.0**300)  # ... if squares and sums of them are far from overflow


@dataclass(frozen=True, eq=False)
class Rescaled:
    """A form in units of each player's own range.

    Args:
        form: the form to solve.
        powers: the payoffs of player i were divided by `2 ** powers[i]`.
        spans: the ranges of payoffs before.
    """

    form: Any
    powers: tuple[int, ...]
    spans: tuple[float, ...]

    def tolerance(self, tol: float) -> float:
        """The tolerance to ask a method for, so that every player's own is met.

        Args:
            tol: in the payoff units of the game, for every player.
        """
        if tol == 0 or not any(self.powers):
            return tol
        asked = [
            math.ldexp(max(within(tol, span), ROUNDING * span), -power)
            for span, power in zip(self.spans, self.powers, strict=True)
            if span > 0
        ]
        return min(asked, default=tol)

    def restored(self, found: Found) -> Found:
        """What a method found, with its values in the payoff units of the game."""
        if not any(self.powers):
            return found
        return dataclasses.replace(
            found,
            sentence=f"{found.sentence} (payoffs in units of each player's own range)",
            details=tuple(self._in_units(details) for details in found.details),
        )

    def _in_units(self, details: Mapping[str, Any]) -> Mapping[str, Any]:
        """Details with exact values, which are payoffs, multiplied back."""
        if "exact_values" not in details:
            return details
        pairs = zip(details["exact_values"], self.powers, strict=True)
        values = [str(Fraction(value) * Fraction(2) ** power) for value, power in pairs]
        return {**details, "exact_values": values}


def rescaled(problem: str, form: Any) -> Rescaled:
    """The form in units of each player's own range, where that changes no solution.

    Args:
        problem: "nash", "rationalizable" ...; others than `INVARIANT` keep their form.
        form: of any kind; normal and extensive ones of a single game are rescaled where the
            ranges of two players differ a thousandfold, or are near the end of all floats.
    """
    single = isinstance(form, NormalForm) or (
        isinstance(form, ExtensiveForm) and form.variants is None
    )
    if not single or problem not in INVARIANT:
        return Rescaled(form, (0,) * form.n, (0.0,) * form.n)
    spans = spreads(form.payoffs, 0 if form.kind == "normal" else -1)
    powers = _powers(spans)
    if not any(powers):
        return Rescaled(form, powers, tuple(spans))
    return Rescaled(_divided(form, powers), powers, tuple(spans))


def _powers(spans: list[float]) -> tuple[int, ...]:
    """The power of two above each range; all 0 where ranges are alike and plain."""
    seen = [span for span in spans if span > 0]
    least, most = min(seen, default=1.0), max(seen, default=1.0)
    if most <= _ALIKE * least and _PLAIN[0] <= least and most <= _PLAIN[1]:
        return (0,) * len(spans)
    common = math.frexp(most)[1]
    # players in one unit keep one, so that a constant sum stays constant
    alike = most <= 2 * least
    return tuple(common if alike else math.frexp(span)[1] if span > 0 else common for span in spans)


def _divided(form: Any, powers: tuple[int, ...]) -> NormalForm | ExtensiveForm:
    """The form with the payoffs of player i divided by `2 ** powers[i]`."""
    shape = [-1] + [1] * form.n if form.kind == "normal" else [1, -1]
    if form.exact is not None:
        factors = np.array([Fraction(2) ** -power for power in powers], dtype=object)
        payoffs: Any = form.exact * factors.reshape(shape)
    else:
        payoffs = np.ldexp(form.payoffs, -np.array(powers).reshape(shape))
    if isinstance(form, ExtensiveForm):
        return form.with_payoffs(payoffs)
    return NormalForm(payoffs, form.players, form.actions, form.title, form.comment)
