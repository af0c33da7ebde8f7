"""Which games a solver is tried on."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from coopsim import seeding
from coopsim.solvers.conformance import boxes, tables
from coopsim.solvers.conformance.trial import Trial

Family = Callable[[np.random.Generator], Trial]

FAMILIES: dict[tuple[str, str], tuple[Family, ...]] = {
    ("nash", "normal"): (tables.dominant, tables.small_integers, tables.coordination),
    ("nash", "continuous"): (
        boxes.quadratic,
        boxes.cournot,
        boxes.complements,
        boxes.several,
        boxes.at_bounds,
    ),
    ("optimum", "normal"): (tables.largest_sum,),
    ("optimum", "continuous"): (
        boxes.concave,
        boxes.corner,
        boxes.two_tops,
        boxes.complements_optimum,
    ),
}
"""What there are trials of: the problem and the kind of form, and the families of games."""


def trials(problem: str, form: str, seed: int, count: int) -> list[Trial]:
    """`count` trials of a problem on a kind of form, the families in turn.

    Raises:
        KeyError: there are no trials of this problem on this form.
    """
    made = []
    families = itertools.cycle(FAMILIES[problem, form])
    for place, family in zip(range(count), families, strict=False):
        made.append(family(seeding.generator(seed, "trial", problem, form, place)))
    return made
