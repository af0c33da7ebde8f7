"""Alpha-rank: how often a population process under strong selection is at each pure profile."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.clock import keeping, look
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import dense
from coopsim.solvers.moran import log_fixation, log_fixation_in_game
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.solution import Found

Places = npt.NDArray[np.int64]

REDUCED, DENSE, MOST = 1_000, 5_000, 200_000
"""Pure profiles that are solved by state reduction, by a dense system, and by iteration."""

_BLOCK = 64  # states between two looks at the clock
_SWEEPS = 20_000
_STOP = 1e-13


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    alpha: float = 100.0,
    population: int = 50,
) -> Found:
    """The stationary distribution of alpha-rank with one population a player.

    From profile s a mutant of one player appears, each of the `sum_i (A_i - 1)` with equal
    probability, and takes over with probability `(1 - e^{-alpha d}) / (1 - e^{-m alpha d})`
    where d is what it gains (`1 / m` at d = 0).

    Args:
        form: the game, any number of players.
        tol: not needed; state reduction keeps the relative precision of every weight.
        deadline: seconds.
        alpha: intensity of selection, above 0.
        population: how many individuals each population has, m, 2 or more.

    Returns:
        one profile: the joint distribution `[A1..An]` over pure profiles. `details` hold
        `log_weights` (logarithms of the same, row-major, which do not underflow) and
        `recurrent_classes`: the numbers of the profiles in each sink component of the response
        graph (better and equally good responses), where the weight goes as alpha grows.

    Cost: `P^3` for P profiles up to 1,000, in logarithms, so that no alpha is too large; one
    dense system up to 5,000; above that power iteration, which is slow where selection is
    strong. The certificate shows where the last two do not reach the tolerance.

    Source: Omidshafiei et al. 2019, equations 9 to 11 (their rho and eta).

    Raises:
        NoSuchForm: more than 200,000 profiles.
        UserError: alpha or population out of range.
    """
    if not (math.isfinite(alpha) and alpha > 0):
        raise UserError("out of range", key="alpha", given=alpha, allowed="above 0")
    require_count("population", population, 2)
    count = int(np.prod(form.shape))
    if count > MOST:
        raise NoSuchForm(
            f"{count:,} pure profiles; alpha-rank over all of them takes {MOST:,}. Restrict the "
            f"game to the strategies of interest first"
        )
    clock = Clock(deadline)
    try:
        with keeping(clock):
            classes = sink_classes(form)
            if count > DENSE:
                weights, finished, how = _iterated(form, alpha, population, clock)
            else:
                source, target, gain = responses(form)
                share = max(sum(size - 1 for size in form.shape), 1)
                rates = log_fixation(alpha * gain, population) - np.log(share)
                solver = _reduced if count <= REDUCED else _eliminated
                weights, finished, how = solver(count, source, target, rates, clock)
    except OutOfTime:
        return Found((), f"stopped before {count:,} pure profiles were compared", finished=False)
    joint = np.exp(weights - weights.max())
    joint /= joint.sum()
    details = {
        "log_weights": (
            weights - weights.max() - np.log(np.exp(weights - weights.max()).sum())
        ).tolist(),
        "recurrent_classes": [[int(s) for s in members] for members in classes],
        "multiplicity": len(classes),
    }
    return Found(
        profiles=((joint.reshape(form.shape),),),
        sentence=f"{how} over {count:,} pure profiles; the response graph has {len(classes)} "
        f"sink component{'s' if len(classes) != 1 else ''}",
        stats={
            "profiles": float(count),
            "transitions": float(count * sum(size - 1 for size in form.shape)),
        },
        finished=finished,
        exhaustive=finished,
        details=(details,),
    )


def suits(form: NormalForm, everything: bool) -> str:
    """Any game that is not too large."""
    count = int(np.prod(form.shape))
    return f"{count:,} pure profiles: a Markov chain over them" if count <= MOST else ""


def single_population(
    payoffs: npt.ArrayLike, *, alpha: float = 100.0, population: int = 50, local: bool = False
) -> Float:
    """Alpha-rank of one population that plays a symmetric two-player game, `[A]`.

    Args:
        payoffs: `[A, A]`: what the row action is paid against the column action.
        alpha: intensity of selection, above 0.
        population: how many individuals there are, 2 or more.
        local: fitness comes from one meeting of a mutant and a resident (Omidshafiei et al.
            2019, equation 4) instead of from meetings with all others; it is exponential in
            payoffs in both cases.
    """
    game = np.asarray(payoffs, dtype=float)
    if game.ndim != 2 or game.shape[0] != game.shape[1] or not np.isfinite(game).all():
        raise UserError("no symmetric game", key="payoffs", given=payoffs, allowed="[A, A]")
    require_count("population", population, 2)
    if local:
        # entry (s, r): a mutant r among residents s
        rates = log_fixation(alpha * (game.T - game), population)
    else:
        rates = log_fixation_in_game(game, population, alpha)
    source, target = np.nonzero(~np.eye(len(game), dtype=bool))
    weights, _, _ = _reduced(len(game), source, target, rates[source, target], Clock(None))
    joint = np.exp(weights - weights.max())
    return np.asarray(joint / joint.sum())


def responses(form: NormalForm) -> tuple[Places, Places, Float]:
    """Every change of one player's action: from which profile, to which, and what it gains.

    Three arrays `[P * sum_i (A_i - 1)]`; profiles in row-major order.
    """
    number = np.arange(int(np.prod(form.shape))).reshape(form.shape)
    sources, targets, gains = [], [], []
    for i, size in enumerate(form.shape):
        place = np.moveaxis(number, i, 0)
        own = np.moveaxis(form.payoffs[i], i, 0)
        for step in range(1, size):
            sources.append(place.ravel())
            targets.append(np.roll(place, -step, axis=0).ravel())
            gains.append((np.roll(own, -step, axis=0) - own).ravel())
    if not sources:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(sources), np.concatenate(targets), np.concatenate(gains)


def sink_classes(form: NormalForm) -> list[Places]:
    """The strongly connected components that no gain of 0 or more leaves, largest first.

    The graph has the pure profiles as its nodes, in row-major order.

    Raises:
        OutOfTime: the kept clock is over.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count = int(np.prod(form.shape))
    number = np.arange(count, dtype=np.int32).reshape(form.shape)
    targets, taken = [], []
    for i, size in enumerate(form.shape):
        for step in range(1, size):
            look()
            taken.append((np.roll(form.payoffs[i], -step, axis=i) >= form.payoffs[i]).ravel())
            targets.append(np.roll(number, -step, axis=i).ravel())
    if not targets:
        return [np.arange(count)]
    kept = np.stack(taken, axis=1)
    end, leaving = np.stack(targets, axis=1)[kept], kept.sum(1)
    look()
    starts = np.concatenate([[0], np.cumsum(leaving)])
    graph = csr_array((np.ones(len(end)), end, starts), (count, count))
    total, label = connected_components(graph, directed=True, connection="strong")
    look()
    left = np.zeros(total, dtype=bool)
    start = np.repeat(label, leaving)
    left[start[start != label[end]]] = True
    sinks = [np.flatnonzero(label == c) for c in np.flatnonzero(~left)]
    return sorted(sinks, key=lambda members: (-len(members), members[0]))


