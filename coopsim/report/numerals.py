"""Numbers as a reader wants them: few digits, aligned in columns, a real minus sign."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

MINUS, NOTHING = "\u2212", "\u2013"
_SMALLEST, _LARGEST = 1e-4, 1e7  # outside of which a number is written with a power of ten
_MOST_DECIMALS = 6


def number(value: float | None, digits: int = 5) -> str:
    """A number with `digits` significant digits: "26.633", "1.1e-6", "0"."""
    if value is None or not math.isfinite(value):
        return _unusual(value)
    if value == 0:
        return "0"
    if not _SMALLEST <= abs(value) < _LARGEST:
        return power(value)
    return _fixed(value, _decimals(abs(value), digits))


def column(values: Iterable[float | None], digits: int = 5) -> list[str]:
    """Numbers that stand below each other, all with as many decimals as the largest needs."""
    held = list(values)
    sizes = [abs(value) for value in held if value is not None and math.isfinite(value)]
    decimals = _decimals(max(sizes, default=0.0), digits)
    return [_in_column(value, decimals) for value in held]


def signed(text: str) -> str:
    """The same number with a plus sign, unless it is negative or nothing."""
    mantissa = text.split("e")[0]
    positive = text[:1].isdigit() and any(digit in "123456789" for digit in mantissa)
    return f"+{text}" if positive else text


def power(value: float | None, digits: int = 2) -> str:
    """A residual or a hash of rounding: "2.8e-14", "0"."""
    if value is None or not math.isfinite(value):
        return _unusual(value)
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", MINUS, 1 if value < 0 else 0)


def percent(share: float | None, decimals: int = 2) -> str:
    """A change as "+42.19 %"."""
    if share is None or not math.isfinite(share):
        return _unusual(share)
    return signed(_fixed(100 * share, decimals)) + "\u00a0%"


def short(value: float, digits: int = 6) -> str:
    """A round number without zeros at its end: "0.25", "1e-8"."""
    return re.sub(r"e([+-])0*", lambda sign: f"e{sign[1].strip('+')}", f"{value:.{digits}g}")


def count(number_of: int, noun: str, plural: str | None = None) -> str:
    """A number of things: "1 seed", "1,234 seeds"."""
    word = noun if number_of == 1 else plural or f"{noun}s"
    return f"{number_of:,} {word}"


def plain(value: Any, width: int = 160) -> str:
    """A parameter's value as it stands in a scenario file, on one line."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, float):
        text = short(value, 10)
    else:
        text = _inline(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def listing(names: Sequence[str], most: int = 4, last: str = "and") -> str:
    """Names as a list in a sentence; those beyond `most` are counted."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} {last} {len(names) - most} others"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def _decimals(largest: float, digits: int) -> int:
    if largest == 0:
        return 0
    wanted = digits - 1 - math.floor(math.log10(largest) + 1e-12)
    return min(max(wanted, 0), _MOST_DECIMALS)


def _in_column(value: float | None, decimals: int) -> str:
    if value is None or not math.isfinite(value):
        return _unusual(value)
    if value == 0:
        return "0"
    # what would look like zero is not zero, and says so
    if abs(value) < 0.5 * 10**-decimals or abs(value) >= _LARGEST:
        return power(value)
    return _fixed(value, decimals)


def _fixed(value: float, decimals: int) -> str:
    rounded = round(value, decimals) or 0.0  # no minus before a zero
    return f"{rounded:,.{decimals}f}".replace("-", MINUS)


def _unusual(value: float | None) -> str:
    return NOTHING if value is None or math.isnan(value) else f"{value}".replace("-", MINUS)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return f"[{', '.join(plain(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)
