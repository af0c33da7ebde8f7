"""What a profile pays, for answers whose certificate had no time to say it."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopsim.arrays import Float


def paid(form: Any, profile: tuple[Float, ...]) -> Float:
    """Expected payoffs `[n]` of a profile of `form`; empty where that is not known at once.

    Cost: one evaluation of the profile.
    """
    if len(profile) == form.n and hasattr(form, "expected"):
        found = form.expected(profile)
    elif form.kind == "normal" and len(profile) == 1 and profile[0].shape == form.shape:
        found = [float((own * profile[0]).sum()) for own in form.payoffs]
    elif form.kind in ("continuous", "dynamic"):
        found = form.payoffs(form.join(profile))
    elif form.kind == "coalition":
        found = profile[0]
    elif form.kind == "bargaining":
        found = form.payoffs(profile[0])
    else:
        return np.zeros(0)
    values = np.asarray(found, dtype=float)
    return values if np.isfinite(values).all() else np.zeros(0)
