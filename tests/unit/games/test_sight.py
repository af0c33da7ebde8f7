"""What players see under each preset, behind every interface, and what they are told of it."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coopsim.games.adapters.pettingzoo import parallel
from coopsim.games.adapters.pettingzoo_aec import aec
from coopsim.games.catalogue import make_game
from coopsim.games.conformance.states import episode

TWENTY = (
    "trust-dilemma partner-hold-up platform-ecosystem dynamic-partner-selection recovery-race "
    "synergy-search samsung-sony renault-nissan cooperative-negotiation reputation-market "
    "team-production loyalty-team coalition-formation apache-project public-goods "
    "reciprocal-dilemma gift-exchange indirect-reciprocity graduated-sanction apple-app-store"
).split()
TWO_CHOICES = ["samsung-sony-2d", "joint-market"]
PRESETS = ["full", "realistic", "minimal"]

every_game = pytest.mark.parametrize("name", TWENTY + TWO_CHOICES)
every_preset = pytest.mark.parametrize("sight", PRESETS)


def actions_of(game: Any, rng: np.random.Generator, batch: int) -> np.ndarray:
    """Random legal actions, batch first."""
    shape = (batch, game.n, *(() if game.action_space(0).shape == (1,) else (2,)))
    top = np.array([np.ravel(game.action_space(i).high) for i in range(game.n)])
    return rng.uniform(size=shape) * (top[:, 0] if len(shape) == 2 else top)


def state_after(game: Any, rounds: int, seed: int, batch: int = 2) -> Any:
    rng = np.random.default_rng(seed)
    state = game.start(batch, rng)
    for _ in range(rounds):
        state = game.step(state, actions_of(game, rng, batch)).state
    return state


def told(game: Any, player: int, seen: Any, turn: int = 1) -> str:
    view = SimpleNamespace(player=player, turn=turn, observation=seen)
    words: str = game.narrate(view)
    return words


@every_preset
@every_game
def test_what_each_preset_shows(name: str, sight: str) -> None:
    """Own action and own trust; all actions and own rows; or everything."""
    game = make_game(f"coopetition/{name}", sight=sight)
    seen = game.observe(state_after(game, 2, seed=0), game.n - 1)
    shapes = {key: value.shape[1:] for key, value in seen.items()}
    n = game.n
    second = {game.noun: (n,)} if game.noun else {}
    shown = {key: (n,) for part in game.parts for key in part.seen() if key != "agreed"}
    if any("agreed" in part.seen() for part in game.parts):
        shown["agreed"] = (1,)
    rows = n if n < 8 else 1
    wanted: dict[str, dict[str, Any]] = {
        "minimal": {"own_action": (1,), "own_trust": (n,)}
        | ({f"own_{game.noun}": (1,)} if game.noun else {}),
        "realistic": {
            "actions": (n,),
            "own_trust": (n,),
            "own_reputation_damage": (n,),
            "mean_reputation_damage": (n,),
            "time": (1,),
            **second,
            **shown,
        },
        "full": {
            "actions": (n,),
            "trust": (rows, n),
            "reputation_damage": (rows, n),
            "time": (1,),
            **second,
            **shown,
        },
    }
    assert shapes == wanted[sight]
    assert game.common_view == (sight == "full")


@pytest.mark.parametrize("players", [6, 8])
def test_nobody_sees_in_its_own_row_what_others_think_of_it(players: int) -> None:
    """Own trust is 1 and own damage 0, however trust is kept; the mean is over the others."""
    game = make_game("coopetition/dynamic-partner-selection", players=players, sight="realistic")
    state = state_after(game, 4, seed=1)
    full = make_game("coopetition/dynamic-partner-selection", players=players)
    everything = full.observe(state, 0)
    for me in (0, 3, players - 1):
        seen = game.observe(state, me)
        assert (seen["own_trust"][:, me] == 1).all()
        assert (seen["own_reputation_damage"][:, me] == 0).all()
        row = 0 if players == 8 else (me + 1) % players
        np.testing.assert_allclose(
            seen["mean_reputation_damage"][:, me], everything["reputation_damage"][:, row, me]
        )


@every_preset
@every_game
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), rounds=st.integers(0, 4), data=st.data())
def test_one_information_set_reads_the_same(
    name: str, sight: str, seed: int, rounds: int, data: Any
) -> None:
    """States that differ only in what a player does not see give it the same words."""
    game = make_game(f"coopetition/{name}", sight=sight)
    player = data.draw(st.integers(0, game.n - 1))
    one = episode(state_after(game, rounds, seed), 0)
    seen = game.observe(one, player)
    other = hide_and_change(game, one, seen, player)
    again = game.observe(other, player)
    assert seen.keys() == again.keys()
    for key in seen:
        np.testing.assert_array_equal(seen[key], again[key])
    # the turn is no part of what is seen, and is not told
    assert told(game, player, seen, 1) == told(game, player, again, 99)


def hide_and_change(game: Any, state: Any, seen: Any, player: int) -> Any:
    """Another state of the same information set: all that is not seen is changed."""
    more = {
        key: value
        if key in seen
        else np.where(np.arange(game.n) == player, value, value + 0.125)
        if f"own_{key}" in seen
        else value + 0.125
        for key, value in state.more.items()
    }
    changes: dict[str, Any] = {"more": more, "private": state.private + 1}
    mine = np.arange(game.n) == player
    if "actions" not in seen:
        changes["actions"] = np.where(mine, state.actions, state.actions + 1)
        changes["turn"] = state.turn + 1
        changes["damage"] = state.damage + 0.125
    if "trust" not in seen:
        hidden = ~mine[:, None] if state.trust.shape[1] > 1 else mine[None]
        changes["trust"] = np.where(hidden, state.trust * 0.5, state.trust)
    return dataclasses.replace(state, **changes)


@every_preset
@every_game
def test_words_change_with_what_is_seen(name: str, sight: str) -> None:
    """Every number that is observed is told: a visible change of it changes the words."""
    game = make_game(f"coopetition/{name}", sight=sight)
    state, me = episode(state_after(game, 3, seed=5), 0), 1
    seen = {key: np.array(value) for key, value in game.observe(state, me).items()}
    if "agreed" in seen:
        seen["agreed"] = seen["agreed"] * 0 + 1  # otherwise there is no agreement to tell
    before, rng = told(game, me, seen), np.random.default_rng(0)
    for key, value in seen.items():
        places = list(np.ndindex(value.shape))
        for place in rng.permutation(len(places))[:6]:
            where = places[place]
            if of_itself(key, where, me, game.n) or game.trust is None:
                continue
            changed = value.copy()
            changed[where] += {"time": 1 / game.horizon, "excluded": 1, "agreed": -1}.get(key, 0.01)
            if key in ("actions", "agreement", "own_action", game.noun, f"own_{game.noun}"):
                changed[where] += 0.1
            assert told(game, me, {**seen, key: changed}) != before, (key, where)


def of_itself(key: str, where: tuple[int, ...], me: int, n: int) -> bool:
    """Whether it is what a player holds of itself, which never changes."""
    if key in ("own_trust", "own_reputation_damage"):
        return where[1] == me
    matrix = key in ("trust", "reputation_damage") and n < 8
    return matrix and where[1] == where[2]


@every_preset
@pytest.mark.parametrize("name", ["platform-ecosystem", "apache-project", *TWO_CHOICES])
def test_adapters_show_the_same(name: str, sight: str) -> None:
    """Parallel and AEC observations are the preset's arrays, flat, one after another."""
    game = make_game(f"coopetition/{name}", sight=sight, horizon=5)
    env, turns, rng = parallel(game), aec(game), np.random.default_rng(4)
    env.reset(seed=0)
    turns.reset(seed=0)
    state = game.start(1)
    for _ in range(3):
        joint = actions_of(game, rng, 1)
        state = game.step(state, joint).state
        rows = joint[0] if joint.ndim == 3 else joint[0][:, None]
        observed = env.step(dict(zip(game.labels, rows, strict=True)))[0]
        for own in rows:
            turns.step(own)
        for i, label in enumerate(game.labels):
            wanted = np.concatenate([np.ravel(x) for x in game.observe(state, i).values()])
            np.testing.assert_array_equal(observed[label], wanted)
            np.testing.assert_array_equal(turns.observe(label), wanted)
            assert env.observation_space(label).shape == wanted.shape


