"""Walk an OpenSpiel game in a process of its own, which may end as badly as it likes.

OpenSpiel is written in C++, and not every parameter is checked there: some end the process
(`universal_poker(numPlayers=99)`), or ask for more memory than there is. A file must not be
able to do that to the process that reads it.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from coopsim.errors import CoopsimError, UserError
from coopsim.games.adapters import openspiel

_ROOT = Path(__file__).resolve().parents[3]
_MEMORY, _NODE = 3 << 30, 1536  # bytes for a game, and for each node of its tree
_SECONDS, _RATE = 10, 10_000  # of processor time to make a game, and nodes a second after that
_BUSY = 5  # a machine with other work to do takes so much longer


def walked(name: str, limit: int) -> openspiel.Walk:
    """As `openspiel.walk` does, with the same errors; ways to end badly become one too.

    Raises:
        UserError: the process ended, or took too long or too much memory.
    """
    with tempfile.TemporaryDirectory(prefix="coopsim-") as folder:
        answer = Path(folder, "answer")
        # isolated from the working directory, where anybody's modules may lie
        patience = _BUSY * (_SECONDS + limit / _RATE)
        command = [sys.executable, "-P", "-m", __name__, name, str(limit), str(answer)]
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            ended = subprocess.run(
                command,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(paths),
                    "OPENBLAS_NUM_THREADS": "1",  # each would ask for memory of its own
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _ended(name, f"nothing came of it in {patience:.0f} s") from None
        if ended.returncode or not answer.is_file():
            raise _ended(name, _way(ended.returncode))
        found = pickle.loads(answer.read_bytes())
    if isinstance(found, CoopsimError):
        raise found
    walk: openspiel.Walk = found
    return walk


def main(name: str, limit: int, answer: str) -> None:
    """Walk a game and leave what was found, or the error, in a file."""
    found: Any
    try:
        _bound(_MEMORY, _SECONDS)
        game = openspiel.loaded(name)
        _bound(_MEMORY + _NODE * limit, 2 * _SECONDS + limit // _RATE)
        found = openspiel.walk(game, limit)
    except CoopsimError as error:
        found = error
    Path(answer).write_bytes(pickle.dumps(found))


def _bound(memory: int, seconds: int) -> None:
    """Let this process have so much of both and no more, where the system can see to that."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for kind, most in (
        (resource.RLIMIT_AS, min(memory, machine)),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        held = resource.getrlimit(kind)[1]
        soft = most if held == resource.RLIM_INFINITY else min(most, held)
        resource.setrlimit(kind, (soft, held))


def _way(code: int) -> str:
    if code == -getattr(signal, "SIGXCPU", 0) != 0:
        return f"it was not made in {_SECONDS} s, or its tree not in time"
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it ended with code {code}"


def _ended(name: str, how: str) -> UserError:
    return UserError(
        f"OpenSpiel cannot build this game: {how}",
        key="name",
        given=name,
        allowed="parameters for which the game is defined",
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
