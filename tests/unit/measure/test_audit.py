"""The behavioural audit reproduces the recorded one, and its deviations are what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coopsim import parameters
from coopsim.errors import UserError
from coopsim.games.catalogue import make_game
from coopsim.games.coopetition.repeated import Repeated
from coopsim.games.rollout import replay
from coopsim.measure.audit import LEVELS, Audit
from coopsim.measure.targets.contributions import ContributionAudit

GOLDEN = Path(__file__).parents[2] / "golden" / "coopetition_audit.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
NAMES = {
    "TrustDilemma-v0": "trust-dilemma", "PartnerHoldUp-v0": "partner-hold-up",
    "PlatformEcosystem-v0": "platform-ecosystem",
    "DynamicPartnerSelection-v0": "dynamic-partner-selection",
    "RecoveryRace-v0": "recovery-race", "SynergySearch-v0": "synergy-search",
    "SLCD-v0": "samsung-sony", "RenaultNissan-v0": "renault-nissan",
    "CooperativeNegotiation-v0": "cooperative-negotiation",
    "ReputationMarket-v0": "reputation-market", "TeamProduction-v0": "team-production",
    "LoyaltyTeam-v0": "loyalty-team", "CoalitionFormation-v0": "coalition-formation",
    "ApacheProject-v0": "apache-project", "PublicGoods-v0": "public-goods",
    "ReciprocalDilemma-v0": "reciprocal-dilemma", "GiftExchange-v0": "gift-exchange",
    "IndirectReciprocity-v0": "indirect-reciprocity",
    "GraduatedSanction-v0": "graduated-sanction", "AppleAppStore-v0": "apple-app-store",
}  # fmt: skip
SURFACE = "surface [level, mean over agents of episode return, steps, final mean trust]"
LATE = "late_defection_to_zero [switch step, agent0 gain, others mean change, exploitative]"
BEST = "own_best_constant_deviation_of_agent0_vs_others_at_50pct"
# The released environments hold shares as 32-bit numbers, and coopsim follows them: 60 percent
# is 0.60000002, and the mean of a few of them can lie below. The model behind these rows has 64
# bits, and so is on the other side where a level lies on a threshold of loyalty.
AT_AN_EDGE = {
    "LoyaltyTeam-v0": (0.6,),
    "ApacheProject-v0": (0.6,),
    "PublicGoods-v0": (0.6,),
    "CoalitionFormation-v0": (0.15, 0.3, 0.4, 0.6),
}


def audited(row: dict[str, Any], reward: str = "integrated") -> Audit:
    name = f"coopetition/{NAMES[row['env']]}"
    game = make_game(name, formulation="gym-v1", reward=reward)
    assert isinstance(game, Repeated)
    return Audit(game)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["env"])
def test_the_response_surface_is_the_recorded_one(row: dict[str, Any]) -> None:
    surface = np.array(row[SURFACE])
    played = audited(row).surface(surface[:, 0])
    edge = np.isin(surface[:, 0].round(3), AT_AN_EDGE.get(row["env"], ()))
    returns = played.returns.mean(1)
    assert returns[~edge] == pytest.approx(surface[~edge, 1], rel=1e-7)
    assert returns[edge] == pytest.approx(surface[edge, 1], rel=3e-3)
    assert played.lengths.tolist() == surface[:, 2].tolist()
    assert played.trust == pytest.approx(surface[:, 3], abs=1e-8)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["env"])
def test_the_static_audit_is_the_recorded_one(row: dict[str, Any]) -> None:
    recorded = row["static_exploitation"]
    levels = np.array([item["level"] for item in recorded])
    changed = audited(row).halve(levels)
    for place, item in enumerate(recorded):
        assert bool(changed.exploitative[place]) == item["exploitative"]
        edges = AT_AN_EDGE.get(row["env"], ())
        if item["level"] in edges and item["level"] == 0.6:
            continue  # a bonus that these rows never have, though the surface has it
        # half the level can be at an edge, too
        near = 1e-2 if {item["level"], item["level"] / 2} & set(edges) else 1e-6
        assert changed.gain[place] == pytest.approx(item["agent0_gain"], rel=near, abs=1e-5)
        assert changed.others[place] == pytest.approx(item["others_change"], rel=near, abs=1e-5)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["env"])
def test_the_temporal_audit_is_the_recorded_one(row: dict[str, Any]) -> None:
    (late,) = audited(row).temporal(np.array([0.5]))
    assert late.length == row["episode_len_at_50pct"]
    assert list(late.switches) == [item[0] for item in row[LATE]]
    assert late.late.gain == pytest.approx([item[1] for item in row[LATE]], rel=1e-6, abs=1e-5)
    assert late.late.others == pytest.approx([item[2] for item in row[LATE]], rel=1e-6, abs=1e-5)
    assert late.late.exploitative.tolist() == [item[3] for item in row[LATE]]
    assert (late.vulnerability, late.onset) == ("immune", None)


@pytest.mark.parametrize("reward", ["integrated", "private"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["env"])
def test_the_best_constant_deviation_is_the_recorded_one(row: dict[str, Any], reward: str) -> None:
    recorded = row[BEST][reward]
    ((best, _),) = audited(row, reward).best(np.array([0.5]))
    if recorded["level"] in AT_AN_EDGE.get(row["env"], ()):
        # past the bonus, one step of the levels that are tried further on
        assert best.level == pytest.approx(recorded["level"], abs=0.021)
        assert best.gain == pytest.approx(recorded["gain"], rel=0.03)
        return
    assert best.gain >= recorded["gain"] * (1 - 1e-6)
    assert best.level == recorded["level"]
    assert best.gain == pytest.approx(recorded["gain"], rel=1e-6)


def test_late_stops_are_never_exploitative_and_the_best_constant_always_pays() -> None:
    """The specification's finding: the published test cannot see what a better one finds."""
    stops = exploitative = halved = 0
    for row in ROWS:
        audit = audited(row)
        (late,) = audit.temporal(np.array([0.5]))
        stops += len(late.switches)
        exploitative += int(late.late.exploitative.sum())
        halved += int(audit.halve(np.array([0.2, 0.4, 0.6, 0.8])).exploitative.sum())
        assert audit.best(np.array([0.5]))[0][0].gain > 0, row["env"]
    assert (stops, exploitative, halved) == (164, 0, 28)


