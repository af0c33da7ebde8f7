"""Equilibrium flows by evening out the times of routes, and the price of anarchy."""

from __future__ import annotations

import contextlib

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float, positive_part
from coopsim.clock import ENDLESS, keeping, look
from coopsim.games.forms.congestion import CongestionForm
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.solution import Found

_SMALL = 100_000  # links times classes whose first routes are found whatever the time
_FIRST = 1.0  # seconds beyond the deadline for the first routes of larger networks

Mask = npt.NDArray[np.bool_]


class _Routes:
    """The routes that each class uses, as links `[E]`, and how much goes along each."""

    def __init__(self, form: CongestionForm) -> None:
        self.form = form
        self.links: list[list[Mask]] = [[] for _ in range(form.n)]
        self.flows: list[list[float]] = [[] for _ in range(form.n)]
        self.total = np.zeros(len(form.tails))
        self.steep = form.coefficients * form.powers
        self.less = np.maximum(form.powers - 1, 0)

    def slopes(self) -> Float:
        """How much longer each link takes with one more unit of flow."""
        flow = np.maximum(self.total, 1e-300)[:, None]
        return np.asarray((self.steep * flow ** np.where(self.steep > 0, self.less, 0)).sum(1))

    def add(self, k: int, route: Mask) -> None:
        """One more route of a class, unless it has it."""
        if any((route == old).all() for old in self.links[k]):
            return
        first = not self.links[k]
        self.links[k].append(route)
        self.flows[k].append(self.form.demands[k][2] if first else 0.0)
        if first:
            self.total += route * self.form.demands[k][2]

    def even_out(self, k: int) -> None:
        """Move flow from slower routes of a class to its fastest, by one Newton step each."""
        if len(self.links[k]) < 2:
            return
        times = self.form.times(self.total)
        cost = [float(times[route].sum()) for route in self.links[k]]
        fast = int(np.argmin(cost))
        for slow in range(len(cost)):
            look()
            if slow != fast and self.flows[k][slow] > 0:
                self._shift(k, slow, fast)

    def _shift(self, k: int, slow: int, fast: int) -> None:
        off, on = self.links[k][slow], self.links[k][fast]
        differ = off != on
        held = self.flows[k][slow]
        moved = 0.0
        for _ in range(30):
            times = self.form.times(self.total)
            gap = float(times[off & differ].sum() - times[on & differ].sum())
            steep = float(self.slopes()[differ].sum())
            full = held - moved if gap > 0 else -moved
            step = gap / steep if steep > 0 else full
            step = min(max(step, -moved), held - moved)
            if step == 0 or abs(gap) <= 1e-15 * float(times[off | on].sum()):
                break
            moved += step
            self.total = np.maximum(self.total + step * (on.astype(float) - off), 0)
        self.flows[k][slow] = held - moved
        self.flows[k][fast] += moved

    def drop_empty(self, k: int) -> None:
        """Forget the routes that nobody takes."""
        kept = [j for j, flow in enumerate(self.flows[k]) if flow > 0]
        self.links[k] = [self.links[k][j] for j in kept]
        self.flows[k] = [self.flows[k][j] for j in kept]

    def by_class(self) -> tuple[Float, ...]:
        """The flow of each class on each link."""
        return tuple(
            np.sum([flow * route for flow, route in zip(flows, links, strict=True)], axis=0)
            for flows, links in zip(self.flows, self.links, strict=True)
        )


def solve_wardrop(
    form: CongestionForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    rounds: int = 5000,
) -> Found:
    """Flows at which no traveller has a faster route.

    The minimum of Beckmann's convex programme by path equilibration (Dafermos and Sparrow 1969)
    with shortest routes added as they are found; flow moves between two routes of a class by
    Newton steps (Jayakrishnan et al. 1994) until they take equally long or one is empty.

    Args:
        form: the network.
        tol: rounds end where the time to be saved by all is below a share of this.
        deadline: seconds.
        rounds: most rounds; in each every class gets its shortest route and is evened out.

    Returns:
        One profile, `[E]` a class. Details: `link_flows`, `link_times`, `average_times` of the
        classes, `total_time`, and the `routes` with their flows.
    """
    return _solve(form, form, tol, Clock(deadline), rounds)


def solve_optimum(
    form: CongestionForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    rounds: int = 5000,
) -> Found:
    """The flows with the smallest total time: the equilibrium of marginal times.

    Arguments and answer as for `solve_wardrop`.
    """
    return _solve(form.marginal(), form, tol, Clock(deadline), rounds)


