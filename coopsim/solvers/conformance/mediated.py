"""Small trees whose best mediated play is known by construction."""

from __future__ import annotations

import numpy as np

from coopsim.games.forms.convert import to_extensive
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificate import Profile
from coopsim.solvers.conformance.trial import Trial


def agreed(rng: np.random.Generator) -> Trial:
    """Everybody is best off where all play one profile, which a mediator then recommends."""
    shape: tuple[int, ...] = tuple(rng.integers(2, 4, size=rng.integers(2, 4)).tolist())
    payoffs = rng.uniform(0, 1, (len(shape), *shape))
    best = tuple(int(rng.integers(size)) for size in shape)
    for own in payoffs:
        own[best] = 2.0
    joint = np.zeros(shape)
    joint[best] = 1.0
    known: tuple[Profile, ...] = ((joint,),)
    return Trial("one profile best for all", to_extensive(NormalForm(payoffs)), known, True)