def test_sizes_of_the_released_presets() -> None:
    """Minimal is the own action and the own row of trust: 1 + N numbers."""
    for n in (2, 5, 9):
        env = parallel(make_game("coopetition/repeated", players=n, sight="minimal"))
        assert env.observation_space("player 1").shape == (1 + n,)
        env = parallel(make_game("coopetition/repeated", players=n, sight="realistic"))
        # all actions, own trust, own and mean damage, time
        assert env.observation_space("player 1").shape == (4 * n + 1,)


# What is told of the rules. Expected words follow the formulas of `parts/*.py` and `round.py`.

formulations = pytest.mark.parametrize("formulation", ["report", "gym-v1"])


def words(name: str, player: int = 0, rounds: int = 0, **given: Any) -> str:
    """What a player is told after some rounds at the start's baseline."""
    game = make_game(f"coopetition/{name}", **given)
    state = game.start(1)
    for _ in range(rounds):
        state = game.step(state, game.expected[None]).state
    return told(game, player, game.observe(state, player), rounds)


def test_the_synergy_is_that_of_the_phase() -> None:
    """A later phase's gamma, baseline and D are told from its first round on, for those who see
    the time; the others read the start's throughout."""
    phases = [{"start": 2, "gamma": 0.123, "baseline": 41, "interdependence": 0.37}]
    before, after = (words("repeated", rounds=k, gamma=0.71, phases=phases) for k in (1, 2))
    for new, old in (("0.123 times", "0.71 times"), ("41 is", "35 is"), ("by 37%", "by 50%")):
        assert old in before
        assert new not in before
        assert new in after
        assert old not in after
    unseen = words("repeated", rounds=3, gamma=0.71, phases=phases, sight="minimal")
    assert "0.71 times" in unseen
    assert "0.123" not in unseen
    assert "as they are at the start" in unseen
    at_once = words("repeated", sight="minimal", phases=[{"start": 0, "gamma": 0.2}])
    assert "0.2 times" in at_once
    assert "can change" not in at_once


