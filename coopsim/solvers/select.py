"""From a concept and a game to a method, and from its profiles to certified solutions."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from typing import Any, Literal, cast, overload

import numpy as np

from coopsim import registry
from coopsim.errors import NoSuchForm, UserError, nearest
from coopsim.games.game import Game
from coopsim.solvers.certificate import Certificate, Form, certify
from coopsim.solvers.concepts import Concept
from coopsim.solvers.solution import Found, Solution, Solutions, Status

DEFAULT_TOL = 1e-8


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
        method: a registered solver; None or "auto" picks one, and the answer says which.
        tol: tolerance on the certificate's residual, in payoff units.
        deadline: seconds; on expiry the best profile comes back with status `budget`.
        all: return every solution found, as `Solutions`.
        options: of the form (such as `trust=0.5` for "coopetitive") and of the method
            (such as `starts=64`).

    Returns:
        A `Solution` (the one with the largest sum of values where there are several), or
        `Solutions` with `all=True`.

    Raises:
        UnknownName: no such concept or method.
        UserError: an option that neither the form nor the method takes.

    Example:
        >>> from coopsim.games.catalogue import make_game
        >>> solve(make_game("coopetition/samsung-sony"), "nash").actions.round(3).tolist()
        [23.265, 22.494]
    """
    began = time.monotonic()
    wanted: Concept = registry.lookup("concept", concept).load()
    of_form = {key: options.pop(key) for key in wanted.accepts if key in options}
    try:
        form = _form(game, wanted, of_form)
        chosen = _method(wanted, form, method)
    except NoSuchForm as error:
        refused = _refused(game, concept, method, str(error))
        return Solutions((refused,), False, str(error)) if all else refused
    run = chosen.load()
    _check_options(chosen.name, run, options)
    found: Found = run(form, tol=tol, deadline=deadline, **options)
    asked = {"tol": tol, "deadline": deadline, **of_form, **options}
    stats = {**found.stats, "seconds": time.monotonic() - began}
    made = [
        _certified(game, form, wanted, chosen.name, profile, found, asked, stats)
        for profile in found.profiles
    ]
    # a stationary point that is no equilibrium is not a solution: keep it only if alone
    good = [item for item in made if item.proved] or made[:1]
    good.sort(key=lambda item: (not item.proved, -float(item.values.sum())))
    if not good:
        nothing = _empty(game, form, wanted, chosen.name, found, asked, stats)
        return Solutions((), found.exhaustive, found.sentence) if all else nothing
    complete = found.exhaustive or (
        len(good) == 1 and good[0].certificate is not None and good[0].certificate.complete
    )
    labelled = [_labelled(item, place, len(good), complete) for place, item in enumerate(good)]
    return Solutions(tuple(labelled), complete, found.sentence) if all else labelled[0]


def verify(solution: Solution, game: Game | Form) -> Certificate:
    """The certificate of a solution, computed again from the game and the profile only."""
    concept: Concept = registry.lookup("concept", solution.concept).load()
    options = {key: solution.options[key] for key in concept.accepts if key in solution.options}
    form = _form(game, concept, options, solution.form)
    return certify(concept.problem, form, solution.profile)


def _form(
    game: Game | Form, concept: Concept, options: Mapping[str, Any], kind: str | None = None
) -> Form:
    """The form of the game that the concept is solved on."""
    if not isinstance(game, Game):
        if concept.form is not None or concept.options:
            raise NoSuchForm(f"{concept.name} needs a game, not a form that is already one")
        return game
    if concept.form is not None:
        return cast(Form, game.form(concept.form, **concept.options, **options))
    solvable = {
        item.tags.get("form")
        for item in registry.registrations("solver").values()
        if item.tags.get("problem") == concept.problem
    }
    for candidate in [kind] if kind else game.card.forms:
        if candidate in solvable:
            return cast(Form, game.form(candidate, **{**concept.options, **options}))
    raise NoSuchForm(
        f"no method solves {concept.name} on the forms that {type(game).__name__} has: "
        f"{', '.join(game.card.forms) or 'none'}"
    )


