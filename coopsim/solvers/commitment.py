"""Commitment in a matrix game: the leader's best mixture or action when the follower sees it.

The leader announces a strategy and is bound by it; the follower answers. Where several
answers are equally good for the follower, `ties` says which one is taken: "strong" the one
best for the leader, "weak" the one worst for the leader.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.seats import seat_of
from coopsim.solvers.numeric import Clock
from coopsim.solvers.programs import Optimum, maximise
from coopsim.solvers.solution import Found

TIE = 1e-13
"""Of the range of the follower's payoffs: answers closer than this are equally good."""

_ACTIVE = 1e-9  # shares and slacks below are 0, which rounding has moved
_LARGEST = 4000  # followers' actions, each of which may need a linear program


def solve(
    form: NormalForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
    epsilon: float = 0.0,
) -> Found:
    """A Stackelberg solution: one linear program for each answer of the follower.

    Args:
        form: a game of two players.
        tol: weak commitment comes within a quarter of it of its supremum, in payoff units, where
            that is not reached.
        deadline: seconds; the best commitment so far comes back.
        leader: who commits, by number or name.
        ties: "strong" (ties for the leader) or "weak" (ties against the leader).
        commitment: "mixed", or "pure" where the leader can only announce an action.
        epsilon: for weak ties, how far below the supremum an answer may lie, in payoff units.

    Returns:
        the leader's mixture and the follower's answer, in the order of the players. Details:
        `leader`, `commitment`, `follower_action`, `value` (the leader's); with weak ties
        `supremum` and whether it is `attained`; multipliers of the programs as evidence.

    Cost: at most one linear program with as many variables as the leader has actions a
    follower action; answers that cannot be better than the best one found are skipped. Pure
    commitment is one pass over the matrix.

    Source: Conitzer and Sandholm 2006, theorem 2; weak ties: von Stengel and Zamir 2010,
    theorem 11.

    Raises:
        NoSuchForm: there are not two players, or too many actions.
        UserError: an option has another value.
    """
    _check(ties, commitment, epsilon)
    seat, gain, answers = sides(form, leader)
    clock = Clock(deadline)
    # from the lowest payoffs upwards: what players get in any case would only cost digits
    low = float(gain.min())
    gain, answers = gain - low, answers - answers.min()
    if commitment == "pure":
        end = _raised(_pure(gain, answers, ties), low)
        return _found(seat, gain, end, 0, True, "every action of the leader")
    if ties == "weak":
        from coopsim.solvers.commitment_weak import weak

        least = max(epsilon, 0.25 * tol)
        end, programs, finished = weak(gain, answers, least, clock)
    else:
        end, programs, finished = _strong(gain, answers, clock)
    told = f"{programs} linear programs for {gain.shape[1]} answers of the follower"
    return _found(seat, gain, _raised(end, low), programs, finished, told)


def _raised(end: dict[str, Any], low: float) -> dict[str, Any]:
    """What was found, with the leader's payoffs counted from 0 again."""
    counted = {key: end[key] + low for key in ("value", "supremum") if end.get(key) is not None}
    return {**end, **counted}


def suits(form: NormalForm, everything: bool) -> str:
    """Any game of two players; one solution, also where all are asked for."""
    if form.n == 2 and max(form.shape) > _LARGEST:
        return ""
    if form.n != 2:  # refused there, with the concept that fits
        return f"{form.n} players"
    return f"two players, {form.shape[0]} x {form.shape[1]}: a linear program for each answer"


def sides(form: NormalForm, leader: int | str) -> tuple[int, Float, Float]:
    """The leader's number, and payoffs of leader and follower, `[A, B]` each, leader's rows.

    Raises:
        NoSuchForm: there are not two players, or too many actions.
        UserError: there is no such player.
    """
    if form.n != 2:
        raise NoSuchForm(
            f"commitment is solved for one leader and one follower, and this game has {form.n} "
            "players; 'correlated commitment' lets a leader send signals to several followers"
        )
    if max(form.shape) > _LARGEST:
        raise NoSuchForm(
            f"{form.shape[0]} x {form.shape[1]} actions need a linear program for each answer; "
            f"at most {_LARGEST:,} actions are taken; generate the actions that matter first"
        )
    seat = seat_of(form.players, leader, "leader")
    if seat == 0:
        return 0, form.payoffs[0], form.payoffs[1]
    return 1, form.payoffs[1].T, form.payoffs[0].T


def scaled(matrix: Float) -> Float:
    """The payoffs moved and stretched to reach from 0 to 1; all 0 where they are equal."""
    spread = float(np.ptp(matrix))
    return np.asarray((matrix - matrix.min()) / (spread if spread > 0 else 1.0))


def program(gain: Float, answers: Float, b: int, clock: Clock) -> Optimum:
    """The leader's best mixture among those to which `b` is a best answer."""
    others = np.arange(gain.shape[1]) != b
    rows = (answers[:, others] - answers[:, [b]]).T
    return maximise(
        gain[:, b],
        rows if len(rows) else None,
        np.zeros(len(rows)) if len(rows) else None,
        np.ones((1, len(gain))),
        [1.0],
        clock=clock,
    )


