"""The PettingZoo adapter: conformance, seeds, and the same play as the game itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiBinary
from pettingzoo import ParallelEnv
from pettingzoo.test import parallel_api_test, parallel_seed_test

from coopsim import catalogue
from coopsim.arrays import NUMPY, namespace
from coopsim.errors import CoopsimError, InvalidAction, UnknownName, UserError
from coopsim.games.adapters.pettingzoo import parallel, parallel_env
from coopsim.games.card import GameCard
from coopsim.games.catalogue import make_game
from coopsim.games.check import check
from coopsim.games.game import Game, Step
from coopsim.games.rollout import replay

SLCD = "coopetition/samsung-sony"
DILEMMA = "coopetition/trust-dilemma"


# -- games with other actions than one number ----------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What both players chose last, `[B, 2, k]`, noise drawn at the start, and the rounds."""

    chosen: Any
    noise: Any
    turn: Any


@dataclass(frozen=True)
class Pennies(Game):
    """Matching pennies, thrice; Ann may not show 1 in the first round."""

    card: ClassVar[GameCard] = GameCard(title="Pennies", actions="discrete", payoffs="zero-sum")
    labels: ClassVar[tuple[str, ...]] = ("Ann", "Bob")  # type: ignore[assignment]
    rounds: ClassVar[int] = 3  # type: ignore[assignment]

    def action_space(self, player: int) -> Any:
        return Discrete(2)

    def start(self, batch: int, rng: Any = None, backend: Any = NUMPY) -> Any:
        zero = backend.asarray(np.zeros((batch, 2, 1)))
        return Shown(zero, zero[:, 0, 0], zero[:, 0, 0])

    def observe(self, state: Any, player: int) -> Any:
        return {"chosen": state.chosen[:, :, 0], "started": state.turn[:, None] > 0}

    def legal(self, state: Any, player: int) -> Any:
        mask = np.ones((len(state.turn), 2), dtype=bool)
        mask[:, 1] = (player == 1) | (np.asarray(state.turn) > 0)
        return mask

    def step(self, state: Any, actions: Any) -> Step:
        xp, turn = namespace(state.turn), state.turn + 1
        chosen = state.chosen * 0 + actions[:, :, None]
        won = 1 - 2 * xp.abs(chosen[:, 0, 0] - chosen[:, 1, 0])
        return Step(Shown(chosen, state.noise, turn), xp.stack([won, -won], -1), turn >= 3)

    def narrate(self, view: Any) -> str:
        return f"You are {self.labels[view.player]}."

    @staticmethod
    def batch(state: Any) -> int:
        return int(state.turn.shape[0])


@dataclass(frozen=True)
class Darts(Pennies):
    """Two throw at a point of a square, off by a wind that is drawn at the start."""

    card: ClassVar[GameCard] = GameCard(title="Darts", chance=True, repeated=True)

    def action_space(self, player: int) -> Any:
        return Box(-1.0, 1.0, (2,), np.float64)

    def start(self, batch: int, rng: Any = None, backend: Any = NUMPY) -> Any:
        zero = backend.asarray(np.zeros((batch, 2, 2)))
        wind = (rng or np.random.default_rng(0)).normal(size=batch)
        return Shown(zero, backend.asarray(wind), zero[:, 0, 0])

    def observe(self, state: Any, player: int) -> Any:
        return {"own": state.chosen[:, player]}

    def expose(self, state: Any) -> Any:
        return {"wind": state.noise}

    def legal(self, state: Any, player: int) -> Any:
        return Game.legal(self, state, player)

    def step(self, state: Any, actions: Any) -> Step:
        turn = state.turn + 1
        off = (actions - state.noise[:, None, None]) ** 2
        return Step(Shown(actions, state.noise, turn), -off[..., 0] - off[..., 1], turn >= 3)


@pytest.mark.parametrize("game", [Pennies(), Darts()], ids=["Pennies", "Darts"])
def test_the_games_of_this_file_keep_the_laws(game: Game) -> None:
    check(game)


