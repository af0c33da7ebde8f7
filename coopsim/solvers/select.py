"""From a concept and a game to a method, and from its profiles to certified solutions."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Mapping
from typing import Any, Literal, cast, overload

import numpy as np

from coopsim import registry
from coopsim.errors import NoSuchForm, UserError, nearest
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.game import Game
from coopsim.registry import Registration
from coopsim.solvers.answer import answer, refused
from coopsim.solvers.certificate import Form, certify
from coopsim.solvers.concepts import Concept
from coopsim.solvers.solution import Certificate, Found, Solution, Solutions

DEFAULT_TOL = 1e-8
_GRID = "points"  # the option of a continuous game's normal form: values of each action


@overload
def solve(
    game: Game | Form,
    concept: str,
    method: str | None = ...,
    *,
    tol: float = ...,
    deadline: float | None = ...,
    all: Literal[False] = ...,
    **options: Any,
) -> Solution: ...
@overload
def solve(
    game: Game | Form,
    concept: str,
    method: str | None = ...,
    *,
    tol: float = ...,
    deadline: float | None = ...,
    all: Literal[True],
    **options: Any,
) -> Solutions: ...
def solve(
    game: Game | Form,
    concept: str,
    method: str | None = None,
    *,
    tol: float = DEFAULT_TOL,
    deadline: float | None = None,
    all: bool = False,
    **options: Any,
) -> Solution | Solutions:
    """Solve a game for a concept and certify the answer.

    Args:
        game: a game, or a form of one.
        concept: a registered concept ("nash", "social optimum" ...; `coopsim list concepts`).
        method: a registered solver, on the form that it solves; None or "auto" picks one, and
            the answer says which.
        tol: tolerance on the certificate's residual, in payoff units.
        deadline: seconds for the method; on expiry the best profile comes back, with status
            `budget` unless its certificate holds. The certificate takes its own time.
        all: return every solution found, as `Solutions`.
        options: of the form (such as `trust=0.5` for "coopetitive", or `points=21` where a
            continuous game is solved on a grid) and of the method (such as `starts=64`).

    Returns:
        A `Solution` (the one with the largest sum of values where there are several), or
        `Solutions` with `all=True`. Where the concept has no meaning for the game, or the
        method does not solve it, the status is `refused`.

    Raises:
        UnknownName: no such concept or method.
        UserError: an option that neither the form nor the method takes, or out of range.
        CoopsimError: a payoff is not a number.

    Example:
        >>> from coopsim.games.catalogue import make_game
        >>> solve(make_game("coopetition/samsung-sony"), "nash").actions.round(3).tolist()
        [23.265, 22.494]
    """
    began = time.monotonic()
    _check_numbers(tol, deadline)
    wanted: Concept = registry.lookup("concept", concept).load()
    try:
        kind, chosen = _chosen(game, wanted, method)
        of_form = {key: options.pop(key) for key in _accepts(wanted, kind) if key in options}
        form = _form(game, wanted, kind, of_form)
    except NoSuchForm as error:
        answered = Solutions((refused(game, concept, method, str(error)),), False, str(error))
        return answered if all else answered[0]
    run = chosen.load()
    _check_options(chosen.name, run, options, _accepts(wanted, kind))
    # payoffs may have no number at a bound (a logarithm at 0); what comes of it is checked
    with np.errstate(all="ignore"):
        found: Found = run(form, tol=tol, deadline=deadline, **options)
        answered = answer(
            form,
            wanted,
            chosen.name,
            found,
            {"tol": tol, "deadline": deadline, **of_form, **options},
            {"seconds": time.monotonic() - began},
            getattr(game, "hash", ""),
        )
    if all:
        return (
            answered if answered[0].profile else Solutions((), answered.complete, answered.sentence)
        )
    return answered[0]


def plan(game: Game | Form, concept: str, method: str | None = None) -> tuple[str, str]:
    """The form and the method that `solve` would use, without solving.

    Raises:
        NoSuchForm: the concept has no meaning for this game, or nothing solves it there.
        UnknownName: no such concept or method.
    """
    wanted: Concept = registry.lookup("concept", concept).load()
    kind, chosen = _chosen(game, wanted, method)
    return _form(game, wanted, kind, {}).kind, chosen.name


def concepts(game: Game | Form) -> list[str]:
    """The names of the concepts that `solve` can answer for this game."""
    fitting = []
    for name in registry.registrations("concept"):
        try:
            plan(game, name)
        except NoSuchForm:
            continue
        fitting.append(name)
    return fitting


def verify(solution: Solution, game: Game | Form) -> Certificate:
    """The certificate of a solution, computed again from the game and the profile only.

    Args:
        solution: one with a profile.
        game: the game, or the form, that it is claimed for.

    Raises:
        UserError: the solution has no profile, or another game's players.
        NoSuchForm: the game has no form for this concept.
    """
    if not solution.profile:
        raise UserError(f"there is no profile to verify: {solution.sentence}")
    concept: Concept = registry.lookup("concept", solution.concept).load()
    kind = concept.form or solution.form
    accepted = _accepts(concept, kind)
    options = {key: value for key, value in solution.options.items() if key in accepted}
    form = _form(game, concept, kind, options)
    if form.players != solution.players:
        raise UserError(
            "the solution is one of another game",
            key="players",
            given=list(solution.players),
            allowed=list(form.players),
        )
    with np.errstate(all="ignore"):
        return certify(concept.problem, form, solution.profile)


def _chosen(game: Game | Form, concept: Concept, name: str | None) -> tuple[str, Registration]:
    """The kind of form to ask the game for, and the method: the named or the first fitting one."""
    kinds = _kinds(game, concept)
    if name not in (None, "auto"):
        chosen = registry.lookup("solver", str(name))
        # whole episodes of constant actions are a continuous form
        solves = chosen.tags.get("form")
        fitting = [
            kind for kind in kinds if solves == ("continuous" if kind == "constant" else kind)
        ]
        if not fitting or chosen.tags.get("problem") != concept.problem:
            raise NoSuchForm(
                f"{name} solves {chosen.tags.get('problem')} on {solves} forms, not "
                f"{concept.name} ({concept.problem}) on {' or '.join(kinds) or 'no'} forms"
            )
        return fitting[0], chosen
    for kind in kinds:
        for item in registry.registrations("solver").values():
            solves = "continuous" if kind == "constant" else kind
            if item.tags.get("problem") == concept.problem and item.tags.get("form") == solves:
                return kind, item
    raise NoSuchForm(
        f"no method solves {concept.name} on the forms that {_named(game)} has: "
        f"{', '.join(kinds) or 'none'}"
    )


def _kinds(game: Game | Form, concept: Concept) -> tuple[str, ...]:
    """The kinds of form that the concept can be solved on, in the order of preference."""
    if isinstance(game, Game):
        if concept.form is not None:
            return (concept.form,)
        # whole episodes are another question, which only a concept of their own asks
        return tuple(kind for kind in game.card.forms if kind != "constant")
    if not isinstance(game, ContinuousForm | NormalForm):
        raise UserError(
            "only a game, or a form of one, can be solved",
            given=repr(game),
            allowed="what coopsim.make_game returns",
        )
    if concept.form is not None or concept.options:
        raise NoSuchForm(f"{concept.name} needs a game, not a form that is already one")
    return (game.kind,)


def _form(game: Game | Form, concept: Concept, kind: str, options: Mapping[str, Any]) -> Form:
    """The form of the game that the concept is solved on."""
    if isinstance(game, Game):
        return cast(Form, game.form(kind, **{**concept.options, **options}))
    if kind not in _kinds(game, concept):
        raise NoSuchForm(f"{concept.name} was solved on a {kind} form, and this is {game.kind}")
    return game


def _accepts(concept: Concept, kind: str) -> tuple[str, ...]:
    """The options of the form that a caller may set."""
    return (*concept.accepts, _GRID) if kind == "normal" else concept.accepts


def _check_numbers(tol: float, deadline: float | None) -> None:
    if not (math.isfinite(tol) and tol >= 0):
        raise UserError("no tolerance", key="tol", given=tol, allowed="0 or more payoff units")
    if deadline is not None and not (math.isfinite(deadline) and deadline >= 0):
        raise UserError("no time", key="deadline", given=deadline, allowed="0 or more seconds")


def _check_options(
    name: str, run: Any, options: Mapping[str, Any], of_form: tuple[str, ...]
) -> None:
    """Refuse options that the method does not take."""
    known = [key for key in inspect.signature(run).parameters if key != "form"]
    for key in options:
        if key not in known:
            allowed = [*known, *of_form]
            raise UserError(
                f"{name} takes no such option",
                key=key,
                given=options[key],
                allowed=allowed,
                nearest=nearest(key, allowed),
            )


def _named(game: Game | Form) -> str:
    return game.card.title or type(game).__name__ if isinstance(game, Game) else "this form"
