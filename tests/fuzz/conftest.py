"""How much is tried, and what keeps a mistake that is found from taking the machine with it.

`make test` tries the same examples every time. `make fuzz` sets COOPSIM_FUZZ_SECONDS and goes on
with other examples, from seeds that it prints, until the time is over.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("COOPSIM_FUZZ_SECONDS", "0"))
FIRST = int(os.environ.get("COOPSIM_FUZZ_SEED", "0"))
STATM = Path("/proc/self/statm")
_TESTS = 5  # that share the time
_ADDED = 6_000_000_000  # bytes of addresses beside those that are taken already
_LONGEST = 30.0  # seconds of processor time an example

Tried = Callable[[SearchStrategy[Any], Callable[[Any], None], int], None]


class TooLong(BaseException):
    """An example that no budget stopped; past every `except Exception`."""


@pytest.fixture
def tried() -> Tried:
    """Calls a function with examples of a strategy: so many, or for as long as there is time."""

    def call(examples: SearchStrategy[Any], function: Callable[[Any], None], count: int) -> None:
        fixed = settings(
            max_examples=count,
            derandomize=not SECONDS,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )

        def one(example: Any) -> None:
            with _Watched():
                function(example)

        def one_round() -> None:
            # a new function each time, since hypothesis keeps what it knows of one
            @fixed
            @given(example=examples)
            def look(example: Any) -> None:
                one(example)

            (seed(number)(look) if SECONDS else look)()

        number = FIRST
        if not SECONDS:
            one_round()
            return
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        end = time.monotonic() + SECONDS * min(workers, _TESTS) / _TESTS
        for number in itertools.count(FIRST):
            if time.monotonic() > end:
                return
            print(f"COOPSIM_FUZZ_SEED={number}")
            one_round()

    return call


class _Watched:
    """An example gets so much processor time, and so many addresses."""

    def __enter__(self) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_AS)
        if STATM.exists():
            pages = int(STATM.read_text(encoding="ascii").split()[0])
            most = pages * resource.getpagesize() + _ADDED
            hard = self.before[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
        self.handler = signal.signal(signal.SIGPROF, _stop)
        signal.setitimer(signal.ITIMER_PROF, _LONGEST)

    def __exit__(self, *problem: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self.handler)
        resource.setrlimit(resource.RLIMIT_AS, self.before)


def _stop(*_: object) -> None:
    raise TooLong(f"more than {_LONGEST:g} s of processor time")


@pytest.fixture(scope="session", autouse=True)
def _loaded() -> None:
    """Libraries that count their memory when they start do so outside of an example's limits."""
    for name in ("numba", "polars", "scipy.optimize", "pyspiel", "torch"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