def test_a_phase_that_sets_trust_says_so_where_it_begins() -> None:
    phases = [{"start": 2, "trust": 0.35, "damage": 0.125}]
    for rounds in range(4):
        text = words("repeated", rounds=rounds, phases=phases)
        assert ("trust is set to 35%" in text) == (rounds == 2)
        assert ("damage is set to 12.5%" in text) == (rounds == 2)


def test_shocks_are_told_of_the_last_round_and_the_next() -> None:
    """Levels hold before shifts, and bounds after both; where time is unseen only that they are."""
    shocks = [
        {"round": 1, "shift": -7.5},
        {"round": 2, "player": "Sony", "level": 90, "shift": 20},
    ]
    first, second, third, fourth = (
        words("samsung-sony", rounds=k, shocks=shocks) for k in range(4)
    )
    everybody = "the contribution of everybody is moved by -7.5 within bounds."
    one = "the contribution of Sony is set to 100."
    assert "Events of" not in first
    assert f"Events of this round: {everybody}" in second
    assert f"Events of last round: {everybody}" in third
    assert f"Events of this round: {one}" in third
    assert f"Events of last round: {one}" in fourth
    unseen = words("samsung-sony", rounds=2, shocks=shocks, sight="minimal")
    assert "events change contributions" in unseen
    assert "Events of" not in unseen
    assert "events" not in words("samsung-sony")


def test_loyalty_names_its_threshold_and_what_it_pays() -> None:
    rule = {"threshold": 0.375, "benefit": 0.55, "tolerance": 0.11}
    text = words("loyalty-team", loyalty=rule)
    assert "at least 37.5%" in text
    assert "55% of team mates" in text
    assert "11% of the own cost" in text
    assert "half" not in text
    assert "50% of what one has" not in text
    # private payoffs hold no loyalty (payoffs.paid)
    for paid in ({"reward": "private"}, {"team": None}):
        silent = words("loyalty-team", loyalty=rule, **paid)
        assert "Loyalty by itself changes no payoff" in silent
        assert "team mates" not in silent
    released = words("loyalty-team", loyalty={"together_from": 0.45}, formulation="gym-v1")
    assert "everybody contributes at least 45%" in released
    assert "team mates" not in released


