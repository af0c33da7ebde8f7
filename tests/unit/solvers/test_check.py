"""The conformance test passes every registered solver, and names the law that one breaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coopsim import registry
from coopsim.errors import NoSuchForm, UnknownName, UserError
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import continuous, pure
from coopsim.solvers.check import LAWS, CheckFailed, check
from coopsim.solvers.solution import Found

Solver = Callable[..., Found]


# what takes long even on small games: how many games, and what the method is asked
BRIEFLY: dict[str, tuple[int, dict[str, Any]]] = {
    "external-sampling-cfr": (4, {"iterations": 500}),
    "outcome-sampling-cfr": (4, {"iterations": 500}),
    "magnetic-mirror-descent": (4, {"iterations": 40}),
    "regularised-nash-dynamics": (4, {"iterations": 40}),
    "implicit-leader": (3, {}),
    "markov-coarse-iteration": (6, {"rounds": 40}),
    "mean-field-picard": (4, {}),
    "slsqp": (4, {}),
}
# minutes: learning and shooting bid functions
SLOW = {
    "bid-shooting",
    "monotone-fictitious-play",
    "neural-pseudo-gradient",
    "simultaneous-dual-averaging",
}
METHODS = sorted(registry.registrations("solver"))


@pytest.mark.parametrize("name", [name for name in METHODS if name not in SLOW])
def test_registered_solvers_keep_all_laws(name: str) -> None:
    games, options = BRIEFLY.get(name, (10, {}))
    check(name, games=games, **options)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", sorted(SLOW))
def test_slow_solvers_keep_all_laws(name: str) -> None:
    options = {"rounds": 30} if name == "neural-pseudo-gradient" else {}
    check(name, games=2, **options)


def test_a_function_needs_a_problem_and_a_form() -> None:
    check(pure.solve_nash, problem="nash", form="normal", games=6)
    with pytest.raises(UserError, match=r"no games to check this on; .*None on None forms"):
        check(pure.solve_nash)
    with pytest.raises(UnknownName, match="did you mean 'pure-enumeration'"):
        check("pure-enumerate")


def test_every_law_says_what_it_is() -> None:
    assert all(law.__doc__ for law in LAWS)


# -- broken ones ---------------------------------------------------------------------------


def nash(form: NormalForm, **options: Any) -> Found:
    return pure.solve_nash(form, **options)


def raises(form: NormalForm, tol: float, deadline: float | None) -> Found:
    raise ZeroDivisionError("a bug")


def refuses(form: NormalForm, tol: float, deadline: float | None) -> Found:
    raise NoSuchForm("not today")


def hands_back_an_array(form: NormalForm, tol: float, deadline: float | None) -> Any:
    return np.zeros(3)


def leaves_a_player_out(form: NormalForm, **options: Any) -> Found:
    found = nash(form, **options)
    return Found(tuple(profile[:-1] for profile in found.profiles), found.sentence)


def does_not_sum_to_one(form: NormalForm, **options: Any) -> Found:
    return Found((tuple(0.5 * np.eye(size)[0] for size in form.shape),), "halves")


def always_the_first(form: NormalForm, **options: Any) -> Found:
    return Found((tuple(np.eye(size)[0] for size in form.shape),), "no search at all")


def claims_everything(form: NormalForm, **options: Any) -> Found:
    found = nash(form, **options)
    return Found(found.profiles[:1], found.sentence, exhaustive=True)


def guesses(form: NormalForm, **options: Any) -> Found:
    found = nash(form, **options)
    return Found(found.profiles, f"{found.sentence} {np.random.default_rng().random()}")


def spoils(form: NormalForm, **options: Any) -> Found:
    found = nash(form, **options)
    form.payoffs.setflags(write=True)
    form.payoffs[...] = 0
    return found


def only_large(form: NormalForm, **options: Any) -> Found:
    """Takes payoffs that differ by less than 1 for equal, whatever their unit."""
    if np.ptp(form.payoffs[0]) < 1:
        return Found((), "nothing to choose", finished=False)
    return nash(form, **options)


def prefers_the_first_player(form: NormalForm, **options: Any) -> Found:
    stop = 1 if form.players[0] == "player 1" else 0
    found = nash(form, **options)
    return Found(found.profiles[:stop], found.sentence, finished=bool(stop))


def takes_its_time(form: NormalForm, **options: Any) -> Found:
    if options["deadline"] == 0.0:
        time.sleep(1.2)
    return nash(form, **options)


def claims_to_be_finished(form: NormalForm, **options: Any) -> Found:
    if options["deadline"] == 0.0:
        return Found((), "nothing", finished=True)
    return nash(form, **options)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (raises, "ZeroDivisionError"),
        (refuses, "refuses all of 9 games"),
        (hands_back_an_array, "hands back a ndarray"),
        (leaves_a_player_out, "has 1 parts, not 2"),
        (does_not_sum_to_one, "does not sum to 1"),
        (always_the_first, "claims to be finished, and nothing is proved"),
        (claims_everything, "claims to have found every solution"),
        (guesses, "two runs differ"),
        (spoils, "changes the arrays"),
        (only_large, "after scaling payoffs by"),
        (prefers_the_first_player, "in another order"),
        (takes_its_time, "takes 1"),
        (claims_to_be_finished, "finds nothing and claims to be finished"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_solver_is_found_out(run: Solver, message: str) -> None:
    with pytest.raises(CheckFailed, match=message) as caught:
        check(run, problem="nash", form="normal", games=9)
    assert str(caught.value).startswith(f"{run.__name__}: ")
    assert "To put it right: " in str(caught.value)


def outside(form: ContinuousForm, **options: Any) -> Found:
    return Found((form.split(form.high + 1),), "beyond")


def not_finite(form: ContinuousForm, **options: Any) -> Found:
    return Found((form.split(form.high * np.nan),), "nowhere")


def by_position(form: ContinuousForm, **options: Any) -> Found:
    """Takes coordinates to stand in the order of the players."""
    found = continuous.solve(form, **options)
    return Found(
        tuple(tuple(form.join(profile)[:, None]) for profile in found.profiles), found.sentence
    )


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (outside, "outside its bounds"),
        (not_finite, "not finite"),
        (by_position, "in another order|lies outside its bounds"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_continuous_solver_is_found_out(run: Solver, message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        check(run, problem="nash", form="continuous", games=5)
