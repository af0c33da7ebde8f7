"""Lemke and Howson's complementary pivoting: one equilibrium of a two-player game for each label.

Lemke and Howson 1964; in tableaux as in von Stengel 2002, "Computing equilibria for two-person
games", sections 2.3 to 2.6. A path starts at the vertex pair (0, 0) of the two best-response
polytopes, drops one label and pivots until that label is found again; the pair there is an
equilibrium. Ties are broken lexicographically, so every path ends, in degenerate games too.
Path lengths differ a thousandfold between labels of one game.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.bimatrix import matrices
from coopsim.solvers.complementary_paths import Search, walk_exact, walk_floats
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    labels: Literal["any", "all"] | int | Sequence[int] = "any",
    max_pivots: int = 200_000,
    exact: bool = False,
) -> Found:
    """Equilibria at the ends of Lemke-Howson paths.

    Args:
        form: a game of two players with m and k actions.
        tol: not needed; paths end in equilibria up to rounding.
        deadline: seconds; looked at every hundred pivots.
        labels: which paths are walked. "any": all labels in turn, with ever more pivots each,
            until one path ends; "all": every label, the distinct equilibria are collected; or
            one label or several (0 to m - 1 are actions of the first player, m to m + k - 1 of
            the second).
        max_pivots: a longer path is given up, and the next label tried.
        exact: pivot in whole numbers of any length; `details` then has the profile and the
            values as fractions. Floats that are whole numbers or decimals of at most 9 digits
            after the point are read as written, others bit by bit, which is slow and hardly
            ever meant.

    Returns:
        Distinct equilibria in the order found; `details` names the `labels` that lead to each.

    Raises:
        NoSuchForm: not two players.
        UserError: no such label, or no pivots allowed.

    Cost: a pivot is one pass over m * (m + k) or k * (m + k) numbers. Of the paths of random
    50 x 50 games the shortest takes some tens of pivots and an average one 200; the worst case
    is exponential.
    """
    matrices(form, "lemke-howson")
    require_count("max_pivots", max_pivots)
    wanted = _wanted(labels, sum(form.shape))
    search = Search(form, Clock(deadline))
    walk = walk_exact if exact else walk_floats
    if labels == "any":
        _race(search, wanted, max_pivots, walk)
    else:
        _all(search, wanted, max_pivots, walk)
    if search.spoiled and not (labels == "any" and search.found):
        # whole numbers do not round
        _all(search, search.spoiled, max_pivots, walk_exact, enough=1 if labels == "any" else None)
    return _answer(search, wanted, labels == "any")


def solve_all(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    max_pivots: int = 20_000,
    exact: bool = False,
) -> Found:
    """The distinct equilibria at the ends of all m + k paths; see `solve` with labels="all".

    These are seldom all equilibria. Longer paths than `max_pivots` are left out.

    Raises:
        NoSuchForm: not two players.
        UserError: no pivots allowed.
    """
    return solve(form, tol=tol, deadline=deadline, labels="all", max_pivots=max_pivots, exact=exact)


def suits(form: NormalForm, everything: bool) -> str:
    """Why `auto` takes this method: any game of two players, where one equilibrium is enough."""
    if form.n != 2 or everything:
        return ""
    m, k = form.shape
    return f"two players, general sum, {m} x {k}: complementary pivoting"


def suits_all(form: NormalForm, everything: bool) -> str:
    """Why `auto` walks all paths: all equilibria are wanted, and there are too many vertices."""
    from coopsim.solvers.vertex import suits as enumerable

    if form.n != 2 or not everything or enumerable(form, True):
        return ""
    m, k = form.shape
    return f"two players, {m} x {k}, too many vertices to enumerate: the ends of {m + k} paths"


def _wanted(labels: str | int | Sequence[int], count: int) -> list[int]:
    if isinstance(labels, str):
        if labels not in ("any", "all"):
            raise UserError(
                "no such choice of labels",
                key="labels",
                given=labels,
                allowed=["any", "all", f"labels from 0 to {count - 1}"],
            )
        return list(range(count))
    given = [labels] if isinstance(labels, int | np.integer) else list(labels)
    if not given or not all(
        isinstance(label, int | np.integer) and 0 <= label < count for label in given
    ):
        raise UserError(
            "no such label", key="labels", given=labels, allowed=f"labels from 0 to {count - 1}"
        )
    return [int(label) for label in dict.fromkeys(given)]


def _race(search: Search, wanted: list[int], most: int, walk: Any) -> None:
    """Give every label in turn a few pivots, then four times as many, until one path ends."""
    limit = min(most, 10 * sum(search.form.shape))
    while not search.clock.over:
        for label in wanted:
            walk(search, label, limit)
            if search.found or search.clock.over:
                return
        if limit == most or not search.unfinished:
            return
        wanted = search.unfinished
        search.unfinished = []
        limit = min(most, 4 * limit)


def _all(
    search: Search, wanted: list[int], most: int, walk: Any, enough: int | None = None
) -> None:
    for label in wanted:
        if search.clock.over or len(search.found) == enough:
            search.unfinished.append(label)
        else:
            walk(search, label, most)


def _answer(search: Search, wanted: list[int], one: bool) -> Found:
    count, cut = len(search.found), sorted(set(search.unfinished))
    finished = bool(search.found) if one else not cut
    if one and not search.found and not cut:
        cut = wanted
    ends = f"; {len(cut)} paths were given up" if cut and not finished else ""
    walked = "paths raced until one ended" if one else f"{len(wanted)} paths walked"
    return Found(
        profiles=tuple(search.found),
        sentence=f"complementary pivoting: {walked}, {search.pivots} pivots, {count} distinct "
        f"equilibri{'um' if count == 1 else 'a'}{ends}",
        stats={"pivots": search.pivots},
        finished=finished,
        details=tuple(
            {"labels": labels, **detail}
            for labels, detail in zip(search.labels, search.details, strict=True)
        ),
    )
