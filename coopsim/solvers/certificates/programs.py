"""Linear programs of certificates, which say so where numbers are beyond all floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.highs import whole_linprog


def linear_program(cost: Any, *given: Any, **parts: Any) -> Any:
    """`whole_linprog` on finite numbers; arguments and result as there.

    Raises:
        OutOfTime: the clock that is kept was over first.
        FloatingPointError: a coefficient or a limit is not finite.
    """
    names = ("A_ub", "b_ub", "A_eq", "b_eq")
    parts = {**dict(zip(names, given, strict=False)), **parts}
    for rows in (cost, *(parts.get(name) for name in names)):
        numbers = getattr(rows, "data", rows) if hasattr(rows, "nnz") else rows
        if numbers is not None and not np.isfinite(np.asarray(numbers, dtype=np.float64)).all():
            raise FloatingPointError("a linear program with numbers that are not finite")
    return whole_linprog(cost, **parts)
