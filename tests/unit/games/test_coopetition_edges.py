"""Rules at their edges: 32-bit thresholds, phases, shocks, nothing contributed, bad input."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

import coopsim
from coopsim.errors import InvalidAction, UserError
from coopsim.games.coopetition.network import from_graph
from coopsim.games.coopetition.parts.loyalty import single_mean


def game(name: str = "samsung-sony", **given: Any) -> Any:
    return coopsim.make_game(f"coopetition/{name}", **given)


@pytest.mark.parametrize("memory", [1, 7, 8, 10, 17, 40, 129, 300])
def test_a_mean_of_32_bit_numbers_is_numpys(memory: int) -> None:
    """Law: bit for bit what numpy's mean of the remembered vector is, full or not."""
    rng = np.random.default_rng(memory)
    for turn in {1, (memory + 1) // 2, memory}:
        values = rng.random(turn).astype(np.float32)
        rows = [np.zeros((1, 1), np.float32)] * (memory - turn)
        rows += [np.full((1, 1), value) for value in values]
        found = single_mean(rows, np.array([float(turn)]), np)
        assert found.dtype == np.float32
        assert found[0, 0] == np.mean(values)


def test_reciprocity_follows_the_dependence_of_a_phase() -> None:
    """TR-4: the response is weighed by (1 + omega D) rho_0 D^eta, with the D of the phase."""
    played = game("reciprocal-dilemma", interdependence=0.2, horizon=6,
                  phases=[{"start": 3, "interdependence": 0.9}])  # fmt: skip
    actions = np.array([[40, 40], [50, 30], [60, 40], [80, 20], [20, 80], [70, 70.0]])
    path, rule = coopsim.replay(played, actions), played.reciprocity
    for t in range(1, 6):
        d = 0.2 if t < 3 else 0.9
        trust, damage = path.trust[t], path.reputation_damage[t]
        away = actions[t] - actions[max(0, t - rule.memory) : t].mean(0)
        phi = np.tanh(rule.sensitivity * away / 100)
        rho = rule.strength * d**rule.elasticity
        gate = min(trust[0, 1], 1 - damage[0, 1]) * d
        answer = rule.weight * trust[0, 1] * (1 + rule.amplify * d) * rho * phi[1]
        private = path.private_payoff[t]
        assert path.payoffs[t, 0] == pytest.approx(private[0] + gate * private[1] + answer)


def test_shocks_leave_actions_within_their_bounds() -> None:
    """Law: however large a shock, what is played lies between 0 and the endowment."""
    for shock, level in (({"shift": -500.0}, 0.0), ({"level": 1e9}, 100.0)):
        shocked = game(shocks=[{"round": 1, **shock}], clip=False)
        hit = coopsim.replay(shocked, np.full((2, 2), 40.0))
        plain = coopsim.replay(game(), [[40, 40], [level, level]])
        np.testing.assert_allclose(hit.payoffs, plain.payoffs)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0])
def test_no_effort_makes_nothing(beta: float) -> None:
    """Closed form: omega 0^beta = 0, and the slope there stays a number."""
    idle = game("team-production", team={"beta": beta}, reward="private")
    assert not coopsim.replay(idle, np.zeros((2, 4))).payoffs.any()
    torch = pytest.importorskip("torch")
    effort = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)
    idle.team.made(effort).sum().backward()
    assert torch.isfinite(effort.grad).all()


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"phases": [{"start": 1, "interdependence": 2.0}]}, "phases.0.interdependence"),
        ({"phases": [{"start": 1, "interdependence": [[0, 2], [0, 0]]}]},
         "phases.0.interdependence"),
        ({"phases": [{"start": 1, "trust": 5.0}]}, "phases.0.trust"),
        ({"phases": [{"start": 1, "damage": -1.0}]}, "phases.0.damage"),
        ({"phases": [{"start": 1, "baseline": -5.0}]}, "phases.0.baseline"),
        ({"phases": [{"start": 1, "trust": 0.2}], "trust": None}, "phases.0.trust"),
        ({"shocks": [{"round": 1, "level": -1.0}]}, "shocks.0.level"),
        ({"endings": [{"below": 0.1}, {}]}, "endings.1.below"),
        ({"endings": [{"below": 0.1, "truster": "Sonny"}]}, "endings.0.truster"),
    ],
)  # fmt: skip
def test_what_a_rule_cannot_mean_is_refused(given: dict[str, Any], key: str) -> None:
    with pytest.raises(UserError) as caught:
        game(**given)
    assert caught.value.key == key


@pytest.mark.parametrize("actions", [[[1, 2], [3]], [["a", "b"]], [[1j, 2]]])
def test_actions_must_be_real_numbers(actions: Any) -> None:
    with pytest.raises(InvalidAction, match="real numbers"):
        coopsim.replay(game(), actions)


def test_a_graph_without_directions_is_no_network() -> None:
    with pytest.raises(UserError, match="no direction"):
        from_graph(nx.Graph([("a", "b")]))


def test_sequences_can_be_asked_for_their_exploitability() -> None:
    """Half the regrets' sum, as for two players in one round."""
    short = game(horizon=5)
    found = coopsim.solve(short, "open-loop nash", tol=1e-3)
    gained = coopsim.exploitability(short, found)
    assert 0 <= gained <= found.certificate.residual + 1e-9
    far = coopsim.solve(short, "dynamic optimum", tol=0.1)
    assert coopsim.exploitability(short, far) > 1