def test_standing_says_by_which_rule_it_moves() -> None:
    """Towards the share, or by steps; neither is "more than half" alone."""
    average = words("dynamic-partner-selection", standing={"rate": 0.07})
    assert "moves by 7% of the way to the share" in average
    assert "1/2" not in average
    assert "multiplied" not in average  # no tiers
    steps = words("reputation-market", standing={"rate": 0.07})
    assert "moves by 0.07 (s - 1/2)" in steps
    assert "of the way" not in steps


def test_tiers_are_told_from_the_highest_down() -> None:
    """Whatever their order in the file; of two at one level the later one holds."""
    tiers = [
        {"at_least": 0.2, "factor": 0.9},
        {"at_least": 0.6, "factor": 9.0},
        {"at_least": 0.6, "factor": 1.4},
    ]
    text = words("reputation-market", standing={"tiers": tiers, "below": 0.3})
    assert "by 1.4 from 0.6 on, by 0.9 from 0.2 on, by 0.3 below" in text
    assert "by 9" not in text


def test_the_excluded_are_out_for_as_long_as_is_told() -> None:
    """They wait `cooldown` rounds, that of their exclusion among them (coalition.py)."""
    rule = {"smallest": 2, "exit_below": 0.9, "cooldown": 3, "return_from": 0.0}
    game = make_game("coopetition/coalition-formation", players=3, coalition=rule)
    text = words("coalition-formation", players=3, coalition=rule)
    for said in (
        "below 0.9",
        "more than 2",
        "wait 3 rounds",
        "at least 0.",
        "by 1.1",
        "by 0.5",
    ):
        assert said in text
    state, out = game.start(1), []
    for _ in range(3):
        state = game.step(state, np.full((1, 3), 25.0)).state
        out.append(state.more["excluded"][0, 0])
    assert out == [1, 1, 0]


def test_agreements_cost_everybody_the_own_distance() -> None:
    """Also who strays by less than `within`, where another strays further (agreement.py)."""
    rule = {"within": 6, "penalty": 2.5}
    text = words("cooperative-negotiation", agreement=rule)
    assert "within 6 of" in text
    assert "further than 6" in text
    assert "everybody loses 2.5 per unit" in text
    game = make_game("coopetition/cooperative-negotiation", agreement=rule)
    free = make_game("coopetition/cooperative-negotiation", agreement=None)
    lost = []
    for each in (game, free):
        state = each.step(each.start(1), np.array([[40.0, 40.0]])).state
        lost.append(each.step(state, np.array([[43.0, 50.0]])).payoffs[0])
    np.testing.assert_allclose(lost[1] - lost[0], [2.5 * 3, 2.5 * 10])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"end_below": 0.07}, "when mean trust falls below 7%"),
        ({"endings": [{"reaches": 0.85}]}, "when mean trust reaches 85%"),
        (
            {"endings": [{"trusted": "Sony", "below": 0.2}]},
            "when mean trust in Sony falls below 20%",
        ),
        (
            {"endings": [{"truster": "Sony", "below": 0.2}]},
            "when Sony's mean trust falls below 20%",
        ),
        (
            {"endings": [{"truster": "Sony", "trusted": "Samsung", "below": 0.2}]},
            "when Sony's trust in Samsung falls below 20%",
        ),
    ],
)
def test_early_ends_are_told(given: dict[str, Any], sentence: str) -> None:
    assert sentence in words("samsung-sony", **given)
    assert "Play ends early" not in words("samsung-sony")


def test_what_is_paid_is_told() -> None:
    """By reward mode, and each player's own where they differ."""
    assert "All are paid their own utility." in words("samsung-sony")
    private = words("samsung-sony", reward="private")
    assert "All are paid their private payoff alone." in private
    assert "tility" not in private
    assert "All are paid the mean utility of all." in words("samsung-sony", reward="cooperative")
    mixed = words("samsung-sony", player=1, reward=["integrated", "private"])
    assert "Samsung is paid its own utility." in mixed
    assert "You are paid your private payoff alone." in mixed
    without = words("samsung-sony", trust=None)
    assert "good name" not in without
    assert "trust and reputation play no part" in without


