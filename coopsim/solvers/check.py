"""Does a solver keep the laws that answers rely on? For solvers of your own.

    from coopsim.solvers.check import check
    check("best-response-newton")
    check(my_solver, problem="nash", form="normal")

A solver that passes can be registered: `coopsim.solve` finds it by problem and form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coopsim import registry
from coopsim.errors import CheckFailed, UserError
from coopsim.solvers.concepts import Concept
from coopsim.solvers.conformance import laws
from coopsim.solvers.conformance.case import Case, Method
from coopsim.solvers.conformance.families import FAMILIES

__all__ = ["LAWS", "CheckFailed", "check"]

LAWS: tuple[Callable[[Case], None], ...] = (
    laws.leaves_alone,
    laws.answers,
    laws.shapes,
    laws.right,
    laws.complete,
    laws.deterministic,
    laws.scale_free,
    laws.names_do_not_matter,
    laws.deadline,
)
"""The laws, each a function whose docstring states it, in the order in which they are tried."""


def check(
    method: str | Method,
    *,
    problem: str | None = None,
    form: str | None = None,
    seed: int = 0,
    games: int = 20,
    **options: Any,
) -> None:
    """Raise unless a solver keeps every law of `LAWS` on small random games.

    Args:
        method: a registered name, or the function itself.
        problem: "nash", "optimum" ...; known where a name is given.
        form: "normal", "continuous" ...; known where a name is given.
        seed: of the games.
        games: how many games.
        options: of the method, such as `iterations=100` for one that would take long.

    A method may refuse games that it is not made for (`NoSuchForm`), but not all of them.

    Raises:
        CheckFailed: the first law that is broken, on which game, and what to change.
        UnknownName: no such solver.
        UserError: the problem or the form is missing, or there are no games for them.
    """
    case = _case(method, problem, form, seed, games, options)
    for law in LAWS:
        try:
            with np.errstate(all="ignore"):
                law(case)
        except CheckFailed:
            raise
        except Exception as error:
            # a solver may break in any way; the law that was tried says where to look
            stated = " ".join((law.__doc__ or law.__name__).split()).rstrip(".")
            raise CheckFailed(
                case.name,
                f"{type(error).__name__} ({error}) while checking the law: {stated}",
                "see the error above this one",
            ) from error


def _case(
    method: str | Method,
    problem: str | None,
    form: str | None,
    seed: int,
    games: int,
    options: dict[str, Any],
) -> Case:
    if isinstance(method, str):
        entry = registry.lookup("solver", method)
        name, run = method, entry.load()
        problem = problem or entry.tags.get("problem")
        form = form or entry.tags.get("form")
    else:
        name, run = getattr(method, "__name__", type(method).__name__), method
    if (problem, form) not in FAMILIES:
        known = [f"{problem} on {form} forms" for problem, form in FAMILIES]
        asked = f"{problem} on {form} forms"
        raise UserError("there are no games to check this on", given=asked, allowed=known)
    return Case(name, run, _concept(str(problem)), str(form), seed, games, options)


def _concept(problem: str) -> Concept:
    """The first concept that asks this; its parameters go to the method."""
    for item in registry.registrations("concept").values():
        concept: Concept = item.load()
        if concept.problem == problem:
            return concept
    return Concept(problem, problem, "a check")
