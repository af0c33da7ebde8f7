"""Support enumeration with all complex solutions: every isolated equilibrium of small games.

For each support profile the indifference equations are solved by a multihomogeneous
polynomial homotopy, which reaches every isolated complex solution; those that are real,
positive and leave nobody a better action are the equilibria with that support. Supports
are left out where an action used is dominated against what the others use (Porter, Nudelman
and Shoham 2008).

Where a player uses so many more actions than the others that its equations outnumber the
unknowns, a generic game has no solution, and a solution would not be isolated; those
equations are solved in random combinations to tell whether there is one all the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm, sizes
from coopsim.solvers.indifference import Complex, System, indifference_system
from coopsim.solvers.multilinear import Multilinear, support_step
from coopsim.solvers.numeric import Clock
from coopsim.solvers.option_types import Seed
from coopsim.solvers.solution import Found
from coopsim.solvers.supports import Support, paths_of, supports, total_paths, undominated

_SUITING_PATHS, _SUITING_SUPPORTS = 120_000, 50_000  # minutes at most; seconds where many drop out
_ZERO = 1e-8  # probabilities, imaginary parts and gaps below this are 0
_REGULAR = 1e-10  # least pivot over the largest: below this a solution counts as singular
_ATTEMPTS = ((1e-8, 0), (1e-10, 1), (1e-12, 2))  # closeness to paths, seeds of gamma
_SCATTER, _TRIES = 6, 12  # Newton's method where paths ended badly: random starts, steps each


@dataclass
class Tally:
    """What the search has met so far."""

    supports: int = 0
    paths: int = 0
    unsolved: int = 0
    degenerate: bool = False
    equilibria: list[Float] = field(default_factory=list)


def suits(form: NormalForm, everything: bool) -> str:
    """Three or more players, all equilibria wanted, small enough."""
    if form.n < 3 or not everything:
        return ""
    count = math.prod(2**size - 1 for size in form.shape)
    if count > _SUITING_SUPPORTS or total_paths(form.shape) > _SUITING_PATHS:
        return ""
    return f"{form.n} players, {sizes(form.shape)}: all supports can be solved for all equilibria"


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    seed: Seed = 0,
) -> Found:
    """All isolated Nash equilibria.

    Exhaustive where every support was solved with its full count of complex solutions, all
    of them regular, and no equilibrium leaves an unused action as good as the used ones:
    then there is no continuum of equilibria either. Otherwise the isolated ones that were
    found come back, and the pure ones.

    Args:
        form: a game of two or more players.
        tol: the regret to reach, in payoff units.
        deadline: seconds; on expiry what was found comes back.
        seed: of the random constants of the homotopy.

    Cost: one path a complex solution of each support: at most 16 in 2 x 2 x 2 games, 271 in
    3 x 3 x 3, 5,248 in 4 x 4 x 4, 110,251 in 5 x 5 x 5; about 0.1 to 2 ms each.

    Raises:
        NoSuchForm: one player, or more supports than could be looked at.
    """
    if form.n < 2:
        raise NoSuchForm("support-polynomials needs two or more players; pure-enumeration fits one")
    count = math.prod(2**size - 1 for size in form.shape)
    if count > 1e7:
        told = f"{count:.2g}" if count < 1e300 else f"about 10^{math.log10(count):.0f}"
        raise NoSuchForm(
            f"a game of {sizes(form.shape)} has {told} supports, too many to enumerate; "
            "global-newton finds some of its equilibria"
        )
    game, clock, tally = Multilinear(form), Clock(deadline), Tally()
    solver = _Solver(game, tally, clock, seed)
    finished = True
    for support in supports(form.shape):
        if clock.over:
            finished = False
            break
        solver.look(support)
    profiles = tuple(game.split(x) for x in tally.equilibria)
    return Found(
        profiles=profiles,
        sentence=f"{tally.supports} supports solved, {tally.paths} complex solutions followed, "
        f"{len(profiles)} isolated equilibria{_remarks(tally)}",
        stats={"supports": tally.supports, "paths": tally.paths, "unsolved": tally.unsolved},
        finished=finished,
        exhaustive=finished and not tally.degenerate and not tally.unsolved,
    )


class _Solver:
    """The search for one game; systems of one size are made once."""

    def __init__(self, game: Multilinear, tally: Tally, clock: Clock, seed: int) -> None:
        self.game, self.tally, self.clock, self.seed = game, tally, clock, seed
        self.systems: dict[tuple[tuple[int, ...], int], System] = {}

    def look(self, support: Support) -> None:
        """Add the equilibria with this support to the tally."""
        game, counts = self.game, tuple(map(len, support))
        if not undominated(game.payoffs, support):
            return
        if max(counts) == 1:
            self.tally.supports += 1
            self._judge(game.pure([own[0] for own in support]), support)
            return
        heavy = [i for i, k in enumerate(counts) if 2 * (k - 1) > sum(counts) - game.n]
        if heavy:
            self._look_for_ties(support, heavy[0])
            return
        self.tally.supports += 1
        points, clean = self._solutions(support, counts, -1)
        self.tally.paths += paths_of(counts)
        for x in points:
            self._judge(x, support)
        if not clean:
            self.tally.unsolved += 1
            self._scatter(points, support)

    def _look_for_ties(self, support: Support, heavy: int) -> None:
        """Note whether the player with too many equations can be indifferent all the same."""
        game = self.game
        places = _places(game, support)
        points, clean = self._solutions(support, tuple(map(len, support)), heavy)
        if not clean:
            self.tally.unsolved += 1
        own, part = places[heavy], game.parts[heavy]
        for x in points:
            values = game.deviations(x)
            level = values[own]
            if np.ptp(level) < _ZERO and values[part].max() < level.max() + _ZERO:
                self.tally.degenerate = True

    def _solutions(
        self, support: Support, counts: tuple[int, ...], heavy: int
    ) -> tuple[list[Float], bool]:
        """The real solutions in the closed simplices, `[m]` each; whether all paths ended well."""
        from coopsim.solvers.kernels import homotopy

        key = (counts, heavy)
        if key not in self.systems:
            self.systems[key] = indifference_system(counts, heavy, self.seed)
        system = self.systems[key]
        kept = [range(len(support)), *support]
        payoffs = self.game.payoffs[np.ix_(*kept)].reshape(len(support), -1)
        payoffs = np.ascontiguousarray(payoffs)
        places = _places(self.game, support)
        found: list[Float] = []
        clean = False
        for close, attempt in _ATTEMPTS:
            angle = np.random.default_rng((self.seed, attempt)).uniform(0, 2 * np.pi)
            gamma = complex(np.exp(1j * angle))
            ends, state, pivots = homotopy.track(
                payoffs, system.sizes, system.starts, system.owner, system.rows, system.factors,
                system.forms, system.linear, system.right, system.begins, gamma, close,
            )  # fmt: skip
            regular = (state == homotopy.REACHED) & (pivots > _REGULAR)
            clean = bool(regular.all()) and _distinct(ends)
            before = len(found)
            found += self._real(ends[regular] if heavy < 0 else ends, system, places, heavy)
            found = _without_copies(found)
            # a second walk that finds nothing new: the rest is singular and stays so
            if clean or self.clock.over or (attempt > 0 and len(found) == before):
                break
        return found, clean

    def _real(
        self, ends: Complex, system: System, places: list[npt.NDArray[np.int64]], heavy: int
    ) -> list[Float]:
        """The end points that are distributions."""
        found = []
        for end in ends:
            x = np.zeros(self.game.m)
            for j, (start, size) in enumerate(zip(system.starts, system.sizes, strict=True)):
                part = end[start : start + size]
                total = part.sum()
                if abs(total) <= 1e-7 * np.abs(part).max():
                    break  # a solution at infinity
                part = part / total
                if j != heavy and (np.abs(part.imag).max() > 1e-6 or part.real.min() < -_ZERO):
                    break
                x[places[j]] = part.real
            else:
                found.append(self.game.normalised(x))
        return found

    def _judge(self, x: Float, support: Support) -> None:
        """Keep a solution that is an equilibrium with this support; note what is degenerate."""
        game = self.game
        used = np.zeros(game.m, dtype=bool)
        for own in _places(game, support):
            used[own] = True
        gap = game.gaps(game.deviations(x))
        if gap[used].max() > 1e-9 or np.abs(x[~used]).max(initial=0.0) > 0:
            return
        if x[used].min() < _ZERO:
            self.tally.degenerate = True  # it belongs to a smaller support
            return
        if gap[~used].min(initial=1.0) < _ZERO:
            self.tally.degenerate = True
        if all(float(np.abs(x - other).max()) > 1e-7 for other in self.tally.equilibria):
            self.tally.equilibria.append(x)

    def _scatter(self, points: Sequence[Float], support: Support) -> None:
        """Newton's method from random points, where paths did not all reach regular solutions."""
        game = self.game
        rng = np.random.default_rng((self.seed, 7))
        used = np.zeros(game.m, dtype=bool)
        for own in _places(game, support):
            used[own] = True
        for _ in range(_SCATTER):
            if self.clock.over:
                return
            x = game.normalised(np.where(used, rng.exponential(size=game.m), 0.0))
            moved = np.inf  # until a step is taken, from this point
            for _ in range(_TRIES):
                values, slopes = game.derivatives(x)
                stepped = support_step(game, x, values, slopes, used)
                if stepped is None or not np.abs(stepped[0]).max() < 1e3:
                    break
                moved = float(np.abs(stepped[0] - x).max())
                x = stepped[0]
                if moved < 1e-14:
                    break
            if x[used].min() > _ZERO and moved < 1e-9 and _isolated(game, x, used):
                self._judge(game.normalised(x), support)


