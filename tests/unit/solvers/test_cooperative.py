"""Cooperative games: golden values, closed forms, and laws of the values."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.errors import UserError
from coopsim.games.forms.coalition import CoalitionForm, members
from coopsim.solvers.certificates import cooperative as certificates
from coopsim.solvers.cooperative.contributions import banzhaf, shapley
from coopsim.solvers.cooperative.core import balanced_collection

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_cooperative.json"
ROWS = [row for row in json.loads(GOLDEN.read_text())["instances"] if row["class"] == "cooperative"]


def random_game(n: int, seed: int) -> CoalitionForm:
    """Values that grow with size on average, everybody together often worth the most."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-0.5, 1, 1 << n) * np.bitwise_count(np.arange(1 << n))
    values[0], values[-1] = 0.0, n * rng.uniform(0.2, 1)
    return CoalitionForm(values)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_values_and_certificates(row):
    form = CoalitionForm.from_mapping(row["v"], row["n"])
    for concept, key in (("shapley value", "shapley"), ("nucleolus", "nucleolus")):
        solution = coopsim.solve(form, concept)
        np.testing.assert_allclose(solution.profile[0], row["expected"][key], atol=1e-9)
        assert solution.proved
        assert solution.certificate.residual <= 1e-9
    core = coopsim.solve(form, "core")
    assert core.proved == row["expected"]["core_nonempty"]
    assert (core.status == "infeasible") != row["expected"]["core_nonempty"]


@pytest.mark.parametrize(
    ("estate", "division"),
    [(100, [100 / 3] * 3), (200, [50, 75, 75]), (300, [50, 100, 150])],
)
def test_the_nucleolus_divides_estates_as_the_talmud_does(estate, division):
    """Aumann and Maschler (1985): the divisions of the Mishna, claims 100, 200 and 300."""
    form = CoalitionForm.bankruptcy(estate, [100, 200, 300])
    solution = coopsim.solve(form, "nucleolus")
    np.testing.assert_allclose(solution.profile[0], division, atol=1e-9)
    assert solution.proved


def test_an_empty_core_comes_with_a_balanced_collection_worth_more_than_everybody():
    form = CoalitionForm.from_mapping({"0,1": 1, "0,2": 1, "1,2": 1, "0,1,2": 1}, 3)
    answer = coopsim.solve(form, "core")
    assert answer.status == "infeasible"
    assert "worth 1.5" in answer.sentence
    collection = balanced_collection(form)
    cover = np.zeros(3)
    for coalition, weight in collection.items():
        cover[list(coalition)] += weight
    np.testing.assert_allclose(cover, 1)
    worth = sum(w * float(form.values[sum(1 << i for i in s)]) for s, w in collection.items())
    assert worth == pytest.approx(1.5)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
@pytest.mark.parametrize("seed", range(4))
def test_random_games_are_proved_for_every_concept(n, seed):
    form = random_game(n, seed)
    for concept in ("shapley value", "banzhaf", "least core", "nucleolus", "prenucleolus", "core"):
        solution = coopsim.solve(form, concept)
        assert solution.proved or solution.status == "infeasible", (concept, solution)
        if solution.proved:
            assert solution.verify(form).residual <= 1e-8


@pytest.mark.parametrize("seed", range(6))
def test_the_prenucleolus_has_the_smallest_largest_excess(seed):
    """Its first level is the least core's."""
    form = random_game(5, seed)
    nucleolus = coopsim.solve(form, "prenucleolus")
    least = coopsim.solve(form, "least core")
    largest = form.excesses(nucleolus.profile[0])[1:-1].max()
    assert largest == pytest.approx(least.details["excess"], abs=1e-9)


@pytest.mark.parametrize("concept", ["nucleolus", "prenucleolus"])
def test_a_point_beside_the_nucleolus_is_not_proved(concept):
    form = random_game(5, 3)
    check = getattr(certificates, concept)
    point = coopsim.solve(form, concept).profile[0]
    beside = point + 1e-4 * np.array([1, -1, 0, 0, 0])
    assert check(form, (point,), {})[0].residual <= 1e-9
    assert check(form, (beside,), {})[0].residual > 1e-6


