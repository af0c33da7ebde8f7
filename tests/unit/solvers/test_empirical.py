"""Empirical games, symmetric reductions and ratings: closed forms, coverage and laws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.empirical import EmpiricalGame, regrets
from coopsim.solvers.player_reduction import (
    SymmetricTable,
    deviation_preserving,
    symmetric_profiles,
)
from coopsim.solvers.ratings import elo, log_odds, nash_average, trueskill, win_probability

CHICKEN = np.array([[[0, 7], [2, 6]], [[0, 2], [7, 6]]], dtype=float)
LABELS = [["dare", "chicken"]] * 2


def coin(choice: tuple[int, ...], runs: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Payoffs of chicken as coins: 10 or nothing."""
    means = CHICKEN[(slice(None), *choice)]
    return np.where(rng.random((runs, 2)) < means / 10, 10.0, 0.0)


# -- payoff tables -------------------------------------------------------------------------


def test_means_counts_and_errors() -> None:
    """By hand, from single plays in any order."""
    records = [((0, 0), (1.0, 4.0)), ((0, 1), (2.0, 2.0)), ((0, 0), (3.0, 4.0))]
    game = EmpiricalGame.of_records(records, [["a"], ["b", "c"]])
    np.testing.assert_array_equal(game.counts, [[2, 1]])
    np.testing.assert_allclose(game.means, [[[2, 2]], [[4, 2]]])
    np.testing.assert_allclose(game.errors, [[[1, np.nan]], [[0, np.nan]]])
    assert game.form().payoffs.shape == (2, 1, 2)


def test_a_profile_without_runs_is_named() -> None:
    """No form is made up for what was not simulated."""
    game = EmpiricalGame.of_records([((0, 0), (1.0, 1.0))], LABELS)
    with pytest.raises(UserError, match=r"3 profiles have no run, such as \(0, 1\)"):
        game.form()


@pytest.mark.parametrize(
    "records",
    [[((0, 2), (1.0, 1.0))], [((0, 0), (1.0,))], [((0, 0), (np.nan, 1.0))], [((0,), (1.0, 1.0))]],
)
def test_samples_that_do_not_fit_are_refused(records: Any) -> None:
    """Unknown actions, too few payoffs, no numbers; payoffs outside the bounds."""
    with pytest.raises(UserError):
        EmpiricalGame.of_records(records, LABELS)
    with pytest.raises(UserError, match="outside"):
        EmpiricalGame.of_records([((0, 0), (1.0, 9.0))], LABELS, bounds=(0, 8))


def test_simulation_is_repeatable_and_profiles_do_not_share_draws() -> None:
    """The seed decides; a game with more actions draws the same for the old profiles."""
    one = EmpiricalGame.simulated(LABELS, coin, 50, seed=3)
    again = EmpiricalGame.simulated(LABELS, coin, 50, seed=3)
    other = EmpiricalGame.simulated(LABELS, coin, 50, seed=4)
    np.testing.assert_array_equal(one.means, again.means)
    assert not np.array_equal(one.means, other.means)
    smaller = EmpiricalGame.simulated([LABELS[0], ["dare"]], coin, 50, seed=3)
    np.testing.assert_array_equal(smaller.means, one.means[:, :, :1])


def test_equilibria_of_the_estimate_and_bounds_of_the_true_regret() -> None:
    """The estimate is solved exactly; the bounds lie above the true regret and shrink."""
    true, widths = NormalForm(CHICKEN), []
    for runs in (100, 10_000):
        game = EmpiricalGame.simulated(LABELS, coin, runs, bounds=(0, 10))
        answer = game.solve("nash")
        assert answer.proved
        bounds = game.bounds_of(answer.profile)
        assert max(bounds.estimated) <= 1e-8
        regret = regrets(true.payoffs[None], answer.profile)[0]
        assert bounds.hoeffding is not None
        assert (regret <= np.array(bounds.hoeffding)).all()
        assert regret.max() <= bounds.bootstrap + 3 * 10 / math.sqrt(runs)
        widths.append((bounds.bootstrap, max(bounds.hoeffding)))
    assert widths[1][1] < widths[0][1] / 5


