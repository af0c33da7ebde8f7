"""Solutions over time: closed forms on tiny horizons, brute force, and laws."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.arrays import Float
from coopsim.errors import CoopsimError, NoSuchForm, UserError
from coopsim.games.forms.dynamic import DynamicForm, dynamic_form
from coopsim.games.rollout import replay
from coopsim.solvers.certificates.dynamic import regret, shortfall
from coopsim.solvers.dynamic import nash, optimum
from coopsim.solvers.dynamic.anarchy import price_of_anarchy
from coopsim.solvers.dynamic.objective import objective
from coopsim.solvers.dynamic.search import polish, trade
from coopsim.solvers.numeric import Clock


def game(name: str = "trust-dilemma", **given: Any) -> Any:
    return coopsim.make_game(f"coopetition/{name}", **given)


def lqs(total: float = 8.0, horizon: int = 3) -> DynamicForm:
    """A Cournot duopoly played `horizon` times, with nothing carried over: payoffs add up."""

    def totals(q: Any) -> Any:
        return ((total - q.sum(-1, keepdims=True)) * q).sum(1)

    return DynamicForm(("a", "b"), np.zeros(2), np.full(2, total), horizon, totals)


@pytest.mark.parametrize(
    "name", ["trust-dilemma", "apache-project", "loyalty-team", "gift-exchange"]
)
@pytest.mark.parametrize("formulation", ["report", "gym-v1"])
def test_the_form_pays_what_replay_pays(name: str, formulation: str) -> None:
    played = game(name, formulation=formulation, horizon=30)
    unit = np.random.default_rng(1).random((2, 30, played.n))
    actions = unit * played.endowment
    paid = played.form("dynamic").payoffs(actions)
    np.testing.assert_allclose(paid, replay(played, actions).payoffs.sum(1), rtol=1e-10)


def test_rounds_after_an_early_end_pay_nothing() -> None:
    """Law: what is done after the end changes nothing, and the end itself is paid."""
    form = game(formulation="gym-v1").form("dynamic")
    low = np.zeros((100, 2))
    other = low.copy()
    other[3:] = 70.0
    assert replay(game(formulation="gym-v1"), low).payoffs.shape[0] == 3
    np.testing.assert_array_equal(form.payoffs(low), form.payoffs(other))


def test_discounting_weighs_rounds() -> None:
    played = game(horizon=4)
    actions = np.random.default_rng(0).uniform(40, 60, (4, 2))
    rounds = replay(played, actions).payoffs
    paid = played.form("dynamic", discount=0.5).payoffs(actions)
    np.testing.assert_allclose(paid, (0.5 ** np.arange(4)) @ rounds, rtol=1e-12)
    with pytest.raises(UserError, match="no discount factor"):
        played.form("dynamic", discount=1.5)


@pytest.mark.parametrize("name", ["samsung-sony", "loyalty-team", "apple-app-store"])
def test_torch_gradients_are_difference_quotients(name: str) -> None:
    pytest.importorskip("torch")
    form = game(name, horizon=6).form("dynamic")
    unit = np.random.default_rng(2).uniform(0.45, 0.6, (6, form.n))
    sequence, weights = unit * form.high, np.arange(1.0, form.n + 1)
    value, slope = form.gradient(sequence, weights)
    assert value == pytest.approx(form.payoffs(sequence) @ weights)
    for t, i in ((0, 0), (2, 1), (5, form.n - 1)):
        step = np.zeros_like(sequence)
        step[t, i] = 1e-4
        rise = (form.payoffs(sequence + step) - form.payoffs(sequence - step)) @ weights
        assert slope[t, i] == pytest.approx(rise / 2e-4, rel=1e-5, abs=1e-5)


def test_a_hidden_complementarity_counts_by_its_mean() -> None:
    hidden = game("synergy-search", horizon=5)
    known = dataclasses.replace(hidden, hidden=None, gamma=hidden.complementarity)
    actions = np.full((5, 2), 45.0)
    paid = hidden.form("dynamic").payoffs(actions)
    np.testing.assert_allclose(paid, known.form("dynamic").payoffs(actions))


def test_players_who_can_be_swapped_are_found() -> None:
    assert game("platform-ecosystem", horizon=10).form("dynamic").alike == (0, 1, 1, 1, 1)
    assert game("samsung-sony", horizon=10).form("dynamic").alike == (0, 1)


@pytest.mark.parametrize("gradient", ["differences", "torch"])
def test_repeated_cournot_has_the_monopoly_optimum_in_every_round(gradient: str) -> None:
    """Closed form: q1 + q2 = a / 2 a round, welfare T a^2 / 4."""
    if gradient == "torch":
        pytest.importorskip("torch")
    found = coopsim.solve(lqs(), "dynamic optimum", tol=1e-6, gradient=gradient)
    assert found.proved
    assert found.values.sum() == pytest.approx(3 * 16, abs=1e-6)
    np.testing.assert_allclose(sum(found.profile), 4.0, atol=1e-3)


def test_repeated_cournot_has_the_cournot_equilibrium_in_every_round() -> None:
    """Closed form: a / 3 each."""
    found = coopsim.solve(lqs(), "open-loop nash", tol=1e-6)
    assert found.proved
    np.testing.assert_allclose(np.stack(found.profile), 8 / 3, atol=1e-3)


def test_one_round_is_the_stage_game() -> None:
    """With T = 1 and without trust the open-loop solutions are those of the stage game."""
    once = game("samsung-sony", horizon=1, trust=None)
    stage = coopsim.solve(once, "coopetitive")
    found = coopsim.solve(once, "open-loop nash", tol=1e-7)
    np.testing.assert_allclose(found.actions, stage.actions, atol=5e-3)
    private = game("samsung-sony", horizon=1, reward="private")
    best = coopsim.solve(private, "dynamic optimum", tol=1e-7)
    assert best.values.sum() == pytest.approx(
        coopsim.solve(private, "social optimum").values.sum(), abs=1e-7
    )


@pytest.mark.parametrize("formulation", ["report", "gym-v1"])
def test_two_rounds_by_brute_force(formulation: str) -> None:
    """No profile of a grid of alike actions in two rounds pays more in sum."""
    form = game(formulation=formulation, horizon=2).form("dynamic")
    found = coopsim.solve(form, "dynamic optimum", tol=1e-5)
    levels = np.linspace(0, 100, 401)
    first, second = (axis.ravel() for axis in np.meshgrid(levels, levels))
    brute = form.welfare(np.repeat(np.stack([first, second], 1)[..., None], 2, axis=2)).max()
    assert found.values.sum() >= brute - 1e-9
    assert found.values.sum() <= brute + 0.5


@pytest.mark.parametrize("name", ["trust-dilemma", "loyalty-team"])
@pytest.mark.parametrize("formulation", ["report", "gym-v1"])
def test_never_below_the_best_constant(name: str, formulation: str) -> None:
    played = game(name, formulation=formulation, horizon=12)
    constant = coopsim.solve(played, "best constant", tol=1e-4)
    best = coopsim.solve(played, "dynamic optimum", tol=0.01, starts=1, rounds=1)
    assert best.values.sum() >= 12 * constant.values.sum() * (1 - 1e-9)


def test_the_optimum_grows_with_the_horizon() -> None:
    """Law: payoffs are positive, so a longer horizon is worth more."""
    worth = [
        coopsim.solve(game(horizon=t), "dynamic optimum", tol=0.01, starts=1).values.sum()
        for t in (2, 4, 8)
    ]
    assert worth[0] < worth[1] < worth[2]


def test_a_seed_decides_everything() -> None:
    form = game("gift-exchange", horizon=5).form("dynamic")
    one, two = (coopsim.solve(form, "dynamic optimum", tol=0.01, seed=3) for _ in range(2))
    assert one == two


def test_open_loop_equilibrium_treats_alike_players_alike_where_it_can() -> None:
    found = coopsim.solve(game(horizon=6, end_below=None), "open-loop nash", tol=1e-4)
    assert found.proved
    np.testing.assert_allclose(found.profile[0], found.profile[1])
    assert found.values[0] == pytest.approx(found.values[1])


def test_the_optimum_pays_more_than_the_equilibrium() -> None:
    played = game("samsung-sony", horizon=10)
    best = coopsim.solve(played, "dynamic optimum", tol=0.01, starts=1)
    nash = coopsim.solve(played, "open-loop nash", tol=0.01)
    assert best.values.sum() > nash.values.sum()


def test_no_equilibrium_pays_more_than_the_optimum_where_tiers_jump() -> None:
    """Law, where ascent alone stops 4 % short: what all gain by lies past a tier's threshold.

    The methods alone; what they reach needs no certificate to be compared.
    """
    form = game("reputation-market", horizon=10).form("dynamic")
    paid = [
        form.payoffs(form.join(found.profiles[0])[None]).sum()
        for found in (
            optimum.solve(form, tol=1.0, starts=2, rounds=1),
            nash.solve(form, tol=1.0),
        )
    ]
    assert paid[0] >= paid[1]


def brink(need: float = 10.0, horizon: int = 8) -> DynamicForm:
    """Effort costs its square, and all is lost where efforts sum to less than is needed."""

    def totals(sequences: Any) -> Any:
        done = sequences.sum(1) >= need
        return (100.0 - (sequences**2).sum(1)) * done

    return DynamicForm(("one",), np.zeros(1), np.full(1, 5.0), horizon, totals)


def test_along_an_edge_nothing_is_left_to_gain() -> None:
    """Closed form: equal efforts, 100 - need^2 / T; from unequal ones every single step loses."""
    form = brink()
    goal = objective(form, np.ones(1), [(0,)])
    uneven = np.repeat([2.0, 0.5], 4)[:, None]
    alone, _ = polish(goal, uneven, goal.value(uneven), Clock(None), 1e-4)
    assert goal.value(alone) == pytest.approx(100 - 17)
    _, best = trade(goal, uneven, goal.value(uneven), Clock(None), 1e-4)
    assert best == pytest.approx(100 - 12.5, abs=0.01)


def test_certificates_find_what_is_left_to_gain() -> None:
    """A constant that is no optimum, and a profile that is no equilibrium, have residuals."""
    form = lqs()
    wrong = form.split(form.constants(np.array([1.0, 1.0])))
    proof, paid = shortfall(form, wrong, {})
    assert proof.residual == pytest.approx(3 * (16 - 12), rel=1e-2)
    assert not proof.exact
    np.testing.assert_allclose(paid, 18.0)
    proof, _ = regret(form, wrong, {})
    # the best answer to 1 is 3.5, worth 3.5^2 where 6 was earned
    assert proof.players[0] == pytest.approx(3 * (12.25 - 6), rel=1e-2)


def test_bad_profiles_and_options_are_refused() -> None:
    form = lqs()
    with pytest.raises(CoopsimError, match="outside its bounds"):
        regret(form, (np.full(3, 9.0), np.zeros(3)), {})
    with pytest.raises(UserError, match="no such way"):
        coopsim.solve(form, "dynamic optimum", gradient="guess")
    with pytest.raises(ValueError, match=r"\[K, 2\]"):
        DynamicForm(("a", "b"), np.zeros(2), np.ones(2), 3, lambda x: x, np.zeros((1, 3)))
    with pytest.raises(NoSuchForm):
        game(horizon=3).form("dynamic", discounts=0.5)


def test_a_deadline_is_kept() -> None:
    found = coopsim.solve(game(), "dynamic optimum", tol=1e-3, deadline=0.5)
    assert found.stats["seconds"] < 40
    assert found.profile


def test_marks_must_lie_in_the_box() -> None:
    form = dynamic_form(
        game(horizon=2), np.zeros(2), np.full(2, 10.0), marks=np.array([[40.0, 5.0]])
    )
    marks: Float = form.marks  # type: ignore[assignment]
    assert marks.tolist() == [[10.0, 5.0]]


def test_the_price_of_anarchy_of_repeated_cournot() -> None:
    """Closed form: (a^2 / 4) / (2 a^2 / 9) = 9 / 8."""
    found = price_of_anarchy(lqs(), tol=1e-6)
    assert found.price == pytest.approx(9 / 8, rel=1e-4)  # regret is of second order in actions
