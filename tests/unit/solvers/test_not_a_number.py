"""What is not a finite number is never proved, wherever on the way it arises."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim import registry
from coopsim.arrays import positive_part
from coopsim.errors import CoopsimError
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.payoffs import LARGEST
from coopsim.solvers.answer import answer
from coopsim.solvers.certificate import certify, check_profile
from coopsim.solvers.certificates.variants import regrets
from coopsim.solvers.concepts import Concept
from coopsim.solvers.conformance.families import FAMILIES, trials
from coopsim.solvers.conformance.trial import Trial
from coopsim.solvers.proof import Certificate
from coopsim.solvers.solution import Found, Solution, Status

NASH = Concept("nash", "nash", "nobody gains by deviating alone")
BAD = [math.nan, math.inf, -math.inf]
PAYOFFS = {
    "payoffs", "payoff", "leader", "follower", "values", "vertices", "disagreement", "matrices",
    "rewards", "coefficients", "paid", "defender_covered", "defender_uncovered",
    "attacker_covered", "attacker_uncovered",
}  # fmt: skip
"""Fields of forms that hold what is paid, as arrays or as functions."""


def questions() -> list[str]:
    """Every registered certificate whose solutions are known in some games."""
    names = registry.registrations("certificate")
    return [name for name in names if tuple(name.split(" / ")) in FAMILIES]


def known(name: str) -> list[Trial]:
    problem, kind = name.split(" / ")
    return [trial for trial in trials(problem, kind, 0, 3) if trial.known]


def parameters(problem: str, trial: Trial) -> dict[str, Any]:
    concepts = (item.load() for item in registry.registrations("concept").values())
    asked = next((item.parameters for item in concepts if item.problem == problem), {})
    return {key: trial.options.get(key, value) for key, value in asked.items()}


def poisoned(form: Any, bad: float) -> Iterator[Any]:
    """The form with one payoff that is not finite, and with all of them."""
    for field in dataclasses.fields(form):
        value = getattr(form, field.name)
        made: list[Any] = []
        if field.name not in PAYOFFS or value is None:
            continue
        if isinstance(value, np.ndarray):
            one = np.array(value)
            one.flat[-1] = bad
            made = [one, np.full_like(value, bad)]
        elif callable(value):
            made = [lambda *args, own=value: np.full(np.shape(own(*args)), bad)]
        elif isinstance(value, tuple):
            made = [tuple(np.full_like(part, bad) for part in value)]
        for other in made:
            changed = copy.copy(form)
            object.__setattr__(changed, field.name, other)
            if getattr(form, "exact", None) is not None:
                object.__setattr__(changed, "exact", None)
            yield changed


@functools.cache
def evidence(name: str, place: int) -> tuple[Any, Any]:
    """A solution of a trial and what its method hands over with it."""
    trial, problem = known(name)[place], name.split(" / ")[0]
    if problem not in ("rationalizable", "alpha-rank", "grim trigger"):
        return trial.known[0], {}
    concepts = (item.load() for item in registry.registrations("concept").values())
    concept = next(item for item in concepts if item.problem == problem)
    found = coopsim.solve(trial.form, concept.name, **trial.options)
    return found.profile, found.details


def proved(problem: str, trial: Trial, form: Any, profile: Any, details: Any = None) -> bool:
    try:
        asked = parameters(problem, trial)
        proof, _ = check_profile(problem, form, profile, details or {}, asked)
    except (CoopsimError, ValueError):  # said in one sentence, and nothing is claimed
        return False
    return proof.holds(1e-8) or proof.shown


@pytest.mark.parametrize("name", questions())
def test_no_certificate_passes_payoffs_that_are_not_finite(name: str) -> None:
    problem, looked = name.split(" / ")[0], 0
    for place, trial in enumerate(known(name)):
        profile, details = evidence(name, place)
        assert proved(problem, trial, trial.form, profile, details) or not trial.everything
        for bad in BAD:
            for form in poisoned(trial.form, bad):
                looked += 1
                assert not proved(problem, trial, form, profile, details), (trial.name, bad)
    # three kinds of form hold payoffs behind methods of their own
    assert (
        looked
        or name.split(" / ")[1] in ("sealed bid", "dynamic", "resource", "mean field")
        or (not known(name))
    )


@pytest.mark.parametrize("name", questions())
def test_no_certificate_passes_a_profile_that_is_not_finite(name: str) -> None:
    for trial in known(name):
        for place in range(len(trial.known[0])):
            profile = tuple(
                np.full(part.shape, math.nan) if i == place else part
                for i, part in enumerate(trial.known[0])
            )
            assert not proved(name.split(" / ")[0], trial, trial.form, profile)


@pytest.mark.parametrize("bad", BAD)
def test_the_positive_part_keeps_what_is_not_finite(bad: float) -> None:
    assert not math.isfinite(positive_part(bad))
    assert not math.isfinite(positive_part(1.0, bad, 2.0))
    assert positive_part(-1.0, 2.0) == 2.0
    assert positive_part(-1.0) == positive_part() == 0.0


@pytest.mark.parametrize("place", ["residual", "players", "shared"])
def test_a_certificate_with_a_residual_that_is_no_number_never_holds(place: str) -> None:
    parts: dict[str, Any] = {"residual": 0.0, "players": (0.0, 0.0), "shared": (0.0, 1.0)}
    parts[place] = {"residual": math.nan, "players": (0.0, math.nan), "shared": (math.nan, 1.0)}[
        place
    ]
    for spans in ((), (1.0, 1.0)):
        proof = Certificate("regret", relative=0.0, exact=True, complete=False,
                            checked_by="by hand", spans=spans, rational=True, **parts)  # fmt: skip
        assert not proof.shown
        assert not proof.holds(1e300)
        assert Certificate.from_dict(proof.as_dict()) == proof


def test_a_range_that_is_no_number_makes_nothing_small() -> None:
    for span in BAD:
        proof = Certificate.of("regret", [1.0], [span], exact=True, checked_by="by hand")
        assert not proof.holds(1e-8)


@pytest.mark.parametrize("bad", BAD)
def test_a_method_that_hands_back_no_numbers_gets_a_sentence(bad: float) -> None:
    """One profile of two is no number: the other is answered, and nothing is raised."""
    form = NormalForm([[[1, 0], [0, 1]], [[1, 0], [0, 1]]])
    wrong, right = (np.array([bad, 0.0]), np.array([1.0, 0.0])), (np.eye(2)[0], np.eye(2)[0])
    asked = {"tol": 1e-8}
    (item,) = answer(form, NASH, "by hand", Found((wrong,), "made"), asked, {})
    assert (item.status, item.profile) == (Status.BUDGET, ())
    assert "not finite" in item.sentence
    assert Solution.from_dict(item.as_dict()) == item
    both = answer(form, NASH, "by hand", Found((wrong, right), "made"), asked, {})
    assert both[0].proved
    assert both[0].status is Status.EXACT


def test_the_largest_payoffs_that_forms_take_are_checked_in_fractions() -> None:
    big = LARGEST
    form = NormalForm([[[big, -big], [-big, big]], [[-big, big], [big, -big]]])
    half = np.array([0.5, 0.5])
    proof = certify("nash", form, (half, half))
    assert proof.shown
    assert not certify("nash", form, (np.eye(2)[0], half)).shown
    assert not certify("nash", form, (np.eye(2)[0], half)).holds(1e-8)
    assert coopsim.solve(form, "nash").status is Status.EXACT


def test_a_batch_with_overflow_is_not_proved() -> None:
    big = np.full((1, 2, 2, 2), 1.5e308)
    big[:, :, 0, 1] = -1.5e308
    x = np.array([[[1.0, 0.0]]])
    for profiles in ((x, x), (x, x, np.ones((1, 1, 1)))):
        payoffs = big if len(profiles) == 2 else np.concatenate([big, big[:, :1]], 1)[..., None]
        with np.errstate(all="ignore"):
            _, gains = regrets(payoffs * np.inf, profiles)
        assert (gains == np.inf).all()
