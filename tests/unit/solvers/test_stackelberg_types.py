"""Commitment against types and in security games: two methods and the explicit matrix agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.games.forms.security import SecurityForm
from coopsim.solvers.certificates import bayesian_commitment, security
from coopsim.solvers.check import check
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status


def random_types(rng: np.random.Generator) -> StackelbergForm:
    shape = tuple(rng.integers(1, 4, 3).tolist())
    if rng.random() < 0.5:
        sides: Any = rng.integers(0, 4, (2, *shape))
    else:
        sides = rng.normal(size=(2, *shape))
    return StackelbergForm(*sides, rng.dirichlet(np.ones(shape[0])))


def random_security(rng: np.random.Generator, size: int, resources: int) -> SecurityForm:
    whole = rng.random() < 0.5
    pays = rng.integers(1, 5, (4, size)) if whole else rng.uniform(0.1, 5, (4, size))
    return SecurityForm(pays[0], -pays[1], -pays[2], pays[3], resources)


@pytest.mark.parametrize("method", ["dobss", "type-enumeration", "origami", "security-lp"])
def test_laws_of_solvers(method: str) -> None:
    check(method, games=3)


@pytest.mark.parametrize("seed", range(10))
def test_dobss_enumeration_and_the_matrix_agree(seed: int) -> None:
    form = random_types(np.random.default_rng(seed))
    answers = [solve(form, "stackelberg", method) for method in ("dobss", "type-enumeration")]
    matrix = solve(form.to_normal(), "stackelberg")
    for answer in answers:
        assert answer.proved
        assert answer.certificate.relative <= 1e-12
        assert answer.values[0] == pytest.approx(matrix.values[0], abs=1e-9)
        assert answer.verify(form).residual <= 1e-9


def test_a_type_that_never_comes_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    sides = rng.normal(size=(2, 3, 3, 3))
    with_it = StackelbergForm(*sides, [0.3, 0.7, 0.0])
    without = StackelbergForm(*sides[:, :2], [0.3, 0.7])
    values = [solve(form, "stackelberg").values[0] for form in (with_it, without)]
    assert values[0] == pytest.approx(values[1], abs=1e-9)


def test_too_many_tuples_are_refused_and_solved_by_the_other_method() -> None:
    rng = np.random.default_rng(2)
    form = StackelbergForm(*rng.normal(size=(2, 8, 2, 4)), np.full(8, 1 / 8))
    refused = solve(form, "stackelberg", "type-enumeration")
    assert refused.status is Status.REFUSED
    assert "dobss" in refused.sentence
    assert solve(form, "stackelberg").method == "dobss"
    with pytest.raises(NoSuchForm, match="follower strategies"):
        form.to_normal(limit=1000)


def test_questions_that_are_solved_for_matrices_only() -> None:
    form = random_types(np.random.default_rng(3))
    assert solve(form, "stackelberg", "dobss", ties="weak").status is Status.REFUSED
    assert solve(form, "stackelberg", commitment="pure").status is Status.REFUSED
    with pytest.raises(UserError):
        solve(form, "stackelberg", leader=1)


def test_certificate_of_types_sees_planted_mistakes() -> None:
    form = StackelbergForm([[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]], [1.0])
    worse = (np.array([0.25, 0.75]), np.array([[0.0, 1.0]]))
    assert bayesian_commitment.stackelberg(form, worse, {})[0].players == pytest.approx((0.25, 0))
    wrong = (np.array([0.4, 0.6]), np.array([[1.0, 0.0]]))
    assert bayesian_commitment.stackelberg(form, wrong, {})[0].players[1] == pytest.approx(0.2)


def test_deadlines_of_types() -> None:
    rng = np.random.default_rng(4)
    form = StackelbergForm(*rng.normal(size=(2, 4, 5, 4)), np.full(4, 0.25))
    for method in ("dobss", "type-enumeration"):
        solution = solve(form, "stackelberg", method, deadline=0.0)
        assert solution.status is Status.BUDGET
        assert solution.profile


@pytest.mark.parametrize("bad", [{"prior": [0.5, 0.6]}, {"prior": [1.0]}, {"prior": [-1, 2]}])
def test_forms_that_contradict_themselves(bad: dict[str, Any]) -> None:
    sides = np.zeros((2, 2, 2, 2))
    with pytest.raises(ValueError, match="prior"):
        StackelbergForm(*sides, bad["prior"])


@pytest.mark.parametrize(
    ("size", "resources"), [(1, 1), (3, 1), (3, 2), (4, 4), (5, 2), (6, 3), (7, 6)]
)
def test_origami_the_programs_and_the_matrix_agree(size: int, resources: int) -> None:
    rng = np.random.default_rng(10 * size + resources)
    for _ in range(3):
        form = random_security(rng, size, resources)
        first, second = (solve(form, "stackelberg", m) for m in ("origami", "security-lp"))
        matrix = solve(form.to_normal(), "stackelberg")
        for answer in (first, second):
            assert answer.proved
            assert answer.certificate.relative <= 1e-12
            assert answer.values[0] == pytest.approx(matrix.values[0], abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_allocations_make_up_the_coverage(seed: int) -> None:
    """Comb sampling: no allocation uses more than the resources, at most K + 1 are needed."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 12))
    resources = int(rng.integers(1, size + 1))
    form = random_security(rng, size, resources)
    coverage = rng.random(size)
    coverage *= min(1.0, resources / coverage.sum())
    rows, shares = form.mixture(coverage) or pytest.fail("it can be implemented")
    np.testing.assert_allclose(shares @ rows, coverage, atol=1e-12)
    assert rows.sum(1).max() <= resources
    assert len(rows) <= size + 1
    assert shares.sum() == pytest.approx(1)
    assert form.mixture(np.ones(size)) is None or resources >= size


