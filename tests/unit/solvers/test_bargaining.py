"""Bargaining: the golden frontier, closed forms, axioms."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.errors import UserError
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.solvers.certificates import bargaining as certificates

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_cooperative.json"
ROWS = [row for row in json.loads(GOLDEN.read_text())["instances"] if row["class"] == "bargaining"]
CONCEPTS = ("nash bargaining", "kalai-smorodinsky", "egalitarian", "utilitarian")


def _payoff(text: str, x: np.ndarray) -> np.ndarray:
    """A formula of the golden file, such as "sqrt(1-x)"."""
    return np.asarray(eval(text, {"sqrt": np.sqrt, "log": np.log}, {"x": x}), dtype=float)


def golden_form(row: dict) -> BargainingForm:
    texts = [row["params"][key] for key in sorted(k for k in row["params"] if k.startswith("u"))]
    return BargainingForm(
        row["params"]["disagreement"],
        frontier=lambda x: np.stack([_payoff(text, x[..., 0]) for text in texts], -1),
        low=[0.0],
        high=[1.0],
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_agreements_and_certificates(row):
    form = golden_form(row)
    for concept, key in (
        ("nash bargaining", "nash_x"),
        ("kalai-smorodinsky", "kalai_smorodinsky_x"),
    ):
        solution = coopsim.solve(form, concept)
        assert solution.profile[0][0] == pytest.approx(row["expected"][key], abs=1e-9)
        assert solution.proved


def dollar(claims: list[float]) -> BargainingForm:
    """Divide one unit; what a player gets counts by its own weight."""
    return BargainingForm([0.0] * len(claims), np.vstack([np.zeros(len(claims)), np.diag(claims)]))


def test_dividing_a_dollar():
    """Nash splits the dollar, whatever the units; equal gains depend on them."""
    form = dollar([1.0, 4.0])
    np.testing.assert_allclose(coopsim.solve(form, "nash bargaining").values, [0.5, 2])
    np.testing.assert_allclose(coopsim.solve(form, "kalai-smorodinsky").values, [0.5, 2])
    np.testing.assert_allclose(coopsim.solve(form, "egalitarian").values, [0.8, 0.8])
    np.testing.assert_allclose(coopsim.solve(form, "utilitarian").values, [0, 4])
    power = coopsim.solve(form, "nash bargaining", power=[3, 1])
    np.testing.assert_allclose(power.values, [0.75, 1])
    assert power.proved


def test_the_ideal_point_leaves_out_what_is_worse_than_disagreement():
    """Payoffs (3, -1), (1, 1), (0, 2) with disagreement 0: the first can gain 2 at most."""
    form = BargainingForm([0, 0], [[3, -1], [1, 1], [0, 2]])
    solution = coopsim.solve(form, "kalai-smorodinsky")
    assert solution.details["ideal"] == pytest.approx([2, 2])
    np.testing.assert_allclose(solution.values, [1, 1], atol=1e-9)
    assert solution.proved


def test_three_players_on_a_curved_frontier():
    """On an ellipsoid with half-axes 1, 2, 1 Nash gives each its half-axis over sqrt 3."""

    def frontier(x):
        a, b = x[..., 0], x[..., 1]
        return np.stack([np.cos(a) * np.cos(b), 2 * np.cos(a) * np.sin(b), np.sin(a)], -1)

    form = BargainingForm([0, 0, 0], frontier=frontier, low=[0, 0], high=[np.pi / 2] * 2)
    for concept in CONCEPTS:
        solution = coopsim.solve(form, concept)
        assert solution.proved, solution
    values = coopsim.solve(form, "nash bargaining").values
    np.testing.assert_allclose(values, np.array([1, 2, 1]) / np.sqrt(3), atol=1e-7)
    values = coopsim.solve(form, "kalai-smorodinsky").values
    np.testing.assert_allclose(values, np.array([1, 2, 1]) / np.sqrt(3), atol=1e-7)
    np.testing.assert_allclose(coopsim.solve(form, "egalitarian").values, 2 / 3, atol=1e-7)


def random_polytope(seed: int) -> BargainingForm:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    vertices = rng.normal(size=(int(rng.integers(n + 1, 30)), n)) * rng.uniform(0.1, 100, n)
    return BargainingForm(vertices.mean(0) - 0.05 * np.ptp(vertices, axis=0), vertices)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("concept", CONCEPTS)
def test_random_polytopes_are_proved(concept, seed):
    form = random_polytope(seed)
    solution = coopsim.solve(form, concept)
    assert solution.proved, solution
    assert (solution.values >= form.disagreement - 1e-9).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(0.1, 10), min_size=5, max_size=5))
def test_units_of_payoff_do_not_matter(seed, scales):
    """Nash and Kalai-Smorodinsky are covariant under each player's own units."""
    form = random_polytope(seed)
    scale = np.array(scales[: form.n])
    other = BargainingForm(scale * form.disagreement + 1, scale * form.vertices + 1)
    for concept in CONCEPTS[:2]:
        before, after = (coopsim.solve(f, concept) for f in (form, other))
        size = scale.max() * np.abs(form.vertices).max()
        np.testing.assert_allclose(after.values, scale * before.values + 1, atol=1e-7 * size)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_agreements_that_nobody_took_do_not_matter_to_nash(seed):
    """Independence of irrelevant alternatives: a vertex without weight may go."""
    form = random_polytope(seed)
    before = coopsim.solve(form, "nash bargaining")
    used = before.profile[0] > 1e-7
    smaller = BargainingForm(form.disagreement, form.vertices[used])
    after = coopsim.solve(smaller, "nash bargaining")
    np.testing.assert_allclose(after.values, before.values, atol=1e-5 * np.ptp(form.vertices))