def _places(game: Multilinear, support: Support) -> list[npt.NDArray[np.int64]]:
    """Where the used actions of each player lie in a profile."""
    return [start + np.array(own) for start, own in zip(game.starts, support, strict=True)]


def _distinct(ends: Complex) -> bool:
    """Whether no two paths ended at one point: two would mean that one left its path."""
    apart = np.abs(ends[:, None, :] - ends).max(axis=2)
    np.fill_diagonal(apart, np.inf)
    size = np.maximum(1.0, np.abs(ends).max(axis=1))
    return bool((apart > 1e-7 * size).all())


def _without_copies(points: list[Float]) -> list[Float]:
    kept: list[Float] = []
    for x in points:
        if all(float(np.abs(x - other).max()) > 1e-7 for other in kept):
            kept.append(x)
    return kept


def _isolated(game: Multilinear, x: Float, used: npt.NDArray[np.bool_]) -> bool:
    """Whether the indifference equations at `x` have a regular derivative."""
    s = np.flatnonzero(used)
    _, slopes = game.derivatives(x)
    member = (game.owner[s][:, None] == np.arange(game.n)).astype(float)
    zero = np.zeros((game.n, game.n))
    square = np.block([[slopes[np.ix_(s, s)], -member], [member.T, zero]])
    singular = np.linalg.svd(square, compute_uv=False)
    return bool(singular[-1] > 1e-7 * singular[0])


def _remarks(tally: Tally) -> str:
    remarks = []
    if tally.unsolved:
        remarks.append(
            f"{tally.unsolved} supports have singular solutions, around which Newton's method "
            "was started at random"
        )
    if tally.degenerate:
        remarks.append("payoffs are tied at an equilibrium, so a continuum is possible")
    return "".join(f"; {remark}" for remark in remarks)
