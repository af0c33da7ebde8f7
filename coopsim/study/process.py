"""The process that work runs in: one thread of arithmetic, deaf to Ctrl-C, gone with its parent.

Nothing heavy is imported here, so that a worker looks after itself from its first moment on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from coopsim import budget

_LOOK = 0.25  # seconds between two looks at whether the parent is still there


def enter(parent: int, cwd: str, memory: int) -> None:
    """Set up a new worker process.

    Args:
        parent: process id of the process that started it; the worker ends with it.
        cwd: working directory, where content is looked up.
        memory: how many bytes it may plan to use.
    """
    budget.set_memory(memory)
    # Ctrl-C reaches every process of a terminal; the parent decides what it means
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is imported, which is later
    os.chdir(cwd)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


@contextmanager
def safe_path() -> Iterator[None]:
    """Python processes that are started in here import nothing from the working directory.

    There may lie files of a stranger's, and Python looks there first for a module that is run
    by name, as workers are.
    """
    name = "PYTHONSAFEPATH"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


@contextmanager
def deaf_children() -> Iterator[None]:
    """Processes that are started in here ignore Ctrl-C even before they reach `enter`."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread: sums are then the same for any number of workers."""
    import scipy.linalg  # noqa: F401 (loaded first: what is not loaded cannot be limited)
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    with threadpool_limits(1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)


def _end_with(parent: int) -> None:
    # an orphan is given another parent, whatever became of its own
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)
