"""Play seats agents, keeps what was played, and answers wrong use with clear errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from coopsim.agents.agent import Agent, Decision, View
from coopsim.agents.catalogue import make_agent
from coopsim.agents.play import play, seated
from coopsim.agents.rational import PlaysSolution
from coopsim.arrays import Backend
from coopsim.errors import CoopsimError, InvalidAction, UnknownName, UserError
from coopsim.games.catalogue import make_game
from coopsim.games.rollout import replay
from coopsim.scenario.load import load
from coopsim.solvers.select import solve

GAME = make_game("coopetition/samsung-sony", horizon=6)


# -- seats ---------------------------------------------------------------------------------


def test_seats_in_every_way_they_can_be_given() -> None:
    constant, tat = make_agent("constant", level=0.4), make_agent("tit-for-tat")
    solution = solve(GAME, "nash")
    assert seated(GAME, constant) == (constant, constant)
    assert seated(GAME, "tit-for-tat") == (tat, tat)
    assert seated(GAME, solution) == (PlaysSolution(solution),) * 2
    assert seated(GAME, [constant, "tit-for-tat"]) == (constant, tat)
    assert seated(GAME, {"Sony": constant, "Samsung": "tit-for-tat"}) == (tat, constant)
    assert seated(GAME, "mine", {"mine": constant}) == (constant, constant)


@pytest.mark.parametrize(
    ("agents", "message"),
    [
        (["tit-for-tat"], "1 agents for 2 players"),
        (["tit-for-tat"] * 3, "3 agents for 2 players"),
        ({"Samsung": "tit-for-tat"}, "no agent for Sony"),
        ({"Samsung": "random", "Soony": "random"}, r"no such player; .*did you mean 'Sony'"),
        ([make_agent, "random"], "no agent; given"),
        ([3, "random"], "no agent; given: 3"),
    ],
)
def test_seats_that_do_not_fit(agents: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        play(GAME, agents)


def test_an_unknown_agent_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'tit-for-tat'"):
        play(GAME, "titfortat")


@pytest.mark.parametrize("numbers", [{"episodes": 0}, {"episodes": -1}, {"seed": -1}])
def test_counts_below_the_least(numbers: dict[str, int]) -> None:
    with pytest.raises(UserError, match="must be at least"):
        play(GAME, "random", **numbers)


# -- seeds ---------------------------------------------------------------------------------


def test_a_seed_gives_the_same_play_and_another_one_another() -> None:
    one, same, other = (play(GAME, "random", 5, seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(one.actions, same.actions)
    assert np.array_equal(one.payoffs, same.payoffs)
    assert not np.array_equal(one.actions, other.actions)


def test_a_players_draws_do_not_depend_on_who_sits_beside_it() -> None:
    """Common random numbers: what is compared across policies differs by the policy only."""
    beside_random = play(GAME, ["random", "random"], 5, seed=1)
    beside_constant = play(GAME, ["random", make_agent("constant", level=0.1)], 5, seed=1)
    assert np.array_equal(beside_random.actions[..., 0], beside_constant.actions[..., 0])
    more = make_game("coopetition/repeated", players=3, horizon=6)
    assert np.array_equal(play(more, "random", 5, seed=1).actions[..., 0],
                          beside_random.actions[..., 0])  # fmt: skip


# -- what was played -----------------------------------------------------------------------


def test_what_is_recorded_is_what_replay_gives() -> None:
    played = play(GAME, ["random", "tit-for-tat"], episodes=4, seed=2)
    again = replay(GAME, played.actions)
    assert played.payoffs == pytest.approx(again.payoffs, rel=1e-12)
    assert played.trust == pytest.approx(again.trust, rel=1e-12)
    assert played.players == ("Samsung", "Sony")
    assert played.actions.shape == played.payoffs.shape == (4, 6, 2)


def test_an_early_end_leaves_zeros_and_says_so() -> None:
    """Nobody contributes: trust is lost in three rounds, the rest pays nothing."""
    game = make_game("trust-dilemma", formulation="gym-v1")
    played = play(game, make_agent("constant", level=0.0), episodes=2)
    again = replay(game, np.zeros((100, 2)))
    assert played.lengths.tolist() == [again.lengths] * 2
    assert played.alive.shape[1] == again.lengths < 10
    lapses = make_agent("random", low=0.35, high=0.45)
    mixed = play(game, lapses, episodes=64, seed=1)
    assert len(set(mixed.lengths.tolist())) > 3
    over = ~mixed.alive
    assert over.any()
    assert mixed.alive.any(1).all()
    assert not mixed.payoffs[over].any()
    assert not mixed.actions[over].any()


def test_torch_plays_what_numpy_plays() -> None:
    pytest.importorskip("torch")
    ours = play(GAME, ["random", "tit-for-tat"], 3, seed=5)
    theirs = play(GAME, ["random", "tit-for-tat"], 3, seed=5, backend=Backend("torch"))
    assert theirs.actions == pytest.approx(ours.actions, rel=1e-12)
    assert theirs.payoffs == pytest.approx(ours.payoffs, rel=1e-10)


# -- actions that are none -----------------------------------------------------------------


@dataclass(frozen=True)
class Answers(Agent):
    """Answers the third round with something else."""

    wrong: Any

    def act(self, view: View) -> Decision:
        good = 0.5 * view.high
        return Decision(self.wrong(good) if view.turn == 2 else good)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda good: good * np.nan, "is not a finite number"),
        (lambda good: good + np.inf, "is not a finite number"),
        (lambda good: good[:, None], r"has no shape \[3\]"),
        (lambda good: 50.0, r"has no shape \[3\]"),
        (lambda good: good[:1], r"has no shape \[3\]"),
        (lambda good: good + 60, "is 110; allowed: 0 to 100"),
        (lambda good: good - 60, "is -10; allowed: 0 to 100"),
    ],
)
def test_an_answer_that_is_no_action(wrong: Any, message: str) -> None:
    strict = make_game("coopetition/samsung-sony", horizon=6, clip=False)
    said = f"Answers in the seat of Sony: its action in round 3 {message}"
    with pytest.raises(InvalidAction, match=said):
        play(strict, ["tit-for-tat", Answers(wrong)], 3)


def test_a_game_that_clips_records_what_it_used() -> None:
    played = play(GAME, Answers(lambda good: good + 60), 3)
    assert played.actions[:, 2].tolist() == [[100.0, 100.0]] * 3


def test_rounding_at_a_bound_is_no_offence() -> None:
    strict = make_game("coopetition/samsung-sony", horizon=6, clip=False)
    played = play(strict, Answers(lambda good: 2 * good * (1 + 1e-15)), 3)
    assert played.actions.max() == 100.0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: play(None, "random"), "must be a game"),
        (lambda: replay(None, [[1.0]]), "must be a game"),
        (lambda: play(GAME, "random", episodes=True), "must be a whole number"),
        (lambda: play(GAME, "random", seed=1.5), "must be a whole number"),
        (lambda: replay(GAME, [[10**400, 1]]), "must be real numbers"),
        (lambda: load("samsung-sony", overrides="abc"), "must be a mapping"),
        (lambda: solve(GAME, "nash", tol=10**400), "no tolerance"),
        (lambda: solve(GAME, "nash", deadline=10**400), "no time"),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(call, says):
    with pytest.raises(CoopsimError, match=says):
        call()


def test_players_are_asked_once_what_they_may_choose(monkeypatch):
    """A thousand seats must not ask a thousand players each."""
    game = make_game("coopetition/repeated", players=30, horizon=3)
    asked = []
    space = type(game).action_space
    monkeypatch.setattr(
        type(game), "action_space", lambda self, i: (asked.append(i), space(self, i))[1]
    )
    play(game, "tit-for-tat")
    assert len(asked) <= 2 * game.n
