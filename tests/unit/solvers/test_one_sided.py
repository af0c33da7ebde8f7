"""Information on one side: golden values, known envelopes, bounds."""

import json
from pathlib import Path

import numpy as np
import pytest

import coopsim
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.solvers.certificates.onesided import bounds
from coopsim.solvers.matrix_game import solve_matrix
from coopsim.solvers.one_sided.envelope import one_stage_value

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_one_sided_info.json"
ROWS = json.loads(GOLDEN.read_text())["instances"]
CASES = [(row, key) for row in ROWS for key in row["expected"] if not key.startswith("one_stage")]


@pytest.mark.parametrize(("row", "key"), CASES, ids=lambda part: str(part)[:12])
def test_golden_values_and_certificates(row, key):
    expected, p = row["expected"][key], float(key)
    form = RepeatedInformationForm([row["A1"], row["A2"]], [p, 1 - p])
    solution = coopsim.solve(form, "one-sided information")
    assert solution.proved
    assert solution.values[0] == pytest.approx(expected["cav_u"], abs=1e-8)
    assert solution.details["non_revealing"] == pytest.approx(expected["u"], abs=1e-9)
    split = sorted((q[0], weight) for weight, q in solution.details["split"])
    golden = sorted(map(tuple, expected["posterior_split"]))
    np.testing.assert_allclose(split, golden, atol=1e-4)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_golden_value_of_one_stage(row):
    for key, value in row["expected"].items():
        if key.startswith("one_stage_value_p"):
            p = float(key.removeprefix("one_stage_value_p"))
            form = RepeatedInformationForm([row["A1"], row["A2"]], [p, 1 - p])
            assert one_stage_value(form) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_where_the_value_is_concave_nothing_is_revealed(p):
    """u(p) = p (1 - p): Aumann and Maschler's first example."""
    form = RepeatedInformationForm([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], [p, 1 - p])
    solution = coopsim.solve(form, "one-sided information")
    assert solution.proved
    assert solution.values[0] == pytest.approx(p * (1 - p), abs=1e-8)
    assert len(solution.details["split"]) == 1


@pytest.mark.parametrize("p", [0.3, 0.5, 0.7])
def test_partial_revelation(p):
    """Aumann and Maschler's third example: posteriors 1/4 and 3/4, value 1 between them."""
    matrices = [[[4, 0, 2], [4, 0, -2]], [[0, 4, -2], [0, 4, 2]]]
    form = RepeatedInformationForm(matrices, [p, 1 - p])
    solution = coopsim.solve(form, "one-sided information")
    assert solution.values[0] == pytest.approx(1, abs=1e-8)
    posteriors = sorted(q[0] for _, q in solution.details["split"])
    np.testing.assert_allclose(posteriors, [0.25, 0.75], atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_random_games_lie_between_silence_and_one_stage(seed):
    """u(p) <= value <= the value of one stage; the certificate closes both sides."""
    rng = np.random.default_rng(seed)
    states = 2 + seed % 2
    shape = (states, int(rng.integers(2, 4)), int(rng.integers(2, 4)))
    form = RepeatedInformationForm(rng.normal(size=shape), rng.dirichlet(np.ones(states)))
    # with three states surfaces of beliefs have to be covered
    tol = 1e-6 if states == 2 else 2e-2
    solution = coopsim.solve(form, "one-sided information", tol=tol)
    assert solution.proved, solution.sentence
    assert solution.details["non_revealing"] <= solution.values[0] + tol
    assert solution.values[0] <= one_stage_value(form) + 1e-6
    # the hyperplane is above u at random beliefs
    plane = solution.profile[1]
    for belief in rng.dirichlet(np.ones(states), 20):
        assert solve_matrix(form.mean(belief))[0] <= belief @ plane + tol


def test_one_state_is_a_matrix_game():
    form = RepeatedInformationForm([[[3, -1], [-1, 1]]], [1.0])
    solution = coopsim.solve(form, "one-sided information")
    assert solution.values[0] == pytest.approx(1 / 3)


def test_wrong_splits_and_hyperplanes_leave_a_gap():
    form = RepeatedInformationForm([[[-1, 0], [0, 0]], [[0, 0], [0, -1]]], [0.5, 0.5])
    silent = np.array([[1.0, 0.5, 0.5]])
    assert bounds(form, (silent, np.zeros(2)), {})[0].residual == pytest.approx(0.25)
    revealing = np.array([[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]])
    assert bounds(form, (revealing, np.zeros(2)), {})[0].residual <= 1e-12
    # a tilted hyperplane concedes more, and a split must average to the prior
    assert bounds(form, (revealing, np.array([-0.1, 0.1])), {})[0].residual >= 0.09
    assert bounds(form, (revealing * [[1, 1, 1], [0.5, 1, 1]], np.zeros(2)), {})[0].residual > 0.1


def test_a_deadline_of_zero_gives_bounds():
    rng = np.random.default_rng(0)
    form = RepeatedInformationForm(rng.normal(size=(2, 3, 3)), [0.5, 0.5])
    solution = coopsim.solve(form, "one-sided information", deadline=0.0)
    assert solution.profile
    assert np.isfinite(solution.certificate.residual)


def test_forms_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="distribution"):
        RepeatedInformationForm(np.zeros((2, 2, 2)), [0.5, 0.6])
    with pytest.raises(ValueError, match=r"\[K, A, B\]"):
        RepeatedInformationForm(np.zeros((2, 2)), [0.5, 0.5])
    many = RepeatedInformationForm(np.zeros((9, 2, 2)), np.full(9, 1 / 9))
    assert coopsim.solve(many, "one-sided information").status == "refused"
