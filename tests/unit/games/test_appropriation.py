"""Contributing and grabbing: the recorded equilibrium, limits, play with two numbers."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.errors import InvalidAction, NoSuchForm, UserError
from coopsim.games.adapters.pettingzoo import parallel
from coopsim.games.adapters.pettingzoo_aec import aec
from coopsim.games.catalogue import make_game
from coopsim.games.check import check
from coopsim.games.rollout import replay

GOLDEN = Path(__file__).parents[2] / "golden" / "coopetition_core.jsonl"
NAME = "coopetition/samsung-sony-2d"


def recorded() -> dict[str, Any]:
    rows = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
    return next(row for row in rows if row["fn"] == "slcd_2d_equilibrium_no_trust")


def test_the_equilibrium_without_trust_is_the_recorded_one() -> None:
    row, found = recorded(), coopsim.solve(make_game(NAME), "coopetitive")
    c, p = np.array(found.profile).T
    assert c == pytest.approx(row["c"], abs=1e-5)
    assert p == pytest.approx(row["p"], abs=1e-6)
    assert found.values == pytest.approx(row["U"], rel=1e-8)
    assert found.certificate.residual < 1e-8


@pytest.mark.parametrize("formulation", ["report", "gym-v1"])
@pytest.mark.parametrize("reward", ["private", "integrated", "cooperative"])
def test_without_appropriation_it_is_the_game_of_contributions(
    formulation: str, reward: str
) -> None:
    """p = 0 gives payoffs, trust and reputation bit for bit."""
    changes: dict[str, Any] = {"formulation": formulation, "reward": reward}
    c = np.random.default_rng(1).uniform(0, 100, (5, 40, 2))
    plain = replay(make_game("coopetition/samsung-sony", **changes), c)
    both = replay(make_game(NAME, **changes), np.stack([c, c * 0], axis=-1))
    for name in ("payoffs", "trust", "reputation_damage", "private_payoff"):
        np.testing.assert_array_equal(getattr(both, name), getattr(plain, name))
    assert both.actions.shape == (5, 40, 2, 2)
    np.testing.assert_array_equal(both.contribution, plain.actions)


@settings(max_examples=40, deadline=None)
@given(
    c=st.lists(st.floats(1, 100), min_size=2, max_size=2),
    p=st.lists(st.floats(0, 1), min_size=2, max_size=2),
)
def test_private_payoffs_are_the_stated_formula(c: list[float], p: list[float]) -> None:
    """e - c - kappa p + theta ln(1+c) + alpha S (1 - beta pbar) + eta p S - xi p^2."""
    game = make_game(NAME)
    paid = replay(game, [list(zip(c, p, strict=True))])["private_payoff"][0]
    surplus, alpha = 0.65 * np.sqrt(c[0] * c[1]), (0.55, 0.45)
    for i in range(2):
        wanted = 100 - c[i] - 0.5 * p[i] + 20 * np.log1p(c[i])
        wanted += alpha[i] * surplus * (1 - 0.6 * (p[0] + p[1]) / 2)
        wanted += 0.4 * p[i] * surplus - 15 * p[i] ** 2
        assert paid[i] == pytest.approx(wanted, rel=1e-12)


def test_grabbing_moves_no_trust() -> None:
    game = make_game(NAME)
    c = np.full((1, 30, 2), 50.0)
    mild, harsh = (replay(game, np.stack([c, c * 0 + p], -1)) for p in (0.0, 1.0))
    np.testing.assert_array_equal(mild.trust, harsh.trust)
    assert (mild.payoffs > harsh.payoffs).all()


def test_keeps_the_laws_of_games() -> None:
    check(make_game(NAME))
    check(make_game("coopetition/appropriation", players=3, sight="minimal", loyalty={}))


def test_forms_have_two_coordinates_a_player() -> None:
    game = make_game(NAME, horizon=10)
    stage, whole = game.form("continuous"), game.form("constant")
    assert stage.owner.tolist() == whole.owner.tolist() == [0, 0, 1, 1]
    assert stage.high.tolist() == [100, 1, 100, 1]
    profiles = np.random.default_rng(0).uniform(size=(3, 4)) * stage.high
    paid = replay(game, np.repeat(profiles.reshape(3, 1, 2, 2), 10, axis=1)).payoffs.mean(1)
    assert whole.payoffs(profiles) == pytest.approx(paid, rel=1e-12)
    with pytest.raises(NoSuchForm, match="continuous, constant"):
        game.form("normal")


def test_no_synergy_no_grabbing() -> None:
    """With nothing to grab the only equilibrium leaves it and contributes theta - 1."""
    found = coopsim.solve(make_game(NAME), "baseline")
    assert np.array(found.profile) == pytest.approx(np.array([[19, 0], [19, 0]]), abs=1e-6)


def test_replay_says_which_actions_fit() -> None:
    game = make_game(NAME)
    with pytest.raises(InvalidAction, match=r"must have shape \[T, 2, 2\], not \[3, 2\]"):
        replay(game, np.zeros((3, 2)))
    with pytest.raises(InvalidAction, match=r"of Sony in round 1 is not a finite number.* 0 to 1"):
        replay(game, [[[30, 0], [30, 0]], [[30, 0], [30, np.nan]]])
    outside, inside = replay(game, [[[30, 2], [30, -1]]]), replay(game, [[[30, 1], [30, 0]]])
    np.testing.assert_array_equal(outside.payoffs, inside.payoffs)
    frame = replay(game, [[[30, 0.5], [40, 0.25]]]).to_frame()
    assert frame["action 2"].to_list() == [0.5, 0.25]


def test_agents_play_both_numbers() -> None:
    game = make_game(NAME, horizon=5)
    found = coopsim.solve(game, "nash")
    played = coopsim.play(game, [coopsim.make_agent("constant", level=0.5), found], episodes=3)
    assert played.actions.shape == (3, 5, 2, 2)
    assert played.actions[..., 0, :].reshape(-1, 2) == pytest.approx(np.array([[50, 0.5]] * 15))
    assert played.actions[..., 1, :].reshape(-1, 2) == pytest.approx(
        np.array([found.profile[1]] * 15)
    )
    drawn = coopsim.play(game, "random", episodes=50, seed=3).actions
    assert drawn[..., 1].max() <= 1 < drawn[..., 0].max()
    with pytest.raises(coopsim.errors.CoopsimError, match="one number from an interval"):
        coopsim.play(game, "tit-for-tat")


def test_behind_pettingzoo_it_pays_the_same() -> None:
    game = make_game(NAME, horizon=6)
    actions = np.random.default_rng(2).uniform(size=(6, 2, 2)) * [100, 1]
    wanted = replay(game, actions).payoffs
    env, turns = parallel(game), aec(game)
    env.reset(seed=0)
    turns.reset(seed=0)
    for t, row in enumerate(actions):
        rewards = env.step(dict(zip(game.labels, row, strict=True)))[1]
        assert list(rewards.values()) == wanted[t].tolist()
        for own in row:
            turns.step(own)
        assert list(turns.rewards.values()) == wanted[t].tolist()
    assert env.action_space("Sony").shape == (2,)


def test_goes_with_parts_but_no_team() -> None:
    game = make_game(NAME, reciprocity={}, hidden={"low": 0.3, "high": 0.9})
    played = replay(game, np.full((4, 2, 2), 0.5), seed=1)
    assert np.isfinite(played.payoffs).all()
    with pytest.raises(UserError, match="second choice"):
        make_game(NAME, team={})


def test_a_game_that_was_played_can_still_be_pickled() -> None:
    game = make_game(NAME)
    game.step(game.start(3), np.ones((3, 2, 2)))
    assert pickle.loads(pickle.dumps(game)) == game
