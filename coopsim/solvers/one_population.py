"""One population: symmetric two-player games, as the one payoff matrix that evolution reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm, sizes


def symmetric_matrix(form: NormalForm) -> Float:
    """`A[a, b]`: what action a is paid against b, where both players face the same.

    Raises:
        NoSuchForm: other than two players, or the second player's payoffs are not the
            transpose of the first's.
    """
    if form.n != 2 or form.shape[0] != form.shape[1]:
        raise NoSuchForm(
            f"one population needs a symmetric two-player game, and this one has {form.n} "
            f"players with {sizes(form.shape)}; alpha-rank takes any number of populations"
        )
    if not is_symmetric(form):
        raise NoSuchForm(
            "one population needs a symmetric game: the second player's payoffs must be the "
            "transpose of the first's"
        )
    return np.asarray(form.payoffs[0])


def is_symmetric(form: NormalForm) -> bool:
    """Whether `symmetric_matrix` takes the form."""
    square = form.n == 2 and form.shape[0] == form.shape[1]
    return square and np.array_equal(form.payoffs[0], form.payoffs[1].T)


def matrix_of(game: NormalForm | npt.ArrayLike) -> Float:
    """The matrix of a symmetric form, or a square matrix as it is.

    Raises:
        NoSuchForm: a form that is not symmetric.
        UserError: no square matrix of finite numbers.
    """
    if isinstance(game, NormalForm):
        return symmetric_matrix(game)
    matrix = np.asarray(game, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise UserError("no square matrix of payoffs", key="game", given=game, allowed="[A, A]")
    return matrix
