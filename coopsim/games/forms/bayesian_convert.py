"""From a BayesianForm to a tree, to its normal form, and to the form of its agents.

All three have the same equilibria. In the tree chance draws the types; in the normal form a
strategy names an action for each type; in the agent form each type is a player of its own,
paid what its player is paid where that type is drawn.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.errors import NoSuchForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.convert import LIMIT
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.tree.arrays import CHANCE

_NODES = 5_000_000  # nodes of a tree that are built


def to_extensive(form: BayesianForm, limit: int = _NODES) -> ExtensiveForm:
    """The tree: chance draws all types, then players move in turn and see only their own type.

    A profile of the Bayesian form is a profile of the tree, number by number. Variants stay
    variants; type profiles of probability 0 are left out.

    Args:
        form: the game.
        limit: the largest number of terminal nodes.

    Raises:
        NoSuchForm: the tree would be larger.
    """
    drawn = np.argwhere(form.prior > 0)
    ends = len(drawn) * math.prod(form.shape)
    if ends > limit:
        raise NoSuchForm(
            f"the tree of {len(drawn):,} type profiles with {math.prod(form.shape):,} action "
            f"profiles each has {ends:,} ends, and at most {limit:,} are built; methods for "
            "Bayesian forms need no tree"
        )
    first_set = np.concatenate([[0], np.cumsum(form.type_counts)])
    parent, player = [np.array([-1])], [np.array([CHANCE])]
    infoset, probability = [np.array([-1])], [np.array([1.0])]
    begin, level = 0, 1
    for i in range(-1, form.n):
        # the nodes of this level and their children
        mover = np.arange(begin, begin + level)
        width = len(drawn) if i < 0 else form.shape[i]
        parent.append(np.repeat(mover, width))
        count = level * width
        nature = form.prior[tuple(drawn.T)] if i < 0 else np.ones(count)
        probability.append(nature)
        following = i + 1
        if following < form.n:
            # which draw of types each node of the next level belongs to
            draw = np.arange(count) // (count // len(drawn))
            player.append(np.full(count, following))
            infoset.append(first_set[following] + drawn[draw, following])
        else:
            player.append(np.full(count, form.n))
            infoset.append(np.full(count, -1))
        begin, level = begin + level, count
    return ExtensiveForm.from_arrays(
        form.players,
        np.concatenate(parent),
        np.concatenate(player),
        np.concatenate(infoset),
        _end_payoffs(form, drawn),
        np.concatenate(probability),
        infoset_labels=[label for own in form.types for label in own],
        action_labels=[
            form.actions[i] for i, own in enumerate(form.types) for _ in range(len(own))
        ],
        chance_labels={0: [_drawn(form, place) for place in drawn.tolist()]},
        title=form.title,
        comment=form.comment,
    )


def to_normal(form: BayesianForm, limit: int = LIMIT) -> NormalForm:
    """The normal form: a strategy names an action for each own type; payoffs are expectations.

    Args:
        form: a single game (no variants).
        limit: the largest number of payoffs, over all players.

    Raises:
        NoSuchForm: the table would be larger, or there are variants.
    """
    _need_single(form)
    pairs = list(zip(form.type_counts, form.shape, strict=True))
    counts = [actions**types for types, actions in pairs]
    total = math.prod(counts) * form.n
    if total > limit:
        raise NoSuchForm(
            f"the normal form has {' x '.join(map(str, counts))} strategies, and at most "
            f"{limit:,} payoffs are built; the tree or the agent form is smaller"
        )
    plans = [np.array(list(itertools.product(range(a), repeat=t))) for t, a in pairs]
    tensor = np.zeros((form.n, *counts))
    for types in np.argwhere(form.prior > 0):
        look()
        chosen = np.ix_(*(plan[:, types[i]] for i, plan in enumerate(plans)))
        cell = form.payoffs[(slice(None), *types)]
        for player in range(form.n):
            tensor[player] += form.prior[tuple(types)] * cell[player][chosen]
    labels = [
        [" / ".join(form.actions[i][a] for a in row) for row in plan]
        for i, plan in enumerate(plans)
    ]
    return NormalForm(tensor, form.players, labels, form.title, form.comment)


def to_agent_form(form: BayesianForm, limit: int = LIMIT) -> NormalForm:
    """The agent form: every type is a player, with the payoffs of where it is drawn.

    The payoffs of an agent are weighted by the probability of its type, so that those of a
    player's agents add up to the player's expected payoff.

    Raises:
        NoSuchForm: the table would have more than `limit` payoffs, or there are variants.
    """
    _need_single(form)
    agents = [(i, t) for i, types in enumerate(form.type_counts) for t in range(types)]
    shape = tuple(form.shape[i] for i, _ in agents)
    total = math.prod(shape) * len(agents)
    if total > limit:
        raise NoSuchForm(
            f"the form of {len(agents)} agents has {total:,} payoffs, and at most {limit:,} are "
            "built; the tree is smaller"
        )
    tensor = np.zeros((len(agents), *shape))
    first = np.concatenate([[0], np.cumsum(form.type_counts)])
    for types in np.argwhere(form.prior > 0):
        look()
        axes = [int(first[i] + t) for i, t in enumerate(types)]
        cell = form.payoffs[(slice(None), *types)] * form.prior[tuple(types)]
        # the drawn agents' axes in their places, all others of length 1
        wide = [form.shape[i] if k == axes[i] else 1 for k, (i, _) in enumerate(agents)]
        for player, axis in enumerate(axes):
            tensor[axis] += cell[player].reshape(wide)
    names = [f"{form.players[i]}: {form.types[i][t]}" for i, t in agents]
    labels = [form.actions[i] for i, _ in agents]
    return NormalForm(tensor, names, labels, form.title, form.comment)


def from_agents(form: BayesianForm, profile: Sequence[Float]) -> tuple[Float, ...]:
    """The Bayesian profile of a profile of the agent form (one distribution an agent)."""
    first = np.concatenate([[0], np.cumsum(form.type_counts)])
    return tuple(np.concatenate(profile[int(first[i]) : int(first[i + 1])]) for i in range(form.n))


def from_normal(form: BayesianForm, profile: Sequence[Float]) -> tuple[Float, ...]:
    """The Bayesian profile that plays like mixed strategies of the normal form."""
    found = []
    for i, mixed in enumerate(profile):
        types, actions = form.type_counts[i], form.shape[i]
        table = np.reshape(mixed, (actions,) * types)
        rows = [table.sum(tuple(k for k in range(types) if k != t)) for t in range(types)]
        found.append(np.concatenate(rows))
    return tuple(found)


def _need_single(form: BayesianForm) -> None:
    if form.variants is not None:
        raise NoSuchForm("take one of the variants first: form.variant(index)")


def _end_payoffs(form: BayesianForm, drawn: np.ndarray) -> Float:
    """`[Z, n]` or `[V, Z, n]`, draws of types first, then actions in order."""
    lead = form.payoffs.ndim - 2 * form.n - 1
    moved = np.moveaxis(form.payoffs, lead, -1)
    chosen = moved[(*(slice(None),) * lead, *drawn.T)]
    return np.asarray(chosen.reshape((*form.payoffs.shape[:lead], -1, form.n)))


def _drawn(form: BayesianForm, place: list[int]) -> str:
    return ", ".join(form.types[i][t] for i, t in enumerate(place))
