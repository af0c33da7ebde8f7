"""Strategies on trust and reputation, and grim triggers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.errors import CoopsimError, UserError
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.trust import TrustForm, at, grid
from coopsim.games.rollout import replay
from coopsim.solvers.certificates.grim import grim
from coopsim.solvers.certificates.trust import regret, shortfall
from coopsim.solvers.dynamic.grim import discounts
from coopsim.solvers.dynamic.temptation import temptation


def game(name: str = "trust-dilemma", **given: Any) -> Any:
    return coopsim.make_game(f"coopetition/{name}", **given)


def test_interpolation_is_exact_for_multilinear_functions() -> None:
    shape = (4, 3, 5)
    points = grid(shape)
    values = (1 + points[:, 0]) * (2 - points[:, 1]) + 3 * points[:, 2]
    drawn = np.random.default_rng(0).random((50, 3))
    wanted = (1 + drawn[:, 0]) * (2 - drawn[:, 1]) + 3 * drawn[:, 2]
    np.testing.assert_allclose(at(values.reshape(shape), drawn), wanted, rtol=1e-12)


@pytest.mark.parametrize("name", ["trust-dilemma", "samsung-sony"])
def test_the_trust_form_plays_the_game(name: str) -> None:
    """Payoffs and states along a random path are those of replay."""
    played = game(name, horizon=20)
    form = played.form("trust")
    actions = np.random.default_rng(3).uniform(30, 60, (20, 2))
    shown = replay(played, actions)
    state = form.start[None]
    for t in range(20):
        state, paid, _ = form.step(state, actions[None, t])
        np.testing.assert_allclose(paid[0], shown.payoffs[t], rtol=1e-12)
        np.testing.assert_allclose(state[0, 0], shown.trust[t, 1, 0], rtol=1e-12)
        np.testing.assert_allclose(state[0, 3], shown.reputation_damage[t, 0, 1], rtol=1e-12)
    assert form.symmetric == (name == "trust-dilemma")


def test_in_the_last_round_strategies_are_those_of_one_round() -> None:
    """Law: with one round left a Markov perfect equilibrium is a Nash equilibrium of the round."""
    once = game(horizon=1)
    found = coopsim.solve(once, "markov perfect over trust", tol=0.02, trust_points=9)
    wanted = coopsim.solve(once, "open-loop nash", tol=1e-6)
    assert found.proved
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-4)


def test_the_last_round_is_answered_closely() -> None:
    """Law: the last round's actions are a Nash equilibrium of it, as closely as answers settle."""
    once = game(horizon=1)
    found = coopsim.solve(once, "markov perfect over trust", tol=1e-3)
    assert found.proved
    form, played = once.form("trust"), float(found.profile[0][0, 3, 0, 3, 0])
    levels = np.append(np.linspace(played - 0.5, played + 0.5, 2001), played)
    joint = np.stack([levels, np.full(len(levels), played)], -1)
    paid = form.step(np.repeat(form.start[None], len(levels), axis=0), joint)[1][:, 0]
    assert abs(levels[paid.argmax()] - played) < 6e-4
    assert not coopsim.solve(once, "markov perfect over trust").proved  # away from the grid


def test_control_of_one_round_is_the_best_common_action() -> None:
    """Law: with one round left the common action has the largest sum of a dense scan."""
    once = game(horizon=1, formulation="gym-v1")
    found = coopsim.solve(once, "cooperative control", tol=1e-3)
    form = once.form("trust")
    levels = np.linspace(form.low[0], form.high[0], 100_001)
    starts = np.broadcast_to(form.start, (len(levels), 4))
    best = form.step(starts, np.stack([levels, levels], -1))[1].sum(1).max()
    assert found.values.sum() >= best - 1e-6


def parabola(horizon: int, peak: float, base: float = 0.0) -> TrustForm:
    """Nothing moves trust, and u_i = base - (a_i - peak)^2; the peak is not marked."""

    def step(states: Any, actions: Any) -> Any:
        return states, base - (actions - peak) ** 2, np.ones(len(states))

    start = np.array([0.5, 0.0, 0.5, 0.0])
    bounds = np.zeros(2), np.full(2, 10.0)
    return TrustForm(("a", "b"), *bounds, horizon, 1.0, start, step, np.zeros((1, 2)))


