"""Solutions as lines of text, shared by `solve` and `run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coopsim.cli import text

_NAMED = 4  # players whose names and numbers are shown one by one

PROVED = ("exact", "converged")
"""The statuses of a solution whose certificate holds."""


def lines(solutions: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table with a line a solution, and a sentence for each that was not proved.

    Args:
        solutions: as `Solution.as_dict()` gives them.
    """
    if not solutions:
        return []
    players = ", ".join(solutions[0]["players"][:_NAMED])
    more = "" if len(solutions[0]["players"]) <= _NAMED else " ..."
    head: tuple[str, ...] = (
        "concept",
        f"{players}{more}",
        "values",
        "residual",
        "status",
        "method",
    )
    rows = [_row(item) for item in solutions]
    changes = _against_baseline(solutions)
    if any(changes):
        head = (*head[:2], "against baseline", *head[2:])
        rows = [(*r[:2], change, *r[2:]) for r, change in zip(rows, changes, strict=True)]
    made = text.table(head, rows)
    made += [
        f"  {item['concept']} is not proved: {item['sentence']}"
        for item in solutions
        if item["status"] not in PROVED
    ]
    return made


def _against_baseline(solutions: Sequence[Mapping[str, Any]]) -> list[str]:
    """How much higher the mean action is than in the baseline, where that was solved.

    This is the cooperation gain that TR-1 reports.
    """
    means = [_mean_action(item) for item in solutions]
    held = [m for m, item in zip(means, solutions, strict=True) if item["concept"] == "baseline"]
    if not held or not held[0]:
        return [""] * len(solutions)
    gains = [None if mean is None else 100 * (mean / held[0] - 1) for mean in means]
    return [
        "" if gain is None or item["concept"] == "baseline" else f"{gain:+.2f} %"
        for gain, item in zip(gains, solutions, strict=True)
    ]


def _mean_action(item: Mapping[str, Any]) -> float | None:
    profile = item["profile"]
    if not profile or not all(isinstance(part, int | float) for part in profile):
        return None
    return float(sum(profile) / len(profile))


def _row(item: Mapping[str, Any]) -> tuple[str, ...]:
    proof = item["certificate"]
    residual = "-" if proof is None else f"{proof['kind']} {proof['residual']:.1e}"
    return (
        item["concept"],
        _joined([_part(part) for part in item["profile"]]),
        _joined([text.number(value) for value in item["values"]]),
        residual,
        item["status"],
        item["method"],
    )


def _part(part: float | Sequence[float]) -> str:
    """An action, or a mixed action with its most likely entries."""
    if isinstance(part, int | float):
        return text.number(part)
    shown = " ".join(text.number(value, 3) for value in part[:_NAMED])
    return f"[{shown}{' ...' if len(part) > _NAMED else ''}]"


def _joined(parts: Sequence[str]) -> str:
    more = ", ..." if len(parts) > _NAMED else ""
    return ", ".join(parts[:_NAMED]) + more or "-"