def cleaned(x: Float, rows: Float) -> Float:
    """A mixture that meets the rows (`rows @ x <= 0`) that are tight to the last digits.

    A linear program stops within its tolerance. The shares above 0 are corrected by the
    smallest change that makes tight rows exactly 0; the given ones stay where that fails.
    """
    first = np.maximum(x, 0) / np.maximum(x, 0).sum()
    kept = first > _ACTIVE
    tight = np.abs(rows @ first) <= _ACTIVE
    system = np.vstack([rows[tight][:, kept], np.ones((1, kept.sum()))])
    wanted = np.append(np.zeros(tight.sum()), 1.0)
    step = np.linalg.lstsq(system, wanted - system @ first[kept], rcond=None)[0]
    second = np.zeros_like(first)
    second[kept] = np.maximum(first[kept] + step, 0)
    second /= second.sum()
    worst = [max(0.0, float((rows @ own).max(initial=0))) for own in (first, second)]
    return np.asarray(second if worst[1] <= worst[0] else first)


def _strong(gain: Float, answers: Float, clock: Clock) -> tuple[dict[str, Any], int, bool]:
    """The best over all answers, how many programs that took, and whether there was time."""
    best, done = np.full(gain.shape[1], -np.inf), 0
    top, order = gain.max(0), np.argsort(-gain.max(0), kind="stable")
    unit, stakes = scaled(gain), scaled(answers)
    stretch = max(float(np.ptp(gain)), 1e-300) / max(float(np.ptp(answers)), 1e-300)
    multipliers: list[list[Any]] = [[] for _ in order]
    # an action that is best against something: there is an answer before any program
    end, finished = _pure(gain, answers, "strong"), True
    for b in order:
        # no commitment to which b answers pays more than its largest entry
        if top[b] <= end["value"]:
            break
        if clock.over:
            finished = False
            break
        found = program(unit, stakes, int(b), clock)
        done += 1
        others = np.flatnonzero(np.arange(len(order)) != b)
        if found.status == "optimal":
            x = cleaned(found.x, (stakes[:, others] - stakes[:, [b]]).T)
            best[b] = x @ gain[:, b]
            weights = found.upper * stretch
        elif found.status == "infeasible":
            weights = _never(gain, stakes, int(b), clock) / max(float(np.ptp(answers)), 1e-300)
        else:
            finished = False
            continue
        multipliers[b] = [[int(k), float(w)] for k, w in zip(others, weights, strict=True) if w]
        if best[b] > end["value"]:
            end = {"commitment": x.tolist(), "follower_action": int(b), "value": float(best[b])}
    return {**end, "multipliers": multipliers}, done, finished


def _never(gain: Float, stakes: Float, b: int, clock: Clock) -> Float:
    """Weights of answers that together beat `b` by at least the range of the leader's payoffs."""
    count = stakes.shape[1]
    others = np.arange(count) != b
    ahead = stakes[:, others] - stakes[:, [b]]
    rows = np.hstack([-ahead, np.ones((len(ahead), 1))])
    found = maximise(
        np.append(np.zeros(count - 1), 1.0),
        rows,
        np.zeros(len(rows)),
        np.append(np.ones(count - 1), 0.0)[None],
        [1.0],
        bounds=[(0, None)] * (count - 1) + [(None, None)],
        clock=clock,
    )
    if found.status != "optimal" or found.value <= 0:
        return np.zeros(count - 1)
    return np.asarray(found.x[:-1] * 2 * np.ptp(gain) / found.value)


def _pure(gain: Float, answers: Float, ties: str) -> dict[str, Any]:
    """The leader's best action by trying each."""
    good = answers >= answers.max(1, keepdims=True) - TIE * np.ptp(answers)
    paid = np.where(good, gain, -np.inf if ties == "strong" else np.inf)
    reply = paid.argmax(1) if ties == "strong" else paid.argmin(1)
    values = paid[np.arange(len(gain)), reply]
    a = int(values.argmax())
    return {
        "commitment": np.eye(len(gain))[a].tolist(),
        "follower_action": int(reply[a]),
        "value": float(values[a]),
    }


def _found(
    seat: int, gain: Float, end: dict[str, Any], programs: int, finished: bool, told: str
) -> Found:
    mixture, answer = np.array(end["commitment"]), np.eye(gain.shape[1])[end["follower_action"]]
    return Found(
        profiles=((mixture, answer) if seat == 0 else (answer, mixture),),
        sentence=told + ("" if finished else "; stopped before all were tried"),
        stats={"programs": programs},
        finished=finished,
        details=({"leader": seat, **end},),
    )


def _check(ties: str, commitment: str, epsilon: float) -> None:
    for key, given, allowed in (
        ("ties", ties, ["strong", "weak"]),
        ("commitment", commitment, ["mixed", "pure"]),
    ):
        if given not in allowed:
            raise UserError("no such rule", key=key, given=given, allowed=allowed)
    if not (np.isfinite(epsilon) and epsilon >= 0):
        raise UserError("no distance", key="epsilon", given=epsilon, allowed="0 or more")
