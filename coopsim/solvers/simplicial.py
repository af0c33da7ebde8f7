"""Simplicial subdivision: a Nash equilibrium by labels on ever finer grids.

A path of simplices leads from a profile to one where, up to the grid, no action gains
(van der Laan and Talman 1982, "On the computation of fixed points in the product space of
unit simplices and an application to noncooperative N person games"; van der Laan, Talman
and van der Heyden 1987). The path begins again there on a finer grid. Each end point is
polished by Newton's method, so that coarse grids suffice as a rule.
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.games.forms.normal import NormalForm, sizes
from coopsim.solvers.multilinear import WIDE, Multilinear, polish
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.solution import Found

_BLOCK = 2_000_000  # payoffs looked at between two looks at the clock


def suits(form: NormalForm, everything: bool) -> str:
    """Three or more players, one equilibrium wanted."""
    if form.n < 3 or everything:
        return ""
    return f"{form.n} players, {sizes(form.shape)}: a simplicial path ends at one in any game"


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    grid: int = 4,
    refine: float = 2.0,
    grids: int = 16,
) -> Found:
    """One Nash equilibrium.

    Args:
        form: the game.
        tol: the regret to reach, in payoff units.
        deadline: seconds; on expiry the best profile so far comes back.
        grid: steps from the start to a pure action on the first grid.
        refine: how much finer each next grid is.
        grids: most grids.

    Every path ends: the simplices are finitely many and none comes twice. Without a deadline
    that may take very long above some 30 actions in all.

    Cost: each vertex takes one pass over the payoff tensor; a path has some hundreds of
    vertices for 3 players with 3 actions, tens of thousands with 8.

    Raises:
        UserError: `grid` or `grids` below 1, or `refine` not above 1.
    """
    from coopsim.errors import UserError

    require_count("grid", grid)
    require_count("grids", grids)
    if not refine > 1:
        raise UserError("grids must get finer", key="refine", given=refine, allowed="above 1")
    game, clock = Multilinear(form), Clock(deadline)
    start = game.uniform()
    best, least, vertices, used, size = start, np.inf, 0, 0, float(grid)
    while used < grids and not clock.over:
        ended, seen = _path(game, start, int(size), clock)
        used, vertices = used + 1, vertices + seen
        try:
            with keeping(clock):
                polished, regret = polish(game, ended, WIDE)
        except OutOfTime:
            polished, regret = ended, game.regret(ended)
        if regret < least:
            best, least = polished, regret
        if least <= min(tol, 1e-9 * game.scale):
            break
        start, size = ended, size * refine
    return Found(
        profiles=(game.split(best),) if used else (),
        sentence=f"{vertices} vertices on {used} grids, the last of {int(size)} steps; the end "
        f"point after Newton's method has a regret of {least:.2g}",
        stats={"vertices": vertices, "grids": used},
        finished=bool(least <= tol),
    )


def _path(game: Multilinear, start: Float, grid: int, clock: Clock) -> tuple[Float, int]:
    """Where the path from `start` ends or the clock stops it, `[m]`, and its vertices."""
    from coopsim.solvers.kernels import labels as kernel

    payoffs = np.ascontiguousarray(game.payoffs.reshape(game.n, -1))
    counts, starts = np.array(game.shape), game.starts
    y, order = np.zeros(game.m, dtype=np.int64), np.zeros(game.m, dtype=np.int64)
    labels, state = np.full(game.m + 1, -1), np.zeros(2, dtype=np.int64)
    count, seen, ended = max(1, _BLOCK // payoffs.size), 0, False
    while not ended and not clock.over:
        ended, walked = kernel.walk(
            payoffs, counts, starts, start, grid, y, order, labels, state, count
        )
        seen += walked
    corners, at = [kernel.point(counts, starts, start, y, grid)], y.copy()
    for direction in order[: state[0]]:
        at[direction] += 1
        corners.append(kernel.point(counts, starts, start, at, grid))
    return game.normalised(np.mean(corners, axis=0)), seen
