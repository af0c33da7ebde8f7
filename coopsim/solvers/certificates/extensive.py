"""Certificates of game trees: a best response of every player, by a pass over the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.certificates.rational import rounded_up
from coopsim.solvers.certificates.rational_tree import gains_in_tree
from coopsim.solvers.proof import ROUNDING, Certificate, spreads


def regret(
    form: ExtensiveForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains by a best response; expected payoffs `[n]`.

    Expected payoffs come from a pass over nodes, best responses from one over sequences. The
    sum of the players' gains is NashConv.

    Where the profile is known in fractions (`details` has "exact_profile", or its floats are
    fractions that sum to 1) and the tree has up to 20,000 nodes, both are computed in fractions
    and the residual has no rounding; see `coopsim.solvers.certificates.rational_tree`.

    Cost: a pass over all nodes, and one over the ends and sequences a player.

    Raises:
        NoSuchForm: a player forgets own moves, so that best responses are not local.
    """
    values, spans = form.expected(profile), spreads(form.payoffs, -1)
    exact = gains_in_tree(form, profile, details.get("exact_profile"))
    if exact is not None:
        gains = [rounded_up(gain) for gain in exact]
        how = "a best response of every player over all its sequences, in fractions"
    else:
        found = passes.regrets(form.tree, form.payoffs / 2, profile)
        off = _off(form, profile)
        gains = [
            positive_part(2 * float(gain)) + off * span
            for gain, span in zip(found, spans, strict=True)
        ]
        how = "a best response of every player over all its sequences"
    proof = Certificate.of(
        "regret", gains, spans, exact=True, checked_by=how, rational=exact is not None
    )
    return proof, values


def _off(form: ExtensiveForm, profile: tuple[Float, ...]) -> float:
    """How far a profile is from behaviour strategies, beyond rounding."""
    away = 0.0
    for own, part in zip(form.sequences, profile, strict=True):
        if own.size > 1:
            sums = np.add.reduceat(part, own.first - 1)
            away = positive_part(away, float(np.abs(sums - 1).max()), -float(part.min()))
    return 0.0 if away <= ROUNDING else away
