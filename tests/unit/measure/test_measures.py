"""Every measure against numbers worked out by hand on a few rounds, one episode ending early."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim import registry
from coopsim.agents.catalogue import make_agent
from coopsim.agents.play import play
from coopsim.errors import UnknownName, UserError
from coopsim.games.catalogue import make_game
from coopsim.games.coopetition.stage import Stage
from coopsim.games.rollout import Trajectories
from coopsim.measure.measures import (
    GROUP,
    Played,
    applicable,
    evaluate,
    gini,
    private,
    require_applicable,
)
from coopsim.solvers.select import solve

# two players with 100 and 50 to give; four rounds at most
GAME = make_game("coopetition/repeated", players=["A", "B"], endowments=[100.0, 50.0], horizon=4)


def trust_of(pairs: list[tuple[float, float]]) -> Any:
    """Trust matrices from A's trust in B and B's in A."""
    return np.array([[[1.0, ab], [ba, 1.0]] for ab, ba in pairs])


def episodes() -> Trajectories:
    """Two episodes of up to three recorded rounds; the second ended after its second round."""
    alive = np.array([[True, True, True], [True, True, False]])
    actions = np.array([[[10, 5], [20, 10], [30, 15]], [[40, 20], [60, 30], [0, 0]]], dtype=float)
    payoffs = np.array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [0, 0]]], dtype=float)
    trust = np.stack(
        [
            trust_of([(0.5, 0.5), (0.6, 0.5), (0.7, 0.4)]),
            trust_of([(0.3, 0.2), (0.2, 0.1), (0, 0)]),
        ]
    )
    trust[1, 2] = 0  # what the recorder leaves after an early end
    return Trajectories(
        GAME.labels, actions, payoffs, alive, {"trust": trust, "private_payoff": 0.5 * payoffs}
    )


def measured(name: str, **more: Any) -> dict[tuple[str, str], float]:
    return evaluate((name,), Played(GAME, episodes(), **more))


def test_payoff_counts_rounds_that_were_lost_as_nothing() -> None:
    """A: (1 + 3 + 5 + 7 + 9) / 2 episodes / 4 rounds of the horizon."""
    assert measured("payoff") == {("payoff", "A"): 25 / 8, ("payoff", "B"): 30 / 8}


def test_welfare_is_the_sum_of_private_payoffs() -> None:
    assert measured("welfare") == {("welfare", GROUP): 0.5 * 55 / 8}


def test_welfare_of_a_game_without_private_payoffs_is_that_of_the_paid_ones() -> None:
    path = episodes()
    bare = Trajectories(path.players, path.actions, path.payoffs, path.alive, {})
    assert private(Played(GAME, bare)) is not None
    assert evaluate(("welfare",), Played(GAME, bare)) == {("welfare", GROUP): 55 / 8}


def test_regret_is_what_the_best_response_would_have_earned_more() -> None:
    rows = measured("regret", responses=np.array([4.0, 3.0]))
    assert rows == {("regret", "A"): 4 - 25 / 8, ("regret", "B"): 3 - 30 / 8}
    assert measured("regret") == {}  # not computed


def test_distance_is_a_mean_over_the_rounds_played() -> None:
    """A is 13.26 etc. away from 23.2649; five rounds were played in all."""
    solution = solve(GAME, "nash")
    a, b = solution.actions
    rows = measured("distance", solutions={"nash": solution}, compared=("nash", "baseline"))
    assert rows == {
        ("distance to nash", "A"): pytest.approx(np.abs(a - [10, 20, 30, 40, 60]).mean()),
        ("distance to nash", "B"): pytest.approx(np.abs(b - [5, 10, 15, 20, 30]).mean()),
    }


def test_distance_to_what_was_not_found_or_is_mixed_is_left_out() -> None:
    refused = solve(GAME, "nash", "multistart-ascent")
    mixed = solve(GAME, "nash", "pure-enumeration", points=3)
    other = solve(make_game("coopetition/repeated", players=3), "nash")
    for solution in (refused, mixed, other):
        assert measured("distance", solutions={"nash": solution}, compared=("nash",)) == {}


def test_price_of_anarchy_is_the_best_welfare_over_the_welfare_reached() -> None:
    optimum = solve(GAME, "social optimum")
    rows = measured("price of anarchy", solutions={"social optimum": optimum})
    wanted = optimum.values.sum() / (0.5 * 55 / 8)
    assert rows == {("price of anarchy", GROUP): pytest.approx(wanted)}
    assert measured("price of anarchy") == {}


def test_price_of_anarchy_of_equilibrium_play_is_known() -> None:
    """The stage table gives a welfare ratio of .9971 for the S-LCD case: 1 / .9971 when played."""
    game = make_game("coopetition/samsung-sony", horizon=3)
    nash, optimum = solve(game, "nash"), solve(game, "social optimum")
    rows = evaluate(
        ("price of anarchy",), Played(game, play(game, nash), {"social optimum": optimum})
    )
    assert rows["price of anarchy", GROUP] == pytest.approx(1 / 0.9971, abs=1e-4)


def test_cooperation_is_a_share_of_the_endowment_over_the_rounds_played() -> None:
    """A gave 160 of 5 x 100, B 80 of 5 x 50."""
    rows = measured("cooperation rate")
    assert rows == {
        ("cooperation rate", "A"): pytest.approx(0.32),
        ("cooperation rate", "B"): pytest.approx(0.32),
        ("cooperation rate", GROUP): pytest.approx(0.32),
    }


def test_final_trust_is_that_of_each_episodes_last_round() -> None:
    """(.7 + .4) / 2 after three rounds, (.2 + .1) / 2 after two."""
    assert measured("final trust") == {("final trust", GROUP): pytest.approx((0.55 + 0.15) / 2)}


def test_length_is_the_number_of_rounds_played() -> None:
    assert measured("length") == {("length", GROUP): 2.5}


def test_gini_of_mean_payoffs() -> None:
    """3.125 and 3.75: |difference| / (2 x sum) = 0.625 / 13.75."""
    assert measured("gini") == {("gini", GROUP): pytest.approx(0.625 / 13.75)}


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 1, 1, 1], 0.0),
        ([0, 0, 0, 1], 0.75),  # (n - 1) / n where one has everything
        ([1, 3], 0.25),
        ([1, 2, 3, 4, 5], 4 / 15),  # textbook
        ([0, 0], 0.0),
        ([7], 0.0),
        ([-1, 1], 0.5),  # measured from the smallest: 0 and 2
        ([-5, -5], 0.0),
    ],
)
def test_gini_of_known_distributions(values: list[float], wanted: float) -> None:
    assert gini(np.array(values, dtype=float)) == pytest.approx(wanted)


def test_gini_does_not_change_with_the_unit() -> None:
    values = np.random.default_rng(0).uniform(1, 9, 12)
    assert gini(1000 * values) == pytest.approx(gini(values))


# -- which measures a game has -------------------------------------------------------------


def test_rows_come_in_the_order_asked_for() -> None:
    rows = evaluate(("length", "welfare", "payoff"), Played(GAME, episodes()))
    assert [name for name, _ in rows] == ["length", "welfare", "payoff", "payoff"]


def test_an_unknown_measure_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'welfare'"):
        evaluate(("wellfare",), Played(GAME, episodes()))


def test_a_game_without_trust_has_no_final_trust() -> None:
    stage = Stage()
    every = tuple(registry.registrations("measure"))
    assert set(every) - set(applicable(every, stage)) == {"final trust"}
    assert set(applicable(every, GAME)) == set(every)
    require_applicable(("payoff", "gini"), stage)
    with pytest.raises(UserError, match=r"compare.measure: .*given: final trust"):
        require_applicable(("payoff", "final trust"), stage)
    path = play(stage, make_agent("constant", level=0.2))
    assert evaluate(("final trust", "length"), Played(stage, path)) == {("length", GROUP): 1.0}


def test_every_registered_measure_says_what_it_is() -> None:
    for name, entry in registry.registrations("measure").items():
        measure = entry.load()
        assert measure.name == name
        assert measure.unit
        assert measure.meaning
        assert measure.better in ("more", "less", "")


def test_all_measures_of_real_play_are_finite() -> None:
    path = play(GAME, "random", episodes=5)
    solutions = {concept: solve(GAME, concept) for concept in ("nash", "social optimum")}
    played = Played(GAME, path, solutions, np.array([100.0, 100.0]), ("nash",))
    rows = evaluate(tuple(registry.registrations("measure")), played)
    # four for each of two players, one of them for both as well, and five for both only
    assert len(rows) == 4 * 2 + 1 + 5
    assert np.isfinite(list(rows.values())).all()
