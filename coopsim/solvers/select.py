"""From a concept and a game to a method, and from its profiles to certified solutions."""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast, overload

import numpy as np

from coopsim import registry
from coopsim.clock import ENDLESS, Clock, OutOfTime, keeping, uncounted
from coopsim.errors import NoSuchForm, UserError, nearest
from coopsim.games.forms.grid import Grid
from coopsim.games.game import Game
from coopsim.registry import Registration, load
from coopsim.solvers import sizes
from coopsim.solvers.answer import answer, refused
from coopsim.solvers.certificate import Form, certify
from coopsim.solvers.concepts import Concept
from coopsim.solvers.on_grid import check_on_grid
from coopsim.solvers.option_types import checked, declared
from coopsim.solvers.scaling import rescaled
from coopsim.solvers.solution import Certificate, Found, Solution, Solutions, Status
from coopsim.solvers.starts import begun

DEFAULT_TOL = 1e-8
_GRACE, _SHARE = 1.0, 0.1  # seconds, and of the deadline: what certificates may take beyond it
_NOT_BUILT = "no solution found: the deadline passed while the game's form was built"
_FAR = sys.float_info.max  # tolerances and deadlines are finite
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
            `budget` unless its certificate holds. The certificate has a second and a tenth of
            the deadline beyond it; one that is not done by then proves nothing. Importing and
            compiling do not count.
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
    clock = Clock(deadline)
    if getattr(game, "kind", "") == "normal variants":
        from coopsim.solvers.variants import solve_variants

        many: Any = solve_variants(
            cast(Any, game), concept, method, tol=tol, deadline=deadline, all=all, **options
        )
        return cast(Solution, many)
    wanted: Concept = registry.lookup("concept", concept).load()
    # an objective of None is the concept's own, which methods without objectives have, too
    asked = {k: v for k, v in options.items() if not (k == "objective" and v is None)}
    answered = _first_proved(
        game, wanted, method, asked, tol=tol, clock=clock, began=began, everything=all,
        deadline=deadline,
    )  # fmt: skip
    if all:
        shown = answered[0].profile or answered[0].status is Status.REFUSED
        return answered if shown else Solutions((), answered.complete, answered.sentence)
    return answered[0]


def _first_proved(
    game: Game | Form,
    wanted: Concept,
    method: str | None,
    options: Mapping[str, Any],
    *,
    tol: float,
    deadline: float | None,
    clock: Clock,
    began: float,
    everything: bool,
) -> Solutions:
    """The first answer of a fitting method that is proved; else the one closest to it."""
    tried: list[tuple[str, Solutions]] = []
    reason = ""
    try:
        for choice in _in_time(_choices(game, wanted, method, options, everything), clock):
            try:
                answered = _run(game, wanted, choice, options, tol, clock, began, deadline)
            except NoSuchForm as error:
                reason = reason or str(error)
                continue
            tried.append((choice.method.name, answered))
            if answered[0].proved or answered[0].status is Status.INFEASIBLE or clock.over:
                break
    except NoSuchForm as error:
        reason = reason or str(error)
    except OutOfTime:
        if not tried:
            return Solutions((_unbuilt(game, wanted, method),), False, _NOT_BUILT)
    if not tried:
        return Solutions((refused(game, wanted.name, method, reason),), False, reason)
    best = min(tried, key=lambda pair: _rank(pair[1][0]))[1]
    return best if len(tried) == 1 else _after(best, [name for name, _ in tried])


def _in_time(choices: Iterator[_Choice], clock: Clock) -> Iterator[_Choice]:
    """The choices one after another, the forms that they need built while there is time.

    Raises:
        OutOfTime: a form is not built.
    """
    while True:
        with keeping(clock):
            choice = next(choices, None)
        if choice is None:
            return
        yield choice


def _unbuilt(game: Game | Form, wanted: Concept, method: str | None) -> Solution:
    """The answer where the deadline passed before there was a form to solve."""
    nothing = refused(game, wanted.name, method, _NOT_BUILT)
    return dataclasses.replace(nothing, status=Status.BUDGET)


@dataclasses.dataclass(frozen=True, slots=True)
class _Choice:
    """A form, a method that solves it, and why that one."""

    form: Form
    method: Registration
    reason: str
    form_options: Mapping[str, Any]


