"""Support enumeration finds all equilibria of nondegenerate games, and knows which they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

import coopsim
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.check import check
from coopsim.solvers.solution import Found
from coopsim.solvers.support import solve
from coopsim.solvers.vertex import solve as solve_by_vertices


def game(seed: int, largest: int = 7) -> NormalForm:
    """Floats, small integers with ties, larger integers, in turn."""
    rng = np.random.default_rng(seed)
    m, k = rng.integers(1, largest + 1, 2)
    if seed % 3 == 0:
        return NormalForm(rng.random((2, m, k)))
    return NormalForm(rng.integers(0, 3 if seed % 3 == 1 else 40, (2, m, k)))


def points(found: Found) -> set[tuple[float, ...]]:
    """Profiles as rounded numbers, without minus zeros."""
    return {tuple(np.round(np.concatenate(profile), 7) + 0.0) for profile in found.profiles}


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_the_vertices_of_the_polytopes(seed: int) -> None:
    """All equilibria of a nondegenerate game; of a degenerate one some extreme equilibria."""
    form = game(seed)
    found, extreme = solve(form), solve_by_vertices(form)
    assert points(found) <= points(extreme)
    if found.exhaustive:
        assert points(found) == points(extreme)
        assert len(found.profiles) % 2 == 1  # Wilson 1971
    if seed % 3 == 0:
        assert found.exhaustive  # random floats are never degenerate
    assert points(solve(form, check_degeneracy=False)) <= points(found)


def test_degenerate_games_are_not_called_complete() -> None:
    """A tie between two best responses to a pure action is found, wherever it is."""
    form = NormalForm([[[1, 0], [1, 0], [0, 3]], [[1, 0], [0, 1], [0, 0]]])
    assert not solve(form).exhaustive
    assert not solve(NormalForm(np.zeros((2, 2, 2)))).exhaustive
    for seed in range(20):  # hide a tie in a random game
        payoffs = np.random.default_rng(seed).random((2, 5, 5))
        column = payoffs[0, :, 3]
        column[(column.argmax() + 1) % 5] = column.max()
        assert not solve(NormalForm(payoffs)).exhaustive
        assert "degenerate" in solve(NormalForm(payoffs)).sentence


def test_without_the_check_nothing_is_claimed() -> None:
    form = game(0)
    found = solve(form, check_degeneracy=False)
    assert not found.exhaustive
    assert points(found) == points(solve(form))
    assert found.stats["systems"] <= solve(form).stats["systems"]


def test_every_pair_of_supports_is_looked_at() -> None:
    found = solve(NormalForm(np.random.default_rng(2).random((2, 6, 5))))
    assert found.stats["pairs"] == math.comb(11, 5) - 1


def test_coordination_has_an_equilibrium_for_each_support() -> None:
    found = solve(NormalForm([np.eye(4)] * 2))
    assert len(found.profiles) == 15
    assert found.exhaustive
    for profile in found.profiles:
        x, y = profile
        np.testing.assert_allclose(x, (x > 0) / (x > 0).sum(), atol=1e-12)
        np.testing.assert_array_equal(x, y)


def test_small_supports_first() -> None:
    sizes = [int((profile[0] > 0).sum()) for profile in solve(NormalForm([np.eye(4)] * 2)).profiles]
    assert sizes == sorted(sizes)


def test_a_limit_on_supports() -> None:
    found = solve(NormalForm([np.eye(4)] * 2), max_support=2)
    assert len(found.profiles) == 4 + 6
    assert found.finished
    assert not found.exhaustive
    with pytest.raises(UserError):
        solve(NormalForm([np.eye(4)] * 2), max_support=0)


def test_deadline() -> None:
    form = NormalForm(np.random.default_rng(0).random((2, 14, 14)))
    found = solve(form, deadline=0.2)
    assert not found.finished
    assert not found.exhaustive


def test_refusal_where_the_count_is_too_large_for_a_float() -> None:
    with pytest.raises(NoSuchForm, match=r"over 1e.300 pairs"):
        solve(NormalForm(np.zeros((2, 600, 600))))


def test_refusals() -> None:
    with pytest.raises(NoSuchForm, match="lemke-howson"):
        solve(NormalForm(np.random.default_rng(0).random((2, 30, 30))))
    with pytest.raises(NoSuchForm, match="two players"):
        solve(NormalForm(np.zeros((3, 2, 2, 2))))


def test_by_name_through_solve() -> None:
    pennies = NormalForm([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    solutions = coopsim.solve(pennies, "nash", method="support-enumeration", all=True)
    assert solutions.complete
    np.testing.assert_allclose(solutions[0].profile, np.full((2, 2), 0.5), atol=1e-15)


def test_conformance() -> None:
    check("support-enumeration")