@pytest.mark.parametrize("off", [0.1, 1e-2, 1e-3, -1e-4])
def test_certificates_see_gains_between_levels(off: float) -> None:
    """Law: who is `off` the peak of a parabola gains the square of it each round, two in sum."""
    form = parabola(3, np.pi)
    pair, alone = np.full((3, 2, 2, 2, 2), np.pi + off), np.full((3, 2, 2), np.pi + off)
    proof, _ = regret(form, (pair, pair), {})
    np.testing.assert_allclose(proof.players, 3 * off**2, rtol=5e-3)
    proof, _ = shortfall(form, (alone, alone), {})
    assert proof.residual == pytest.approx(6 * off**2, rel=5e-3)


@pytest.mark.parametrize("base", [0.0, 1e3])
def test_certificates_gain_nothing_where_nothing_is_to_be_gained(base: float) -> None:
    """Law: at the peak nobody gains; what rounding makes up is nothing."""
    form, near = parabola(2, np.pi, base), np.pi + (1e-6 if base else 0.0)
    pair, alone = np.full((2, 2, 2, 2, 2), near), np.full((2, 2, 2), near)
    assert regret(form, (pair, pair), {})[0].residual == 0
    assert shortfall(form, (alone, alone), {})[0].residual == 0


def test_gains_are_those_of_a_dense_scan() -> None:
    """Law: the residual of one round is no less than what any level of a dense scan gains."""
    form = game("samsung-sony", horizon=1, formulation="gym-v1").form("trust")
    found = coopsim.solve(form, "markov perfect over trust", trust_points=5)
    assert found.certificate is not None
    joint = np.array([[float(at(part[0], form.start[None])[0]) for part in found.profile]])
    for i in range(2):
        levels = np.linspace(form.low[i], form.high[i], 50_001)
        wide = np.repeat(joint, len(levels), axis=0)
        wide[:, i] = levels
        paid = form.step(np.repeat(form.start[None], len(levels), axis=0), wide)[1][:, i]
        gain = paid.max() - form.step(form.start[None], joint)[1][0, i]
        assert found.certificate.players[i] >= gain - 1e-8
    assert found.certificate.residual > 1e-8


def test_little_patience_is_one_round() -> None:
    """Law: as the discount factor falls to 0, endless play becomes the single round."""
    endless = game(end_below=None)
    found = coopsim.solve(
        endless, "markov perfect over trust", tol=0.05, endless=True, discount=1e-6,
        trust_points=5, damage_points=3,
    )  # fmt: skip
    once = coopsim.solve(game(horizon=1), "open-loop nash", tol=1e-6)
    np.testing.assert_allclose(found.values, once.values, rtol=1e-3)


def test_inertia_keeps_gains_small_where_exact_answers_chase_one_another() -> None:
    """What is returned is at least as hard to leave as exact answers are, and says how inert."""
    played = game("samsung-sony", horizon=16)
    inert = coopsim.solve(played, "markov perfect over trust", tol=0.01, trust_points=5)
    exact = coopsim.solve(
        played, "markov perfect over trust", tol=0.01, trust_points=5, inertia=0.0
    )
    assert inert.details["gain"] <= exact.details["gain"]
    assert inert.certificate is not None
    assert inert.certificate.relative < 0.02
    with pytest.raises(UserError, match="inertia"):
        coopsim.solve(played, "markov perfect over trust", inertia=-1.0)


def test_temptation_is_what_a_deviation_gains() -> None:
    """In one round: the payoff of the best of the levels tried less that of the profile."""
    form = game(horizon=1).form("trust")
    flat = np.full((1, 2, 2, 2, 2), 50.0)
    levels = np.append(np.linspace(form.low[0], form.high[0], 13), form.marks[:, 0])
    joint = np.stack([levels, np.full(len(levels), 50.0)], -1)
    gains = []
    for trust in np.linspace(0, 1, 4):
        state = np.array([[trust, 0.0, trust, 0.0]])
        paid = form.step(np.repeat(state, len(levels), axis=0), joint)[1][:, 0]
        gains.append(paid.max() - form.step(state, np.full((1, 2), 50.0))[1][0, 0])
    assert temptation(form, (flat, flat)) >= max(gains) - 1e-9
    assert temptation(form, (flat, flat)) > 0


