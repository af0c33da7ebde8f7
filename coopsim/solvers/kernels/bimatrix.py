"""All Nash equilibria of many small bimatrix games, compiled.

Support enumeration: in a nondegenerate game both supports have the same size k, and each
player's mixture is the one that makes the other player's support pay the same (Nisan et al.
2007, algorithm 3.4). That mixture is the null vector of the k - 1 differences between rows
of the other player's payoffs, which signed minors give in closed form up to k = 4.

Every pair of supports is also a test of degeneracy. Let (x, y) be an extreme equilibrium. If
y has more best responses than actions, some k of them determine y, and there the tie shows.
If not, but x has, then the pair of all best responses to y and the support of y shows a weight
of 0 in x, or a tie, or a system without a unique solution. So a game that is not flagged has
no other equilibria.

A mixture comes with a kind: 0 where there is none, 1 where it is the only one and nothing
ties, 2 where a weight is 0 or another row ties, 3 where the system has many solutions.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

LARGEST = 4
"""The most actions of a player."""

_CHUNK = 256  # games that one thread takes at a time
_SINGULAR = 1e-12  # minors of payoffs from 0 to 1 that count as 0


@njit(cache=True, error_model="numpy")
def _one(P, m, i0, j0, tol):
    """Is row `i0` the best of m against column `j0`?"""
    kind = 1
    for i in range(m):
        if i != i0:
            more = P[i, j0] - P[i0, j0]
            if more > tol:
                return 0
            if more >= -tol:
                kind = 2
    return kind


@njit(cache=True, error_model="numpy")
def _two(P, m, i0, i1, j0, j1, tol):
    """The kind and the weights of two columns that make two rows the best of m."""
    w1, w0 = P[i0, j0] - P[i1, j0], P[i1, j1] - P[i0, j1]
    total = w0 + w1
    if abs(total) <= _SINGULAR:
        return (3 if abs(w0) <= _SINGULAR else 0), 0.0, 0.0
    if min(w0 * total, w1 * total) < -tol * total * total:
        return 0, 0.0, 0.0
    w0, w1 = w0 / total, w1 / total
    kind = 2 if min(w0, w1) <= tol else 1
    paid = P[i0, j0] * w0 + P[i0, j1] * w1
    for i in range(m):
        if i not in (i0, i1):
            more = P[i, j0] * w0 + P[i, j1] * w1 - paid
            if more > tol:
                return 0, 0.0, 0.0
            if more >= -tol:
                kind = 2
    return kind, w0, w1


@njit(cache=True, error_model="numpy")
def _three(P, m, i0, i1, i2, j0, j1, j2, tol):
    """The same of three columns and three rows."""
    a, b, c = P[i1, j0] - P[i0, j0], P[i1, j1] - P[i0, j1], P[i1, j2] - P[i0, j2]
    d, e, f = P[i2, j0] - P[i0, j0], P[i2, j1] - P[i0, j1], P[i2, j2] - P[i0, j2]
    w0, w1, w2 = b * f - c * e, c * d - a * f, a * e - b * d
    total = w0 + w1 + w2
    if abs(total) <= _SINGULAR:
        size = max(abs(w0), abs(w1), abs(w2))
        return (3 if size <= _SINGULAR else 0), 0.0, 0.0, 0.0
    if min(w0 * total, w1 * total, w2 * total) < -tol * total * total:
        return 0, 0.0, 0.0, 0.0
    w0, w1, w2 = w0 / total, w1 / total, w2 / total
    kind = 2 if min(w0, w1, w2) <= tol else 1
    paid = P[i0, j0] * w0 + P[i0, j1] * w1 + P[i0, j2] * w2
    for i in range(m):
        if i not in (i0, i1, i2):
            more = P[i, j0] * w0 + P[i, j1] * w1 + P[i, j2] * w2 - paid
            if more > tol:
                return 0, 0.0, 0.0, 0.0
            if more >= -tol:
                kind = 2
    return kind, w0, w1, w2


@njit(cache=True, error_model="numpy")
def _minor(P, j0, j1, j2):
    """The determinant of rows 1 to 3, less row 0, at three columns."""
    a, b, c = P[1, j0] - P[0, j0], P[1, j1] - P[0, j1], P[1, j2] - P[0, j2]
    d, e, f = P[2, j0] - P[0, j0], P[2, j1] - P[0, j1], P[2, j2] - P[0, j2]
    g, h, k = P[3, j0] - P[0, j0], P[3, j1] - P[0, j1], P[3, j2] - P[0, j2]
    return a * (e * k - f * h) - b * (d * k - f * g) + c * (d * h - e * g)


@njit(cache=True, error_model="numpy")
def _four(P, tol, w):
    """The kind of all four columns' mixture for all four rows; its weights into `w`."""
    w[0], w[1] = _minor(P, 1, 2, 3), -_minor(P, 0, 2, 3)
    w[2], w[3] = _minor(P, 0, 1, 3), -_minor(P, 0, 1, 2)
    total = w.sum()
    if abs(total) <= _SINGULAR:
        return 3 if np.abs(w).max() <= _SINGULAR else 0
    w /= total
    if w.min() < -tol:
        return 0
    return 2 if w.min() <= tol else 1


