"""Games that are too large for their methods: what `deadlines.py` hands over with a deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import coopsim
from coopsim.arrays import Float
from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.games.forms.congestion import CongestionForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.distributions import power, uniform
from coopsim.games.forms.markov import MarkovForm
from coopsim.games.forms.meanfield import CrowdForm, MeanFieldForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.games.forms.resource import ResourceForm
from coopsim.games.forms.security import SecurityForm
from coopsim.games.forms.tree.sampling import random_tree

Made = Callable[[], Any]


def _rng() -> np.random.Generator:
    return np.random.default_rng(20)


def table(*shape: int) -> NormalForm:
    """Normal payoffs."""
    return NormalForm(_rng().standard_normal((len(shape), *shape)))


def opposed(size: int) -> NormalForm:
    """Two players, constant sum."""
    gain = _rng().standard_normal((size, size))
    return NormalForm([gain, -gain])


def symmetric(size: int) -> NormalForm:
    """Two players who are alike."""
    gain = _rng().standard_normal((size, size))
    return NormalForm([gain, gain.T])


def cyclic(n: int, size: int) -> NormalForm:
    """Many players; each wants to be one ahead of the next, so that nothing pure is stable."""
    own = np.indices((size,) * n)
    paid = np.stack([((own[i] - own[(i + 1) % n]) % size == 1) * 1.0 for i in range(n)])
    return NormalForm(paid + 0.01 * _rng().random(paid.shape))


def tree(players: int, depth: int, zero_sum: bool = False) -> Any:
    """A random tree with hidden moves."""
    return random_tree(
        _rng(), players=players, depth=depth, chance=0.1, end=0.02, signals=3, zero_sum=zero_sum
    )


def spiel(name: str) -> Any:
    """A game of OpenSpiel as a tree."""
    return coopsim.from_openspiel(name)


def public_goods(n: int) -> Any:
    """Everybody gives to a common project."""
    return coopsim.make_game("commons/public-goods", players=n)


def network(n: int) -> ContinuousForm:
    """Linear best responses to a random network, with wiggles so that steps do not end."""
    rng = _rng()
    pull = rng.standard_normal((n, n)) / np.sqrt(n) * 0.9
    np.fill_diagonal(pull, 0)

    def payoffs(x: Float) -> Float:
        return np.asarray(-((x - np.sin(3 * x @ pull.T)) ** 2) + np.cos(40 * x))

    names = tuple(f"player {i + 1}" for i in range(n))
    return ContinuousForm(names, np.full(n, -2.0), np.full(n, 2.0), np.arange(n), payoffs)


def bayesian(types: int, actions: int, players: int = 2) -> BayesianForm:
    """Random payoffs for every pair of types."""
    shape = (types,) * players + (actions,) * players
    prior = _rng().dirichlet(np.ones(types**players)).reshape((types,) * players)
    return BayesianForm(_rng().standard_normal((players, *shape)), prior)


def commitment(types: int, actions: int, answers: int) -> StackelbergForm:
    """A leader before types of followers."""
    gain, stake = _rng().standard_normal((2, types, actions, answers))
    return StackelbergForm(gain, stake, np.full(types, 1 / types), ("leader", "follower"))


def targets(count: int, schedules: int = 0) -> SecurityForm:
    """Targets to be guarded; schedules cover three each."""
    rng = _rng()
    sets = [rng.choice(count, 3, replace=False).tolist() for _ in range(schedules)]
    sets += [[k] for k in range(count)] if schedules else []
    low, high = rng.uniform(1, 10, (2, count))
    return SecurityForm(
        *(np.zeros(count), -low, -rng.uniform(0, 5, count), high), max(1, count // 10), sets
    )


def coalitions(n: int) -> CoalitionForm:
    """Any worth of any coalition, written down."""
    return CoalitionForm(np.append(0.0, _rng().uniform(0, 1, (1 << n) - 1)))


def unwritten(n: int) -> CoalitionForm:
    """A worth with ups and downs that is computed when asked for."""
    weight = _rng().uniform(0.1, 1, n)
    return CoalitionForm.lazy(
        lambda group: np.abs(np.sin(30 * (group @ weight))) * (group @ weight), n
    )


def lotteries(outcomes: int, n: int) -> BargainingForm:
    """Random outcomes to agree on."""
    return BargainingForm(np.full(n, -1.0), _rng().standard_normal((outcomes, n)))


def frontier(n: int) -> BargainingForm:
    """A rugged set of agreements in a box."""
    mix = _rng().standard_normal((n, n))

    def paid(x: Float) -> Float:
        return np.asarray(np.sin(9 * x @ mix) - (x - 0.5) ** 2)

    return BargainingForm(np.full(n, -2.0), frontier=paid, low=np.zeros(n), high=np.ones(n))


def markov(
    states: int, sizes: tuple[int, ...], horizon: int | None = None, zero: bool = False
) -> MarkovForm:
    """Random rewards and moves."""
    rng, n = _rng(), len(sizes)
    rewards, moves = [], []
    for _ in range(states):
        paid = rng.standard_normal((n, *sizes))
        if zero:
            paid[1] = -paid[0]
        rewards.append(paid)
        moves.append(rng.dirichlet(np.ones(states), size=sizes))
    discount = 1.0 if horizon else 0.99
    return MarkovForm(tuple(rewards), tuple(moves), discount=discount, horizon=horizon)


def roads(side: int, classes: int) -> CongestionForm:
    """A square grid of streets."""
    rng = _rng()
    at = np.arange(side * side).reshape(side, side)
    pairs = [(at[:, :-1], at[:, 1:]), (at[:-1], at[1:])]
    tails = np.concatenate([side_.ravel() for a, b in pairs for side_ in (a, b)])
    heads = np.concatenate([side_.ravel() for a, b in pairs for side_ in (b, a)])
    times = np.column_stack([rng.uniform(1, 2, len(tails)), rng.uniform(0, 1, len(tails))])
    demands = []
    for _ in range(classes):
        a, b = rng.choice(side * side, 2, replace=False)
        demands.append((int(a), int(b), float(rng.uniform(1, 5))))
    return CongestionForm(tails, heads, times, np.array([0.0, 4.0]), demands)


def crowd_states(states: int, actions: int, horizon: int) -> MeanFieldForm:
    """A population that shuns company."""
    moves = _rng().dirichlet(np.ones(states) * 0.1, size=(states, actions))
    base = _rng().random((states, actions))

    def rewards(stage: int, population: Float) -> Float:
        del stage
        return np.asarray(base - 5 * states * population)

    return MeanFieldForm(np.full(states, 1 / states), rewards, moves, horizon, actions)


def crowd(m: int) -> CrowdForm:
    """A rugged payoff of the own action and the mean."""
    mix = _rng().standard_normal((m, m))

    def payoff(a: Float, mean: Float) -> Float:
        return np.asarray((np.cos(9 * (a - np.sin(mean @ mix))) - 0.1 * a * a).sum(-1))

    return CrowdForm(payoff, np.full(m, -10.0), np.full(m, 10.0))


def trust_game(kind: str, players: int = 2, **given: Any) -> Any:
    """The trust dilemma over its horizon."""
    name = "coopetition/trust-dilemma" if players == 2 else "coopetition/apache-project"
    return coopsim.make_game(name, **given).form(kind)


def auction(n: int, alike: bool, points: int = 257, rule: Any = "first-price") -> SealedBidForm:
    """Many bidders."""
    if alike:
        return SealedBidForm.symmetric(n, power(1.7), rule=rule, points=points)
    signals = tuple(
        uniform(0.0, 1.0 + k / n) if k % 2 else power(1 + k / n, 1.0 + k / n) for k in range(n)
    )
    return SealedBidForm(signals, rule=rule, points=points)


NASH: Mapping[str, Made] = {
    "600x600": lambda: table(600, 600),
    "60x60x30": lambda: table(60, 60, 30),
    "cyclic 3^10": lambda: cyclic(10, 3),
    "opposed 2000": lambda: opposed(2000),
    "25x25": lambda: table(25, 25),
    "12x12": lambda: table(12, 12),
    "4x4x4": lambda: table(4, 4, 4),
}
TREES: Mapping[str, Made] = {
    "Leduc poker": lambda: spiel("leduc_poker"),
    "random tree, 2 players": lambda: tree(2, 11),
    "random tree, depth 8": lambda: tree(2, 8),
}

GAMES: Mapping[tuple[str, str], Mapping[str, Made]] = {
    ("nash", "continuous"): {
        "public goods, 1,000 players": lambda: public_goods(1000),
        "network of 200": lambda: network(200),
    },
    ("optimum", "continuous"): {
        "public goods, 1,000 players": lambda: public_goods(1000),
        "network of 200": lambda: network(200),
    },
    ("stackelberg", "continuous"): {
        "public goods, 100 players": lambda: public_goods(100),
        "network of 40": lambda: network(40),
    },
    ("grim trigger", "continuous"): {
        "public goods, 1,000 players": lambda: public_goods(1000),
    },
    ("nash", "normal"): NASH,
    ("optimum", "normal"): {"cyclic 3^12": lambda: cyclic(12, 3)},
    ("stackelberg", "normal"): {
        "300x300": lambda: table(300, 300),
        "1000x1000": lambda: table(1000, 1000),
    },
    ("correlated commitment", "normal"): {
        "300x300": lambda: table(300, 300),
        "60x60x30": lambda: table(60, 60, 30),
    },
    ("correlated", "normal"): {
        "60x60x30": lambda: table(60, 60, 30),
        "300x300": lambda: table(300, 300),
        "opposed 1000": lambda: opposed(1000),
    },
    ("coarse correlated", "normal"): {
        "60x60x30": lambda: table(60, 60, 30),
        "1000x1000": lambda: table(1000, 1000),
        "3^10": lambda: cyclic(10, 3),
    },
    ("rationalizable", "normal"): {
        "600x600": lambda: table(600, 600),
        "60x60x30": lambda: table(60, 60, 30),
    },
    ("evolutionarily stable", "normal"): {
        "symmetric 60": lambda: symmetric(60),
        "symmetric 18": lambda: symmetric(18),
    },
    ("alpha-rank", "normal"): {
        "300x300": lambda: table(300, 300),
        "60x60x30": lambda: table(60, 60, 30),
    },
    ("quantal response", "normal"): NASH,
    ("level-k", "normal"): {"3000x3000": lambda: table(3000, 3000)},
    ("cognitive hierarchy", "normal"): {"3000x3000": lambda: table(3000, 3000)},
    ("stackelberg", "bayesian commitment"): {
        "8 types, 60x20": lambda: commitment(8, 60, 20),
        "40 types, 100x30": lambda: commitment(40, 100, 30),
        "3 types, 100x20": lambda: commitment(3, 100, 20),
    },
    ("stackelberg", "security"): {
        "3,000 targets": lambda: targets(3000),
        "1,000 targets": lambda: targets(1000),
        "600 targets, 1,000 schedules": lambda: targets(600, 1000),
    },
    ("stackelberg", "extensive"): TREES,
    ("correlated commitment", "extensive"): TREES,
    ("agent quantal response", "extensive"): {
        **TREES,
        "random tree, 3 players": lambda: tree(3, 11),
    },
    ("nash", "extensive"): {
        **TREES,
        "liar's dice, 5 sides": lambda: spiel("liars_dice(dice_sides=5)"),
    },
    ("extensive-form correlated", "extensive"): {
        "random tree, 2 players": lambda: tree(2, 9),
        "random tree, depth 5": lambda: tree(2, 5),
        "Leduc poker": lambda: spiel("leduc_poker"),
    },
    ("extensive-form coarse correlated", "extensive"): {
        "random tree, 2 players": lambda: tree(2, 9),
        "random tree, depth 5": lambda: tree(2, 5),
        "Leduc poker": lambda: spiel("leduc_poker"),
    },
    ("shapley", "coalition"): {
        "20 players": lambda: coalitions(20),
        "unwritten, 200 players": lambda: unwritten(200),
    },
    ("banzhaf", "coalition"): {"20 players": lambda: coalitions(20)},
    **{
        (problem, "coalition"): {
            "14 players": lambda: coalitions(14),
            "16 players": lambda: coalitions(16),
            "20 players": lambda: coalitions(20),
        }
        for problem in ("core", "least core", "nucleolus", "prenucleolus")
    },
    **{
        (problem, "bargaining"): {
            "30,000 outcomes, 60 players": lambda: lotteries(30_000, 60),
            "frontier, 12 players": lambda: frontier(12),
        }
        for problem in ("nash bargaining", "kalai-smorodinsky", "egalitarian", "utilitarian")
    },
    ("one-sided information", "one-sided information"): {
        "10 states, 20x20": lambda: RepeatedInformationForm(
            _rng().standard_normal((10, 20, 20)), np.full(10, 0.1)
        ),
        "4 states, 200x200": lambda: RepeatedInformationForm(
            _rng().standard_normal((4, 200, 200)), np.full(4, 0.25)
        ),
    },
    ("nash", "markov"): {
        "60 states, 20x20, opposed": lambda: markov(60, (20, 20), zero=True),
        "60 states, 10x10": lambda: markov(60, (10, 10)),
        "20 states, 6x6x6": lambda: markov(20, (6, 6, 6)),
        "30 states, 12x12, 40 stages": lambda: markov(30, (12, 12), 40),
    },
    ("coarse correlated", "markov"): {
        "60 states, 10x10": lambda: markov(60, (10, 10)),
        "20 states, 6x6x6": lambda: markov(20, (6, 6, 6)),
        "30 states, 12x12, 40 stages": lambda: markov(30, (12, 12), 40),
    },
    ("nash", "resource"): {"1,000 fishers": lambda: ResourceForm(0.5, [0.9] * 1000)},
    ("optimum", "resource"): {"1,000 fishers": lambda: ResourceForm(0.5, [0.9] * 1000)},
    ("wardrop", "congestion"): {"30x30 streets, 100 classes": lambda: roads(30, 100)},
    ("optimum", "congestion"): {"30x30 streets, 100 classes": lambda: roads(30, 100)},
    ("mean field", "mean field"): {"300 states": lambda: crowd_states(300, 20, 60)},
    ("mean field", "crowd"): {"30 coordinates": lambda: crowd(30)},
    ("optimum", "crowd"): {"30 coordinates": lambda: crowd(30)},
    ("dynamic optimum", "dynamic"): {
        "trust dilemma": lambda: trust_game("dynamic"),
        "six players": lambda: trust_game("dynamic", 6),
    },
    ("open-loop nash", "dynamic"): {
        "trust dilemma": lambda: trust_game("dynamic"),
        "six players": lambda: trust_game("dynamic", 6),
    },
    ("markov perfect over trust", "trust"): {"trust dilemma": lambda: trust_game("trust")},
    ("cooperative control", "trust"): {"trust dilemma": lambda: trust_game("trust")},
    ("nash", "bayesian"): {
        "6 types, 6 actions": lambda: bayesian(6, 6),
        "40 types, 12 actions": lambda: bayesian(40, 12),
        "3 players, 6 types": lambda: bayesian(6, 5, 3),
    },
    ("nash", "sealed bid"): {
        "30 bidders alike": lambda: auction(30, True, 2049),
        "12 unlike bidders": lambda: auction(12, False),
        "6 bidders, all-pay": lambda: auction(6, False, 1025, "all-pay"),
    },
}
"""The problem and the kind of form -> names of games, and how they are made."""
