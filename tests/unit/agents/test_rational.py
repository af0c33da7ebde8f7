"""Equilibrium players play solutions that were proved; best responders cannot be bettered."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from coopsim.agents.agent import Agent, Decision, Role, Rules, View
from coopsim.agents.catalogue import make_agent
from coopsim.agents.play import play
from coopsim.agents.rational import BestResponse, Equilibrium, best_constant_response, part_of
from coopsim.errors import CoopsimError, NoSuchForm, UnknownName, UserError
from coopsim.games.catalogue import make_game
from coopsim.games.coopetition.stage import Stage
from coopsim.solvers.select import solve

GAME = make_game("coopetition/samsung-sony", horizon=12)


# -- equilibrium ---------------------------------------------------------------------------


@pytest.mark.parametrize("concept", ["nash", "coopetitive with trust", "social optimum"])
def test_everybody_plays_their_part_of_the_solution(concept: str) -> None:
    played = play(GAME, make_agent("equilibrium", concept=concept))
    wanted = solve(GAME, concept).actions
    assert played.actions[0] == pytest.approx(np.broadcast_to(wanted, (12, 2)))


def test_a_solution_computed_before_is_used_if_it_is_of_this_game(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import coopsim.agents.rational as rational

    calls = []

    def spy(game: Any, *given: Any) -> Any:
        calls.append(given)
        return solve(game, given[0])

    monkeypatch.setattr(rational, "solved", spy)
    known = {"nash": solve(GAME, "nash")}
    play(GAME, Equilibrium(), solutions=known)
    assert calls == []
    other = dataclasses.replace(GAME, gamma=0.9)
    played = play(other, Equilibrium(), solutions=known)
    assert len(calls) == 2
    assert played.actions[0, 0] == pytest.approx(solve(other, "nash").actions)
    play(GAME, Equilibrium(tol=1e-6), solutions=known)
    assert len(calls) == 4


class Bare(Stage):
    """A game without integrated utility."""

    def form(self, kind: str, **options: Any) -> Any:
        if options or kind != "continuous":
            raise NoSuchForm("there is nothing but private payoffs here")
        return super().form(kind)


def test_a_concept_that_the_game_lacks() -> None:
    with pytest.raises(
        UserError, match=r"concept: .* has no such solution; given: coopetitive"
    ) as e:
        play(Bare(), make_agent("equilibrium", concept="coopetitive"))
    assert e.value.allowed == ["nash", "social optimum"]


def test_a_concept_that_nobody_has() -> None:
    with pytest.raises(UserError, match="did you mean 'nash'"):
        make_agent("equilibrium", concept="nahs")


def test_a_method_that_does_not_solve_the_concept() -> None:
    agent = make_agent("equilibrium", method="multistart-ascent")
    with pytest.raises(UserError, match="method: multistart-ascent solves optimum"):
        play(GAME, agent)


def test_methods_that_find_no_numbers_are_refused_before_anything_is_solved() -> None:
    agent = make_agent("equilibrium", method="pure-enumeration")
    with pytest.raises(UserError, match="method: what pure-enumeration finds cannot be played"):
        play(GAME, agent)


@pytest.mark.parametrize(
    "concept", ["correlated", "coarse correlated", "rationalizable", "quantal response"]
)
def test_concepts_without_a_number_for_each_player_are_refused(concept: str) -> None:
    agent = make_agent("equilibrium", concept=concept)
    with pytest.raises(UserError, match="cannot be played: a solution has no numbers") as e:
        agent.check(Rules(GAME, {"a": agent}), 0)
    assert (e.value.key, e.value.given) == ("concept", concept)
    assert "nash" in e.value.allowed
    assert concept not in e.value.allowed


def test_a_joint_distribution_has_no_part_of_a_player() -> None:
    joint = solve(GAME, "correlated", points=3)
    assert len(joint.profile) == 1
    for form in ("normal", "continuous"):
        with pytest.raises(CoopsimError, match="correlated cannot be played"):
            part_of(dataclasses.replace(joint, form=form), 1)


def test_what_is_not_proved_is_not_played() -> None:
    """On a grid no strategy by trust is exact to 1e-8: an error says what the certificate found."""
    game = make_game("coopetition/trust-dilemma", horizon=3)
    agent = make_agent("equilibrium", concept="markov perfect over trust")
    with pytest.raises(
        CoopsimError, match="markov perfect over trust, which was not found: not within 1e-08"
    ):
        play(game, agent)


def test_a_solution_can_sit_in_a_seat() -> None:
    solution = solve(GAME, "coopetitive")
    played = play(GAME, {"Samsung": solution, "Sony": "tit-for-tat"})
    assert played.actions[0, :, 0] == pytest.approx(np.full(12, solution.actions[0]))


def test_a_solution_for_other_players_is_refused() -> None:
    with pytest.raises(UserError, match="nash was solved for other players"):
        play(GAME, solve(make_game("trust-dilemma"), "nash"))


def test_a_refused_solution_cannot_be_played() -> None:
    refused = solve(GAME, "nash", "multistart-ascent")
    with pytest.raises(CoopsimError, match="no profile to play"):
        play(GAME, refused)


# -- best response -------------------------------------------------------------------------


def earned(agent: Agent, action: float, player: int) -> float:
    """What a constant action earns against an agent: played out, one action at a time."""
    seats = [agent, agent]
    seats[player] = make_agent("constant", action=action)
    return float(play(GAME, seats).payoffs[0, :, player].sum() / GAME.rounds)


@pytest.mark.parametrize("name", ["tit-for-tat", "generous-tit-for-tat", "equilibrium"])
@pytest.mark.parametrize("player", [0, 1])
def test_no_constant_action_beats_the_best_response(name: str, player: int) -> None:
    agent = make_agent(name)
    action, value = best_constant_response(Rules(GAME), (agent, agent), player)
    assert earned(agent, action, player) == pytest.approx(value, abs=1e-9)
    coarse = np.linspace(0, 100, 101)
    fine = np.clip(action + np.linspace(-1, 1, 41), 0, 100)
    assert max(earned(agent, x, player) for x in (*coarse, *fine)) <= value + 1e-6


def test_in_one_round_it_is_the_best_response_of_the_stage_game() -> None:
    """theta / (1 + a) - 1 + k g / a = 0 against a partner who gives 40, by the form's payoffs."""
    game = make_game("coopetition/stage", reward="private")
    partner = make_agent("constant", action=40.0)
    action, value = best_constant_response(Rules(game), (partner, partner), 0)
    profiles = np.stack([np.linspace(0, 100, 100_001), np.full(100_001, 40.0)], -1)
    paid = game.form("continuous").payoffs(profiles)[:, 0]
    assert action == pytest.approx(profiles[paid.argmax(), 0], abs=1e-3)
    assert value == pytest.approx(paid.max(), abs=1e-9)