def test_hoeffding_by_hand() -> None:
    """One player, two actions, four runs each: reach = 10 sqrt(log(2 * 2 / 0.05) / 8)."""
    samples = {(0,): np.full((400, 1), 5.0), (1,): np.full((400, 1), 4.0)}
    game = EmpiricalGame(samples, (("a", "b"),), bounds=(0, 10))
    reach = 10 * math.sqrt(math.log(4 / 0.05) / 800)
    bounds = game.bounds_of([[1.0, 0.0]])
    assert bounds.hoeffding == pytest.approx((2 * reach,))
    assert bounds.bootstrap == 0
    assert EmpiricalGame(samples, (("a", "b"),)).bounds_of([[0.0, 1.0]]).hoeffding is None
    with pytest.raises(UserError):
        game.bounds_of([[1.0, 0.0]], confidence=1.0)


def test_bounds_hold_as_often_as_they_say() -> None:
    """200 tables of 40 runs: Hoeffding's bound nearly always, the bootstrap about as stated."""
    profile = (np.array([0.3, 0.7]), np.array([0.5, 0.5]))
    true = regrets(CHICKEN[None], profile).max()
    inside = np.zeros(2)
    for seed in range(200):
        game = EmpiricalGame.simulated(LABELS, coin, 40, bounds=(0, 10), seed=seed)
        bounds = game.bounds_of(profile, confidence=0.9, resamples=200)
        assert bounds.hoeffding is not None
        inside += [true <= bounds.bootstrap, true <= max(bounds.hoeffding)]
    assert inside[0] / 200 > 0.85
    assert inside[1] / 200 > 0.95


def test_regrets_agree_with_the_form() -> None:
    """Batched contraction against one game at a time, three players."""
    rng = np.random.default_rng(0)
    tables = rng.normal(size=(5, 3, 2, 3, 4))
    profile = tuple(rng.dirichlet(np.ones(size)) for size in (2, 3, 4))
    for table, found in zip(tables, regrets(tables, profile), strict=True):
        form = NormalForm(table)
        wanted = [
            form.deviations(profile, i).max() - form.expected(profile)[i] for i in range(form.n)
        ]
        np.testing.assert_allclose(found, wanted, atol=1e-12)


# -- symmetric tables ----------------------------------------------------------------------


@pytest.mark.parametrize(("players", "actions"), [(1, 3), (4, 2), (5, 3), (3, 1), (0, 2)])
def test_the_number_of_symmetric_profiles(players: int, actions: int) -> None:
    """C(n + k - 1, k - 1), all different, all summing to n."""
    profiles = symmetric_profiles(players, actions)
    assert len(profiles) == math.comb(players + actions - 1, actions - 1)
    assert (profiles.sum(1) == players).all()
    assert profiles.min() >= 0
    assert len({tuple(row) for row in profiles.tolist()}) == len(profiles)


def crowd(counts: tuple[int, ...]) -> list[float]:
    """A congestion game: a strategy pays less the more use it; the last costs 1/2."""
    return [1.0 - count / 10 + 0.5 * (a > 0) for a, count in enumerate(counts)]


def test_counts_and_the_written_out_game_are_the_same() -> None:
    """There and back, and the gains against a mixture by either."""
    table = SymmetricTable.of(4, ["x", "y", "z"], crowd)
    form = table.form()
    again = SymmetricTable.of_form(form)
    np.testing.assert_array_equal(again.profiles, table.profiles)
    np.testing.assert_allclose(again.payoffs, table.payoffs)
    mixture = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(table.gains(mixture), form.deviations((mixture,) * 4, 0))
    np.testing.assert_allclose(table.gains([0, 1, 0]), form.deviations((np.eye(3)[1],) * 4, 2))
    assert table.regret(mixture) == pytest.approx(regrets(form.payoffs[None], (mixture,) * 4).max())


def test_many_players_need_no_tensor() -> None:
    """40 players and 3 strategies: 861 profiles in place of 3^40."""
    table = SymmetricTable.of(40, ["x", "y", "z"], crowd)
    assert len(table.profiles) == 861
    mixture = np.array([0.1, 0.45, 0.45])
    # linear in counts: the mean number of users is 1 + 39 x
    np.testing.assert_allclose(table.gains(mixture), 1 - (1 + 39 * mixture) / 10 + [0, 0.5, 0.5])
    with pytest.raises(NoSuchForm, match="reduce the players"):
        table.form()


