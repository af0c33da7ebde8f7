"""What players see under each preset, behind every interface, and what they are told of it."""

from __future__ import annotations

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
    import dataclasses

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
