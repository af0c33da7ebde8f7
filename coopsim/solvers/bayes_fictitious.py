"""Fictitious play on monotone strategies of a sealed-bid auction, on grids.

Every bidder believes that rivals bid as they did on average so far and answers with the best bid
for each type, the same for higher types or higher: a better type never has less to gain from
winning more often. Averages are of bid distributions, so that beliefs become smooth although
each answer is on the grid. Sources: Rabinovich, Naroditskiy, Gerding and Jennings (2013),
Computing pure Bayesian-Nash equilibria in games with finite actions and continuous types,
Artificial Intelligence 195; Heymann and Mertikopoulos (2021), A heuristic for estimating Nash
equilibria in first-price auctions with correlated values.
"""

from __future__ import annotations

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.auction import SealedBidForm
from coopsim.solvers.auctions import Grids, bid_functions, reported
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

_LOOK = 10


def solve(
    form: SealedBidForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    types: int = 64,
    bids: int = 96,
    rounds: int = 1000,
) -> Found:
    """Bid functions from average strategies of fictitious play.

    Args:
        form: the auction.
        tol: stop where nobody's best response on the grid gains more, in payoff units.
        deadline: seconds after which the best averages so far are returned.
        types: equally likely types a bidder.
        bids: levels from the reserve to the highest sensible bid.
        rounds: most rounds; the average of round t weighs the newest answer by 2 / (t + 2).

    Returns:
        Increasing bid functions with the bid distributions of the averages; `details` has the
        loss on the grid.

    Raises:
        UserError: an option out of range.

    Cost: rounds x n x types x bids numbers.
    """
    for name, given in (("types", types), ("bids", bids)):
        require_count(name, given, 2)
    require_count("rounds", rounds)
    clock = Clock(deadline)
    grids = Grids.of(form, types, bids)
    # a start between staying away and the own value
    place = np.clip(np.searchsorted(grids.bids, 0.5 * grids.values), 0, bids)
    average = np.eye(bids + 1)[place]
    best, best_loss, used = average, np.inf, 0
    while used < rounds and not clock.over:
        masses = average.mean(1)
        gathered = (average * grids.signals[..., None]).mean(1)
        worth = grids.utilities(masses, gathered)
        if used % _LOOK == 0:
            gain = worth.max(-1) - (worth * average).sum(-1)
            loss = float(gain.mean(-1).max())
            if loss < best_loss:
                best, best_loss = average.copy(), loss
            if best_loss <= tol:
                break
        used += 1
        weight = 2 / (used + 2)
        answer = best_monotone(worth)
        average = average * (1 - weight)
        rows = np.arange(form.n)[:, None], np.arange(types)[None]
        average[(*rows, answer)] += weight
    profile = bid_functions(grids, best, clock)
    return Found(
        (profile,),
        f"{used} rounds of fictitious play on {types} types and {bids} bids; on the grid a best "
        f"response gains {best_loss:.2g}",
        {"rounds": used},
        finished=False,
        details=(reported(form, profile, clock, grid_loss=best_loss),),
    )


def best_monotone(worth: Float) -> np.ndarray:
    """The best bid of each type that is no lower than those of lower types, `[n, K]`.

    Args:
        worth: what each bid earns each type, `[n, K, L]`.

    Best responses are monotone up to ties, so the lowest best bid of a type above that of
    the type before is taken.
    """
    slack = 1e-12 * max(1e-300, float(np.abs(worth).max()))
    good = worth >= worth.max(-1, keepdims=True) - slack
    lowest = good.argmax(-1)
    return np.asarray(np.maximum.accumulate(lowest, axis=-1))