def test_false_evidence_does_not_pass_for_the_least_core():
    """Weights that do not cover players equally are not believed."""
    form = random_game(4, 1)
    solution = coopsim.solve(form, "least core")
    worse = solution.profile[0] + 0.1 * np.array([1, -1, 0, 0])
    lie = {"weights": [[mask, 1.0] for mask in (3,)]}
    assert certificates.least_core(form, (worse,), lie)[0].residual > 1e-3


def test_no_imputation_no_nucleolus_but_a_prenucleolus():
    form = CoalitionForm.from_mapping({"0": 2, "1": 2, "0,1": 1}, 2)
    assert coopsim.solve(form, "nucleolus").status == "infeasible"
    solution = coopsim.solve(form, "prenucleolus")
    np.testing.assert_allclose(solution.profile[0], [0.5, 0.5])


def test_sampling_covers_the_exact_value_within_its_errors():
    form = random_game(9, 2)
    exact = coopsim.solve(form, "shapley value").profile[0]
    sampled = coopsim.solve(form, "shapley value", method="shapley-sampling", pairs=4000, tol=0.1)
    errors = np.array(sampled.details["standard_errors"])
    assert (errors > 0).all()
    assert (np.abs(sampled.profile[0] - exact) <= 5 * errors).all()
    assert sampled.profile[0].sum() == pytest.approx(form.total)


def test_many_players_are_sampled_and_the_certificate_samples_again():
    """Thirty voters of equal weight: each has one thirtieth."""
    form = CoalitionForm.weighted_voting([1] * 30, 16)
    solution = coopsim.solve(form, "shapley value", tol=0.02, pairs=3000)
    assert solution.method == "shapley-sampling"
    assert solution.proved
    assert not solution.certificate.exact
    np.testing.assert_allclose(solution.profile[0], 1 / 30, atol=0.01)
    assert coopsim.solve(form, "core").status == "refused"
    assert coopsim.solve(form, "nucleolus").status == "refused"


def test_a_deadline_of_zero_gives_what_is_there():
    form = random_game(10, 0)
    for concept in ("core", "least core", "nucleolus"):
        assert coopsim.solve(form, concept, deadline=0.0).status == "budget"
    sampled = coopsim.solve(form, "shapley value", method="shapley-sampling", deadline=0.0)
    assert sampled.profile[0].sum() == pytest.approx(form.total)


def test_the_voting_power_of_the_textbook():
    """Weights 4, 3, 2, 1 and quota 6: Banzhaf 5/12, 3/12, 3/12, 1/12 of the swings."""
    form = CoalitionForm.weighted_voting([4, 3, 2, 1], 6)
    solution = coopsim.solve(form, "banzhaf", normalised=True)
    np.testing.assert_allclose(solution.profile[0], np.array([5, 3, 3, 1]) / 12)
    assert solution.proved
    np.testing.assert_allclose(banzhaf(form.values), np.array([5, 3, 3, 1]) / 8)


games = st.integers(2, 5).flatmap(
    lambda n: st.lists(st.integers(-20, 20), min_size=(1 << n) - 1, max_size=(1 << n) - 1).map(
        lambda values: np.array([0, *values], dtype=float)
    )
)


@settings(max_examples=40, deadline=None)
@given(games, games)
def test_shapley_is_efficient_linear_and_gives_dummies_what_they_add(one, other):
    """The axioms: efficiency, additivity, and the null player."""
    np.testing.assert_allclose(shapley(one).sum(), one[-1], atol=1e-9)
    if one.shape == other.shape:
        np.testing.assert_allclose(shapley(one + other), shapley(one) + shapley(other), atol=1e-9)
    with_dummy = np.concatenate([one, one + 3.0 * 1])
    with_dummy[len(one)] = 3.0
    np.testing.assert_allclose(shapley(with_dummy)[:-1], shapley(one), atol=1e-9)
    assert shapley(with_dummy)[-1] == pytest.approx(3.0)
    np.testing.assert_allclose(shapley(np.stack([one, 2 * one]))[1], 2 * shapley(one), atol=1e-9)


