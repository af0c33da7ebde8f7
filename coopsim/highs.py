"""HiGHS, kept to a clock: linear and mixed-integer programmes by scipy.

HiGHS looks at its own time limit at some points only: presolve, a factorisation or a root node
of a large programme can take many times as long as it was given. So a large programme that has
a deadline is solved in a process of its own, which is ended when the time is up. The process is
started once, and waits for more. Which way is taken depends on the size of the programme alone,
and both give the same answer.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle  # between this process and one that it started itself
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from coopsim.clock import ENDLESS, Clock, kept, uncounted

LARGE, LARGE_WHOLE = 50_000, 4_000
"""Entries, rows and columns together, from which on a linear programme, or one with whole
numbers, gets a process of its own. Smaller ones keep to their limit within tenths of a second."""

_PATIENCE = 0.4  # seconds for HiGHS to keep to its own limit and hand over what it has
_SLICE = 0.02  # seconds between two looks at the clock
_OVER = "the time is up"
_STOPPED = 1  # scipy's status where a limit ended the search


def linprog(
    c: Any,
    A_ub: Any = None,
    b_ub: Any = None,
    A_eq: Any = None,
    b_eq: Any = None,
    bounds: Any = (0, None),
    options: Mapping[str, Any] | None = None,
    clock: Clock = ENDLESS,
) -> Any:
    """Minimise `c @ x` with `A_ub @ x <= b_ub`, `A_eq @ x == b_eq` and `x` within bounds.

    Arguments and answer as of `scipy.optimize.linprog` by HiGHS. Where the clock is over
    before there is an answer, `status` is 1 and `x` may be None.
    """
    given: dict[str, Any] = {"c": c, "A_ub": A_ub, "b_ub": b_ub, "A_eq": A_eq, "b_eq": b_eq}
    given |= {"bounds": bounds, "method": "highs"}
    size = _size(A_ub) + _size(A_eq) + len(c)
    return _solved("linprog", given, dict(options or {}), size >= LARGE, clock)


def whole_linprog(
    c: Any,
    A_ub: Any = None,
    b_ub: Any = None,
    A_eq: Any = None,
    b_eq: Any = None,
    bounds: Any = (0, None),
    options: Mapping[str, Any] | None = None,
) -> Any:
    """The same by the clock that `keeping` holds, for certificates: all of the answer or none.

    Raises:
        OutOfTime: the clock was over before there was an answer.
    """
    answer = linprog(c, A_ub, b_ub, A_eq, b_eq, bounds, options, kept())
    if answer.status == _STOPPED:
        kept().look()
    return answer


def milp(
    cost: Any,
    *,
    rows: Any,
    low: Any,
    high: Any,
    whole: Any,
    bounds: tuple[float, float],
    options: Mapping[str, Any] | None = None,
    clock: Clock = ENDLESS,
) -> Any:
    """Minimise `cost @ x` with `low <= rows @ x <= high`, some variables being whole numbers.

    Args:
        cost: `[k]`.
        rows, low, high: `[m, k]`, and `[m]` each.
        whole: `[k]`, 1 where a variable is a whole number, else 0.
        bounds: of every variable.
        options: of HiGHS.
        clock: when to stop.

    Answer as of `scipy.optimize.milp`; where the clock is over before there is one, `status`
    is 1 and `x` may be None.
    """
    from scipy.optimize import Bounds, LinearConstraint

    given: dict[str, Any] = {"c": cost, "constraints": LinearConstraint(rows, low, high)}
    given |= {"integrality": whole, "bounds": Bounds(*bounds)}
    size = _size(rows) + len(cost)
    return _solved("milp", given, dict(options or {}), size >= LARGE_WHOLE, clock)


def _solved(
    what: str, given: dict[str, Any], options: dict[str, Any], large: bool, clock: Clock
) -> Any:
    if clock.over:
        return _nothing()
    if clock.left is not None and large:
        with _taken:
            worker = _working()
            if worker is not None:
                return worker.solved((what, given, options), clock)
    return _run(what, given, {**options, **clock.limits()})


def _run(what: str, given: dict[str, Any], options: dict[str, Any]) -> Any:
    with uncounted():
        from scipy import optimize

    return getattr(optimize, what)(**given, options=options)


def _nothing() -> Any:
    """The answer where there was no time for one, with all that either answer has."""
    from scipy.optimize import OptimizeResult

    none = OptimizeResult(marginals=None, residual=None)
    return OptimizeResult(
        x=None, fun=None, status=_STOPPED, success=False, message=_OVER, nit=0, mip_node_count=0,
        ineqlin=none, eqlin=none, lower=none, upper=none,
    )  # fmt: skip


def _size(rows: Any) -> int:
    """Entries and rows of a dense or sparse matrix, or of none."""
    if rows is None:
        return 0
    count = rows.nnz if hasattr(rows, "nnz") else np.size(rows)
    return int(count) + int(np.shape(rows)[0])


class _Worker:
    """A process that solves one programme after another."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        command = [sys.executable, "-P", "-c", _SERVE, json.dumps(sys.path)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.alive = self._read() == "ready"

    def solved(self, task: tuple[str, dict[str, Any], dict[str, Any]], clock: Clock) -> Any:
        """The answer to a programme; none, and the end of this process, once the clock is over."""
        what, given, options = task
        done, answers = threading.Event(), list[Any]()

        def ask() -> None:
            # ends when the process does, whatever it is doing
            with contextlib.suppress(OSError, EOFError, ValueError, pickle.UnpicklingError):
                assert self._process.stdin is not None
                limited = {**options, **clock.limits()}
                pickle.dump((what, given, limited), self._process.stdin, protocol=5)
                self._process.stdin.flush()
                found = self._read()
                answers.extend([] if found is None else [found])
            done.set()

        threading.Thread(target=ask, daemon=True).start()
        late = clock.later(_PATIENCE)
        while not done.wait(_SLICE):
            if late.over:
                self.end()
        if not answers:
            self.end()
            return _nothing()
        found, error = answers[0]
        if error is not None:
            raise error
        return found

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.alive = False
        if self.pid == os.getpid():
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError, ValueError):
                    if pipe is not None:
                        pipe.close()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (EOFError, OSError, ValueError):
            return None


_worker: _Worker | None = None
_taken = threading.Lock()


def _working() -> _Worker | None:
    """The process of this one; None where none can be started."""
    global _worker
    if _worker is None or not _worker.alive or _worker.pid != os.getpid():
        if not sys.executable:
            return None
        # the first time it is like an import; after one that was ended it takes the time it takes
        with uncounted() if _worker is None else contextlib.nullcontext():
            try:
                _worker = _Worker()
            except OSError:
                return None
        atexit.register(_worker.end)
    return _worker if _worker.alive else None


_SERVE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from coopsim.highs import serve
serve()
"""


def serve() -> None:
    """Solve the programmes that come in by standard input until it is closed."""
    answers: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not get between the answers
    from scipy import optimize

    assert optimize.linprog is not None
    pickle.dump("ready", answers)
    answers.flush()
    while True:
        try:
            what, given, options = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        found, error = None, None
        try:
            found = _run(what, given, options)
        except Exception as raised:  # raised again where the programme came from
            error = raised
        pickle.dump((found, error), answers, protocol=5)
        answers.flush()
