"""Small games of incomplete information whose equilibria are known."""

from __future__ import annotations

import numpy as np

from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.distributions import power, uniform
from coopsim.solvers.conformance.trial import Trial


def dominant_types(rng: np.random.Generator) -> Trial:
    """Every type of two players has an action that is best whatever the other does."""
    types, actions = rng.integers(2, 4, 2), rng.integers(2, 4, 2)
    payoffs = rng.uniform(0, 1, (2, *types, *actions))
    best = [rng.integers(actions[i], size=types[i]) for i in range(2)]
    for t, action in enumerate(best[0]):
        payoffs[0, t, :, action] += 1.5
    for t, action in enumerate(best[1]):
        payoffs[1, :, t, :, action] += 1.5
    prior = rng.dirichlet(np.full(int(types.prod()), 5.0)).reshape(types)
    profile = tuple(np.eye(actions[i])[best[i]].ravel() for i in range(2))
    return Trial("dominant actions by type", BayesianForm(payoffs, prior), (profile,), True)


def first_price(rng: np.random.Generator) -> Trial:
    """Bidders alike with evenly spread values: each bids the mean of the highest value below."""
    n, low = int(rng.integers(2, 5)), float(rng.choice([0.0, 1.0]))
    high = low + float(rng.uniform(0.5, 5))
    form = SealedBidForm.symmetric(n, uniform(low, high), points=129)
    bids = low + (n - 1) / n * (form.types[0] - low)
    return Trial("first price", form, ((bids,) * n,), False)


def first_price_power(rng: np.random.Generator) -> Trial:
    """Bidders alike with F = v^a: each bids the same share of the own value."""
    n, a = int(rng.integers(2, 4)), float(rng.uniform(1, 3))
    form = SealedBidForm.symmetric(n, power(a))
    share = (n - 1) * a / ((n - 1) * a + 1)
    return Trial("first price, F = v^a", form, ((share * form.types[0],) * n,), False)
