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
from coopsim.games.game import Game
from coopsim.games.rollout import Trajectories, replay

GOLDEN = Path(__file__).parents[2] / "golden" / "coopetition_envs_slcd_trust.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
FILES = {
    "SLCD-v0": "coopetition/samsung-sony",
    "TrustDilemma-v0": "coopetition/trust-dilemma",
}
OFF_DIAGONAL = ~np.eye(2, dtype=bool)


def recorded_game(row: dict[str, Any]) -> Game:
    return make_game(FILES[row["env"]], reward=row["reward_mode"])


def recorded_actions(row: dict[str, Any]) -> Float:
    if row["actions"] == "const":
        return np.tile(row["action_row"], (60, 1))
    return np.array(row["actions"])


def every_row() -> Any:
    names = [f"{row['env']}-{row['reward_mode']}-{row['sequence']}" for row in ROWS]
    return pytest.mark.parametrize("row", ROWS, ids=names)


def test_all_modes_and_sequences_are_recorded() -> None:
    found = {(row["env"], row["reward_mode"], row["sequence"]) for row in ROWS}
    assert len(found) == len(ROWS) == 18


@every_row()
def test_parameters_are_the_recorded_ones(row: dict[str, Any]) -> None:
    game: Any = recorded_game(row)
    assert game.n == row["n_agents"]
    assert game.rounds == row["max_steps"]
    assert game.endowment == pytest.approx(row["endowments"])
    assert game.share == pytest.approx(row["alpha"], rel=1e-6)
    assert game.expected == pytest.approx(row["baselines"])
    assert game.dependence == pytest.approx(np.array(row["D"]), rel=1e-6)


@every_row()
def test_rewards_trust_and_length(row: dict[str, Any]) -> None:
    played = replay(recorded_game(row), recorded_actions(row))
    steps = row["steps"]
    assert played.lengths == steps
    assert played.payoffs[:steps] == pytest.approx(np.array(row["rewards"]), rel=1e-5)
    trust, damage = played.trust[:steps], played["reputation_damage"][:steps]
    assert trust[:, OFF_DIAGONAL].mean(1) == pytest.approx(row["mean_trust"], abs=1e-6)
    assert damage[:, OFF_DIAGONAL].mean(1) == pytest.approx(row["mean_reputation_damage"], abs=1e-6)
    # the state does not depend on the reward mode: only integrated rows hold the matrices
    if "trust" in row:
        assert trust == pytest.approx(np.array(row["trust"]), abs=1e-6)
        assert damage == pytest.approx(np.array(row["reputation_damage"]), abs=1e-6)


@every_row()
def test_the_last_state_is_the_last_observation(row: dict[str, Any]) -> None:
    # actions, trust, reputation damage, interdependence, rounds played
    played, final = replay(recorded_game(row), recorded_actions(row)), row["final_obs"]
    last = row["steps"] - 1
    assert played.actions[last] == pytest.approx(final[:2], rel=1e-6)
    assert played.trust[last].ravel() == pytest.approx(final[2:6], abs=1e-6)
    assert played["reputation_damage"][last].ravel() == pytest.approx(final[6:10], abs=1e-6)


@every_row()
def test_an_early_end_is_the_recorded_one(row: dict[str, Any]) -> None:
    game, state = recorded_game(row), recorded_game(row).start(1)
    for t, action in enumerate(recorded_actions(row)[: row["steps"]]):
        step = game.step(state, action[None])
        assert bool(step.done[0]) == (row["terminated"] and t + 1 == row["steps"])
        state = step.state
    assert not row["truncated"]


def test_an_episode_ends_at_the_horizon() -> None:
    played = replay(make_game("coopetition/samsung-sony", horizon=3), np.full((3, 2), 40.0))
    assert played.lengths == 3
    assert played.alive.all()


@pytest.mark.parametrize("env", FILES)
def test_a_batch_is_its_episodes(env: str) -> None:
    """Nine recorded sequences at once give the numbers of each alone, bit for bit."""
    sequences = [recorded_actions(row) for row in ROWS if row["env"] == env]
    game = make_game(FILES[env])
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
    played = replay(make_game("coopetition/trust-dilemma"), np.full((2, 60, 2), 35.0))
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