def test_games_that_are_not_symmetric_are_refused() -> None:
    """Different payoffs, or different numbers of actions; noise may be averaged on request."""
    rng = np.random.default_rng(0)
    noisy = NormalForm(rng.normal(size=(2, 2, 2)))
    with pytest.raises(NoSuchForm, match="not symmetric"):
        SymmetricTable.of_form(noisy)
    with pytest.raises(NoSuchForm):
        SymmetricTable.of_form(NormalForm(np.zeros((2, 2, 3))))
    mean = SymmetricTable.of_form(noisy, tol=np.inf)
    both = (noisy.payoffs[0, 0, 1] + noisy.payoffs[1, 1, 0]) / 2
    row = int(np.flatnonzero((mean.profiles == 1).all(1))[0])
    assert mean.payoffs[row, 0] == pytest.approx(both)


def test_deviation_preserving_reduction() -> None:
    """Wiedenbeck and Wellman 2012: the full game read at one deviation and multiples."""
    seen = []

    def payoff(counts: tuple[int, ...]) -> list[float]:
        seen.append(counts)
        return crowd(counts)

    table = deviation_preserving(10, 4, ["x", "y"], payoff)
    assert table.profiles.shape == (5, 2)
    # (2, 2): a user of x sees itself, 1 * 3 others on x and 2 * 3 on y
    row = int(np.flatnonzero((table.profiles == 2).all(1))[0])
    np.testing.assert_allclose(table.payoffs[row], [1 - 4 / 10, 1.5 - 4 / 10])
    assert all(sum(counts) == 10 for counts in seen)
    assert len(seen) == len(set(seen)) <= 8
    # all players: the reduction is the game itself
    whole = deviation_preserving(5, 5, ["x", "y"], crowd)
    np.testing.assert_allclose(whole.payoffs, SymmetricTable.of(5, ["x", "y"], crowd).payoffs)
    with pytest.raises(UserError, match="2, 4, 10"):
        deviation_preserving(10, 3, ["x", "y"], crowd)


def test_pure_symmetric_equilibria_survive_reduction() -> None:
    """A profile in which all do the same has the same single deviations after reduction."""
    full = SymmetricTable.of(9, ["x", "y"], lambda c: [c[0] / 9, 0.3 + 0.1 * c[1] / 9])
    less = deviation_preserving(9, 3, ["x", "y"], lambda c: [c[0] / 9, 0.3 + 0.1 * c[1] / 9])
    for pure in np.eye(2):
        assert less.regret(pure) == pytest.approx(full.regret(pure))


# -- ratings -------------------------------------------------------------------------------


def test_elo_of_two_agents_is_the_log_odds() -> None:
    """76 to 24 is 400 log10(76 / 24) points, with the error of a proportion."""
    found = elo([[0, 76], [24, 0]])
    gap = found.values[0] - found.values[1]
    assert gap == pytest.approx(400 * math.log10(76 / 24))
    assert win_probability(*found.values) == pytest.approx(0.76)
    assert found.values.mean() == pytest.approx(1500)
    error = 400 / math.log(10) / math.sqrt(100 * 0.76 * 0.24)
    np.testing.assert_allclose(found.errors, error / 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8))
def test_elo_expects_the_wins_there_were(seed: int, size: int) -> None:
    """At the maximum of the likelihood each agent's expected wins are its wins."""
    wins = np.random.default_rng(seed).integers(1, 30, (size, size)).astype(float)
    np.fill_diagonal(wins, 0)
    found = elo(wins)
    chance = 1 / (1 + 10 ** ((found.values[None] - found.values[:, None]) / 400))
    expected = ((wins + wins.T) * chance).sum(1)
    np.testing.assert_allclose(expected, wins.sum(1), rtol=1e-9)


def test_elo_recovers_known_ratings() -> None:
    """From 2,000 simulated games a pair, within five standard errors."""
    rng = np.random.default_rng(0)
    true = np.array([1700.0, 1500.0, 1450.0, 1350.0])
    wins = np.zeros((4, 4))
    for i, j in zip(*np.triu_indices(4, 1), strict=True):
        wins[i, j] = rng.binomial(2000, win_probability(true[i], true[j]))
        wins[j, i] = 2000 - wins[i, j]
    found = elo(wins)
    assert (np.abs(found.values - true) < 5 * found.errors).all()