def test_schedules_and_unusual_payoffs() -> None:
    """Where resources cover several targets, or cover to someone's harm: programs and matrix."""
    rng = np.random.default_rng(5)
    schedules = [(0, 1), (2, 3), (4, 5), (1, 2, 3), (0, 5)]
    for place in range(8):
        pays = rng.normal(size=(4, 6))
        form = SecurityForm(*pays, 2, schedules if place % 2 else ())
        assert solve(form, "stackelberg", "origami").status is Status.REFUSED
        solution = solve(form, "stackelberg")
        matrix = solve(form.to_normal(), "stackelberg")
        assert solution.proved
        assert solution.certificate.relative <= 1e-12
        assert solution.values[0] == pytest.approx(matrix.values[0], abs=1e-9)


def test_coverage_of_schedules_that_no_allocation_makes() -> None:
    """Three targets in pairs, one resource: half of each is no mixture of two-target patrols."""
    form = SecurityForm([0] * 3, [-1] * 3, [0] * 3, [1] * 3, 1, [(0, 1), (1, 2), (0, 2)])
    assert form.mixture(np.full(3, 0.8)) is None
    assert form.mixture(np.full(3, 2 / 3)) is not None
    coverage, attack = np.full(3, 0.8), np.eye(3)[0]
    assert security.stackelberg(form, (coverage, attack), {})[0].residual > 0.1


def test_certificate_of_security_sees_planted_mistakes() -> None:
    form = SecurityForm([2, 1, 0], [-6, -3, -1], [-2, -1, 0], [6, 4, 2], 1)
    good = solve(form, "stackelberg")
    assert security.stackelberg(form, good.profile, {})[0].residual <= 1e-9
    even = (np.full(3, 1 / 3), np.eye(3)[0])
    assert security.stackelberg(form, even, {})[0].players[0] > 0.5
    too_much = (np.full(3, 0.9), np.eye(3)[0])
    assert security.stackelberg(form, too_much, {})[0].residual > 1
    other = (good.profile[0], np.eye(3)[0])
    assert security.stackelberg(form, other, {})[0].residual > 0.1


def test_too_many_allocations_are_refused_by_name_of_what_fits() -> None:
    form = random_security(np.random.default_rng(6), 40, 15)
    with pytest.raises(NoSuchForm, match="origami"):
        form.to_normal()
    assert solve(form, "stackelberg").proved
    assert solve(form, "stackelberg").certificate.relative <= 1e-12


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_thousand_random_security_games_and_types() -> None:
    rng = np.random.default_rng(8)
    for place in range(1000):
        size = int(rng.integers(1, 10))
        form = random_security(rng, size, int(rng.integers(1, size + 1)))
        first, second = (solve(form, "stackelberg", m) for m in ("origami", "security-lp"))
        assert first.proved, (place, first)
        assert first.values[0] == pytest.approx(second.values[0], abs=1e-8)
        if place % 5 == 0:
            types = random_types(rng)
            one, two = (solve(types, "stackelberg", m) for m in ("dobss", "type-enumeration"))
            assert one.proved, (place, one)
            assert one.values[0] == pytest.approx(two.values[0], abs=1e-8)
