from __future__ import annotations

import math

import pytest

from coopsim.report import numerals


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (26.633376831964828, "26.633"),
        (18.999999999999996, "19.000"),
        (-0.0212346, "−0.021235"),
        (0.0, "0"),
        (-0.0, "0"),
        (296.0261, "296.03"),
        (123456.7, "123,457"),
        (2.8421709430404007e-14, "2.8e-14"),
        (-9.3e-6, "−9.3e-6"),
        (6.02e23, "6.0e23"),
        (None, "–"),
        (math.nan, "–"),
        (-math.inf, "−inf"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert numerals.number(value) == text


def test_a_column_has_one_number_of_decimals_and_hides_nothing() -> None:
    assert numerals.column([296.0261, 1.5, 0, None, 1e-9]) == ["296.03", "1.50", "0", "–", "1.0e-9"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.21", "+0.21"),
        ("0", "0"),
        ("0.00", "0.00"),
        ("−3", "−3"),
        ("–", "–"),
        ("1.1e-6", "+1.1e-6"),
    ],
)
def test_signed(text: str, said: str) -> None:
    assert numerals.signed(text) == said


def test_percent() -> None:
    assert numerals.percent((26.633376831964828 + 27.3991418402512) / 38 - 1) == "+42.19\u00a0%"
    assert numerals.percent(-1e-9) == "0.00\u00a0%"
    assert numerals.percent(None) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([[0.0, 0.64], [0.86, 0.0]], "[[0, 0.64], [0.86, 0]]"),
        (1e-08, "1e-8"),
        (0.1 + 0.2, "0.3"),
        (None, "null"),
        (True, "true"),
        ({"form": "power", "beta": 0.75}, "form: power, beta: 0.75"),
        ({}, "none"),
        ("x" * 500, "x" * 159 + "…"),
    ],
)
def test_plain(value: object, text: str) -> None:
    assert numerals.plain(value) == text


def test_listing() -> None:
    assert numerals.listing([]) == ""
    assert numerals.listing(["a"]) == "a"
    assert numerals.listing(["a", "b", "c"]) == "a, b and c"
    assert numerals.listing(list("abcdefg"), 4) == "a, b, c, d and 3 others"


def test_count() -> None:
    assert numerals.count(1, "policy", "policies") == "1 policy"
    assert numerals.count(1234, "seed") == "1,234 seeds"