@settings(max_examples=12, deadline=None)
@given(games, st.integers(1, 9), st.lists(st.integers(-9, 9), min_size=5, max_size=5))
def test_the_prenucleolus_follows_units_and_gifts(values, scale, gifts):
    """Covariance: other units and fixed payments to players move it along."""
    n = len(values).bit_length() - 1
    gift = np.array(gifts[:n], dtype=float)
    paid = np.array([gift[members(mask)].sum() for mask in range(1 << n)])
    before = coopsim.solve(CoalitionForm(values), "prenucleolus")
    after = coopsim.solve(CoalitionForm(scale * values + paid), "prenucleolus")
    np.testing.assert_allclose(after.profile[0], scale * before.profile[0] + gift, atol=1e-7)


@settings(max_examples=10, deadline=None)
@given(games, st.randoms(use_true_random=False))
def test_names_do_not_matter(values, random):
    n = len(values).bit_length() - 1
    order = list(range(n))
    random.shuffle(order)
    moved = [values[sum(1 << order[i] for i in members(mask))] for mask in range(1 << n)]
    for concept in ("shapley value", "prenucleolus"):
        before = coopsim.solve(CoalitionForm(values), concept).profile[0]
        after = coopsim.solve(CoalitionForm(np.array(moved)), concept).profile[0]
        np.testing.assert_allclose(after, before[order], atol=1e-7)


def test_forms_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="2\\^n"):
        CoalitionForm(np.zeros(6))
    with pytest.raises(ValueError, match="empty coalition"):
        CoalitionForm(np.ones(4))
    with pytest.raises(ValueError, match="no player 3"):
        CoalitionForm.from_mapping({"3": 1}, 3)
    with pytest.raises(ValueError, match="twice"):
        CoalitionForm.from_mapping({"0,1": 1, (1, 0): 2}, 3)
    with pytest.raises(UserError):
        coopsim.solve(random_game(3, 0), "shapley value", method="shapley-sampling", pairs=0)


def test_a_function_of_members_and_a_mapping_give_the_same_game():
    by_function = CoalitionForm.from_function(lambda group: float(len(group) ** 2), 3)
    worth = {
        group: len(group) ** 2 for k in range(4) for group in itertools.combinations(range(3), k)
    }
    assert (CoalitionForm.from_mapping(worth, 3).values == by_function.values).all()
    np.testing.assert_allclose(coopsim.solve(by_function, "shapley value").profile[0], 3)


@pytest.mark.slow
def test_a_thousand_random_games_are_proved():
    for seed in range(1000):
        form = random_game(2 + seed % 6, seed)
        for concept in ("shapley value", "least core", "prenucleolus", "core"):
            solution = coopsim.solve(form, concept)
            assert solution.proved or solution.status == "infeasible", (concept, seed)


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1.0, 1e9, 1e15])
def test_a_core_of_one_point_is_not_called_empty_in_any_unit(unit):
    """Pairs worth two thirds of everything: the core is the equal division, but for rounding."""
    values = np.zeros(8)
    values[[3, 5, 6]], values[7] = 2 / 3 * unit, unit
    answer = coopsim.solve(CoalitionForm(values), "core")
    assert answer.status == "converged", answer
    np.testing.assert_allclose(answer.values, unit / 3, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1.0, 1e9, 1e15])
def test_an_empty_core_is_seen_in_any_unit(unit):
    """Pairs worth a thousandth more than two thirds; a nucleolus is there all the same."""
    values = np.zeros(8)
    values[[3, 5, 6]], values[7] = 0.667 * unit, unit
    form = CoalitionForm(values)
    assert coopsim.solve(form, "core").status == "infeasible"
    for concept in ("nucleolus", "prenucleolus", "least core"):
        answer = coopsim.solve(form, concept)
        assert answer.proved, answer
        np.testing.assert_allclose(answer.values, unit / 3, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-15, 1.0, 1e15])
def test_no_imputation_is_said_by_the_range_of_values(unit):
    """Alone 1 each and together 1.9: nobody may lose; of 1 + 1 against 2 all is well."""
    short = CoalitionForm(np.array([0.0, 1, 1, 1.9]) * unit)
    assert coopsim.solve(short, "nucleolus").status == "infeasible"
    enough = coopsim.solve(CoalitionForm(np.array([0.0, 1, 1, 2]) * unit), "nucleolus")
    assert enough.proved
    np.testing.assert_allclose(enough.values, unit)
