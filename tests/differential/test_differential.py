"""Random games of many kinds to every solver; what is called proved is put to exact arithmetic.

`claims.py` says what each status claims, `rational.py`, `matrix.py`, `trees.py` and `others.py`
decide in fractions whether an answer is refuted. The counts are printed at the end of the run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.differential import games, trial

SLICE = 50
KINDS = {
    "zero_sum": 800,
    "general": 800,
    "symmetric": 800,
    "ties": 900,
    "doubled": 800,
    "three": 300,
    "four": 300,
    "polymatrix": 300,
    "crowded": 300,
    "mixed_scales": 600,
    "offsets": 600,
    "extremes": 500,
    "open_tree": 300,
    "hidden_tree": 300,
    "types": 500,
    "security": 500,
    "coalitions": 400,
    "bargains": 300,
    "traffic": 200,
    "stages": 200,
    "boxes": 200,
    "formulas": 100,
}
"""How many games of each kind; see `games.py`."""

SLICES = [
    (kind, first, min(SLICE, count - first))
    for kind, count in KINDS.items()
    for first in range(0, count, SLICE)
]


def run(kind: str, first: int, count: int) -> trial.Tally:
    """The games `first`, `first + 1` ... of a kind, each from a seed of its own."""
    tally = trial.Tally()
    for seed in range(first, first + count):
        game = getattr(games, kind)(np.random.default_rng(seed))
        trial.put(game, f"{kind} {seed}", tally)
    return tally


def test_there_are_ten_thousand_games_of_at_least_sixteen_kinds() -> None:
    assert sum(KINDS.values()) == 10_000
    assert len(KINDS) >= 16


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("kind", "first", "count"), SLICES)
def test_no_proved_answer_is_refuted(
    kind: str, first: int, count: int, record_property: Any
) -> None:
    tally = run(kind, first, count)
    record_property("counts", str(tally))
    assert not tally.wrong, f"{len(tally.wrong)} refuted:\n" + "\n".join(tally.wrong[:20])
    assert tally.proved


@pytest.mark.parametrize("kind", KINDS)
def test_no_proved_answer_to_the_first_games_is_refuted(kind: str, record_property: Any) -> None:
    """The same on two games of each kind."""
    tally = run(kind, 0, 2)
    record_property("counts", str(tally))
    assert not tally.wrong, f"{len(tally.wrong)} refuted:\n" + "\n".join(tally.wrong[:20])


# -- the oracles themselves: what is wrong must be refuted ---------------------------------