def price_of_anarchy(form: CongestionForm) -> float:
    """The total time in equilibrium over the smallest possible one; 1 or more."""
    both = solve_wardrop(form), solve_optimum(form)
    times = [float(found.details[0]["total_time"]) for found in both]
    return times[0] / times[1] if times[1] > 0 else 1.0


def suits(form: CongestionForm, everything: bool) -> str:
    """Why `auto` chooses this: it takes every network."""
    return f"{len(form.tails)} links, {form.n} classes of travellers"


def _solve(
    game: CongestionForm, form: CongestionForm, tol: float, clock: Clock, rounds: int
) -> Found:
    require_count("rounds", rounds)
    routes, finished, gap, best = _Routes(game), False, np.inf, np.inf
    stalled = done = 0
    # without a route for every class there is nothing to hand back
    small = len(game.tails) * game.n <= _SMALL
    with contextlib.suppress(OutOfTime), keeping(ENDLESS if small else clock.later(_FIRST)):
        gap = _with_shortest(routes)
    with contextlib.suppress(OutOfTime), keeping(clock):
        while done < rounds:
            gap = _with_shortest(routes) if done else gap
            done += 1
            # below rounding of the total time nothing gets better
            stalled = 0 if gap < 0.5 * best else stalled + 1
            best = min(best, gap)
            total = float(routes.total @ game.times(routes.total))
            finished = gap <= 0.05 * tol or (stalled > 50 and gap <= 1e-13 * total)
            if finished:
                break
            for _ in range(4):
                for k in range(game.n):
                    routes.even_out(k)
            for k in range(game.n):
                routes.drop_empty(k)
    if not all(routes.links):
        return Found((), "stopped before every class had a route", finished=False)
    profile = routes.by_class()
    return Found(
        (profile,),
        f"{done} rounds over {sum(map(len, routes.links))} routes; all could save {gap:.3g}",
        stats={"rounds": done, "gap": gap},
        finished=finished,
        exhaustive=False,
        details=(_details(form, routes, profile),),
    )


def _with_shortest(routes: _Routes) -> float:
    """Add every class's shortest route; how much time all together could save."""
    form = routes.form
    times = form.times(routes.total)
    saved = 0.0
    for k, (origin, destination, amount) in enumerate(form.demands):
        look()
        fast = shortest(form, times, origin, destination)
        cost = float(times[fast].sum())
        if not routes.links[k]:
            routes.add(k, fast)
            times = form.times(routes.total)
            saved = np.inf
            continue
        used = sum(
            f * float(times[r].sum()) for f, r in zip(routes.flows[k], routes.links[k], strict=True)
        )
        saved += positive_part(used - amount * cost)
        if all(times[route].sum() > cost for route in routes.links[k]):
            routes.add(k, fast)
    return saved


def shortest(form: CongestionForm, times: Float, origin: int, destination: int) -> Mask:
    """The links of a fastest route, by Bellman and Ford's rounds over all links."""
    far = np.full(form.nodes, np.inf)
    far[origin] = 0.0
    last = np.full(form.nodes, -1)
    for _ in range(form.nodes):
        reach = far[form.tails] + times
        better = np.full(form.nodes, np.inf)
        np.minimum.at(better, form.heads, reach)
        closer = better < far
        if not closer.any():
            break
        first = np.flatnonzero(closer[form.heads] & (reach == better[form.heads]))
        last[form.heads[first]] = first
        far = np.minimum(far, better)
    route = np.zeros(len(form.tails), dtype=bool)
    node = destination
    while node != origin:
        link = int(last[node])
        route[link] = True
        node = int(form.tails[link])
    return route


def _details(
    form: CongestionForm, routes: _Routes, profile: tuple[Float, ...]
) -> dict[str, object]:
    total = np.sum(profile, axis=0)
    times = form.times(total)
    spent = [float(own @ times) for own in profile]
    return {
        "link_flows": total.tolist(),
        "link_times": times.tolist(),
        "average_times": [float(t / amount) for t, amount in zip(spent, form.amounts, strict=True)],
        "total_time": float(total @ times),
        "routes": [
            [
                [np.flatnonzero(route).tolist(), flow]
                for route, flow in zip(links, flows, strict=True)
            ]
            for links, flows in zip(routes.links, routes.flows, strict=True)
        ],
    }
