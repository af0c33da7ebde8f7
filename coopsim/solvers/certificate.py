"""Certificates, recomputed from a form and a profile alone.

One function for each question and kind of form is registered as a "certificate"; its name
is "<problem> / <kind of form>". None imports a solver or shares code with one. What a
solver hands over beside the profile (`details`) is evidence to be checked, never believed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from coopsim import registry
from coopsim.arrays import Float
from coopsim.clock import ENDLESS, Clock, keeping
from coopsim.errors import CoopsimError
from coopsim.solvers.solution import Certificate as Certificate
from coopsim.solvers.solution import Profile as Profile


class NotComputed(CoopsimError):
    """A certificate that cannot be computed, since numbers on the way are not finite."""


Form: TypeAlias = Any
"""What solvers read: an object with `kind`, `players` and `n`."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def check_profile(
    problem: str,
    form: Form,
    profile: Profile,
    details: Mapping[str, Any] = _NOTHING,
    parameters: Mapping[str, Any] = _NOTHING,
    clock: Clock = ENDLESS,
) -> tuple[Certificate, Float]:
    """The certificate of a profile, and what it pays each player, `[n]`.

    Args:
        problem: what the profile is to answer, such as "nash" or "optimum".
        form: the game.
        profile: as in `Solution`.
        details: what the method handed over beside the profile.
        parameters: what belongs to the question, such as the lambda of a quantal response.
        clock: kept while the certificate is made (`coopsim.clock.keeping`): those that may take
            long look at it between bounded steps. What is checked in part is not checked.

    Raises:
        CoopsimError: a payoff is not a number, here or at a deviation.
        NotComputed: what the profile pays, or a number on the way, is not finite.
        OutOfTime: the clock was over before the certificate had looked at everything.
        ValueError: nothing certifies this problem on this kind of form.
    """
    known = registry.registrations("certificate")
    name = f"{problem} / {form.kind}"
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        raise ValueError(f"no certificate for the problem {problem!r} on {form.kind} forms{hint}")
    check = known[name].load()
    try:
        with np.errstate(all="ignore"), keeping(clock):  # what overflows is not finite
            proof, values = check(form, profile, details, **parameters)
    except (ArithmeticError, np.linalg.LinAlgError) as error:
        raise NotComputed(
            f"{name} has no certificate: payoffs or their differences are beyond all "
            f"floating-point numbers ({error})"
        ) from error
    if not np.isfinite(values).all():
        raise NotComputed(f"{name} has no certificate: what the profile pays is not finite")
    return proof, values


def certify(
    problem: str,
    form: Form,
    profile: Profile,
    details: Mapping[str, Any] = _NOTHING,
    parameters: Mapping[str, Any] = _NOTHING,
    clock: Clock = ENDLESS,
) -> Certificate:
    """The certificate alone; see `check_profile`."""
    return check_profile(problem, form, profile, details, parameters, clock)[0]