def _run(
    game: Game | Form,
    wanted: Concept,
    choice: _Choice,
    options: Mapping[str, Any],
    tol: float,
    clock: Clock,
    began: float,
    deadline: float | None,
) -> Solutions:
    """What one method finds, certified."""
    with uncounted():
        run = choice.method.load()
    rest = {key: value for key, value in options.items() if key not in choice.form_options}
    taken = inspect.signature(run).parameters
    _check_options(choice.method.name, taken, rest, wanted, _accepts(wanted, choice.form.kind))
    rest = checked(_declared(wanted.problem, run, rest), rest)
    asked = {**wanted.parameters, **rest}
    given = {key: value for key, value in asked.items() if key in taken}
    # payoffs may have no number at a bound (a logarithm at 0); what comes of it is checked
    with np.errstate(all="ignore"):
        units = rescaled(wanted.problem, choice.form)
        made = run(units.form, tol=units.tolerance(tol), deadline=clock.left, **given)
        found: Found = begun(wanted.problem, choice.form, units.restored(made))
        return answer(
            choice.form,
            wanted,
            choice.method.name,
            found,
            {"tol": tol, "deadline": deadline, **_plain({**choice.form_options, **asked})},
            {"seconds": time.monotonic() - began},
            getattr(game, "hash", ""),
            choice.reason,
            ENDLESS if deadline is None else clock.later(_GRACE + _SHARE * deadline),
            _grid(game, choice.form),
        )


