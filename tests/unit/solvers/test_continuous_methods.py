"""Damped responses, extragradient, semismooth Newton and SLSQP: golden games and laws."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers import damped_response, endpoints, extragradient, kkt, slsqp
from coopsim.solvers.check import check
from coopsim.solvers.conformance.families import trials

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "solvers_continuous.json").read_text("utf-8")
)["instances"]
ROWS = [row for row in GOLDEN if row["class"] == "continuous"]
METHODS = ("damped-best-response", "extragradient", "semismooth-newton", "slsqp")
Payoffs = Callable[[Float], Float]


def linear_cournot(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    costs = np.broadcast_to(np.asarray(p["c"], float), (p["n"],))

    def payoffs(q: Float) -> Float:
        return (p["a"] - p["b"] * q.sum(-1, keepdims=True) - costs) * q

    return payoffs, np.zeros(p["n"]), np.full(p["n"], p["a"] / p["b"])


def bertrand(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    def payoffs(x: Float) -> Float:
        return (x - p["c"]) * (p["a"] - x + p["d"] * x[..., ::-1])

    return payoffs, np.full(2, float(p["c"])), np.full(2, 3.0 * p["a"])


def hotelling(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    def payoffs(x: Float) -> Float:
        share = np.clip(0.5 + (x[..., ::-1] - x) / (2 * p["t"]), 0, 1)
        return (x - p["c"]) * share

    return payoffs, np.full(2, float(p["c"])), np.full(2, p["c"] + 4.0 * p["t"])


def tullock(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    def payoffs(x: Float) -> Float:
        weight = x ** p["r"]
        total = weight.sum(-1, keepdims=True)
        share = np.divide(weight, total, out=np.full(x.shape, 1 / p["n"]), where=total > 0)
        return p["V"] * share - x

    return payoffs, np.zeros(p["n"]), np.full(p["n"], p["V"])


def common_pool(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    def payoffs(x: Float) -> Float:
        return p["w"] * (p["e"] - x) + x * (p["a"] - p["b"] * x.sum(-1, keepdims=True))

    return payoffs, np.zeros(p["n"]), np.full(p["n"], p["e"])


def public_good(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    def payoffs(x: Float) -> Float:
        total = np.maximum(x.sum(-1, keepdims=True), 0)
        return p["endowment"] - x + 2 * np.sqrt(total)

    return payoffs, np.zeros(p["n"]), np.full(p["n"], float(p["endowment"]))


def beauty_contest(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    def payoffs(x: Float) -> Float:
        return -((x - p["p"] * x.mean(-1, keepdims=True)) ** 2)

    return payoffs, np.zeros(p["n"]), np.full(p["n"], 100.0)


def sharing(p: dict[str, Any]) -> tuple[Payoffs, Float, Float]:
    def payoffs(s: Float) -> Float:
        joint = p["k"] * np.sqrt(np.maximum(s.prod(-1, keepdims=True), 0))
        return 0.5 * joint - s**2

    # the box leaves out 0, where not contributing answers itself
    return payoffs, np.full(2, 0.1), np.full(2, 10.0)


KINDS = {
    "cournot": linear_cournot,
    "bertrand": bertrand,
    "hotelling": hotelling,
    "tullock": tullock,
    "cpr": common_pool,
    "public": public_good,
    "beauty": beauty_contest,
    "keyvalue": sharing,
}


def built(row: dict[str, Any]) -> ContinuousForm:
    payoffs, low, high = KINDS[row["id"].split("_")[0]](row["params"])
    names = tuple(f"player {i + 1}" for i in range(len(low)))
    return ContinuousForm(names, low, high, np.arange(len(low)), payoffs)


@pytest.mark.parametrize("method", [None, *METHODS])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_equilibria_and_certificates(row: dict[str, Any], method: str | None) -> None:
    form, wanted = built(row), row["expected"]
    more = {"starts": 2} if method == "slsqp" else {}
    found = coopsim.solve(form, "nash", method, tol=1e-6, **more)
    assert found.proved, found.sentence
    assert found.certificate is not None
    assert found.certificate.residual <= 1e-6
    if "total" in wanted:  # one of a continuum: the total and the certificate decide
        assert found.actions.sum() == pytest.approx(wanted["total"], abs=1e-3)
        return
    assert found.actions == pytest.approx(wanted["equilibrium"], abs=1e-3)
    assert found.values == pytest.approx(wanted["payoffs"], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_optima(row: dict[str, Any]) -> None:
    """The best profile of a cartel, a group or two partners, where the golden file has one."""
    wanted = row["expected"]
    if not wanted.keys() & {
        "collusive_joint_q",
        "collusive_price",
        "group_optimum",
        "optimum_total",
        "joint_optimum",
    }:
        pytest.skip("the golden file has no optimum for this game")
    best = coopsim.solve(built(row), "social optimum", tol=1e-6)
    assert best.proved, best.sentence
    total = best.actions.sum()
    for key in ("collusive_joint_q", "group_optimum", "optimum_total"):
        if key in wanted:
            assert total == pytest.approx(wanted[key], abs=1e-3)
    if "collusive_joint_profit" in wanted:
        assert best.values.sum() == pytest.approx(wanted["collusive_joint_profit"], rel=1e-7)
    if "collusive_price" in wanted:
        assert best.actions == pytest.approx([wanted["collusive_price"]] * 2, abs=1e-3)
    if "joint_optimum" in wanted:
        assert best.actions == pytest.approx(wanted["joint_optimum"], abs=1e-3)


@pytest.mark.parametrize("method", ["extragradient", "semismooth-newton"])
def test_the_laws_of_solvers(method: str) -> None:
    check(method, games=10)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_the_laws_of_solvers_on_more_games(method: str) -> None:
    check(method, games=60, seed=1)


@pytest.mark.parametrize("module", [damped_response, extragradient, kkt, slsqp])
def test_ten_random_games_are_solved_to_their_closed_form(module: Any) -> None:
    more = {"starts": 2} if module is slsqp else {}
    for trial in trials("nash", "continuous", 5, 5 if more else 10):
        found = module.solve(trial.form, **more)
        assert found.finished, trial.name
        width = trial.form.high - trial.form.low
        ends = [trial.form.join(profile) for profile in found.profiles]
        for known in trial.known if not more else trial.known[:1]:
            point = trial.form.join(known)
            assert min((np.abs(end - point) / width).max() for end in ends) < 1e-6


def bilinear() -> ContinuousForm:
    """Matching pennies on an interval: plain gradient steps turn away from (0, 0)."""

    def payoffs(x: Float) -> Float:
        product = x[..., 0] * x[..., 1]
        return np.stack([product, -product], axis=-1)

    ends = np.array([-1.0, -0.7]), np.array([0.8, 1.0])
    return ContinuousForm(("row", "column"), *ends, np.arange(2), payoffs)


def test_extragradient_settles_where_gradients_turn_in_circles() -> None:
    found = coopsim.solve(bilinear(), "nash", "extragradient", tol=1e-7)
    assert found.proved
    assert found.actions == pytest.approx([0, 0], abs=1e-6)


def test_damping_settles_where_plain_best_responses_diverge() -> None:
    """Linear Cournot with eight firms: simultaneous best responses grow by 3.5 a round."""
    form = built({"id": "cournot", "params": {"a": 100.0, "b": 1.0, "c": 10.0, "n": 8}})
    found = coopsim.solve(form, "nash", "damped-best-response")
    assert found.proved
    assert found.actions == pytest.approx(np.full(8, 10.0), abs=1e-5)


def test_semismooth_newton_is_exact_at_bounds_and_inside() -> None:
    """One firm with costs too high to produce: its quantity is 0, the others' are closed form."""
    form = built(
        {"id": "cournot", "params": {"a": 100.0, "b": 1.0, "c": [10.0, 20.0, 90.0], "n": 3}}
    )
    found = coopsim.solve(form, "nash", "semismooth-newton")
    assert found.actions == pytest.approx([100 / 3, 70 / 3, 0], abs=1e-7)


