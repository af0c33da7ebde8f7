"""The seed tree: every random stream is keyed by where it is used, never by when.

A stream is named by a path such as ``("cell 3f2a", "episode block 0", "player 1")``
under one root seed. Two workers that reach the same path draw the same numbers,
whatever ran before them, so tables do not depend on the number of workers.
"""

from __future__ import annotations

import hashlib

import numpy as np


def sequence(root: int, *path: str | int) -> np.random.SeedSequence:
    """The `SeedSequence` at `path` under the root seed `root` (any non-negative integer)."""
    # a path element becomes four 32-bit words, so that names and numbers cannot collide
    key: list[int] = []
    for part in path:
        tag = f"{type(part).__name__}:{part}".encode()
        key += np.frombuffer(hashlib.sha256(tag).digest()[:16], dtype="<u4").tolist()
    return np.random.SeedSequence(entropy=root, spawn_key=tuple(key))


def generator(root: int, *path: str | int) -> np.random.Generator:
    """A numpy generator for the stream at `path` under the root seed `root`."""
    return np.random.Generator(np.random.PCG64(sequence(root, *path)))
