"""The global Newton method: Nash equilibria of n-player games along a ray of games.

A bonus `lambda g` is paid for each action. For large lambda one pure profile is the only
equilibrium; the equilibria over the ray form a path, which is followed to lambda = 0, where
it meets an equilibrium of the game, and beyond, where it may meet more (Govindan and
Wilson 2003, "A global Newton method to compute Nash equilibria"). A point of the path is
`z = x + v(x) + lambda g` with x the projection of z onto the distributions and v the payoffs
of actions; where the support changes, the path has a kink, which is located exactly.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm, sizes
from coopsim.solvers import dense
from coopsim.solvers.multilinear import Mask, Multilinear, polish
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.option_types import Seed, Starts
from coopsim.solvers.solution import Found

_LARGEST = 2000  # actions of all players: a step solves a dense system of this size
_SMOOTH = 0.97  # least cosine of the angle between two tangents of one piece
_TIGHT, _FAINT = 1e-12, 1e-9  # residuals of the path, signs of probabilities
_SAME = 1e-7  # equilibria closer than this are one


@dataclass(frozen=True, eq=False)
class Place:
    """A point of the path: `z` and lambda as one vector `[m + 1]`, support, direction `[m + 1]`."""

    w: Float
    support: Mask
    tangent: Float


class Ray:
    """The path over the games with bonus `lambda g`."""

    def __init__(self, game: Multilinear, g: Float) -> None:
        self.game, self.g = game, g

    def start(self) -> Place:
        """The largest lambda at which the pure profile of the largest bonuses could end."""
        game = self.game
        best = [int(self.g[part].argmax()) for part in game.parts]
        x = game.pure(best)
        values = game.deviations(x)
        chosen = x > 0
        ahead = self.g[chosen][game.owner] - self.g
        gain = values - values[chosen][game.owner]
        lam = float((gain[~chosen] / ahead[~chosen]).max(initial=0.0)) + 0.05
        w = np.append(x + values + lam * self.g, lam)
        return Place(w, chosen, self.direction(w, chosen, np.append(-self.g, -1.0)))

    def margins(self, z: Float, support: Mask) -> Float:
        """z less the level of its player, `[m]`: the probabilities on the support."""
        starts, owner = self.game.starts, self.game.owner
        counts = np.add.reduceat(support.astype(float), starts)
        level = (np.add.reduceat(np.where(support, z, 0.0), starts) - 1.0) / counts
        return np.asarray(z - level[owner])

    def slopes_of_margins(self, support: Mask) -> Float:
        """The derivatives of `margins` by z, `[m, m]`."""
        starts, owner = self.game.starts, self.game.owner
        counts = np.add.reduceat(support.astype(float), starts)
        together = (owner[:, None] == owner) & support
        return np.asarray(np.eye(len(owner)) - together / counts[owner][:, None])

    def system(self, w: Float, support: Mask) -> tuple[Float, Float]:
        """Residual `[m]` of the path's equations on one piece, and derivatives `[m, m + 1]`."""
        z, lam = w[:-1], w[-1]
        x = np.where(support, self.margins(z, support), 0.0)
        values, slopes = self.game.derivatives(x)
        moved = self.slopes_of_margins(support) * support[:, None]
        by_z = np.eye(len(z)) - moved - slopes @ moved
        return z - x - values - lam * self.g, np.hstack([by_z, -self.g[:, None]])

    def direction(self, w: Float, support: Mask, along: Float) -> Float:
        """The unit direction of the path with a positive product with `along`."""
        _, slopes = self.system(w, support)
        right = np.zeros(len(w))
        right[-1] = 1.0
        try:
            found = dense.solved(np.vstack([slopes, along]), right)
        except np.linalg.LinAlgError:
            found = np.full(len(w), np.nan)
        length = float(np.linalg.norm(found))
        if np.isfinite(length) and 0 < length * float(np.linalg.norm(along)) < 1e6:
            return np.asarray(found / length)
        # the path turns away from `along`: the last right singular vector is sound all the same
        if len(w) > dense.AT_ONCE:
            across = np.random.default_rng(0).standard_normal(len(w))
            found = dense.solved(np.vstack([slopes, across]), right)
            found /= np.linalg.norm(found)
        else:
            found = np.linalg.svd(slopes)[2][-1]
        return np.asarray(found if found @ along >= 0 else -found)

    def corrected(
        self, w: Float, support: Mask, row: Float, level: float, reach: float
    ) -> Float | None:
        """Newton's method for the path's equations and `row @ w = level`; None where it fails."""
        begin, size = w, np.inf
        for _ in range(12):
            residual, slopes = self.system(w, support)
            rest = np.append(residual, row @ w - level)
            before, size = size, float(np.abs(rest).max())
            if size <= _TIGHT * max(1.0, float(np.abs(w).max())):
                return w
            if not size < 1e6 or (size > before and size > 1e-10):
                return None
            try:
                w = w - dense.solved(np.vstack([slopes, row]), rest)
            except np.linalg.LinAlgError:
                return None
            if not float(np.linalg.norm(w - begin)) <= reach:
                return None
        return w if size < 1e-10 * max(1.0, float(np.abs(w).max())) else None

    def advanced(self, place: Place, step: float) -> tuple[Place, float] | None:
        """The next point, at most at the next kink, and the cosine of the turn on its piece."""
        w, support, tangent = place.w, place.support, place.tangent
        ahead = w + step * tangent
        found = self.corrected(ahead, support, tangent, float(tangent @ ahead), 0.3 * step + 1e-9)
        if found is None:
            return None
        after = self.direction(found, support, tangent)
        cosine = float(after @ tangent)
        if cosine < _SMOOTH:
            return None
        crossed = self._crossed(w, found, support)
        if crossed is None:
            return Place(found, support, after), cosine
        return self._turned(place, found, crossed, step)

    def _crossed(self, w: Float, found: Float, support: Mask) -> tuple[int, float] | None:
        """The first action that leaves or enters between two points, and where in between."""
        old, new = (self.margins(at[:-1], support) for at in (w, found))
        sign = np.where(support, 1.0, -1.0)
        wrong = sign * new < -_FAINT
        if not wrong.any():
            return None
        part = np.where(
            wrong, np.clip(sign * old, 0, None) / np.maximum(sign * (old - new), 1e-300), 2
        )
        return int(part.argmin()), float(part.min())

    def _turned(
        self, place: Place, found: Float, crossed: tuple[int, float], step: float
    ) -> tuple[Place, float] | None:
        """The kink where an action leaves or enters, with the direction into the next piece."""
        action, part = crossed
        support = place.support
        row = np.append(self.slopes_of_margins(support)[action], 0.0)
        guess = place.w + part * (found - place.w)
        offset = float(self.margins(guess[:-1], support)[action] - row @ guess)
        kink = self.corrected(guess, support, row, -offset, step + 1e-9)
        if kink is None:
            return None
        others = np.where(support, 1.0, -1.0) * self.margins(kink[:-1], support)
        others[action] = 0.0
        if others.min() < -1e-7:  # another one crossed before: look closer
            return None
        support = support.copy()
        support[action] = not support[action]
        inward = np.append(self.slopes_of_margins(support)[action], 0.0)
        inward = inward if support[action] else -inward
        return Place(kink, support, self.direction(kink, support, inward)), 1.0


