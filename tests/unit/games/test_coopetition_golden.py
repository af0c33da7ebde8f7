"""The coopetition family agrees with values recorded from the released code of TR-1 and TR-2."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coopsim.games.catalogue import make_game
from coopsim.games.coopetition.dependence import Dependency, interdependence, power, vulnerability
from coopsim.games.coopetition.value import Value, synergy, total_value
from coopsim.solvers.select import solve

GOLDEN = Path(__file__).parents[2] / "golden" / "coopetition_core.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text().splitlines()]

SLCD = [[0, 0.64], [0.86, 0]]
RENAULT_NISSAN_MATURE = [[0, 0.51], [0.66, 0]]
# a hub that depends a little on four spokes, which depend a lot on it and not on each other;
# the row fixes both: 4 s / (1 + 4 h) = 1.5 and 4 h / (1 + 4 s) = 0.25
HUB = [[0, 0.25, 0.25, 0.25, 0.25], *([0.75, 0, 0, 0, 0] for _ in range(4))]
# the recorded equilibria fix what the rows leave out: a* = theta / (1 - k) - 1 with
# k = gamma / n (1 / n + (n - 1) D / n) holds at gamma 0.5 and D 0.5 for Nash and coopetitive
CASES: dict[str, dict[str, Any]] = {
    "slcd": {"shares": [0.55, 0.45], "interdependence": SLCD, "gamma": 0.65},
    "symmetric2": {"players": 2, "interdependence": 0.5, "gamma": 0.5},
    "symmetric4": {"players": 4, "interdependence": 0.5, "gamma": 0.5},
}


def rows(function: str) -> list[Any]:
    found = [row for row in ROWS if row["fn"] == function]
    assert found, function
    return [pytest.param(row, id=f"{function}-{place}") for place, row in enumerate(found)]


def test_every_row_is_used() -> None:
    # slcd_2d_equilibrium_no_trust: the game with an appropriation action is another family
    used = {
        "individual_value",
        "total_value",
        "D_ij",
        "power_vulnerability",
        "trust_update_defaults",
        "solve_equilibrium",
        "payoffs",
    }
    assert {row["fn"] for row in ROWS} - used == {"slcd_2d_equilibrium_no_trust"}


@pytest.mark.parametrize("row", rows("individual_value"))
def test_value_of_ones_own_action(row: dict[str, Any]) -> None:
    a = np.array([float(row["a"])])
    assert Value("power").of(a, np)[0] == pytest.approx(row["power_beta075"], rel=1e-10)
    assert Value("logarithmic").of(a, np)[0] == pytest.approx(row["log_theta20"], rel=1e-10)


@pytest.mark.parametrize("row", rows("total_value"))
def test_total_value_and_surplus(row: dict[str, Any]) -> None:
    a, gamma = np.array(row["actions"], dtype=float), row["gamma"]
    value = Value(theta=row["theta"])
    assert synergy(a, np) == pytest.approx(row["synergy_g"], rel=1e-10, abs=1e-12)
    assert gamma * synergy(a, np) == pytest.approx(row["surplus"], rel=1e-10, abs=1e-12)
    assert total_value(value, gamma, a, np) == pytest.approx(row["V"], rel=1e-10)


@pytest.mark.parametrize("denominator", ["partner", "all"])
@pytest.mark.parametrize("row", rows("D_ij"))
def test_interdependence_of_a_network(row: dict[str, Any], denominator: Any) -> None:
    network = [
        Dependency("maker", "platform", importance=weight, criticality=criticality)
        for weight, criticality in row["deps"]
    ]
    d = interdependence(network, ("maker", "platform"), denominator)
    assert d[0, 1] == pytest.approx(row["value"], rel=1e-12)
    assert d[1, 0] == d[0, 0] == d[1, 1] == 0


def test_the_denominators_differ_with_two_partners() -> None:
    # worked by hand: A needs B (weight 1, criticality 0.8) and C (weight 3, criticality 0.4)
    network = [
        Dependency("A", "B", importance=0.25, criticality=0.8),
        Dependency("A", "C", importance=0.75, criticality=0.4),
    ]
    partner = interdependence(network, ("A", "B", "C"), "partner")
    everything = interdependence(network, ("A", "B", "C"), "all")
    assert partner[0].tolist() == pytest.approx([0, 0.8, 0.4])
    assert everything[0].tolist() == pytest.approx([0, 0.2, 0.3])


@pytest.mark.parametrize("row", rows("power_vulnerability"))
def test_power_and_vulnerability(row: dict[str, Any]) -> None:
    cases = {"slcd": SLCD, "rn_mature": RENAULT_NISSAN_MATURE, "hub4": HUB}
    d = np.array(cases[row["case"]])
    assert power(d) == pytest.approx(row["power"], rel=1e-10)
    assert vulnerability(d) == pytest.approx(row["vulnerability"], rel=1e-10)


@pytest.mark.parametrize("row", rows("trust_update_defaults"))
def test_one_update_of_trust_and_reputation(row: dict[str, Any]) -> None:
    game: Any = make_game(
        "coopetition/repeated", interdependence=row["D"], baseline=35, formulation="gym-v1"
    )
    off = 1 - np.eye(2)
    before = dataclasses.replace(
        game.start(1), trust=(np.eye(2) + row["T"] * off)[None], damage=(row["R"] * off)[None]
    )
    # player 2 leaves the baseline, player 1 stays on it
    actions = np.array([[35.0, 35.0 + row["deviation_aj_minus_baseline"]]])
    after = game.step(before, actions).state
    # a row holds at most 12 digits, and 35 + x - 35 loses three of sixteen
    assert after.trust[0, 0, 1] == pytest.approx(row["T_new"], rel=1e-10)
    assert after.damage[0, 0, 1] == pytest.approx(row["R_new"], rel=1e-10, abs=1e-15)
    assert np.diagonal(after.trust[0]).tolist() == [1, 1]
    assert np.diagonal(after.damage[0]).tolist() == [0, 0]


@pytest.mark.parametrize("row", rows("payoffs"))
def test_private_and_integrated_payoffs(row: dict[str, Any]) -> None:
    game = make_game("coopetition/stage", **CASES[row["case"]])
    for utility in ("private", "integrated"):
        paid = game.form("continuous", utility=utility).payoffs(np.array(row["actions"]))
        assert paid == pytest.approx(row[utility], rel=1e-10)


@pytest.mark.parametrize("family", ["coopetition/stage", "coopetition/repeated"])
@pytest.mark.parametrize("row", rows("solve_equilibrium"))
def test_equilibria(row: dict[str, Any], family: str) -> None:
    game = make_game(family, **CASES[row["case"]])
    solution = solve(game, row["type"])
    # the recorded ones stopped when actions moved by less than 1e-6 in a round; where there is
    # a closed form (20 / 0.921875 - 1 for the last row) ours has all its digits, theirs six
    assert solution.actions == pytest.approx(row["a"], abs=5e-6)
    private = game.form("continuous").payoffs(solution.actions)
    integrated = game.form("continuous", utility="integrated").payoffs(solution.actions)
    assert private == pytest.approx(row["payoffs"], rel=1e-8)
    assert integrated == pytest.approx(row["utilities"], rel=1e-8)
    assert solution.values == pytest.approx(private if row["type"] == "nash" else integrated)
    assert solution.certificate is not None
    assert solution.certificate.residual < 1e-6


@pytest.mark.parametrize(
    ("concept", "actions"),
    [
        ("baseline", (19.000, 19.000)),
        ("nash", (23.265, 22.494)),
        ("coopetitive", (26.633, 27.399)),
        ("coopetitive with trust", (25.330, 25.502)),
        ("social optimum", (28.630, 28.630)),
    ],
)
def test_samsung_and_sony(concept: str, actions: tuple[float, float]) -> None:
    """The case of TR-1: equilibria to three decimals; cooperation is 42.19 % over the baseline."""
    solution = solve(make_game("coopetition/samsung-sony"), concept)
    assert solution.actions == pytest.approx(actions, abs=5e-4)
    assert solution.certificate is not None
    assert solution.certificate.residual < 1e-6
    if concept == "coopetitive":
        assert solution.actions.mean() / 19 - 1 == pytest.approx(0.4219, abs=5e-5)