def test_a_best_response_keeps_the_trust_of_partners_who_react() -> None:
    """Against tit for tat it contributes just above the baseline, far above the stage answer."""
    against_constant = best_constant_response(
        Rules(GAME), (make_agent("constant", level=0.5),) * 2, 0
    )
    against_tit_for_tat = best_constant_response(Rules(GAME), (make_agent("tit-for-tat"),) * 2, 0)
    assert against_tit_for_tat[0] > 30 > against_constant[0]


def test_random_opponents_face_every_action_with_the_same_draws() -> None:
    """So that the answer is close to that against their mean, with few episodes."""
    action, value = best_constant_response(Rules(GAME), (make_agent("random"),) * 2, 0, samples=8)
    more, better = best_constant_response(Rules(GAME), (make_agent("random"),) * 2, 0, samples=64)
    assert action == pytest.approx(more, abs=1.0)
    assert value == pytest.approx(better, rel=0.02)
    # the value is not the luck of the best of many draws: play it out with other ones
    seats = [make_agent("constant", action=action), make_agent("random")]
    played = play(GAME, seats, episodes=2000, seed=99)
    assert played.payoffs[..., 0].sum(1).mean() / 12 == pytest.approx(value, rel=0.02)


def test_the_same_question_is_answered_once() -> None:
    game = dataclasses.replace(GAME, horizon=11)
    agent = make_agent("tit-for-tat")
    first = best_constant_response(Rules(game), (agent, agent), 0)
    assert len(game.__dict__["_responses"]) == 1
    assert best_constant_response(Rules(game), (agent, agent), 0) == first
    assert len(game.__dict__["_responses"]) == 1