def suits(form: NormalForm, everything: bool) -> str:
    """Three or more players."""
    if form.n < 3 or sum(form.shape) > _LARGEST:
        return ""
    return f"{form.n} players, {sizes(form.shape)}: rays of games lead to equilibria"


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    rays: Starts = 20,
    everything: bool = False,
    seed: Seed = 0,
) -> Found:
    """Nash equilibria along random rays of games.

    Args:
        form: the game, up to 2,000 actions in all.
        tol: the regret to reach, in payoff units.
        deadline: seconds; on expiry what was found comes back.
        rays: how many rays to try, each with a large bonus on another pure profile.
        everything: follow all rays to their ends instead of stopping at an equilibrium. What
            is found is seldom all there is.
        seed: of the rays.

    Cost: each point takes some evaluations of the derivatives (n contractions of the
    payoff tensor) and dense decompositions with m actions in all.

    Raises:
        NoSuchForm: more than 2,000 actions in all.
        UserError: `rays` below 1.
    """
    require_count("rays", rays)
    game, clock = Multilinear(form), Clock(deadline)
    if game.m > _LARGEST:
        raise NoSuchForm(f"global-newton takes at most {_LARGEST} actions in all, not {game.m}")
    rng = np.random.default_rng(seed)
    found: list[tuple[Float, float]] = []
    tried = points = 0
    good = min(tol, 1e-9 * game.scale)
    while tried < rays and not clock.over:
        tried += 1
        # paths differ in length by powers of ten: a long one is left for another at first
        most = 5000 if everything else 300 * 2 ** (tried // 4)
        with contextlib.suppress(OutOfTime), keeping(clock):
            points += _follow(Ray(game, _bonus(game, rng)), found, good, everything, clock, most)
        if not everything and any(regret <= good for _, regret in found):
            break
    found.sort(key=lambda item: item[1])
    kept = [x for x, regret in found if regret <= max(good, tol)] or [x for x, _ in found[:1]]
    least = found[0][1] if found else np.inf
    return Found(
        profiles=tuple(game.split(x) for x in kept),
        sentence=f"{tried} rays of games followed over {points} points; {len(kept)} end points, "
        f"the least regret {least:.2g}",
        stats={"rays": tried, "points": points},
        finished=least <= tol and not (everything and clock.over),
    )


def _bonus(game: Multilinear, rng: np.random.Generator) -> Float:
    """A random ray: one action of each player is far ahead of the others."""
    g = rng.uniform(0.0, 0.5, game.m)
    for part in game.parts:
        g[part][rng.integers(part.stop - part.start)] += 1.0
    return g


def _follow(
    ray: Ray,
    found: list[tuple[Float, float]],
    good: float,
    everything: bool,
    clock: Clock,
    most: int,
) -> int:
    """Follow one ray for at most `most` points, adding equilibria with their regrets to `found`.

    Returns the number of points.
    """
    place = ray.start()
    begin, step, points = float(place.w[-1]), 0.1, 0
    while points < most and not clock.over:
        ahead = ray.advanced(place, step)
        if ahead is None:
            step *= 0.4
            if step < 1e-9:
                break
            continue
        points += 1
        after, cosine = ahead
        if place.w[-1] * after.w[-1] <= 0 and place.w[-1] != 0:
            part = place.w[-1] / (place.w[-1] - after.w[-1])
            _keep(ray, place.w + part * (after.w - place.w), place.support, found)
            if not everything and found and found[-1][1] <= good:
                break
        step = min(step * (2.0 if cosine > 0.995 else 1.1), 1e3)
        place = after
        if abs(place.w[-1]) > begin + 100.0:  # beyond the last kink there is nothing
            break
    return points


def _keep(ray: Ray, w: Float, support: Mask, found: list[tuple[Float, float]]) -> None:
    """Add the equilibrium at lambda 0 near a point of the path, unless it is there already."""
    x = np.where(support, ray.margins(w[:-1], support), 0.0)
    x, regret = polish(ray.game, ray.game.normalised(x))
    if all(float(np.abs(x - other).max()) > _SAME for other, _ in found):
        found.append((x, regret))