@pytest.mark.parametrize("name", ["partner-hold-up", "coalition-formation", "reputation-market"])
def test_a_switch_is_worth_what_playing_it_pays(name: str) -> None:
    """Law: going on from the middle of a game pays what the whole path pays when replayed."""
    game: Any = make_game(f"coopetition/{name}", formulation="gym-v1")
    audit = Audit(game)
    for level in (0.4, 0.75):
        for player in audit.distinct:
            ((constant, switch),) = audit.best(np.array([level]), player)
            for found in (constant, switch):
                actions = np.tile(np.minimum(level * audit.scale, game.endowment), (game.rounds, 1))
                base = replay(game, actions).payoffs.sum(0)
                actions[found.start :, player] = found.level * game.endowment[player]
                change = replay(game, actions).payoffs.sum(0) - base
                assert change[player] == pytest.approx(found.gain, rel=1e-9, abs=1e-7)
                rest = np.delete(change, player).mean()
                assert rest == pytest.approx(found.others, rel=1e-9, abs=1e-7)
            assert switch.gain >= constant.gain


def test_no_level_pays_more_than_the_best_constant_deviation() -> None:
    game: Any = make_game("coopetition/recovery-race", formulation="gym-v1")
    ((best, _),) = Audit(game).best(np.array([0.5]))
    plans = np.full((len(LEVELS), game.rounds, 2), 0.5) * game.endowment
    plans[:, :, 0] = LEVELS[:, None] * game.endowment[0]
    returns = replay(game, plans).payoffs.sum(1)[:, 0]
    assert LEVELS[returns.argmax()] == best.level


def test_exchangeable_players_are_audited_once() -> None:
    expected = {"trust-dilemma": 1, "partner-hold-up": 2, "apache-project": 1, "apple-app-store": 3}
    for name, count in expected.items():
        game: Any = make_game(f"coopetition/{name}", formulation="gym-v1")
        assert len(Audit(game).distinct) == count, name


def test_own_levels_are_shares_of_each_endowment() -> None:
    game: Any = make_game("coopetition/gift-exchange", formulation="gym-v1")
    played = Audit(game, "own").surface(np.array([0.5]))
    actions = np.tile(0.5 * game.endowment, (game.rounds, 1))
    assert played.returns[0] == pytest.approx(replay(game, actions).payoffs.sum(0))


def test_the_experiment_shows_the_audit_in_columns() -> None:
    measured = ContributionAudit(environment="samsung-sony").run({"level": np.array([0.5, 0.8])})
    (row,) = [row for row in ROWS if row["env"] == "SLCD-v0"]
    assert measured["constant_level"][0] == row[BEST]["integrated"]["level"]
    assert measured["late_switches"][0] == len(row[LATE])
    assert measured["exploitability"] == pytest.approx(measured["switch_gain"] / 100)
    assert measured["vulnerability"].tolist() == ["immune", "immune"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("coopetition/trust-dilema", "did you mean"), ("prisoners-dilemma", "no repeated")],
)
def test_what_is_no_repeated_coopetition_game_is_refused(name: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        parameters.build(ContributionAudit, {"environment": name})
    assert raised.value.key == "environment"