def test_slsqp_answers_players_with_two_actions_that_depend_on_each_other() -> None:
    """The own actions have a strong cross term, so single-coordinate moves creep."""

    def payoffs(x: Float) -> Float:
        a, b, c, d = np.moveaxis(x, -1, 0)
        first = -((a - b) ** 2) * 50 - (a + b - 1 - 0.2 * c) ** 2
        second = -((c - d) ** 2) * 50 - (c + d - 1 - 0.2 * a) ** 2
        return np.stack([first, second], axis=-1)

    form = ContinuousForm(("x", "y"), np.zeros(4), np.ones(4), np.array([0, 0, 1, 1]), payoffs)
    assert slsqp.suits(form, False)
    found = coopsim.solve(form, "nash", "slsqp", tol=1e-7)
    assert found.proved
    assert found.actions == pytest.approx(np.full(4, 1 / 1.8), abs=1e-5)


@pytest.mark.parametrize("module", [damped_response, extragradient, kkt, slsqp])
def test_a_game_without_an_equilibrium_is_not_claimed_to_be_solved(module: Any) -> None:
    """One wants to be where the other is, the other away from it: payoffs with kinks, pure."""

    def payoffs(x: Float) -> Float:
        apart = (x[..., 0] - x[..., 1]) ** 2
        return np.stack([-apart, apart], axis=-1)

    form = ContinuousForm(("hunter", "prey"), np.zeros(2), np.ones(2), np.arange(2), payoffs)
    found = module.solve(form, rounds=20, starts=2)
    assert not found.finished
    point = form.join(found.profiles[0])
    assert endpoints.gain(form, point) > 1e-3


def test_options_out_of_range_are_refused() -> None:
    form = bilinear()
    with pytest.raises(UserError, match="way"):
        damped_response.solve(form, damping=0)
    with pytest.raises(UserError):
        extragradient.solve(form, rounds=0)
    with pytest.raises(UserError):
        endpoints.starting_points(form, 0, 0)
    m = kkt._LARGEST + 1
    large = ContinuousForm(
        tuple(map(str, range(m))), np.zeros(m), np.ones(m), np.arange(m), lambda x: -(x**2)
    )
    with pytest.raises(NoSuchForm, match="extragradient"):
        kkt.solve(large)
