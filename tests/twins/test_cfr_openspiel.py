"""CFR and CFR+ against OpenSpiel's solvers: the same updates, so the same average."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim.games.adapters.openspiel import from_openspiel, to_openspiel
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.solvers import cfr_state

pytestmark = pytest.mark.twin
pyspiel = pytest.importorskip("pyspiel")


def apart(game: Any, method: str, theirs: Any, iterations: int) -> float:
    """The largest difference of a probability after some iterations."""
    form, solver = from_openspiel(game), theirs(game)
    for _ in range(iterations):
        solver.evaluate_and_update_policy()
    policy = solver.average_policy()
    ours = np.concatenate(cfr_state.average(form, method, iterations))
    worst = 0.0
    for infoset, label in enumerate(form.infosets.labels):
        low, high = form.infosets.offset[infoset : infoset + 2]
        shares = [share for _, share in policy.get_state_policy(label)]
        worst = max(worst, float(np.abs(ours[low:high] - shares).max()))
    return worst


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker"])
@pytest.mark.parametrize("iterations", [1, 2, 100])
def test_cfr_plus_is_openspiels(name: str, iterations: int) -> None:
    assert apart(pyspiel.load_game(name), "cfr-plus", pyspiel.CFRPlusSolver, iterations) <= 1e-9


@pytest.mark.parametrize("method", ["cfr", "cfr-plus"])
@pytest.mark.parametrize("seed", range(5))
def test_random_trees(seed: int, method: str) -> None:
    """Payoffs are drawn without ties, where rounding would decide which action is played."""
    rng = np.random.default_rng(seed)
    form = random_tree(rng, depth=6, zero_sum=True)
    drawn = rng.normal(size=len(form.payoffs))
    game = to_openspiel(form.with_payoffs(np.stack([drawn, -drawn], axis=-1)))
    theirs = {"cfr": pyspiel.CFRSolver, "cfr-plus": pyspiel.CFRPlusSolver}[method]
    assert apart(game, method, theirs, 50) <= 1e-9


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "kuhn_poker(players=3)"])
def test_cfr_is_openspiels(name: str) -> None:
    assert apart(pyspiel.load_game(name), "cfr", pyspiel.CFRSolver, 100) <= 1e-9


@pytest.mark.parametrize("method", ["linear-cfr", "discounted-cfr"])
def test_discounted_variants_are_openspiels(method: str) -> None:
    """OpenSpiel's are in Python, and share our exponents."""
    from open_spiel.python.algorithms import discounted_cfr

    theirs = {"linear-cfr": discounted_cfr.LCFRSolver, "discounted-cfr": discounted_cfr.DCFRSolver}
    solver = theirs[method](pyspiel.load_game("kuhn_poker"))
    for _ in range(50):
        solver.evaluate_and_update_policy()
    policy, form = solver.average_policy(), from_openspiel("kuhn_poker")
    ours = np.concatenate(cfr_state.average(form, method, 50))
    for infoset, label in enumerate(form.infosets.labels):
        low, high = form.infosets.offset[infoset : infoset + 2]
        assert np.allclose(policy.policy_for_key(label), ours[low:high], atol=1e-9)
