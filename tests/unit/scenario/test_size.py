"""Numbers in a scenario are refused by what they come to, before anything is listed or played."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim import budget
from coopsim.agents.footprint import play_bytes
from coopsim.agents.play import play
from coopsim.errors import UserError
from coopsim.games.catalogue import make_game
from coopsim.scenario.load import load
from coopsim.scenario.schema import Study

BASE: dict[str, Any] = {
    "coopsim": 1,
    "game": {"use": "coopetition/repeated", "horizon": 10},
    "agents": {"a": {"use": "random"}},
    "seats": {"1-": "a"},
}


def refused(data: dict[str, Any], memory: int | None = None) -> UserError:
    with budget.limited(memory), pytest.raises(UserError) as caught:
        load(data)
    return caught.value


def test_seeds() -> None:
    error = refused({**BASE, "study": {"seeds": 300_000_000}})
    assert error.key == "study.seeds"
    assert "300,000,000 cells" in str(error)
    assert "at most 1,000,000 seeds" in str(error)


def test_seeds_without_seats_are_not_played() -> None:
    load({"coopsim": 1, "game": BASE["game"], "study": {"seeds": 300_000_000}})


def test_seeds_by_memory() -> None:
    study = {"study": {"seeds": 20_000}}
    load({**BASE, **study})
    assert "at most 500 seeds" in str(refused({**BASE, **study}, memory=1_000_000))


def test_a_sweep_by_its_product() -> None:
    keys = ("build", "erode", "damage", "forget", "initial", "initial_damage", "amplify")
    values = [k / 100 for k in range(59)]
    vary = {f"game.trust.{key}": values for key in keys} | {"game.gamma": values}
    error = refused({**BASE, "study": {"vary": vary}})
    assert error.key == "study.vary"
    assert f"{59**8:,} points" in str(error)


def test_points_and_policies_multiply() -> None:
    policies = {str(k): {} for k in range(200)}
    vary = {"game.gamma": [k / 1000 for k in range(600)]}
    assert "120,000 points" in str(refused({**BASE, "policies": policies, "study": {"vary": vary}}))


def test_resamples() -> None:
    study = {"compare": {"resamples": 9_000_000_000_000_000_000}}
    error = refused({**BASE, **study})
    assert error.key == "compare.resamples"
    assert "would take" in str(error)
    assert "at most 25,000 resamples" in str(
        refused({**BASE, "compare": {"resamples": 30_000}}, memory=1_000_000)
    )


def test_play_by_episodes_rounds_and_players() -> None:
    study = {"study": {"episodes": 100_000}}
    error = refused({**BASE, **study}, memory=50_000_000)
    assert error.key == "study.episodes"
    assert "100,000 episodes x 10 rounds x 2 players" in str(error)
    game = {"use": "coopetition/repeated", "horizon": 1_000_000, "players": 1000}
    error = refused({**BASE, "game": game, **study}, memory=4_000_000_000)
    assert "100,000 episodes x 1,000,000 rounds x 1,000 players" in str(error)


def test_what_is_said_to_fit_does_and_one_more_does_not() -> None:
    error = refused({**BASE, "study": {"episodes": 100_000}}, memory=50_000_000)
    most = int(str(error).partition("at most ")[2].split()[0].replace(",", ""))
    with budget.limited(50_000_000):
        load({**BASE, "study": {"episodes": most}})
    refused({**BASE, "study": {"episodes": most + 1}}, memory=50_000_000)


def test_the_estimate_of_play_is_that_of_what_is_kept() -> None:
    game = make_game("coopetition/repeated", horizon=50)
    played = play(game, "random", episodes=40)
    kept = [played.actions, played.payoffs, played.alive, *played.exposed.values()]
    size = sum(np.asarray(values).nbytes for values in kept)
    assert size <= play_bytes(game, 40) <= 10 * size


def test_play_from_python_is_measured_too() -> None:
    game = make_game("coopetition/repeated", horizon=50)
    with budget.limited(10**6), pytest.raises(UserError, match=r"at most .* episodes"):
        play(game, "random", episodes=10**6)


def test_samples_of_a_best_response() -> None:
    agents = {"a": {"use": "random"}, "b": {"use": "best-response", "to": "a", "samples": 10**15}}
    seats = {"1": "a", "2": "b"}
    error = refused({**BASE, "agents": agents, "seats": seats})
    assert error.key == "agents.b.samples"
    assert "at most" in str(error)


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ({"loyalty": {"memory": 10**15, "loyal_bonus": 0.1}, "formulation": "gym-v1"}, "memory"),
        ({"reciprocity": {"memory": 10**15}}, "memory"),
    ],
)
def test_memories_of_mechanisms(part: dict[str, Any], key: str) -> None:
    error = refused({**BASE, "game": {**BASE["game"], **part}})
    assert "a memory of 1,000,000,000,000,000 rounds" in str(error)


def test_many_values_that_differ_are_told_apart_at_once() -> None:
    Study(seeds=tuple(range(100_000)))  # pair by pair it would run into the time limit
    with pytest.raises(UserError, match="is there twice"):
        Study(vary={"x": (1, [1, {"a": 2}], "1", [1.0, {"a": 2.0}])})


def test_changes_of_a_policy_are_counted() -> None:
    patch = {f"game.x{k}": 1 for k in range(201)}
    error = refused({**BASE, "policies": {"a": {}, "b": patch}})
    assert error.key == "policies.b"
    assert "at most 200" in str(error)


def test_places_in_lists_have_few_digits() -> None:
    data = {**BASE, "policies": {"a": {"game.endings." + "1" * 1900: 1}}}
    assert "no such key" in str(refused(data))


def test_ten_thousand_unknown_keys_are_one_message() -> None:
    game = {**BASE["game"], "trust": {f"key{k}": k for k in range(10_000)}}
    error = refused({**BASE, "game": game})
    assert error.key == "game.trust.key0"
    assert len(str(error)) < 1000
