"""What actions pay at the information sets of a tree, from there on, with derivatives.

For agent quantal response (McKelvey and Palfrey 1998): the agent of an information set
compares its actions by the expected payoff given that the set is reached, with beliefs by
Bayes' rule from everybody's choices, the own player's later ones included. All sums are
taken over shares that are at most 1, from log-probabilities, so that choices as rare as
1e-1000 do no harm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree.arrays import CHANCE

_LARGEST = 1500  # actions at all information sets: steps solve dense systems of this size


class TreeChoices:
    """The choices of a tree, one an information set; see `coopsim.solvers.branch.Choices`.

    Raises:
        NoSuchForm: variants, a player who forgets, no actions at all, or more than 1,500.
    """

    def __init__(self, form: ExtensiveForm) -> None:
        tree, sets = form.tree, form.infosets
        if form.variants is not None:
            raise NoSuchForm("the form has variants; take one of them with form.variant(i)")
        if not form.perfect_recall:
            raise NoSuchForm(f"agent quantal response needs perfect recall: {form.recall_problem}")
        self.size = int(sets.offset[-1])
        if not self.size:
            raise NoSuchForm("nobody has anything to choose in this tree")
        if self.size > _LARGEST:
            raise NoSuchForm(
                f"agent quantal response takes at most {_LARGEST} actions at information sets, "
                f"not {self.size}"
            )
        self.starts = np.asarray(sets.offset[:-1])
        self.owner = np.repeat(np.arange(len(sets)), sets.actions)
        self.player = np.asarray(sets.player)[self.owner]
        spread = float(np.ptp(form.payoffs, axis=0).max())
        self.unit = spread if spread > 0 else 1.0
        passed, chance = _paths(form)
        self._ends = passed[tree.terminals]
        self._chance = chance[tree.terminals]
        own = self.player[self._ends.indices]
        rows = np.repeat(np.arange(len(tree.terminals)), np.diff(self._ends.indptr))
        low = form.payoffs.min(axis=0)
        self._rows, self._paid = rows, (form.payoffs - low)[rows, own] / self.unit
        self._before = passed[sets.nodes]
        self._chance_before = chance[sets.nodes]
        self._sets = np.repeat(np.arange(len(sets)), np.diff(sets.start))
        self._set_starts = np.asarray(sets.start[:-1])

    def payoffs(self, logs: Float) -> tuple[Float, Float]:
        """What each action pays given that its set is reached `[m]`; derivatives `[m, m]`."""
        from scipy import sparse

        coming = self._before @ logs + self._chance_before
        top = np.maximum.reduceat(coming, self._set_starts)
        top = np.where(np.isfinite(top), top, 0.0)
        shares = np.exp(coming - top[self._sets])
        total = np.add.reduceat(shares, self._set_starts)
        reach = top + np.log(np.where(total > 0, total, 1.0))
        beliefs = shares / np.where(total > 0, total, 1.0)[self._sets]
        column = self._ends.indices
        weights = np.exp(
            (self._ends @ logs + self._chance)[self._rows]
            - logs[column]
            - reach[self.owner[column]]
        )
        paid = sparse.csr_matrix(
            (weights * self._paid, column, self._ends.indptr), shape=self._ends.shape
        )
        values = np.asarray(paid.sum(axis=0)).ravel()
        later = (paid.T @ self._ends).toarray()
        mix = sparse.csr_matrix(
            (beliefs, (self._sets, np.arange(len(beliefs)))), shape=(len(total), len(beliefs))
        )
        earlier = (mix @ self._before).toarray()
        slopes = later - np.diag(values) - values[:, None] * earlier[self.owner]
        return values, slopes


def _paths(form: ExtensiveForm) -> tuple[Any, Float]:
    """The actions on the way to each node, sparse `[N, S]`; the logarithms of chance, `[N]`."""
    from scipy import sparse

    tree = form.tree
    with np.errstate(divide="ignore"):
        moved = np.where(tree.player[tree.parent] == CHANCE, np.log(tree.probability), 0.0)
    moved[0] = 0.0
    chance = np.zeros(tree.size)
    way: list[list[int]] = [[]]
    for node in range(1, tree.size):
        above, edge = int(tree.parent[node]), int(tree.edge[node])
        chance[node] = chance[above] + moved[node]
        way.append([*way[above], edge] if edge >= 0 else way[above])
    lengths = np.array([len(each) for each in way])
    indices = np.array([edge for each in way for edge in sorted(each)], dtype=np.int64)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    data = np.ones(len(indices))
    size = int(form.infosets.offset[-1])
    return sparse.csr_matrix((data, indices, indptr), shape=(tree.size, size)), chance
