"""Small game trees whose equilibria are known by construction or from the reduced normal form."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.convert import strategy_count, to_behaviour, to_normal
from coopsim.games.forms.extensive import ExtensiveForm, TreeBuilder
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.arrays import CHANCE
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.solvers.conformance.trial import Trial

MOST_PLANS = 400
"""How many reduced strategies of a player are written out."""


def dealt(rng: np.random.Generator) -> Trial:
    """Chance deals each player a type, then both move at once; one action a type is dominant."""
    types, actions = rng.integers(1, 4, 2), rng.integers(2, 4, 2)
    best = [rng.integers(actions[i], size=types[i]) for i in range(2)]
    tree = TreeBuilder(["player 1", "player 2"], title="dominant actions")
    pairs = list(itertools.product(range(types[0]), range(types[1])))
    shares = rng.uniform(0.5, 1, len(pairs))
    deals = zip(pairs, tree.chance(tree.root, shares / shares.sum()), strict=True)
    for (one, two), deal in deals:
        extra = rng.uniform(0, 1, (2, *actions))
        extra[0, best[0][one]] += 1.5
        extra[1, :, best[1][two]] += 1.5
        first = tree.decision(deal, 0, _names(actions[0]), infoset=f"type {one}")
        for a, node in enumerate(first):
            second = tree.decision(node, 1, _names(actions[1]), infoset=f"type {two}")
            for b, end in enumerate(second):
                tree.terminal(end, extra[:, a, b].tolist())
    form = tree.build()
    known = []
    for player in range(2):
        numbers = [int(form.infosets.labels[k].split()[1]) for k in form.infosets.of(player)]
        known.append(np.concatenate([np.eye(actions[player])[best[player][k]] for k in numbers]))
    return Trial("dominant actions by type", form, (tuple(known),), True)


def seen(rng: np.random.Generator) -> Trial:
    """Everybody sees everything; the equilibrium that backward induction gives."""
    while True:
        form = everything_seen(random_tree(rng, depth=4, chance=0.1))
        if form.infosets.first[1] and form.infosets.first[2] > form.infosets.first[1]:
            return Trial("perfect information", form, (backward_induction(form),), False)


def opposed(rng: np.random.Generator) -> Trial:
    """Zero-sum, with chance and hidden moves; an equilibrium from the reduced normal form."""
    while True:
        form = random_tree(rng, depth=4, zero_sum=True, signals=int(rng.integers(1, 4)))
        if all(strategy_count(own) <= MOST_PLANS for own in form.sequences):
            return Trial("zero-sum with hidden moves", form, (from_normal_form(form),), False)


def everything_seen(form: ExtensiveForm) -> ExtensiveForm:
    """The same tree with an information set for every decision node."""
    tree = form.tree
    decides = (tree.player >= 0) & (tree.player < form.n)
    sets = np.where(decides, np.cumsum(decides) - 1, -1)
    return ExtensiveForm.from_arrays(
        *(tree.players, tree.parent, tree.player, sets, form.payoffs, tree.probability),
        title=form.title,
    )


def backward_induction(form: ExtensiveForm) -> tuple[Float, ...]:
    """The pure profile that takes a best action at every node of a tree without hidden moves."""
    tree, sets = form.tree, form.infosets
    worth = np.zeros((tree.size, form.n))
    worth[tree.terminals] = form.payoffs
    joined = np.zeros(int(sets.offset[-1]))
    for node in range(tree.size - 1, -1, -1):
        first, count = int(tree.first_child[node]), int(tree.children[node])
        below = worth[first : first + count]
        if tree.player[node] == CHANCE:
            worth[node] = tree.probability[first : first + count] @ below
        elif count:
            action = int(below[:, tree.player[node]].argmax())
            worth[node] = below[action]
            joined[sets.offset[tree.infoset[node]] + action] = 1.0
    return passes.split(tree, joined)


def matrix_value(matrix: Float) -> tuple[float, Float]:
    """The value of a zero-sum matrix game and the row player's mixture, by a linear programme."""
    from scipy.optimize import linprog

    rows, columns = matrix.shape
    answer = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.hstack([-matrix.T, np.ones((columns, 1))]),
        b_ub=np.zeros(columns),
        A_eq=np.append(np.ones(rows), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    return float(answer.x[-1]), np.maximum(answer.x[:-1], 0.0)


def from_normal_form(form: ExtensiveForm) -> tuple[Float, ...]:
    """An equilibrium of a small zero-sum tree by two matrix programmes over pure plans.

    Raises:
        UserError: the reduced normal form is too large to be written out.
    """
    matrix = to_normal(form).payoffs[0]
    return to_behaviour(form, (matrix_value(matrix)[1], matrix_value(-matrix.T)[1]))


def _names(count: npt.ArrayLike) -> list[str]:
    return [f"a{k}" for k in range(int(np.asarray(count)))]