# -- PettingZoo's own tests ----------------------------------------------------------------


def free(name: str) -> bool:
    """Whether every action is legal at any time: PettingZoo's tests sample without masks."""
    entry = catalogue.entry("game", name)
    return entry.cls.card.actions == "continuous"


@pytest.mark.parametrize("name", list(filter(free, catalogue.known("game"))))
def test_every_game_passes_pettingzoos_tests(name: str) -> None:
    parallel_api_test(parallel_env(name), num_cycles=120)
    parallel_seed_test(lambda: parallel_env(name), num_cycles=50)


def test_other_actions_than_one_number_pass_them_too() -> None:
    parallel_api_test(parallel(Darts()), num_cycles=20)
    parallel_seed_test(lambda: parallel(Darts()), num_cycles=20)
    # PettingZoo's test samples without masks, so Ann must be free to show anything
    free = type("Free", (Pennies,), {"legal": lambda self, state, i: np.ones((1, 2), dtype=bool)})
    parallel_api_test(parallel(free()), num_cycles=20)


def test_it_is_a_parallel_env_with_the_players_as_agents() -> None:
    env = parallel_env(SLCD)
    assert isinstance(env, ParallelEnv)
    assert env.possible_agents == ["Samsung", "Sony"]
    assert env.agents == []
    assert env.observation_space("Sony").shape == (2 + 4 + 4 + 1,)
    assert env.action_space("Sony") == make_game(SLCD).action_space(1)


# -- the same play as the game -------------------------------------------------------------


def played(env: Any, actions: Any, seed: int = 0) -> list[Any]:
    """What `env` gives for a sequence of joint actions, step by step."""
    env.reset(seed=seed)
    steps = []
    for row in actions:
        steps.append(env.step(dict(zip(env.possible_agents, row, strict=True))))
        if not env.agents:
            break
    return steps


@pytest.mark.parametrize("reward", ["private", "integrated", "cooperative"])
@pytest.mark.parametrize("name", [SLCD, DILEMMA])
def test_an_episode_is_what_replay_gives(name: str, reward: str) -> None:
    game = make_game(name, reward=reward, horizon=40)
    actions = np.random.default_rng(5).uniform(0, 100, (40, 2))
    forced = replay(game, actions)
    steps = played(parallel(game), actions[..., None])
    assert len(steps) == forced.lengths
    for t, (observations, rewards, _, _, infos) in enumerate(steps):
        assert list(rewards.values()) == forced.payoffs[t].tolist()
        state = [forced.actions[t], forced.trust[t].ravel(), forced["reputation_damage"][t].ravel()]
        for agent, seen in observations.items():
            assert seen.tolist() == [*np.concatenate(state), (t + 1) / 40]
            assert seen.dtype == np.float64
            assert infos[agent]["trust"].tolist() == forced.trust[t].tolist()


def test_chance_follows_the_seed_as_in_replay() -> None:
    game, actions = Darts(), np.zeros((3, 2, 2))
    env = parallel(game)
    _, infos = env.reset(seed=11)
    again = parallel(game).reset(seed=11)[1]
    other = parallel(game).reset(seed=12)[1]
    assert infos["Ann"]["wind"] == again["Ann"]["wind"] != other["Ann"]["wind"]
    # without a seed the stream goes on
    assert env.reset()[1]["Ann"]["wind"] != infos["Ann"]["wind"]
    assert [step[1]["Ann"] for step in played(env, actions, 11)] == pytest.approx(
        [-2 * infos["Ann"]["wind"] ** 2] * 3
    )


def test_an_end_by_a_rule_is_a_termination() -> None:
    env = parallel_env(DILEMMA, formulation="gym-v1")
    steps = played(env, np.full((100, 2, 1), 35.0))
    assert len(steps) == 3
    for _, _, terminations, truncations, _ in steps[:-1]:
        assert not any(terminations.values())
        assert not any(truncations.values())
    _, _, terminations, truncations, _ = steps[-1]
    assert terminations == {"player 1": True, "player 2": True}
    assert truncations == {"player 1": False, "player 2": False}


