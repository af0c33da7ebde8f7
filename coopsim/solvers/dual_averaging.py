"""Simultaneous online dual averaging on distributional strategies (SODA).

Types and bids are put on grids. A strategy is a matrix of the probabilities of pairs of type and
bid, with the probability of each type given; utility is linear in it. All bidders at once add up
the gradients of their utilities and play the best response to the sum, softened by a
regulariser. Source: Bichler, Fichtl and Oberlechner (2023), Computing Bayes-Nash equilibrium
strategies in auction games via simultaneous online dual averaging, Operations Research.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.auction import SealedBidForm
from coopsim.solvers.auctions import Grids, bid_functions, reported
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

_LOOK = 20  # rounds between two looks at the loss


def suits(form: SealedBidForm, everything: bool) -> str:
    """Any sealed-bid auction, where no closed form or differential equation applies."""
    return "any sealed-bid auction on a grid of types and bids"


def solve(
    form: SealedBidForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    types: int = 64,
    bids: int = 96,
    rounds: int = 1000,
    step: float = 20.0,
    decay: float = 0.05,
    regulariser: Literal["entropic", "euclidean"] = "entropic",
) -> Found:
    """Bid functions from strategies that dual averaging settles at on a grid.

    Args:
        form: the auction.
        tol: stop where nobody's best response on the grid gains more, in payoff units.
        deadline: seconds after which the best strategies so far are returned.
        types: equally likely types a bidder.
        bids: levels from the reserve to the highest sensible bid.
        rounds: most rounds.
        step: the first step size, per unit of the highest value.
        decay: steps shrink with the round to the power of minus this, 0 to 1.
        regulariser: "entropic" (multiplicative weights) or "euclidean" (projections).

    Returns:
        Increasing bid functions with the bid distributions of the average strategies of the
        second half of the rounds (or of the last ones, where these lose less); `details` has
        the loss on the grid. The regret of the functions is about a tenth of the spacing of bids.

    Raises:
        UserError: an option out of range.

    Cost: rounds x n x types x bids numbers.
    """
    for name, given in (("types", types), ("bids", bids)):
        require_count(name, given, 2)
    require_count("rounds", rounds)
    if regulariser not in ("entropic", "euclidean"):
        raise UserError(
            "no regulariser",
            key="regulariser",
            given=regulariser,
            allowed=["entropic", "euclidean"],
        )
    if not (step > 0 and 0 <= decay <= 1):
        raise UserError("a step above 0 and a decay from 0 to 1", key="step", given=[step, decay])
    clock = Clock(deadline)
    grids = Grids.of(form, types, bids)
    project = _softmax if regulariser == "entropic" else _simplex
    scale = step / form.highest_value
    dual = np.zeros((form.n, types, bids + 1))
    # bids above the own value are never better than staying away
    if form.private:
        dual[grids.bids > grids.values[..., None]] = -np.inf
    shares = project(dual)
    total, used = np.zeros_like(shares), 0
    while used < rounds and not clock.over:
        worth = _gradients(grids, shares)
        if used % _LOOK == 0 and _loss(worth, shares) <= tol:
            break
        used += 1
        # the first half of the rounds only leads to the neighbourhood
        if used > rounds // 2:
            total += shares
        dual += scale * used**-decay * worth
        dual -= dual.max(-1, keepdims=True)
        shares = project(dual)
    weight = total.sum(-1, keepdims=True)
    average = np.divide(total, weight, out=shares.copy(), where=weight > 0)
    losses = [_loss(_gradients(grids, each), each) for each in (shares, average)]
    profile = bid_functions(grids, average if losses[1] <= losses[0] else shares, clock)
    return Found(
        (profile,),
        f"{used} rounds of {regulariser} dual averaging on {types} types and {bids} bids; on the "
        f"grid a best response gains {min(losses):.2g}",
        {"rounds": used},
        finished=False,
        details=(reported(form, profile, clock, grid_loss=min(losses)),),
    )


def _gradients(grids: Grids, shares: Float) -> Float:
    """The gradients of utilities by the probabilities of type and bid, `[n, K, L]`."""
    masses = shares.sum(1) * grids.share
    gathered = (shares * grids.signals[..., None]).sum(1) * grids.share
    return grids.utilities(masses, gathered)


def _loss(worth: Float, shares: Float) -> float:
    """The most that a bidder gains, before types are known, by a best response on the grid."""
    gain = worth.max(-1) - (worth * shares).sum(-1)
    return float(gain.mean(-1).max())


def _softmax(dual: Float) -> Float:
    share = np.exp(dual - dual.max(-1, keepdims=True))
    return np.asarray(share / share.sum(-1, keepdims=True))


def _simplex(dual: Float) -> Float:
    """The nearest distributions to rows of numbers (Held, Wolfe and Crowder 1974)."""
    order = np.sort(np.where(np.isfinite(dual), dual, -1e300), axis=-1)[..., ::-1]
    excess = np.cumsum(order, axis=-1) - 1
    count = np.arange(1, dual.shape[-1] + 1)
    kept = (order * count > excess).sum(-1, keepdims=True)
    level = np.take_along_axis(excess, kept - 1, axis=-1) / kept
    return np.asarray(np.maximum(dual - level, 0.0))
