"""Golden bimatrix games: every extreme equilibrium, as fractions, and one by every other method."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.games.forms.normal import NormalForm

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_bimatrix.json"
INSTANCES = json.loads(GOLDEN.read_text())["instances"]


@pytest.fixture(params=INSTANCES, ids=lambda instance: instance["id"])
def instance(request: pytest.FixtureRequest) -> Any:
    return request.param


def expected(instance: Any) -> dict[tuple[Fraction, ...], list[Fraction]]:
    """Each extreme equilibrium and what it pays."""
    return {
        tuple(Fraction(p) for part in one["strategies"] for p in part): [
            Fraction(value) for value in one["payoffs"]
        ]
        for one in instance["expected"]["equilibria"]
    }


def test_all_extreme_equilibria(instance: Any) -> None:
    """The same fractions, the same values, a proof for each, and the claim to be all."""
    form = NormalForm(instance["payoffs"])
    solutions = coopsim.solve(form, "nash", "vertex-enumeration", all=True, exact=True)
    wanted = expected(instance)
    assert len(solutions) == instance["expected"]["n_extreme_equilibria"] == len(wanted)
    assert solutions.complete
    seen = set()
    for item in solutions:
        exact = tuple(Fraction(p) for part in item.details["exact_profile"] for p in part)
        assert wanted[exact] == [Fraction(value) for value in item.details["exact_values"]]
        np.testing.assert_allclose(item.values, [float(v) for v in wanted[exact]], atol=1e-12)
        np.testing.assert_allclose(item.actions, [float(p) for p in exact], atol=1e-12)
        assert item.certificate is not None
        assert item.certificate.relative <= 1e-12
        seen.add(exact)
    assert seen == set(wanted)


@pytest.mark.parametrize("method", ["auto", "lemke-howson", "support-enumeration"])
def test_one_equilibrium_by_each_method(instance: Any, method: str) -> None:
    """It is proved, and one of the golden ones."""
    solution = coopsim.solve(NormalForm(instance["payoffs"]), "nash", method)
    assert solution.proved
    wanted = [[float(p) for p in point] for point in expected(instance)]
    assert min(np.abs(solution.actions - point).max() for point in wanted) < 1e-9
