"""Certificate: what is shown of a profile, and whether that is enough.

Every comparison is a player's own: what a player gains is judged by the range of that player's
payoffs. Players may be paid in different units, and a gain that is nothing to one may be
everything to another.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float

ROUNDING = 1e-12
"""Of the range of a player's payoffs: differences below this are 0 in floating point."""

_STRICT = 1e-6  # a tolerance up to this asks for an equilibrium, not for something near one
_MOST, _LEAST = sys.float_info.max, 1e-300  # a range beyond all numbers, and one of nothing


def within(tol: float, span: float) -> float:
    """The tolerance `tol` for payoffs that range over `span`, both in payoff units.

    It is `tol` itself, but where payoffs are so small that a strict tolerance would let
    anything pass it is at most a millionth of their range.

    Args:
        tol: what was asked for.
        span: the range of the payoffs of the player whose gain is compared.
    """
    return tol if tol > _STRICT else min(tol, _STRICT * span)


def holding(residuals: Float, spans: Float, tol: float) -> npt.NDArray[np.bool_]:
    """Which residuals are within the tolerance or within the rounding of their payoffs, `[...]`.

    Args:
        residuals: in payoff units, `[...]`; what is not finite never holds.
        spans: the range of payoffs that each is judged by, `[...]`.
        tol: in payoff units; see `within`. At 0 only what is 0 holds.
    """
    asked = np.full(spans.shape, tol) if tol > _STRICT else np.minimum(tol, _STRICT * spans)
    known = np.isfinite(residuals) & np.isfinite(spans)
    near = (residuals <= asked) | ((tol > 0) & (residuals <= ROUNDING * spans))
    return np.asarray((residuals == 0) | (known & near))


def spread(payoffs: Float) -> float:
    """The range of payoffs; the largest number there is where it lies beyond all numbers.

    Infinite where a payoff is not finite: nothing but 0 is small beside that.
    """
    if not payoffs.size:
        return 0.0
    half = float(payoffs.max()) / 2 - float(payoffs.min()) / 2
    return min(2 * half, _MOST) if math.isfinite(half) else math.inf


def spreads(payoffs: Float, players: int = 0) -> list[float]:
    """The range of each player's payoffs, whose axis is `players`."""
    return [spread(own) for own in np.moveaxis(payoffs, players, 0)]


@dataclass(frozen=True, slots=True)
class Certificate:
    """How far a profile is from what it claims to be, computed apart from the solver.

    `Certificate.of` makes one from the residuals and ranges of the players.

    Args:
        kind: "regret" (the most a player gains by deviating), "shortfall" (how much more a
            search of the whole space found), or what else the concept's claim is about.
        residual: the worst of `players` and `shared`, in payoff units; 0 is best, and infinite
            is what could not be computed.
        players: the residual of each player, `[n]` (one entry for a joint objective).
        relative: the worst residual over its own range of payoffs.
        exact: whether every deviation was looked at; False means a dense global search.
        complete: whether these are shown to be all the solutions there are.
        checked_by: what was done, in a sentence.
        spans: the range of payoffs that each of `players` is judged by, that player's own.
        shared: the residual of what is claimed for all players together beside `players`, such
            as the gap of an objective, and the range that it is judged by.
        rational: whether residuals were computed without rounding. Only then can a profile be
            `Status.EXACT`; `exact` alone says what was looked at, not how.
    """

    kind: str
    residual: float
    players: tuple[float, ...]
    relative: float
    exact: bool
    complete: bool
    checked_by: str
    spans: tuple[float, ...] = ()
    shared: tuple[float, float] = (0.0, 1.0)
    rational: bool = False

    def __post_init__(self) -> None:
        """Count what is not a number as infinite. Raises `ValueError` for unlike lengths."""
        if self.spans and len(self.spans) != len(self.players):
            raise ValueError(f"{len(self.players)} residuals have {len(self.spans)} ranges")
        object.__setattr__(self, "players", tuple(map(_known, self.players)))
        object.__setattr__(self, "shared", (_known(self.shared[0]), float(self.shared[1])))
        worst = max(_known(self.residual), *self.players, self.shared[0])
        object.__setattr__(self, "residual", worst)
        object.__setattr__(self, "relative", _known(self.relative))

    @classmethod
    def of(
        cls,
        kind: str,
        players: Sequence[float],
        spans: Sequence[float] | float,
        *,
        exact: bool,
        checked_by: str,
        complete: bool = False,
        shared: tuple[float, float] = (0.0, 1.0),
        rational: bool = False,
    ) -> Certificate:
        """A certificate whose `residual` and `relative` follow from those of the players.

        Args:
            kind, players, exact, checked_by, complete, shared, rational: see the class.
            spans: the range of each player's own payoffs, or one for a residual that all share.
        """
        each = tuple(map(_known, players))
        ranges = (spans,) * len(each) if isinstance(spans, int | float) else spans
        widths = tuple(map(_known, ranges))
        claims = [*zip(each, widths, strict=True), (_known(shared[0]), float(shared[1]))]
        return cls(
            kind=kind,
            residual=max(left for left, _ in claims),
            players=each,
            relative=max(left / max(span, _LEAST) if left else 0.0 for left, span in claims),
            exact=exact,
            complete=complete,
            checked_by=checked_by,
            spans=widths,
            shared=shared,
            rational=rational,
        )

    @property
    def shown(self) -> bool:
        """Whether it is shown without rounding that nobody gains anything by any deviation."""
        return self.exact and self.rational and self.residual == 0

    def holds(self, tol: float) -> bool:
        """Whether every residual is within `tol`, each judged by the range of its own payoffs.

        Args:
            tol: in payoff units. A strict tolerance (up to 1e-6) is at most a millionth of a
                player's range, so that it asks something of small payoffs, too. Where it is
                above 0, a residual below 1e-12 of the range is the rounding of the payoffs.
        """
        claims = [(self.residual, self._span()), self.shared]
        if self.spans:
            claims = [*zip(self.players, self.spans, strict=True), self.shared]
        residuals, spans = np.array(claims, dtype=np.float64).T
        return math.isfinite(self.residual) and bool(holding(residuals, spans, tol).all())

    def _span(self) -> float:
        """The range that a certificate without `spans` divided its residual by."""
        return self.residual / self.relative if self.relative > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data; None for what is infinite, which JSON has no number for."""
        return {
            "kind": self.kind,
            "residual": _written(self.residual),
            "players": [_written(own) for own in self.players],
            "relative": _written(self.relative),
            "exact": self.exact,
            "complete": self.complete,
            "checked_by": self.checked_by,
            "spans": [_written(span) for span in self.spans],
            "shared": [_written(part) for part in self.shared],
            "rational": self.rational,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Certificate:
        """The certificate that `as_dict` wrote."""
        lists = {
            key: tuple(map(_read, data[key]))
            for key in ("players", "spans", "shared")
            if key in data
        }
        numbers = {key: _read(data[key]) for key in ("residual", "relative")}
        return cls(**{**data, **lists, **numbers})


def _known(residual: float) -> float:
    """A residual; infinite where it is not a number."""
    return math.inf if math.isnan(residual) or residual == -math.inf else float(residual)


def _written(residual: float) -> float | None:
    return residual if math.isfinite(residual) else None


def _read(residual: float | None) -> float:
    return math.inf if residual is None else residual
