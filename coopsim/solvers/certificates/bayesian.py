"""Certificates of games of incomplete information: what a bidder or a type gains by deviating."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.bayesian_convert import to_extensive
from coopsim.games.forms.bidding import BidLaw, laws, outcome, prospect
from coopsim.solvers.certificates.rational import rounded_up
from coopsim.solvers.certificates.rational_tree import MOST_NODES, gains_in_tree
from coopsim.solvers.proof import ROUNDING, Certificate, spreads

_BIDS = 2049  # of the first look
_LOOKS, _ZOOM = 3, 33
_TYPES = 513


def regret(
    form: BayesianForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains, before types are known, by the best action at every type.

    Cost: one contraction of the payoff tensor a player.
    """
    gains, at = [], []
    for player, matrix in enumerate(form.matrices(profile)):
        worth = form.deviations(profile, player)
        earned = (worth * matrix).sum(1)
        gains.append(positive_part(float(np.maximum(worth.max(1) - earned, 0).sum())))
        at.append(float(earned.sum()))
    how, exact = "every action at every type of every player", None
    finite = np.isfinite(form.payoffs).all() and np.isfinite(form.prior).all()
    if finite and form.size <= MOST_NODES:  # the tree has the same strategies
        exact = gains_in_tree(to_extensive(form), profile, details.get("exact_profile"))
    if exact is not None:
        gains, how = [rounded_up(gain) for gain in exact], f"{how}, in fractions"
    else:
        off = _off(form, profile)
        gains = [gain + off * span for gain, span in zip(gains, spreads(form.payoffs), strict=True)]
    proof = Certificate.of(
        "regret",
        gains,
        spreads(form.payoffs),
        exact=True,
        checked_by=how,
        rational=exact is not None,
    )
    return proof, np.array(at)


def _off(form: BayesianForm, profile: tuple[Float, ...]) -> float:
    """How far rows are from distributions, beyond rounding."""
    away = 0.0
    for matrix in form.matrices(profile):
        away = positive_part(away, float(np.abs(matrix.sum(1) - 1).max()), -float(matrix.min()))
    return 0.0 if away <= ROUNDING else away


def interim_regret(
    form: SealedBidForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """The most that a bidder of any signal on a grid gains by another bid; expected payoffs.

    Every second signal lies between those that the bid functions are written down for. Bids
    are searched on a grid of 2,049 and then three times closer around the best of it for each
    signal. A deviation beats equal bids: it may be a hair higher.

    Cost: about 1.2 million utilities a player and 70,000 bids against the others' laws.

    Raises:
        ValueError: the profile does not fit the form.
    """
    others = laws(form, profile)
    worst, mean, slack, spans = [], [], [], []
    for player, part in enumerate(profile):
        look()
        spans.append(_highest(form, others, player))
        most, average, more = _gains(form, others, player, part)
        worst.append(most)
        mean.append(average)
        slack.append(more)
    proof = Certificate.of(
        "interim regret",
        worst,
        spans,
        exact=False,
        checked_by=(
            f"{_TYPES} signals a bidder and {_BIDS} bids with {_LOOKS} closer looks (mean "
            f"{max(mean):.2g}; by the spacing of the first grid no bid at these signals can gain "
            f"more than {max(slack):.2g})"
        ),
    )
    return proof, outcome(form, profile).utilities


def _gains(
    form: SealedBidForm, others: tuple[BidLaw, ...], player: int, part: Float
) -> tuple[float, float, float]:
    """The largest and the mean gain of a player over signals, and a bound between grid bids."""
    signal = form.signals[player]
    types = np.sort(
        np.concatenate([form.types[player], np.linspace(signal.low, signal.high, _TYPES)])
    )
    worth = np.asarray(form.weights)[player, player] * types
    played = prospect(form, others, player, form.bid(player, part, types), ties="drawn")
    earned = played.utility(worth)
    top = _highest(form, others, player)
    grid = np.unique(np.concatenate([np.linspace(0, top, _BIDS), [form.reserve]]))
    seen = prospect(form, others, player, grid, ties="won")
    table = seen.utility(worth[:, None])
    best, place = table.max(1), table.argmax(1)
    bound = _between(form, table, seen.win, np.diff(grid))
    centre, half = grid[place], top / (_BIDS - 1)
    row = np.arange(len(types))
    for _ in range(_LOOKS):
        look()
        bids = np.clip(centre[:, None] + np.linspace(-half, half, _ZOOM), 0, top)
        near = prospect(form, others, player, bids.ravel(), ties="won")
        closer = near.utility(np.repeat(worth, _ZOOM)).reshape(bids.shape)
        best = np.maximum(best, closer.max(1))
        centre = bids[row, closer.argmax(1)]
        half /= (_ZOOM - 1) / 2
    gain = np.maximum(best - earned, 0)
    known = signal.cdf(types)
    mean = float((0.5 * (gain[1:] + gain[:-1]) * np.diff(known)).sum())
    return float(gain.max()), mean, float(np.maximum(bound - earned, 0).max())


def _highest(form: SealedBidForm, others: tuple[BidLaw, ...], player: int) -> float:
    """The highest bid that can be worth a look for a player, and the most that it can win.

    With private values no bid above the own highest value pays, whatever others' values are.
    """
    if form.private:
        return float(np.asarray(form.weights)[player, player] * form.signals[player].high)
    return float(max(form.highest_value, *(float(law.bids.max()) for law in others)))


def _between(form: SealedBidForm, table: Float, win: Float, spacing: Float) -> Float:
    """The most that any bid between grid points can pay, for each type, `[T]`.

    A bid between two grid bids wins no more often than the upper one, and pays at least what
    the lower one pays. So it earns at most what the upper one earns plus the spacing, times
    the chance of winning where only the winner pays. With second prices and private values a
    bid between two others is better than both only if the value lies there, too.
    """
    if form.rule == "second-price":
        rise = np.diff(win)
        extra = rise * (spacing if form.private else form.highest_value)
    else:
        extra = spacing if form.rule == "all-pay" else spacing * win[1:]
    return np.asarray(np.maximum(table[:, 0], (table[:, 1:] + extra).max(1)))
