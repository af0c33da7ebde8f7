"""What methods for two-player constant-sum games share: the matrix, its gap, a last correction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm

_SMALL = 1e-3  # of the smaller range: sums that vary by more are no constant
_ROUNDING = 1e-10  # of the range of payoffs: sums that differ by less are equal
_TIGHT = 1e-7  # of the range: an action this close to a best response counts as one


@dataclass(frozen=True)
class MatrixGame:
    """A constant-sum game in units of its own: payoffs of the row player from 0 to 1.

    Args:
        payoffs: `[m, n]`, 0 the lowest and 1 the highest; all 0 where they are all equal.
        low: the lowest payoff in the game's units.
        span: the range of payoffs in the game's units, above 0.
    """

    payoffs: Float
    low: float
    span: float

    def gap(self, x: Float, y: Float) -> float:
        """The duality gap of a pair of distributions, over the range of payoffs."""
        return float((self.payoffs @ y).max() - (x @ self.payoffs).min())

    def best(self, *pairs: tuple[Float, Float]) -> tuple[Float, Float]:
        """Of several pairs the safest mixture of each player: the smallest gap of all."""
        x = max((pair[0] for pair in pairs), key=lambda x: float((x @ self.payoffs).min()))
        y = min((pair[1] for pair in pairs), key=lambda y: float((self.payoffs @ y).max()))
        return x, y


def is_constant_sum(form: NormalForm) -> bool:
    """Whether two players' payoffs add up to the same number everywhere, up to rounding.

    Rounding is 1e-10 of the range of payoffs, or four units in the last place where that is
    more. Cost: one pass.
    """
    return form.n == 2 and bool(constant_sums(form.payoffs[None])[0])


def constant_sums(payoffs: Float) -> npt.NDArray[np.bool_]:
    """In which games `[V, 2, A, B]` the payoffs add up to a constant, as `is_constant_sum`, `[V]`.

    Cost: one pass.
    """
    # halved, so that no sum is beyond all floats; above the lowest, so that what one player is
    # always paid does not swallow the other's payoffs
    halves = payoffs / 2
    last_place = 4 * np.finfo(float).eps * np.abs(halves).max(axis=(1, 2, 3))
    halves = halves - halves.min(axis=(2, 3), keepdims=True)
    apart = np.ptp(halves.sum(1), axis=(1, 2))
    spans = halves.max(axis=(2, 3))
    slack = np.maximum(_ROUNDING * spans[:, 0], last_place)
    # what is rounding beside one player's payoffs may be all that another is paid
    return np.asarray(apart <= np.minimum(slack, _SMALL * spans.min(1)))


def constant_sum(form: NormalForm, method: str) -> MatrixGame:
    """The matrix of a two-player constant-sum game.

    Args:
        form: the game.
        method: who asks, for the message.

    Raises:
        NoSuchForm: the game has another number of players, or the sum of payoffs varies.
    """
    if form.n != 2:
        raise NoSuchForm(
            f"{method} is for two players, and this game has {form.n}; "
            "methods for more players solve it, such as logit"
        )
    if not is_constant_sum(form):
        sums = form.payoffs[0] + form.payoffs[1]
        raise NoSuchForm(
            f"{method} needs payoffs that add up to a constant, and these add up to "
            f"{sums.min():.6g} in one place and {sums.max():.6g} in another; "
            "lemke-howson solves general two-player games"
        )
    return scaled(form.payoffs[0])


def scaled(payoffs: Float) -> MatrixGame:
    """A row player's payoffs `[m, n]` as a `MatrixGame`."""
    low, span = float(payoffs.min()), float(np.ptp(payoffs)) or 1.0
    return MatrixGame((payoffs - low) / span, low, span)


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread inside this context.

    Matrices of some thousand rows gain little from a second one, and lose tenfold where other
    processes keep it from running.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def distribution(weights: Float) -> Float:
    """Weights `[k]` as a distribution: negative ones made 0, the sum 1; uniform if all are 0."""
    clipped = np.clip(weights, 0.0, None)
    total = clipped.sum()
    if not (np.isfinite(total) and total > 0):
        return np.full(len(weights), 1 / len(weights))
    return np.asarray(clipped / total)


def at_once(game: MatrixGame) -> tuple[Float, Float]:
    """A pair to fall back on: each player's safest pure action, or the uniform mixtures."""
    m, n = game.payoffs.shape
    safest = (
        np.eye(1, m, int(game.payoffs.min(1).argmax()))[0],
        np.eye(1, n, int(game.payoffs.max(0).argmin()))[0],
    )
    uniform = np.full(m, 1 / m), np.full(n, 1 / n)
    return game.best(safest, uniform)


def refined(game: MatrixGame, x: Float, y: Float) -> tuple[Float, Float]:
    """The pair after one linear solve on its support; the pair itself where that is no better.

    At an optimum every action in the support of one player makes the other player's mixture
    pay the value exactly. That system is solved afresh, which removes the rounding that many
    pivots leave behind. Cost: O(k^3) in the size of the support.
    """
    A = game.payoffs
    paid, pays = A @ y, x @ A
    after = _corrected(-A.T, x, pays - pays.min()), _corrected(A, y, paid.max() - paid)
    return game.best((x, y), after)


def _corrected(A: Float, y: Float, slack: Float) -> Float:
    """The mixture `y` of columns, corrected so that rows without slack are paid the same."""
    rows, columns = np.flatnonzero(slack <= _TIGHT), np.flatnonzero(y > _TIGHT / len(y))
    k, r = len(columns), len(rows)
    system = np.zeros((r + 1, k + 1))
    system[:r, :k], system[:r, k], system[r, :k] = A[np.ix_(rows, columns)], -1.0, 1.0
    start = np.append(y[columns], (A @ y).max())
    wrong = np.append(np.zeros(r), 1.0) - system @ start
    try:
        if k == r:
            change = np.linalg.solve(system, wrong)
        else:
            change = np.linalg.lstsq(system, wrong, None)[0]
    except np.linalg.LinAlgError:
        return y
    after = np.zeros_like(y)
    after[columns] = start[:k] + change[:k]
    return distribution(after) if np.isfinite(after).all() else y
