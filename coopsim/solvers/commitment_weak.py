"""Commitment where ties are broken against the leader: its supremum, and how to come near it.

Only answers that are best on a full-dimensional set of mixtures matter: the leader can move
a little into such a set, where the follower strictly prefers that answer, or one with the
same payoffs to the follower everywhere (von Stengel and Zamir 2010, theorem 11). At the
supremum itself the follower may be indifferent and answer otherwise, so that it need not be
reached.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.solvers.commitment import TIE, cleaned, scaled
from coopsim.solvers.numeric import Clock
from coopsim.solvers.programs import maximise

_FLAT = 1e-9  # of the follower's range: a set in which no answer is better by more has no inside


def weak(
    gain: Float, answers: Float, epsilon: float, clock: Clock
) -> tuple[dict[str, Any], int, bool]:
    """The commitment, how many programs that took, and whether there was time for all.

    Args:
        gain, answers: payoffs of leader and follower, `[A, B]`.
        epsilon: how far below the supremum the commitment may stay where it is not reached,
            in the leader's payoff units, above 0.
        clock: what is left.

    The result has `supremum`, `attained`, `commitment`, `follower_action` (the answer worst
    for the leader among the best ones) and `value`.
    """
    stakes = scaled(answers)
    group = np.unique(np.round(stakes, 12), axis=1, return_inverse=True)[1].ravel()
    best: dict[str, Any] = {}
    done, finished = 0, True
    for b in np.argsort(-gain.max(0), kind="stable"):
        alike = group == group[b]
        twins = np.flatnonzero(alike)
        # twins share their mixtures: the first stands for all
        if b != twins[0] or (best and gain[:, twins].max(0).min() < best["supremum"]):
            continue
        if clock.over:
            finished = False
            break
        inside, width = _inside(stakes, int(b), ~alike, clock)
        done += 1
        if width <= _FLAT:
            continue
        found = _highest(gain, stakes, int(b), alike, clock)
        done += 1
        if found is None:
            finished = False
            continue
        if not best or found[1] > best["supremum"]:
            best = {"supremum": found[1], "top": found[0], "inside": inside, "twins": twins}
    if not best:  # out of time before the first program
        middle = np.full(len(gain), 1 / len(gain))
        return _described(gain, stakes, middle, None), done, False
    return _near(gain, stakes, best, epsilon), done, finished


def _inside(stakes: Float, b: int, others: Any, clock: Clock) -> tuple[Float, float]:
    """The mixture at which `b` is better than the other answers by most, and by how much."""
    size = len(stakes)
    if not others.any():
        return np.full(size, 1 / size), 1.0
    rows = np.hstack([(stakes[:, others] - stakes[:, [b]]).T, np.ones((others.sum(), 1))])
    found = maximise(
        np.append(np.zeros(size), 1.0),
        rows,
        np.zeros(len(rows)),
        np.append(np.ones(size), 0.0)[None],
        [1.0],
        bounds=[(0, None)] * size + [(None, None)],
        clock=clock,
    )
    return (found.x[:-1], found.value) if found.status == "optimal" else (np.zeros(size), -1.0)


def _highest(
    gain: Float, stakes: Float, b: int, alike: Any, clock: Clock
) -> tuple[Float, float] | None:
    """The mixture to which `b` is best where the worst of its twins pays the leader most."""
    size, unit = len(gain), scaled(gain)
    answer = (stakes[:, ~alike] - stakes[:, [b]]).T
    rows = np.vstack(
        [
            np.hstack([answer, np.zeros((len(answer), 1))]),
            np.hstack([-unit[:, alike].T, np.ones((alike.sum(), 1))]),
        ]
    )
    found = maximise(
        np.append(np.zeros(size), 1.0),
        rows,
        np.zeros(len(rows)),
        np.append(np.ones(size), 0.0)[None],
        [1.0],
        clock=clock,
    )
    if found.status != "optimal":
        return None
    x = cleaned(found.x[:-1], answer)
    return x, float((x @ gain[:, alike]).min())


def _near(gain: Float, stakes: Float, best: dict[str, Any], epsilon: float) -> dict[str, Any]:
    """The supremum's mixture if it pays that much; else one a little inside."""
    top, supremum = best["top"], best["supremum"]
    there = _described(gain, stakes, top, supremum)
    small = 1e-12 * max(1.0, float(np.abs(gain).max()))
    if there["value"] >= supremum - small:
        return {**there, "attained": True}
    inside = best["inside"] / best["inside"].sum()
    loss = supremum - float((inside @ gain[:, best["twins"]]).min())
    share = min(1.0, epsilon / loss) if loss > 0 else 1.0
    # far enough inside that rounding does not take the answer away
    while True:
        found = _described(gain, stakes, (1 - share) * top + share * inside, supremum)
        if share >= 1 or found["value"] >= supremum - share * loss - small:
            return found
        share = min(1.0, 1.5 * share)


def _described(gain: Float, stakes: Float, x: Float, supremum: float | None) -> dict[str, Any]:
    """What a mixture pays with the worst of the follower's best answers."""
    worth = x @ stakes
    good = worth >= worth.max() - TIE
    paid = np.where(good, x @ gain, np.inf)
    return {
        "commitment": x.tolist(),
        "follower_action": int(paid.argmin()),
        "value": float(paid.min()),
        "supremum": supremum,
        "attained": False,
    }
