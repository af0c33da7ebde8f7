"""Random games by kind and seed: small, so that exact arithmetic is fast, and often degenerate."""

from __future__ import annotations

import functools
import itertools
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.games.forms.bargaining import BargainingForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.games.forms.congestion import CongestionForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.extensive import ExtensiveForm, TreeBuilder
from coopsim.games.forms.markov import MarkovForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.games.forms.resource import ResourceForm
from coopsim.games.forms.security import SecurityForm
from coopsim.games.forms.tree.sampling import random_tree
from tests.differential.rational import ZERO, Row, exact

Rng = np.random.Generator


def _shape(rng: Rng, n: int, most: int = 3) -> tuple[int, ...]:
    return (n, *rng.integers(2, most + 1, n).tolist())


def _whole(rng: Rng, shape: tuple[int, ...], most: int = 3) -> Any:
    return rng.integers(-most, most + 1, shape).astype(float)


def _scaled(rng: Rng, payoffs: Any, low: int, high: int) -> Any:
    """Each player's payoffs (first axis) in a unit of its own."""
    units = 10.0 ** rng.integers(low, high + 1, len(payoffs))
    return payoffs * units.reshape(-1, *[1] * (payoffs.ndim - 1))


def zero_sum(rng: Rng) -> NormalForm:
    """Two players and a constant sum; whole numbers in half of the games."""
    shape = _shape(rng, 2, 4)[1:]
    own = _whole(rng, shape) if rng.random() < 0.5 else rng.normal(size=shape)
    return NormalForm([own, rng.integers(-2, 3) - own])


def general(rng: Rng) -> NormalForm:
    """Two players, payoffs drawn from a normal distribution."""
    return NormalForm(rng.normal(size=_shape(rng, 2)))


def symmetric(rng: Rng) -> NormalForm:
    """Two players who are alike, whole numbers in half of the games."""
    size = int(rng.integers(2, 4))
    own = _whole(rng, (size, size)) if rng.random() < 0.5 else rng.normal(size=(size, size))
    return NormalForm([own, own.T])


def ties(rng: Rng) -> NormalForm:
    """Two players, payoffs of -3 to 3 or of -1, 0 and 1, at times the same for both.

    In half of the games a unit that is no decimal: then methods keep to floats, where equal
    numbers still tie.
    """
    payoffs = _whole(rng, _shape(rng, 2), int(rng.choice([1, 3])))
    payoffs = payoffs * rng.choice([1.0, 1.0, 1 / 3, 1 / 7])
    return NormalForm([payoffs[0], payoffs[0]] if rng.random() < 0.3 else payoffs)


def doubled(rng: Rng) -> NormalForm:
    """Two players; an action of each stands twice, or is a mixture of others, or worse."""
    payoffs = _whole(rng, (2, 2, 2))
    for axis in (1, 2):
        rows = np.take(payoffs, [0, 1], axis=axis)
        more = np.take(payoffs, [int(rng.integers(2))], axis=axis)
        how = rng.integers(3)
        if how == 1:
            more = rows.mean(axis, keepdims=True)
        elif how == 2:
            more = more - 1.0
        payoffs = np.concatenate([payoffs, more], axis=axis)
    return NormalForm(payoffs)


def three(rng: Rng) -> NormalForm:
    """Three players, whole numbers in half of the games."""
    shape = _shape(rng, 3)
    return NormalForm(_whole(rng, shape) if rng.random() < 0.5 else rng.normal(size=shape))


def four(rng: Rng) -> NormalForm:
    """Four players with two actions each."""
    shape = (4, 2, 2, 2, 2)
    return NormalForm(_whole(rng, shape) if rng.random() < 0.5 else rng.normal(size=shape))


def polymatrix(rng: Rng) -> NormalForm:
    """Three players, each paid by a matrix game with every other."""
    shape = _shape(rng, 3)
    payoffs = np.zeros(shape)
    for i, j in itertools.permutations(range(3), 2):
        table = _whole(rng, (shape[1 + i], shape[1 + j]))
        places = [1] * 3
        places[i], places[j] = shape[1 + i], shape[1 + j]
        payoffs[i] += (table if i < j else table.T).reshape(places)
    return NormalForm(payoffs)


def crowded(rng: Rng) -> NormalForm:
    """Three players who choose one of two or three facilities: a potential game with ties."""
    facilities = int(rng.integers(2, 4))
    delay = np.sort(rng.integers(0, 6, (facilities, 3)), axis=1)
    payoffs = np.zeros((3, *[facilities] * 3))
    for profile in itertools.product(range(facilities), repeat=3):
        for i, own in enumerate(profile):
            payoffs[(i, *profile)] = -float(delay[own, profile.count(own) - 1])
    return NormalForm(payoffs)


