"""Finite games with types: the form, its conversions, equilibria, certificates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.errors import NoSuchForm
from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.bayesian_convert import (
    from_agents,
    from_normal,
    to_agent_form,
    to_extensive,
    to_normal,
)
from coopsim.games.forms.distributions import uniform
from coopsim.solvers import bayes_finite
from coopsim.solvers.certificates.bayesian import regret
from coopsim.solvers.check import check


def drawn(seed: int, types: tuple[int, ...], actions: tuple[int, ...], **more: Any) -> BayesianForm:
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(int(np.prod(types)))).reshape(types)
    lead = (more["variants"],) if "variants" in more else ()
    return BayesianForm(rng.normal(size=(*lead, len(types), *types, *actions)), prior)


def mixed(form: BayesianForm, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    sizes = zip(form.type_counts, form.shape, strict=True)
    return tuple(rng.dirichlet(np.ones(a), t).ravel() for t, a in sizes)


SHAPES = [((2, 3), (3, 2)), ((2, 2, 1), (2, 3, 2)), ((4,), (3,)), ((1, 1), (2, 2))]


@pytest.mark.parametrize(("types", "actions"), SHAPES)
def test_every_form_pays_the_same(types: tuple[int, ...], actions: tuple[int, ...]) -> None:
    form = drawn(1, types, actions)
    profile = mixed(form)
    value = form.expected(profile)
    assert to_extensive(form).expected(profile) == pytest.approx(value)
    agents = to_agent_form(form)
    rows = [row for matrix in form.matrices(profile) for row in matrix]
    paid = agents.expected(tuple(rows))
    first = np.concatenate([[0], np.cumsum(form.type_counts)])
    for i in range(form.n):
        assert paid[first[i] : first[i + 1]].sum() == pytest.approx(value[i])
    normal = to_normal(form)
    rng = np.random.default_rng(2)
    strategies = tuple(rng.dirichlet(np.ones(k)) for k in normal.shape)
    assert normal.expected(strategies) == pytest.approx(
        form.expected(from_normal(form, strategies))
    )
    again = from_agents(form, rows)
    assert all(np.array_equal(a, b) for a, b in zip(again, profile, strict=True))


def test_expected_payoffs_by_summing_over_everything() -> None:
    form = drawn(3, (2, 2), (2, 3))
    one, two = form.matrices(mixed(form))
    total = np.zeros(2)
    for s, t in np.ndindex(2, 2):
        for a, b in np.ndindex(2, 3):
            total += form.prior[s, t] * one[s, a] * two[t, b] * form.payoffs[:, s, t, a, b]
    assert form.expected(mixed(form)) == pytest.approx(total)


def test_variants_stay_variants() -> None:
    form = drawn(4, (2, 3), (2, 2), variants=5)
    profile = mixed(form)
    assert form.variants == 5
    assert to_extensive(form).variants == 5
    assert form.expected(profile).shape == (5, 2)
    assert to_extensive(form).expected(profile) == pytest.approx(form.expected(profile))
    assert form.variant(2).expected(profile) == pytest.approx(form.expected(profile)[2])
    with pytest.raises(NoSuchForm):
        to_normal(form)
    assert not bayes_finite.suits(form, False)


def test_independent_types_may_be_given_by_marginals() -> None:
    payoffs = np.zeros((2, 2, 3, 2, 2))
    form = BayesianForm(payoffs, [[0.25, 0.75], [0.2, 0.3, 0.5]])
    assert form.prior == pytest.approx(np.outer([0.25, 0.75], [0.2, 0.3, 0.5]))
    assert form.marginal(1) == pytest.approx([0.2, 0.3, 0.5])


def test_type_profiles_of_probability_zero_are_left_out_of_the_tree() -> None:
    """Perfectly correlated types: two draws, not four."""
    form = BayesianForm(np.arange(32.0).reshape(2, 2, 2, 2, 2), np.eye(2) / 2)
    tree = to_extensive(form)
    assert len(tree.tree.terminals) == 8
    assert tree.expected(form.uniform()) == pytest.approx(form.expected(form.uniform()))


@pytest.mark.parametrize(
    ("payoffs", "prior"),
    [
        (np.zeros((2, 2, 2, 2)), np.full((2, 2), 0.25)),
        (np.zeros((2, 2, 2, 2, 2)), np.full((2, 2), 0.3)),
        (np.zeros((2, 2, 2, 2, 2)), np.array([[0.5, 0.5], [0, 0]])),
        (np.zeros((2, 2, 2, 2, 2)), np.array([[1.2, -0.2], [0, 0]])),
        (np.full((2, 2, 2, 2, 2), np.nan), np.full((2, 2), 0.25)),
        (np.zeros((2, 3, 2, 2, 2)), np.full((2, 2), 0.25)),
    ],
)
def test_games_that_do_not_fit_are_refused(payoffs: Any, prior: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        BayesianForm(payoffs, prior)


def test_large_conversions_are_refused_with_the_size() -> None:
    form = drawn(0, (9, 9), (3, 3))
    with pytest.raises(NoSuchForm, match="strategies"):
        to_normal(form)
    with pytest.raises(NoSuchForm, match="agents"):
        to_agent_form(form)
    with pytest.raises(NoSuchForm, match="729"):
        to_extensive(form, limit=100)
    with pytest.raises(NoSuchForm, match="table"):
        SealedBidForm.symmetric(4, uniform()).discretise(20, np.linspace(0, 1, 20))


# -- equilibria -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_random_games_of_two_players_are_solved(seed: int) -> None:
    form = drawn(seed, (2, 2 + seed % 2), (2 + seed % 3, 2))
    found = coopsim.solve(form, "bayes-nash", tol=1e-7)
    assert found.proved, found.sentence
    tree = to_extensive(form)
    assert float(tree.nash_conv(found.profile)) <= 2e-7
    assert found.values == pytest.approx(tree.expected(found.profile))


def test_a_market_for_lemons() -> None:
    """The buyer offers only what the bad car is worth: good ones are not sold.

    The seller knows the quality (worth 1 or 3 to it, 1.5 or 4 to the buyer) and accepts or
    not; the buyer offers 1.2 or 3.2. An offer of 3.2 buys both kinds, worth 2.75 on average.
    """
    prices, worth, keep = np.array([1.2, 3.2]), np.array([1.5, 4.0]), np.array([1.0, 3.0])
    payoffs = np.zeros((2, 2, 1, 3, 2))  # seller: never, at the high price only, at any
    for quality in range(2):
        for plan in range(3):
            for offer in range(2):
                sold = plan == 2 or (plan == 1 and offer == 1)
                payoffs[:, quality, 0, plan, offer] = (
                    [prices[offer] - keep[quality], worth[quality] - prices[offer]] if sold else 0
                )
    form = BayesianForm(payoffs, [[0.5, 0.5], [1.0]], ["seller", "buyer"])
    found = coopsim.solve(form, "bayes-nash", tol=1e-9)
    assert found.proved
    buyer = form.matrices(found.profile)[1][0]
    assert buyer == pytest.approx([1, 0], abs=1e-9)
    assert found.values == pytest.approx([0.5 * 0.2, 0.5 * 0.3])


def test_a_first_price_auction_of_two_values() -> None:
    """Values 0 and 1, even chances: type 1 mixes near F(b) = b / (1 - b) on [0, 1/2]."""
    bids = np.linspace(0, 0.6, 7)
    values = np.array([0.0, 1.0])
    grid = np.stack(np.meshgrid(bids, bids, indexing="ij"))
    win = np.where(grid[0] > grid[1], 1.0, np.where(grid[0] == grid[1], 0.5, 0.0))
    payoffs = np.zeros((2, 2, 2, 7, 7))
    for s, t in np.ndindex(2, 2):
        payoffs[0, s, t] = (values[s] - grid[0]) * win
        payoffs[1, s, t] = (values[t] - grid[1]) * (1 - win)
    form = BayesianForm(payoffs, np.full((2, 2), 0.25))
    found = coopsim.solve(form, "bayes-nash", tol=1e-6)
    assert found.proved, found.sentence
    # each earns 1/2 of 1/2 in the continuous auction; the grid is 0.1 wide
    assert found.values == pytest.approx([0.25, 0.25], abs=0.1)


def test_the_certificate_is_the_gain_of_the_best_answers() -> None:
    form = drawn(5, (2, 2), (2, 2))
    profile = form.uniform()
    proof, values = regret(form, profile, {})
    assert proof.exact
    assert values == pytest.approx(form.expected(profile))
    tree = to_extensive(form)
    for player in range(2):
        best, _ = tree.best_response(player, profile)
        assert proof.players[player] == pytest.approx(float(best) - values[player])


@pytest.mark.parametrize("through", ["extensive", "normal", "agents"])
def test_each_way_leads_to_an_equilibrium(through: str) -> None:
    form = drawn(7, (2, 2), (2, 2))
    found = bayes_finite.solve(form, through=through)
    proof, _ = regret(form, found.profiles[0], {})
    assert proof.residual <= 1e-7 or not found.finished


def test_the_laws_of_solvers() -> None:
    check("bayes-conversion", games=6)
    check("symmetric-bid", games=4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", ["simultaneous-dual-averaging", "monotone-fictitious-play", "bid-shooting"]
)
def test_the_laws_of_auction_methods(method: str) -> None:
    check(method, games=2)