@njit(cache=True, error_model="numpy")
def _unit(payoffs, v, player, target):
    """A player's payoffs from 0 to 1, own actions first, into `target`."""
    m, n = payoffs.shape[2], payoffs.shape[3]
    low = high = payoffs[v, player, 0, 0]
    for i in range(m):
        for j in range(n):
            low, high = min(low, payoffs[v, player, i, j]), max(high, payoffs[v, player, i, j])
    scale = 1.0 / (high - low) if high > low else 1.0
    for i in range(m):
        for j in range(n):
            entry = (payoffs[v, player, i, j] - low) * scale
            if player == 0:
                target[i, j] = entry
            else:
                target[j, i] = entry


@njit(cache=True, error_model="numpy")
def _pure(A, B, m, n, tol, x, y, v):
    """Equilibria of one action each; how many, -1 where the game is degenerate."""
    found = 0
    for i in range(m):
        for j in range(n):
            kind = _one(A, m, i, j, tol)
            other = _one(B, n, j, i, tol) if kind == 1 else 0
            if kind == 2 or other == 2 or (other == 1 and found == x.shape[1]):
                return -1
            if other == 1:
                x[v, found, i], y[v, found, j] = 1.0, 1.0
                found += 1
    return found


@njit(cache=True, error_model="numpy")
def _pairs(A, B, m, n, tol, x, y, v, found):
    """The same with those of two actions each added."""
    for i0 in range(m):
        for i1 in range(i0 + 1, m):
            for j0 in range(n):
                for j1 in range(j0 + 1, n):
                    kind, w0, w1 = _two(A, m, i0, i1, j0, j1, tol)
                    if kind == 2:
                        return -1
                    if kind != 1:
                        continue
                    kind, u0, u1 = _two(B, n, j0, j1, i0, i1, tol)
                    if kind >= 2 or (kind == 1 and found == x.shape[1]):
                        return -1
                    if kind == 1:
                        x[v, found, i0], x[v, found, i1] = u0, u1
                        y[v, found, j0], y[v, found, j1] = w0, w1
                        found += 1
    return found


@njit(cache=True, error_model="numpy")
def _triples(A, B, m, n, tol, x, y, v, found):
    """The same with those of three actions each added."""
    for i0 in range(m):
        for i1 in range(i0 + 1, m):
            for i2 in range(i1 + 1, m):
                for j0 in range(n):
                    for j1 in range(j0 + 1, n):
                        for j2 in range(j1 + 1, n):
                            kind, w0, w1, w2 = _three(A, m, i0, i1, i2, j0, j1, j2, tol)
                            if kind == 2:
                                return -1
                            if kind != 1:
                                continue
                            kind, u0, u1, u2 = _three(B, n, j0, j1, j2, i0, i1, i2, tol)
                            if kind >= 2 or (kind == 1 and found == x.shape[1]):
                                return -1
                            if kind == 1:
                                x[v, found, i0], y[v, found, j0] = u0, w0
                                x[v, found, i1], y[v, found, j1] = u1, w1
                                x[v, found, i2], y[v, found, j2] = u2, w2
                                found += 1
    return found


@njit(cache=True, error_model="numpy")
def _fours(A, B, tol, x, y, v, found, u, w):
    """The same with that of four actions each added."""
    kind = _four(A, tol, w)
    other = _four(B, tol, u) if kind == 1 else 0
    if kind == 2 or other >= 2 or (other == 1 and found == x.shape[1]):
        return -1
    if other == 1:
        x[v, found], y[v, found] = u, w
        found += 1
    return found


@njit(cache=True, parallel=True, error_model="numpy")
def all_equilibria(payoffs, tol, x, y, count):
    """All equilibria of each game, games on all threads.

    Args:
        payoffs: `[V, 2, m, n]`, m and n at most 4.
        tol: weights and payoff differences up to this, payoffs being from 0 to 1, are ties.
        x, y: zeros `[V, K, m]` and `[V, K, n]`, written over.
        count: `[V]`, written over: how many equilibria, -1 where the game is degenerate; what
            is in `x` and `y` then is of no use.

    Cost: about a microsecond a 3 x 3 game and thread.
    """
    variants, _, m, n = payoffs.shape
    for chunk in prange((variants + _CHUNK - 1) // _CHUNK):
        A, B = np.empty((LARGEST, LARGEST)), np.empty((LARGEST, LARGEST))
        u, w = np.empty(LARGEST), np.empty(LARGEST)
        for v in range(chunk * _CHUNK, min(variants, (chunk + 1) * _CHUNK)):
            _unit(payoffs, v, 0, A)
            _unit(payoffs, v, 1, B)
            found = _pure(A, B, m, n, tol, x, y, v)
            if found >= 0 and min(m, n) >= 2:
                found = _pairs(A, B, m, n, tol, x, y, v, found)
            if found >= 0 and min(m, n) >= 3:
                found = _triples(A, B, m, n, tol, x, y, v, found)
            if found >= 0 and min(m, n) >= 4:
                found = _fours(A, B, tol, x, y, v, found, u, w)
            count[v] = found
