"""Options of concepts and methods: what is no fitting value is refused in one sentence."""

import contextlib
import inspect
from typing import Annotated, Literal, get_origin

import numpy as np
import pytest

import coopsim
from coopsim import registry
from coopsim.errors import CoopsimError, UserError
from coopsim.solvers.option_types import checked, declared
from coopsim.solvers.select import solve

GAME = coopsim.make_game("classic/prisoners-dilemma")
COURNOT = coopsim.make_game("markets/cournot")
ODD = [
    "abc", "10**9", "1e9", "", [], {}, [1, "a"], [[1]], [float("nan")], True, None,
    float("nan"), float("inf"), -1, 0.5, 1e308, 10**30, 10**400,
]  # fmt: skip


@pytest.mark.parametrize(
    ("concept", "options", "allowed"),
    [
        ("quantal response", {"lam": "10**9"}, "a number or a list, each a number"),
        ("quantal response", {"lam": [1, "x"]}, "a number or a list, each a number"),
        ("quantal response", {"lam": None}, "a number or a list, each a number"),
        ("level-k", {"level": 1.5}, "a whole number"),
        ("rationalizable", {"weak": "yes"}, "true or false"),
        ("correlated", {"objective": [1, 2, "a"]}, "2 finite numbers"),
    ],
)
def test_options_of_concepts_are_checked_by_type(concept, options, allowed):
    with pytest.raises(UserError, match=allowed) as caught:
        solve(GAME, concept, **options)
    assert caught.value.key == next(iter(options))


def test_whole_numbers_beyond_arrays_are_numbers():
    assert checked({"rate": float}, {"rate": 10**30}) == {"rate": 1e30}
    assert checked({"rate": float}, {"rate": np.int64(3)}) == {"rate": 3}
    with pytest.raises(UserError, match="a whole number"):
        checked({"rounds": int}, {"rounds": 10**30})
    with pytest.raises(UserError, match="a number"):
        checked({"rate": float}, {"rate": 10**400})


def test_the_nearest_of_the_allowed_words_is_named():
    with pytest.raises(UserError, match="did you mean 'entropic'") as caught:
        checked({"kind": Literal["entropic", "euclidean"]}, {"kind": "entropik"})
    assert "entropic or euclidean" in str(caught.value)


@pytest.mark.parametrize(
    ("concept", "options"),
    [
        ("level-k", {"level": 1_000_000_000}),
        ("level-k", {"level": -1}),
        ("cognitive hierarchy", {"levels": 1_000_000_000}),
    ],
)
def test_steps_of_thinking_have_a_range(concept, options):
    with pytest.raises(UserError, match="0 or more, up to 1,000"):
        solve(GAME, concept, **options)


@pytest.mark.parametrize("starts", [0, -3, 10_001, 10**12])
@pytest.mark.parametrize("method", ["slsqp", "extragradient", "semismooth-newton"])
def test_starting_points_have_a_range(method, starts):
    with pytest.raises(UserError, match="1 or more, up to 10,000"):
        solve(COURNOT, "nash", method, starts=starts)


def test_starting_points_that_do_not_fit_are_refused_before_they_are_drawn():
    from coopsim import budget

    with budget.limited(1_000_000), pytest.raises(UserError, match="10,000 starting points"):
        solve(COURNOT, "nash", "extragradient", starts=10_000)


@pytest.mark.parametrize("points", [1, 1.5, "21", 1e308, True])
def test_the_grid_of_a_continuous_game_is_a_whole_number(points):
    with pytest.raises(UserError, match="at least 2"):
        solve(COURNOT, "correlated", points=points)


@pytest.mark.parametrize("points", [10**7, 10**400])
def test_a_grid_too_fine_is_refused(points):
    assert solve(COURNOT, "correlated", points=points).status == "refused"


def test_every_option_of_every_method_says_its_type():
    for name, item in registry.registrations("solver").items():
        run = item.load()
        hints = declared(run)
        options = set(inspect.signature(run).parameters) - {"form"}
        assert options <= set(hints), name
        if "seed" in options:
            assert get_origin(hints["seed"]) is Annotated, name


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values_are_refused_or_answered(odd):
    """Each option of the methods for matrix games, with each odd value: no other error."""
    for name, item in registry.registrations("solver").items():
        problem = item.tags.get("problem")
        if item.tags.get("form") != "normal" or problem == "optimum":
            continue
        for option in set(inspect.signature(item.load()).parameters) - {"form", "tol", "deadline"}:
            with contextlib.suppress(CoopsimError):
                solve(GAME, problem, name, deadline=0.2, **{option: odd})