def test_two_solutions_as_opponents_are_two_questions() -> None:
    """They differ in nothing but their numbers."""
    from coopsim.agents.rational import PlaysSolution

    one, other = (PlaysSolution(solve(GAME, concept)) for concept in ("nash", "best constant"))
    answers = [best_constant_response(Rules(GAME), (seat, seat), 0) for seat in (one, other)]
    assert answers[0][1] != answers[1][1]


@dataclass(frozen=True)
class Listed(Agent):
    """An agent that does not hash."""

    levels: list[float]

    def act(self, view: View) -> Decision:
        return Decision(view.low + self.levels[view.turn % len(self.levels)] * view.high)


def test_an_opponent_that_does_not_hash_is_answered_too() -> None:
    agent = Listed([0.2, 0.4])
    action, value = best_constant_response(Rules(GAME), (agent, agent), 0)
    assert earned(agent, action, 0) == pytest.approx(value)


# -- whom a best response names ------------------------------------------------------------


def opponents(to: Any, players: int = 3, player: int = 0) -> list[Any]:
    game = make_game("coopetition/repeated", players=players)
    named = {"kind": make_agent("generous-tit-for-tat"), "low": make_agent("constant", level=0.1)}
    agent = BestResponse(to)
    return list(agent.opponents(player, Rules(game, named)))


def test_opponents_by_one_name_by_a_list_and_by_players() -> None:
    kind, low = make_agent("generous-tit-for-tat"), make_agent("constant", level=0.1)
    assert opponents("kind") == [None, kind, kind]
    assert opponents(["kind", "low"]) == [None, kind, low]
    assert opponents(("low", "kind"), player=1) == [low, None, kind]
    by_player = {"player 3": "low", "player 1": "kind"}
    assert opponents(by_player, player=1) == [kind, None, low]
    # one declaration can sit in several seats: its own entry is passed over
    assert opponents(by_player | {"player 2": "low"}, player=1) == [kind, None, low]
    assert opponents("tit-for-tat") == [None, *[make_agent("tit-for-tat")] * 2]


@pytest.mark.parametrize(
    ("to", "message"),
    [
        (["kind"], r"to: names 1 agents for 2 other players; .*player 2, player 3"),
        (["kind"] * 3, "to: names 3 agents for 2 other players"),
        ({"player 2": "kind"}, "to: names no agent for player 3"),
        ({"playr 2": "kind", "player 3": "kind"}, "to: no such player; .*'player 2'"),
        ("tit-for-tt", "to: unknown agent; given: tit-for-tt; .*did you mean 'tit-for-tat'"),
        ("knd", "to: unknown agent; .*did you mean 'kind'"),
        ("constant", r"to: an agent that needs parameters \(give either action or level\)"),
    ],
)
def test_opponents_that_do_not_fit(to: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        opponents(to)


@pytest.mark.parametrize("to", [(), "", [], {}, ["kind", ""], {"player 2": 3}, 7])
def test_somebody_must_be_named(to: Any) -> None:
    with pytest.raises(UserError, match="to: must name at least one agent"):
        BestResponse(to)


def test_a_best_response_to_a_best_response_would_never_end() -> None:
    named = {"mirror": BestResponse("tit-for-tat")}
    with pytest.raises(UserError, match="would never end"):
        play(GAME, BestResponse("mirror"), named=named)


def test_an_opponent_that_cannot_play_is_refused_before_play() -> None:
    named = {"friend": make_agent("equilibrium", concept="coopetitive")}
    with pytest.raises(UserError, match="has no such solution"):
        BestResponse("friend").check(Rules(Bare(), named), 0)


def test_best_responses_from_plain_data_and_back() -> None:
    from coopsim import parameters

    for to in ("tit-for-tat", ("a", "b"), {"player 2": "a"}):
        agent = BestResponse(to)
        again = parameters.build(BestResponse, parameters.dump(agent))
        assert again == agent
        assert hash(again) == hash(agent)


def test_it_plays_what_it_found() -> None:
    role = Role(0, "Samsung", 1)
    agent = BestResponse("tit-for-tat")
    memory = agent.reset(role, Rules(GAME), np.random.default_rng(0))
    played = play(GAME, [agent, make_agent("tit-for-tat")])
    assert played.actions[0, :, 0] == pytest.approx(np.full(12, memory[0]))


def test_unknown_names_are_a_user_error_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName) as caught:
        play(GAME, BestResponse("tit for tat"))
    assert caught.value.nearest == "tit-for-tat"
    assert caught.value.key == "to"