def _reduced(
    count: int, source: Places, target: Places, rates: Float, clock: Clock
) -> tuple[Float, bool, str]:
    """Log weights by state reduction."""
    from coopsim.solvers.kernels.chain import expand_states, reduce_states

    table = np.full((count, count), -np.inf)
    table[source, target] = rates
    for above in range(count, 1, -_BLOCK):
        if clock.over:
            return np.zeros(count), False, "state reduction, cut short,"
        reduce_states(table, above, max(above - _BLOCK, 1))
    return expand_states(table), True, "state reduction in logarithms"


def _eliminated(
    count: int, source: Places, target: Places, rates: Float, clock: Clock
) -> tuple[Float, bool, str]:
    """Log weights by one dense linear system: balance at every state but one, and a sum of 1."""
    if clock.over:
        return np.zeros(count), False, "elimination, cut short,"
    system = np.zeros((count, count))
    system[target, source] = np.exp(rates - rates.max())
    system[np.arange(count), np.arange(count)] = -system.sum(0)
    system[-1] = 1.0
    try:
        with keeping(clock):
            weights = dense.solved(system, np.eye(count)[-1])
    except OutOfTime:
        return np.zeros(count), False, "elimination, cut short,"
    return _logs(weights), True, "elimination"


def _iterated(
    form: NormalForm, alpha: float, population: int, clock: Clock
) -> tuple[Float, bool, str]:
    """Log weights by power iteration on the chain, with the longest step that is stable.

    Every change of one player's action, by so many places, is one array of rates over profiles;
    what flows along it arrives as many places further on.
    """
    changes, rates = [], []
    for i, size in enumerate(form.shape):
        for step in range(1, size):
            look()
            gain = np.roll(form.payoffs[i], -step, axis=i) - form.payoffs[i]
            changes.append((step, i))
            rates.append(log_fixation(alpha * gain, population))
    top = max(float(own.max()) for own in rates)
    out = np.zeros(form.shape)
    for own in rates:
        look()
        # dividing all rates by one number leaves the stationary weights as they are
        np.exp(own - top, out=own)
        out += own

    def moved(weights: Float) -> Float:
        total = -out * weights
        for own, (step, i) in zip(rates, changes, strict=True):
            look()
            total += np.roll(own * weights, step, axis=i)
        return total

    length = 0.9 / out.max()
    weights, settled = np.full(form.shape, 1.0 / out.size), False
    with contextlib.suppress(OutOfTime):
        for _ in range(_SWEEPS // _BLOCK):
            for _ in range(_BLOCK):
                weights = weights + length * moved(weights)
            change = float(np.abs(moved(weights)).max())
            settled = change < _STOP * float((out * weights).max())
            if settled:
                break
    return _logs(weights.ravel()), settled, "power iteration"


def _logs(weights: Float) -> Float:
    """Logarithms of weights, of which rounding may have made some negative."""
    return np.asarray(np.log(np.maximum(weights, 1e-300)))
