"""Sealed-bid auctions and contests: golden bid functions, revenue, certificates, other methods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bidding import bid_law, laws, outcome, prospect
from coopsim.games.forms.distributions import Distribution, power, tabulated, uniform
from coopsim.solvers import contests, shooting, symmetric
from coopsim.solvers.auctions import Grids, rough_regret
from coopsim.solvers.certificate import certify
from coopsim.solvers.certificates.bayesian import interim_regret
from coopsim.solvers.reserve import optimal_reserve, optimal_revenue, virtual_value

GOLDEN = {
    row["id"]: row
    for row in json.loads(
        (Path(__file__).parents[2] / "golden" / "solvers_auctions.json").read_text("utf-8")
    )["instances"]
}
RULES = {"fpsb": "first-price", "spsb": "second-price", "allpay": "all-pay"}
SYMMETRIC = [name for name, row in GOLDEN.items() if row.get("params", {}).get("values")]


def share(text: str) -> tuple[float, int]:
    """The factor and the power in "2/3 v^3", "4/5 v" or "v"."""
    factor, _, rest = text.rpartition(" ")
    up, _, down = factor.partition("/")
    number = float(up or 1) / float(down or 1)
    return number, int(rest.partition("^")[2] or 1)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_golden_auctions_of_bidders_alike(name: str) -> None:
    row = GOLDEN[name]
    form = SealedBidForm.symmetric(row["params"]["n"], uniform(), RULES[name.split("_")[0]])
    found = coopsim.solve(form, "bayes-nash")
    assert found.proved, found.sentence
    factor, exponent = share(row["expected"]["bid"])
    assert found.profile[0] == pytest.approx(factor * form.types[0] ** exponent, abs=1e-12)
    assert found.details["revenue"] == pytest.approx(row["expected"]["revenue"], abs=1e-8)
    if "bidder_expected_utility" in row["expected"]:
        utility = row["expected"]["bidder_expected_utility"]
        assert found.values == pytest.approx(np.full(form.n, utility), abs=1e-9)


def test_golden_reserve_by_myerson() -> None:
    wanted = GOLDEN["myerson_reserve_uniform_n2"]["expected"]
    reserve = optimal_reserve(uniform())
    assert reserve == pytest.approx(wanted["reserve"])
    assert optimal_revenue([uniform()] * 2) == pytest.approx(wanted["revenue"])
    form = SealedBidForm.symmetric(2, uniform(), reserve=reserve)
    found = coopsim.solve(form, "nash")
    assert found.proved
    v = form.types[0]
    takes_part = v >= 0.5
    bids = v[takes_part] / 2 + 1 / (8 * v[takes_part])
    assert found.profile[0][takes_part] == pytest.approx(bids)
    assert not found.profile[0][~takes_part].any()
    assert found.details["revenue"] == pytest.approx(wanted["revenue"], abs=1e-8)


def test_golden_asymmetric_first_price_by_shooting() -> None:
    wanted = GOLDEN["fpsb_asymmetric_uniform_1_2"]["expected"]
    form = SealedBidForm((uniform(0, 1), uniform(0, 2)), points=129)
    found = coopsim.solve(form, "nash", tol=1e-7)
    assert found.method == "bid-shooting"
    assert found.proved, found.sentence
    assert found.details["top_bid"] == pytest.approx(wanted["max_bid"], abs=1e-9)
    assert found.details["revenue"] == pytest.approx(wanted["revenue"], abs=1e-7)
    for player, sign in enumerate((1, -1)):
        b = found.profile[player]
        inverse = 2 * b / (1 + sign * wanted["k"] * b**2)
        assert inverse == pytest.approx(form.types[player], abs=1e-7)


def test_golden_wallet_game() -> None:
    wanted = GOLDEN["wallet_game_second_price"]["expected"]
    form = SealedBidForm.symmetric(2, uniform(), "second-price", weights=np.ones((2, 2)))
    found = coopsim.solve(form, "nash")
    assert found.proved
    assert found.profile[0] == pytest.approx(2 * form.types[0])
    assert found.details["revenue"] == pytest.approx(wanted["revenue"], abs=1e-8)


def test_golden_all_pay_with_known_values() -> None:
    row = GOLDEN["allpay_complete_info_2"]
    found = contests.all_pay(row["params"]["v"])
    assert found.payoffs == pytest.approx(row["expected"]["payoffs"])
    assert found.revenue == pytest.approx(row["expected"]["revenue"])
    bids = np.linspace(0, 0.5, 11)
    assert found.cdfs[0](bids) == pytest.approx(bids / 0.5)
    assert found.cdfs[1](bids) == pytest.approx(0.5 + 0.5 * bids / 0.5)
    assert found.certificate.residual <= 1e-12


def test_golden_war_of_attrition() -> None:
    row = GOLDEN["war_of_attrition_complete_info"]
    found = contests.attrition([row["params"]["V"]] * row["params"]["n"])
    assert found.rates == pytest.approx(np.full(2, row["expected"]["symmetric_exit_rate"]))
    assert found.payoffs == pytest.approx(np.full(2, row["expected"]["expected_payoff"]))
    assert found.certificate.residual <= 1e-9


def test_every_golden_row_has_a_test() -> None:
    by_name = {
        "myerson_reserve_uniform_n2",
        "fpsb_asymmetric_uniform_1_2",
        "wallet_game_second_price",
        "war_of_attrition_complete_info",
        "allpay_complete_info_2",
    }
    assert set(SYMMETRIC) | by_name == set(GOLDEN)


# -- certificates ---------------------------------------------------------------------------


def test_the_certificate_of_a_wrong_bid_function_is_its_regret() -> None:
    """Against bids of 0.4 v, high values should bid 0.4 and win for sure."""
    form = SealedBidForm.symmetric(2, uniform())
    proof, values = interim_regret(form, tuple(0.4 * v for v in form.types), {})
    # above 0.8 that earns v - 0.4 instead of 0.6 v^2: most at v = 5/6
    assert proof.residual == pytest.approx(1 / 60, abs=1e-6)
    assert values == pytest.approx([0.2, 0.2], abs=1e-9)
    assert not proof.exact


def test_a_deviation_may_beat_an_atom_by_a_hair() -> None:
    """Where all bid 0, everybody gains by bidding a little more."""
    form = SealedBidForm.symmetric(3, uniform())
    proof, values = interim_regret(form, tuple(0 * v for v in form.types), {})
    assert proof.residual == pytest.approx(2 / 3, abs=1e-9)
    assert values == pytest.approx(np.full(3, 1 / 6), abs=1e-9)


def test_expectations_agree_with_a_simulation() -> None:
    """Utilities, payments and the chance of a sale, with atoms, reserve and unlike bidders."""
    rng = np.random.default_rng(0)
    weights = np.array([[1, 0.5, 0], [0.2, 1, 0.3], [0, 0, 1.0]])
    for rule in ("first-price", "second-price", "all-pay"):
        form = SealedBidForm(
            (uniform(0, 1), power(2.0), tabulated([0, 0.3, 1.5], [0, 0.5, 1])),
            rule,
            reserve=0.2,
            weights=weights,
        )
        # bids in steps of 0.1, so that ties are common
        profile = tuple(np.floor(8 * v) / 10 for v in form.types)
        draws = [s.quantile(rng.random(200_000)) for s in form.signals]
        bids = np.stack([form.bid(i, part, draws[i]) for i, part in enumerate(profile)])
        win, pay = form.allocate(bids)
        utility = weights @ np.stack(draws) * win - pay
        told = outcome(form, profile)
        noise = 5 * utility.std(1) / np.sqrt(200_000)
        assert (np.abs(utility.mean(1) - told.utilities) <= noise).all()
        assert (np.abs(pay.mean(1) - told.payments) <= 5 * pay.std(1) / np.sqrt(200_000)).all()
        assert told.sold == pytest.approx(win.sum(0).mean(), abs=0.005)


def test_a_bid_function_that_falls_has_the_same_distribution_as_one_that_rises() -> None:
    form = SealedBidForm.symmetric(2, uniform())
    up, down = (bid_law(form, 0, part) for part in (form.types[0], 1 - form.types[0]))
    x = np.linspace(0, 1, 101)
    assert down.below(x, at=False)[0] == pytest.approx(up.below(x, at=False)[0], abs=1e-4)
    assert down.below(x, at=False)[1] == pytest.approx(x - x**2 / 2, abs=1e-4)


# -- other closed forms -----------------------------------------------------------------------


@pytest.mark.parametrize(("n", "a"), [(2, 2.0), (3, 0.5), (4, 1.5)])
def test_power_distributions_bid_a_share_of_the_value(n: int, a: float) -> None:
    form = SealedBidForm.symmetric(n, power(a))
    found = coopsim.solve(form, "nash", tol=1e-7)
    assert found.proved
    part = (n - 1) * a / ((n - 1) * a + 1)
    assert found.profile[0] == pytest.approx(part * form.types[0], abs=1e-9)


def test_revenue_is_the_same_under_every_rule() -> None:
    """Revenue equivalence where the same values take part; F is given as a table."""
    values = tabulated([0, 0.5, 1, 2], [0, 0.2, 0.7, 1])
    # with all-pay a value of 0.4 takes part where its chance of winning is worth the reserve
    reserves = {"first-price": 0.4, "second-price": 0.4, "all-pay": 0.4 * 0.16**2}
    found = [
        coopsim.solve(SealedBidForm.symmetric(3, values, rule, reserve=r), "nash", tol=1e-5)
        for rule, r in reserves.items()
    ]
    assert all(item.proved for item in found)
    revenue = [item.details["revenue"] for item in found]
    assert revenue == pytest.approx([revenue[1]] * 3, abs=1e-5)


def test_three_wallets() -> None:
    """Three bidders, value the sum of all signals: second-price bids are 5/2 s."""
    form = SealedBidForm.symmetric(3, uniform(), "second-price", weights=np.ones((3, 3)))
    found = coopsim.solve(form, "nash")
    assert found.proved
    assert found.profile[0] == pytest.approx(2.5 * form.types[0])


def test_second_prices_make_the_own_value_dominant_where_bidders_differ() -> None:
    form = SealedBidForm((uniform(0, 1), uniform(0, 2)), "second-price")
    found = coopsim.solve(form, "nash")
    assert found.proved
    assert found.details["revenue"] == pytest.approx(5 / 12, abs=1e-8)


def test_methods_refuse_what_they_do_not_solve() -> None:
    unlike = SealedBidForm((uniform(0, 1), uniform(0, 2)))
    with pytest.raises(NoSuchForm, match="shooting"):
        symmetric.solve(unlike)
    for form in (
        SealedBidForm.symmetric(2, uniform(), "all-pay"),
        SealedBidForm((uniform(0, 1), uniform(0.5, 2))),
        SealedBidForm((uniform(0, 1), uniform(0, 2), uniform(0, 2))),
    ):
        assert not shooting.suits(form, False)
        with pytest.raises(NoSuchForm):
            shooting.solve(form)
    with pytest.raises(UserError):
        coopsim.solve(unlike, "nash", "simultaneous-dual-averaging", regulariser="none")


@pytest.mark.parametrize("low", [0.0, 0.5])
def test_a_deadline_gives_a_bid_function_with_its_regret(low: float) -> None:
    form = SealedBidForm((uniform(0, 1), uniform(low, 2)))
    found = coopsim.solve(form, "nash", deadline=0.0)
    assert found.status == "budget"
    assert found.certificate is not None
    assert found.certificate.residual > 0


# -- methods on grids and networks ----------------------------------------------------------


@pytest.mark.parametrize("method", ["simultaneous-dual-averaging", "monotone-fictitious-play"])
@pytest.mark.parametrize(
    ("form", "bids"),
    [
        (SealedBidForm.symmetric(2, uniform()), lambda v: v / 2),
        (SealedBidForm.symmetric(3, uniform(), "second-price"), lambda v: v),
        (
            SealedBidForm.symmetric(2, uniform(), "second-price", weights=np.ones((2, 2))),
            lambda v: 2 * v,
        ),
    ],
    ids=["first-price", "second-price", "wallet"],
)
def test_grid_methods_come_close_to_closed_forms(
    method: str, form: SealedBidForm, bids: Any
) -> None:
    found = coopsim.solve(form, "nash", method, rounds=400, tol=1e-3)
    assert found.proved, found.sentence
    v = form.types[0]
    # the lowest types hardly ever win, so that their bids are free
    high = v > 0.3
    assert found.profile[0][high] == pytest.approx(bids(v[high]), abs=0.05)


def test_euclidean_dual_averaging_on_unlike_bidders() -> None:
    form = SealedBidForm((uniform(0, 1), uniform(0, 2)))
    found = coopsim.solve(
        form,
        "nash",
        "simultaneous-dual-averaging",
        regulariser="euclidean",
        step=2.5,
        rounds=600,
    )
    assert found.details["grid_loss"] < 2e-3
    assert found.certificate is not None
    assert found.certificate.residual < 0.05
    assert found.details["revenue"] == pytest.approx(0.459, abs=0.01)


def test_utilities_on_grids_are_those_of_the_whole_table() -> None:
    """Order statistics against the full table of the discretised game, for every rule."""
    rng = np.random.default_rng(0)
    for rule in ("first-price", "second-price", "all-pay"):
        form = SealedBidForm(
            (uniform(0, 1), power(2.0), uniform(0, 2)), rule, weights=rng.random((3, 3)) + 0.1
        )
        grids = Grids.of(form, 3, 4)
        levels = grids.bids[1:]
        shares = rng.dirichlet(np.ones(4), (3, 3))
        wide = np.concatenate([np.zeros((3, 3, 1)), shares], axis=-1)
        masses = wide.mean(1)
        gathered = (wide * grids.signals[..., None]).mean(1)
        ours = grids.utilities(masses, gathered)[..., 1:]
        table = form.discretise(3, levels)
        for player in range(3):
            theirs = table.deviations([own.ravel() for own in shares], player) * 3
            assert ours[player] == pytest.approx(theirs, abs=1e-12)


def test_networks_learn_to_shade_bids() -> None:
    """A short run already regrets less than the start, and less than bidding the value."""
    pytest.importorskip("torch")
    form = SealedBidForm.symmetric(3, uniform(), points=65)
    found = coopsim.solve(
        form, "nash", "neural-pseudo-gradient", rounds=20, batch=256, population=16, tol=0.03
    )
    start = rough_regret(form, tuple(0.5 * v for v in form.types))
    assert found.certificate is not None
    assert found.certificate.residual < 0.03 < start


@pytest.mark.slow
def test_networks_come_close_to_the_closed_form() -> None:
    pytest.importorskip("torch")
    form = SealedBidForm.symmetric(2, uniform())
    found = coopsim.solve(form, "nash", "neural-pseudo-gradient", tol=0.01)
    assert found.proved, found.sentence
    assert found.profile[0] == pytest.approx(form.types[0] / 2, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "signals",
    [
        (uniform(0, 1), power(2.0), power(3.0)),
        (power(0.5), power(3.0, 2.0)),
        (uniform(1, 2), uniform(1, 3)),
    ],
    ids=["three powers", "two supports", "shifted"],
)
def test_shooting_on_other_distributions(signals: tuple[Distribution, ...]) -> None:
    found = coopsim.solve(SealedBidForm(signals), "nash", tol=1e-6)
    assert found.method == "bid-shooting"
    assert found.proved, found.sentence


# -- reserve prices and contests ------------------------------------------------------------


def test_the_best_reserve_beats_others_and_optimal_revenue_bounds_them() -> None:
    values = power(2.0)
    best = optimal_reserve(values)
    assert virtual_value(values, np.array([best]))[0] == pytest.approx(0, abs=1e-12)

    def revenue(reserve: float) -> float:
        form = SealedBidForm.symmetric(2, values, "second-price", reserve=reserve)
        return float(coopsim.solve(form, "nash").details["revenue"])

    at = revenue(best)
    assert at > max(revenue(best - 0.05), revenue(best + 0.05))
    assert at == pytest.approx(optimal_revenue([values] * 2), abs=1e-7)
    unlike = [uniform(0, 1), uniform(0, 2)]
    assert optimal_revenue(unlike) == pytest.approx(31 / 48, abs=1e-9)


def test_reserves_of_irregular_distributions_are_refused() -> None:
    two_humps = tabulated([0, 1, 2, 3], [0, 0.45, 0.5, 1])
    with pytest.raises(NoSuchForm, match="regular"):
        optimal_reserve(two_humps)


@pytest.mark.parametrize("values", [[1, 0.5], [0.3, 2.0, 1.9], [1, 1, 1], [5.0, 1, 4, 2]])
def test_all_pay_equilibria_hold_and_pay_what_they_say(values: list[float]) -> None:
    """Bids drawn from the distributions earn the payoffs and bring the revenue."""
    found = contests.all_pay(values)
    assert found.certificate.residual <= 1e-12
    rng = np.random.default_rng(0)
    grid = np.linspace(0, found.top, 20_001)
    count = 100_000
    bids = np.stack([np.interp(rng.random(count), cdf(grid), grid) for cdf in found.cdfs])
    # an inverse by interpolation puts the atom at 0 only where the draw is below it
    win = bids.argmax(0)
    earned = [(v * (win == i) - bids[i]).mean() for i, v in enumerate(values)]
    assert earned == pytest.approx(found.payoffs, abs=0.03 * max(values))
    assert bids.sum(0).mean() == pytest.approx(found.revenue, rel=0.02)


def test_symmetric_all_pay_and_unlike_attrition() -> None:
    found = contests.symmetric_all_pay(4, 3.0)
    assert found.certificate.residual <= 1e-12
    assert found.revenue == pytest.approx(3.0)
    fight = contests.attrition([1.0, 4.0], cost=2.0)
    assert fight.rates == pytest.approx([0.5, 2.0])
    assert fight.certificate.residual <= 1e-9
    for wrong in ([1.0], [1, -1]):
        with pytest.raises(UserError):
            contests.all_pay(wrong)


# -- forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: SealedBidForm((uniform(),)),
        lambda: SealedBidForm.symmetric(2, uniform(), "third-price"),
        lambda: SealedBidForm.symmetric(2, uniform(), reserve=-1.0),
        lambda: SealedBidForm.symmetric(2, uniform(), weights=np.zeros((2, 2))),
        lambda: uniform(1, 0),
        lambda: power(0),
        lambda: tabulated([0, 1], [0, 0.5]),
        lambda: tabulated([0, 1, 1], [0, 0.5, 1]),
    ],
)
def test_forms_that_make_no_sense_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()


def test_a_profile_of_another_form_is_refused() -> None:
    form = SealedBidForm.symmetric(2, uniform())
    with pytest.raises(ValueError, match="bids of"):
        laws(form, (np.zeros(3), np.zeros(3)))


def test_bids_below_the_reserve_neither_win_nor_pay() -> None:
    form = SealedBidForm.symmetric(2, uniform(), "all-pay", reserve=0.5)
    others: Float = form.types[1]
    seen = prospect(form, laws(form, (others, others)), 0, np.array([0.3, 0.5]), ties="drawn")
    assert seen.win[0] == seen.pay[0] == 0
    assert seen.win[1] == pytest.approx(0.5)
    assert seen.pay[1] == 0.5


def test_a_bidder_of_small_values_is_judged_by_its_own_values():
    """Beside a rival worth 1e12 times as much, a bidder's own gain must not fall in one cell."""
    form = SealedBidForm((uniform(0, 1e-6), uniform(0, 1e6)))
    quarter = tuple(types / 4 for types in form.types)
    proof = certify("nash", form, quarter)
    assert proof.spans == (1e-6, 1e6)
    small = SealedBidForm((uniform(0, 1), uniform(0, 1e12)))
    scaled = certify("nash", small, tuple(types / 4 for types in small.types))
    assert proof.players[0] == pytest.approx(1e-6 * scaled.players[0], rel=1e-6)


def test_a_reserve_above_every_value_keeps_everybody_out():
    form = SealedBidForm.symmetric(2, uniform(), reserve=5.0)
    solution = coopsim.solve(form, "nash", "monotone-fictitious-play")
    assert solution.proved
    assert all((part == 0).all() for part in solution.profile)
    np.testing.assert_array_equal(solution.values, 0)