def test_control_reaches_the_dynamic_optimum() -> None:
    """Two methods that share nothing agree where players are alike and act alike."""
    played = game(horizon=8)
    control = coopsim.solve(played, "cooperative control", tol=1e-2)
    best = coopsim.solve(played, "dynamic optimum", tol=1e-3, starts=1)
    assert control.values.sum() <= best.values.sum() + 1e-6
    assert control.values.sum() == pytest.approx(best.values.sum(), rel=1e-3)


def test_a_state_that_is_too_large_is_refused_with_what_takes_it() -> None:
    many = coopsim.make_game("coopetition/repeated", players=4, horizon=3)
    found = coopsim.solve(many, "markov perfect over trust")
    assert found.status == "refused"
    found = coopsim.solve(many, "markov perfect over trust", method="trust-value-iteration")
    assert "8 state variables" in found.sentence
    assert "open-loop nash" in found.sentence
    assert coopsim.solve(many, "cooperative control", tol=10.0).profile
    standing = coopsim.solve(game("reputation-market"), "markov perfect over trust")
    assert "standing" in standing.sentence


def test_endless_play_needs_discounting() -> None:
    with pytest.raises(UserError, match="no discount factor"):
        game().form("trust", endless=True)


def dilemma(temptation: float = 4.0) -> ContinuousForm:
    """A prisoner's dilemma on an interval: u_i = 3 a_j - a_i; mutual 1 pays 2, mutual 0 pays 0."""

    def payoffs(a: Any) -> Any:
        return (temptation - 1) * a[..., ::-1] - a

    return ContinuousForm(("a", "b"), np.zeros(2), np.ones(2), np.arange(2), payoffs)


def test_the_discount_factor_of_a_prisoners_dilemma() -> None:
    """Closed form: (dev - c) / (dev - nash) = (3 - 2) / (3 - 0)."""
    found = coopsim.solve(dilemma(), "grim trigger")
    assert found.proved
    assert found.details["discount"] == pytest.approx(1 / 3)
    assert found.details["finite"] == pytest.approx(1.0)
    np.testing.assert_allclose(found.actions, 1.0)


def test_a_stated_discount_factor_that_is_too_small_is_caught() -> None:
    proof, _ = grim(dilemma(), (np.ones(1), np.ones(1)), {"punishment": [0, 0], "discount": 0.2})
    # 0.8 x 3 + 0.2 x 0 against 2
    assert proof.residual == pytest.approx(0.4)
    proof, _ = grim(dilemma(), (np.ones(1), np.ones(1)), {"punishment": [0, 0], "discount": None})
    assert proof.residual > 0
    with pytest.raises(CoopsimError, match="punishes"):
        grim(dilemma(), (np.ones(1), np.ones(1)), {})


def test_rounding_tempts_nobody() -> None:
    """Law: where the best sum is the stage's equilibrium, a discount factor of 0 sustains it."""
    found = coopsim.solve(game(gamma=0), "grim trigger")
    assert found.proved
    assert found.details["discount"] == 0
    assert found.certificate is not None
    assert found.certificate.residual == 0
    kept = np.array([200.0])
    assert discounts(kept, kept + 3e-14, kept).tolist() == [0.0]
    assert discounts(kept, kept + 1e-6, kept).tolist() == [np.inf]


def test_no_threat_deters_where_punishment_is_no_worse() -> None:
    needed = discounts(np.array([2.0, 2.0]), np.array([3.0, 2.0]), np.array([2.5, 0.0]))
    assert needed.tolist() == [np.inf, 0.0]


def test_a_target_is_sustained_and_a_wrong_one_refused() -> None:
    found = coopsim.solve(game("samsung-sony"), "grim trigger", target=(26.0, 26.0), tol=1e-6)
    assert found.proved
    np.testing.assert_allclose(found.actions, 26.0)
    with pytest.raises(UserError, match="no joint action"):
        coopsim.solve(game("samsung-sony"), "grim trigger", target=(26.0, 200.0))
