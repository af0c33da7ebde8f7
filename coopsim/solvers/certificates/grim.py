"""Certificate of a grim trigger: temptations and threats searched anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim import clock
from coopsim.arrays import Float
from coopsim.errors import CoopsimError
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.deviations import best_of_coordinate, payoffs_at
from coopsim.solvers.proof import Certificate, spreads

_ROUNDING = 1e-12  # of a player's payoffs: gains below this are none


def grim(
    form: ContinuousForm,
    profile: tuple[Float, ...],
    details: Mapping[str, Any],
    target: Any = None,
) -> tuple[Certificate, Float]:
    """What a player gains a round by leaving cooperation at the stated discount factor.

    The larger of that and of what one gains by leaving the punishment, which must be a Nash
    equilibrium of the stage. Where no discount factor is stated, the claim is that none
    does; the residual is then how far the threat is from being empty for the player who is
    said not to be deterred. Payoffs `[n]` are a round's.

    Raises:
        CoopsimError: the evidence has no punishment that is a joint action.
    """
    form, point = form.watched(clock.kept()), form.join(profile)
    punish = np.asarray(details.get("punishment", ()), dtype=float)
    if punish.shape != point.shape or not np.isfinite(punish).all():
        raise CoopsimError("a grim trigger needs the actions that it punishes with")
    punish = np.clip(punish, form.low, form.high)
    kept, threat = form.payoffs(point), form.payoffs(punish)
    stated = details.get("discount")
    gains: list[float] = []
    for i in range(form.n):
        k = int(form.coordinates(i)[0])
        tempted = max(best_of_coordinate(form, point, k)[1], float(kept[i]))
        leaves = best_of_coordinate(form, punish, k)[1] - float(payoffs_at(form, punish, i))
        gain = leaves
        if stated is not None:
            d = float(np.clip(float(stated), 0.0, 1.0))
            gain = max(gain, (1 - d) * tempted + d * float(threat[i]) - float(kept[i]))
        size = max(abs(tempted), abs(float(threat[i])), abs(float(kept[i])))
        gains.append(0.0 if gain <= _ROUNDING * size else gain)
    if stated is None and bool((threat <= kept).all()) and bool((threat < kept - 1e-9).any()):
        # every player loses by punishment, so some discount factor below 1 deters all
        gains = [max(gain, float(np.min(kept - threat))) for gain in gains]
    spans = [max(pair) for pair in zip(spreads(np.stack([kept, threat]), -1), gains, strict=True)]
    return Certificate.of(
        "grim",
        gains,
        spans,
        exact=False,
        checked_by="a dense grid and closer looks at every player's deviations from cooperation "
        "and from punishment",
    ), kept