def test_the_horizon_is_a_truncation() -> None:
    *before, last = played(parallel_env(SLCD, horizon=4), np.full((9, 2, 1), 50.0))
    assert len(before) == 3
    assert last[2] == {"Samsung": False, "Sony": False}
    assert last[3] == {"Samsung": True, "Sony": True}


@pytest.mark.parametrize("game", [make_game("coopetition/stage"), Pennies()], ids=["Stage", "Pen"])
def test_the_last_round_of_a_game_that_is_not_repeated_is_a_termination(game: Game) -> None:
    actions = np.zeros((3, 2, 1))
    last = played(parallel(game), actions)[-1]
    assert all(last[2].values())
    assert not any(last[3].values())


def test_after_the_end_there_is_nothing_until_a_reset() -> None:
    env = parallel_env("coopetition/stage")
    with pytest.raises(InvalidAction, match="call reset"):
        env.step({"player 1": 1.0, "player 2": 1.0})
    played(env, np.ones((1, 2, 1)))
    assert env.agents == []
    assert env.step({}) == ({}, {}, {}, {}, {})
    with pytest.raises(InvalidAction, match="call reset"):
        env.step({"player 1": 1.0, "player 2": 1.0})
    env.reset()
    assert env.agents == ["player 1", "player 2"]


def test_observations_and_infos_are_the_callers_own() -> None:
    env, untouched = parallel_env(SLCD), parallel_env(SLCD)
    actions = {"Samsung": 50.0, "Sony": 20.0}
    observations, infos = env.reset(seed=1)
    untouched.reset(seed=1)
    for _ in range(3):
        for agent, seen in observations.items():
            seen[:] = -1
            infos[agent]["note"] = agent
        assert infos["Sony"]["note"] == "Sony"
        observations, rewards, _, _, infos = env.step(actions)
        assert rewards == untouched.step(actions)[1]
        assert "note" not in infos["Sony"]


# -- bad actions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", [50.0, 50, [50.0], np.float32(50), np.array([50.0], np.float32), np.array(50)]
)
def test_a_number_may_come_in_any_wrapping(action: Any) -> None:
    env = parallel_env(SLCD)
    env.reset()
    _, rewards, *_ = env.step({"Samsung": action, "Sony": np.array([50.0])})
    assert rewards["Samsung"] == replay(make_game(SLCD), [[50, 50]]).payoffs[0, 0]


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({"Samsung": 1.0, "Sony": np.array([np.nan])}, "action nan of Sony is not a finite number"),
        ({"Samsung": np.inf, "Sony": 1.0}, "action inf of Samsung is not a finite number"),
        ({"Samsung": 1.0}, "no action for Sony"),
        ({"Samsung": 1.0, "Soni": 1.0}, "no action for Sony"),
        ({"Samsung": 1.0, "Sony": 1.0, "LG": 1.0}, "an action for 'LG'; the players are Samsung"),
        ({"Samsung": 1.0, "Sony": np.zeros(2)}, r"of Sony must have shape \(1,\), not \(2,\)"),
        ({"Samsung": [], "Sony": 1.0}, r"of Samsung must have shape \(1,\), not \(0,\)"),
        ({"Samsung": "all", "Sony": 1.0}, "the action of Samsung is not a number: 'all'"),
        ({"Samsung": None, "Sony": 1.0}, "action nan of Samsung is not a finite number"),
    ],
)
def test_a_bad_action_names_the_player_and_plays_nothing(actions: Any, message: str) -> None:
    env = parallel_env(SLCD, horizon=2)
    env.reset()
    with pytest.raises(InvalidAction, match=message):
        env.step(actions)
    # the round was not played: two are left
    assert len(played(env, np.full((5, 2, 1), 50.0))) == 2


