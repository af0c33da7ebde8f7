"""Look into states: trees of dataclasses and mappings whose leaves are arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from coopsim.arrays import to_numpy

Leaf = tuple[str, Any]


def leaves(tree: Any, path: str = "") -> Iterator[Leaf]:
    """Every leaf with its dotted path; None is no leaf."""
    for name, value in _children(tree):
        below = f"{path}.{name}" if path else name
        if value is None:
            continue
        if _is_branch(value):
            yield from leaves(value, below)
        else:
            yield below, value


def mapped(tree: Any, function: Callable[[Any], Any]) -> Any:
    """The tree with `function` applied to every leaf."""
    if tree is None:
        return None
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        changed = {name: mapped(value, function) for name, value in _children(tree)}
        return dataclasses.replace(tree, **changed)
    if isinstance(tree, Mapping):
        return {name: mapped(value, function) for name, value in tree.items()}
    if isinstance(tree, tuple):
        return tuple(mapped(value, function) for value in tree)
    return function(tree)


def copied(tree: Any) -> Any:
    """The tree with every array copied."""
    return mapped(tree, lambda leaf: np.array(leaf))


def episode(tree: Any, index: int) -> Any:
    """The tree of one episode: every leaf cut to a batch of one."""
    return mapped(tree, lambda leaf: leaf[index : index + 1])


def difference(one: Any, other: Any, tol: float = 0.0) -> str | None:
    """Where two trees differ by more than `tol` (relative above 1), in words; None if nowhere.

    With `tol` 0 they must be equal bit for bit. NaN equals NaN.
    """
    left, right = dict(leaves(one)), dict(leaves(other))
    if left.keys() != right.keys():
        return f"the names {sorted(left)} and {sorted(right)}"
    for name, value in left.items():
        a, b = to_numpy(value), to_numpy(right[name])
        if a.shape != b.shape:
            return f"{name} has shape {a.shape} and {b.shape}"
        if np.array_equal(a, b, equal_nan=a.dtype.kind in "fc" and b.dtype.kind in "fc"):
            continue
        apart = np.abs(a.astype(float) - b.astype(float))
        size = np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
        if tol == 0.0 or not (apart <= tol * size).all():
            return f"{name} differs by {apart.max():.3g}"
    return None


def _is_branch(value: Any) -> bool:
    return isinstance(value, Mapping | tuple) or (
        dataclasses.is_dataclass(value) and not isinstance(value, type)
    )


def _children(tree: Any) -> Iterator[Leaf]:
    if isinstance(tree, Mapping):
        yield from ((str(name), value) for name, value in tree.items())
    elif isinstance(tree, tuple):
        yield from ((str(place), value) for place, value in enumerate(tree))
    else:
        for item in dataclasses.fields(tree):
            yield item.name, getattr(tree, item.name)
