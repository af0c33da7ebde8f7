"""Replicator dynamics of one population and of several: paths, rest points, linear stability.

One population plays a symmetric two-player game: `x_a' = x_a ((A x)_a - x.A x)` (Taylor and
Jonker 1978). With one population a player of any game,
`x_ia' = x_ia (u_i(a, x_-i) - u_i(x))` (Taylor 1979).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import CoopsimError, NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.one_population import matrix_of

MOST = 16
"""Actions of one population whose rest points are enumerated."""

_SHARE = 1e-12  # a smaller share of a rest point is none
_REAL = 1e-9  # of the range of payoffs: a smaller real part decides nothing


@dataclass(frozen=True, eq=False)
class Path:
    """States along a path of the replicator dynamics.

    Args:
        times: `[T]`, from 0.
        states: one array `[T, A_i]` a population; rows are distributions.
    """

    times: Float
    states: tuple[Float, ...]

    @property
    def end(self) -> tuple[Float, ...]:
        """The last state, one distribution a population."""
        return tuple(part[-1] for part in self.states)


@dataclass(frozen=True, eq=False)
class RestPoint:
    """A state that the replicator dynamics does not leave, and what happens nearby.

    Args:
        state: one distribution a population.
        eigenvalues: of the linearised dynamics on the states with the same sums, `[m]` complex,
            in payoff units a unit of time.
        stability: "stable" (all real parts are negative: it attracts what is near), "unstable"
            (one is positive), or "undecided" (the largest real part is 0).
        nash: whether no action outside it is paid more, so that the state is a (symmetric)
            Nash equilibrium.
    """

    state: tuple[Float, ...]
    eigenvalues: npt.NDArray[np.complex128]
    stability: Literal["stable", "unstable", "undecided"]
    nash: bool


def replicator(
    game: NormalForm | npt.ArrayLike,
    start: npt.ArrayLike | Sequence[npt.ArrayLike],
    until: float,
    *,
    points: int = 201,
    tol: float = 1e-10,
) -> Path:
    """The path of the replicator dynamics from a state.

    Args:
        game: a form, or the matrix `[A, A]` of a symmetric two-player game.
        start: one distribution `[A]` for one population, or a sequence of one `[A_i]` a player
            for one population a player. Actions without a share never get one.
        until: when it ends, above 0.
        points: how many states are kept, evenly in time.
        tol: relative error a step.

    Cost: one contraction of the payoffs for each of some hundred steps. The equations are
    integrated for logarithms of shares, so shares stay positive and sum to 1 near the boundary.

    Raises:
        NoSuchForm: one population, and the game is not symmetric.
        UserError: the start fits no population.
        CoopsimError: the integration fails.
    """
    from scipy.integrate import solve_ivp

    single, shares = _start(game, start)
    played = [np.flatnonzero(part > 0) for part in shares]
    cuts = np.cumsum([len(own) for own in played])[:-1]
    full = [np.zeros(len(part)) for part in shares]

    def spread(logs: Float) -> tuple[Float, ...]:
        parts = []
        for own, empty, log in zip(played, full, np.split(logs, cuts), strict=True):
            mass = np.exp(log - log.max())
            part = empty.copy()
            part[own] = mass / mass.sum()
            parts.append(part)
        return tuple(parts)

    def slope(_: float, logs: Float) -> Float:
        state = spread(logs)
        paid = fitness(game, state, single)
        gains = [own - part @ own for own, part in zip(paid, state, strict=True)]
        return np.concatenate([gain[own] for gain, own in zip(gains, played, strict=True)])

    begin = np.concatenate([np.log(part[own]) for part, own in zip(shares, played, strict=True)])
    times = np.linspace(0.0, until, points)
    answer = solve_ivp(
        slope, (0.0, until), begin, method="DOP853", t_eval=times, rtol=tol, atol=tol
    )
    if not answer.success:
        raise CoopsimError(f"the replicator equations could not be integrated: {answer.message}")
    states = [spread(logs) for logs in answer.y.T]
    return Path(times, tuple(np.array(parts) for parts in zip(*states, strict=True)))


def rest_points(game: NormalForm | npt.ArrayLike) -> tuple[RestPoint, ...]:
    """The isolated rest points of one population in a symmetric game, one a support at most.

    Args:
        game: a symmetric form, or its matrix `[A, A]`.

    On a support where many points pay all actions the same there is a continuum of rest points,
    which is left out.

    Raises:
        NoSuchForm: not symmetric, or more than 16 actions (65,535 supports).
    """
    matrix = matrix_of(game)
    size = len(matrix)
    if size > MOST:
        raise NoSuchForm(f"{size} actions have {2**size:,} supports; at most {MOST} actions")
    found = []
    for count in range(1, size + 1):
        for support in itertools.combinations(range(size), count):
            point = _rest_on(matrix, support)
            if point is not None:
                found.append(rest_point(matrix, point))
    return tuple(found)


def rest_point(
    game: NormalForm | npt.ArrayLike, state: npt.ArrayLike | Sequence[npt.ArrayLike]
) -> RestPoint:
    """The stability of a rest point, by the eigenvalues of the linearised dynamics.

    Args:
        game: a form, or the matrix of a symmetric two-player game.
        state: as `start` of `replicator`.

    Raises:
        UserError: the dynamics leaves the state.
    """
    single, shares = _start(game, state)
    paid = fitness(game, shares, single)
    gains = [own - part @ own for own, part in zip(paid, shares, strict=True)]
    span = max(float(np.ptp(_payoffs(game))), 1e-300)
    moving = max(float(np.abs(part * gain).max()) for part, gain in zip(shares, gains, strict=True))
    if moving > 1e-7 * span:
        raise UserError("no rest point", key="state", given=state, allowed="a state at rest")
    values = _eigenvalues(_jacobian(game, shares, gains, single), [len(p) for p in shares])
    top = float(values.real.max(initial=-np.inf))
    stability: Literal["stable", "unstable", "undecided"] = "undecided"
    if abs(top) > _REAL * span:
        stability = "unstable" if top > 0 else "stable"
    nash = max(float(gain.max()) for gain in gains) <= 1e-7 * span
    return RestPoint(tuple(shares), values, stability, nash)


def fitness(
    game: NormalForm | npt.ArrayLike, state: Sequence[Float], single: bool
) -> tuple[Float, ...]:
    """What each action of each population is paid, `[A_i]` each.

    `single`: one population that plays a symmetric game against itself.
    """
    if single:
        return (matrix_of(game) @ state[0],)
    assert isinstance(game, NormalForm)
    return tuple(game.deviations(tuple(state), i) for i in range(game.n))


def _start(
    game: NormalForm | npt.ArrayLike, start: npt.ArrayLike | Sequence[npt.ArrayLike]
) -> tuple[bool, list[Float]]:
    """Whether there is one population, and the distributions."""
    single = not isinstance(start, list | tuple) or np.ndim(start[0]) == 0
    parts: Sequence[Any] = [start] if single else cast(Sequence[Any], start)
    shares = [np.asarray(part, dtype=float) for part in parts]
    if single:
        shape: tuple[int, ...] = (len(matrix_of(game)),)
    elif isinstance(game, NormalForm):
        shape = game.shape
    else:
        raise UserError("a matrix is played by one population", key="start", given=start)
    fits = tuple(part.shape for part in shares) == tuple((size,) for size in shape)
    if not fits or any(part.min() < 0 or abs(part.sum() - 1) > 1e-9 for part in shares):
        raise UserError(
            "no distribution over the actions", key="start", given=start, allowed=str(shape)
        )
    return single, shares


def _payoffs(game: NormalForm | npt.ArrayLike) -> Float:
    return game.payoffs if isinstance(game, NormalForm) else matrix_of(game)


def _rest_on(matrix: Float, support: tuple[int, ...]) -> Float | None:
    """The one point inside a face where all its actions are paid the same; None if none."""
    own = list(support)
    size = len(own)
    span = max(float(np.ptp(matrix)), 1e-300)
    system = np.zeros((size + 1, size + 1))
    system[:size, :size] = (matrix[np.ix_(own, own)] - matrix.min()) / span
    system[:size, size], system[size, :size] = -1.0, 1.0
    if np.linalg.cond(system) > 1e12:
        return None
    shares = np.linalg.solve(system, np.eye(size + 1)[size])[:size]
    if shares.min() <= _SHARE:
        return None
    point = np.zeros(len(matrix))
    point[own] = shares / shares.sum()
    return point


def _jacobian(
    game: NormalForm | npt.ArrayLike, state: Sequence[Float], gains: Sequence[Float], single: bool
) -> Float:
    """The derivative of the dynamics at a state, all populations together."""
    if single:
        matrix, x = matrix_of(game), state[0]
        return np.asarray(np.diag(gains[0]) + x[:, None] * (matrix - x @ (matrix + matrix.T)))
    assert isinstance(game, NormalForm)
    rows = []
    for i, x in enumerate(state):
        own = game.deviations(tuple(state), i)
        row = []
        for j in range(game.n):
            if i == j:
                row.append(np.diag(gains[i]) - np.outer(x, own))
                continue
            # what action a of i is paid where j plays b and the others their shares
            pairs = game.payoffs[i]
            for k in reversed(range(game.n)):
                if k not in (i, j):
                    pairs = np.tensordot(pairs, state[k], axes=(k, 0))
            pairs = pairs if i < j else pairs.T
            row.append(x[:, None] * (pairs - x @ pairs))
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows)


def _eigenvalues(jacobian: Float, sizes: Sequence[int]) -> npt.NDArray[np.complex128]:
    """Eigenvalues on the directions that keep the sum of each population's shares."""
    total = sum(sizes)
    basis = np.zeros((total, total - len(sizes)))
    row = column = 0
    for size in sizes:
        # the vectors of sum 0: Q of [1, e_1, ..., e_(n-1)] without its first column
        block = np.concatenate([np.ones((size, 1)), np.eye(size)[:, : size - 1]], axis=1)
        basis[row : row + size, column : column + size - 1] = np.linalg.qr(block)[0][:, 1:]
        row, column = row + size, column + size - 1
    return np.asarray(np.linalg.eigvals(basis.T @ jacobian @ basis), dtype=np.complex128)
