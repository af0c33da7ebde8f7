"""Payoffs that arithmetic in floats cannot hold are refused where forms are made."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.errors import UserError
from coopsim.games.formats import parse
from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.games.forms.congestion import CongestionForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.distributions import uniform
from coopsim.games.forms.extensive import ExtensiveForm, TreeBuilder
from coopsim.games.forms.markov import MarkovForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.games.forms.payoffs import LARGEST, SMALLEST
from coopsim.games.forms.resource import ResourceForm
from coopsim.games.forms.security import SecurityForm

CASES = Path(__file__).parents[3] / "cases"


def tree(big: Any) -> ExtensiveForm:
    builder = TreeBuilder(["Ann", "Bob"])
    for child, paid in zip(builder.decision(0, 0, ["l", "r"]), ([big, 0], [0, 1]), strict=True):
        builder.terminal(child, paid)
    return builder.build()


FORMS: dict[str, Callable[[Any], Any]] = {
    "normal": lambda big: NormalForm([[[big, 0], [0, 1]]] * 2, ["Ann", "Bob"]),
    "variants": lambda big: NormalForm.variants(
        [[[[0, 1], [1, 1]]] * 2, [[[big, 0], [0, 1]]] * 2], ["Ann", "Bob"]
    ),
    "extensive": tree,
    "bayesian": lambda big: BayesianForm(
        [[[[[big, 0], [0, 1]]]]] * 2, [[1.0], [1.0]], ["Ann", "Bob"]
    ),
    "coalition": lambda big: CoalitionForm([0, 0, 0, big]),
    "security": lambda big: SecurityForm([big, 1], [0, 0], [0, 0], [1, 1], 1),
    "commitment": lambda big: StackelbergForm([[[big, 0]]], [[[1, 0]]], [1.0]),
    "markov": lambda big: MarkovForm([[[[big, 0]], [[0, 1]]]], [[[[1.0], [1.0]]]], 0.5),
    "one-sided": lambda big: RepeatedInformationForm([[[big, 0], [0, 1]]], [1.0]),
    "bargaining": lambda big: BargainingForm([0, 0], [[big, 0], [0, 1]]),
    "congestion": lambda big: CongestionForm.parallel([[big, 1.0]], 1.0),
    "continuous": lambda big: ContinuousForm(
        ("Ann",), np.array([0.0]), np.array([big], dtype=float), np.array([0]), lambda x: x
    ),
    "auction": lambda big: SealedBidForm.symmetric(2, uniform(0.0, float(big))),
    "resource": lambda big: ResourceForm(0.5, [0.5], stock=big),
}


@pytest.mark.parametrize("kind", FORMS)
def test_a_payoff_whose_sums_would_overflow_is_refused_in_one_sentence(kind: str) -> None:
    """The largest allowed size passes; 1e308, whose double is no float, does not."""
    FORMS[kind](LARGEST if kind not in ("congestion",) else LARGEST / 4)
    if kind == "resource":  # logarithms of stocks do not overflow
        FORMS[kind](1e308)
    else:
        with pytest.raises(UserError) as caught:
            FORMS[kind](1e308)
        assert "\n" not in str(caught.value)
        assert "1e+308" in str(caught.value) or "inf" in str(caught.value)
    with pytest.raises(ValueError, match=r"finite|inf|must"):
        FORMS[kind](float("inf"))


@pytest.mark.parametrize("kind", ["extensive", "coalition", "markov", "bargaining"])
def test_payoffs_closer_than_floats_can_work_with_are_refused(kind: str) -> None:
    with pytest.raises(UserError, match="too close to each other"):
        FORMS[kind](SMALLEST / 10)
    assert FORMS[kind](10 * SMALLEST).players


@pytest.mark.parametrize("kind", ["normal", "variants", "bayesian"])
def test_a_tiny_payoff_beside_larger_ones_is_as_good_as_nothing(kind: str) -> None:
    assert FORMS[kind](5e-324).players


def test_the_message_names_player_payoff_and_bound() -> None:
    with pytest.raises(UserError) as caught:
        NormalForm([[[0, 1]], [[0, -3e200]]], ["Ann", "Bob"])
    assert str(caught.value) == (
        "a payoff of Bob is too large: count in a larger unit; "
        "given: -3e+200; allowed: -1e+100 to 1e+100"
    )


@pytest.mark.parametrize(
    "big", [10**400, -(10**400), Fraction(10**400, 3)], ids=["above", "below", "ratio"]
)
def test_a_whole_number_that_no_float_holds_is_refused(big: Any) -> None:
    with pytest.raises(UserError, match="too large"):
        NormalForm([[[big, 0]], [[0, 1]]])
    with pytest.raises(UserError, match="too large"):
        tree(big)


def test_exact_payoffs_whose_differences_floats_lose_are_refused() -> None:
    """10^17 and 10^17 + 1 are one float: the game of floats would be another game."""
    top = Fraction(10) ** 17
    for rows in ([top, top + 1], [Fraction(1, 10**400), 0]):
        with pytest.raises(UserError, match="less than floats can tell"):
            NormalForm([[rows], [[0, 1]]])
        with pytest.raises(UserError, match="less than floats can tell"):
            NormalForm(np.array([[rows], [[Fraction(0), 1]]], dtype=object))
    kept = NormalForm([[[2**60 * Fraction(1), Fraction(2**60 + 2**20)]], [[0, 1]]])
    assert kept.exact is not None  # both are floats


@pytest.mark.parametrize(
    "text",
    [
        'NFG 1 R "" { "A" "B" } { 2 2 } 1e308 1e308 0 0 0 0 1e308 1e308',
        'NFG 1 R "" { "A" "B" } { 2 2 } 1 -1e308 0 0 0 0 1 1e308',
        'EFG 2 R "" { "A" "B" }\np "" 1 1 "" { "l" "r" } 0\n'
        't "" 1 "" { 1e308 1 }\nt "" 2 "" { -1e308 0 }',
    ],
    ids=["sums", "differences", "tree"],
)
def test_a_file_with_such_payoffs_is_named(text: str) -> None:
    with pytest.raises(UserError, match=r"^game: a payoff .*too large"):
        parse(text, "game")


def test_solving_a_file_whose_sums_overflow_ends_with_a_sentence() -> None:
    """Ranking solutions by sums of values never ended on it."""
    with pytest.raises(UserError, match=r"huge-sums\.nfg: a payoff of A is too large"):
        coopsim.read(CASES / "huge-sums.nfg")
