"""HiGHS in a process of its own gives what it gives at once, and is ended by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from coopsim import highs
from coopsim.clock import Clock, OutOfTime, keeping


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every programme that has a deadline counts as large."""
    monkeypatch.setattr(highs, "LARGE", 0)
    monkeypatch.setattr(highs, "LARGE_WHOLE", 0)
    yield
    if highs._worker is not None:
        highs._worker.end()


def transport(size: int, seconds: float | None) -> Any:
    """A programme of `size * size` variables."""
    rng = np.random.default_rng(size)
    cost = rng.random((size, size))
    rows = np.kron(np.eye(size), np.ones(size)), np.kron(np.ones(size), np.eye(size))
    return highs.linprog(
        cost.ravel(), rows[0], np.ones(size), rows[1], np.ones(size), clock=Clock(seconds)
    )


def knapsack(clock: Clock) -> Any:
    return highs.milp(
        -np.array([5.0, 4, 3]), rows=np.array([[2.0, 3, 1], [4, 1, 2], [3, 4, 2]]),
        low=np.full(3, -np.inf), high=np.array([5.0, 11, 8]), whole=np.ones(3),
        bounds=(0, np.inf), clock=clock,
    )  # fmt: skip


def test_a_process_of_its_own_changes_no_answer(apart: None) -> None:
    at_once = transport(12, None)
    told = transport(12, 1e6)
    assert highs._worker is not None
    assert highs._worker.alive
    pid = highs._worker._process.pid
    assert told.status == at_once.status == 0
    assert told.x.tolist() == at_once.x.tolist()
    assert told.ineqlin.marginals.tolist() == at_once.ineqlin.marginals.tolist()
    # whole numbers, in the same process: 5 x + 4 y + 3 z is 13 at most (2, 0, 1)
    for found in (knapsack(Clock(1e6)), knapsack(Clock(None))):
        assert found.fun == pytest.approx(-13)
        assert found.x.round(9).tolist() == [2, 0, 1]
    assert highs._worker._process.pid == pid


def test_the_process_is_ended_by_the_clock_and_another_is_started(
    apart: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert transport(4, 1e6).status == 0
    assert highs._worker is not None
    first = highs._worker._process.pid
    # HiGHS is told that there is no hurry, and the clock is over while it works
    monkeypatch.setattr(Clock, "limits", lambda self: {})
    monkeypatch.setattr(highs, "_PATIENCE", 0.0)
    stopped = transport(150, 1e-3)
    assert stopped.x is None
    assert stopped.status == 1
    assert stopped.message == "the time is up"
    assert stopped.ineqlin.marginals is None
    assert not highs._worker.alive
    assert transport(4, 1e6).status == 0
    assert highs._worker._process.pid != first


def test_no_programme_is_begun_without_time() -> None:
    assert transport(4, 0.0).x is None
    assert knapsack(Clock(0.0)).x is None
    with keeping(Clock(0.0)), pytest.raises(OutOfTime):
        highs.whole_linprog([1.0], A_eq=[[1.0]], b_eq=[2.0])
    with keeping(Clock(None)):
        assert highs.whole_linprog([1.0], A_eq=[[1.0]], b_eq=[2.0]).x.tolist() == [2.0]


def test_what_scipy_refuses_is_raised_here(apart: None) -> None:
    with pytest.raises(ValueError, match="b_ub"):
        highs.linprog([1.0], np.ones((2, 1)), np.ones(3), clock=Clock(1e6))
    assert transport(4, 1e6).status == 0


def test_without_a_program_to_start_it_is_solved_here(
    apart: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if highs._worker is not None:
        highs._worker.end()
    monkeypatch.setattr(highs.sys, "executable", "")
    assert transport(4, 1e6).status == 0
    monkeypatch.setattr(highs.sys, "executable", "/no/such/program")
    assert transport(4, 1e6).status == 0