def mixed_scales(rng: Rng) -> NormalForm:
    """Two or three players, each counting in its own unit from 1e-9 to 1e16."""
    payoffs = _whole(rng, _shape(rng, int(rng.integers(2, 4))))
    return NormalForm(_scaled(rng, payoffs, -9, 16))


def offsets(rng: Rng) -> NormalForm:
    """Even whole numbers on top of up to 1e16, which floats hold exactly."""
    payoffs = 2 * _whole(rng, _shape(rng, int(rng.integers(2, 4))))
    level = 10.0 ** rng.integers(0, 17, len(payoffs)) * rng.choice([-1, 1], len(payoffs))
    return NormalForm(payoffs + level.reshape(-1, *[1] * (payoffs.ndim - 1)))


def extremes(rng: Rng) -> NormalForm:
    """Payoffs from 1e-95 to 1e95, by player and sometimes within one player's table."""
    payoffs = _scaled(rng, _whole(rng, _shape(rng, int(rng.integers(2, 4)))), -95, 95)
    if rng.random() < 0.3:
        payoffs = payoffs * 10.0 ** rng.integers(-5, 5, payoffs.shape)
    return NormalForm(payoffs)


def open_tree(rng: Rng) -> ExtensiveForm:
    """Two or three players who see everything, chance moves; whole numbers, many ties."""
    n = int(rng.integers(2, 4))
    tree = TreeBuilder([f"player {i + 1}" for i in range(n)])
    ends = [(tree.root, 0)]
    while ends:
        node, level = ends.pop()
        if level == 3 or (level and rng.random() < 0.3):
            tree.terminal(node, rng.integers(-3, 4, n).tolist())
        elif rng.random() < 0.2:
            below = tree.chance(node, [Fraction(1, 3), Fraction(2, 3)])
            ends += [(child, level + 1) for child in below]
        else:
            labels = ["a", "b", "c"][: int(rng.integers(2, 4))]
            below = tree.decision(node, int(rng.integers(n)), labels)
            ends += [(child, level + 1) for child in below]
    return tree.build()


def hidden_tree(rng: Rng) -> ExtensiveForm:
    """Hidden moves, chance; zero-sum in half of the games, units of their own in some."""
    n = 2 if rng.random() < 0.8 else 3
    half = bool(rng.random() < 0.5)
    form = random_tree(
        rng, players=n, depth=int(rng.integers(2, 5)), actions=2, zero_sum=half, chance=0.25
    )
    if rng.random() < 0.25:
        return form.with_payoffs(form.payoffs * 10.0 ** rng.integers(-9, 17, n))
    return form


def types(rng: Rng) -> BayesianForm | StackelbergForm:
    """Games with types; a third of them of commitment against an unknown follower."""
    if rng.random() < 0.33:
        shape = (2, int(rng.integers(2, 4)), int(rng.integers(2, 4)))
        weight = rng.integers(1, 4, 2)
        return StackelbergForm(_whole(rng, shape), _whole(rng, shape), weight / weight.sum())
    counts = rng.integers(1, 3, 2).tolist()
    payoffs = _whole(rng, (2, *counts, *rng.integers(2, 4, 2).tolist()))
    weight = rng.integers(1, 4, counts)
    if rng.random() < 0.25:
        payoffs = _scaled(rng, payoffs, -9, 16)
    return BayesianForm(payoffs, weight / weight.sum())


def security(rng: Rng) -> SecurityForm:
    """Two to four targets, fewer resources; covered targets pay the defender more."""
    size = int(rng.integers(2, 5))
    lost, won = _whole(rng, (size,), 5), _whole(rng, (size,), 5)
    gain, stake = rng.integers(0, 6, (2, size)).astype(float)
    units = 10.0 ** rng.integers(-9, 17, 2) if rng.random() < 0.25 else np.ones(2)
    return SecurityForm(
        units[0] * (lost + gain),
        units[0] * lost,
        units[1] * (won - stake),
        units[1] * won,
        int(rng.integers(1, size)),
    )


def coalitions(rng: Rng) -> CoalitionForm:
    """Two to four players; superadditive in half of the games, so that imputations exist."""
    n = int(rng.integers(2, 5))
    worth = rng.integers(0, 7, 1 << n).astype(float)
    worth[0] = 0
    for mask in range(1, 1 << n):
        split = [worth[part] + worth[mask ^ part] for part in range(1, mask) if part & mask == part]
        if mask == (1 << n) - 1 or rng.random() < 0.5:
            worth[mask] = max([worth[mask], *split])
    # powers of two: rounding must not undo that the whole is worth its parts
    return CoalitionForm(worth * 2.0 ** rng.integers(-30, 54) if rng.random() < 0.25 else worth)