def test_reciprocity_is_added_or_multiplies() -> None:
    """Added to utility (TR-4), so that private payoffs hold none; a factor in the released code."""
    rule = {"memory": 6, "strength": 1.5, "weight": 0.5, "elasticity": 1.25, "amplify": 0.35}
    for formulation, how in (("report", "utility grows"), ("gym-v1", "at least by 0.01")):
        text = words("gift-exchange", reciprocity=rule, formulation=formulation)
        assert how in text
        for number in ("last 6 rounds", "0.75 D^1.25", "0.35 D"):
            assert number in text
    assert "D^" not in words("gift-exchange", reward="private")
    assert "D^" in words("gift-exchange", reward="private", formulation="gym-v1")


def test_a_hidden_weight_is_told_by_its_range_to_whoever_does_not_see_it() -> None:
    for sight, revealed in (("full", False), ("full", True), ("minimal", True)):
        hidden = {"low": 0.15, "high": 0.85, "revealed": revealed}
        text = words("synergy-search", hidden=hidden, sight=sight)
        seen = revealed and sight == "full"
        assert ("between 0.15 and 0.85" in text) != seen
        assert ("The weight of the synergy is" in text) == seen


def test_a_team_says_what_effort_costs_and_what_is_kept() -> None:
    plain, convex = words("loyalty-team"), words("loyalty-team", team={"cost": "convex"})
    assert "unit of effort costs 1; nothing of the endowment is kept" in plain
    assert "An effort a costs 1 a^2 / 2" in convex
    assert "unit of effort" not in convex
    assert "what is not contributed is kept" in words("public-goods")


CHANGES: dict[str, list[tuple[str, Any]]] = {
    "trust": [
        (name, 0.111) for name in ("build", "erode", "damage", "forget", "amplify", "sensitivity")
    ],
    "value": [("theta", 11.1)],
    "team": [("output", 11.1), ("beta", 0.51), ("unit_cost", 1.11), ("cost", "convex")],
    "loyalty": [("initial", 0.11), ("cap", 0.33)],
    "coalition": [
        ("smallest", 2),
        ("exit_below", 0.11),
        ("cooldown", 7),
        ("return_from", 0.33),
        ("member_factor", 1.3),
        ("outside_factor", 0.6),
    ],
    "reciprocity": [
        ("strength", 1.11),
        ("elasticity", 1.11),
        ("sensitivity", 1.11),
        ("memory", 8),
        ("weight", 1.11),
        ("amplify", 1.11),
    ],
    "agreement": [("within", 11.1), ("penalty", 1.11)],
    "standing": [("rate", 0.111), ("initial", 0.33)],
    "hidden": [("low", 0.11), ("high", 0.77)],
}
MOVING = [("gain", 0.011), ("loss", 0.011), ("threshold", 0.33)]
PAYING = {
    "report": [("benefit", 0.11), ("tolerance", 0.11)],
    "gym-v1": [
        ("memory", 7),
        ("shirk_below", 0.11),
        ("shirk_factor", 0.7),
        ("loyal_from", 0.77),
        ("loyal_bonus", 0.11),
        ("together_from", 0.33),
        ("together_factor", 1.11),
    ],
}


@formulations
@every_preset
@pytest.mark.parametrize("name", TWENTY)
def test_another_rule_is_told_in_other_words(name: str, sight: str, formulation: str) -> None:
    """Every parameter of every part that counts in the formulation is in the words."""
    game = make_game(f"coopetition/{name}", sight=sight, formulation=formulation)
    seen = game.observe(game.start(1), 0)
    before = told(game, 0, seen)
    assert "None" not in before
    assert "nan" not in before
    by_team = not game.joint
    for part, changes in CHANGES.items():
        rule = getattr(game, part)
        if rule is None or (part == "team" and not by_team) or (part == "value" and by_team):
            continue
        if part == "loyalty" and rule.gain > 0:
            changes = changes + MOVING + PAYING[formulation]
        for key, value in changes:
            other = dataclasses.replace(rule, **{key: value})
            after = told(dataclasses.replace(game, **{part: other}), 0, seen)
            assert after != before, (part, key)
    for key, value in (("reward", "private"), ("end_below", 0.111), ("gamma", 0.111)):
        if key == "gamma" and (by_team or game.hidden is not None):
            continue
        assert told(dataclasses.replace(game, **{key: value}), 0, seen) != before, key
