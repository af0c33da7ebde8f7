"""Games of commitment whose solutions are known in closed form. The leader is told by name."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.extensive import TreeBuilder
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.security import SecurityForm
from coopsim.solvers.conformance.trial import Trial

_NAMES = ("leader", "follower")
_BY_NAME = MappingProxyType({"leader": "leader"})


def announced(rng: np.random.Generator) -> Trial:
    """The leader mixes just so that the follower does what is better for the leader.

    The follower answers right while left is announced with at most k / (1 + k); the leader
    wants right, and of that as much left as it can announce (Conitzer and Sandholm 2006).
    """
    form, x = _announced(rng)
    return Trial("announced mixture", form, ((x, np.array([0.0, 1.0])),), True, options=_BY_NAME)


def opposed(rng: np.random.Generator) -> Trial:
    """Zero-sum two by two games without a saddle point: commitment is worth the value.

    The mixture is that of the game's value; the follower's answer may be any, so only the
    proof is asked for.
    """
    a, b = rng.uniform(1, 2, 2)
    gain = np.array([[a, 0], [0, b]])
    form = NormalForm([gain, -gain], _NAMES)
    known = (np.array([b, a]) / (a + b), np.array([1.0, 0.0]))
    return Trial("zero-sum", form, (known,), False, options=_BY_NAME)


def told(rng: np.random.Generator) -> Trial:
    """The game of announced mixtures with signals, which are worth nothing with one follower."""
    form, x = _announced(rng)
    joint = np.outer(x, [0.0, 1.0])
    return Trial("announced mixture", form, ((joint,),), False, options=_BY_NAME)


def types(rng: np.random.Generator) -> Trial:
    """Follower types that all share the game of announced mixtures, so that one answer fits."""
    form, x = _announced(rng)
    count = int(rng.integers(1, 4))
    gain, stake = (np.repeat(side[None], count, axis=0) for side in form.payoffs)
    reply = np.tile([0.0, 1.0], (count, 1))
    made = StackelbergForm(gain, stake, rng.dirichlet(np.ones(count)), _NAMES)
    return Trial("types alike", made, ((x, reply),), True)


def guarded(rng: np.random.Generator) -> Trial:
    """Targets that are all alike: each is covered equally often."""
    size = int(rng.integers(2, 7))
    resources = int(rng.integers(1, size))
    low, high = rng.uniform(1, 3, 2)
    form = SecurityForm(
        np.zeros(size), np.full(size, -low), np.zeros(size), np.full(size, high), resources
    )
    known = (np.full(size, resources / size), np.eye(size)[0])
    return Trial("targets alike", form, (known,), False)


def unseen(rng: np.random.Generator) -> Trial:
    """The game of announced mixtures as a tree whose follower does not see the move."""
    form, x = _announced(rng)
    tree = TreeBuilder(_NAMES)
    for a, node in enumerate(tree.decision(tree.root, "leader", ["left", "right"])):
        for b, end in enumerate(tree.decision(node, "follower", ["left", "right"], "blind")):
            tree.terminal(end, form.payoffs[:, a, b].tolist())
    known = (x, np.array([0.0, 1.0]))
    return Trial("announced mixture", tree.build(), (known,), True, options=_BY_NAME)


def unseen_told(rng: np.random.Generator) -> Trial:
    """The same tree with signals, which are worth nothing here."""
    trial = unseen(rng)
    x, reply = (np.append(1.0, part) for part in trial.known[0])
    return Trial(trial.name, trial.form, ((np.outer(x, reply),),), False, options=_BY_NAME)


def duopoly(rng: np.random.Generator) -> Trial:
    """Linear demand and equal costs: the leader makes half the margin, the follower a quarter."""
    top, cost = rng.uniform(50, 100), rng.uniform(1, 10)
    margin = float(top - cost)

    def payoffs(x: Float) -> Float:
        return np.asarray(x * (margin - x.sum(-1, keepdims=True)))

    form = ContinuousForm(_NAMES, np.zeros(2), np.full(2, margin), np.arange(2), payoffs)
    known = (np.array([margin / 2]), np.array([margin / 4]))
    return Trial("linear duopoly", form, (known,), True, options=_BY_NAME)


def _announced(rng: np.random.Generator) -> tuple[NormalForm, Float]:
    weight = float(rng.uniform(0.5, 2))
    extra = float(rng.uniform(0.5, 1.5))
    gain = np.array([[1 + extra, 3 + extra], [1.0, 3.0]])
    stake = np.array([[1.0, 0.0], [0.0, weight]])
    return NormalForm([gain, stake], _NAMES), np.array([weight, 1.0]) / (1 + weight)
