"""Which payoffs a form takes: finite ones, of a size that arithmetic in floats can hold.

Methods and certificates subtract payoffs, add them up over players, weigh them with
probabilities and multiply a few of them; none of that overflows or vanishes for payoffs within
the bounds below, which no unit of measurement comes near. Beyond them a form is refused, at
the one place where all forms are made, so that nothing behind it need look.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import UserError, shorten
from coopsim.games.forms.exact import Exact

LARGEST = 1e100
"""The largest absolute value of a payoff."""

SMALLEST = 1e-100
"""The smallest difference between a player's largest and smallest payoff that is not 0."""

_LOST = 1e-9  # how much of a player's range rounding to floats may take from exact payoffs
_ULP = 2.0**-53  # how far rounding to a float moves a number of size 1


def as_floats(values: npt.ArrayLike, what: str = "payoff") -> Float:
    """A copy as floats. Raises `UserError` where a number is too large for one."""
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        given = max(np.asarray(values, dtype=object).ravel(), key=abs)
        raise _too_large(what, given) from None


def check_payoffs(
    rows: Float,
    owners: Sequence[str],
    exact: Exact | None = None,
    what: str = "payoff",
) -> None:
    """Refuse payoffs that are not finite, too large, or too close to each other.

    Args:
        rows: one row an owner, `[..., n, K]`; leading axes are variants, looked at one by one.
        owners: whose payoffs they are, in order; texts such as "player 1".
        exact: the same in fractions, where they were given so: what rounding to floats took
            must be small beside the differences.
        what: what the numbers are called.

    Raises:
        UserError: naming the owner, the number and what is allowed.
    """
    table = rows.reshape(-1, len(owners), rows.shape[-1])
    if not table.size:
        return
    low, high = table.min(-1), table.max(-1)
    size = np.maximum(np.abs(low), np.abs(high))  # not a number where one of them is not
    for variant, i in np.argwhere(~(size <= LARGEST)):
        row, name = table[variant, i], f"{what} of {owners[i]}"
        if not np.isfinite(row).all():
            given = f"{row[~np.isfinite(row)][0]:g}"
            raise UserError(f"a {name} must be finite", given=given, allowed=_sizes())
        raise _too_large(name, row[np.abs(row).argmax()])
    span = high - low
    for variant, i in np.argwhere((span > 0) & (span < SMALLEST)):
        raise UserError(
            f"the {what}s of {owners[i]} lie too close to each other: count in a smaller unit",
            given=f"a range of {span[variant, i]:.3g}",
            allowed=f"a range of {SMALLEST:g} or more, or payoffs that are all equal",
        )
    if exact is not None:
        given_exactly = exact.reshape(table.shape)
        for variant, i in np.argwhere(size * _ULP >= _LOST * span):
            _check_rounding(given_exactly[variant, i], table[variant, i], owners[i], what)


def check_box(low: Float, high: Float) -> None:
    """Refuse bounds of actions, `[m]` each, that are not finite, out of order or out of range.

    Raises:
        UserError: naming the coordinate and the bound.
    """
    names = [f"coordinate {k + 1}" for k in range(len(low))]
    check_payoffs(np.stack([low, high], -1), names, what="bound")
    for k in np.flatnonzero(low > high):
        given = f"{low[k]:g} to {high[k]:g}"
        raise UserError(f"the upper bound of {names[k]} lies below its lower bound", given=given)


def _check_rounding(exact: Exact, row: Float, owner: str, what: str) -> None:
    """Refuse exact numbers whose differences are lost when they are rounded to floats."""
    span = max(exact) - min(exact)
    lost = max(abs(Fraction(float(b)) - a) for a, b in zip(exact, row, strict=True))
    if span > 0 and lost > Fraction(_LOST) * span:
        raise UserError(
            f"the {what}s of {owner} differ by less than floats can tell: take the same number "
            "from all of them, or count them in another unit",
            given=f"{shorten(str(min(exact)), 40)} to {shorten(str(max(exact)), 40)}",
            allowed=f"numbers that floats hold to {_LOST:g} of their range",
        )


def _too_large(name: str, given: Any) -> UserError:
    return UserError(
        f"a {name} is too large: count in a larger unit", given=_shown(given), allowed=_sizes()
    )


def _shown(given: Any) -> str:
    if isinstance(given, float):
        return f"{given:g}"
    try:
        return f"{float(given):g}"
    except OverflowError:
        whole = abs(int(given))
        # bits to decimal digits, without writing out the number
        return f"{'-' if given < 0 else ''}1e{int(whole.bit_length() * 0.30103)} or so"


def _sizes() -> str:
    return f"-{LARGEST:g} to {LARGEST:g}"
