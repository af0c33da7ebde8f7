"""The stage games of the released environments have the equilibria in their table.

Source of parameters and values: "The twenty environments" of the specification of
Coopetition-Gym (github.com/vikpant/strategic-coopetition, commit d2dffd5, MIT licence), where
an independent solver computed the values: master parameter table and the table of stage-game
solutions. Actions there have three decimals, sums of payoffs two, ratios four.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from coopsim.games.catalogue import make_game
from coopsim.solvers.select import solve

Numbers = float | tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One environment: its stage parameters, then what the table prints."""

    name: str
    n: int
    e: Numbers
    shares: tuple[float, ...] | None
    d: Any
    theta: float
    gamma: float
    trust: tuple[float, float]  # initial trust and reputation damage
    nash: Numbers
    with_trust: Numbers
    without_gate: Numbers
    optimum: float
    welfare: tuple[float, float]  # Nash, optimum
    ratio: float


HUB = [[0, *[0.25] * 4], *([0.75, 0, 0, 0, 0] for _ in range(4))]

TABLE = [
    Row("TrustDilemma", 2, 100, (0.5, 0.5), 0.60, 20, 0.70, (0.50, 0),
        23.242, 24.890, 26.778, 29.769, (297.31, 298.36), 0.9965),
    Row("PartnerHoldUp", 2, (120, 80), (0.6, 0.4), [[0, 0.35], [0.85, 0]], 20, 0.60, (0.55, 0),
        (23.227, 21.826), (24.101, 24.127), (24.903, 26.245), 27.571, (294.76, 295.50), 0.9975),
    Row("PlatformEcosystem", 5, (150, 80, 80, 80, 80), (0.30, 0.175, 0.175, 0.175, 0.175), HUB,
        25, 0.75, (0.60, 0), (25.159, 24.677, 24.677, 24.677, 24.677),
        (25.597, 25.223, 25.223, 25.223, 25.223), (25.899, 25.600, 25.600, 25.600, 25.600),
        28.412, (770.88, 771.92), 0.9986),
    Row("DynamicPartnerSelection", 6, 100, None, 0.40, 18, 0.55, (0.50, 0),
        17.279, 17.567, 17.865, 18.816, (819.65, 819.99), 0.9996),
    Row("RecoveryRace", 2, 100, None, 0.55, 20, 0.60, (0.25, 0.50),
        22.529, 23.115, 25.059, 27.571, (294.79, 295.50), 0.9976),
    Row("SynergySearch", 2, 100, None, 0.50, 20, 0.637567, (0.55, 0),
        22.792, 24.101, 25.284, 28.359, (295.72, 296.55), 0.9972),
    Row("SLCD", 2, 100, (0.55, 0.45), [[0, 0.64], [0.86, 0]], 20, 0.65, (0.65, 0),
        (23.265, 22.494), (25.330, 25.502), (26.633, 27.399), 28.630, (296.03, 296.90), 0.9971),
    Row("RenaultNissan", 2, (90, 100), (0.48, 0.52), [[0, 0.51], [0.66, 0]], 22, 0.58,
        (0.70, 0.02), (24.583, 24.879), (26.337, 26.943), (27.172, 27.924), 29.986,
        (297.78, 298.50), 0.9976),
    Row("CooperativeNegotiation", 2, 100, None, 0.55, 20, 0.60, (0.50, 0),
        22.529, 23.730, 25.059, 27.571, (294.79, 295.50), 0.9976),
    Row("ReputationMarket", 5, 100, None, 0.35, 18, 0.50, (0.50, 0),
        17.367, 17.634, 17.908, 19.000, (683.80, 684.12), 0.9995),
    Row("TeamProduction", 4, 50, None, 0.55, 20, 0.65, (0.50, 0),
        19.847, 20.602, 21.413, 22.881, (376.49, 377.20), 0.9981),
    Row("CoalitionFormation", 6, 50, None, 0.55, 20, 0.65, (0.50, 0),
        19.368, 19.896, 20.453, 21.430, (558.06, 558.60), 0.9990),
    Row("PublicGoods", 5, 50, None, 0.55, 20, 0.65, (0.50, 0),
        19.534, 20.155, 20.815, 21.989, (467.24, 467.85), 0.9987),
    Row("ReciprocalDilemma", 2, 100, None, 0.50, 20, 0.65, (0.50, 0),
        22.881, 24.098, 25.446, 28.630, (296.03, 296.90), 0.9971),
    Row("GiftExchange", 2, (100, 80), None, [[0, 0.4], [0.7, 0]], 20, 0.65, (0.50, 0),
        22.881, (23.921, 24.531), (25.085, 26.375), 28.630, (276.03, 276.90), 0.9969),
    Row("IndirectReciprocity", 4, 100, None, 0.40, 20, 0.65, (0.50, 0),
        19.847, 20.390, 20.963, 22.881, (576.49, 577.20), 0.9988),
    Row("GraduatedSanction", 6, 100, None, 0.35, 20, 0.65, (0.50, 0),
        19.368, 19.701, 20.045, 21.430, (858.06, 858.60), 0.9994),
    Row("AppleAppStore", 3, (100, 80, 60), None,
        [[0, 0.3, 0.2], [0.8, 0, 0.15], [0.85, 0.1, 0]], 20, 0.65, (0.60, 0),
        20.557, (21.104, 21.538, 21.538), (21.493, 22.235, 22.235), 24.532,
        (375.93, 376.75), 0.9978),
]  # fmt: skip


def game_of(row: Row) -> Any:
    return make_game(
        "coopetition/repeated",
        players=row.n,
        endowments=row.e,
        shares=row.shares,
        interdependence=row.d,
        value={"form": "logarithmic", "theta": row.theta},
        gamma=row.gamma,
        trust={"initial": row.trust[0], "initial_damage": row.trust[1]},
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_of_the_table(row: Row) -> None:
    game = game_of(row)
    actions = {
        "nash": row.nash,
        "coopetitive with trust": row.with_trust,
        "coopetitive": row.without_gate,
        "social optimum": row.optimum,
    }
    solved = {concept: solve(game, concept) for concept in actions}
    for concept, printed in actions.items():
        assert solved[concept].proved, solved[concept].sentence
        assert solved[concept].certificate.residual < 1e-6
        wanted = np.broadcast_to(np.asarray(printed, dtype=float), row.n)
        # half a unit of the last printed digit, and a little for its rounding
        assert solved[concept].actions == pytest.approx(wanted, abs=6e-4), concept
    welfare = [float(solved[concept].values.sum()) for concept in ("nash", "social optimum")]
    assert welfare == pytest.approx(row.welfare, abs=6e-3)
    assert welfare[0] / welfare[1] == pytest.approx(row.ratio, abs=6e-5)
    for concept in ("nash", "coopetitive", "coopetitive with trust"):
        assert solved[concept].certificate.complete  # supermodular, and the only equilibrium


def test_forty_players_of_the_apache_project() -> None:
    """The symmetric closed form of the table's reading: 40 players, and no long wait."""
    game = make_game(
        "coopetition/stage", players=40, endowments=50, interdependence=0.55, gamma=0.65
    )
    printed = {"nash": 19.008, "coopetitive": 19.184, "social optimum": 19.330}
    for concept, action in printed.items():
        solution = solve(game, concept)
        assert solution.proved
        assert solution.actions == pytest.approx(np.full(40, action), abs=6e-4)
