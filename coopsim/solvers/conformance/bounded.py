"""Games in which nobody's choice depends on the others: bounded rationality in closed form."""

from __future__ import annotations

import math
from types import MappingProxyType

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.convert import to_extensive
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.conformance.trial import Trial


def logit(rng: np.random.Generator) -> Trial:
    """Everybody's logit response does not depend on anybody."""
    form, own = _separate(rng)
    lam = float(rng.uniform(0, 3))
    known = tuple(_softmax(lam * paid) for paid in own)
    options = MappingProxyType({"lam": lam})
    return Trial("separate logit choices", form, (known,), True, by_unit=False, options=options)


def logit_tree(rng: np.random.Generator) -> Trial:
    """The same, one after another and unseen."""
    trial = logit(rng)
    return Trial(
        "unseen logit choices",
        to_extensive(trial.form),
        trial.known,
        True,
        by_unit=False,
        options=trial.options,
    )


def level(rng: np.random.Generator) -> Trial:
    """All levels above 0 do the same."""
    form, own = _separate(rng)
    known = tuple(np.eye(len(paid))[paid.argmax()] for paid in own)
    options = MappingProxyType({"level": int(rng.integers(1, 5))})
    return Trial("separate best actions", form, (known,), True, options=options)


def hierarchy(rng: np.random.Generator) -> Trial:
    """Those who do not think mix evenly, all others take the best action."""
    form, own = _separate(rng)
    tau = float(rng.uniform(0, 4))
    idle = math.exp(-tau)
    known = tuple(idle / len(paid) + (1 - idle) * np.eye(len(paid))[paid.argmax()] for paid in own)
    options = MappingProxyType({"tau": tau})
    return Trial("a population of two minds", form, (known,), True, options=options)


def _separate(rng: np.random.Generator) -> tuple[NormalForm, list[Float]]:
    """Payoffs that add an own part and one by the others' actions; the own parts."""
    n = int(rng.integers(2, 4))
    shape = tuple(rng.integers(2, 5, n).tolist())
    own = [rng.uniform(-1, 1, size) for size in shape]
    payoffs = np.zeros((n, *shape))
    for i, paid in enumerate(own):
        others = rng.uniform(-1, 1, (*shape[:i], 1, *shape[i + 1 :]))
        payoffs[i] = others + paid.reshape([-1 if j == i else 1 for j in range(n)])
    return NormalForm(payoffs), own


def _softmax(powers: Float) -> Float:
    shares = np.exp(powers - powers.max())
    return np.asarray(shares / shares.sum())
