"""DOBSS: commitment against a follower of unknown type as one mixed-integer program."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.highs import milp
from coopsim.solvers.bayesian_commitment import announced, answered, described, require_strong
from coopsim.solvers.commitment import scaled
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found

_LAST = 0.5  # seconds for the mixture beside an answer, beyond the deadline that found it
_LARGEST = 200_000  # products of a type, an action and an answer


def solve(
    form: StackelbergForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    leader: int | str = 0,
    ties: str = "strong",
    commitment: str = "mixed",
) -> Found:
    """The decomposed optimal Bayesian Stackelberg program.

    Args:
        form: the game.
        tol: not needed; the program is solved to no gap, and its mixture computed again with
            the answers fixed.
        deadline: seconds; the best commitment so far comes back.
        leader: the first player; given for likeness with other forms.
        ties: only "strong" (ties for the leader).
        commitment: only "mixed".

    Returns:
        the leader's mixture `[A]` and the types' answers `[T, B]`. Details: `commitment`,
        `type_actions` (one answer a type) and `value`.

    With `q[t, b]` whether type t answers b, `x` the mixture and `z[t, a, b] = x[a] q[t, b]`:
    maximise `sum p[t] L[t, a, b] z[t, a, b]` where, with v[t] the type's payoff,
    `0 <= v[t] - sum_a F[t, a, b] x[a] <= (1 - q[t, b]) M[t, b]`. M is the most that type t can
    lose by answering b. Solving is NP-hard; HiGHS branches on q.

    Source: Paruchuri and others 2008, equation 8.

    Raises:
        NoSuchForm: too large, or ties against the leader.
    """
    require_strong(form, leader, ties, commitment)
    if form.leader.size > _LARGEST:
        raise NoSuchForm(
            f"the program has {form.leader.size:,} products of shares and answers; at most "
            f"{_LARGEST:,} are taken"
        )
    clock = Clock(deadline)
    best, finished = announced(form), not clock.over
    stats = 0
    if finished:
        choice, finished, stats = _branch(form, clock)
        found = None if choice is None else answered(form, choice, clock.later(_LAST))
        if found is not None and found["value"] > best["value"]:
            best = found
    return described(form, best, f"mixed-integer program with {stats} nodes", 1, finished)


def suits(form: StackelbergForm, everything: bool) -> str:
    """Any game of a size that HiGHS takes."""
    types, actions, answers = form.shape
    if form.leader.size > _LARGEST:
        return ""
    return f"{types} types, {actions} x {answers}: a mixed-integer program"


def _branch(form: StackelbergForm, clock: Clock) -> tuple[list[int] | None, bool, int]:
    """The types' answers at the optimum, whether it is one, and the nodes that it took."""
    types, _, answers = form.shape
    products = form.leader.size
    rows, low, high = _rows(form)
    gain = form.prior[:, None, None] * scaled(form.leader)
    whole = np.zeros(products + types * answers + types)
    whole[products : products + types * answers] = 1
    found = milp(
        -np.concatenate([gain.ravel(), np.zeros(types * answers + types)]),
        rows=rows,
        low=low,
        high=high,
        whole=whole,
        bounds=(0, 1),
        options={"mip_rel_gap": 0.0},
        clock=clock,
    )
    nodes = int(found.mip_node_count or 0)
    if found.x is None:
        return None, False, nodes
    picked = found.x[products : products + types * answers].reshape(types, answers)
    return picked.argmax(1).tolist(), found.status == 0, nodes


def _rows(form: StackelbergForm) -> tuple[Any, Float, Float]:
    """The constraints `low <= rows @ [z, q, v] <= high`, payoffs of each type from 0 to 1."""
    from scipy.sparse import csr_array, eye_array, hstack, kron, vstack

    types, actions, answers = form.shape
    stakes = np.stack([scaled(own) for own in form.follower])
    row_sum = np.ones((1, answers))
    every = eye_array(types)
    nothing = csr_array((types, types))
    none = csr_array((types, types * answers))
    # each type's shares sum to 1, and its choices to 1
    total = hstack([kron(every, np.ones((1, actions * answers))), none, nothing])
    chosen = hstack([csr_array((types, form.leader.size)), kron(every, row_sum), nothing])
    # every type faces the same mixture
    mixture = kron(eye_array(types * actions), row_sum).tocsr()
    first = kron(np.ones((types - 1, 1)), mixture[:actions])
    same = hstack(
        [mixture[actions:] - first, csr_array(((types - 1) * actions, types * answers + types))]
    )
    # shares only beside answers that are chosen
    share = kron(every, kron(np.ones((1, actions)), eye_array(answers)))
    beside = hstack([share, -eye_array(types * answers), csr_array((types * answers, types))])
    # what type t gets by each answer, from the mixture that its own shares make
    worth = vstack(
        [kron(_unit(t, types), kron(stakes[t].T, row_sum)) for t in range(types)], format="csr"
    )
    value = kron(every, np.ones((answers, 1)))
    most = (stakes.max(2, keepdims=True) - stakes).max(1).ravel()
    above = hstack([-worth, csr_array((len(most), len(most))), value])
    below = hstack([-worth, csr_array(np.diag(most)), value])
    count = types * answers
    rows = vstack([total, chosen, same, beside, above, below], format="csr")
    fixed = np.concatenate([np.ones(2 * types), np.zeros(same.shape[0])])
    low = np.concatenate([fixed, np.full(count, -np.inf), np.zeros(count), np.full(count, -np.inf)])
    high = np.concatenate([fixed, np.zeros(count), np.full(count, np.inf), most])
    return rows, low, high


def _unit(t: int, types: int) -> Float:
    return np.eye(types)[[t]]
