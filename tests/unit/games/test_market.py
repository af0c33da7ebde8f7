"""The joint market: closed forms of the competition, what investing does to it, play."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.games.catalogue import make_game
from coopsim.games.check import check
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.rollout import replay

NAME = "coopetition/joint-market"
SIZE, GROWTH, SLOPE, D, COST = 40.0, 0.02, 1.3, 0.7, 10.0


def game_of(rivalry: str, **more: Any) -> Any:
    demand = {"rivalry": rivalry, "slope": SLOPE, "substitution": D}
    return make_game(NAME, demand=demand, **more)


def market_size(game: Any, c: np.ndarray) -> float:
    """A = size + growth (sum f + gamma g)."""
    joint = 20 * np.log1p(c).sum() + game.gamma * c.prod() ** (1 / len(c))
    return float(SIZE + GROWTH * joint)


def competing(game: Any, c: np.ndarray, **options: Any) -> tuple[float, ...]:
    """The second numbers of the equilibrium where contributions are given."""
    form = game.form("continuous", **options)
    low, high = form.low.copy(), form.high.copy()
    low[::2] = high[::2] = c
    fixed = ContinuousForm(form.players, low, high, form.owner, form.payoffs)
    found = coopsim.solve(fixed, "nash")
    assert found.certificate.residual < 1e-8
    return tuple(float(part[1]) for part in found.profile)


@pytest.mark.parametrize("n", [2, 3])
def test_quantities_given_investments(n: int) -> None:
    """q = (A - c) / (b (2 + d (n - 1))): linear Cournot competition with substitutes."""
    game = game_of("quantity", players=n, interdependence=0.3)
    c = np.array([25.0, 40.0, 31.0])[:n]
    wanted = (market_size(game, c) - COST) / (SLOPE * (2 + D * (n - 1)))
    assert competing(game, c) == pytest.approx([wanted] * n, abs=1e-5)


@pytest.mark.parametrize("n", [2, 3])
def test_prices_given_investments(n: int) -> None:
    """p = (A / b + c) / (2 - d): linear Bertrand competition with differentiated goods."""
    game = game_of("price", players=n, interdependence=0.3)
    c = np.array([25.0, 40.0, 31.0])[:n]
    wanted = (market_size(game, c) / SLOPE + COST) / (2 - D)
    assert competing(game, c) == pytest.approx([wanted] * n, abs=1e-5)


def test_dependence_softens_competition() -> None:
    """Who counts the partner's payoff by w sells (A - c) / (b (2 + d (1 + w)))."""
    game, c = game_of("quantity"), np.array([30.0, 30.0])
    for w in (0.0, 0.25, 0.5):
        wanted = (market_size(game, c) - COST) / (SLOPE * (2 + D * (1 + w)))
        trust = w / 0.5
        found = competing(game, c, utility="integrated", trust=trust)
        assert found == pytest.approx([wanted] * 2, abs=1e-5)


def test_without_growth_investing_and_competing_are_apart() -> None:
    """Investments are those of the plain game, quantities those of Cournot."""
    game = make_game(NAME, demand={"growth": 0.0})
    plain = coopsim.solve(make_game("coopetition/repeated", interdependence=0.5), "nash")
    found = np.array(coopsim.solve(game, "nash").profile)
    assert found[:, 0] == pytest.approx(np.ravel(plain.profile), abs=1e-5)
    assert found[:, 1] == pytest.approx((40 - 10) / (2 + D), abs=1e-5)


def test_the_market_makes_investing_worth_more() -> None:
    """Nash, coopetitive and optimal investments rise in this order; quantities fall."""
    concepts = ("nash", "coopetitive", "social optimum")
    rows = [coopsim.solve(make_game(NAME), c).profile[0] for c in concepts]
    assert rows[0][0] < rows[1][0] < rows[2][0]
    assert rows[0][1] > rows[1][1] > rows[2][1]
    # what is expected lies above what a selfish firm invests: trust has a price
    assert rows[0][0] < 35 < rows[1][0]


def test_profits_stop_at_nothing_sold_and_at_price_zero() -> None:
    game = make_game(NAME)
    market = np.array(50.0)
    sold_out = game.profit(market, np.array([60.0, 60.0]))
    assert sold_out == pytest.approx([-600, -600])  # the price is 0, the cost remains
    priced_out = game_of("price").profit(market, np.array([100.0, 20.0]))
    assert priced_out[0] == 0


def test_keeps_the_laws_of_games() -> None:
    check(make_game(NAME))
    check(make_game("coopetition/market", players=3, demand={"rivalry": "price"}))


def test_words_and_what_is_exposed_name_the_rivalry() -> None:
    for rivalry in ("quantity", "price"):
        game = game_of(rivalry)
        played = replay(game, np.full((2, 2, 2), 20.0))
        assert played[rivalry][0].tolist() == [20.0, 20.0]
        assert rivalry in game.rule()
    assert "own combination" in " ".join(make_game("coopetition/market").card.notes)
