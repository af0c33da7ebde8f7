"""The coopetition games play alike on numpy and torch, whatever the memory order."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from coopsim import make_game
from coopsim.arrays import NUMPY, Backend, to_numpy
from coopsim.games.conformance.states import leaves
from coopsim.games.game import Game, Step

BATCH, ROUNDS = 20, 15
VARIANTS: list[dict[str, Any]] = [
    {},
    {"reward": "private"},
    {"reward": "cooperative"},
    {"reward": ("private", "cooperative")},
    {"formulation": "report"},
    {"trust": None},
    {"trust": {"erode": 1.0, "amplify": 3.0, "initial": 0.9, "initial_damage": 0.3}},
    {"value": {"form": "power"}, "players": 3},
    {"players": 7, "end_below": 0.3},
]


def drawn(game: Game) -> np.ndarray:
    """Random actions `[T, B, n]`, some of them outside the bounds or at the baseline."""
    rng = np.random.default_rng(3)
    actions = rng.uniform(-15, 115, (ROUNDS, BATCH, game.n))
    actions[rng.random(actions.shape) < 0.2] = 35.0
    return actions


def played(game: Game, backend: Backend, actions: np.ndarray) -> list[Step]:
    state, steps = game.start(actions.shape[1], backend=backend), []
    for row in actions:
        steps.append(game.step(state, backend.asarray(row)))
        state = steps[-1].state
    return steps


def assert_alike(got: list[Step], wanted: list[Step], tol: float) -> None:
    for ours, theirs in zip(got, wanted, strict=True):
        for name in ("actions", "trust", "damage", "private", "turn"):
            one, other = (to_numpy(getattr(step.state, name)) for step in (ours, theirs))
            np.testing.assert_allclose(one, other, tol, tol, err_msg=name)
        np.testing.assert_allclose(to_numpy(ours.payoffs), to_numpy(theirs.payoffs), tol, tol)
        np.testing.assert_array_equal(to_numpy(ours.done), to_numpy(theirs.done))


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_torch_plays_as_numpy_does(variant: dict[str, Any]) -> None:
    pytest.importorskip("torch")
    game = make_game("coopetition/repeated", **variant)
    actions = drawn(game)
    wanted = played(game, NUMPY, actions)
    assert_alike(played(game, Backend("torch", "float64"), actions), wanted, 1e-12)
    # where trust is at the limit, rounding decides whether play ends
    loose = make_game("coopetition/repeated", **{**variant, "end_below": None})
    wanted = played(loose, NUMPY, actions)
    assert_alike(played(loose, Backend("torch", "float32"), actions), wanted, 1e-4)


TWENTY = (
    "trust-dilemma partner-hold-up platform-ecosystem dynamic-partner-selection recovery-race "
    "synergy-search samsung-sony renault-nissan cooperative-negotiation reputation-market "
    "team-production loyalty-team coalition-formation apache-project public-goods "
    "reciprocal-dilemma gift-exchange indirect-reciprocity graduated-sanction apple-app-store"
).split()
TWO_CHOICES = ["samsung-sony-2d", "joint-market"]


def rounds_of(game: Game, backend: Backend, drawn: np.ndarray) -> dict[str, list[np.ndarray]]:
    """Everything that play gives: payoffs, ends, and every array of the state."""
    state, rows = game.start(drawn.shape[1], np.random.default_rng(5), backend), {}
    for row in drawn:
        # the actions that a backend can hold, so that both start from the same numbers
        step = game.step(state, backend.asarray(row))
        state = step.state
        held = dict(leaves(state)) | {"payoffs": step.payoffs, "done": step.done}
        for name, value in held.items():
            rows.setdefault(name, []).append(to_numpy(value))
    return rows


@pytest.mark.parametrize("formulation", ["report", "gym-v1"])
@pytest.mark.parametrize("name", TWENTY + TWO_CHOICES)
def test_every_game_plays_alike_on_torch(name: str, formulation: str) -> None:
    """30 rounds of 3 episodes: to 1e-10 in float64, to 1e-4 in float32 (ends set aside)."""
    pytest.importorskip("torch")
    game = make_game(f"coopetition/{name}", formulation=formulation)
    rng = np.random.default_rng(3)
    top = np.array([np.ravel(game.action_space(i).high) for i in range(game.n)])
    high = top if top.shape[1] > 1 else top[:, 0]
    for dtype, tol in (("float64", 1e-10), ("float32", 1e-4)):
        # a grid of numbers that both types hold, none of them at a threshold of the rules
        levels = rng.integers(1, 64, (30, 3, *high.shape)) / 64 + 1 / 256
        drawn = (levels * high).astype(np.float32).astype(np.float64)
        wanted = rounds_of(game, NUMPY if dtype == "float64" else Backend(dtype=dtype), drawn)
        got = rounds_of(game, Backend("torch", dtype), drawn)
        exact = rounds_of(game, NUMPY, drawn) if dtype == "float32" else wanted
        assert got.keys() == wanted.keys() == exact.keys()
        for key, values in got.items():
            assert values[0].dtype == wanted[key][0].dtype, key
            if key == "done" and dtype == "float32":
                continue  # where trust is at the limit, rounding decides whether play ends
            for other in (wanted, exact):
                np.testing.assert_allclose(values, other[key], tol, tol, err_msg=key)


def test_memory_order_of_actions_does_not_matter() -> None:
    game = make_game("coopetition/trust-dilemma")
    actions = drawn(game)
    batch_last = np.moveaxis(np.ascontiguousarray(np.moveaxis(actions, 1, -1)), -1, 1)
    assert batch_last.strides != actions.strides
    assert_alike(played(game, NUMPY, batch_last), played(game, NUMPY, actions), 0)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_states_keep_the_batch_last_in_memory(library: str) -> None:
    # play is two to five times faster so; a copy of the state every round would undo it
    if library == "torch":
        pytest.importorskip("torch")
    game = make_game("coopetition/trust-dilemma")
    backend = Backend(library)
    state = game.start(BATCH, backend=backend)
    after = game.step(state, backend.asarray(drawn(game)[0]))
    for array in (state.trust, after.state.trust, after.state.damage):
        assert np.moveaxis(to_numpy(array), 0, -1).flags.c_contiguous
    for array in (state.actions, after.state.actions, after.state.private, after.payoffs):
        assert to_numpy(array).T.flags.c_contiguous


@pytest.mark.parametrize("name", ["coopetition/stage", "coopetition/repeated"])
def test_a_game_that_was_played_can_still_be_pickled(name: str) -> None:
    game = make_game(name)
    game.step(game.start(3), np.ones((3, 2)))
    again = pickle.loads(pickle.dumps(game))
    assert again == game
    assert (again.step(again.start(3), np.ones((3, 2))).payoffs > 0).all()


def test_a_step_changes_nothing_it_was_given() -> None:
    game = make_game("coopetition/trust-dilemma")
    state, actions = game.start(4), np.full((4, 2), 120.0)
    before = state.trust.copy(), state.turn.copy()
    game.step(state, actions)
    assert (actions == 120).all()
    np.testing.assert_array_equal(state.trust, before[0])
    np.testing.assert_array_equal(state.turn, before[1])
