"""Every game of Gambit's catalogue: the equilibria known of it, and refusals without recall.

The games are those of `tests/golden/catalogue`, the expected values of
`tests/golden/solvers_gambit_catalogue.json`.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.games.forms.convert import to_normal
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.solution import Status

GOLDEN = Path(__file__).parents[2] / "golden"
ROWS = json.loads((GOLDEN / "solvers_gambit_catalogue.json").read_text())["instances"]
RECALL = [row for row in ROWS if row["perfect_recall"]]


def short(row: dict[str, Any]) -> str:
    return row["id"].removeprefix("catalog/")


def form_of(row: dict[str, Any]) -> Any:
    return coopsim.read(GOLDEN / "catalogue" / short(row))


def table_of(row: dict[str, Any]) -> NormalForm:
    form = form_of(row)
    table = form if form.kind == "normal" else to_normal(form)
    assert isinstance(table, NormalForm)
    return table


def payoffs(solutions: Any) -> list[list[float]]:
    return sorted(item.values.round(8).tolist() for item in solutions)


@pytest.mark.parametrize("row", RECALL, ids=short)
def test_sizes(row: dict[str, Any]) -> None:
    assert list(table_of(row).shape) == row["strategies"]


@pytest.mark.parametrize("row", RECALL, ids=short)
def test_pure_equilibria_of_the_reduced_normal_form(row: dict[str, Any]) -> None:
    found = coopsim.solve(table_of(row), "nash", "pure-enumeration", all=True)
    assert len(found) == row["n_pure"]
    for paid in row["pure_payoffs"]:  # the file lists ten at most
        assert min(np.abs(np.array(payoffs(found)) - paid).max(1)) < 1e-7


@pytest.mark.parametrize(
    "row", [row for row in RECALL if "n_extreme_reduced_normal_form" in row], ids=short
)
def test_extreme_equilibria_of_the_reduced_normal_form(row: dict[str, Any]) -> None:
    found = coopsim.solve(table_of(row), "nash", all=True)
    assert len(found) == row["n_extreme_reduced_normal_form"]
    assert found.complete
    assert all(item.certificate.residual < 1e-9 for item in found)
    known = payoffs(found)
    for paid in row["mixed_payoffs"]:  # the file lists ten at most
        exact = [float(Fraction(value)) for value in paid]
        assert min(np.abs(np.array(known) - exact).max(1)) < 1e-8


@pytest.mark.parametrize("row", [row for row in RECALL if "enumpoly_payoffs" in row], ids=short)
def test_isolated_equilibria_of_three_players(row: dict[str, Any]) -> None:
    found = coopsim.solve(table_of(row), "nash", all=True)
    assert found
    for paid in row["enumpoly_payoffs"]:
        assert min(np.abs(np.array(payoffs(found)) - paid).max(1)) < 1e-6


@pytest.mark.parametrize("row", RECALL, ids=short)
def test_one_equilibrium_of_the_game_as_it_is_written(row: dict[str, Any]) -> None:
    """Trees are solved as trees; the answer is proved by best responses in the tree."""
    solution = coopsim.solve(form_of(row), "nash")
    assert solution.proved, solution.sentence
    assert solution.certificate is not None
    assert solution.certificate.residual < 1e-8


@pytest.mark.parametrize(
    "row", [row for row in ROWS if "sequence_form_lcp_payoffs" in row], ids=short
)
def test_the_equilibrium_that_lemke_howson_reaches(row: dict[str, Any]) -> None:
    """Some label leads to the payoffs that Gambit's complementary pivoting found."""
    wanted = [float(Fraction(value)) for value in row["sequence_form_lcp_payoffs"]]
    found = coopsim.solve(table_of(row), "nash", all=True)
    assert min(np.abs(np.array(payoffs(found)) - wanted).max(1)) < 1e-8


@pytest.mark.parametrize("row", [row for row in ROWS if not row["perfect_recall"]], ids=short)
def test_games_without_perfect_recall_are_refused(row: dict[str, Any]) -> None:
    form = form_of(row)
    solution = coopsim.solve(form, "nash")
    assert solution.status is Status.REFUSED
    assert form.recall_problem in solution.sentence
    (listed,) = coopsim.solve(form, "nash", all=True)
    assert listed.status is Status.REFUSED
