"""Compiled play equals the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim import make_game
from coopsim.arrays import NUMPY, Backend, to_numpy
from coopsim.errors import CoopsimError
from coopsim.games.conformance.states import leaves
from coopsim.games.game import Game

torch = pytest.importorskip("torch")
from coopsim.games.compiled import compiled  # noqa: E402

# torch warns about parts of itself while it compiles
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ROUNDS, BATCH = 30, 16


def played(step: Any, game: Game, backend: Backend) -> dict[str, list[np.ndarray]]:
    """Everything that 30 rounds of random actions give, on numpy."""
    rng = np.random.default_rng(7)
    state = game.start(BATCH, backend=backend)
    rows: dict[str, list[np.ndarray]] = {}
    for _ in range(ROUNDS):
        # some outside the bounds, some exactly on the baseline
        actions = rng.uniform(-15, 115, (BATCH, game.n))
        actions[rng.random(actions.shape) < 0.2] = 40.0
        got = step(state, backend.asarray(actions))
        state = got.state
        for name, value in leaves(state):
            rows.setdefault(name, []).append(to_numpy(value))
        rows.setdefault("payoffs", []).append(to_numpy(got.payoffs))
        rows.setdefault("done", []).append(to_numpy(got.done))
    return rows


@pytest.mark.slow  # compiles, which takes up to half a minute on two busy cores
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("players", "dtype", "tol"),
    [(2, "float64", 1e-10), (2, "float32", 1e-4), (3, "float64", 1e-10)],
)
def test_equals_the_definition_on_numpy(players: int, dtype: str, tol: float) -> None:
    shares = (1 / players,) * players
    # play does not end early: where trust is at the limit, rounding would decide
    game = make_game("coopetition/trust-dilemma", players=players, shares=shares, end_below=None)
    backend = Backend("torch", dtype)
    wanted = played(game.step, game, NUMPY)
    got = played(compiled(game, backend), game, backend)
    assert got.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_allclose(got[name], wanted[name], tol, tol, err_msg=name)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("formulation", ["report", "gym-v1"])
@pytest.mark.parametrize("name", ["coalition-formation", "graduated-sanction"])
def test_parts_equal_their_definition(name: str, formulation: str) -> None:
    """Memories, loyalty and exclusion are carried through fused code."""
    game = make_game(f"coopetition/{name}", formulation=formulation)
    backend = Backend("torch", "float64")
    wanted, got = played(game.step, game, NUMPY), played(compiled(game, backend), game, backend)
    assert got.keys() == wanted.keys()
    for key in wanted:
        np.testing.assert_allclose(got[key], wanted[key], 1e-10, 1e-10, err_msg=key)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_compiles_once_for_a_batch_size() -> None:
    game = make_game("coopetition/trust-dilemma")
    backend = Backend("torch", "float32")
    step = compiled(game, backend)
    counters = torch._dynamo.utils.counters["stats"]
    counters.clear()
    state = game.start(BATCH, backend=backend)
    for _ in range(5):
        state = step(state, torch.full((BATCH, 2), 50.0)).state
    assert counters["unique_graphs"] == 1
    assert state.trust.stride() == game.start(BATCH, backend=backend).trust.stride()


def test_refuses_numpy() -> None:
    with pytest.raises(CoopsimError, match="torch"):
        compiled(make_game("coopetition/trust-dilemma"), NUMPY)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_says_so_where_a_step_cannot_be_traced() -> None:
    class Branching(type(make_game("coopetition/trust-dilemma"))):  # type: ignore[misc]
        def step(self, state: Any, actions: Any) -> Any:
            if actions.sum() > 0:  # depends on values: not traceable
                return super().step(state, actions)
            raise AssertionError

    game = Branching()
    backend = Backend("torch")
    with pytest.raises(CoopsimError, match="cannot compile the step of Branching"):
        compiled(game, backend)(game.start(2, backend=backend), backend.asarray([[1.0, 2], [3, 4]]))
