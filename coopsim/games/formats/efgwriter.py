"""Write game trees as Gambit's .efg files (read by `coopsim.games.formats.efg`)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from coopsim.errors import UserError
from coopsim.games.formats.lexer import number, quoted
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE, Tree


def dump(form: ExtensiveForm) -> str:
    """The text of `form`, numbers exactly; `parse` reads it back to the same game.

    Probabilities that are floats are written as the simplest fraction with that float
    value, so that thirds sum to 1. Texts that end in a backslash get a space after it.

    Raises:
        UserError: the form has variants, which one file cannot hold.
    """
    if form.variants is not None:
        raise UserError(
            "a file holds one game, and this form has variants", allowed="one of them: variant(i)"
        )
    names = " ".join(quoted(name) for name in form.players)
    head = f"EFG 2 R {quoted(form.title)} {{ {names} }}\n{quoted(form.comment)}\n\n"
    return head + "".join(f"{line}\n" for line in _lines(form))


def _lines(form: ExtensiveForm) -> Iterator[str]:
    """One line a node, in the order of the file."""
    tree = form.tree
    sets = [_described_set(tree, infoset) for infoset in range(len(tree.infosets))]
    chances = np.flatnonzero(tree.player == CHANCE)
    events = {int(node): event + 1 for event, node in enumerate(chances)}
    values = form.payoffs if form.exact is None else form.exact
    ends = dict(zip(tree.terminals.tolist(), values.tolist(), strict=True))
    outcomes: dict[str, str] = {}
    infoset = tree.infoset.tolist()
    for node in tree.preorder().tolist():
        if node in ends:
            paid = ", ".join(map(number, ends[node]))
            # ends that pay the same share one outcome
            count = len(outcomes) + 1
            outcome = outcomes.setdefault(paid, f'{count} "Outcome {count}"')
            yield f't "" {outcome} {{ {paid} }}'
        elif infoset[node] >= 0:
            yield f'p "" {sets[infoset[node]]} 0'
        else:
            yield f'c "" {events[node]} "" {_chance(tree, node)} 0'


def _described_set(tree: Tree, infoset: int) -> str:
    """Player, number, label and actions of an information set."""
    sets = tree.infosets
    player = int(sets.player[infoset])
    actions = " ".join(quoted(label) for label in sets.action_labels[infoset])
    own = infoset - sets.of(player).start + 1
    return f"{player + 1} {own} {quoted(sets.labels[infoset])} {{ {actions} }}"


def _chance(tree: Tree, node: int) -> str:
    below = range(int(tree.first_child[node]), int(tree.first_child[node] + tree.children[node]))
    shares: list[Any]
    if tree.exact_probability is not None:
        shares = [tree.exact_probability[k] for k in below]
    else:
        shares = [float(tree.probability[k]) for k in below]
        simple = [short for short in map(_simplest, shares) if short is not None]
        # where the fractions do not sum to 1 either, the decimals are closer to what was meant
        if len(simple) == len(shares) and sum(simple) == 1:
            shares = simple
    labels = tree.action_labels(node)
    # ratios as ratios: they are easier to check than decimals
    pairs = (
        f"{quoted(label)} {share if isinstance(share, Fraction) else number(share)}"
        for label, share in zip(labels, shares, strict=True)
    )
    return f"{{ {' '.join(pairs)} }}"


def _simplest(share: float) -> Fraction | None:
    """A short fraction with this float value, if there is one."""
    for bits in (4, 8, 12, 16, 20, 24, 28):
        fraction = Fraction(share).limit_denominator(2**bits)
        if float(fraction) == share:
            return fraction
    return None
