"""Values of coalitions in a unit in which they have a plain range.

Linear programmes are solved to tolerances that are numbers, and values of 1e-12 lie within
them. Utility is transferable, so that there is one unit for all players. It is a power of two:
no digit of a float is lost.
"""

from __future__ import annotations

import math

import numpy as np

from coopsim.games.forms.coalition import CoalitionForm
from coopsim.solvers.proof import spread

_PLAIN = (1e-3, 1e3)  # a range within these is left as it is


def in_units(form: CoalitionForm) -> tuple[CoalitionForm, float]:
    """The game with values that range over about 1, and the unit they are in.

    Args:
        form: with a table of values.

    Returns:
        The form itself and 1 where its range is plain, or nothing is worth anything.
    """
    assert form.values is not None
    span = spread(form.values)
    if span == 0 or _PLAIN[0] <= span <= _PLAIN[1]:
        return form, 1.0
    power = min(max(math.frexp(span)[1], -1000), 1000)
    return CoalitionForm(np.ldexp(form.values, -power), form.players), math.ldexp(1.0, power)
