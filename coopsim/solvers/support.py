"""Support enumeration: equilibria of a two-player game with supports of equal size.

Dickhaut and Kaplan 1991; smallest supports first, and without those that contain an action
dominated on the other's support, as in Porter, Nudelman and Shoham 2008, "Simple search methods
for finding a Nash equilibrium", Games and Economic Behavior 63. In a nondegenerate game all
equilibria have supports of equal size, so the search finds them all.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.bimatrix import matrices, regret, standard
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found, Profile

_MOST = 1_000_000_000  # pairs of supports
_BITS = 62  # actions of a player that fit a mask
_PAIRS = 20_000  # pairs between two looks at the clock
_GOOD = 1e-9  # of the payoff range: the regret of what is handed back


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    max_support: int | None = None,
    check_degeneracy: bool = True,
) -> Found:
    """Every equilibrium whose two supports have the same size and are indifferent nowhere else.

    Args:
        form: a game of two players with m and k actions.
        tol: not needed; supports either solve their equations or do not.
        deadline: seconds; looked at every 20,000 pairs of supports, or one support of the
            first player with all of the second.
        max_support: no larger supports; None tries all sizes.
        check_degeneracy: find out whether the game is degenerate, which takes several times as
            long. The game is nondegenerate where no strategy has more best responses than
            actions in its support, and then the equilibria found are all there are
            (`exhaustive`). A margin of 1e-8 of the payoff range is asked for.

    Raises:
        NoSuchForm: not two players, more than 62 actions of one, or over a thousand million
            pairs of supports.
        UserError: no supports are allowed.

    Cost: at most C(m + k, m) pairs, two linear systems each; most pairs are pruned.
    """
    matrices(form, "support-enumeration")
    largest = min(form.shape)
    if max_support is not None:
        require_count("max_support", max_support)
        largest = min(largest, max_support)
    _check_size(form, largest)
    search = _Search(form, Clock(deadline), check_degeneracy)
    for size in range(1, largest + 1):
        if not search.all_of_size(size):
            break
    whole = search.finished and largest == min(form.shape)
    return Found(
        profiles=tuple(search.profiles),
        sentence=_sentence(search, largest, whole, check_degeneracy),
        stats={"pairs": search.pairs, "systems": search.systems},
        finished=search.finished,
        exhaustive=whole and check_degeneracy and not search.close,
    )


class _Search:
    """The pairs of supports looked at so far, and the equilibria found."""

    def __init__(self, form: NormalForm, clock: Clock, every: bool) -> None:
        from coopsim.solvers.kernels.supports import worse

        self._form, self._clock, self._every = form, clock, every
        self._first = np.ascontiguousarray(standard(form.payoffs[0]))
        self._second = np.ascontiguousarray(standard(form.payoffs[1].T))
        self._beaten = [np.empty((size, size), dtype=np.int64) for size in form.shape]
        for payoffs, masks in zip((self._first, self._second), self._beaten, strict=True):
            worse(payoffs, masks)
        self.profiles: list[Profile] = []
        self.pairs = self.systems = 0
        self.close, self.finished = False, True

    def all_of_size(self, size: int) -> bool:
        """Look at all pairs of supports of one size; False where the time is up."""
        from coopsim.solvers.kernels.supports import dominated, search

        rows, columns = (_subsets(count, size) for count in self._form.shape)
        rows_out, columns_out = np.empty_like(columns), np.empty_like(rows)
        dominated(self._beaten[0], columns, rows_out)
        dominated(self._beaten[1], rows, columns_out)
        block = max(1, _PAIRS // len(columns))
        found = np.empty((block * len(columns), sum(self._form.shape)))
        at = 0
        while at < len(rows):
            if self._clock.over:
                self.finished = False
                return False
            before = at
            at, count, solved, close = search(
                self._first,
                self._second,
                size,
                rows,
                columns,
                rows_out,
                columns_out,
                at,
                min(at + block, len(rows)),
                self._every,
                found,
            )
            self.pairs += (at - before) * len(columns)
            self.systems += solved
            self.close = self.close or close
            self._keep(found[:count])
        return True

    def _keep(self, weights: Float) -> None:
        m = self._form.shape[0]
        for row in weights:
            x, y = np.maximum(row[:m], 0.0), np.maximum(row[m:], 0.0)
            profile = x / x.sum(), y / y.sum()
            # what was too close to tell may be none, or found before with a smaller support
            if regret(self._form, profile) <= _GOOD and not self._known(profile):
                self.profiles.append(profile)

    def _known(self, profile: Profile) -> bool:
        return self.close and any(
            all(np.abs(a - b).max() < 1e-7 for a, b in zip(profile, other, strict=True))
            for other in self.profiles
        )


def _subsets(count: int, size: int) -> npt.NDArray[np.int64]:
    from coopsim.solvers.kernels.supports import subsets

    masks = np.empty(math.comb(count, size), dtype=np.int64)
    subsets(count, size, masks)
    return masks


def _check_size(form: NormalForm, largest: int) -> None:
    m, k = form.shape
    pairs = sum(math.comb(m, size) * math.comb(k, size) for size in range(1, largest + 1))
    if pairs > _MOST or max(m, k) > _BITS:
        number = f"{pairs:.2g}" if pairs < 10**300 else "over 1e+300"  # no float beyond
        raise NoSuchForm(
            f"support-enumeration would look at {number} pairs of supports of up to {largest} "
            f"actions in a {m} x {k} game (the limits are {_MOST:.0g} pairs and {_BITS} actions "
            f"a player): set max_support lower, or use lemke-howson"
        )


def _sentence(search: _Search, largest: int, whole: bool, checked: bool) -> str:
    count = len(search.profiles)
    text = (
        f"{search.pairs} pairs of supports of equal size up to {largest} looked at, {count} "
        f"equilibri{'um' if count == 1 else 'a'}"
    )
    if not search.finished:
        return text + "; the search was cut short"
    if search.close:
        return text + "; the game is degenerate or nearly so: vertex-enumeration finds the rest"
    if checked and whole:
        return text + "; the game is nondegenerate: there are no others"
    return text + "; others with larger supports, or in a degenerate game, were not looked for"
