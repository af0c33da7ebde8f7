"""Array conventions: one definition of a game runs on numpy and on torch.

Axis order is batch, player, then the rest. Memory order is free: game kernels keep
the batch axis contiguous (it is last in memory), which is two to five times faster
for the small player axes of games, and show it first in the shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from coopsim.extras import require

T = TypeVar("T")

Array = Any
"""A numpy array or a torch tensor; shapes are stated where it is used."""

Float = npt.NDArray[np.float64]
"""A numpy array of float64, the type that solvers work in."""


def positive_part(*values: float) -> float:
    """The largest of 0 and `values`; NaN where one of them is NaN or minus infinity.

    `max(0.0, nan)` is 0 in Python: a gain that could not be computed would pass for no gain.
    """
    if any(math.isnan(value) or value == -math.inf for value in values):
        return math.nan
    return float(max((0.0, *values)))


def namespace(array: Array) -> Any:
    """The array namespace (numpy, or array_api_compat.torch) of `array`."""
    if isinstance(array, np.ndarray):
        return np
    # not array_api_compat's own look-up, which torch.compile cannot trace without warning
    import array_api_compat.torch

    return array_api_compat.torch


@dataclass(frozen=True, slots=True)
class Backend:
    """Where arrays live: the library, the floating type and the device.

    Args:
        library: "numpy" or "torch".
        dtype: "float64" (to solve and to play on a CPU) or "float32" (to learn).
        device: torch device ("cpu", "cuda"); numpy knows only "cpu".
    """

    library: str = "numpy"
    dtype: str = "float64"
    device: str = "cpu"

    @property
    def xp(self) -> Any:
        """The array namespace."""
        return _library(self.library)

    def asarray(self, values: Any) -> Array:
        """`values` as a floating array of this backend."""
        if self.library == "numpy":
            return np.asarray(values, dtype=self.dtype)
        torch = require("torch", extra="learn")
        if isinstance(values, np.ndarray) and not values.flags.writeable:
            values = values.copy()  # torch cannot promise not to write, so it warns
        return torch.as_tensor(values, dtype=getattr(torch, self.dtype), device=self.device)


NUMPY = Backend()


def backend_of(array: Array) -> Backend:
    """The backend that `array` belongs to."""
    if isinstance(array, np.ndarray):
        return NUMPY if array.dtype == np.float64 else Backend(dtype=str(array.dtype))
    return Backend("torch", str(array.dtype).removeprefix("torch."), str(array.device))


class PerBackend(Generic[T]):
    """What is computed once for each backend, and then found by an array of that backend.

    A game keeps its parameters as arrays in one of these: finding them must cost less than
    a round of play, and torch.compile must be able to trace it (it cannot trace lru_cache).

    Args:
        make: computes it for a backend.
    """

    def __init__(self, make: Callable[[Backend], T]) -> None:
        self._make = make
        self._made: dict[Any, T] = {}

    def __call__(self, like: Array) -> T:
        """What belongs to the backend of `like`."""
        key = like.dtype if isinstance(like, np.ndarray) else (like.dtype, like.device)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._make(backend_of(like))
        return found


def batch_last(array: Array) -> Array:
    """`[B, ...]` as `[..., B]`, contiguous: a view where memory is batch last, else one copy."""
    if isinstance(array, np.ndarray):
        return np.ascontiguousarray(array.transpose(_LAST[array.ndim]))
    return array.movedim(0, -1).contiguous()


def batch_first(array: Array) -> Array:
    """`[..., B]` seen as `[B, ...]`; memory stays as it is."""
    if isinstance(array, np.ndarray):
        return array.transpose(_FIRST[array.ndim])
    return array.movedim(-1, 0)


def at_least(array: Array, low: float | Array) -> Array:
    """`array`, nowhere below a number (as an array without axes it costs a small array less)."""
    # torch.maximum takes no numbers, and an array of them costs a pass over memory
    if not isinstance(array, _NUMPY):
        return array.clamp(min=low)
    # numpy's maximum with one number takes three times as long as its clip, which costs more
    # to call
    return np.maximum(array, low) if array.size < _MANY else array.clip(low, np.inf)


def between(array: Array, low: float, high: float) -> Array:
    """`array`, nowhere below or above two numbers."""
    if isinstance(array, _NUMPY):
        return array.clip(low, high)
    return array.clamp(low, high)


def add_up(array: Array, axis: int) -> Array:
    """The sum over the first (0) or the second (1) axis."""
    if array.shape[axis] == 2:
        # two players: an addition takes a third of the time of a reduction
        return array[0] + array[1] if axis == 0 else array[:, 0] + array[:, 1]
    return array.sum(axis)


def to_numpy(array: Array) -> npt.NDArray[Any]:
    """`array` as a numpy array on the CPU (no copy where it already is one)."""
    if isinstance(array, np.ndarray):
        return array
    return np.asarray(array.detach().cpu().numpy())


_MANY = 512
# one element of an array without a batch axis is a numpy scalar, not an array
_NUMPY = (np.ndarray, np.generic)
# by number of axes; np.moveaxis takes ten times as long as a transposition by known axes
_LAST = tuple((*range(1, ndim), 0) for ndim in range(9))
_FIRST = tuple((ndim - 1, *range(ndim - 1)) for ndim in range(9))


@lru_cache(maxsize=4)
def _library(name: str) -> Any:
    if name == "numpy":
        return np
    if name != "torch":
        raise ValueError(f"unknown array library {name!r}; allowed: numpy, torch")
    require("torch", extra="learn")
    import array_api_compat.torch

    return array_api_compat.torch
