"""Continuous forms of hand-written payoffs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from coopsim.arrays import Float
from coopsim.games.forms.continuous import ContinuousForm


@pytest.fixture
def box() -> Callable[..., ContinuousForm]:
    """A form on a box: payoffs, bounds, and who owns what where it is not in order."""

    def make(
        payoffs: Callable[[Float], Float],
        low: Sequence[float],
        high: Sequence[float],
        owner: Sequence[int] | None = None,
        **more: Any,
    ) -> ContinuousForm:
        owners = np.arange(len(low)) if owner is None else np.asarray(owner)
        players = tuple(f"player {i + 1}" for i in range(int(owners.max()) + 1))
        return ContinuousForm(
            players, np.asarray(low, float), np.asarray(high, float), owners, payoffs, **more
        )

    return make
