"""From one form to another, without loss, or refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim import budget
from coopsim.arrays import Float
from coopsim.clock import look
from coopsim.errors import NoSuchForm
from coopsim.games.forms.exact import Exact, common_denominator
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import MOST_PLAYERS, NormalForm
from coopsim.games.forms.tree.passes import behave
from coopsim.games.forms.tree.sequences import Sequences
from coopsim.games.forms.variants import NormalVariants

LIMIT = 500_000
"""How many payoffs a normal form made of a tree may have unless more are asked for."""

_BLOCK = 4_000_000  # numbers held at once while payoffs are summed
_EXACT_FLOAT = 2**53  # whole numbers below are exact as floats, and so are their sums

Plans = npt.NDArray[np.int8]
"""Reduced pure strategies of one player as realisation plans of 0 and 1, `[K, S_i + 1]`."""


def to_extensive(form: NormalForm | NormalVariants) -> ExtensiveForm:
    """A matrix game as a tree: the players move one after another and see nothing.

    The strategies of a player are the same in both. Exact payoffs stay exact, variants
    stay variants.
    """
    shape, n = form.shape, form.n
    parent, player, begin = [-1], [0], 0
    for i, size in enumerate(shape):
        here = range(begin, len(parent))
        begin = len(parent)
        parent.extend(node for node in here for _ in range(size))
        player.extend([i + 1] * (len(parent) - begin))
    values: Any = form.payoffs if form.exact is None else form.exact
    first = values.ndim - n - 1
    cells = np.moveaxis(values, first, -1).reshape((*values.shape[:first], -1, n))
    return ExtensiveForm.from_arrays(
        form.players,
        parent,
        player,
        [who if who < n else -1 for who in player],
        cells,
        infoset_labels=[f"{name} moves" for name in form.players],
        action_labels=form.actions,
        title=form.title,
        comment=form.comment,
    )


def to_normal(form: ExtensiveForm, limit: int = LIMIT) -> NormalForm | NormalVariants:
    """The reduced normal form of a tree.

    A reduced strategy names an action at every information set that it does not itself
    make impossible to reach; its label lists them in order, * where none is named. Payoffs
    are expectations over chance, exact where the tree's are (and where their common
    denominator has fewer than some 1,500 digits: sums would take for ever otherwise).

    Args:
        form: a tree with perfect recall.
        limit: the largest number of payoffs, over all players and variants.

    Returns:
        A `NormalForm`, or `NormalVariants` where the tree has variants.

    Raises:
        NoSuchForm: a player forgets own moves, or the table would be too large; the
            message gives its size.
    """
    check_size(form, limit)
    plans = [reduced_strategies(own) for own in form.sequences]
    labels = [_labels(form, own, k) for own, k in zip(form.sequences, plans, strict=True)]
    tables = [_payoffs(form, plans, variant) for variant in range(form.variants or 1)]
    if form.variants is None:
        return NormalForm(tables[0], form.players, labels, form.title, form.comment)
    stacked = np.stack(tables)
    return NormalVariants(stacked, form.players, labels, form.title, form.comment)


_COPIES = 3  # of the strategies, while they are listed: before a split, after it, what comes there


def check_size(form: ExtensiveForm, limit: int = LIMIT) -> None:
    """Raise `NoSuchForm` where `to_normal` would refuse."""
    if not form.perfect_recall:
        raise NoSuchForm(
            "a tree without perfect recall has no normal form here, since a mixture of its rows "
            f"could not be played in the tree: {form.recall_problem}"
        )
    if form.n > MOST_PLAYERS:
        raise NoSuchForm(
            f"a normal form has at most {MOST_PLAYERS} players, and this tree has {form.n}; "
            "solve the tree itself"
        )
    counts = [strategy_count(own) for own in form.sequences]
    total = math.prod(counts) * form.n * (form.variants or 1)
    if total > limit:
        sizes = " x ".join(map(_short, counts))
        raise NoSuchForm(
            f"the reduced normal form has {sizes} strategies, that is {_short(total)} payoffs, "
            f"and at most {limit:,} are built; solve the tree itself, or raise the limit"
        )


def strategy_count(own: Sequences) -> int:
    """How many reduced strategies a player has (without listing them)."""
    after = [1] * own.size
    first, actions = own.first.tolist(), own.actions.tolist()
    for infoset in reversed(range(len(first))):
        begin = first[infoset]
        ways = sum(after[begin : begin + actions[infoset]])
        after[int(own.parent[infoset])] *= ways
    return after[0]


def reduced_strategies(own: Sequences) -> Plans:
    """All reduced strategies of a player, `[K, S_i + 1]`: 1 at every sequence they allow.

    Raises `UserError` where they need more memory than there is.
    """
    count = strategy_count(own)
    budget.require(
        _COPIES * count * own.size,
        f"{_short(count)} strategies of {own.size:,} sequences in the reduced normal form",
    )
    plans = np.zeros((1, own.size), dtype=np.int8)
    plans[0, 0] = 1
    for parent, first, actions in zip(own.parent, own.first, own.actions, strict=True):
        # each strategy that comes here splits into one for every action
        ways = np.where(plans[:, parent] == 1, actions, 1)
        begins = np.cumsum(ways) - ways
        plans = np.repeat(plans, ways, axis=0)
        choice = np.arange(len(plans)) - np.repeat(begins, ways)
        comes = np.flatnonzero(plans[:, parent] == 1)
        plans[comes, first + choice[comes]] = 1
    return plans


def to_behaviour(form: ExtensiveForm, mixed: Sequence[Float]) -> tuple[Float, ...]:
    """The profile of a tree that plays like mixed strategies of its reduced normal form.

    Args:
        form: the tree that `to_normal` was given.
        mixed: one distribution a player, `[..., K_i]`.

    Where a player never comes to an information set, all actions there are equally likely.
    """
    return tuple(
        behave(own, np.asarray(share, dtype=np.float64) @ reduced_strategies(own))
        for own, share in zip(form.sequences, mixed, strict=True)
    )


def to_mixed(form: ExtensiveForm, profile: Sequence[Float]) -> tuple[Float, ...]:
    """Mixed strategies of the reduced normal form, `[..., K_i]`, that play like a profile."""
    found = []
    for own, part in zip(form.sequences, profile, strict=True):
        plans = reduced_strategies(own)[:, 1:]
        shares = np.asarray(part, dtype=np.float64)[..., None, :]
        found.append(np.where(plans == 1, shares, 1.0).prod(-1))
    return tuple(found)


def _labels(form: ExtensiveForm, own: Sequences, plans: Plans) -> list[str]:
    names = [form.infosets.action_labels[k] for k in form.infosets.of(own.player)]
    # the name of each sequence's last move, to be read off where a plan has a 1
    moves = np.array(["", *(name for labels in names for name in labels)], dtype=object)
    found = []
    for plan in plans:
        look()
        words = ["*"] * len(names)
        for sequence in np.flatnonzero(plan[1:]) + 1:
            words[int(own.owner[sequence])] = moves[sequence]
        found.append(" / ".join(words) or "nothing to choose")
    return found


def _payoffs(form: ExtensiveForm, plans: Sequence[Plans], variant: int) -> npt.NDArray[Any]:
    """`[n, K1, ..., Kn]`, in fractions where the tree has them."""
    single = form if form.variants is None else form.variant(variant)
    chance = form.tree.exact_chance_reach
    if single.exact is None or chance is None:
        weights = single.payoffs * form.tree.chance_reach[:, None]
        return np.moveaxis(_summed(form, plans, weights), -1, 0)
    exact = single.exact * chance[:, None]
    common = common_denominator(exact)
    if common is None:
        weights = single.payoffs * form.tree.chance_reach[:, None]
        return np.moveaxis(_summed(form, plans, weights), -1, 0)
    return np.moveaxis(_summed_exactly(form, plans, exact, common), -1, 0)


def _summed(form: ExtensiveForm, plans: Sequence[Plans], weights: npt.NDArray[Any]) -> Any:
    """The sum over terminals of `weights` `[Z, n]` for every profile, `[K1, ..., Kn, n]`."""
    counts = [len(own) for own in plans]
    size = math.prod(counts[:-1])
    total = np.zeros((size, counts[-1], form.n), dtype=weights.dtype)
    step = max(1, _BLOCK // max(size, counts[-1]))
    for begin in range(0, len(weights), step):
        look()
        here = slice(begin, begin + step)
        # which profiles of all but the last player come to each terminal
        comes = np.ones((1, len(weights[here])), dtype=weights.dtype)
        columns = [
            own[:, rows.terminal[here]].astype(weights.dtype)
            for own, rows in zip(plans, form.sequences, strict=True)
        ]
        for column in columns[:-1]:
            comes = (comes[:, None] * column).reshape(-1, comes.shape[-1])
        for player in range(form.n):
            total[..., player] += comes @ (columns[-1] * weights[here, player]).T
    return total.reshape((*counts, form.n))


def _summed_exactly(
    form: ExtensiveForm, plans: Sequence[Plans], weights: Exact, common: int
) -> Any:
    """As `_summed`, in fractions: over a common denominator the sum is one of whole numbers."""
    whole = np.array([[int(value * common) for value in row] for row in weights], dtype=object)
    fits = np.abs(whole).sum() < _EXACT_FLOAT
    total = _summed(form, plans, whole.astype(np.float64) if fits else whole)
    # few values are different, and fractions are slow to make
    values, place = np.unique(total.ravel(), return_inverse=True)
    exact = np.empty(len(values), dtype=object)
    exact[:] = [Fraction(int(value), common) for value in values]
    return exact[place].reshape(total.shape)


def _short(count: int) -> str:
    if count < 10**9:
        return f"{count:,}"
    return f"about 10^{math.log10(count):.0f}"  # log10 takes whole numbers of any size
