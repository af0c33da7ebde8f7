"""Solutions as lines of text, shared by `solve` and `run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coopsim.cli import text
from coopsim.wording import on_grid

if TYPE_CHECKING:
    from coopsim.games.game import Game
    from coopsim.solvers.solution import Solution

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


def named(solution: Solution, game: Game) -> dict[str, Any] | None:
    """Strategies by name, for players who choose from lists: player, action, probability.

    In a tree there is a level of information sets between player and action. Actions that
    are never taken are left out. None for other kinds of profile.
    """
    if solution.form not in ("normal", "extensive") or len(solution.profile) != game.n:
        return None
    form = game.form(solution.form, **_grid(solution))
    if solution.form == "extensive":
        everything = form.named(solution.profile)
        return {
            player: {where: _taken(shares) for where, shares in own.items()}
            for player, own in everything.items()
        }
    pairs = zip(form.players, form.actions, solution.profile, strict=True)
    return {
        player: _taken(dict(zip(labels, part.tolist(), strict=True)))
        for player, labels, part in pairs
    }


def strategies(solutions: Sequence[Solution], game: Game) -> list[str]:
    """The strategies of every solution, a line an action (and information set)."""
    made: list[str] = []
    for place, item in enumerate(solutions):
        told = named(item, game)
        if told is None:
            continue
        made += ["", text.strong(f"{item.concept} {place + 1}")]
        rows = []
        for player, own in told.items():
            for where, shares in (own if item.form == "extensive" else {"": own}).items():
                rows += [(player, where, act, text.number(p)) for act, p in shares.items()]
        made += text.table(("player", "where", "action", "probability"), rows)
    return made


def _grid(solution: Solution) -> dict[str, Any]:
    return {key: value for key, value in solution.options.items() if key == "points"}


def _taken(shares: Mapping[str, float]) -> dict[str, float]:
    return {action: share for action, share in shares.items() if share > 0}


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
    residual = "-"
    if proof is not None:
        left = proof["residual"]  # None where it could not be computed
        residual = f"{proof['kind']} {'not known' if left is None else format(left, '.1e')}"
    return (
        item["concept"],
        _joined([_part(part) for part in item["profile"]]),
        _joined([text.number(value) for value in item["values"]]),
        residual,
        item["status"],
        on_grid(item["method"], item.get("grid")),
    )


def _part(part: Any) -> str:
    """An action, or a mixed action with its most likely entries."""
    if isinstance(part, int | float):
        return text.number(part)
    while part and isinstance(part[0], list):  # a joint distribution, row after row
        part = [value for row in part for value in row]
    shown = " ".join(text.number(value, 3) for value in part[:_NAMED])
    return f"[{shown}{' ...' if len(part) > _NAMED else ''}]"


def _joined(parts: Sequence[str]) -> str:
    more = ", ..." if len(parts) > _NAMED else ""
    return ", ".join(parts[:_NAMED]) + more or "-"