def _method(concept: Concept, form: Form, name: str | None) -> registry.Registration:
    """The named method, or the first that solves this problem on this form."""
    if name not in (None, "auto"):
        chosen = registry.lookup("solver", str(name))
        fits = chosen.tags.get("problem") == concept.problem and chosen.tags.get("form") == form.kind
        if not fits:
            raise NoSuchForm(
                f"{name} solves {chosen.tags.get('problem')} on {chosen.tags.get('form')} forms, "
                f"not {concept.problem} on a {form.kind} form"
            )
        return chosen
    for item in registry.registrations("solver").values():
        if item.tags.get("problem") == concept.problem and item.tags.get("form") == form.kind:
            return item
    raise NoSuchForm(f"no method solves {concept.problem} on a {form.kind} form")


def _check_options(name: str, run: Any, options: Mapping[str, Any]) -> None:
    known = [key for key in inspect.signature(run).parameters if key != "form"]
    for key in options:
        if key not in known:
            raise UserError(
                f"{name} takes no such option",
                key=key,
                given=options[key],
                allowed=known,
                nearest=nearest(key, known),
            )


def _certified(
    game: Game | Form,
    form: Form,
    concept: Concept,
    method: str,
    profile: Any,
    found: Found,
    asked: Mapping[str, Any],
    stats: Mapping[str, float],
) -> Solution:
    tol = float(asked["tol"])
    certificate = certify(concept.problem, form, profile)
    if certificate.residual > tol:
        status = Status.BUDGET
        sentence = f"not within {tol:g}: the {certificate.kind} is {certificate.residual:.3g}"
    elif certificate.exact:
        status, sentence = Status.EXACT, f"{certificate.kind} 0 by {certificate.checked_by}"
    else:
        status = Status.CONVERGED
        sentence = f"{certificate.kind} {certificate.residual:.2g} by {certificate.checked_by}"
    if not found.finished and status is Status.BUDGET:
        sentence += "; the search was cut short"
    return Solution(
        concept=concept.name,
        method=method,
        status=status,
        sentence=sentence,
        players=form.players,
        profile=profile,
        values=_values(form, profile),
        certificate=certificate,
        form=form.kind,
        options=asked,
        stats=stats,
        game_hash=getattr(game, "hash", ""),
    )


def _labelled(item: Solution, place: int, count: int, complete: bool) -> Solution:
    """The solution with what is known of its siblings written on it."""
    import dataclasses

    if count == 1:
        selection = "the only one" if complete else "the only one found"
    else:
        rank = "the largest" if place == 0 else f"number {place + 1} by"
        selection = f"{rank} sum of values among {count} found"
    return dataclasses.replace(item, selection=selection, found=count)


def _values(form: Form, profile: Any) -> Any:
    if form.kind == "normal":
        return cast(Any, form).expected(profile)
    flat = np.empty(cast(Any, form).m)
    flat[np.argsort(cast(Any, form).owner, kind="stable")] = np.concatenate(profile)
    return cast(Any, form).payoffs(flat)


def _refused(game: Any, concept: str, method: str | None, sentence: str) -> Solution:
    return Solution(
        concept=concept,
        method=method or "none",
        status=Status.REFUSED,
        sentence=sentence,
        players=getattr(game, "labels", None) or game.players,
        profile=(),
        values=np.zeros(0),
        certificate=None,
        game_hash=getattr(game, "hash", ""),
    )


def _empty(
    game: Any,
    form: Form,
    concept: Concept,
    method: str,
    found: Found,
    asked: Mapping[str, Any],
    stats: Mapping[str, float],
) -> Solution:
    return Solution(
        concept=concept.name,
        method=method,
        status=Status.INFEASIBLE if found.exhaustive else Status.BUDGET,
        sentence=f"no solution found: {found.sentence}",
        players=form.players,
        profile=(),
        values=np.zeros(0),
        certificate=None,
        form=form.kind,
        options=asked,
        stats=stats,
        game_hash=getattr(game, "hash", ""),
    )