def bargains(rng: Rng) -> BargainingForm:
    """Lotteries over a few agreements of two or three players, one of which all prefer."""
    n, count = int(rng.integers(2, 4)), int(rng.integers(2, 6))
    vertices = rng.integers(-2, 8, (count, n)).astype(float)
    vertices[0] = rng.integers(2, 6, n)
    point = np.minimum(rng.integers(-1, 2, n), vertices[0] - 1)
    units = 10.0 ** rng.integers(-3, 4, n) if rng.random() < 0.25 else np.ones(n)
    return BargainingForm(point * units, vertices * units)


def traffic(rng: Rng) -> CongestionForm:
    """Two classes at most on a network of four nodes and seven links, polynomials of degree 2."""
    tails, heads = [0, 0, 1, 1, 2, 0, 2], [1, 2, 2, 3, 3, 3, 1]
    shape = rng.integers(0, 5, (7, 3)).astype(float)
    shape[:, 0] += 1.0
    demands = [(0, 3, float(rng.integers(1, 5)))]
    if rng.random() < 0.5:
        demands.append((1, 3, float(rng.integers(1, 4))))
    return CongestionForm(
        np.array(tails), np.array(heads), shape, np.array([0.0, 1.0, 2.0]), demands
    )


def stages(rng: Rng) -> MarkovForm:
    """Two states, two players; discounted or with a horizon, zero-sum in half of the games."""
    rewards = [_whole(rng, _shape(rng, 2)) for _ in range(2)]
    if rng.random() < 0.5:
        rewards = [np.stack([own[0], -own[0]]) for own in rewards]
    elif rng.random() < 0.3:
        units = 10.0 ** rng.integers(-9, 17, 2).reshape(2, 1, 1)
        rewards = [own * units for own in rewards]
    moves = []
    for own in rewards:
        share = rng.integers(0, 5, own.shape[1:]) / 4
        moves.append(np.stack([share, 1 - share], axis=-1))
    if rng.random() < 0.5:
        return MarkovForm(tuple(rewards), tuple(moves), 0.5)
    return MarkovForm(tuple(rewards), tuple(moves), 1.0, int(rng.integers(1, 4)))


class Quadratic:
    """Payoffs `x_i (a_i - b_i x_i - sum c_ij x_j)` in a unit of the player's own, on boxes.

    A Cournot game with differentiated goods: everything is known in fractions.
    """

    def __init__(self, rng: Rng) -> None:
        n = int(rng.integers(2, 4))
        self.n = n
        self.a, self.b = rng.integers(2, 9, n), rng.integers(1, 4, n)
        self.c = rng.integers(-1, 3, (n, n)) / 2
        np.fill_diagonal(self.c, 0)
        self.high = rng.integers(1, 5, n).astype(float)
        self.unit = 10.0 ** rng.integers(-9, 17, n) if rng.random() < 0.3 else np.ones(n)
        names = tuple(f"firm {i + 1}" for i in range(n))
        self.form = ContinuousForm(names, np.zeros(n), self.high, np.arange(n), self._paid)

    def _paid(self, x: Any) -> Any:
        return self.unit * x * (self.a - self.b * x - x @ self.c.T)

    @functools.cached_property
    def _exact(self) -> tuple[Row, Row, list[Row], Row, Row]:
        return tuple(exact(v) for v in (self.a, self.b, self.c, self.high, self.unit))  # type: ignore[return-value]

    def paid(self, x: Row) -> Row:
        a, b, c, _, unit = self._exact
        return [
            unit[i] * x[i] * (a[i] - b[i] * x[i] - sum(p * q for p, q in zip(c[i], x, strict=True)))
            for i in range(self.n)
        ]

    def answer(self, x: Row, i: int) -> Fraction:
        """The best action: a parabola's top, or the end of the box nearest to it."""
        a, b, c, high, _ = self._exact
        top = (a[i] - sum(p * q for p, q in zip(c[i], x, strict=True))) / (2 * b[i])
        return min(max(top, ZERO), high[i])

    def span(self, i: int) -> Fraction:
        """What the player can win at most where the others do nothing."""
        a, b, _, high, unit = self._exact
        x = min(a[i] / (2 * b[i]), high[i])
        return unit[i] * x * (a[i] - b[i] * x)


def boxes(rng: Rng) -> Quadratic:
    """Cournot games on boxes."""
    return Quadratic(rng)


def formulas(rng: Rng) -> ResourceForm | RepeatedInformationForm:
    """Fish wars, and repeated games with information on one side."""
    if rng.random() < 0.5:
        n = int(rng.integers(2, 5))
        return ResourceForm(rng.uniform(0.2, 1), rng.uniform(0.2, 0.95, n).tolist())
    weight = rng.integers(1, 4, 2)
    return RepeatedInformationForm(_whole(rng, (2, *_shape(rng, 2)[1:])), weight / weight.sum())
