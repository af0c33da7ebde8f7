"""Replay reproduces the released environments, and refuses actions that a game does not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from coopsim.arrays import Float
from coopsim.errors import InvalidAction
from coopsim.games.catalogue import make_game
from coopsim.games.rollout import Trajectories, replay

GOLDEN = Path(__file__).parents[2] / "golden" / "coopetition_envs.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
FILES = {
    "TrustDilemma-v0": "trust-dilemma",
    "PartnerHoldUp-v0": "partner-hold-up",
    "PlatformEcosystem-v0": "platform-ecosystem",
    "DynamicPartnerSelection-v0": "dynamic-partner-selection",
    "RecoveryRace-v0": "recovery-race",
    "SynergySearch-v0": "synergy-search",
    "SLCD-v0": "samsung-sony",
    "RenaultNissan-v0": "renault-nissan",
    "CooperativeNegotiation-v0": "cooperative-negotiation",
    "ReputationMarket-v0": "reputation-market",
    "TeamProduction-v0": "team-production",
    "LoyaltyTeam-v0": "loyalty-team",
    "CoalitionFormation-v0": "coalition-formation",
    "ApacheProject-v0": "apache-project",
    "PublicGoods-v0": "public-goods",
    "ReciprocalDilemma-v0": "reciprocal-dilemma",
    "GiftExchange-v0": "gift-exchange",
    "IndirectReciprocity-v0": "indirect-reciprocity",
    "GraduatedSanction-v0": "graduated-sanction",
    "AppleAppStore-v0": "apple-app-store",
}


def recorded_game(row: dict[str, Any]) -> Any:
    """The released variant; where a synergy was drawn, with what was drawn."""
    drawn = {"hidden": None, "gamma": row["gamma"]} if row.get("gamma") else {}
    name = f"coopetition/{FILES[row['env']]}"
    return make_game(name, formulation="gym-v1", reward=row["reward_mode"], **drawn)


def recorded_actions(row: dict[str, Any]) -> Float:
    if row["actions"] == "const":
        return np.array(np.broadcast_to(row["action_row"], (row["steps"], row["n_agents"])))
    return np.array(row["actions"])


def mean_between(values: Float) -> Float:
    """The mean over pairs of different players, by round."""
    if values.shape[1] == 1:  # kept once where all trust alike
        return np.asarray(values[:, 0].mean(-1))
    return np.asarray(values[:, ~np.eye(values.shape[1], dtype=bool)].mean(-1))


def every_row() -> Any:
    names = [f"{row['env']}-{row['reward_mode']}-{row['sequence']}" for row in ROWS]
    return pytest.mark.parametrize("row", ROWS, ids=names)


def test_all_modes_and_sequences_are_recorded() -> None:
    found = {(row["env"], row["reward_mode"], row["sequence"]) for row in ROWS}
    assert len(found) == len(ROWS) == 180
    assert {row["env"] for row in ROWS} == set(FILES)


@every_row()
def test_parameters_are_the_recorded_ones(row: dict[str, Any]) -> None:
    game = recorded_game(row)
    given = {key: np.unique(row[key]) for key in ("endowments", "alpha", "baselines")}
    assert game.n == row["n_agents"]
    assert game.rounds == row["max_steps"]
    assert np.unique(game.endowment) == pytest.approx(given["endowments"])
    assert np.unique(game.share) == pytest.approx(given["alpha"], rel=1e-6)
    assert np.unique(game.expected) == pytest.approx(given["baselines"])
    d = row["D"]
    wanted = d["offdiag"] * (1 - np.eye(game.n)) if isinstance(d, dict) else np.array(d)
    assert game.dependence == pytest.approx(wanted, rel=1e-6)


@every_row()
def test_rewards_trust_and_length(row: dict[str, Any]) -> None:
    """Rewards to 1e-5 relative, trust and damage to 1e-6, and the recorded number of rounds."""
    played = replay(recorded_game(row), recorded_actions(row))
    steps, wanted = row["steps"], np.array(row["rewards"])
    assert played.lengths == steps
    paid = played.payoffs[:steps] if wanted.ndim == 2 else played.payoffs[:steps, 0]
    assert paid == pytest.approx(wanted, rel=1e-5)
    trust = mean_between(played.trust[:steps])
    assert trust == pytest.approx(row["mean_trust"], abs=1e-6)
    damage = mean_between(played["reputation_damage"][:steps])
    assert damage == pytest.approx(row["mean_reputation_damage"], abs=1e-6)


@every_row()
def test_the_last_state_is_the_last_observation(row: dict[str, Any]) -> None:
    # actions, trust, reputation damage, interdependence, rounds played
    played, final = replay(recorded_game(row), recorded_actions(row)), row.get("final_obs")
    last, n = row["steps"] - 1, row["n_agents"]
    if not final or played.trust.shape[1] == 1:
        assert n == 40  # too long to be recorded
        return
    square = n * n
    assert played.actions[last] == pytest.approx(final[:n], rel=1e-6)
    assert played.trust[last].ravel() == pytest.approx(final[n : n + square], abs=1e-6)
    harm = played["reputation_damage"][last].ravel()
    assert harm == pytest.approx(final[n + square : n + 2 * square], abs=1e-6)


@every_row()
def test_an_early_end_is_the_recorded_one(row: dict[str, Any]) -> None:
    game, state = recorded_game(row), recorded_game(row).start(1)
    for t, action in enumerate(recorded_actions(row)[: row["steps"]]):
        step = game.step(state, action[None])
        over = row["terminated"] or row["truncated"]
        assert bool(step.done[0]) == (over and t + 1 == row["steps"])
        state = step.state
    assert row["truncated"] == (row["steps"] == game.rounds and not row["terminated"])


def test_an_episode_ends_at_the_horizon() -> None:
    played = replay(make_game("coopetition/samsung-sony", horizon=3), np.full((3, 2), 40.0))
    assert played.lengths == 3
    assert played.alive.all()


@pytest.mark.parametrize("env", ["SLCD-v0", "TrustDilemma-v0"])
def test_a_batch_is_its_episodes(env: str) -> None:
    """Recorded sequences at once give the numbers of each alone, bit for bit."""
    rows = [row for row in ROWS if row["env"] == env]
    long = max(row["steps"] for row in rows)
    sequences = [
        np.pad(actions, ((0, long - len(actions)), (0, 0)), mode="edge")
        for actions in map(recorded_actions, rows)
    ]
    game = make_game(f"coopetition/{FILES[env]}", formulation="gym-v1")
    together = replay(game, np.stack(sequences))
    for b, actions in enumerate(sequences):
        alone = replay(game, actions)
        rounds = len(alone.payoffs)
        assert together.payoffs[b, :rounds].tolist() == alone.payoffs.tolist()
        assert together.trust[b, :rounds].tolist() == alone.trust.tolist()
        assert together.alive[b, :rounds].tolist() == alone.alive.tolist()
        assert not together.alive[b, rounds:].any()
        assert not together.payoffs[b, rounds:].any()


def test_a_frame_has_a_row_for_each_decision() -> None:
    game = make_game("coopetition/trust-dilemma", formulation="gym-v1")
    played = replay(game, np.full((2, 60, 2), 35.0))
    frame = played.to_frame()
    assert frame.height == 2 * 3 * 2
    assert frame.row(0, named=True)["player"] == "player 1"
    assert frame["payoff"].to_numpy() == pytest.approx(played.payoffs[:, :3].ravel())


def test_an_unknown_quantity_is_named_with_those_there_are() -> None:
    played = replay(make_game("coopetition/trust-dilemma"), [[50, 50]])
    with pytest.raises(AttributeError, match="trust, reputation_damage"):
        _ = played.reputation


def refused(actions: npt.ArrayLike, **parameters: Any) -> str:
    with pytest.raises(InvalidAction) as caught:
        replay(make_game("coopetition/samsung-sony", **parameters), actions)
    return str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_action_that_is_not_finite(value: float) -> None:
    message = refused([[30, 30], [30, value]])
    assert message.startswith(f"action {value} of Sony in round 1 is not a finite number")


@pytest.mark.parametrize(
    ("actions", "shape"),
    [([30, 30], "[2]"), ([[30, 30, 30]], "[1, 3]"), ([[[[30, 30]]]], "[1, 1, 1, 2]"), ([], "[0]")],
)
def test_actions_of_another_shape(actions: Any, shape: str) -> None:
    assert refused(actions) == f"actions must have shape [T, 2], not {shape}"


def test_no_rounds_at_all() -> None:
    assert "not [0, 2]" in refused(np.zeros((0, 2)))


def test_more_rounds_than_the_horizon() -> None:
    assert refused(np.full((4, 2), 30), horizon=3) == "4 rounds were given; the horizon is 3"


@pytest.mark.parametrize("value", [-0.001, 100.001])
def test_an_action_outside_its_bounds_where_the_rules_do_not_clip(value: float) -> None:
    message = refused([[30, 30], [value, 30]], clip=False)
    assert message == (
        f"action {value} of Samsung in round 1 is outside the action space; allowed: 0 to 100"
    )


def test_an_action_outside_its_bounds_is_brought_to_the_bound_where_they_do() -> None:
    game = make_game("coopetition/samsung-sony")
    outside, at_bounds = replay(game, [[-5, 170]]), replay(game, [[0, 100]])
    assert outside.actions.tolist() == at_bounds.actions.tolist() == [[0, 100]]
    assert outside.payoffs.tolist() == at_bounds.payoffs.tolist()


def test_replay_leaves_the_actions_it_is_given_alone() -> None:
    actions = np.array([[-5.0, 170.0]])
    played: Trajectories = replay(make_game("coopetition/samsung-sony"), actions)
    assert actions.tolist() == [[-5, 170]]
    assert played.players == ("Samsung", "Sony")