def _declared(problem: str, run: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the options: the method's own; of those that only its concept has, others'."""
    own = declared(run)
    if all(key in own for key in options):
        return own
    methods = registry.registrations("solver").values()
    others = [declared(item.load()) for item in methods if item.tags.get("problem") == problem]
    return {**{key: hint for types in others for key, hint in types.items()}, **own}


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as they are echoed: arrays and their numbers as lists and plain numbers."""
    return {
        key: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for key, value in options.items()
    }


def _rank(item: Solution) -> tuple[bool, float, bool]:
    """What is proved first, then what is closest; an unchecked profile before none at all."""
    distance = math.inf if item.certificate is None else item.certificate.relative
    return not item.proved, distance, not item.profile


def _after(solutions: Solutions, names: list[str]) -> Solutions:
    """The solutions with what was tried beside their own method written on them."""
    items = [
        dataclasses.replace(item, sentence=f"{item.sentence}; tried in turn: {', '.join(names)}")
        for item in solutions
    ]
    return Solutions(tuple(items), solutions.complete, solutions.sentence)


def plan(
    game: Game | Form, concept: str, method: str | None = None, **options: Any
) -> tuple[str, str]:
    """The form and the method that `solve` would try first, without solving.

    Raises:
        NoSuchForm: the concept has no meaning for this game, or nothing solves it there.
        UnknownName: no such concept or method.
    """
    wanted: Concept = registry.lookup("concept", concept).load()
    choice = next(_choices(game, wanted, method, options, False))
    return choice.form.kind, choice.method.name


def forecast(
    game: Game | Form, concept: str, method: str | None = None, **options: Any
) -> dict[str, Any]:
    """What `solve` would try first, why, on how large a form, and the memory it would take.

    Returns:
        `form`, `method`, `reason`, `size` (in words), `bytes` (an estimate).

    Raises:
        NoSuchForm: the concept has no meaning for this game, or nothing solves it there.
        UnknownName: no such concept or method.
    """
    wanted: Concept = registry.lookup("concept", concept).load()
    choice = next(_choices(game, wanted, method, options, False))
    return {
        "form": choice.form.kind,
        "method": choice.method.name,
        "reason": choice.reason,
        "size": sizes.described(choice.form),
        "bytes": sizes.form_bytes(choice.form) + sizes.working_bytes(choice.form, choice.method),
    }


def concepts(game: Game | Form, every: bool = False) -> list[str]:
    """The names of the concepts that `solve` can answer for this game.

    Args:
        game: a game or a form.
        every: all of them; otherwise those that a first look at a game asks for.
    """
    fitting = []
    for name, item in registry.registrations("concept").items():
        if not (every or item.tags.get("basic")):
            continue
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
        asked = {k: solution.options.get(k, usual) for k, usual in concept.parameters.items()}
        given = (concept.problem, form, solution.profile, solution.details, asked)
        if (grid := _grid(game, form)) is not None:
            return check_on_grid(grid, *given)[0]
        return certify(*given)


def _choices(
    game: Game | Form,
    concept: Concept,
    name: str | None,
    options: Mapping[str, Any],
    everything: bool,
) -> Iterator[_Choice]:
    """The methods to try, in order: the named one, or those that suit the game.

    Raises:
        NoSuchForm: there is none.
    """
    kinds = _kinds(game, concept)
    if name not in (None, "auto"):
        yield _named(game, concept, kinds, str(name), options)
        return
    problems: list[str] = []
    spare: _Choice | None = None
    for kind in kinds:
        of_form = {key: options[key] for key in _accepts(concept, kind) if key in options}
        count, form = 0, None
        try:
            for item in (methods := _methods(concept.problem, kind)):
                form = form or _form(game, concept, kind, of_form)
                suits = item.tags.get("suits")
                reason = load(suits)(form, everything) if suits else ""
                if reason:
                    count += 1
                    yield _Choice(form, item, reason, of_form)
                elif suits is None and spare is None:
                    spare = _Choice(form, item, "the first method for this form", of_form)
        except NoSuchForm as error:
            problems.append(str(error))
        if count:  # another form may be coarser: a grid, for continuous actions
            return
        if methods and not problems and spare is None:
            sizes = ", ".join(item.name for item in methods)
            problems.append(f"no method for {kind} forms suits this game (there are: {sizes})")
    if spare is None:
        raise NoSuchForm(
            problems[0]
            if problems
            else f"no method solves {concept.name} on the forms that {_called(game)} has: "
            f"{', '.join(kinds) or 'none'}"
        )
    yield spare


def _named(
    game: Game | Form,
    concept: Concept,
    kinds: tuple[str, ...],
    name: str,
    options: Mapping[str, Any],
) -> _Choice:
    """The method that was asked for, on the form that it solves."""
    chosen = registry.lookup("solver", name)
    solves = chosen.tags.get("form")
    fitting = [kind for kind in kinds if solves == _solved_as(kind)]
    if not fitting or chosen.tags.get("problem") != concept.problem:
        raise NoSuchForm(
            f"{name} solves {chosen.tags.get('problem')} on {solves} forms, not "
            f"{concept.name} ({concept.problem}) on {' or '.join(kinds) or 'no'} forms"
        )
    of_form = {key: options[key] for key in _accepts(concept, fitting[0]) if key in options}
    form = _form(game, concept, fitting[0], of_form)
    return _Choice(form, chosen, "asked for by name", of_form)


def _methods(problem: str, kind: str) -> list[Registration]:
    """The methods for a problem on a kind of form, in order of preference."""
    return [
        item
        for item in registry.registrations("solver").values()
        if item.tags.get("problem") == problem and item.tags.get("form") == _solved_as(kind)
    ]


def _solved_as(kind: str) -> str:
    """Whole episodes of constant actions are a continuous form."""
    return "continuous" if kind == "constant" else kind


def _kinds(game: Game | Form, concept: Concept) -> tuple[str, ...]:
    """The kinds of form that the concept can be solved on, in the order of preference."""
    if isinstance(game, Game):
        if concept.form is not None:
            return (concept.form,)
        # whole episodes are another question, which only a concept of their own asks
        return tuple(kind for kind in game.card.forms if kind != "constant")
    if not (isinstance(getattr(game, "kind", None), str) and hasattr(game, "players")):
        raise UserError(
            "only a game, or a form of one, can be solved",
            given=repr(game),
            allowed="what coopsim.make_game returns",
        )
    if concept.options or concept.form not in (None, game.kind):
        needs = "a game" if concept.options else f"a game or its {concept.form} form"
        raise NoSuchForm(f"{concept.name} needs {needs}, not a form that is already one")
    if concept.form is not None:
        return (concept.form,)
    return ("extensive", "normal") if game.kind == "extensive" else (game.kind,)


def _form(game: Game | Form, concept: Concept, kind: str, options: Mapping[str, Any]) -> Form:
    """The form of the game that the concept is solved on."""
    if isinstance(game, Game):
        return game.form(kind, **{**concept.options, **options})
    if kind not in _kinds(game, concept):
        raise NoSuchForm(f"{concept.name} was solved on a {kind} form, and this is {game.kind}")
    if kind == game.kind:
        return game
    from coopsim.games.forms.convert import to_normal

    return to_normal(game)


def _grid(game: Game | Form, form: Form) -> Grid | None:
    """What a form is a grid of, where the game has more actions than the form that is solved.

    A table that is handed over as such is itself what is asked about.
    """
    return getattr(form, "grid", None) if isinstance(game, Game) else None


def _accepts(concept: Concept, kind: str) -> tuple[str, ...]:
    """The options of the form that a caller may set."""
    return (*concept.accepts, _GRID) if kind == "normal" else concept.accepts


def _check_numbers(tol: float, deadline: float | None) -> None:
    for key, number in (("tol", tol), ("deadline", deadline)):
        optional = key == "deadline" and number is None
        if not optional and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise UserError("no number", key=key, given=number, allowed="0 or more")
    if not 0 <= tol <= _FAR:
        raise UserError("no tolerance", key="tol", given=tol, allowed="0 or more payoff units")
    if deadline is not None and not 0 <= deadline <= _FAR:
        raise UserError("no time", key="deadline", given=deadline, allowed="0 or more seconds")


def _check_options(
    name: str,
    taken: Mapping[str, Any],
    options: Mapping[str, Any],
    concept: Concept,
    of_form: tuple[str, ...],
) -> None:
    """Refuse options that neither the method nor the concept takes."""
    known = [key for key in taken if key != "form"]
    known += [key for key in concept.parameters if key not in known]
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


def _called(game: Game | Form) -> str:
    return game.card.title or type(game).__name__ if isinstance(game, Game) else "this form"