def test_elo_without_a_maximum_is_refused() -> None:
    """An agent that never lost has no finite rating, unless draws are added."""
    wins = [[0, 5, 5], [0, 0, 2], [0, 3, 0]]
    with pytest.raises(UserError, match="no finite ratings"):
        elo(wins)
    assert np.isfinite(elo(wins, prior=1.0).values).all()
    for bad in ([[0, 1]], [[0, -1], [1, 0]], [[0, np.nan], [1, 0]]):
        with pytest.raises(UserError):
            elo(bad)


def test_trueskill_of_a_first_match() -> None:
    """The published example: 29.396 and 20.604 with 7.171; 6.458 after a draw."""
    won = trueskill([(0, 1, False)], 2)
    np.testing.assert_allclose(won.values, [29.3958, 20.6042], atol=1e-3)
    np.testing.assert_allclose(won.errors, [7.1714, 7.1714], atol=1e-3)
    drawn = trueskill([(0, 1, True)], 2)
    np.testing.assert_allclose(drawn.values, 25)
    np.testing.assert_allclose(drawn.errors, 6.4575, atol=1e-3)


@pytest.mark.parametrize("drawn", [False, True])
def test_trueskill_is_the_posterior_of_a_truncated_gaussian(drawn: bool) -> None:
    """A second match: means and deviations against integrals over both skills."""
    from scipy.special import ndtr

    noise = 25 / 6
    prior = trueskill([(0, 1, False)], 2, drift=0.0)
    found = trueskill([(0, 1, False), (1, 0, drawn)], 2, drift=0.0)
    margin = 0.12566134685507416 * math.sqrt(2) * noise  # Phi^-1(0.55): 10 percent draws
    axes = [
        m + s * np.linspace(-8, 8, 801) for m, s in zip(prior.values, prior.errors, strict=True)
    ]
    one, other = np.meshgrid(*axes, indexing="ij")
    lead = (other - one) / (math.sqrt(2) * noise)
    edge = margin / (math.sqrt(2) * noise)
    chance = ndtr(edge - lead) - ndtr(-edge - lead) if drawn else ndtr(lead - edge)
    spread = [
        ((x - m) / s) ** 2 for x, m, s in zip((one, other), prior.values, prior.errors, strict=True)
    ]
    weight = np.exp(-(spread[0] + spread[1]) / 2) * chance
    weight /= weight.sum()
    for agent, skill in enumerate((one, other)):
        mean = float((weight * skill).sum())
        assert found.values[agent] == pytest.approx(mean, abs=1e-6)
        deviation = math.sqrt(float((weight * (skill - mean) ** 2).sum()))
        assert found.errors[agent] == pytest.approx(deviation, abs=1e-6)


def test_trueskill_orders_agents_of_known_skill() -> None:
    """300 matches among five agents; beliefs narrow and rank as skills do."""
    rng = np.random.default_rng(2)
    skills = np.array([35.0, 30.0, 25.0, 20.0, 15.0])
    matches = []
    for _ in range(300):
        i, j = rng.choice(5, 2, replace=False)
        played = skills[[i, j]] + rng.normal(0, 25 / 6, 2)
        matches.append(
            (int(i), int(j), False) if played[0] > played[1] else (int(j), int(i), False)
        )
    found = trueskill(matches, 5, draws=0.0)
    assert list(np.argsort(-found.values)) == [0, 1, 2, 3, 4]
    assert found.errors.max() < 2.5
    for bad in ([(0, 0, False)], [(0, 9, False)]):
        with pytest.raises(UserError):
            trueskill(bad, 5)


def test_trueskill_survives_the_unlikely() -> None:
    """A win against all odds moves beliefs by finite amounts."""
    upset = [(0, 1, False)] * 200 + [(1, 0, False), (0, 1, True)]
    found = trueskill(upset, 2)
    assert np.isfinite(found.values).all()
    assert (found.errors > 0).all()


# -- Nash averaging ------------------------------------------------------------------------

RPS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])


