"""Commitment against a follower of unknown type, by trying answers of all types together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.solvers.commitment import cleaned, scaled
from coopsim.solvers.numeric import Clock
from coopsim.solvers.programs import maximise
from coopsim.solvers.solution import Found

_MOST = 20_000  # tuples of answers, one linear program each at most
_AUTO = 64  # up to here trying them all takes no longer than one mixed-integer program


def solve(
    form: StackelbergForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
) -> Found:
    """One linear program for every tuple of the types' answers.

    Args:
        form: the game.
        tol: not needed; programs are solved to 1e-10 of the payoff ranges.
        deadline: seconds; the best commitment so far comes back.
        leader: the first player; given for likeness with other forms.
        ties: only "strong" (ties for the leader).
        commitment: only "mixed".

    Returns:
        the leader's mixture `[A]` and the types' answers `[T, B]`. Details: `commitment`,
        `type_actions` (one answer a type) and `value`.

    Cost: `B ** T` programs at most, those left out whose answers together cannot pay more
    than the best found.

    Source: Conitzer and Sandholm 2006, section 4, with the follower's types written out.

    Raises:
        NoSuchForm: more than 20,000 tuples, or ties against the leader.
    """
    require_strong(form, leader, ties, commitment)
    types, _, answers = form.shape
    if answers**types > _MOST:
        raise NoSuchForm(
            f"{answers} answers of {types} types are {answers}^{types} tuples, and at most "
            f"{_MOST:,} are tried; 'dobss' searches them by branching"
        )
    clock, done, finished = Clock(deadline), 0, True
    best = announced(form)
    for choice in _promising(form):
        if clock.over:
            finished = False
            break
        if _most(form, choice) <= best["value"]:
            continue
        found = answered(form, choice, clock)
        done += 1
        if found is not None and found["value"] > best["value"]:
            best = found
    return described(
        form, best, f"{done} linear programs for {answers**types} tuples of answers", done, finished
    )


def suits(form: StackelbergForm, everything: bool) -> str:
    """Few tuples of answers."""
    types, _, answers = form.shape
    if answers**types > _AUTO:
        return ""
    return f"{answers}^{types} tuples of answers: a linear program each"


def require_strong(form: Any, leader: int | str, ties: str, commitment: str) -> None:
    """Refuse what is only solved for matrices. Raises `NoSuchForm` or `UserError`."""
    if leader not in (0, form.players[0]):
        raise UserError(
            f"the leader of a {form.kind} game is its first player",
            key="leader",
            given=leader,
            allowed=[form.players[0]],
        )
    if ties != "strong" or commitment != "mixed":
        raise NoSuchForm(
            f"ties={ties!r} with commitment={commitment!r} is solved for matrices only; "
            "to_normal() makes one of a small game"
        )


def answered(
    form: StackelbergForm, choice: Sequence[int], clock: Clock | None = None
) -> dict[str, Any] | None:
    """The best mixture to which the answers `choice`, one a type, are best; None if none is."""
    size = form.shape[1]
    gain = _paid(form, choice)
    rows = []
    for t, b in enumerate(choice):
        stakes = scaled(form.follower[t])
        rows.append(np.delete(stakes - stakes[:, [b]], b, axis=1).T)
    table = np.concatenate(rows)
    found = maximise(
        scaled(gain),
        table if len(table) else None,
        np.zeros(len(table)) if len(table) else None,
        np.ones((1, size)),
        [1.0],
        clock=clock,
    )
    if found.status != "optimal":
        return None
    x = cleaned(found.x, table)
    return _end(x, choice, float(x @ gain))


def announced(form: StackelbergForm) -> dict[str, Any]:
    """The leader's best single action, found by trying each."""
    spread = np.ptp(form.follower, axis=(1, 2))[:, None, None]
    good = form.follower >= form.follower.max(2, keepdims=True) - 1e-12 * spread
    paid = np.where(good, form.leader, -np.inf)
    values = form.prior @ paid.max(2)
    a = int(values.argmax())
    return _end(np.eye(len(values))[a], paid[:, a].argmax(1).tolist(), float(values[a]))


def described(
    form: StackelbergForm, best: dict[str, Any], told: str, programs: int, finished: bool
) -> Found:
    """The end of a search as what a method hands back."""
    reply = np.eye(form.shape[2])[best["type_actions"]]
    return Found(
        profiles=((np.array(best["commitment"]), reply),),
        sentence=told + ("" if finished else "; stopped before the search was done"),
        stats={"programs": programs},
        finished=finished,
        details=(best,),
    )


def _end(x: Float, choice: Sequence[int], value: float) -> dict[str, Any]:
    return {"commitment": x.tolist(), "type_actions": [int(b) for b in choice], "value": value}


def _paid(form: StackelbergForm, choice: Sequence[int]) -> Float:
    """What each action pays the leader when the types answer so, `[A]`."""
    paid = [form.prior[t] * form.leader[t][:, b] for t, b in enumerate(choice)]
    return np.asarray(np.sum(paid, axis=0))


def _most(form: StackelbergForm, choice: Sequence[int]) -> float:
    return float(_paid(form, choice).max())


def _promising(form: StackelbergForm) -> list[tuple[int, ...]]:
    """All tuples of answers, those first that can pay the leader most."""
    types, _, answers = form.shape
    choices = list(itertools.product(range(answers), repeat=types))
    return sorted(choices, key=lambda choice: -_most(form, choice))
