"""Large constant-sum games: regret matching+, and pivots from its support."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers import regret_matching, zero_sum
from coopsim.solvers.constant_sum import at_once, scaled
from coopsim.solvers.crossover import crossover
from coopsim.solvers.kernels.matching import Matching
from coopsim.solvers.numeric import Clock
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status


def draw(kind: str, m: int, n: int, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    if kind == "normal":
        return rng.normal(size=(m, n))
    payoffs = rng.integers(0, 3, (m, n)).astype(float)
    if kind == "copies":
        payoffs[m // 2 :] = payoffs[: m - m // 2]
        payoffs[:, n // 2 :] = payoffs[:, : n - n // 2]
    return payoffs


def form_of(payoffs: Any) -> NormalForm:
    return NormalForm([payoffs, 1 - payoffs])


@pytest.mark.parametrize("kind", ["normal", "integers", "copies"])
@pytest.mark.parametrize("shape", [(320, 310), (305, 340)])
def test_large_games_are_solved_to_rounding(kind: str, shape: tuple[int, int]) -> None:
    solution = solve(form_of(draw(kind, *shape)), "nash")
    assert solution.method == "regret-matching-plus"
    assert "too large for an LP" in solution.chosen
    assert solution.proved
    assert solution.certificate is not None
    assert solution.certificate.relative <= 1e-12


def test_value_is_that_of_the_linear_programme() -> None:
    form = form_of(draw("normal", 120, 90))
    ours, theirs = regret_matching.solve(form), zero_sum.solve(form)
    worth = [form.expected(found.profiles[0])[0] for found in (ours, theirs)]
    assert worth[0] == pytest.approx(worth[1], abs=1e-11)


@pytest.mark.parametrize(("gap", "size"), [(1e-2, 40), (1e-4, 40), (2e-6, 4)])
def test_rounds_stop_at_the_gap_that_is_asked_for(gap: float, size: int) -> None:
    payoffs = draw("normal", size, size)
    found = regret_matching.solve(form_of(payoffs), gap=gap, polish=False)
    x, y = found.profiles[0]
    reached = ((payoffs @ y).max() - (x @ payoffs).min()) / np.ptp(payoffs)
    assert gap / 100 < reached <= gap
    assert not found.finished
    assert found.stats["pivots"] == 0


def test_the_gap_of_an_average_is_what_its_mixtures_give() -> None:
    payoffs = np.random.default_rng(0).random((3, 7, 5))
    state = Matching(payoffs)
    for _ in range(30):
        gaps = state.play(7)
        x, y = state.pair()
        paid, pays = np.einsum("vij,vj->vi", payoffs, y), np.einsum("vi,vij->vj", x, payoffs)
        np.testing.assert_allclose(gaps, paid.max(1) - pays.min(1), atol=1e-12)


def test_a_bad_start_and_a_singular_support_still_lead_to_the_optimum() -> None:
    payoffs = draw("copies", 60, 50)
    game = scaled(payoffs)
    for x, y in (
        (np.full(60, 1 / 60), np.full(50, 1 / 50)),
        at_once(game),
        (np.eye(60)[7], np.eye(50)[3]),
    ):
        *pair, _, optimal = crossover(game, x, y, Clock(None))
        assert optimal
        assert game.gap(*pair) <= 1e-12


def test_torch_plays_the_same_rounds_as_numpy() -> None:
    torch = pytest.importorskip("torch")
    payoffs = np.random.default_rng(1).random((4, 6, 3))
    ours, theirs = Matching(payoffs), Matching(torch.as_tensor(payoffs))
    for _ in range(20):
        np.testing.assert_allclose(ours.play(8), theirs.play(8).numpy(), atol=1e-12)
    for one, other in zip(ours.pair(), theirs.pair(), strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-12)


def test_a_deadline_that_expires_gives_the_best_pair_so_far() -> None:
    form = form_of(draw("normal", 400, 400))
    for deadline in (0.0, 0.01, 0.05):
        solution = solve(form, "nash", "regret-matching-plus", deadline=deadline)
        assert solution.certificate is not None
        assert solution.proved or solution.status is Status.BUDGET
        assert solution.certificate.relative < 0.2


def test_options_out_of_range_are_refused() -> None:
    form = form_of(draw("normal", 4, 4))
    for options in ({"gap": 0.0}, {"rounds": 0}):
        with pytest.raises(UserError, match="must be above 0"):
            regret_matching.solve(form, **options)
