"""Laws of the coopetition family that hold for any parameters and any actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coopsim.arrays import Float
from coopsim.games.catalogue import make_game
from coopsim.games.coopetition.value import synergy
from coopsim.games.rollout import Trajectories, replay
from coopsim.solvers.select import solve

ROUNDING = 1e-12
unit = st.floats(0, 1, allow_subnormal=False)
# the same examples in every run: a failure here is a failure everywhere
laws = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@dataclass(frozen=True)
class Play:
    """Parameters of a game, and the actions to play in it, `[T, n]`."""

    parameters: dict[str, Any]
    actions: Float

    @property
    def n(self) -> int:
        return self.actions.shape[1]

    def replay(self, **changed: Any) -> Trajectories:
        return replay(
            make_game("coopetition/repeated", **{**self.parameters, **changed}), self.actions
        )


@st.composite
def plays(draw: st.DrawFn) -> Play:
    """Two to four different players, up to eight rounds; a third of the actions at a bound."""
    n, rounds = draw(st.integers(2, 4)), draw(st.integers(1, 8))

    def each(values: st.SearchStrategy[float], count: int = n) -> list[float]:
        return draw(st.lists(values, min_size=count, max_size=count))

    endowments = each(st.floats(10, 200))
    weights = np.array(each(st.floats(0.1, 1)))
    d = [each(unit) for _ in range(n)]
    for i in range(n):
        d[i][i] = 0.0
    fractions = st.one_of(st.sampled_from([0.0, 1.0, 0.35]), unit, unit)
    shares = (weights / weights.sum()).tolist()
    parameters = {
        "players": n,
        "endowments": endowments,
        "shares": shares,
        "interdependence": d,
        "gamma": draw(st.floats(0, 2)),
        "value": {"form": draw(st.sampled_from(["logarithmic", "power"]))},
        "formulation": draw(st.sampled_from(["gym-v1", "report"])),
        "trust": {
            "build": draw(st.floats(0.01, 1)),
            "erode": draw(st.floats(0.01, 1)),
            "damage": draw(unit),
            "forget": draw(unit),
            "amplify": draw(st.floats(0, 3)),
            "initial": draw(unit),
            "initial_damage": draw(unit),
        },
        "horizon": rounds,
    }
    actions = [each(fractions) for _ in range(rounds)]
    return Play(parameters, np.array(actions) * endowments)


def before_and_after(play: Play) -> tuple[Float, Float, Float, Float]:
    """Trust and damage before each round, and after it, `[T, n, n]` each."""
    played, rule = play.replay(), play.parameters["trust"]
    off = 1 - np.eye(play.n)
    trust0 = rule["initial"] * off + np.eye(play.n)
    damage0 = rule["initial_damage"] * off
    trust, damage = played.trust, played["reputation_damage"]
    return (
        np.concatenate([trust0[None], trust[:-1]]),
        np.concatenate([damage0[None], damage[:-1]]),
        trust,
        damage,
    )


@laws
@given(plays())
def test_trust_stays_below_the_ceiling_before_the_round(play: Play) -> None:
    _, damage_before, trust, _ = before_and_after(play)
    assert (trust <= 1 - damage_before + ROUNDING).all()


@laws
@given(plays())
def test_trust_and_damage_stay_between_0_and_1(play: Play) -> None:
    _, _, trust, damage = before_and_after(play)
    for matrix in (trust, damage):
        assert (matrix >= -ROUNDING).all()
        assert (matrix <= 1 + ROUNDING).all()
    diagonal = np.arange(play.n)
    assert (trust[:, diagonal, diagonal] == 1).all()
    assert (damage[:, diagonal, diagonal] == 0).all()


@laws
@given(plays())
def test_damage_never_falls_in_a_round_with_a_bad_signal_nor_rises_without(play: Play) -> None:
    _, damage_before, _, damage = before_and_after(play)
    baseline = 0.35 * np.array(play.parameters["endowments"])
    # what everybody sees of j, in column j; nearer than rounding it has no sign
    deviation = np.broadcast_to((play.actions - baseline)[:, None, :], damage.shape)
    bad, good = deviation < -1e-9, deviation >= 0
    assert (damage[bad] >= damage_before[bad] - ROUNDING).all()
    assert (damage[good] <= damage_before[good] + ROUNDING).all()


@laws
@given(plays())
def test_trust_never_falls_in_a_round_with_a_good_signal_unless_capped(play: Play) -> None:
    trust_before, damage_before, trust, _ = before_and_after(play)
    baseline = 0.35 * np.array(play.parameters["endowments"])
    good = np.broadcast_to((play.actions >= baseline)[:, None, :], trust.shape)
    floor = np.minimum(trust_before, 1 - damage_before)
    assert (trust[good] >= floor[good] - ROUNDING).all()


@laws
@given(plays())
def test_integrated_payoff_is_at_least_private_where_nobody_loses(play: Play) -> None:
    private = play.replay(reward="private").payoffs
    integrated = play.replay(reward="integrated").payoffs
    nobody_loses = (private >= 0).all(-1)
    assert (integrated[nobody_loses] >= private[nobody_loses] - 1e-9).all()


@laws
@given(plays())
def test_reward_modes_pay_the_same_state_differently(play: Play) -> None:
    modes = {mode: play.replay(reward=mode) for mode in ("private", "integrated", "cooperative")}
    for played in modes.values():
        assert played.trust.tolist() == modes["private"].trust.tolist()
        assert played.private_payoff == pytest.approx(modes["private"].payoffs, abs=1e-9)


@laws
@given(plays())
def test_cooperative_mode_pays_all_players_the_mean_of_integrated_utilities(play: Play) -> None:
    shared, own = play.replay(reward="cooperative"), play.replay(reward="integrated")
    assert (shared.payoffs == shared.payoffs[:, :1]).all()
    assert shared.payoffs[:, 0] == pytest.approx(own.payoffs.mean(1), rel=1e-12, abs=1e-9)


@laws
@given(plays(), st.randoms(use_true_random=False))
def test_permuting_players_permutes_results(play: Play, random: Any) -> None:
    order = random.sample(range(play.n), play.n)
    given_ = play.parameters
    permuted = Play(
        {
            **given_,
            "endowments": [given_["endowments"][i] for i in order],
            "shares": [given_["shares"][i] for i in order],
            "interdependence": [[given_["interdependence"][i][j] for j in order] for i in order],
        },
        play.actions[:, order],
    )
    for mode in ("private", "integrated"):
        ours, theirs = play.replay(reward=mode), permuted.replay(reward=mode)
        assert theirs.payoffs == pytest.approx(ours.payoffs[:, order], rel=1e-9, abs=1e-9)
        assert theirs.trust == pytest.approx(ours.trust[:, order][:, :, order], abs=1e-9)


@laws
@given(plays())
def test_without_interdependence_integrated_is_private(play: Play) -> None:
    free = {"interdependence": 0}
    private, integrated = (
        play.replay(reward="private", **free),
        play.replay(reward="integrated", **free),
    )
    assert integrated.payoffs == pytest.approx(private.payoffs, rel=1e-12)


@laws
@given(st.lists(st.floats(0, 200), min_size=2, max_size=12), st.data())
def test_there_is_no_synergy_where_one_contributes_nothing(
    actions: list[float], data: st.DataObject
) -> None:
    actions[data.draw(st.integers(0, len(actions) - 1))] = 0.0
    # a floor under the product keeps the root differentiable at 0; its fourth root is 6e-10
    assert synergy(np.array(actions), np) == pytest.approx(0, abs=1e-9)


@laws
@given(st.lists(st.floats(0.01, 200), min_size=2, max_size=12))
def test_synergy_is_the_geometric_mean(actions: list[float]) -> None:
    expected = np.exp(np.log(actions).mean())
    assert synergy(np.array(actions), np) == pytest.approx(expected, rel=1e-12)


@settings(laws, max_examples=20)
@given(
    n=st.integers(2, 4),
    theta=st.floats(2, 40),
    gamma=st.floats(0, 1.5),
    d=unit,
    trust=unit,
)
def test_symmetric_equilibria_have_a_closed_form(
    n: int, theta: float, gamma: float, d: float, trust: float
) -> None:
    """a* = theta / (1 - k) - 1, held to the endowment, with k by concept.

    It follows from the first-order condition theta / (1 + a) - 1 + k g(a) / a = 0, for
    g(a) = a where all actions are equal.
    """
    game = make_game(
        "coopetition/stage",
        players=n,
        gamma=gamma,
        interdependence=d,
        trust=trust,
        value={"theta": theta},
    )
    partners = (n - 1) * d
    slopes = {
        "nash": gamma / n**2,
        "coopetitive": gamma / n**2 * (1 + partners),
        "coopetitive with trust": gamma / n**2 * (1 + trust * partners),
        "baseline": 0.0,
        "social optimum": gamma / n,
    }
    for concept, k in slopes.items():
        expected = np.clip(theta / (1 - k) - 1, 0, 100)
        solution = solve(game, concept)
        assert solution.proved, (concept, solution)
        assert solution.actions == pytest.approx(np.full(n, expected), rel=1e-4), concept
