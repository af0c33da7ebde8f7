"""Which games a solver is tried on."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from coopsim import seeding
from coopsim.solvers.conformance import (
    bounded,
    boxes,
    commitments,
    groups,
    incomplete,
    joint,
    mediated,
    opposed,
    overtime,
    tables,
    trees,
)
from coopsim.solvers.conformance.trial import Trial

Family = Callable[[np.random.Generator], Trial]

FAMILIES: dict[tuple[str, str], tuple[Family, ...]] = {
    ("nash", "normal"): (
        tables.dominant,
        tables.small_integers,
        tables.coordination,
        opposed.saddle,
    ),
    ("nash", "continuous"): (
        boxes.quadratic,
        boxes.cournot,
        boxes.complements,
        boxes.several,
        boxes.at_bounds,
    ),
    ("nash", "extensive"): (trees.dealt, trees.seen, trees.opposed),
    ("extensive-form correlated", "extensive"): (mediated.agreed,),
    ("extensive-form coarse correlated", "extensive"): (mediated.agreed,),
    ("optimum", "normal"): (tables.largest_sum,),
    ("optimum", "continuous"): (
        boxes.concave,
        boxes.corner,
        boxes.two_tops,
        boxes.complements_optimum,
    ),
    ("stackelberg", "normal"): (commitments.announced, commitments.opposed),
    ("correlated commitment", "normal"): (commitments.told,),
    ("correlated commitment", "extensive"): (commitments.unseen_told,),
    ("stackelberg", "bayesian commitment"): (commitments.types,),
    ("stackelberg", "security"): (commitments.guarded,),
    ("stackelberg", "extensive"): (commitments.unseen,),
    ("stackelberg", "continuous"): (commitments.duopoly,),
    ("correlated", "normal"): (joint.agreed, joint.opposed),
    ("coarse correlated", "normal"): (joint.agreed, joint.opposed),
    ("rationalizable", "normal"): (joint.eliminated,),
    ("evolutionarily stable", "normal"): (joint.contested,),
    ("alpha-rank", "normal"): (joint.selected,),
    ("quantal response", "normal"): (bounded.logit,),
    ("agent quantal response", "extensive"): (bounded.logit_tree,),
    ("level-k", "normal"): (bounded.level,),
    ("cognitive hierarchy", "normal"): (bounded.hierarchy,),
    ("nash", "bayesian"): (incomplete.dominant_types,),
    ("nash", "sealed bid"): (incomplete.first_price, incomplete.first_price_power),
    **groups.FAMILIES,
    **overtime.FAMILIES,
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
