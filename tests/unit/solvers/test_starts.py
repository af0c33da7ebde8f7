"""Where time runs out: the best profile at hand with its residual; tolerances and units."""

from __future__ import annotations

import numpy as np
import pytest

import coopsim
from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.proof import within
from coopsim.solvers.solution import Status

LARGE = NormalForm(np.random.default_rng(1).random((2, 60, 60)))


@pytest.mark.parametrize("concept", ["nash", "correlated", "coarse correlated"])
def test_no_time_gives_a_profile_with_its_residual(concept: str) -> None:
    """Law: at deadline 0 there is a profile, and it is called what its certificate shows."""
    solution = coopsim.solve(LARGE, concept, deadline=0)
    assert solution.profile
    assert solution.certificate is not None
    assert solution.proved == (solution.certificate.residual <= 1e-8)


@pytest.mark.parametrize("method", ["vertex-enumeration", "support-enumeration"])
def test_methods_that_had_no_time(method: str) -> None:
    form = NormalForm(np.random.default_rng(2).random((2, 12, 12)))
    solution = coopsim.solve(form, "nash", method, deadline=0)
    assert solution.profile
    assert solution.status is Status.BUDGET or solution.proved


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e6, 1e9])
def test_units_do_not_decide_what_is_proved(scale: float) -> None:
    """Law: in any unit an answer that is called proved has a tiny regret beside the range."""
    rng = np.random.default_rng(3)
    for shape in ((2, 6, 6), (3, 3, 3, 3)):
        form = NormalForm(rng.normal(size=shape) * scale)
        solution = coopsim.solve(form, "nash")
        assert solution.proved
        assert solution.certificate is not None
        assert solution.certificate.relative < 1e-6
        pure = coopsim.solve(form, "nash", "pure-enumeration", all=True)
        assert len(pure) < np.prod(shape[1:])


def test_a_strict_tolerance_is_at_most_a_millionth_of_the_range() -> None:
    assert within(1e-8, 100.0) == 1e-8
    assert within(1e-8, 1e-9) == pytest.approx(1e-15)
    assert within(0.5, 0.1) == 0.5


@pytest.mark.parametrize("wrong", [{"deadline": "1"}, {"tol": None}, {"tol": True}])
def test_numbers_that_are_none(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError, match="no number"):
        coopsim.solve(LARGE, "nash", **wrong)  # type: ignore[call-overload]


def test_an_array_as_an_objective_and_a_solution_as_a_profile() -> None:
    chicken = NormalForm([[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
    solution = coopsim.solve(chicken, "correlated", objective=np.array([1.0, 2.0]))
    assert solution.options["objective"] == [1.0, 2.0]
    assert coopsim.exploitability(chicken, coopsim.solve(chicken, "nash")) == pytest.approx(0)