def test_worse_agreements_have_a_shortfall():
    form = dollar([1.0, 1.0])
    for check in (
        certificates.nash,
        certificates.kalai_smorodinsky,
        certificates.egalitarian,
    ):
        proof, _ = check(form, (np.array([0.0, 0.6, 0.4]),), {})
        assert proof.residual > 0.01
        # what is no lottery is no agreement
        assert check(form, (np.array([0.0, 0.6, 0.6]),), {})[0].residual >= 0.1


def test_what_cannot_be_solved_is_refused_with_the_reason():
    hopeless = BargainingForm([1, 1], [[0, 2], [2, 0], [0, 0]])
    answer = coopsim.solve(hopeless, "nash bargaining")
    assert answer.status == "refused"
    assert "better off" in answer.sentence
    assert coopsim.solve(BargainingForm([3, 3], [[0, 2]]), "utilitarian").status == "refused"
    with pytest.raises(UserError, match="bargaining weights"):
        coopsim.solve(dollar([1, 1]), "nash bargaining", power=[1, -1])
    with pytest.raises(ValueError, match="either"):
        BargainingForm([0, 0])


def test_joint_lotteries_over_a_payoff_tensor():
    """In Bach or Stravinsky both share the two good outcomes by a coin."""
    form = BargainingForm.of_game([[[3, 0], [0, 2]], [[2, 0], [0, 3]]], [1.2, 1.2])
    np.testing.assert_allclose(coopsim.solve(form, "nash bargaining").values, [2.5, 2.5])


UNITS = [(1.0, 1.0, 1.0), (2.0**-30, 1.0, 2.0**30), (2.0**53, 2.0**-53, 1.0)]


@pytest.mark.parametrize("units", UNITS)
def test_a_worse_product_of_gains_is_seen_in_any_units(units):
    """Two players divide by lottery: 0.9 and 0.1 is a product of 0.09, and the best is 0.25."""
    form = BargainingForm([0, 0], np.diag(units[:2]))
    wrong = certificates.nash(form, (np.array([0.9, 0.1]),), {})[0]
    assert not wrong.holds(1e-8)
    assert wrong.relative == pytest.approx(0.3 * np.expm1(4), rel=1e-9)
    solution = coopsim.solve(form, "nash bargaining")
    assert solution.proved
    assert solution.certificate.relative <= 1e-12
    np.testing.assert_allclose(solution.profile[0], 0.5, rtol=1e-7)


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("concept", CONCEPTS[:2])
def test_solutions_without_units_have_the_same_lottery_in_any(concept, units):
    """Ranges of 2, 4 and 9 and their multiples by powers of two, which lose no digit."""
    point = np.array([-1.0, 0.0, 1.0])
    vertices = np.array([[3.0, 3, 2], [-2, 4, 3], [-1, 2, 7], [-1, 2.5, 7], [5, 0, -2]])
    plain = coopsim.solve(BargainingForm(point, vertices), concept)
    scale = np.array(units)
    other = coopsim.solve(BargainingForm(point * scale, vertices * scale), concept)
    assert plain.proved
    assert other.proved
    np.testing.assert_allclose(other.values / scale, plain.values, rtol=1e-9)


def test_a_lottery_that_is_not_the_proportional_one_is_seen_by_the_player_it_costs():
    """The third player is paid in 1e-11 and gets less than its share of the ideal gains."""
    scale = np.array([10.0, 100.0, 1e-11])
    vertices = np.array([[3.0, 5, 2], [-2, 7, 3], [-1, 3, 7], [-1, 4, 7], [5, 0, -2]])
    form = BargainingForm(np.array([-1.0, 0, 1]) * scale, vertices * scale)
    solution = coopsim.solve(form, "kalai-smorodinsky")
    assert solution.proved
    less = 0.9 * solution.profile[0] + 0.1 * np.eye(5)[4]
    proof = certificates.kalai_smorodinsky(form, (less,), {})[0]
    assert not proof.holds(1e-8)
    assert proof.players[2] > 1e-2 * proof.spans[2]


def test_nobody_is_worse_off_than_disagreement_in_its_own_unit():
    """The third agreement has the largest sum and costs the first player its whole range."""
    form = BargainingForm([1e-3, 1e10], [[2e-3, 4e10], [1e-3, 3e10], [-2e-3, 5e10]])
    wrong = certificates.utilitarian(form, (np.array([0.0, 0.0, 1.0]),), {})[0]
    assert wrong.players[0] == pytest.approx(3e-3)
    assert not wrong.holds(1e-8)
    solution = coopsim.solve(form, "utilitarian")
    assert solution.proved
    # the first player's floor binds: 2e-3 a - 2e-3 (1 - a) = 1e-3 at a = 3/4
    np.testing.assert_allclose(solution.profile[0], [0.75, 0, 0.25], atol=1e-9)


def test_equal_gains_are_judged_by_the_player_who_has_least():
    """One can gain 1 at most, the other 1e15: a smallest gain of 0 is not the largest."""
    form = BargainingForm([0, 0], [[1e15, 0], [0, 1]])
    assert not certificates.egalitarian(form, (np.array([1.0, 0.0]),), {})[0].holds(1e-8)
    solution = coopsim.solve(form, "egalitarian")
    assert solution.proved
    assert solution.values[1] == pytest.approx(1)
