"""Certificates of game trees: a best response of every player, by a pass over the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.solution import Certificate


def regret(
    form: ExtensiveForm, profile: tuple[Float, ...], details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains by a best response; expected payoffs `[n]`.

    Expected payoffs come from a pass over nodes, best responses from one over sequences. The
    sum of the players' gains is NashConv.

    Cost: a pass over all nodes, and one over the ends and sequences a player.

    Raises:
        NoSuchForm: a player forgets own moves, so that best responses are not local.
    """
    values = form.expected(profile)
    gains = tuple(
        max(0.0, float(gain)) for gain in passes.regrets(form.tree, form.payoffs, profile)
    )
    span = float(np.ptp(form.payoffs, axis=0).max())
    proof = Certificate(
        kind="regret",
        residual=max(gains),
        players=gains,
        relative=max(gains) / max(span, 1e-300),
        exact=True,
        complete=False,
        checked_by="a best response of every player over all its sequences",
    )
    return proof, values