def test_outside_the_space_is_clipped_or_refused_as_the_rules_say() -> None:
    actions = {"Samsung": -1.0, "Sony": 101.0}
    clipping, strict = parallel_env(SLCD), parallel_env(SLCD, clip=False)
    for env in (clipping, strict):
        env.reset()
    observations, *_ = clipping.step(actions)
    assert observations["Sony"][:2].tolist() == [0, 100]
    with pytest.raises(InvalidAction, match=r"action -1.0 of Samsung is outside .* 0 to 100"):
        strict.step(actions)


@pytest.mark.parametrize(
    ("game", "action", "message"),
    [
        (Darts(), np.array([0.0, np.nan]), "action nan of Bob is not a finite number"),
        (Darts(), np.array([0.0, 1.5]), "action 1.5 of Bob is outside the action space"),
        (Darts(), np.zeros(3), r"of Bob must have shape \(2,\), not \(3,\)"),
        (Pennies(), 2, "action 2.0 of Bob is outside the action space; allowed: 0 to 1"),
        (Pennies(), 0.5, "action 0.5 of Bob is outside the action space"),
        (Pennies(), np.nan, "action nan of Bob is not a finite number"),
    ],
)
def test_bad_arrays_and_indices(game: Game, action: Any, message: str) -> None:
    env = parallel(game)
    env.reset()
    good = env.action_space("Ann").sample() * 0
    with pytest.raises(InvalidAction, match=message):
        env.step({"Ann": good, "Bob": action})


def test_an_index_must_be_legal_now() -> None:
    env = parallel(Pennies())
    _, infos = env.reset()
    assert infos["Ann"]["action_mask"].tolist() == [1, 0]
    with pytest.raises(InvalidAction, match="action 1 of Ann is not legal now"):
        env.step({"Ann": 1, "Bob": 1})
    _, rewards, _, _, infos = env.step({"Ann": 0, "Bob": 1})
    assert rewards == {"Ann": -1, "Bob": 1}
    assert infos["Ann"]["action_mask"].tolist() == [1, 1]


def test_spaces_that_cannot_stand_in_one_array_are_refused() -> None:
    spaces = {
        "differ in shape": [Box(0, 1, (1,)), Box(0, 1, (2,))],
        "or every Discrete": [Box(0, 1, (1,)), Discrete(2)],
        "must be a Box": [MultiBinary(2), MultiBinary(2)],
    }
    for message, pair in spaces.items():
        odd = type("Odd", (Pennies,), {"action_space": lambda self, i, pair=pair: pair[i]})
        with pytest.raises(CoopsimError, match=message):
            parallel(odd())


# -- making and showing --------------------------------------------------------------------


def test_names_and_parameters_are_checked_as_in_make_game() -> None:
    with pytest.raises(UnknownName):
        parallel_env("coopetition/samsung_sony")
    with pytest.raises(UserError, match="did you mean 'gamma'"):
        parallel_env(SLCD, gama=0.5)


def test_rendering_tells_every_player_what_it_sees(capsys: pytest.CaptureFixture[str]) -> None:
    env = parallel_env(SLCD, render_mode="ansi")
    env.reset()
    env.step({"Samsung": 40.0, "Sony": 20.0})
    text = env.render()
    assert "You are Samsung." in text
    assert "Samsung contributed 40 last round" in text
    assert "You are Sony." in text
    printing = parallel_env(SLCD, render_mode="human")
    printing.reset()
    assert printing.render() is None
    assert "You are Sony." in capsys.readouterr().out
    assert parallel_env(SLCD).render() is None
    with pytest.raises(CoopsimError, match="unknown render mode 'rgb_array'; allowed: ansi"):
        parallel_env(SLCD, render_mode="rgb_array")


def test_spaces_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a Box takes as long as playing a round, so no step may make one."""
    env = parallel_env(DILEMMA)

    def refuse(self: Any, player: int) -> Any:
        raise AssertionError("a space was made during play")

    monkeypatch.setattr(type(env.game), "action_space", refuse)
    assert len(played(env, np.full((5, 2, 1), 50.0))) == 5
    assert env.action_space("player 1") is env.action_space("player 1")
    assert env.observation_space("player 1") is env.observation_space("player 1")
