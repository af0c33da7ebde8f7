"""Small games with known solutions, drawn at random, for `coopsim.solvers.check`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from coopsim import seeding
from coopsim.arrays import Float
from coopsim.games.coopetition.stage import Stage
from coopsim.games.coopetition.value import Value
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificate import Form, Profile


@dataclass(frozen=True)
class Trial:
    """A game, and what is known of its solutions without any solver.

    Args:
        name: what kind of game it is, for messages.
        form: the game.
        known: solutions by construction, in closed form or by trying every profile.
        everything: whether `known` are all the solutions there are.
    """

    name: str
    form: Form
    known: tuple[Profile, ...]
    everything: bool

    @property
    def unique(self) -> bool:
        """Whether there is exactly one solution."""
        return self.everything and len(self.known) == 1


def trials(problem: str, form: str, seed: int, count: int) -> list[Trial]:
    """`count` trials of a problem on a kind of form, the families in turn.

    Raises:
        KeyError: there are no trials of this problem on this form.
    """
    made = []
    families = itertools.cycle(FAMILIES[problem, form])
    for place, family in zip(range(count), families, strict=False):
        made.append(family(seeding.generator(seed, "trial", problem, form, place)))
    return made


# -- finite games --------------------------------------------------------------------------------


def dominant(rng: np.random.Generator) -> Trial:
    """One action of each player is better than all others whatever the others do."""
    shape = _shape(rng)
    payoffs = rng.uniform(0, 1, (len(shape), *shape))
    best = tuple(int(rng.integers(size)) for size in shape)
    for player, action in enumerate(best):
        np.moveaxis(payoffs[player], player, 0)[action] += 1.5
    return Trial("dominant actions", NormalForm(payoffs), (_pure(shape, best),), True)


def small_integers(rng: np.random.Generator) -> Trial:
    """Payoffs from 0 to 3, with many ties; its pure equilibria by trying every profile."""
    shape = _shape(rng)
    form = NormalForm(rng.integers(0, 4, (len(shape), *shape)))
    known = tuple(_pure(shape, at) for at in np.ndindex(shape) if _stable(form, at))
    return Trial("integers with ties", form, known, False)


def coordination(rng: np.random.Generator) -> Trial:
    """Two players who want to do the same: two pure equilibria, and a mixed one."""
    same = np.diag(rng.integers(1, 10, 2))
    known = tuple(_pure((2, 2), (a, a)) for a in range(2))
    return Trial("coordination", NormalForm([same, same]), known, False)


def largest_sum(rng: np.random.Generator) -> Trial:
    """Integer payoffs; the profiles with the largest sum by trying each."""
    shape = _shape(rng)
    form = NormalForm(rng.integers(0, 6, (len(shape), *shape)))
    sums = {at: sum(float(own[at]) for own in form.payoffs) for at in np.ndindex(shape)}
    best = [at for at, total in sums.items() if total == max(sums.values())]
    return Trial("sums of integers", form, tuple(_pure(shape, at) for at in best), len(best) == 1)


def _stable(form: NormalForm, at: tuple[int, ...]) -> bool:
    """Whether no player gains by another action: one deviation at a time."""
    return all(
        form.payoffs[(i, *at[:i], other, *at[i + 1 :])] <= form.payoffs[(i, *at)]
        for i in range(form.n)
        for other in range(form.shape[i])
    )


def _shape(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(rng.integers(2, 5, size=rng.integers(2, 4)).tolist())


def _pure(shape: tuple[int, ...], at: tuple[int, ...]) -> Profile:
    return tuple(np.eye(size)[a] for size, a in zip(shape, at, strict=True))


# -- continuous games ----------------------------------------------------------------------------


def quadratic(rng: np.random.Generator) -> Trial:
    """Linear best responses that pull less than the own action does: one interior equilibrium."""
    n = int(rng.integers(2, 5))
    low, width = rng.uniform(-5, 5, n), rng.uniform(1, 20, n)
    point = low + rng.uniform(0.2, 0.8, n) * width
    pull = rng.uniform(-1, 1, (n, n)) * (1 - np.eye(n)) * 0.6 / (n - 1)
    steep, spill = rng.uniform(0.5, 5, n), rng.uniform(-3, 3, (n, n)) * (1 - np.eye(n))
    start = point - pull @ point

    def payoffs(x: Float) -> Float:
        return np.asarray(-0.5 * steep * (x - start - x @ pull.T) ** 2 + x @ spill.T)

    return _continuous("quadratic payoffs", payoffs, low, low + width, [point])


def cournot(rng: np.random.Generator) -> Trial:
    """Firms that choose quantities, linear demand and costs; closed form."""
    n, size = int(rng.choice([2, 3, 5])), float(rng.uniform(10, 100))
    cost = rng.uniform(0, 0.1, n) * size
    quantity = (size - (n + 1) * cost + cost.sum()) / (n + 1)

    def payoffs(x: Float) -> Float:
        return np.asarray((size - x.sum(-1, keepdims=True) - cost) * x)

    return _continuous("Cournot", payoffs, np.zeros(n), np.full(n, size), [quantity])


def complements(rng: np.random.Generator) -> Trial:
    """The symmetric coopetition game, which is supermodular; closed form."""
    n, theta = int(rng.integers(2, 5)), float(rng.uniform(15, 30))
    gamma, depends = float(rng.uniform(0.2, 0.9)), float(rng.uniform(0, 1))
    game = Stage(players=n, value=Value(theta=theta), gamma=gamma, interdependence=depends)
    action = theta / (1 - gamma / n * (1 + (n - 1) * depends) / n) - 1
    form = game.form("continuous", utility="integrated")
    assert isinstance(form, ContinuousForm)
    return Trial("coopetition", form, (form.split(np.full(n, action)),), True)


def several(rng: np.random.Generator) -> Trial:
    """Two players drawn towards an S-shaped answer to each other: three equilibria."""
    size = float(rng.uniform(1, 50))

    def payoffs(x: Float) -> Float:
        other = x[..., ::-1] / size
        return -((x / size - other**2 * (3 - 2 * other)) ** 2)

    known = [np.full(2, level * size) for level in (0, 0.5, 1)]
    low, high = np.zeros(2), np.full(2, size)
    return _continuous("several equilibria", payoffs, low, high, known, supermodular=True)


def at_bounds(rng: np.random.Generator) -> Trial:
    """Everybody wants to go further than the box allows, some up and some down."""
    n = int(rng.integers(2, 5))
    up = rng.random(n) < 0.5
    target = np.where(up, 1 + rng.uniform(0.1, 2, n), -rng.uniform(0.1, 2, n))

    def payoffs(x: Float) -> Float:
        return np.asarray(-((x - target) ** 2) + 0.05 * x * (x.sum(-1, keepdims=True) - x) / n)

    return _continuous("bounds", payoffs, np.zeros(n), np.ones(n), [up.astype(float)])


def concave(rng: np.random.Generator) -> Trial:
    """A concave sum of payoffs with its top inside, divided at random between the players."""
    n = int(rng.integers(2, 5))
    low, width = rng.uniform(-5, 5, n), rng.uniform(1, 20, n)
    point = low + rng.uniform(0.2, 0.8, n) * width
    root = rng.standard_normal((n, n)) / width
    weight, transfer = rng.dirichlet(np.ones(n)), rng.standard_normal((n, n))
    transfer -= transfer.mean(0)

    def payoffs(x: Float) -> Float:
        away = (x - point) / width
        loss = (((x - point) @ root.T) ** 2).sum(-1, keepdims=True) + (away**2).sum(-1)[..., None]
        return np.asarray(-weight * loss + x @ transfer.T)

    return _continuous("concave sum", payoffs, low, low + width, [point])


def corner(rng: np.random.Generator) -> Trial:
    """The sum of payoffs grows towards a corner of the box."""
    n = int(rng.integers(2, 5))
    up = rng.random(n) < 0.5
    slope = rng.uniform(0.5, 2, n) * np.where(up, 1, -1)

    def payoffs(x: Float) -> Float:
        return slope * x - 0.1 * (x - up) ** 2

    return _continuous("corner", payoffs, np.zeros(n), np.ones(n), [up.astype(float)])


def two_tops(rng: np.random.Generator) -> Trial:
    """A sum of payoffs with two equal tops."""
    first = rng.uniform(0.1, 0.3, 2)
    second = rng.uniform(0.7, 0.9, 2)

    def payoffs(x: Float) -> Float:
        away = [((x - top) ** 2).sum(-1) for top in (first, second)]
        return np.repeat(-np.minimum(*away)[..., None], 2, axis=-1)

    return _continuous("two tops", payoffs, np.zeros(2), np.ones(2), [first, second])


def complements_optimum(rng: np.random.Generator) -> Trial:
    """The largest sum of private payoffs of the symmetric coopetition game; closed form."""
    n, theta = int(rng.integers(2, 5)), float(rng.uniform(15, 30))
    gamma = float(rng.uniform(0.2, 0.9))
    form = Stage(players=n, value=Value(theta=theta), gamma=gamma).form("continuous")
    assert isinstance(form, ContinuousForm)
    point = np.full(n, theta / (1 - gamma / n) - 1)
    return Trial("coopetition", form, (form.split(point),), True)


def _continuous(
    name: str,
    payoffs: Callable[[Float], Float],
    low: Float,
    high: Float,
    known: list[Float],
    supermodular: bool = False,
) -> Trial:
    n = len(low)
    form = ContinuousForm(
        players=tuple(f"player {i + 1}" for i in range(n)),
        low=low,
        high=high,
        owner=np.arange(n),
        payoffs=payoffs,
        supermodular=supermodular,
    )
    return Trial(name, form, tuple(form.split(point) for point in known), True)


Family = Callable[[np.random.Generator], Trial]

FAMILIES: dict[tuple[str, str], tuple[Family, ...]] = {
    ("nash", "normal"): (dominant, small_integers, coordination),
    ("nash", "continuous"): (quadratic, cournot, complements, several, at_bounds),
    ("optimum", "normal"): (largest_sum,),
    ("optimum", "continuous"): (concave, corner, two_tops, complements_optimum),
}
"""What there are trials of: the problem and the kind of form, and the families of games."""


def relabelled(form: Form, rng: np.random.Generator) -> tuple[Form, Callable[[Profile], Profile]]:
    """The same game with its players in another order; and the way back for profiles."""
    order = rng.permutation(form.n)
    players = tuple(form.players[i] for i in order)

    def back(profile: Profile) -> Profile:
        return tuple(profile[int(np.flatnonzero(order == i)[0])] for i in range(form.n))

    if isinstance(form, NormalForm):
        tensor = np.transpose(form.payoffs[order], (0, *(order + 1)))
        return NormalForm(tensor, players=players), back
    # coordinates move too, so that they do not stand in the order of the players
    place = rng.permutation(form.m)
    owner = np.argsort(order)[form.owner[place]]

    def payoffs(x: Float) -> Float:
        return np.asarray(form.payoffs(x[..., np.argsort(place)])[..., order])

    moved = ContinuousForm(players, form.low[place], form.high[place], owner, payoffs)
    return moved, back


def rescaled(form: Form, scale: float, shift: Float) -> Form:
    """The game with payoffs `scale * u_i + shift_i`."""
    if isinstance(form, NormalForm):
        by_player = shift.reshape(-1, *(1,) * form.n)
        return NormalForm(scale * form.payoffs + by_player, form.players, form.actions)

    def payoffs(x: Float) -> Float:
        return np.asarray(scale * form.payoffs(x) + shift)

    return ContinuousForm(
        form.players, form.low, form.high, form.owner, payoffs, supermodular=form.supermodular
    )


def parts(form: Form, profile: Profile) -> Iterator[tuple[Float, Float, Float]]:
    """Each player's part with its lowest and highest values."""
    for player, part in enumerate(profile):
        if isinstance(form, NormalForm):
            yield part, np.zeros(form.shape[player]), np.ones(form.shape[player])
        else:
            own = form.coordinates(player)
            yield part, form.low[own], form.high[own]