def test_nash_averaging_of_cycles_and_of_a_ladder() -> None:
    """A cycle is shared evenly; on a ladder the best has all the weight."""
    cycle = nash_average(4.6 * RPS)
    np.testing.assert_allclose(cycle.mixture, 1 / 3, atol=1e-9)
    np.testing.assert_allclose(cycle.values, 0, atol=1e-9)
    skill = np.array([2.0, 1.0, 0.0])
    ladder = nash_average(skill[:, None] - skill[None])
    np.testing.assert_allclose(ladder.mixture, [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(ladder.values, [0, -1, -2], atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.booleans())
def test_copies_change_no_rating(seed: int, size: int, whole: bool) -> None:
    """Balduzzi et al. 2018, theorem 1: a copy shares its original's weight, equally."""
    rng = np.random.default_rng(seed)
    draw = rng.integers(-2, 3, (size, size)) if whole else rng.normal(size=(size, size))
    table = np.triu(draw, 1) - np.triu(draw, 1).T
    before = nash_average(table)
    twice = [*range(size), 0]
    after = nash_average(table[np.ix_(twice, twice)])
    assert before.regret <= 1e-8
    np.testing.assert_allclose(after.values[:size], before.values, atol=1e-7)
    assert after.mixture[0] == pytest.approx(after.mixture[-1], abs=1e-7)


def test_copies_do_not_pull_weight_along_a_continuum() -> None:
    """Two agents that draw and both beat a third by different amounts: any mix is Nash."""
    table = np.array([[0.0, 2.0, 0.0], [-2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    before = nash_average(table)
    np.testing.assert_allclose(before.mixture, [0.5, 0, 0.5], atol=1e-8)
    after = nash_average(table[np.ix_([0, 0, 0, 1, 2], [0, 0, 0, 1, 2])])
    np.testing.assert_allclose(after.mixture, [1 / 6, 1 / 6, 1 / 6, 0, 0.5], atol=1e-8)


def test_a_bootstrap_of_continuous_payoffs() -> None:
    """Resampled means spread as the standard error says, by both ways of drawing."""
    from coopsim.solvers.empirical import _resampled_means

    rng = np.random.default_rng(0)
    for runs in (rng.normal(size=(400, 2)), rng.integers(0, 2, (400, 2)).astype(float)):
        means = _resampled_means(runs, 4000, rng)
        np.testing.assert_allclose(means.std(0), runs.std(0) / 20, rtol=0.05)
        np.testing.assert_allclose(means.mean(0), runs.mean(0), atol=0.005)


def test_the_most_even_equilibrium_is_chosen() -> None:
    """Agents that all draw: uniform; nothing has more entropy among random equilibria."""
    np.testing.assert_allclose(nash_average(np.zeros((4, 4))).mixture, 0.25)
    twins = nash_average(RPS[np.ix_([0, 0, 1, 2], [0, 0, 1, 2])])
    np.testing.assert_allclose(twins.mixture, [1 / 6, 1 / 6, 1 / 3, 1 / 3], atol=1e-8)
    with pytest.raises(UserError, match="antisymmetric"):
        nash_average([[0, 1], [1, 0]])


def test_log_odds_are_antisymmetric_and_finite() -> None:
    """From counts, with a draw added between each two agents."""
    odds = log_odds([[0, 9, 0], [1, 0, 5], [4, 5, 0]])
    np.testing.assert_allclose(odds, -odds.T)
    assert odds[0, 1] == pytest.approx(math.log(9.5 / 1.5))
    with pytest.raises(UserError, match="prior"):
        log_odds([[0, 9, 0], [1, 0, 5], [4, 5, 0]], prior=0.0)


def test_nash_average_is_a_nash_equilibrium_of_the_form() -> None:
    """The library's own certificate agrees."""
    rng = np.random.default_rng(5)
    draw = rng.normal(size=(7, 7))
    table = draw - draw.T
    average = nash_average(table)
    form = NormalForm([table, table.T])
    told = (np.outer(average.mixture, average.mixture),)
    from coopsim.solvers.certificate import certify

    assert certify("nash", form, (average.mixture,) * 2).residual < 1e-8
    assert certify("coarse correlated", form, told, {}, {"objective": None}).residual < 1e-8
    assert coopsim.solve(form, "nash").values[0] == pytest.approx(0, abs=1e-8)
